"""Many records changed and removed at once: all of it or nothing, and all of it taken back at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from haven.access import Act, Principal, check
from haven.errors import BadInput, Conflict
from haven.store import world as table
from haven.store.database import Database, Transaction
from haven.world import writing
from haven.world.entries import prepare, read
from haven.world.schema import Kind, Thing
from haven.world.world import UNDO, author_of
from haven.world.writing import Terms

TOOL = "bulk edit"
MOST = 20_000
"""Records of one batch."""
MOST_WRITES = 1 << 63
"""SQLite numbers no more rows."""


@dataclass(frozen=True)
class Batch:
    """What a batch has written. `write` names it, to take it back."""

    write: int
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    masked: tuple[str, ...] = ()
    """Kinds of secrets that were taken out of it."""


@dataclass(frozen=True)
class Undone:
    """The batch that was taken back: its number, when it was written (seconds since 1970), and by whom.

    `names`: the records that are as before it; `removed`: those that it had added, by id, which are removed now.
    """

    write: int
    at: float
    by: str
    names: tuple[str, ...]
    removed: Mapping[str, str]


class Batches:
    """One for all faces; every batch is one transaction and one write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, things: Sequence[Thing], gone: Sequence[str], by: Principal, *, stamp: int) -> Batch:
        """Change these and remove those, which must have nothing below them then.

        `stamp`: the world's stamp when the batch was made. Raises AccessDenied, NotFound, BadInput (also where it
        changes nothing), and Conflict where one of the records was changed since; nothing is written then.
        """
        check(by, Act.EDIT_WORLD)
        if len(things) + len(gone) > MOST:
            raise BadInput(f"A batch holds at most {MOST:,} records.", "Do it in parts, a region at a time.")
        author, terms = author_of(by, TOOL), Terms(allow_same_name=True)
        systems = [one for one in things if one.kind is Kind.SYSTEM]
        others = await asyncio.to_thread(prepare, [one for one in things if one.kind is not Kind.SYSTEM])
        last = await asyncio.to_thread(prepare, systems)

        async def work(tx: Transaction) -> Batch:
            await _check_unchanged(tx, stamp, {*gone, *(one.id for one in things)})
            write = await table.begin(tx, author)
            kept = await writing.keep(tx, others, author, terms, within=write)
            if gone:
                await _check_alone(tx, gone, "Look at a new preview, then do it again.")
                await writing.drop(tx, gone, author, within=write)
            # A system may take over the glyphs of one that is gone only then.
            kept += await writing.keep(tx, last, author, terms, within=write)
            changed = tuple(one.thing for one in kept if one.write == write.number)
            if not changed and not gone:
                raise BadInput("That changes nothing.", "Say what is to be different.")
            leaked = sorted({kind for entry in (*others, *last) for kind in entry.masked})
            return Batch(write.number, changed, tuple(gone), tuple(leaked))

        return await self._database.write(work)

    async def undo(self, write: int, by: Principal) -> Undone:
        """Take one batch back: what it changed is as it was, what it removed is there again, what it added is removed.

        Raises AccessDenied, BadInput where that write is no batch, and Conflict where one of its records was changed
        since or something belongs to one that it added; nothing is taken back then.
        """
        check(by, Act.EDIT_WORLD)
        author = author_of(by, UNDO)

        async def work(tx: Transaction) -> Undone:
            rows = await table.written(tx.execute_fetchall, write) if 0 < write < MOST_WRITES else []
            if not rows or rows[0].tool != TOOL:
                what = (
                    f"{write} was written with {rows[0].tool}, not as a batch" if rows else f"There is no batch {write}"
                )
                raise BadInput(f"{what}.", "A batch has the number that was said when it was written.")
            newest = await table.last_versions(tx.execute_fetchall, [row.thing for row in rows])
            before: list[Thing] = []
            added: dict[str, str] = {}
            for row in rows:
                past = await table.history(tx.execute_fetchall, row.thing)
                was = past[row.version - 2] if row.version > 1 else None
                name = read(was if was is not None and was.data else row).name
                if newest[row.thing] != row.version:
                    raise Conflict(f"{name} was changed since.", f"See: haven world history {row.thing}")
                if was is not None and was.data:
                    before.append(read(was))
                else:
                    added[row.thing] = name
            taken = await table.begin(tx, author)
            restored = Terms(allow_same_name=True, restored=True)
            await writing.keep(tx, prepare(before), author, restored, within=taken)
            if added:
                await _check_alone(tx, list(added), "Move or remove what was added below it first.")
                await writing.drop(tx, added, author, within=taken)
            return Undone(write, rows[0].at, rows[0].by, tuple(one.name for one in before), added)

        return await self._database.write(work)


async def _check_unchanged(tx: Transaction, stamp: int, ids: set[str]) -> None:
    changed = ids.intersection(await table.changed_since(tx.execute_fetchall, stamp))
    if changed:
        there = await table.current(tx.execute_fetchall, changed)
        name = next((read(row).name for row in there.values()), min(changed))
        raise Conflict(f"{name} was changed since this batch was made.", "Look at a new preview, then do it again.")


async def _check_alone(tx: Transaction, gone: Sequence[str], next_step: str) -> None:
    below = [id for id in await table.below(tx.execute_fetchall, gone) if id not in set(gone)]
    if below:
        there = await table.current(tx.execute_fetchall, below[:1])
        more = f" and {len(below) - 1:,} more" if len(below) > 1 else ""
        raise Conflict(f"{read(there[below[0]]).name}{more} still belongs to what is to go.", next_step)
