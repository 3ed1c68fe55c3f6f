"""Many records changed and removed at once: all of it or nothing, and all of it taken back at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from haven.access import Act, Principal, check
from haven.errors import BadInput, Conflict
from haven.store import world as table
from haven.store.database import Database, Transaction
from haven.world import writing
from haven.world.entries import prepare, read
from haven.world.schema import Kind, Thing
from haven.world.world import author_of
from haven.world.writing import Terms

TOOL = "bulk edit"
MOST = 20_000
"""Records of one batch."""


@dataclass(frozen=True)
class Batch:
    """What a batch has written. `writes` names it, to take it back; "" where it changed nothing."""

    writes: str
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Batches:
    """One for all faces; every batch is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, things: Sequence[Thing], gone: Sequence[str], by: Principal, *, stamp: int) -> Batch:
        """Change these and remove those, which must have nothing below them then.

        `stamp`: the world's stamp when the batch was made. Raises AccessDenied, NotFound, BadInput, and Conflict where
        one of the records was changed since; nothing is written then.
        """
        check(by, Act.EDIT_WORLD)
        if len(things) + len(gone) > MOST:
            raise BadInput(f"A batch holds at most {MOST:,} records.", "Do it in parts, a region at a time.")
        author, terms = author_of(by, TOOL), Terms(allow_same_name=True)

        async def work(tx: Transaction) -> Batch:
            newest = await table.newest_write(tx.execute_fetchall)
            await _check_unchanged(tx, stamp, {*gone, *(one.id for one in things)})
            kept = await writing.keep(
                tx, prepare([one for one in things if one.kind is not Kind.SYSTEM]), author, terms
            )
            if gone:
                await _check_alone(tx, gone)
                await writing.drop(tx, gone, author)
            # A system may take over the glyphs of one that is gone only then.
            kept += await writing.keep(tx, prepare([one for one in things if one.kind is Kind.SYSTEM]), author, terms)
            last = await table.newest_write(tx.execute_fetchall)
            changed = tuple(one.thing for one in kept if one.write > newest)
            return Batch(f"{newest + 1}-{last}" if last > newest else "", changed, tuple(gone))

        return await self._database.write(work)

    async def undo(self, writes: str, by: Principal) -> Batch:
        """Take a whole batch back: what it changed is as it was, what it removed is there again.

        Raises AccessDenied, BadInput where there is no such batch, and Conflict where one of its records was changed
        since; nothing is taken back then.
        """
        check(by, Act.EDIT_WORLD)
        first, last = _numbers(writes)
        author = author_of(by, "undo")

        async def work(tx: Transaction) -> Batch:
            rows = await table.written(tx.execute_fetchall, first, last, TOOL)
            if not rows:
                raise BadInput(f"There is no batch {writes!r}.", "Its name stands where it was written.")
            newest = await table.last_versions(tx.execute_fetchall, [row.thing for row in rows])
            before: list[Thing] = []
            for row in rows:
                past = await table.history(tx.execute_fetchall, row.thing)
                was = read(past[row.version - 2])
                if newest[row.thing] != row.version:
                    raise Conflict(f"{was.name} was changed since.", f"See: haven world history {row.thing}")
                before.append(was)
            terms = Terms(allow_same_name=True, restored=True)
            kept = await writing.keep(tx, prepare(before), author, terms)
            return Batch(str(kept[0].write), tuple(one.id for one in before), ())

        return await self._database.write(work)


async def _check_unchanged(tx: Transaction, stamp: int, ids: set[str]) -> None:
    changed = ids.intersection(await table.changed_since(tx.execute_fetchall, stamp))
    if changed:
        there = await table.current(tx.execute_fetchall, changed)
        name = next((read(row).name for row in there.values()), min(changed))
        raise Conflict(f"{name} was changed since this batch was made.", "Look at a new preview, then do it again.")


async def _check_alone(tx: Transaction, gone: Sequence[str]) -> None:
    below = set(await table.below(tx.execute_fetchall, gone)) - set(gone)
    if below:
        raise Conflict(
            f"{len(below)} records still belong to what is to go.", "Look at a new preview, then do it again."
        )


def _numbers(writes: str) -> tuple[int, int]:
    first, _, last = writes.strip().partition("-")
    if not re.fullmatch(r"[0-9]{1,15}(-[0-9]{1,15})?", writes.strip()):
        raise BadInput(f"{writes!r} names no batch.", "It is two numbers, as in 17-18.")
    return int(first), int(last or first)
