"""Where something happened, as a record: the place that the answering sentence names, or that its record lies in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistants.lore.evidence import Evidence
from assistants.lore.question import Question
from haven.world.mentions import mentions
from haven.world.name_index import NameIndex
from haven.world.passages import sentences
from haven.world.schema import Kind, Thing, parent_of
from haven.world.search import Search
from haven.world.world import World

PLACES = frozenset({Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION, Kind.REGION})
LEVELS = 3


async def places_of(
    asked: Question, answers: Sequence[Evidence], kinds: Sequence[Kind], world: World, search: Search
) -> list[Thing]:
    """Places of these kinds, the likeliest first: those in the sentences, else in their records, else above these.

    A name of the question itself is no place of it, save where the sentence says which of several records is meant.
    """
    wanted = frozenset(kinds) or PLACES
    named = {id for term in asked.names for id in term.ids if len(term.ids) == 1}

    def found(index: NameIndex) -> list[list[str]]:
        """For each way of looking, the surest first, the ids of places."""
        said = [
            [id for one in mentions(each.sentence.text, index) if len(one.ids) == 1 for id in one.ids]
            for each in answers
        ]
        own = [[each.thing.id] for each in answers]
        around = [
            [
                id
                for part in sentences(each.thing)
                for one in mentions(part.text, index)
                if len(one.ids) == 1
                for id in one.ids
            ]
            for each in answers[:1]
        ]
        return [*said, *own, *around]

    ways = await search.names.ask(found) if answers else []
    said = [[id for id in ids if id not in named] for ids in ways]
    for ids in (*said, [id for term in asked.names for id in term.ids]):
        if things := await _of_kind(ids, wanted, world):
            return things
    return []


async def _of_kind(ids: Iterable[str], wanted: frozenset[Kind], world: World) -> list[Thing]:
    """Those of the ids that are places of a wanted kind, else the nearest ones that these lie in."""
    known = await world.get_many(dict.fromkeys(ids))
    level = [known[id] for id in dict.fromkeys(ids) if id in known]
    for step in range(LEVELS + 1):
        if fit := [one for one in level if one.kind in wanted and (step or one.kind in PLACES)]:
            return fit
        above = await world.get_many(dict.fromkeys(parent_of(one) for one in level if parent_of(one)))
        level = list(above.values())
    return []
