"""Writing the world: all of a write or none of it, in one transaction, with a version and an event for each record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from haven.errors import Conflict, NotFound
from haven.store import events
from haven.store import world as table
from haven.store.database import Transaction
from haven.store.world import Author, Columns, Op, VersionRow, Write
from haven.world.entries import Entry, read
from haven.world.rules import check_references, check_twins
from haven.world.schema import kind_of

TOLD_ONE_BY_ONE = 100
"""Records of one write that get an event each; more are told as one import."""
Told = tuple[str, str, Literal["added", "changed", "removed"]]
"""What an event says of a record: its id, its name, and what was done."""


@dataclass(frozen=True)
class Terms:
    """On which terms a write happens.

    `expect`: the version of each id that the writer has seen. `restored`: the records were removed and come back.
    `imported`: the file that they come from; then one event tells of them all. `masked`: kinds of secrets that were
    taken out before.
    """

    expect: Mapping[str, int] | None = None
    allow_same_name: bool = False
    restored: bool = False
    imported: str = ""
    masked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What a write found: `before` is what is there, `last` the newest version of each id, `fresh` is to be written."""

    entries: Sequence[Entry]
    fresh: Sequence[Entry]
    before: Mapping[str, VersionRow]
    last: Mapping[str, int]
    stamp: int
    """The newest write by then."""


async def verify(tx: Transaction, entries: Sequence[Entry], terms: Terms) -> Checked:
    """Whether they could be kept as the world is now; what is as it was is not among the fresh.

    Raises NotFound for what was removed, Conflict where a record is newer than expected, and BadInput for a parent that
    is not there or is of a wrong kind, and for a second system of the same name or glyphs.
    """
    ids = [entry.thing.id for entry in entries]
    before = await table.current(tx.execute_fetchall, ids)
    last = await table.last_versions(tx.execute_fetchall, ids)
    _check_there(entries, before, last, terms)
    fresh = [entry for entry in entries if not _same(entry, before.get(entry.thing.id))]
    was = {id: read(before[id]) for entry in fresh if (id := entry.thing.id) in before}
    await check_references(tx, fresh, was, restored=terms.restored)
    await check_twins(tx, fresh, was, allow_same_name=terms.allow_same_name)
    return Checked(entries, fresh, before, last, await table.newest_write(tx.execute_fetchall))


async def keep(
    tx: Transaction,
    entries: Sequence[Entry],
    author: Author,
    terms: Terms,
    *,
    checked: Checked | None = None,
    within: Write | None = None,
) -> list[VersionRow]:
    """Write them all, or raise what `verify` raises and write none; what is as it was gets no version.

    `checked`: what `verify` found in a transaction of its own; it counts where nothing was written since. `within`:
    the write that this is a part of.
    """
    if checked is None or checked.stamp != await table.newest_write(tx.execute_fetchall):
        checked = await verify(tx, entries, terms)
    before, last = checked.before, checked.last
    if not checked.fresh:
        return [before[entry.thing.id] for entry in entries]
    write, at = within or await table.begin(tx, author)
    records: list[tuple[Columns, int, Op]] = [
        (entry.columns, last.get(entry.thing.id, 0) + 1, _op(entry.thing.id, before, terms)) for entry in checked.fresh
    ]
    await table.put(tx, write, records)
    told: list[Told] = [(one.id, one.name, "changed" if one.id in before else "added") for one, _, _ in records]
    await _tell(tx, author, write, told, terms)
    await _tell_masked(tx, author, write, checked.fresh, terms)
    who = (author.id, author.name, author.tool, author.approved_by)
    after = {one.id: VersionRow(one.id, version, op, one.data, write, at, *who) for one, version, op in records}
    return [after.get(entry.thing.id) or before[entry.thing.id] for entry in entries]


async def drop(tx: Transaction, ids: Iterable[str], author: Author, *, within: Write | None = None) -> list[str]:
    """Take these away with the planets, moons and stations below them; the ids of all that went.

    Discoveries and lore stay, and go on naming the place by its id: whoever asks for it is told that it was removed,
    and an undo brings both together again. Raises NotFound.
    """
    wanted = list(dict.fromkeys(ids))
    gone = await table.below(tx.execute_fetchall, wanted)
    if missing := [id for id in wanted if id not in set(gone)]:
        raise NotFound(f"There is no record {missing[0]!r} to remove.", "See what there is: haven world list")
    before = await table.current(tx.execute_fetchall, gone)
    write, _ = within or await table.begin(tx, author)
    await table.remove(tx, write, {id: before[id].version + 1 for id in gone})
    await _tell(tx, author, write, [(id, read(before[id]).name, "removed") for id in gone], Terms())
    return gone


def _same(entry: Entry, before: VersionRow | None) -> bool:
    return before is not None and (before.data == entry.columns.data or read(before) == entry.thing)


def _op(id: str, before: Mapping[str, VersionRow], terms: Terms) -> Op:
    if terms.restored:
        return "restored"
    return "changed" if id in before else "added"


def _check_there(
    entries: Sequence[Entry], before: Mapping[str, VersionRow], last: Mapping[str, int], terms: Terms
) -> None:
    """What was removed comes back by an undo alone, and nothing is written over what the writer has not seen."""
    for entry in entries:
        id, name = entry.thing.id, entry.thing.name
        seen, there = (terms.expect or {}).get(id), before.get(id)
        if there is None and seen is not None:
            raise Conflict(f"{name} was removed meanwhile.", f"Bring it back first: haven world undo {id}")
        if there is None and id in last and not terms.restored:
            raise NotFound(f"{name} ({id}) was removed.", f"Bring it back first: haven world undo {id}")
        if there is not None and seen is not None and there.version != seen:
            raise Conflict(
                f"{name} was changed by {there.by} meanwhile: it is at version {there.version},"
                f" and you have seen version {seen}.",
                "Look at it again, then say what you want to change.",
            )


async def _tell(tx: Transaction, author: Author, write: int, told: Sequence[Told], terms: Terms) -> None:
    """An event for each record, or one for all of an import."""
    who = {"by": author.name, "tool": author.tool, "write": write}
    if terms.imported or len(told) > TOLD_ONE_BY_ONE:
        kinds = Counter(kind_of(id).value for id, _, _ in told)
        done = Counter[str](what for _, _, what in told)
        subject = terms.imported or author.tool
        await events.record(tx, "world.imported", subject, author.id, **who, **done, kinds=dict(kinds))
        return
    for id, name, what in told:
        await events.record(tx, f"world.{what}", id, author.id, kind=kind_of(id).value, name=name, **who)


async def _tell_masked(tx: Transaction, author: Author, write: int, entries: Sequence[Entry], terms: Terms) -> None:
    """One event where secrets were taken out of what was written."""
    held = [entry for entry in entries if entry.masked]
    if kinds := sorted({*terms.masked, *(kind for entry in held for kind in entry.masked)}):
        about = {"kinds": kinds, "by": author.name, "face": author.face, "write": write}
        await events.record(tx, "world.masked", terms.imported or held[0].thing.id, author.id, **about)
