"""Who speaks of a record: by a link, or by one of its names; and the links that a text still lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from haven.world.mentions import mentions
from haven.world.name_index import NameIndex
from haven.world.names import Look
from haven.world.passages import readable, sentences
from haven.world.schema import Lore, Thing
from haven.world.search import Search
from haven.world.world import World

MOST_A_NAME = 200
"""Records that are read for each name."""


@dataclass(frozen=True)
class Reference:
    """`thing` speaks of the record: `quote` is the first sentence that names it, "" where only a link leads there."""

    thing: Thing
    quote: str
    where: str
    sure: bool
    """False: the name could mean another record as well."""


async def references(thing: Thing, world: World, search: Search) -> list[Reference]:
    """The records that speak of this one, by name; links count whatever the text says."""
    ids: dict[str, None] = {}
    for name in (thing.name, *thing.aliases):
        ids |= dict.fromkeys(await search.speaking_of(name, limit=MOST_A_NAME))
    others = [one for one in (await world.get_many(ids)).values() if one.id != thing.id]

    def read(look: Look) -> list[Reference]:
        found = (look(partial(_reference, one, thing)) for one in others)
        return [one for one in found if one is not None]

    return sorted(await search.names.work(read), key=lambda one: (one.thing.name, one.thing.id))


def _reference(other: Thing, thing: Thing, index: NameIndex) -> Reference | None:
    linked = thing.id in getattr(other, "links", ())
    for sentence in sentences(other):
        for one in mentions(sentence.text, index):
            if thing.id in one.ids:
                return Reference(other, sentence.text, sentence.where, linked or len(one.ids) == 1)
    return Reference(other, "", "a link", True) if linked else None


async def with_links(draft: Lore, search: Search) -> Lore:
    """The draft with links to the records that its text names for certain, after those that it has."""
    found = await search.names.mentions(readable(draft.text))
    sure: Sequence[str] = [one.ids[0] for one in found if len(one.ids) == 1 and one.ids[0] != draft.id]
    return draft.model_copy(update={"links": tuple(dict.fromkeys((*draft.links, *sure)))})
