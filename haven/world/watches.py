"""Watches: people are told of what they wished to hear of, once for each record, where they asked."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied, BadInput, NotFound
from haven.events import Bus
from haven.store import events
from haven.store import world_watches as table
from haven.store.database import Database, Transaction, now
from haven.store.world_watches import WatchRow
from haven.world import lengths
from haven.world.fitting import News, read_news, sift, unit_of, up
from haven.world.schema import Kind, System, Thing, parent_of
from haven.world.telling import Aim, Notice
from haven.world.wishes import Wish, in_words, read_wish
from haven.world.words import fold
from haven.world.world import World

log = logging.getLogger("haven.watches")

MOST = 20
"""Watches of one person."""
QUIET_S = 2.0
"""So long nothing is written before people are told: the files of one import, and what is typed together, are one."""
LATEST_S = 60.0
"""Where somebody writes without a pause, people are told all the same."""
PAGE = 2_000
"""Records that are looked at in one go."""
NAMED = 5
"""Records that a message names; the others it counts."""
NEAR: Mapping[str, float] = {"units": 10.0, "pc": 10.0, "voxels": 250.0}
"""What `near` means where nobody said how far: about what one sees around a place on the map; 250 voxels are 100,000
light years, a few jumps of a ship."""


@dataclass(frozen=True)
class Watch:
    """What a person wants to be told of. `place`: where, in their face's own words."""

    id: str
    at: float
    principal: str
    name: str
    face: str
    place: Mapping[str, Any]
    said: str
    """In the person's own words."""
    wish: Wish
    understood: str
    """In words that everybody uses: `each new system within 10 units of Oculi`."""


@dataclass(frozen=True)
class Heeded:
    """What became of words that end watches: those that `ended`, and those that are `left` or could be meant."""

    ended: tuple[Watch, ...]
    left: tuple[Watch, ...]
    several: bool = False


PROMISES: Mapping[str, str] = {
    "kiosk": "You are told once of {0}. What is found waits in the inbox on Home until it was read.",
    "cli": "You are told once of {0}. What is found waits in the kiosk's inbox (haven attach) until you have read"
    " it, and stays in: haven world watch --list",
}
"""What is said by faces that can't speak up where they were asked."""


class Watches:
    """One for all faces. What is found is a durable event `watch.told`, which the face of the watch shows."""

    def __init__(self, database: Database, quiet_s: float = QUIET_S) -> None:
        self._database = database
        self._world = World(database)
        self._quiet_s = quiet_s

    async def add(self, text: str, by: Principal, place: Mapping[str, Any]) -> Watch:
        """Watch for what the words say. Raises BadInput, NotFound for a place that is not there, AccessDenied."""
        check(by, Act.READ)
        wish = await self._located(read_wish(text))
        said = " ".join(text.split())
        row = WatchRow(
            id=f"watch-{secrets.token_hex(4)}",
            at=now(),
            principal=by.id,
            name=by.name,
            face=by.face,
            place=dict(place),
            said=said,
            wants=wish.model_dump_json(exclude_defaults=True),
            seen=await self._world.stamp(),
        )

        async def work(tx: Transaction) -> None:
            if len(await table.of(tx.execute_fetchall, by.id)) >= MOST:
                raise BadInput(f"You have {MOST} watches, which is the most.", "End one of them first.")
            await table.insert(tx, row)

        await self._database.write(work, quiet=True)
        return await self._watch(row)

    async def remove(self, id: str, by: Principal) -> None:
        """End a watch: one's own, or the owner anybody's; on the panel with its PIN, as anyone may have asked there.

        Raises NotFound and AccessDenied.
        """
        check(by, Act.END_WATCH, strangers_may=True)
        row = await table.get(self._database.rows, id)
        if row is None:
            raise NotFound(f"There is no watch {id!r}.", "See yours: haven world watch --list")
        if row.principal != by.id and by.role is not Role.OWNER:
            raise AccessDenied("That is somebody else's watch.", "Only they and the owner can end it.")
        await self._database.write(lambda tx: table.delete(tx, id), quiet=True)

    async def heed(self, notice: Notice, by: Principal) -> Heeded:
        """End the watches that the words speak of, where it is clear which; else, and where they only ask, say which
        there are. Raises AccessDenied."""
        mine = await self.list(by)
        if notice.aim is Aim.LIST or not mine:
            return Heeded((), tuple(mine))
        meant = _meant(notice.words, mine) if notice.words else mine
        if len(meant) > 1 and not notice.all:
            return Heeded((), tuple(meant), several=True)
        for one in meant:
            await self.remove(one.id, by)
        return Heeded(tuple(meant), tuple(one for one in mine if one not in meant))

    async def list(self, by: Principal) -> list[Watch]:
        """The person's own, the oldest first."""
        check(by, Act.READ)
        return [await self._watch(row) for row in await table.of(self._database.rows, by.id)]

    async def told(self, id: str, limit: int = 20) -> tuple[tuple[str, str, float], ...]:
        """Id, name and moment (seconds since 1970) of what a watch was told, the newest first."""
        return tuple((await table.told(self._database.rows, [id], limit))[id])

    async def run(self, bus: Bus) -> None:
        """Tell people whenever the world has changed and is quiet again; until cancelled.

        What could not be looked at is looked at with the next change: nobody's watch has moved on.
        """
        with bus.subscribe() as subscription:
            incoming = subscription.__aiter__()
            while True:
                try:
                    await self.catch_up()
                except Exception:
                    log.exception("the watches could not be looked at")
                while not (await anext(incoming)).kind.startswith("world."):
                    pass
                await self._until_quiet(incoming)

    async def _until_quiet(self, incoming: AsyncIterator[events.Event]) -> None:
        latest = asyncio.get_running_loop().time() + LATEST_S
        try:
            while (left := latest - asyncio.get_running_loop().time()) > 0:
                async with asyncio.timeout(min(self._quiet_s, left)):
                    while not (await anext(incoming)).kind.startswith("world."):
                        pass
        except TimeoutError:
            pass

    async def catch_up(self) -> int:
        """Look at all that was written since each watch has looked last; how many people's watches were told."""
        newest = await self._world.stamp()
        rows = await table.behind(self._database.rows, newest)
        if not rows:
            return 0
        wishes = {row.id: Wish.model_validate_json(row.wants) for row in rows}
        centres = await self._world.get_many({wish.near for wish in wishes.values()} - {""})
        found: dict[str, dict[str, Thing]] = {row.id: {} for row in rows}
        first, at_row = min(row.seen for row in rows), 0
        while True:
            steps, at_row = await table.steps(self._database.rows, first, newest, at_row, PAGE)
            if not steps:
                break
            news = await asyncio.to_thread(read_news, steps)
            roots = await self._roots(news)
            await asyncio.to_thread(sift, news, roots, wishes, centres, found)
        return sum([await self._tell(row, found[row.id], newest) for row in rows])

    async def _roots(self, news: Sequence[News]) -> dict[str, tuple[Thing, ...]]:
        """Above each parent: the records up to the system, the nearest first."""
        versions = (one for piece in news for one in (piece.after, piece.before) if one is not None)
        asked = {parent for one in versions if (parent := parent_of(one))}
        known = await self._world.get_many(asked)
        while more := {parent for thing in known.values() if (parent := parent_of(thing))} - set(known):
            found = await self._world.get_many(more)
            known |= found
            if len(found) < len(more):
                break
        return {id: tuple(up(id, known)) for id in asked}

    async def _tell(self, row: WatchRow, found: Mapping[str, Thing], newest: int) -> bool:
        """One message of all that is new for a watch, in the transaction in which it is marked as told."""

        async def work(tx: Transaction) -> bool:
            if not await table.advance(tx, row, newest):
                return False
            fresh = await table.tell(tx, row.id, [(id, thing.name) for id, thing in found.items()])
            if not fresh:
                return False
            things = [found[id] for id, _ in fresh]
            await events.record(
                tx,
                "watch.told",
                row.id,
                principal=row.principal,
                face=row.face,
                place=row.place,
                said=row.said,
                text=message(row.said, things),
                count=len(things),
                ids=[one.id for one in things[:MOST]],
            )
            return True

        return await self._database.write(work, quiet=not found)

    async def _located(self, wish: Wish) -> Wish:
        """With ids for the places that it names. A name that is no place stays a word. Raises NotFound, BadInput."""
        if wish.inside:
            wish = await self._inside(wish)
        if wish.near:
            wish = await self._near_region(wish)
        if not wish.near:
            return wish
        place = (await self._world.one(wish.near, Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)).thing
        while (parent := parent_of(place)) and not isinstance(place, System):
            place = (await self._world.get(parent)).thing
        point = place.position if isinstance(place, System) else None
        if point is None:
            raise BadInput(
                f"Where {place.name} is, is not recorded, so nothing can be near it.", "Record its position."
            )
        unit = unit_of(point)
        if wish.unit and lengths.convert(1.0, wish.unit, unit) is None:
            raise BadInput(
                f"{place.name} is on a map in {unit}, which {wish.unit} can't be turned into.", f"Give {unit}."
            )
        near = wish.distance if wish.distance is not None else NEAR.get(unit, NEAR["units"])
        return wish.model_copy(update={"near": place.id, "distance": near, "unit": wish.unit or unit})

    async def _near_region(self, wish: Wish) -> Wish:
        """Near a region is in it: where it begins and ends is not recorded. Raises BadInput for a distance from one."""
        bodies = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
        if await self._world.named(wish.near, *bodies) or not await self._is_region(wish.near):
            return wish
        if wish.distance is not None or wish.region:
            raise BadInput(
                f"{wish.near} is a region, and how far something is from a region is not recorded.",
                f"Watch the region itself: systems in the region {wish.near}; or name a system.",
            )
        return wish.model_copy(update={"near": "", "region": wish.near})

    async def _inside(self, wish: Wish) -> Wish:
        places = await self._world.named(wish.inside, Kind.SYSTEM, Kind.PLANET, Kind.MOON)
        if len(places) == 1:
            return wish.model_copy(update={"inside": places[0].id})
        if await self._is_region(wish.inside):
            return wish.model_copy(update={"inside": "", "region": wish.inside})
        if places:
            raise BadInput(f"{len(places)} places are called {wish.inside!r}.", "Rename one, or watch for its region.")
        return wish.model_copy(update={"inside": "", "words": (*wish.words, wish.inside)})

    async def _is_region(self, name: str) -> bool:
        """Whether a region is called so, or systems say that they are in a region or galaxy of that name."""
        if await self._world.named(name, Kind.REGION):
            return True
        systems = await self._world.things(Kind.SYSTEM)
        return await asyncio.to_thread(
            lambda: any(
                fold(name) in (fold(one.region), fold(one.galaxy)) for one in systems if isinstance(one, System)
            )
        )

    async def _watch(self, row: WatchRow) -> Watch:
        wish = Wish.model_validate_json(row.wants)
        there = await self._world.get_many({wish.near, wish.inside} - {""})
        names = {id: thing.name for id, thing in there.items()}
        return Watch(
            *(row.id, row.at, row.principal, row.name, row.face, row.place, row.said),
            wish=wish,
            understood=in_words(wish, names),
        )


def promise(watch: Watch) -> str:
    """How whoever made it hears of what it finds."""
    return PROMISES.get(watch.face, "You are told once, here, of {0}.").format(watch.understood)


def outcome(done: Heeded, notice: Notice) -> str:
    """What a person is told who wanted to end a watch, or asked for theirs."""
    if done.ended:
        ended = "; ".join(one.understood for one in done.ended)
        return f"Ended: you are told no more of {ended}."
    if not done.left:
        return "You watch for nothing, so nobody tells you anything. Begin with: tell me when a system is added near …"
    yours = "\n".join(f"- {one.understood} ({one.id})" for one in done.left)
    if done.several:
        return f"Several of your watches may be meant; say which, such as: cancel {done.left[0].id}\n{yours}"
    none = "" if notice.aim is Aim.LIST else f"No watch of yours is of “{notice.words}”, so none was ended. "
    return f"{none}You are told of:\n{yours}\nEnd one with: cancel {done.left[0].id}"


def _meant(words: str, mine: Sequence[Watch]) -> list[Watch]:
    """The watches that the words name: by an id, by the same wish, or by a kind and names that are in it."""
    try:
        wish = read_wish(words)
    except BadInput:
        wish = Wish()
    same = [one for one in mine if one.id in words or read_wish(one.said) == wish]
    return same or [one for one in mine if wish != Wish() and _speaks_of(wish, one)]


def _speaks_of(wish: Wish, watch: Watch) -> bool:
    text = f" {fold(f'{watch.said} {watch.understood}')} "
    names = (*wish.words, wish.person, wish.region, wish.near, wish.inside)
    return (
        wish.kind in (None, watch.wish.kind)
        and wish.found in (None, watch.wish.found)
        and all(f" {fold(name)} " in text for name in names if name)
    )


def message(said: str, things: Sequence[Thing]) -> str:
    """What a person is told: which records, or how many of an import."""
    names = ", ".join(f"{thing.name} ({thing.kind.value})" for thing in things[:NAMED])
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return f"New for your watch “{said}”: {names}{more}."
