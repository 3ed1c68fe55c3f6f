"""Which records a report speaks of: where each is named, and which words of the text are about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from haven.world import vocabulary
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Kind
from haven.world.words import fold, is_stop

PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
NOUNS = {
    "star system": Kind.SYSTEM,
    "system": Kind.SYSTEM,
    "planet": Kind.PLANET,
    "moon": Kind.MOON,
    "space station": Kind.STATION,
    "station": Kind.STATION,
    "discovery": Kind.DISCOVERY,
}
_FINDS = ("fossil", "text log", "ruin", "ruins", "crashed ship", "mineral", "hazard")
"""Kinds of discoveries that stand before a name."""
_NOUN = "|".join(sorted((*NOUNS, *_FINDS), key=len, reverse=True))
_WORD = r"(?:[^\W_a-z][\w'’-]{0,60})"
_RUN = rf"{_WORD}(?:[ ](?:of (?:the )?)?{_WORD}){{0,4}}"
_QUOTED = r"[\"“][^\"”\n]{1,80}[\"”]"
_AT_LINE = re.compile(
    rf"^[ \t*•-]*(?:(?i:new|a|the)\s)?(?P<noun>(?i:{_NOUN}))(?:\s(?i:name))?[ \t]*[:=]?[ \t]+"
    rf"(?:(?i:called|named)\s)?(?P<name>{_QUOTED}|[^:;,.\n()]{{1,60}}?)[ \t]*(?=:|\n|$)",
    re.MULTILINE,
)
_BEFORE = re.compile(rf"\b(?P<noun>(?i:{_NOUN}))\s(?:(?i:called|named)\s)?(?P<name>{_QUOTED}|{_RUN})")
_BEHIND = re.compile(rf"(?P<name>{_QUOTED}|{_RUN})\s(?P<noun>(?i:star system|system))\b")
_IS_A = re.compile(
    rf"(?P<name>{_QUOTED}|{_RUN})\s(?:is|was)\s(?:an?|the)\s(?:[\w-]+\s){{0,4}}?(?P<noun>(?i:{_NOUN}))\b"
)
_NAMED_LINE = re.compile(r"^[ \t*•-]*(?P<name>[^:\n]{1,60}?)[ \t]*:", re.MULTILINE)
_REFERENCE = re.compile(
    r"\b(?:in|of|at|orbits|orbiting|around|circling|within|from|near)\s+(?:the\s+)?$", re.IGNORECASE
)
_AT = re.compile(rf"\b(?i:in|on|of|at|orbits|orbiting|around|near|from)\s+(?:the\s+)?(?P<name>{_RUN})")
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_BREAK = re.compile(r"[.;,]\s|\n|\b(?:with|and|has|have)\s", re.IGNORECASE)
MOST = 60
"""Records of one report."""


@dataclass(frozen=True)
class Heading:
    """A name in the text, with the noun beside it from `start` on.

    `reference`: it only says where something else is. `found`: the kind of a discovery.
    """

    kind: Kind
    name: str
    start: int
    end: int
    name_at: int
    reference: bool = False
    found: str = ""


@dataclass(frozen=True)
class Section:
    """The words about one record, without its own name; and the places that they refer to."""

    heading: Heading
    text: str
    places: tuple[Heading, ...]
    written: str
    """What stands behind the name, as it was written."""


def sections(text: str, gazetteer: Gazetteer) -> list[Section]:
    """The records of a report in their order; words before the first name belong to it."""
    found = _headings(text, gazetteer)
    own = [one for one in found if not one.reference][:MOST]
    starts = [0, *(_begins(text, one.end, other.start) for one, other in pairwise(own)), len(text)]
    made = []
    for number, one in enumerate(own):
        start, end = starts[number], starts[number + 1]
        places = tuple(other for other in found if other.reference and start <= other.start < end)
        blank = list(text[start:end])
        for gone in (one, *places):
            blank[gone.name_at - start : gone.end - start] = " " * (gone.end - gone.name_at)
        made.append(Section(one, "".join(blank), places, text[one.end : end].strip(" \t\n:,-")))
    return made


def _headings(text: str, gazetteer: Gazetteer) -> list[Heading]:
    """Every name once at its place, the surest pattern first."""
    taken: list[Heading] = []
    in_turn = (_matched(text, pattern) for pattern in (_IS_A, _BEFORE, _BEHIND))
    for one in chain(_matched(text, _AT_LINE), _known(text, gazetteer), *in_turn, _referred(text, gazetteer)):
        if all(one.end <= other.start or one.start >= other.end for other in taken):
            taken.append(one)
    taken.sort(key=lambda one: one.start)
    return _once(taken)


def _once(found: Sequence[Heading]) -> list[Heading]:
    """A second time that a text names one of its own records is no second record."""
    seen: set[tuple[Kind, str]] = set()
    kept = []
    for one in found:
        key = (one.kind, fold(one.name))
        kept.append(replace(one, reference=True) if key in seen else one)
        if not one.reference:
            seen.add(key)
    return kept


def _matched(text: str, pattern: re.Pattern[str]) -> Iterator[Heading]:
    for match in pattern.finditer(text):
        noun, written = match["noun"].casefold(), match["name"]
        name = written.strip('"“” ')
        quoted = written[0] in '"“'
        if pattern is _AT_LINE and not quoted and not _is_title(name, colon=text[match.end() : match.end() + 1] == ":"):
            continue
        if pattern in (_BEHIND, _IS_A) and not quoted:
            name = _ARTICLE.sub("", name)
        if not name or is_stop(fold(name)) or noun in fold(name).split():
            continue
        kind = NOUNS.get(noun, Kind.DISCOVERY)
        found = "" if noun in NOUNS else vocabulary.known(vocabulary.FOUND, noun)
        reference = kind in PLACES and bool(_REFERENCE.search(text[: match.start()][-40:]))
        yield Heading(kind, name, match.start(), match.end("name"), match.start("name"), reference, found)


def _is_title(name: str, colon: bool) -> bool:
    """Whether words behind a noun at the beginning of a line are a name: with a colon behind, small letters will do."""
    if re.fullmatch(_RUN, name):
        return True
    return colon and len(name.split()) <= 4 and not any(is_stop(fold(word)) for word in name.split())


def _known(text: str, gazetteer: Gazetteer) -> Iterator[Heading]:
    """`Meridian: low sentinels` where the world has one place of that name."""
    for match in _NAMED_LINE.finditer(text):
        ids = [one.id for one in gazetteer.names.exact(fold(match["name"]))]
        places = [gazetteer.things[id] for id in ids if gazetteer.things[id].kind in PLACES]
        if len(places) == 1:
            start, end = match.span("name")
            yield Heading(places[0].kind, places[0].name, start, end, start)


def _referred(text: str, gazetteer: Gazetteer) -> Iterator[Heading]:
    """`near Meridian` where the world has one place of that name."""
    for match in _AT.finditer(text):
        ids = [one.id for one in gazetteer.names.exact(fold(match["name"]))]
        places = [gazetteer.things[id] for id in ids if gazetteer.things[id].kind in PLACES]
        if len(places) == 1:
            start, end = match.span("name")
            yield Heading(places[0].kind, places[0].name, start, end, start, reference=True)


def _begins(text: str, after: int, start: int) -> int:
    """Where the words about a name begin: behind the last break before it."""
    line = text.rfind("\n", after, start) + 1
    if line and not text[line:start].strip(" \t*•-"):
        return line
    ends = [match.end() for match in _BREAK.finditer(text, after, start)]
    return ends[-1] if ends else start
