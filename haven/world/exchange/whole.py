"""Haven's own JSON: every record as it is, a line each; it reads back identically. History stays in the database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from haven.errors import BadInput
from haven.world.exchange.fields import what_is_wrong
from haven.world.exchange.report import Defect, Note, Reading
from haven.world.schema import THING, Lore, System, Thing, parent_of

FORMAT, VERSION = "haven-world", 1
OWN_ID = re.compile(r"(?:system|planet|moon|station|discovery|lore|person|region)-[0-9a-f]{10}")


def is_whole(data: Any) -> bool:
    return isinstance(data, Mapping) and data.get("format") == FORMAT


def read_data(source: str, data: Mapping[str, Any]) -> Iterator[Reading]:
    """The records of an export. Raises BadInput where it is of a newer Haven, or none."""
    if data.get("version") != VERSION:
        raise BadInput(f"{source} is an export of version {data.get('version')!r}.", "Update Haven, then try again.")
    rows = data.get("things")
    if not isinstance(rows, list):
        raise BadInput(f"{source} has no list of `things`.", "Export it again.")
    yield from checked(source, rows)


def checked(source: str, rows: Iterable[Any]) -> Iterator[Reading]:
    """Rows of fields as records. Ids of Haven's own form are kept, others are temporary; a second one is refused."""
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        where = f"{source}: entry {number}"
        name = str(row.get("name"))[:120] if isinstance(row, Mapping) else ""
        try:
            thing = THING.validate_python(row)
        except ValidationError as error:
            yield Reading(where, name, refused=what_is_wrong(error))
            continue
        if thing.id and thing.id in seen:
            yield Reading(where, name, refused=f"the id {thing.id} stands twice in the file")
            continue
        seen.add(thing.id)
        yield Reading(where, thing.name, _temporary(thing))


def _temporary(thing: Thing) -> Thing:
    """With `new-` before every id that Haven did not give."""
    update: dict[str, Any] = {"id": temporary(thing.id)}
    if parent := parent_of(thing):
        update["parent"] = temporary(parent)
    if isinstance(thing, (System, Lore)):
        update["links"] = tuple(map(temporary, thing.links))
    return thing.model_copy(update=update)


def temporary(id: str) -> str:
    return id if not id or OWN_ID.fullmatch(id) or id.startswith("new-") else f"new-{id}"


def as_row(thing: Thing) -> dict[str, Any]:
    """A record as plain data: its kind, its id, and every field that says something."""
    return {"kind": thing.kind.value, "id": thing.id, **thing.model_dump(mode="json", exclude_defaults=True)}


def write(things: Sequence[Thing]) -> Iterator[str]:
    """The file, piece by piece; the same world makes the same bytes."""
    yield f'{{"format": "{FORMAT}", "version": {VERSION}, "things": [\n'
    for number, thing in enumerate(things):
        yield (",\n" if number else "") + json.dumps(as_row(thing), ensure_ascii=False)
    yield "\n]}\n"


UNKNOWN_LINK = "it links to {}, which is not there; that link is left out"


def note_of_link(id: str) -> Note:
    return Note(Defect.OTHER, UNKNOWN_LINK.format(id))
