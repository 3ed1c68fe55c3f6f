"""Questions in two steps: a text tells which place is meant, and its record tells what is asked of it.

"Who discovered the system where the Second Charter was signed" is "Nine Candles", says the Lorekeeper, and "who
discovered Nine Candles" is the Cartographer's to answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from assistants.base import Answerer
from assistants.findings import Findings, Nature, Source
from haven.access import Principal
from haven.world.schema import Kind, Thing
from haven.world.words import fold

_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "system": (Kind.SYSTEM,),
    "planet": (Kind.PLANET,),
    "world": (Kind.PLANET, Kind.MOON),
    "moon": (Kind.MOON,),
    "mond": (Kind.MOON,),
    "station": (Kind.STATION,),
    "region": (Kind.REGION,),
    "place": (),
    "ort": (),
}
_WORD = r"(?P<kind>systems?|planet(?:en|s)?|worlds?|moons?|mond(?:es|s)?|stations?|regions?|place|ort(?:es)?)"
_HEAD, _END = r"^(?P<head>.+?)\b", r"\s*\?*$"
_ASKS = r"(?:which|what|whats|what's|who|how|whose|name|tell|welche[rs]?|was|wie|wer)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"^(?P<head>how far is) the {_WORD},? (?:where|(?:in|on|at) which) (?P<event>.+?)(?P<tail> from .+?){_END}",
        rf"{_HEAD}the {_WORD}(?P<tail> (?:have|has|lie|lies|in)),? (?:where|(?:in|on|at) which) (?P<event>.+?){_END}",
        rf"^(?:in|on|at|of|for|around|near) the {_WORD},? (?:where|(?:in|on|at|by|from) which|in whose \w+)"
        rf" (?P<event>.+?), (?P<head>.*\b{_ASKS}\b.+?){_END}",
        rf"{_HEAD}(?:the |that |a )?{_WORD},? (?:where|(?:in|on|at|upon) which) (?P<event>.+?){_END}",
        rf"{_HEAD}the (?P<event>home {_WORD} of (?:the )?.+?)(?P<tail> (?:have|has|lie|lies|belong|belongs))?{_END}",
        rf"{_HEAD}the {_WORD} (?:that )?(?!ha[sd]\b|have\b)"
        rf"(?P<event>(?:the )?[\w' -]+? \w+(?:ed|t|d|n|s)) (?:on|in|at|to|from){_END}",
        rf"{_HEAD}(?:der|die|das|dem|den|des) {_WORD},? (?:wo|(?:auf|in|an|bei) de[mnr](?:en)?) (?P<event>.+?){_END}",
        rf"^(?P<head>{_ASKS}\b.+?) (?P<kind>)where (?P<event>.+?){_END}",
    )
)
_WHERE = re.compile(
    rf"^(?:(?:in|on|at|around|near|auf)\s+)?(?:which|what|welche[mnrs]?) {_WORD} (?P<event>.+?){_END}", re.IGNORECASE
)
"""The place itself is asked for: `on which planet does the moss grow`."""
_AND_WHERE = re.compile(
    rf"[,;]? and (?:in|on) (?:which|what) \w+ (?:is|are|lies?) (?:that|it|this){_END}", re.IGNORECASE
)
_DESCRIBED = re.compile(
    r"\b(?:the|that) (?P<noun>[^\W\d_]+) (?:that|which|who) (?P<deed>(?!is\b|was\b)\w+ .+?)(?=\s*(?:,|\band\b|\?|$))",
    re.IGNORECASE,
)
"""Something by what it did: `the moss that cured the Grey Sleep`."""


_WHEN = re.compile(r"\b(?:before|after|since|until|vor|nach|seit|bis)\b", re.IGNORECASE)
"""What only says when: the place of another event would be told."""


class Placing(Answerer, Protocol):
    """Who knows where something happened, and can quote it."""

    async def place_of(self, event: str, *kinds: Kind) -> list[Thing]:
        """The places of these kinds, the likeliest first; none where it is not told."""

    async def named_by(self, noun: str, deed: str) -> Thing | None:
        """The thing of that sort that did it, where a record tells of it."""


@dataclass(frozen=True)
class Hop:
    """`event` says which place is meant, of `kinds`; the rest of the question is asked of that place."""

    head: str
    event: str
    kinds: tuple[Kind, ...]
    tail: str = ""

    def of(self, place: Thing) -> tuple[str, ...]:
        """The second question, in several ways: with the place's kind, as several may bear the name, and without."""
        head = self.head.rstrip()
        named = (f"{place.kind.value} {place.name}", place.name, f"of {place.name}", f"in {place.name}")
        return tuple(f"{head} {name}{self.tail}?" for name in named)


def hop_in(question: str) -> Hop | None:
    """The two steps of a question that has them."""
    plain = " ".join(question.split())
    for form in _FORMS:
        if match := form.match(plain):
            found = match.groupdict()
            return Hop(found["head"], found["event"], _kinds_of(found["kind"]), found.get("tail") or "")
    return None


def _kinds_of(word: str) -> tuple[Kind, ...]:
    return next((kinds for stem, kinds in _KINDS.items() if word.lower().startswith(stem)), ())


class Hops:
    """One for the Round Table."""

    def __init__(self, places: Placing, fields: Answerer) -> None:
        self._places, self._fields = places, fields

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """What is asked of the place that a text tells of; None where the question is none of two steps, or not told.

        Raises AccessDenied.
        """
        plain = await self._with_names(question)
        hop = hop_in(plain)
        if hop is None:
            return await self._where(plain, principal, described=plain != question)
        for kinds in (hop.kinds,) if hop.kinds else ((), (Kind.SYSTEM,)):
            for place in (await self._places.place_of(hop.event, *kinds))[:1]:
                if (found := await self._told(hop, place, principal)) is not None:
                    return found
        return None

    async def _with_names(self, question: str) -> str:
        """The question with the name of what it only describes."""
        match = _DESCRIBED.search(question)
        thing = await self._places.named_by(match["noun"], match["deed"]) if match else None
        return question[: match.start()] + thing.name + question[match.end() :] if match and thing else question

    async def _told(self, hop: Hop, place: Thing, principal: Principal) -> Findings | None:
        """What is recorded of the place: a fact, else that the very field is empty."""
        known: list[Findings] = []
        for second in hop.of(place):
            if (one := await self._fields.answer(second, principal)) is not None:
                known.append(one)
                if one.kind is Nature.FACT:
                    break
        found = next((one for one in reversed(known) if one.kind is Nature.FACT), None)
        found = found or next((one for one in known if one.sources), None)
        if found is None:
            return None
        sources = dict.fromkeys((*await self._quoted(hop.event, principal), _source(place), *found.sources))
        return replace(found, text=f"“{hop.event}”: {place.name}.\n{found.text}", sources=tuple(sources))

    async def _where(self, question: str, principal: Principal, *, described: bool) -> Findings | None:
        """The place itself, where a text alone tells of it, or a field of what was only described."""
        asked = _AND_WHERE.sub("", question)
        if (match := _WHERE.match(asked)) is None or _WHEN.search(match["event"]):
            return None
        known = await self._fields.answer(asked, principal)
        if asked == question and known is not None and known.kind is not Nature.NOT_RECORDED:
            return known if described else None
        kinds = _kinds_of(match["kind"])
        place = next(iter(await self._places.place_of(match["event"], *kinds)), None)
        quoted = await self._quoted(match["event"], principal)
        if place is None or not (quoted or described) or fold(place.name) in fold(match["event"]):
            return None
        system = next(iter(await self._places.place_of(match["event"], Kind.SYSTEM)), place)
        within = f", in the system {system.name}" if system.id != place.id else ""
        lines = (f"The {place.kind.value} {place.name}{within}.", *(f"“{one.quote}” ({one.name})" for one in quoted))
        return Findings("\n".join(lines), (*quoted, _source(place)))

    async def _quoted(self, event: str, principal: Principal) -> tuple[Source, ...]:
        told = await self._places.answer(f"where {event}", principal)
        return told.sources if told is not None and told.kind is Nature.QUOTATION else ()


def _source(place: Thing) -> Source:
    return Source(place.id, place.name, place.kind.value)
