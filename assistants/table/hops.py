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
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_HEAD}(?:the |that |a )?{_WORD},? (?:where|(?:in|on|at|upon) which) (?P<event>.+?){_END}",
        rf"{_HEAD}the (?P<event>home {_WORD} of (?:the )?.+?)(?P<tail> (?:have|has|lie|lies|belong|belongs))?{_END}",
        rf"{_HEAD}the {_WORD} (?:that )?(?P<event>(?:the )?[\w' -]+? \w+(?:ed|t|d|n|s)) (?:on|in|at|to|from){_END}",
        rf"{_HEAD}(?:der|die|das|dem|den|des) {_WORD},? (?:wo|(?:auf|in|an|bei) de[mnr](?:en)?) (?P<event>.+?){_END}",
    )
)


class Placing(Answerer, Protocol):
    """Who knows where something happened, and can quote it."""

    async def place_of(self, event: str, *kinds: Kind) -> list[Thing]:
        """The places of these kinds, the likeliest first; none where it is not told."""


@dataclass(frozen=True)
class Hop:
    """`event` says which place is meant, of `kinds`; the rest of the question is asked of that place."""

    head: str
    event: str
    kinds: tuple[Kind, ...]
    tail: str = ""

    def of(self, place: Thing) -> tuple[str, str]:
        """The second question, in two ways: with the place's kind, as several may bear the name, and without."""
        head = self.head.rstrip()
        return f"{head} {place.kind.value} {place.name}{self.tail}?", f"{head} {place.name}{self.tail}?"


def hop_in(question: str) -> Hop | None:
    """The two steps of a question that has them."""
    plain = " ".join(question.split())
    for form in _FORMS:
        if match := form.match(plain):
            found = match.groupdict()
            word = found["kind"].lower()
            kinds = next((kinds for stem, kinds in _KINDS.items() if word.startswith(stem)), ())
            return Hop(found["head"], found["event"], kinds, found.get("tail") or "")
    return None


class Hops:
    """One for the Round Table."""

    def __init__(self, places: Placing, fields: Answerer) -> None:
        self._places, self._fields = places, fields

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """What is asked of the place that a text tells of; None where the question is none of two steps, or not told.

        Raises AccessDenied.
        """
        hop = hop_in(question)
        if hop is None:
            return None
        for place in (await self._places.place_of(hop.event, *hop.kinds))[:1]:
            told = [await self._fields.answer(second, principal) for second in hop.of(place)]
            known = [one for one in told if one is not None]
            found = next((one for one in known if one.kind is Nature.FACT), None)
            found = found or next((one for one in known if one.sources), None)
            if found is not None:
                told_where = await self._places.answer(f"where {hop.event}", principal)
                quoted = told_where.sources if told_where is not None and told_where.kind is Nature.QUOTATION else ()
                sources = dict.fromkeys((*quoted, Source(place.id, place.name, place.kind.value), *found.sources))
                return replace(found, text=f"“{hop.event}”: {place.name}.\n{found.text}", sources=tuple(sources))
        return None
