"""The shared world: every record as it is now, and every version of it that ever was."""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from haven.access import Act, Principal, check
from haven.errors import BadInput, Conflict, NotFound
from haven.store import world as table
from haven.store import world_fates
from haven.store.database import Database, Transaction
from haven.store.world import Author, Op, VersionRow
from haven.store.world_fates import Fate, Wrote
from haven.world import writing
from haven.world.entries import prepare, read, read_text
from haven.world.schema import MAX_NAME, Kind, Thing, kind_of
from haven.world.words import fold
from haven.world.writing import Terms

A = TypeVar("A")
B = TypeVar("B")

IN_A_THREAD = 200
"""More records than this are read and written in a thread of their own: they take longer than a frame."""
A_LOT = 5_000
"""Python's collector looks at every object, while everything stands still: a quarter of a second for 40,000 records."""


UNDO = "undo"
"""The tool of what takes something back."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it is now: its version, when that was written (seconds since 1970), by whom, with which tool."""

    thing: Thing
    version: int
    at: float
    by: str
    tool: str
    masked: tuple[str, ...] = ()
    """Kinds of secrets that were taken out just now: whoever wrote it is told, and should replace them."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record; `thing` is None for a removal. `write` is the same for all that was written together."""

    id: str
    version: int
    op: Op
    thing: Thing | None
    at: float
    by: str
    tool: str
    approved_by: str
    write: int


class World:
    """One for all faces; every write is one transaction: all of it or nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, id: str) -> Stored:
        """One record by its id. Raises NotFound, with who removed it where it was there once."""
        found = await table.current(self._database.rows, [id])
        if id not in found:
            raise await self._missing(id)
        return _stored(found[id])

    async def one(self, text: str, *kinds: Kind) -> Stored:
        """The one record of that id, name or alias; lore that is called like one other record stands behind it.

        Raises NotFound, and BadInput where several bear the name.
        """
        found = await table.current(self._database.rows, [text.strip()])
        rows = list(found.values()) or await table.named(self._database.rows, fold(text), kinds)
        others = [row for row in rows if kind_of(row.thing) is not Kind.LORE]
        if len(others) == 1:
            rows = others
        if len(rows) > 1:
            several = ", ".join(f"{read(row).name} ({row.thing})" for row in rows[:6])
            ways = "Name one by its id." if kinds else "Name one by its id, or by its kind where it is the only one."
            raise BadInput(f"Several records are called {text.strip()!r}: {several}.", ways)
        if not rows:
            raise await self._missing(text.strip())
        return _stored(rows[0])

    async def get_many(self, ids: Iterable[str]) -> dict[str, Thing]:
        """The records of these ids; those that are not there are left out."""
        return {thing.id: thing for thing in await _things([*(await table.current(self._database.rows, ids)).values()])}

    async def things(self, *kinds: Kind, parent: str | None = None, limit: int = -1) -> list[Thing]:
        """Records of these kinds (of every kind where none is named) and of this parent, by name; -1: all of them."""
        texts = await table.texts(self._database.rows, kinds, parent, limit)
        with _uncollected(len(texts)):
            return await _apart(lambda texts: [read_text(id, data) for id, data in texts], texts)

    async def named(self, name: str, *kinds: Kind) -> list[Thing]:
        """Those of that name or alias, whatever its case, accents and punctuation; names before aliases."""
        return await _things(await table.named(self._database.rows, fold(name), kinds))

    async def recorded_by(self, name: str) -> tuple[str, list[str]] | None:
        """A person's name as it is written, and the ids of what they recorded; None where nobody of the name wrote."""
        names = [one for one in await table.writers(self._database.rows) if fold(one) == fold(name)]
        return (names[0], await table.added_by(self._database.rows, names)) if names else None

    async def children(self, id: str) -> list[Thing]:
        """What belongs to it directly: planets, moons, stations and discoveries."""
        return await self.things(parent=id)

    async def counts(self) -> dict[Kind, int]:
        """How many records of each kind there are."""
        return {Kind(kind): count for kind, count in (await table.counts(self._database.rows)).items()}

    async def frames(self) -> dict[str, int]:
        """The frames that positions are in and how many systems each has, the fullest first."""
        return await table.frames(self._database.rows)

    async def placed(self, frame: str) -> list[tuple[str, str, float, float, float]]:
        """Id, name, x, y and z of every system with a position in that frame, by id; reads no whole record."""
        return await table.placed(self._database.rows, frame)

    async def put(
        self,
        things: Sequence[Thing],
        by: Principal,
        tool: str,
        *,
        expect: Mapping[str, int] | None = None,
        allow_same_name: bool = False,
        imported: str = "",
        masked: tuple[str, ...] = (),
    ) -> list[Stored]:
        """Add those without an id (or with one that begins with `new-`), change the others; what is the same stays.

        Secrets are masked, and the result says of what kinds they were.

        `expect`: the version of each id that the writer has seen. `imported` names the file that they come from,
        `masked` the kinds of secrets that were taken out of it.
        Raises AccessDenied, NotFound, Conflict (a version that is not the expected one) and BadInput (an unknown
        parent, a second system of the same name or glyphs); nothing is written then.
        """
        check(by, Act.EDIT_WORLD)
        terms = Terms(expect, allow_same_name, imported=imported, masked=masked)
        with _uncollected(len(things)):
            return await self._put(things, author_of(by, tool), terms)

    async def _put(self, things: Sequence[Thing], author: Author, terms: Terms) -> list[Stored]:
        entries = await _apart(prepare, things)
        checked = None
        if len(entries) > IN_A_THREAD:  # two shorter transactions: others write in between
            checked = await self._database.write(lambda tx: writing.verify(tx, entries, terms), quiet=True)
        keep = partial(writing.keep, entries=entries, author=author, terms=terms, checked=checked)
        stored = await _stored_all(await self._database.write(keep))
        if not any(entry.masked for entry in entries):
            return stored
        return [replace(one, masked=entry.masked) for one, entry in zip(stored, entries, strict=True)]

    async def verify(self, things: Sequence[Thing], *, allow_same_name: bool = False) -> None:
        """Raises what `put` would raise for these records as the world is now; nothing is written."""
        terms = Terms(allow_same_name=allow_same_name)
        with _uncollected(len(things)):
            entries = await _apart(prepare, things)
            await self._database.write(lambda tx: writing.verify(tx, entries, terms), quiet=True)

    async def remove(self, ids: Iterable[str], by: Principal, tool: str) -> list[str]:
        """Take records away with the planets, moons and stations below them; the ids of all that went.

        Discoveries and lore that speak of them stay. Raises AccessDenied and NotFound.
        """
        check(by, Act.EDIT_WORLD)
        wanted, author = list(ids), author_of(by, tool)
        return await self._database.write(lambda tx: writing.drop(tx, wanted, author))

    async def undo(self, id: str, by: Principal, *, to: int | None = None, expect: int | None = None) -> Stored | None:
        """Take the last version back, or go back to version `to`; that is a new version itself.

        What was added is removed with all below it (then None comes back); what was removed comes back with all that
        went with it. `expect`: the newest version that was seen; without it nobody takes back what somebody else has
        just taken back. Raises AccessDenied, NotFound, Conflict (another version than the expected one), and BadInput
        where there is no such version or it can't stand beside what was written since.
        """
        check(by, Act.EDIT_WORLD)
        author = author_of(by, UNDO)

        async def work(tx: Transaction) -> VersionRow | None:
            past = await table.history(tx.execute_fetchall, id)
            if not past:
                raise await self._missing(id, known=False)
            _check_seen(past[-1], by, expect=expect, meant=to is not None)
            target = past[-1].version - 1 if to is None else to
            if not 0 <= target < past[-1].version or (to is not None and to < 1):
                raise BadInput(f"There is no earlier version {target} of {id}.", f"See: haven world history {id}")
            data = past[target - 1].data if target else ""
            if not data:
                if not past[-1].data:
                    raise BadInput(
                        f"{id} is removed, and was removed in version {target} too.", "Choose another version."
                    )
                await writing.drop(tx, [id], author)
                return None
            rows = await self._back_with(tx, past, target)
            entries = prepare([read(row) for row in rows])
            return (await writing.keep(tx, entries, author, Terms(restored=True)))[0]

        done = await self._database.write(work)
        return _stored(done) if done else None

    async def _back_with(self, tx: Transaction, past: Sequence[VersionRow], target: int) -> list[VersionRow]:
        """The version to go back to, and where the record is removed now, what went with it."""
        own = past[target - 1]
        if past[-1].data:
            return [own]
        together = await table.removed(tx.execute_fetchall, past[-1].write)
        return [own, *(row for row in together if row.thing != own.thing)]

    async def history(self, id: str) -> list[Version]:
        """Every version of a record, the first one first. Raises NotFound."""
        rows = await table.history(self._database.rows, id)
        if not rows:
            raise await self._missing(id, known=False)
        return [_version(row) for row in rows]

    async def removed(self, name: str = "") -> list[Version]:
        """What is removed (and was called so), each as it was before, the last removed first."""
        versions = await _apart(lambda rows: [_version(row) for row in rows], await table.removed(self._database.rows))
        return [one for one in versions if one.thing and (not name or fold(one.thing.name) == fold(name))]

    async def removed_ids(self) -> frozenset[str]:
        """The ids of all that is removed now."""
        return await table.removed_ids(self._database.rows)

    async def fates(self, at: float, until: float = math.inf) -> list[Fate]:
        """What became of each record between two moments (seconds since 1970), in the order of writing."""
        return await world_fates.fates(self._database.rows, at, until)

    async def wrote(self, at: float, until: float = math.inf) -> list[Wrote]:
        """Who wrote how much between two moments (seconds since 1970)."""
        return await world_fates.wrote(self._database.rows, at, until)

    async def as_then(self, fates: Iterable[Fate]) -> dict[str, Thing]:
        """By id, the records as these fates left them; removed ones as they were before."""
        texts = await world_fates.data_of(self._database.rows, fates)
        return {id: read_text(id, data) for id, data in texts.items()}

    async def stamp(self) -> int:
        """A number that grows with every write."""
        return await table.newest_write(self._database.rows)

    async def changed_since(self, stamp: int) -> list[str]:
        """The ids of all records that were added, changed, removed or restored after that stamp."""
        return await table.changed_since(self._database.rows, stamp)

    async def _missing(self, id: str, *, known: bool = True) -> NotFound:
        """There is no such record: was it removed, by whom and when."""
        past = await table.history(self._database.rows, id) if known else []
        if known and not past and (gone := await self.removed(id)):
            past = await table.history(self._database.rows, gone[0].id)
        if not past:
            named = id if len(id) <= MAX_NAME else f"{id[:MAX_NAME]}…"
            return NotFound(f"There is no record {named!r}.", "Look for it: haven world search, or haven world list")
        id, name = past[0].thing, next((read(row).name for row in reversed(past) if row.data), id)
        when = f"{datetime.fromtimestamp(past[-1].at):%d %B %Y}"
        return NotFound(
            f"{name} ({id}) was removed by {past[-1].by} on {when}.", f"Bring it back: haven world undo {id}"
        )


def _check_seen(last: VersionRow, by: Principal, *, expect: int | None, meant: bool) -> None:
    """Two people who undo the same at once must not undo each other. `meant`: a version to go back to was named."""
    if expect is not None and expect != last.version:
        raise Conflict(
            f"{last.thing} was changed by {last.by} meanwhile: it is at version {last.version}, and you have seen"
            f" version {expect}.",
            f"Look at it again: haven world history {last.thing}",
        )
    if expect is None and not meant and last.tool == UNDO and last.by_id != by.id:
        raise Conflict(
            f"{last.by} has taken the last change of {last.thing} back already.",
            f"To have it again, say which version you mean, with --to: haven world history {last.thing}",
        )


def author_of(by: Principal, tool: str, approved_by: str = "") -> Author:
    """Who writes, as history keeps it."""
    return Author(by.id, by.name, by.face, tool, approved_by)


@contextmanager
def _uncollected(records: int) -> Iterator[None]:
    """While a great many records come in, nothing is collected; those that stay are not looked at again either."""
    if records < A_LOT or not gc.isenabled():
        yield
        return
    gc.collect()  # what is left over from before must not stay for ever
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


async def _apart(work: Callable[[Sequence[A]], list[B]], rows: Sequence[A]) -> list[B]:
    return await asyncio.to_thread(work, rows) if len(rows) > IN_A_THREAD else work(rows)


async def _things(rows: list[VersionRow]) -> list[Thing]:
    return await _apart(lambda rows: [read(row) for row in rows], rows)


async def _stored_all(rows: list[VersionRow]) -> list[Stored]:
    return await _apart(lambda rows: [_stored(row) for row in rows], rows)


def _stored(row: VersionRow) -> Stored:
    return Stored(read(row), row.version, row.at, row.by, row.tool)


def _version(row: VersionRow) -> Version:
    thing = read(row) if row.data else None
    return Version(row.thing, row.version, row.op, thing, row.at, row.by, row.tool, row.approved_by, row.write)
