"""What is taken out of log lines: values, accounts and names; and of what is left the words that anybody may see."""

from __future__ import annotations

import pwd
import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

from assistants.sentry.logs import Kind
from haven.quoting import clean
from haven.redact import redact
from haven.world.words import plain

MOST_TEMPLATE = 160
MOST_MASKED = 500
"""Characters that are looked at for values: what follows is cut off anyway."""
ACCOUNTS = Path("/etc/passwd")
PEOPLE = range(1_000, 65_534)
"""Numbers of accounts that people have (login.defs: UID_MIN); below are services, above nobody."""
NOBODY = frozenset({"pi", "haven"})
"""Accounts of machines, not of people."""
OTHER = "another program"

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<[A-Z_]+_\d+>"), "<secret>"),  # what redaction left
    (re.compile(r"\[[0-9a-f]{8}\]"), "[<id>]"),  # an error's id
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.I), "<id>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b"), "<address>"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b"), "<address>"),
    (re.compile(r"(?<![\w:])([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.I), "<address>"),
    (
        re.compile(r"\b[\w-]+(\.[\w-]+)*\.(local|lan|home|internal|box|com|net|org|info|de|eu|uk|ch|at|fr)\b"),
        "<address>",
    ),
    (re.compile(r"\bhttps?://\S+"), "<url>"),
    # sshd: a name may hold anything, blanks and " from " too.
    (re.compile(r"\b(for|by|user)( invalid user| illegal user)? (?!<).+(?= from )", re.I), r"\1\2 <name>"),
    (re.compile(r"\buser (?!<).+(?= <address>)", re.I), "user <name>"),
    # sudo, su, cron, PAM: who did it, and what.
    (re.compile(r"^\S+ : "), "<name> : "),
    (re.compile(r"^.+ (?=is not (in the sudoers|allowed)\b)"), "<name> "),
    (re.compile(r"\bfor \[[^\]]*\]"), "for [<name>]"),
    (re.compile(r"\b(COMMAND)=.*"), r"\1=<text>"),
    (re.compile(r"\b(USER|GROUP|TTY|PWD|HOST|ENV|CHROOT)=[^;]*"), r"\1=<text> "),
    (re.compile(r"\b(r?user|logname|r?host(name)?|acct|login|exe|cmd|addr|terminal|tty|name|owner)=\S*"), r"\1=<text>"),
    (re.compile(r"[^\s(]+\(uid=\d+\)"), "<name>(uid=<n>)"),
    (re.compile(r"\((?!<)[^\s)]+\) (CMD|MAIL|RELOAD|LIST|EDIT|REPLACE|INFO|CMDOUT|CMDEND)\b.*"), r"(<name>) \1 <text>"),
    (re.compile(r"\(to \S+\) .+(?= on )"), "(to <name>) <name>"),
    (re.compile(r"\"[^\"]{1,200}\"|'[^']{1,200}'"), "<text>"),
    (re.compile(r"(?<![\w<])~?(/[\w.+@~-]+){2,}/?|(?<!\S)~[\w.-]+|(?<![\w<])/(home|root|media|mnt)\b"), "<path>"),
    (re.compile(r"\b(users?|host|hostname|account|login|logname|owner)([ =:]+)(?!<)\S+", re.I), r"\1\2<name>"),
    (re.compile(r"\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}\b", re.I), "<id>"),
    (re.compile(r"\d+([.,]\d+)*"), "<n>"),
)
_PIECE = re.compile(r"<[a-z]+>|[^\W\d_]+")
_RUN = re.compile(r"<word>(?:[ _-]<word>)+")


def template(text: str) -> str:
    """The line without secrets, addresses, accounts, paths, ids and numbers; another's name may still stand in it."""
    text = redact(clean(text).split("\n")[0])[:MOST_MASKED]
    for mask, instead in _MASKS:
        text = mask.sub(instead, text)
    if (people := _people()) is not None:
        text = people.sub("<name>", text)
    return text[:MOST_TEMPLATE]


def worded(template: str) -> str:
    """A template for everybody's eyes, and for those of a model elsewhere: each word that is not known is taken out."""
    return _RUN.sub("<word>", _PIECE.sub(_known_alone, template))


def program(source: Kind, unit: str) -> str:
    """Who wrote a line, for everybody's eyes: a program that is known, for a journal takes any name from anybody."""
    if source is Kind.OWN:
        first = unit.partition(".")[0]
        return unit if first in _list("packages") and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", unit) else OTHER
    return unit if unit in _list("programs") else OTHER


def _known_alone(piece: re.Match[str]) -> str:
    word = piece[0].casefold()
    return piece[0] if len(word) == 1 or word[0] == "<" or {word, plain(word)} & _words() else "<word>"


@cache
def _table() -> dict[str, str]:
    text = resources.files("assistants.sentry").joinpath("log_words.toml").read_text(encoding="utf-8")
    return {name: str(value) for name, value in tomllib.loads(text).items()}


@cache
def _list(name: str) -> frozenset[str]:
    return frozenset(_table()[name].split())


@cache
def _words() -> frozenset[str]:
    return _list("words") | frozenset(map(plain, _list("words")))


def _people() -> re.Pattern[str] | None:
    """The accounts of this machine's people and what these are called; read again where that has changed."""
    changed = 0
    with suppress(OSError):
        changed = ACCOUNTS.stat().st_mtime_ns
    return _people_then(changed)


@lru_cache(maxsize=1)
def _people_then(changed: int) -> re.Pattern[str] | None:
    found = "|".join(map(re.escape, sorted(people_of(pwd.getpwall()), key=len, reverse=True)))
    return re.compile(rf"(?<![\w<])(?:{found})(?![\w>])", re.IGNORECASE) if found else None


def people_of(accounts: Iterable[pwd.struct_passwd]) -> set[str]:
    """What the people are called who have these accounts: the account's name, and the words of the full one."""
    names = set[str]()
    for one in accounts:
        if one.pw_uid in PEOPLE:
            called = re.findall(r"[^\W\d_]{3,}", one.pw_gecos.partition(",")[0])
            names |= {one.pw_name, *(word for word in called if plain(word.casefold()) not in _words())}
    return names - NOBODY
