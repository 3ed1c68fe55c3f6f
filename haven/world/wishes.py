"""What a person wants to be told of, from their own words: rules, no model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from haven.errors import BadInput
from haven.world import lengths
from haven.world.schema import Found, Kind
from haven.world.telling import MOST, SAID, Aim, notice_of
from haven.world.words import fold


class Wish(BaseModel):
    """All of it must hold. Names are kept as they were written; `near` and `inside` are ids once they are found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind | None = None
    found: Found | None = None
    words: tuple[str, ...] = ()
    """Each stands somewhere in the record."""
    person: str = ""
    region: str = ""
    near: str = ""
    distance: float | None = None
    unit: str = ""
    """"" is the unit of the map that the place is on."""
    inside: str = ""
    """A place of which nobody said more than `in` or `of`."""


KINDS: dict[str, Kind] = {
    "system": Kind.SYSTEM,
    "star": Kind.SYSTEM,
    "star system": Kind.SYSTEM,
    "planet": Kind.PLANET,
    "world": Kind.PLANET,
    "moon": Kind.MOON,
    "station": Kind.STATION,
    "space station": Kind.STATION,
    "discovery": Kind.DISCOVERY,
    "find": Kind.DISCOVERY,
    "lore": Kind.LORE,
    "lore entry": Kind.LORE,
    "story": Kind.LORE,
    "tale": Kind.LORE,
    "person": Kind.PERSON,
    "people": Kind.PERSON,
    "player": Kind.PERSON,
    "region": Kind.REGION,
    "sonnensystem": Kind.SYSTEM,
    "stern": Kind.SYSTEM,
    "mond": Kind.MOON,
    "raumstation": Kind.STATION,
    "entdeckung": Kind.DISCOVERY,
    "fund": Kind.DISCOVERY,
    "geschichte": Kind.LORE,
    "sage": Kind.LORE,
    "spieler": Kind.PERSON,
}
FOUND: dict[str, Found] = {
    "fossil": Found.FOSSIL,
    "bone": Found.FOSSIL,
    "text log": Found.TEXT_LOG,
    "log": Found.TEXT_LOG,
    "ruin": Found.RUIN,
    "technology": Found.TECHNOLOGY,
    "flora and fauna": Found.LIFE,
    "creature": Found.LIFE,
    "mineral": Found.MINERAL,
    "crashed ship": Found.CRASHED_SHIP,
    "wreck": Found.CRASHED_SHIP,
    "hazard": Found.HAZARD,
    "update": Found.UPDATE,
    "player lore": Found.PLAYER_LORE,
    "knochen": Found.FOSSIL,
    "ruine": Found.RUIN,
    "technologie": Found.TECHNOLOGY,
    "kreatur": Found.LIFE,
    "wrack": Found.CRASHED_SHIP,
    "gefahr": Found.HAZARD,
}
_ASKING = re.compile(
    r"^\W*(?:(?:let me know|watch|know|hear|be told|out|(?:tell|notify|alert|inform|ping|message|dm)(?: me)?|for|about"
    r"|of|when(?:ever)?|if|as soon as|once|every time|there is|there are|there's|somebody|someone|anybody|anyone"
    r"|über|bei|wenn|es gibt|es|jemand|irgendjemand|irgendwer)\b[\s,:]*)+",
    re.I,
)
_DONE = (
    r"(?:is|are|was|were|has|have|been|gets?|being|newly|adds?|added|discover(?:s|ed)|finds|found|reports?|reported"
    r"|makes?|made|creates?|created|writes?|written|wrote|posts?|posted|submits?|submitted|records?|recorded|appears?|arrives?"
    r"|joins?|comes?(?: in|along)?|(?:turns?|shows?|pops?) up|new|neue[nrsm]?|gibt)"
)
_WHO = re.compile(
    r"(?P<who>\S.*?)\s+(?:adds?|discovers|finds|reports|makes|creates|writes|posts|submits|records)\b(?P<what>.*)$",
    re.I,
)
_CHANGES = re.compile(rf"\b{SAID['changes']}\b", re.I)
_ANYBODY = re.compile(SAID["somebody"], re.I)
_EDGES = re.compile(
    rf"^(?:(?:{_DONE}|an?|the|any|all|each|every|some|another|more|there|eine?[nrsm]?|d(?:er|ie|as|en|em)|alle|jede[nrsm]?|es"
    rf"|weitere?[nrsm]?)\b\s*)+|(?:\s*\b(?:{_DONE}|please|there|bitte|danke|thanks|thank you))+$",
    re.I,
)
_ANYTHING = re.compile(
    r"\b(?:(?:any|some|every)?things?|whatever|records?|entr(?:y|ies)|what|(?:irgend)?etwas|was|alles|einträgen?|eintrag)\b",
    re.I,
)
_CLAUSE = re.compile(
    r"\b(?P<within>within|less than|closer than|nearer than|at most|innerhalb von"
    r"|im umkreis von|höchstens|weniger als|näher als)"
    r"\s+(?P<distance>\d+(?:[.,]\d+)?)\s*(?P<unit>[a-z][a-z -]*?)?\s+(?:of|from|around|away from|to|um|von|zu|an|bei)\b"
    r"|\b(?P<near>near(?:by)?(?: to)?|close to|next to|around|in der nähe(?: von)?|nahe(?: bei)?|bei|rund um)\b"
    r"|\b(?P<region>(?:in|of|from|aus) (?:the |der )?region(?: of| called)?)\b"
    r"|\b(?P<in>in|inside|on|of|to|im|auf|von|aus|zu)\b"
    r"|\b(?P<by>by|from|durch)\b"
    r"|\b(?P<with>with|contain(?:s|ing)?|that (?:mentions?|has|have)|mention(?:s|ing)?|about|having|called|named|mit"
    r"|über|namens)\b",
    re.I,
)
_GERMAN = re.compile(
    rf"\s+(?:{SAID['done_german']} (?:(?P<done>wird|werden|wurden?|worden (?:ist|sind))|hat|haben)"
    rf"|{SAID['comes_german']})\W*$",
    re.I,
)
_GERMAN_WHO = re.compile(
    r"\W*(?!(?:jemand|irgendjemand|irgendwer|man|es)\b)(?P<who>\S.*?)\s+(?P<what>(?:eine?[nrsm]?|neue[nrsm]?|etwas|was)\b.*)$",
    re.I,
)
_GERMAN_WHERE = re.compile(
    r"\W*(?:(?:jemand|irgendjemand|irgendwer|man|es)\s+)?(?P<where>(?:innerhalb|im|in|nahe|bei|rund um|auf)\b.*?)"
    r"\s+(?P<what>(?:eine?[nrsm]?|(?:neue|weitere)[nrsm]?|etwas)\b.*)$",
    re.I,
)
_THE_REGION = re.compile(r"\s*(?:the|die)\s+(\S.*?)\s+region\s*$", re.I)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_MARKS = dict.fromkeys((0xE000, 0xE001))
"""What stands for a quoted name while the rest is read; nobody else's means anything."""
_SEVERAL = re.compile(r"\s*(?:,|;|\band\b|&)\s*", re.I)
_EITHER = re.compile(r"\b(?:or|oder)\b", re.IGNORECASE)
_NOBODY = re.compile(r"\b(?:nobody|no one|noone|no-one|niemand|keiner)\b", re.IGNORECASE)


@dataclass
class _Parts:
    """The pieces of a wish, as they are read."""

    head: str = ""
    clauses: list[tuple[re.Match[str], str]] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)


def read_wish(text: str) -> Wish:
    """`tell me when a system is added near Oculi`, `planets with Emeril`, `anything by Olga`, `dragons`.

    What is no kind, place or person is a word that must stand in the record. Raises BadInput for a wish of nothing.
    """
    said = " ".join(text.translate(_MARKS).split())
    if not said or len(said) > MOST:
        raise BadInput(f"A wish has 1 to {MOST} characters.", "Such as: systems near Oculi; planets with Emeril.")
    notice = notice_of(said)
    if notice is not None and notice.aim is not Aim.BEGIN:
        raise BadInput("These words begin no watch.", "See yours, and end them: haven world watch --list")
    if _CHANGES.search(said):
        raise BadInput(
            "A watch tells of records that are new or fit for the first time, and not of each change of one.",
            "Such as: systems near Oculi. What was changed is in the digest, and in: haven world history",
        )
    parts = _pieces(_english(notice.words if notice else said))
    _refuse(parts)
    found: dict[str, object] = {}
    words: list[str] = []
    for match, given in parts.clauses:
        _clause(match, _restored(given, parts.quoted), found, words)
    _head(parts.head, found, words, parts.quoted)
    wish = Wish.model_validate({**found, "words": tuple(dict.fromkeys(words))})
    if wish == Wish():
        raise BadInput(f"{said!r} names nothing to look for.", "Such as: systems near Oculi; planets with Emeril.")
    return wish


def _refuse(parts: _Parts) -> None:
    """What no watch can hold, and would never come; a name in quotation marks may have any words."""
    said = " ".join((parts.head, *(given for _, given in parts.clauses)))
    if _EITHER.search(said):
        raise BadInput(
            "A watch is for one thing, and this names several with `or`.",
            "Begin a watch for each: moons of Meridian; moons of Venture.",
        )
    if _NOBODY.search(said):
        raise BadInput(
            "A watch tells of what is added, and not of what nobody adds.",
            "What is missing is in the to-do list: haven world todo",
        )


def _english(said: str) -> str:
    """With the verb of a German clause where an English one has it: `Olga einen Mond entdeckt` is a `Mond by Olga`, and
    `bei Oculi ein Mond entdeckt wird` a `Mond bei Oculi`."""
    match = _GERMAN.search(said)
    if match is None:
        return said
    rest = said[: match.start()]
    if where := _GERMAN_WHERE.match(rest):
        return f"{where['what']} {where['where']}"
    who = None if match["done"] else _GERMAN_WHO.match(rest)
    return f"{who['what']} by {who['who']}" if who else rest


def _pieces(said: str) -> _Parts:
    """What is asked for, and the clauses after it; quoted names are put aside, so that no word in them is read."""
    parts = _Parts()

    def aside(match: re.Match[str]) -> str:
        parts.quoted.append(match[1].strip())
        return f"\ue000{len(parts.quoted) - 1}\ue001"

    rest = _ASKING.sub("", _QUOTED.sub(aside, said)).strip(" .!?")
    matches = list(_CLAUSE.finditer(rest))
    parts.head = rest[: matches[0].start()] if matches else rest
    ends = [*(match.start() for match in matches[1:]), len(rest)][: len(matches)]
    parts.clauses = [(match, rest[match.end() : end]) for match, end in zip(matches, ends, strict=True)]
    return parts


def _clause(match: re.Match[str], given: str, found: dict[str, object], words: list[str]) -> None:
    name = _bare(given)
    if not name or fold(name) in ("world", "welt"):
        return
    if fold(name) in ("it", "there") and "near" in found:
        name = str(found["near"])
    if match["within"]:
        unit = lengths.WORDS.get(fold(match["unit"] or ""), "") if match["unit"] else ""
        if match["unit"] and not unit:
            raise BadInput(f"{match['unit']!r} is no unit of length here.", "Write units, ly or pc, or none.")
        found |= {"near": name, "distance": float(match["distance"].replace(",", ".")), "unit": unit}
    elif match["near"]:
        found["near"] = name
    elif match["region"]:
        found["region"] = name
    elif match["in"]:
        if re.search(r"\bregion$", name, re.I):
            found["region"] = _bare(re.sub(r"\bregion$", "", name, flags=re.I))
        elif (kind := _singular(name)) in KINDS:
            found["kind"] = KINDS[kind]
        else:
            found["inside"] = name
    elif match["by"]:
        found["person"] = name
    else:
        words += [one for one in (_bare(part) for part in _SEVERAL.split(name)) if one]


def _head(head: str, found: dict[str, object], words: list[str], quoted: list[str]) -> None:
    """`new ocean planets`: the kind is its last word or words, the rest must stand in the record."""
    if the := _THE_REGION.match(head):
        found["region"] = _restored(the[1], quoted)
        return
    rest = _bare(head)
    if who := _WHO.match(rest):
        rest = who["what"]
        if not _ANYBODY.fullmatch(who["who"]):
            found["person"] = _restored(who["who"], quoted)
    pieces = _bare(_ANYTHING.sub(" ", rest)).split()
    for size in (3, 2, 1):
        named = _singular(" ".join(pieces[-size:])) if len(pieces) >= size else ""
        if named in FOUND:
            found |= {"kind": Kind.DISCOVERY, "found": FOUND[named]}
        elif named in KINDS:
            found["kind"] = KINDS[named]
        else:
            continue
        pieces = pieces[:-size]
        break
    words[:0] = [_restored(one, quoted) for one in _bare(" ".join(pieces)).split()]


def _singular(name: str) -> str:
    folded = fold(name)
    for plural, single in (("ies", "y"), ("s", ""), ("ien", ""), ("en", ""), ("en", "e"), ("n", ""), ("e", "")):
        if folded.endswith(plural) and (one := folded.removesuffix(plural) + single) in {**KINDS, **FOUND}:
            return one
    return folded


def _bare(text: str) -> str:
    """Without articles and without what was done at its edges."""
    before, text = "", text.strip(" ,.;:!?")
    while before != text:
        before, text = text, _EDGES.sub("", text).strip(" ,.;:!?")
    return text


def _restored(text: str, quoted: list[str]) -> str:
    return re.sub("\ue000(\\d+)\ue001", lambda match: quoted[int(match[1])], text)


def in_words(wish: Wish, names: Mapping[str, str]) -> str:
    """The wish as it was understood: `each discovery (fossil) by Olga in the region Oculi`."""
    what = wish.kind.value if wish.kind else "record"
    parts = [f"each new {what}{f' ({wish.found.value})' if wish.found else ''}"]
    if wish.words:
        parts.append("that speaks of " + " and of ".join(f"“{word}”" for word in wish.words))
    if wish.person:
        parts.append(f"by {wish.person}")
    if wish.region:
        parts.append(f"in the region {wish.region}")
    if wish.inside:
        parts.append(f"in {names.get(wish.inside, 'a place that was removed')}")
    if wish.near:
        away = lengths.written(wish.distance or 0.0, wish.unit)
        parts.append(f"within {away} of {names.get(wish.near, 'a place that was removed')}")
    return " ".join(parts)
