"""Writing the world: what a record must satisfy to be kept, and all of a write or none of it, in one transaction."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from haven.errors import BadInput, Conflict, NotFound
from haven.store import events
from haven.store import world as table
from haven.store.database import Transaction
from haven.store.world import Author, Columns, Op, VersionRow
from haven.world.schema import (
    Discovery,
    Kind,
    Lore,
    Moon,
    Person,
    Planet,
    Record,
    Region,
    Station,
    System,
    Thing,
    parent_of,
)
from haven.world.words import fold

NEW = "new-"
"""An id that begins so stands for a record of the same write: a system `new-1` and its planet with parent `new-1`."""
TOLD_ONE_BY_ONE = 100
"""Records of one write that get an event each; more are told as one import."""
CLASSES: dict[Kind, type[Record]] = {
    Kind.SYSTEM: System,
    Kind.PLANET: Planet,
    Kind.MOON: Moon,
    Kind.STATION: Station,
    Kind.DISCOVERY: Discovery,
    Kind.LORE: Lore,
    Kind.PERSON: Person,
    Kind.REGION: Region,
}
PARENTS: dict[Kind, tuple[Kind, ...]] = {
    Kind.PLANET: (Kind.SYSTEM,),
    Kind.MOON: (Kind.PLANET,),
    Kind.STATION: (Kind.SYSTEM,),
    Kind.DISCOVERY: (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION),
}
"""What each kind may belong to."""
Told = tuple[str, str, Literal["added", "changed", "removed"]]
"""What an event says of a record: its id, its name, and what was done."""
_GLYPHS = re.compile(r"[0-9A-F]{12}")
_ID = re.compile(r"[a-z]+-[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on its way in: as it will be, and what is looked for by column."""

    thing: Thing
    columns: Columns


@dataclass(frozen=True)
class Terms:
    """On which terms a write happens.

    `expect`: the version of each id that the writer has seen. `restored`: the records were removed and come back.
    `imported`: the file that they come from; then one event tells of them all.
    """

    expect: Mapping[str, int] | None = None
    allow_same_name: bool = False
    restored: bool = False
    imported: str = ""


def read(row: VersionRow) -> Thing:
    """The record of a version that holds one."""
    return read_text(row.thing, row.data)


def read_text(id: str, data: str) -> Thing:
    """The record that is kept as this JSON."""
    return CLASSES[kind_of(id)].model_validate_json(data)  # type: ignore[return-value]


def kind_of(id: str) -> Kind:
    return Kind(id.partition("-")[0])


def prepare(things: Sequence[Thing]) -> list[Entry]:
    """Ids for what is new, references to it resolved, everything ready to be written; for a thread where it is much.

    An id of another Haven (of its export) is kept. Raises BadInput for what can't be an id, for one that two records
    have, and where a reference to a new record leads nowhere.
    """
    given = {thing.id: _new_id(thing) for thing in things if thing.id.startswith(NEW)}
    entries = [_entry(_resolved(thing, given)) for thing in things]
    for entry in entries:
        _check_id(entry.thing)
    [(id, times)] = Counter(thing.id for thing in things if thing.id).most_common(1) or [("", 0)]
    if times > 1:
        raise BadInput(f"{times} records of one write have the same id, {id!r}.", "Give each an id of its own.")
    return entries


def _check_id(thing: Thing) -> None:
    if not _ID.fullmatch(thing.id) or thing.id.partition("-")[0] != thing.kind.value:
        raise BadInput(
            f"{thing.id!r} can't be the id of a {thing.kind.value}.", f"Write {thing.kind.value}-…, or none."
        )


def _resolved(thing: Thing, given: Mapping[str, str]) -> Thing:
    update: dict[str, object] = {"id": given.get(thing.id) or thing.id or _new_id(thing)}
    if (parent := parent_of(thing)).startswith(NEW):
        update["parent"] = _lead(parent, thing, given)
    if isinstance(thing, (System, Lore)) and any(link.startswith(NEW) for link in thing.links):
        update["links"] = tuple(_lead(link, thing, given) if link.startswith(NEW) else link for link in thing.links)
    return thing.model_copy(update=update)


def _lead(reference: str, thing: Thing, given: Mapping[str, str]) -> str:
    if reference not in given:
        raise BadInput(
            f"{thing.name} refers to {reference!r}, which is not among these records.", "Add it, or name another."
        )
    return given[reference]


def _new_id(thing: Thing) -> str:
    return f"{thing.kind.value}-{secrets.token_hex(5)}"


def _entry(thing: Thing) -> Entry:
    point = thing.position if isinstance(thing, System) else None
    return Entry(
        thing,
        Columns(
            id=thing.id,
            kind=thing.kind.value,
            name=thing.name,
            names=tuple(map(fold, (thing.name, *thing.aliases))),
            data=thing.model_dump_json(exclude_defaults=True),
            parent=parent_of(thing),
            position=(point.x, point.y, point.z) if point else (None, None, None),
            frame=point.frame if point else "",
            glyphs=_address(thing),
        ),
    )


def _address(thing: Thing) -> str:
    """The eleven digits that name a system: all of its planets' glyphs share them."""
    digits = re.sub(r"[\s-]", "", thing.glyphs).upper() if isinstance(thing, System) else ""
    return digits[1:] if _GLYPHS.fullmatch(digits) else ""


@dataclass(frozen=True)
class Checked:
    """What a write found: `before` is what is there, `last` the newest version of each id, `fresh` is to be written."""

    entries: Sequence[Entry]
    fresh: Sequence[Entry]
    before: Mapping[str, VersionRow]
    last: Mapping[str, int]


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
    await _check_references(tx, fresh, was, terms)
    await _check_twins(tx, fresh, was, terms)
    return Checked(entries, fresh, before, last)


async def keep(tx: Transaction, entries: Sequence[Entry], author: Author, terms: Terms) -> list[VersionRow]:
    """Write them all, or raise what `verify` raises and write none; what is as it was gets no version."""
    checked = await verify(tx, entries, terms)
    before, last = checked.before, checked.last
    if not checked.fresh:
        return [before[entry.thing.id] for entry in entries]
    write, at = await table.begin(tx, author)
    records: list[tuple[Columns, int, Op]] = [
        (entry.columns, last.get(entry.thing.id, 0) + 1, _op(entry.thing.id, before, terms)) for entry in checked.fresh
    ]
    await table.put(tx, write, records)
    told: list[Told] = [(one.id, one.name, "changed" if one.id in before else "added") for one, _, _ in records]
    await _tell(tx, author, write, told, terms)
    who = (author.id, author.name, author.tool, author.approved_by)
    after = {one.id: VersionRow(one.id, version, op, one.data, write, at, *who) for one, version, op in records}
    return [after.get(entry.thing.id) or before[entry.thing.id] for entry in entries]


async def drop(tx: Transaction, ids: Iterable[str], author: Author) -> list[str]:
    """Take these away with the planets, moons and stations below them; the ids of all that went.

    Discoveries and lore stay, and go on naming the place by its id: whoever asks for it is told that it was removed,
    and an undo brings both together again. Raises NotFound.
    """
    wanted = list(dict.fromkeys(ids))
    gone = await table.below(tx.execute_fetchall, wanted)
    if missing := [id for id in wanted if id not in set(gone)]:
        raise NotFound(f"There is no record {missing[0]!r} to remove.", "See what there is: haven world list")
    before = await table.current(tx.execute_fetchall, gone)
    write, _ = await table.begin(tx, author)
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


async def _check_references(tx: Transaction, entries: Sequence[Entry], was: Mapping[str, Thing], terms: Terms) -> None:
    """Parents and links that are new must be there; old ones may have been removed since."""
    kinds = {entry.thing.id: entry.thing.kind.value for entry in entries}
    fresh: list[tuple[Thing, str, tuple[Kind, ...]]] = []
    for thing in (entry.thing for entry in entries):
        old = was.get(thing.id)
        alone = thing.kind not in PARENTS or (thing.kind is Kind.DISCOVERY and not parent_of(thing))
        if not alone and (old is None or parent_of(old) != parent_of(thing)):
            fresh.append((thing, parent_of(thing), PARENTS[thing.kind]))
        if isinstance(thing, (System, Lore)) and not terms.restored:
            known = set(old.links) if isinstance(old, (System, Lore)) else set()
            only = (Kind.SYSTEM,) if isinstance(thing, System) else tuple(Kind)
            fresh += [(thing, link, only) for link in thing.links if link not in known]
    asked = {reference for _, reference, _ in fresh} - set(kinds)
    kinds |= await table.kinds_of(tx.execute_fetchall, asked) if asked else {}
    for thing, reference, allowed in fresh:
        _check_reference(thing, reference, kinds.get(reference), allowed, terms)


def _check_reference(thing: Thing, reference: str, found: str | None, allowed: tuple[Kind, ...], terms: Terms) -> None:
    if found is None and terms.restored and isinstance(thing, Discovery):
        return  # it stood by itself when its place went, and comes back to where it stood
    if found is None:
        what = f"{reference!r}, which is not there" if reference else "nothing"
        raise BadInput(f"{thing.name} belongs to {what}.", f"Name a {allowed[0].value} that is there by its id.")
    if found not in {kind.value for kind in allowed}:
        kinds = " or ".join(kind.value for kind in allowed)
        raise BadInput(
            f"{thing.name} is a {thing.kind.value} and can't belong to a {found}.", f"It belongs to a {kinds}."
        )


async def _check_twins(tx: Transaction, entries: Sequence[Entry], was: Mapping[str, Thing], terms: Terms) -> None:
    """No second system of the same name where both may be in the same galaxy, nor of the same glyphs."""
    changed = [entry for entry in entries if _identity(entry.thing) != _identity(was.get(entry.thing.id))]
    if not changed:
        return
    names = {entry.columns.names[0] for entry in changed}
    glyphs = {entry.columns.glyphs for entry in changed} - {""}
    there = [_entry(read(row)) for row in await table.namesakes(tx.execute_fetchall, names, glyphs)]
    own = {entry.thing.id for entry in entries}
    by_key: dict[str, list[Entry]] = {}
    for entry in (*(one for one in there if one.thing.id not in own), *entries):
        if isinstance(entry.thing, System):
            by_key.setdefault(f"name {entry.columns.names[0]}", []).append(entry)
            by_key.setdefault(f"glyphs {entry.columns.glyphs}", []).append(entry)
    for entry in changed:
        same_name = [] if terms.allow_same_name else by_key[f"name {entry.columns.names[0]}"]
        for other in same_name:
            if _near(entry.thing, other.thing, frames=True):
                raise BadInput(f"There are two systems of one name: {_both(entry, other)}.", _TWIN_MEND)
        for other in by_key[f"glyphs {entry.columns.glyphs}"] if entry.columns.glyphs else ():
            if _near(entry.thing, other.thing, frames=False):
                raise BadInput(f"Two systems have the same portal glyphs: {_both(entry, other)}.", _GLYPHS_MEND)


_TWIN_MEND = "Change the one that is there, or say that two systems of one name are meant."
_GLYPHS_MEND = "They are one system: change the one that is there, or correct the glyphs."


def _identity(thing: Thing | None) -> tuple[object, ...] | None:
    """What tells a system from others; None for all that is no system."""
    if not isinstance(thing, System):
        return None
    frame = thing.position.frame if thing.position else ""
    return fold(thing.name), thing.galaxy, thing.reality, _address(thing), frame


def _near(one: Thing, other: Thing, *, frames: bool) -> bool:
    """Whether two systems may be in one place: what is not recorded tells nothing apart."""
    if not (isinstance(one, System) and isinstance(other, System)) or one.id == other.id:
        return False
    pairs = [(one.galaxy, other.galaxy), (one.reality, other.reality)]
    if frames and one.position and other.position:
        pairs.append((one.position.frame, other.position.frame))
    return all(not a or not b or fold(a) == fold(b) for a, b in pairs)


def _both(entry: Entry, other: Entry) -> str:
    return f"{other.thing.name!r} ({other.thing.id}) and {entry.thing.name!r} ({entry.thing.id})"


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
