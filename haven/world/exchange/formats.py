"""Which reader takes a file: by what stands in it, or as the person says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from haven.errors import BadInput
from haven.store.foreign import MAGIC
from haven.world.entries import NEW
from haven.world.exchange import haven_json, haven_sqlite, markdown, oec, table, whole
from haven.world.exchange.archives import is_archive, members
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Note, Reading
from haven.world.exchange.texts import decoded, parse_json
from haven.world.schema import parent_of

Reader = Callable[[Piece], Iterator[Reading]]
Step = Callable[[int], None]
TOLD_EVERY = 100
"""Records between two words about how far a reading is."""


def _json(piece: Piece) -> Iterator[Reading]:
    """Haven's own export, or one of the dialects."""
    text, remark = decoded(piece.data, piece.name)
    data, remarks = parse_json(text, piece.name)
    if whole.is_whole(data):
        return whole.read_data(piece.name, data)
    return haven_json.read_data(piece.name, data, [*([remark] if remark else []), *remarks])


READERS: dict[str, Reader] = {
    "json": _json,
    "sqlite": haven_sqlite.read,
    "csv": table.read,
    "oec": oec.read,
    "markdown": markdown.read,
}
ENDINGS = {".csv": "csv", ".tsv": "csv", ".md": "markdown", ".markdown": "markdown", ".json": "json", ".xml": "oec"}


def recognised(piece: Piece) -> str:
    """The format of a file; "" where it is none that is known here."""
    if piece.data.startswith(MAGIC):
        return "sqlite"
    ending = ENDINGS.get(PurePosixPath(piece.name).suffix.casefold(), "")
    start = piece.data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if ending in ("csv", "markdown"):
        return ending
    if start.startswith(b"<"):
        return "oec"
    return "json" if start.startswith((b"{", b"[")) else ending


def read_file(piece: Piece, format: str = "", step: Step = lambda _: None) -> list[Reading]:
    """All records of a file or an archive; `step` is told how many there are so far.

    A broken member of an archive is refused; a broken file raises BadInput.
    """
    if format and format not in READERS:
        raise BadInput(f"There is no format {format!r}.", f"There are: {', '.join(READERS)}.")
    if not is_archive(piece.data) or piece.data.startswith(MAGIC):
        return _one(piece, format, step)
    found: list[Reading] = []
    said: set[tuple[Note, ...]] = set()  # of a whole member; of the next one the same is not said again
    for number, member in enumerate(members(piece), 1):
        try:
            if member.refused or is_archive(member.data):
                why = member.refused or "an archive inside an archive is not opened"
                found.append(Reading(f"{piece.name}: {member.name}", member.name, refused=why))
            else:
                for one in _one(member, format, ahead(step, len(found))):
                    if one.thing or one.refused or one.notes not in said:
                        found.append(_apart(one, number))
                    if not one.thing:
                        said.add(one.notes)
        except BadInput as error:
            found.append(Reading(f"{piece.name}: {member.name}", member.name, refused=error.full))
    return found


def _apart(found: Reading, number: int) -> Reading:
    """A record of one member of many: each member counts its temporary ids from 1, so its number goes before them."""
    if found.thing is None:
        return found

    def own(id: str) -> str:
        return f"{NEW}{number}-{id.removeprefix(NEW)}" if id.startswith(NEW) else id

    thing = found.thing
    fields: dict[str, object] = {"id": own(thing.id)}
    if parent := parent_of(thing):
        fields["parent"] = own(parent)
    if links := getattr(thing, "links", ()):
        fields["links"] = tuple(map(own, links))
    ways = tuple(tuple(map(own, names)) for names in found.link_names)
    return replace(found, thing=thing.model_copy(update=fields), link_names=ways)


def ahead(step: Step, before: int) -> Step:
    """The same for a part: what was counted before it is added."""
    return lambda more: step(before + more)


def _one(piece: Piece, format: str, step: Step) -> list[Reading]:
    if not piece.data.strip():
        raise BadInput(f"{piece.name} is empty.", "Name another file.")
    name = format or recognised(piece)
    if not name:
        known = ", ".join(READERS)
        raise BadInput(f"{piece.name} is in no format that is known here.", f"Name one with --format: {known}.")
    found: list[Reading] = []
    for one in READERS[name](piece):
        found.append(one)
        if len(found) % TOLD_EVERY == 1:
            step(len(found))
    return found
