"""The world in memory: every record by id, kind, name and place, so that a question is answered without the disk."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from haven.errors import BadInput, NotFound
from haven.world.atlas import Atlas, chart, frames
from haven.world.mentions import mentions
from haven.world.name_index import NameIndex
from haven.world.schema import Kind, Person, Region, System, Thing, parent_of
from haven.world.which import chosen, in_order, ways, which
from haven.world.words import fold
from haven.world.world import World

T = TypeVar("T")
BELOW = (Kind.PLANET, Kind.MOON, Kind.STATION, Kind.DISCOVERY)
"""Kinds whose records belong to a place."""
REBUILD = 2_000
"""So many changes at once are read as a whole world; so many in all, and more than it has records, as well."""


class Gazetteer:
    """Not for two threads at once. `update` brings it up to date."""

    def __init__(self, things: Iterable[Thing] = ()) -> None:
        self.things: dict[str, Thing] = {}
        self.names = NameIndex()
        self.version = 0
        """Grows with every update."""
        self.taken: list[Thing] = []
        """What came in since the beginning, in order: whoever keeps something of its own reads on from there."""
        self._update(things, ())

    @property
    def is_worn(self) -> bool:
        """Whether it keeps more of what records were before than of what they are: one made anew has nothing of it."""
        return len(self.taken) > max(REBUILD, len(self.things))

    def update(self, things: Iterable[Thing], gone: Iterable[str] = ()) -> None:
        """Take in what was added or changed, and let go of what was removed."""
        fresh = list(things)
        self._update(fresh, gone)
        self.taken += fresh
        self.version += 1

    def _update(self, things: Iterable[Thing], gone: Iterable[str]) -> None:
        for id in gone:
            self.things.pop(id, None)
            self.names.drop(id)
        for thing in things:
            self.things[thing.id] = thing
            self.names.put(thing.id, thing.kind, thing.name, thing.aliases)
        self._kinds: dict[Kind, list[Thing]] = defaultdict(list)
        self._children: dict[str, list[Thing]] = defaultdict(list)
        self._atlases: dict[str, Atlas] = {}
        for thing in sorted(self.things.values(), key=lambda one: (one.name.casefold(), one.id)):
            self._kinds[thing.kind].append(thing)
            if parent := parent_of(thing):
                self._children[parent].append(thing)

    def of_kind(self, *kinds: Kind) -> list[Thing]:
        """By name; every kind where none is named."""
        return [thing for kind in kinds or tuple(Kind) for thing in self._kinds[kind]]

    @property
    def systems(self) -> list[System]:
        return [thing for thing in self._kinds[Kind.SYSTEM] if isinstance(thing, System)]

    def below(self, thing: Thing, *kinds: Kind) -> list[Thing]:
        """What belongs to it, directly or not: planets, moons, stations and discoveries; of a region, its systems."""
        found: list[Thing] = []
        if isinstance(thing, Region):
            inside: list[Thing] = [system for system in self.systems if fold(system.region) in _called(thing)]
            found = [*inside, *(one for system in inside for one in self.below(system))]
        elif isinstance(thing, Person):
            found = [one for one in self.of_kind() if fold(one.discovered_by) in _called(thing)]
        else:
            for child in self._children.get(thing.id, ()):
                found += [child, *self.below(child)]
        return [one for one in found if not kinds or one.kind in kinds]

    def above(self, thing: Thing) -> list[Thing]:
        """What it belongs to, the nearest first; a system belongs to its region where that has a record."""
        found: list[Thing] = []
        seen = {thing.id}
        while (parent := parent_of(thing)) and parent in self.things and parent not in seen:
            seen.add(parent)
            found.append(thing := self.things[parent])
        if isinstance(thing, System) and thing.region:
            found += [one for one in self._kinds[Kind.REGION] if fold(thing.region) in _called(one)]
        return found

    def name_above(self, thing: Thing) -> str:
        """The name of what it belongs to directly; "" where it stands alone."""
        return next((one.name for one in self.above(thing)), "")

    def system_of(self, thing: Thing) -> System | None:
        """The system that it is or lies in."""
        return next((one for one in (thing, *self.above(thing)) if isinstance(one, System)), None)

    def system_called(self, name: str) -> System:
        """The system that a name or id means, or in which that lies; `planet Meridian` tells one from another.

        Raises NotFound, and BadInput with the question where several could be meant.
        """
        things = [self.things[name]] if name in self.things else self._called(name)
        found = {system.id: system for one in things if (system := self.system_of(one))}
        if len(found) > 1:
            raise BadInput(which(things[0].name, things, self.name_above), ways(things, self.name_above))
        if not found:
            near = [one.title for one, _ in self.names.near(fold(name), 3)]
            raise NotFound(f"No place is called {name!r}.", f"Names like it: {', '.join(near)}." if near else "")
        return next(iter(found.values()))

    def _called(self, name: str) -> list[Thing]:
        """What is called so; where more was written than a name, the one that the other words pick."""
        if spellings := self.names.exact(fold(name)):
            return in_order(self.things[one.id] for one in spellings)
        for mention in mentions(name, self.names, loose=True)[:1]:
            things = in_order(self.things[one.id] for one in self.names.exact(fold(mention.text)))
            rest = f"{name[: mention.start]} {name[mention.end :]}"
            if len(things) > 1 and (one := chosen(rest, things, self.name_above)) is not None:
                return [one]
        return []

    @property
    def frames(self) -> list[str]:
        """Those that positions are in, the fullest first."""
        return [frame for frame, _ in frames(self.systems).most_common()]

    def atlas(self, frame: str = "") -> Atlas:
        """The systems of a frame; of the fullest one where none is named."""
        frame = frame or next(iter(self.frames), "map")
        if frame not in self._atlases:
            self._atlases[frame] = chart(self.systems, frame)
        return self._atlases[frame]


def _called(thing: Thing) -> set[str]:
    return {fold(name) for name in (thing.name, *thing.aliases)}


class Atlases:
    """The world's gazetteer, read once and then kept up to date by what was written since."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gazetteer = Gazetteer()
        self._stamp = -1
        self._lock = threading.Lock()
        self._refreshing = asyncio.Lock()

    async def of(self, frame: str = "") -> Atlas:
        """The atlas of a frame; of the one with the most systems where none is named."""
        return await self.ask(lambda gazetteer: gazetteer.atlas(frame))

    async def ask(self, question: Callable[[Gazetteer], T]) -> T:
        """What `question` finds in the world as it is now; it runs in a thread, one at a time."""
        await self._refresh()
        return await asyncio.to_thread(self._locked, lambda: question(self._gazetteer))

    async def size(self) -> int:
        """How many records the world has; reads none of them."""
        return sum((await self._world.counts()).values())

    async def _refresh(self) -> None:
        async with self._refreshing:
            stamp = await self._world.stamp()
            if stamp == self._stamp:
                return
            changed = await self._world.changed_since(self._stamp) if self._stamp >= 0 else []
            if self._stamp < 0 or len(changed) > REBUILD or self._gazetteer.is_worn:
                things = await self._world.things()
                self._gazetteer = await asyncio.to_thread(Gazetteer, things)
            else:
                there = await self._world.get_many(changed)
                gone = [id for id in changed if id not in there]
                await asyncio.to_thread(self._locked, lambda: self._gazetteer.update(there.values(), gone))
            self._stamp = stamp

    def _locked(self, work: Callable[[], T]) -> T:
        with self._lock:
            return work()
