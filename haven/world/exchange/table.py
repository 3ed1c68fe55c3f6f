"""CSV: Haven's own, which reads back, and anybody's, whose header is recognised by its names.

A cell that a spreadsheet would run as a formula gets an apostrophe, and loses it again when it is read
(OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haven.errors import BadInput
from haven.world.exchange import whole
from haven.world.exchange.fields import field_of
from haven.world.exchange.nested import read_systems
from haven.world.exchange.pieces import Piece
from haven.world.exchange.records import Raw, Records
from haven.world.exchange.report import Defect, Note, Reading
from haven.world.exchange.texts import decoded
from haven.world.schema import Kind, Thing

DELIMITERS = ",;\t|"
MAX_ROWS = 200_000
csv.field_size_limit(2_000_000)  # of the whole process: all properties of one record fit in one cell
MAX_COLUMNS = 500
PACKED = frozenset({"properties", "measures"})
LISTS = frozenset({"aliases", "materials", "links", "tags", "sources"})
OWN = frozenset({"kind", "id", "name"})
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d{1,15},\d{1,15}\s*")
"""Where the semicolon separates cells, the comma stands in numbers: so write spreadsheets of half of Europe."""
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_DEFUSED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")


def read(piece: Piece) -> Iterator[Reading]:
    """The records of one table, after a note of how its columns were understood. Raises BadInput."""
    text, remark = decoded(piece.data, piece.name)
    header, rows, refused = _rows(piece.name, text)
    if set(header) >= OWN:
        yield from refused
        yield from whole.checked(piece.name, map(_nested, rows))
        return
    yield _mapping(piece.name, header, remark)
    yield from refused
    yield from _foreign(piece.name, header, rows)


def _rows(name: str, text: str) -> tuple[list[str], list[dict[str, str]], list[Reading]]:
    """Header, rows by column without what is empty, and those that don't fit the header."""
    lines = io.StringIO(text, newline="")
    first = text[: text.find("\n") if "\n" in text else len(text)]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[dict[str, str]] = []
    refused: list[Reading] = []
    try:
        header = [cell.strip().lstrip("\ufeff") for cell in next(reader, [])]
        header = header if set(header) >= OWN else [cell[:200] for cell in header]
        if not 0 < len(header) <= MAX_COLUMNS:
            raise BadInput(f"{name} has {len(header)} columns.", f"The first line names them, {MAX_COLUMNS} at most.")
        for cells in reader:
            where = f"{name}, line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) >= MAX_ROWS:
                raise BadInput(f"{name} has more than {MAX_ROWS:,} rows.", "Split it.")
            if len(cells) > len(header):
                refused.append(
                    Reading(where, cells[0][:120], refused=f"{len(cells)} cells under {len(header)} columns")
                )
                continue
            if delimiter == ";":
                cells = [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in cells]
            pairs = zip(header, cells, strict=False)
            rows.append({key: armed(cell) for key, cell in pairs if cell})  # empty cells would fill the memory
    except csv.Error as error:
        raise BadInput(f"{name} is no CSV: {error} in line {reader.line_num}.", "Mend that line.") from None
    return header, rows, refused


def _mapping(name: str, header: Sequence[str], remark: str) -> Reading:
    """What each column was taken for."""
    told = []
    for column in header:
        field = field_of(column)
        what = "left out" if not field else f"kept as {column!r}" if field.startswith(".") else field
        told.append(f"{column!r}: {what}")
    notes = [Note(Defect.OTHER, f"columns: {'; '.join(told)}")]
    return Reading(name, "its columns", notes=tuple([*notes, Note(Defect.OTHER, remark)] if remark else notes))


def _foreign(name: str, header: Sequence[str], rows: Sequence[Raw]) -> Iterator[Reading]:
    fields = {field_of(column): column for column in header}
    folded = {column.casefold().replace("_", " ").strip() for column in header}
    if {"title"} & folded and "description" in fields:
        records = Records(name)
        for number, row in enumerate(rows, 1):
            yield records.other(Kind.LORE, row, f"{name}: row {number}")
        yield from records.left_out()
    elif "found" in fields:
        yield from read_systems(name, (), rows)
    elif {"planet name", "planet"} & folded and {"system name", "system"} & folded:
        yield from read_systems(name, _systems_of_planets(rows))
    elif "name" in fields:
        yield from read_systems(name, rows)
    else:
        columns = ", ".join(map(repr, header[:12]))
        raise BadInput(f"No column of {name} is a name: {columns}.", "Call the column with the systems' names `name`.")


def _systems_of_planets(rows: Sequence[Raw]) -> list[dict[str, Any]]:
    """A row a planet: its system once, with all of its planets."""
    systems: dict[str, dict[str, Any]] = {}
    for row in rows:
        plain = {key.casefold().replace("_", " ").strip(): value for key, value in row.items()}
        system = str(plain.pop("system name", "") or plain.pop("system", ""))
        planet = {**plain, "name": plain.pop("planet name", "") or plain.pop("planet", "")}
        systems.setdefault(system, {"name": system, "planets": []})["planets"].append(planet)
    return list(systems.values())


def _nested(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of Haven's own table as fields: `measures.mass` goes into `measures`, lists stand a line each."""
    made: dict[str, Any] = {}
    for column, cell in row.items():
        field, dot, key = column.partition(".")
        if dot and isinstance(made.setdefault(field, {}), dict):
            made[field][key] = cell
        elif column in PACKED:
            made[field] = _unpacked(cell)
        else:
            made[field] = cell.split("\n") if field in LISTS else cell
    return made


def write(things: Sequence[Thing]) -> Iterator[str]:
    """The table, row by row: a column for every field that any record fills.

    Where properties would make it too wide to be read back, each record has all of its own in one cell.
    """
    rows = [_flat(whole.as_row(thing)) for thing in things]
    if len({column for row in rows for column in row}) > MAX_COLUMNS:
        rows = [_flat(whole.as_row(thing), packed=True) for thing in things]
    columns = dict.fromkeys(["kind", "id", "name", *sorted({column for row in rows for column in row})])
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _flat(row: Mapping[str, Any], *, packed: bool = False) -> dict[str, Any]:
    """`packed`: properties and measures as one cell of JSON; so is what holds an empty value, which no cell can."""
    made: dict[str, Any] = {}
    for field, value in row.items():
        if field in PACKED and (packed or "" in value.values()):
            made[field] = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, Mapping):
            made |= {f"{field}.{key}": _cell(one) for key, one in value.items()}
        else:
            made[field] = _cell("\n".join(value) if isinstance(value, list) else value)
    return made


def _unpacked(cell: str) -> Any:
    """What one cell holds of all properties; a cell that is no JSON stays as it is, and the record is refused."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _cell(value: Any) -> Any:
    return defused(value) if isinstance(value, str) else value


def defused(text: str) -> str:
    """With an apostrophe where a spreadsheet would run it; `armed` takes it away again."""
    return f"'{text}" if _FORMULA.match(text) else text


def armed(text: str) -> str:
    return text[1:] if _DEFUSED.match(text) else text
