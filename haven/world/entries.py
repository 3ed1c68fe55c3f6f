"""Records on their way in and out: with the ids, and the columns that they are looked for by."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from haven.errors import BadInput
from haven.store.world import Columns, VersionRow
from haven.world.leaks import masked
from haven.world.schema import CLASSES, Lore, System, Thing, kind_of, parent_of
from haven.world.words import fold

NEW = "new-"
"""An id that begins so stands for a record of the same write: a system `new-1` and its planet with parent `new-1`."""
_GLYPHS = re.compile(r"[0-9A-F]{12}")
_ID = re.compile(r"[a-z]+-[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on its way in: as it will be, and what is looked for by column."""

    thing: Thing
    columns: Columns
    masked: tuple[str, ...] = ()
    """Kinds of secrets that were taken out of it."""


def read(row: VersionRow) -> Thing:
    """The record of a version that holds one."""
    return read_text(row.thing, row.data)


def read_text(id: str, data: str) -> Thing:
    """The record that is kept as this JSON."""
    return CLASSES[kind_of(id)].model_validate_json(data)  # type: ignore[return-value]


def prepare(things: Sequence[Thing]) -> list[Entry]:
    """Ids for what is new, references to it resolved, secrets out, ready to be written; for a thread where it is much.

    An id of another Haven (of its export) is kept. Raises BadInput for what can't be an id, for one that two records
    have, where a reference to a new record leads nowhere, and where a secret can't be masked.
    """
    given = {thing.id: _new_id(thing) for thing in things if thing.id.startswith(NEW)}
    safe = masked([_resolved(thing, given) for thing in things])
    entries = [replace(entry_of(one.thing), masked=one.kinds) if one.kinds else entry_of(one.thing) for one in safe]
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


def entry_of(thing: Thing) -> Entry:
    """A record that has its id, ready to be written or compared."""
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
            glyphs=address_of(thing),
        ),
    )


def address_of(thing: Thing) -> str:
    """The eleven digits that name a system: all of its planets' glyphs share them."""
    digits = re.sub(r"[\s-]", "", thing.glyphs).upper() if isinstance(thing, System) else ""
    return digits[1:] if _GLYPHS.fullmatch(digits) else ""
