"""A draft held against canon: the records that speak of the same names are read, and what differs is cited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from haven.world.mentions import Mention, mentions
from haven.world.names import Look
from haven.world.schema import Kind, Lore, Thing, parent_of
from haven.world.search import Search
from haven.world.timeline import Check, check, is_canon, places
from haven.world.world import World

MOST_A_NAME = 40
"""Records that are read for each name of the draft."""
MOST_NAMES = 60
LEVELS = 3
"""A moon, its planet, its system."""


@dataclass(frozen=True)
class Checked:
    """What rules found, which records they read, and the names in the draft that fit several records."""

    check: Check
    read: int
    ambiguous: tuple[Mention, ...]


async def check_draft(draft: Lore, world: World, search: Search) -> Checked:
    """Compare a draft with what canon says of the same names. Raises StoreError."""
    found = await search.names.mentions(f"{draft.name}. {draft.text}\n{draft.notes}")
    ids = dict.fromkeys(id for one in found for id in one.ids)
    for name in list(dict.fromkeys(one.text for one in found))[:MOST_NAMES]:
        ids |= dict.fromkeys(await search.speaking_of(name, limit=MOST_A_NAME))
    things = await world.get_many([id for id in ids if id != draft.id])
    around = await _with_parents(things, world)
    canon = [one for one in things.values() if is_canon(one)]

    def compare(look: Look) -> Check:
        def mentioned(text: str) -> list[Mention]:
            return list(look(lambda index: mentions(text, index)))

        def main(id: str) -> tuple[str, Kind]:
            name, kind = look(lambda index: index.title(id))
            return name, kind

        return check(draft, canon, mentioned, main, places(around))

    done = await search.names.work(compare)
    ambiguous = [one for one in found if await _is_ambiguous(one, world)]
    return Checked(done, len(canon), tuple({one.ids: one for one in ambiguous}.values()))


async def _with_parents(things: Mapping[str, Thing], world: World) -> dict[str, Thing]:
    """With the places that these lie in."""
    around = dict(things)
    for _ in range(LEVELS):
        above = {parent_of(one) for one in around.values()} - around.keys() - {""}
        if not above:
            break
        around |= await world.get_many(above)
    return around


async def _is_ambiguous(one: Mention, world: World) -> bool:
    """Whether it names several records that are not an entry about the same."""
    if len(one.ids) < 2:
        return False
    kinds = [thing.kind for thing in (await world.get_many(one.ids)).values() if thing.kind is not Kind.LORE]
    return len(kinds) > 1
