"""What is kept in memory of a world that is written to for a long time."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path

from haven.world.gazetteer import REBUILD, Atlases, Gazetteer
from haven.world.name_index import MANY, NameIndex
from haven.world.names import resolved
from haven.world.schema import Kind, System
from tests.world.a_world import OLGA, world_in


async def test_nothing_is_kept_of_what_records_were_before(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, _):
        atlases = Atlases(world)
        stars = [System(id=f"new-{number}", name=f"Star {number}") for number in range(REBUILD // 2 + 1)]
        ids = [one.thing.id for one in await world.put(stars, OLGA, "test")]
        assert len(await atlases.ask(lambda gazetteer: gazetteer.systems)) == len(stars)
        for time in range(3):
            changed = [System(id=id, name=f"Star {id}", notes=f"As seen the {time}. time") for id in ids]
            await world.put(changed, OLGA, "test")
            assert await atlases.ask(partial(_seen, time=time))
        del changed
        gc.collect()
        assert not [one for one in gc.get_objects() if type(one) is System and one.notes == "As seen the 0. time"]


def _seen(gazetteer: Gazetteer, time: int) -> bool:
    return {one.notes for one in gazetteer.systems} == {f"As seen the {time}. time"}


def test_names_that_records_have_no_more_are_let_go() -> None:
    index, held = NameIndex(), []
    index.put("system-1", Kind.SYSTEM, "Kestrel")
    for number in range(4 * MANY):
        index.put("system-2", Kind.SYSTEM, f"Nova {number:05} Prime", ("The Gate",))
        if number % (MANY // 2) == MANY // 2 - 1:
            assert [one.id for one, _ in index.near(f"nvoa {number:05} prime", 1)] == ["system-2"]
            held.append(_parts(index))
    assert max(held[2:]) <= 1.1 * max(held[:2]), f"{held} parts are kept of two records"
    assert [one.id for one in resolved("kestral", index)] == ["system-1"]
    assert [one.id for one in resolved("thegate", index)] == ["system-2"]
    assert "Nova 00000 Prime" not in [one.matched for one in resolved("Nova 00000 Prime", index)]


def _parts(index: NameIndex) -> int:
    """Of how many objects it is made."""
    seen, more = set[int](), [*vars(index).values()]
    while more:
        if id(one := more.pop()) not in seen and not isinstance(one, type):
            seen.add(id(one))
            more += gc.get_referents(one)
    return len(seen)
