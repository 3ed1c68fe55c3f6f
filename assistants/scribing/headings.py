"""Which records a report speaks of: where each is named, and which words of the text are about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from haven.world import vocabulary
from haven.world.gazetteer import Gazetteer
from haven.world.mentions import mentions
from haven.world.schema import Kind
from haven.world.words import fold, is_stop, word_set

PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
NOUNS = {
    "star system": Kind.SYSTEM,
    "system": Kind.SYSTEM,
    "planet": Kind.PLANET,
    "moon": Kind.MOON,
    "mond": Kind.MOON,
    "planeten": Kind.PLANET,
    "sonnensystem": Kind.SYSTEM,
    "raumstation": Kind.STATION,
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
_BEFORE = re.compile(rf"\b(?P<noun>(?i:{_NOUN}))(?:[ \t]?[:=])?[ \t](?:(?i:called|named)\s)?(?P<name>{_QUOTED}|{_RUN})")
_CALLED = re.compile(
    r"\b(?i:(?:called|named|dubbed|christened|call|by the name of|with the name)(?: (?:it|this|that|the place))?"
    r"|names?(?: (?:is|was|it))?"
    r"|hei(?:ss|ß)t|namens|genannt|nannten (?:wir )?(?:ihn|sie|es))[ \t]*[:=,]?[ \t]+"
    rf"(?P<name>{_QUOTED}|(?:(?i:the)\s)?{_RUN})"
)
_TOLD = re.compile(
    rf"(?:^|[.!?]\s)[^.!?:\n]{{0,80}}?\b(?P<noun>(?i:{_NOUN}))(?:\s(?:in|on|at|of|near|by|from|found|discovered|seen"
    rf"|orbiting|auf|im|bei|von)\b[^.!?:\n]{{0,60}}|(?:\s[a-zäöü']+){{1,4}})?:[ \t]+(?P<name>{_QUOTED}"
    rf"|(?:(?i:the)\s)?{_RUN})(?=[.,;(\n]|$)",
    re.MULTILINE,
)
_BESIDE = re.compile(rf"\b(?P<noun>(?i:{_NOUN}))(?:\s[a-z]+)?,\s(?:the\s)?(?P<name>{_QUOTED}|{_RUN})(?=[.,;:\n]|$)")
_LOOSE = {"star": Kind.SYSTEM, "sun": Kind.SYSTEM, "world": Kind.PLANET}
"""Nouns that may mean such a record where a name is given to it."""
_NOUNS_IN = re.compile(rf"\b(?i:{_NOUN}|{'|'.join(_LOOSE)})\b")
_BEHIND = re.compile(rf"(?P<name>{_QUOTED}|{_RUN})[ \t](?P<noun>(?i:star system|system))\b")
_IS_A = re.compile(
    rf"(?P<name>{_QUOTED}|{_RUN})(?:\s(?:is|was)|[,:])\s(?:an?|the|our)\s(?:[\w-]+\s){{0,4}}?(?P<noun>(?i:{_NOUN}))\b"
)
_NAMED_LINE = re.compile(r"^[ \t*•-]*(?P<name>[^:\n]{1,60}?)[ \t]*:", re.MULTILINE)
_REFERENCE = re.compile(
    r"(?:\b(?:in|of|at|to|into|on|onto|orbits?|orbiting|around|circl(?:es|ing)|within|inside|from|near|beside|im|auf|bei"
    r"|um|von)\s+(?:(?:the|its|our|a|dem|den|der)\s+)?(?:\w+\s+of\s+(?:the\s+)?)?|\(\s*)$",
    re.IGNORECASE,
)
_GENERIC = word_set(
    "new the our my this that its another report update here neues neuer first second third fourth fifth sixth last"
)
"""Words with a capital at the beginning of a sentence that are nobody's name."""
_NO_NAMES = _GENERIC | {*NOUNS, *_FINDS}
FAR = 240
"""Characters before `called` in which its noun stands."""
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
        if not number:
            start = _own_words_begin(text, one, [other for other in found if other.reference])
        near = sorted((other for other in found if other.reference), key=lambda other: abs(other.start - one.start))
        places = tuple(other for other in near if (start if number else 0) <= other.start < end)
        blank = list(text[start:end])
        for gone in (one, *places):
            if gone.name_at >= start:
                blank[gone.name_at - start : gone.end - start] = " " * (gone.end - gone.name_at)
        made.append(Section(one, "".join(blank), places, text[one.end : end].strip(" \t\n:,-")))
    return made


def _own_words_begin(text: str, first: Heading, places: Sequence[Heading]) -> int:
    """Where the words about the first record begin: not with sentences before it that are about other places."""
    sentence = max(text.rfind(end, 0, first.start) for end in (". ", "! ", "? ", "\n")) + 1
    return sentence if any(place.end <= sentence for place in places) else 0


def _headings(text: str, gazetteer: Gazetteer) -> list[Heading]:
    """Every name once at its place, the surest pattern first."""
    taken: list[Heading] = []

    def there(name: str) -> bool:
        return any(one.kind in PLACES for one in gazetteer.names.exact(fold(name)))

    in_turn = (_matched(text, pattern, there) for pattern in (_IS_A, _TOLD, _BESIDE, _BEFORE, _BEHIND))
    for one in chain(_matched(text, _AT_LINE, there), _known(text, gazetteer), *in_turn, _called(text)):
        if all(one.end <= other.name_at or one.name_at >= other.end for other in taken):
            taken.append(one)
    named = list(taken)
    for one in _mentioned(text, gazetteer):
        if all(one.end <= other.name_at or one.name_at >= other.end for other in named):
            taken.append(one)
    taken.sort(key=lambda one: one.start)
    return _some(_once(_fields_of_reports(text, taken)), text)


def _fields_of_reports(text: str, found: Sequence[Heading]) -> list[Heading]:
    """`System: Astra` right behind a planet only says where the planet is."""
    kept: list[Heading] = []
    for one in found:
        if kept and one.kind in PLACES and _rank(one.kind) < _rank(kept[-1].kind):
            beside = not text[kept[-1].end : one.start].strip(" \t\n*•-:|,(/")
            one = replace(one, reference=one.reference or beside)
        kept.append(one)
    return kept


def _rank(kind: Kind) -> int:
    """How deep a kind lies: a system contains planets, those contain moons."""
    return (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION, Kind.DISCOVERY).index(kind)


def _some(found: Sequence[Heading], text: str) -> list[Heading]:
    """Where every name only says where something else is, the first one is what the text is about.

    Not where the text is about something whose name was not found: `a planet in the Venture system`.
    """
    if any(not one.reference for one in found) or not found:
        return list(found)
    nouns = {_kind_of(noun[0]) for noun in _NOUNS_IN.finditer(text) if not _has_name(text, noun)}
    if nouns - {one.kind for one in found} - {Kind.DISCOVERY}:
        return []
    first = min(found, key=lambda one: (bool(_REFERENCE.search(text[: one.start][-40:])), one.start))
    return [replace(one, reference=False) if one is first else one for one in found]


def name_that_may_be(text: str, gazetteer: Gazetteer) -> tuple[Kind, str] | None:
    """The only unknown name of a text that speaks of one kind of place, where nothing says that it is that one's."""
    kinds = {_kind_of(noun[0]) for noun in _NOUNS_IN.finditer(text) if not _has_name(text, noun)} - {Kind.DISCOVERY}
    known = [(one.start, one.end) for one in mentions(text, gazetteer.names, loose=True)]
    names = set()
    for match in re.finditer(_RUN, text):
        begins = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ".!?:\n"
        free = all(match.end() <= start or match.start() >= end for start, end in known)
        value = is_stop(fold(match[0])) or any(vocabulary.known(field, match[0]) for field in vocabulary.fields())
        if free and not value and not (begins and " " not in match[0]):
            names.add(match[0])
    return (kinds.pop(), names.pop()) if len(kinds) == 1 and len(names) == 1 else None


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


def _called(text: str) -> Iterator[Heading]:
    """`a planet ... we called it Brightwater`: the noun stands somewhere before, and no other name belongs to it."""
    for match in _CALLED.finditer(text):
        before = text[max(match.start() - FAR, 0) : match.start()]
        nouns = [one for one in _NOUNS_IN.finditer(before) if not _has_name(before, one)]
        name = match["name"].strip('"“” ')
        if nouns and name and not is_stop(fold(name)):
            noun = nouns[-1][0].casefold()
            start = match.start() - len(before) + nouns[-1].start()
            kind = _kind_of(noun)
            found = vocabulary.known(vocabulary.FOUND, noun) if kind is Kind.DISCOVERY and noun not in NOUNS else ""
            yield Heading(kind, name, start, match.end("name"), match.start("name"), found=found)


def _kind_of(noun: str) -> Kind:
    return {**_LOOSE, **NOUNS}.get(noun.casefold(), Kind.DISCOVERY)


def _has_name(text: str, noun: re.Match[str]) -> bool:
    """Whether a noun belongs to a name beside it: `the Venture system`."""
    before = re.search(rf"({_WORD})\s$", text[: noun.start()])
    return bool(
        (before and fold(before[1]) not in _GENERIC and not is_stop(fold(before[1])))
        or re.match(rf"[ \t]{_WORD}", text[noun.end() :])
    )


def _matched(text: str, pattern: re.Pattern[str], there: Callable[[str], bool]) -> Iterator[Heading]:
    for match in pattern.finditer(text):
        noun, written = match["noun"].casefold(), match["name"]
        name = written.strip('"“” ')
        quoted = written[0] in '"“'
        if pattern is _AT_LINE and not quoted and not _is_title(name, colon=text[match.end() : match.end() + 1] == ":"):
            continue
        if pattern in (_BEHIND, _IS_A) and not quoted:
            name = _ARTICLE.sub("", name)
        name = name.removeprefix("the ")
        head, of, tail = name.partition(" of ")
        end = match.end("name")
        if of and there(tail) and not there(name):  # `planet Tinder of Venture`
            name, end = head, match.start("name") + len(head)
        if not name or is_stop(fold(name)) or noun in fold(name).split() or fold(name) in _NO_NAMES:
            continue
        if pattern in (_TOLD, _BESIDE) and any(vocabulary.known(field, name) for field in vocabulary.fields()):
            continue
        kind = NOUNS.get(noun, Kind.DISCOVERY)
        found = "" if noun in NOUNS else vocabulary.known(vocabulary.FOUND, noun)
        reference = kind in PLACES and bool(_REFERENCE.search(text[: match.start()][-40:]))
        yield Heading(kind, name, match.start(), end, match.start("name"), reference, found)


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


def _mentioned(text: str, gazetteer: Gazetteer) -> Iterator[Heading]:
    """Places of the world that the text names; one of each kind where several bear the name.

    One that begins a sentence is what the sentence is about; any other says where something is.
    """
    for one in mentions(text, gazetteer.names, loose=True):
        places = [gazetteer.things[id] for id in one.ids if gazetteer.things[id].kind in PLACES]
        if re.match(rf"\s(?!I\b){_WORD}", text[one.end :]) or re.search(rf"[a-z,;]\s{_WORD}\s$", text[: one.start]):
            continue  # it is a part of a longer name that nobody knows
        for kind in dict.fromkeys(place.kind for place in places):
            name = next(place.name for place in places if place.kind is kind)
            if not re.search(rf"\b(?i:{_NOUN})s?\s$", text[: one.start]):
                yield Heading(kind, name, one.start, one.end, one.start, reference=True)


def _begins(text: str, after: int, start: int) -> int:
    """Where the words about a name begin: behind the last break before it."""
    line = text.rfind("\n", after, start) + 1
    if line and not text[line:start].strip(" \t*•-"):
        return line
    ends = [match.end() for match in _BREAK.finditer(text, after, start)]
    return ends[-1] if ends else start
