"""Finds personal data: e-mail, Discord ids, handles, telephone numbers, street addresses, IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

KINDS = ("EMAIL", "DISCORD_ID", "HANDLE", "PHONE", "ADDRESS", "IP")

_BLOCK, _LONGEST = 65_536, 512

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![\w@])"
)
# 17 to 19 digits, up to the year 2045; a number that ends in many zeros was chosen by a person,
# and stars of the Gaia catalogue have numbers of the same length.
_DISCORD_ID = re.compile(r"\d(?<![\w.+-]\d)(?<!DR\d \d)(?<!Gaia \d)(?<!0)\d{16,18}(?<!0{6})(?!\w|\.\d)(?<![4-9]\d{18})")
_HANDLE = re.compile(r"(?:(?<!\S)|(?<=\s\())@(?P<name>[A-Za-z_][\w.-]{1,31})(?<![.-])(?![\w@/(\[=\\]|\.\w|::|\s*=)")
_DECORATOR_FOLLOWS = re.compile(r"(?i)\b(?:the|an?|use|using|decorated with|decorators?) $")
_DISCRIMINATOR = re.compile(r"(?<![\w#/.&-])(?P<name>[A-Za-z_][\w.]{1,31})#(?!0000)\d{4}(?![\w-])")
_PHONE = (
    # International.
    re.compile(
        r"(?<![\w+.,)/-])(?:\+|00(?=[1-9]\d[ /-]))"
        r"[1-9]\d{0,2}(?:[ ./-]?(?:\(\d{1,5}\)|\d{1,11})){1,6}(?![\w:]|[.,-]\d)"
    ),
    # North America: 555-867-5309, (555) 867-5309.
    re.compile(r"(?<![\w+.,:/-])(?:1[ -])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-.])[2-9]\d\d[-.]\d{4}(?![\w:]|[.,-]\d)"),
    # Countries whose area codes begin with a nought: 030 1234567, 0171/1234567, 020 7946 0958, 06 12 34 56 78.
    re.compile(
        r"(?<![\w+.,:/-])(?<!\d )(?:\(0[1-9]\d{1,4}\) ?|0[1-9]\d{1,4}(?: ?/ ?| ))"
        r"\d{3,8}(?:[ -]\d{2,6}){0,3}(?![\w:]| ?[.,-]?\d)"
    ),
    re.compile(r"(?<![\w+.,:/-])(?<!\d )0[1-9]([ .-])(?:\d\d\1){3}\d\d(?![\w:]| ?[.,-]?\d)"),
)
_MORE_TOWN = (
    r"(?:,? ?(?:(?:D-|A-|CH-)?\d{4,5} [A-ZÄÖÜ][\wäöüß-]{2,30}|[A-Z][\w .'-]{2,30},? [A-Z]{2} \d{5}(?:-\d{4})?))"
)
_ADDRESS = (
    re.compile(
        r"(?<![\w.,#:/-])\d{1,5}[A-Za-z]? (?:(?:[NSEW]|[A-Z][a-z'’]{1,20}|\d{1,3}(?:st|nd|rd|th))\.? ){1,4}"
        r"(?:(?:Street|St|Road|Rd|Avenue|Ave|Boulevard|Blvd|Lane|Ln|Terrace|Crescent|Highway|Parkway|Pkwy)\b\.?"
        rf"{_MORE_TOWN}?|(?:Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Way|Close|Gardens|Row|Hill)\b\.?{_MORE_TOWN})"
    ),
    re.compile(
        r"(?<![\w-])(?:[A-ZÄÖÜ][\wäöüß-]{1,30}(?:straße|strasse|str\.|gasse|platz|allee|chaussee|weg|damm)"
        r"|(?:[A-ZÄÖÜ][\wäöüß-]{1,30} ){1,2}(?:Straße|Strasse|Str\.|Gasse|Platz|Allee|Chaussee|Weg|Damm))"
        rf" \d{{1,4}} ?[a-z]?(?![\w.:]){_MORE_TOWN}?"
    ),
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(
    rf"(?<![\w.+§-])(?<!ection )(?<!ersion )(?<!ersion: )(?<!ersion=)(?<!ersion = )"
    rf"(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d|-\w|\^|(?<=\.0)/\d)"
)
_IPV6 = re.compile(r"(?<![\w:.])(?:[23][0-9a-fA-F]{3}|[fF][cdCDeE][0-9a-fA-F]{2}):[0-9a-fA-F:]{2,34}(?![\w:])")
_DIGIT = re.compile(r"\d")
# Addresses that name no one: this machine, all of them, and the first of a house's own network (its router).
_NO_ONE = re.compile(r"0\.0\.0\.0|127\..*|255\..*|(?:10\.\d+\.\d+|192\.168\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+)\.[01]")
# Signs alone before the @: a decorator behind the sign of a line in a diff, as in +@pytest.mark.skip.
_NO_MAILBOX = re.compile(r"(?:no|do-?not)-?reply@|git@|[.+-]+@", re.I)
# Words that follow an @ in documentation, code and chat without being somebody's name.
_NO_HANDLE_WORDS = """
abstract abstractmethod annually api arg args attr attribute author base brief bug cache cached_property case category
charset check class classmethod code constructor container contextmanager copydoc copyright coroutine covers daily
data dataclass decorator decorators def default define deprecated desc description details doc dynamic else end
endcode endif endlink enduml enum error everyone example except exception export exports expose extend extends
external fields file filename final fixture flow font-face foreach format function functools generated generator given
global group here hide hook hourly href html if ignore implementation implements import in include index inheritdoc
inline instance interface internal invariant ivar jit key keyframes kwarg kwargs lazy license link list lru_cache main
media memoize memoized method midnight mixin mock model module moduledoc monthly name namespace njit nonatomic note
nullable numba_njit object overload override package packages page param parameter partial patch path post preserve
private prop property propertys protected provides public pytest raise raises readonly reboot ref references register
remark remarks requires return returns rtype run section see see_also self setter since singleton size skip source
static staticmethod step subpackage summary super supports suppress table tailwind task template test testable this
throws todo tparam transaction try ts-check ts-ignore type typedef types typing undocumented unittest usage use used
validator value values var variable version view warning weekly while with wraps yearly yield yields
"""
_NO_HANDLE = frozenset(_NO_HANDLE_WORDS.split())
_NO_PERSON_WORDS = """
bpo bug bugs close closes fix fixed fixes gh id issue issues no nr page pep pr pull ref rfc section see ticket
"""
_NO_PERSON = frozenset(_NO_PERSON_WORDS.split())


def find(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of each piece of personal data."""
    for start in range(0, max(1, len(text)), _BLOCK):
        end = start + _BLOCK
        for kind, first, last in _in(text, start, end + _LONGEST):
            if first < end:
                yield kind, first, last


def _in(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    if text.find("@", start, end) >= 0:
        yield from (("EMAIL", *m.span()) for m in _EMAIL.finditer(text, start, end) if not _NO_MAILBOX.match(m[0]))
        yield from _handles(text, start, end)
    if text.find("#", start, end) >= 0:
        for match in _DISCRIMINATOR.finditer(text, start, end):
            if match["name"].lower() not in _NO_PERSON:
                yield "HANDLE", *match.span()
    if _DIGIT.search(text, start, end):
        yield from _numbers(text, start, end)
    if text.find(":", start, end) >= 0:
        yield from (("IP", *m.span()) for m in _IPV6.finditer(text, start, end) if _is_ipv6(m[0]))


def _numbers(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """All that can't be without a digit."""
    yield from (("DISCORD_ID", *match.span()) for match in _DISCORD_ID.finditer(text, start, end))
    for pattern in _PHONE:
        yield from (("PHONE", *m.span()) for m in pattern.finditer(text, start, end) if _is_phone(m[0]))
    for pattern in _ADDRESS:
        yield from (("ADDRESS", *match.span()) for match in pattern.finditer(text, start, end))
    yield from (("IP", *m.span()) for m in _IPV4.finditer(text, start, end) if not _NO_ONE.fullmatch(m[0]))


def _handles(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Where somebody is spoken to or of: not alone on a line (a decorator), not a word of documentation or code."""
    for match in _HANDLE.finditer(text, start, end):
        line = text.rfind("\n", max(0, match.start() - 200), match.start()) + 1
        before, after = text[max(line, match.start() - 200) : match.start()], text[match.end() : match.end() + 3]
        alone = not before.strip(" \t#*/->:;%|+.`") and not re.match(r"[,!?]|:? [\w(]", after)
        known = match["name"].lower().split(".")[0] in _NO_HANDLE or _DECORATOR_FOLLOWS.search(before)
        if not alone and not known:
            yield "HANDLE", *match.span()


def _is_phone(text: str) -> bool:
    """9 to 15 digits as E.164 allows; a point among other separators makes it a coordinate."""
    digits = sum(one.isdigit() for one in text)
    separators = set(re.findall(r"[ ./-]", text))
    decimal = "." in separators and (len(separators) > 1 or text.count(".") < 2)
    return 9 <= digits <= 17 and not decimal and not re.fullmatch(r"\D*(\d)\1+", text)


def _is_ipv6(text: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False
