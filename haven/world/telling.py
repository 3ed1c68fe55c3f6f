"""Who wants to be told of what comes, no longer wants it, or asks what they watch: by their words, no model.

`Tell me when a system is added` is a wish; `tell me when it was discovered` and `let me know whether it has water` are
questions of what is, and `stop telling me of moons` ends a wish. English and German.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import Enum, auto
from importlib import resources

MOST = 300
"""Characters of a wish."""


class Aim(Enum):
    BEGIN = auto()
    END = auto()
    LIST = auto()


@dataclass(frozen=True)
class Notice:
    """What somebody wants of their watches; `words` say of what, "" where they say nothing of that."""

    aim: Aim
    words: str = ""
    all: bool = False
    """Of each of them: `cancel all my watches`."""


def _read() -> dict[str, str]:
    """The lists of telling.toml, each as one expression."""
    lists = tomllib.loads(resources.files("haven.world").joinpath("telling.toml").read_text(encoding="utf-8"))
    said: dict[str, str] = {}
    for name, some in lists.items():
        said[name] = f"(?:{_NAME.sub(lambda match: said[match[1]], '|'.join(some))})"
    return said


_NAME = re.compile(r"\{([a-z_]+)\}")
SAID = _read()


def _like(expression: str) -> re.Pattern[str]:
    return re.compile(_NAME.sub(lambda match: SAID[match[1]], expression), re.IGNORECASE | re.DOTALL)


_START = r"^\W*(?:{polite}\b[\s,.!:]*)*"
_TOLD = _like(
    _START + r"(?:(?P<notify>{notify})|{tell})[\s,:]*(?:bitte |please )?"
    r"(?:{whenever}\b|(?P<if>if\b)|(?P<about>{about}\b|(?:each|every)\b))\s*(?P<rest>.*)"
)
_TURNED = _like(
    _START + r"(?:{whenever}|(?P<if>if))\s+(?P<rest>[^?]+?),?\s*(?:then |dann )?"
    r"(?:(?:can|could|would|will) you |kannst du )?(?:please |bitte )?(?:(?P<notify>{notify})|{tell})"
    r"(?:\s+(?:about it|of it|that|it|davon|please|bitte))*\s*[.!?]*$"
)
"""`Whenever Olga adds a moon, tell me`."""
_NOTIFY = _like("{notify}")
_FOR = _like(_START + r"{watch_for}\b\s*(?P<rest>.+)")
_EVENT, _PERHAPS, _PAST = _like("{event}"), _like("^{perhaps}"), _like(r"\b{past}\b")
_NEW = _like(r"(?:(?:any|every|all|each|alle|jede[nrsm]?)\s+)?(?:new|neue?[nrsm]?)\b")
_END = _like(_START + "(?:you (?:can|may|should) )?(?P<how>{end})(?P<rest>.*)$")
_NEVER = _like(_START + r"{never}\s+(?P<what>(?:{tell}|{notify}|{watch_for}|bother me|watch)(?P<rest>.*))$")
_UNWANTED = _like(_START + r"{unwanted}\s*(?P<rest>.*)$")
_OVER = _like(r"\b(?:{no_more}|again|ever|keine)\b|\bbe (?:told|notified|alerted|pinged|informed)\b")
_HEAR, _LIST = _like(r"\b{to_hear}\b"), _like(_START + "{listed}")
_ALL = _like(r"\b(?:all|alle)\W*(?:\w+\W*){0,4}$")
_LEAVINGS, _LEAD = _like("{leavings}"), _like(r"^\W*(?:{lead}\b[\s,:]*)+")


def notice_of(text: str) -> Notice | None:
    """What a text wants of somebody's watches; None for one that asks what is, or anything else."""
    said = " ".join(text.replace("’", "'").split())
    if not said or len(said) > MOST:
        return None
    if (ends := _ended(said)) is not None:
        return ends
    if _LIST.match(said):
        return Notice(Aim.LIST)
    words = _begun(said)
    return Notice(Aim.BEGIN, words) if words else None


def _begun(said: str) -> str:
    """What somebody wants to be told of; "" where they want nothing of the kind."""
    if match := _FOR.match(said):
        return str(match["rest"])
    match = _TURNED.match(said) or _TOLD.match(said)
    if match is None or _PAST.search(match["rest"]):
        return ""
    rest, coming = str(match["rest"]), bool(match["notify"])
    if match.groupdict().get("about"):
        return rest if coming or _NEW.match(rest) else ""
    if match["if"] and not coming:
        return rest if _PERHAPS.match(rest) else ""
    return rest if _EVENT.search(rest) else ""


def _ended(said: str) -> Notice | None:
    """What somebody no longer wants to be told of; `don't tell me the biome` is no such thing."""
    if match := _END.match(said):
        rest = str(match["rest"])
        return Notice(Aim.END, _bare(rest), all=_ALL.search(match["how"]) is not None or _ALL.match(rest) is not None)
    if match := _NEVER.match(said):
        what = str(match["what"])
        over = _OVER.search(what) or _begun(what) or _NOTIFY.match(what)
        return Notice(Aim.END, _bare(match["rest"])) if over else None
    if (match := _UNWANTED.match(said)) and _OVER.search(said) and _HEAR.search(match["rest"]):
        return Notice(Aim.END, _bare(_HEAR.sub(" ", match["rest"])))
    return None


def _bare(rest: str) -> str:
    """Of which watch, without what leads to it and what stands around it."""
    return " ".join(_LEAD.sub("", _LEAVINGS.sub(" ", rest).strip(" ,.;:!?")).strip(" ,.;:!?").split())
