"""The databases of Haven_mdev, of its Keeper bot and of Master-Haven: one schema that grew, read by its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from haven.errors import BadInput
from haven.store import foreign
from haven.world.exchange.fields import LINKED
from haven.world.exchange.nested import More, read_systems
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Defect, Note, Reading
from haven.world.schema import Kind

TABLES = (
    *("systems", "planets", "moons", "space_stations", "discoveries", "patterns", "regions"),
    *("pending_systems", "pending_region_names", "pattern_discoveries"),
)
Row = dict[str, Any]
Places = dict[str, Row | None]
"""Rows by their id; None for one that is refused."""


def read(piece: Piece) -> Iterator[Reading]:
    """The records of one database. Raises BadInput where it has none of the tables."""
    if piece.beside:
        mend = "Close the program that writes it, or make a copy: sqlite3 FILE 'vacuum into \"copy.db\"'"
        raise BadInput(f"{piece.beside}, so a part would be missing.", mend)
    tables, others = foreign.read_tables(piece.data, piece.name, TABLES)
    if not tables:
        raise BadInput(f"{piece.name} is a database of something else.", f"It should have: {', '.join(TABLES[:5])}.")
    rows = {table: tables.get(table, []) for table in TABLES}
    yield from _waiting(piece.name, rows)
    if others:
        told = ", ".join(f"{table} ({count:,})" for table, count in sorted(others.items()))
        yield Reading(
            piece.name, "the file", notes=(Note(Defect.OTHER, f"not read, for they hold no records (rows): {told}"),)
        )
    orphans = list(_nest(piece.name, rows))
    loose = [row for row in rows["discoveries"] if not row.get("placed")]
    alone = [*_patterns(piece.name, rows), *_regions(piece.name, rows)]
    yield from read_systems(piece.name, rows["systems"], loose, alone)
    yield from orphans


def _waiting(source: str, rows: dict[str, list[Row]]) -> Iterator[Reading]:
    for table in ("pending_systems", "pending_region_names"):
        open_ones = [row for row in rows[table] if row.get("status") == "pending"]
        if open_ones:
            which = f"1 row of {table} waits" if len(open_ones) == 1 else f"{len(open_ones)} rows of {table} wait"
            said = f"{which} for approval there; not imported"
            yield Reading(source, table, notes=(Note(Defect.OTHER, said),))


def _nest(source: str, rows: dict[str, list[Row]]) -> Iterator[Reading]:
    """Put what belongs to a record into it; what belongs to none is refused, and so is what belongs to that."""
    systems, planets, moons = (_by_id(rows[table]) for table in ("systems", "planets", "moons"))
    for row, refused in _hang(source, "planet", rows["planets"], "system_id", systems, "planets"):
        planets[str(row.get("id"))] = None
        yield refused
    for row, refused in _hang(source, "moon", rows["moons"], "planet_id", planets, "moons"):
        moons[str(row.get("id"))] = None
        yield refused
    for _, refused in _hang(source, "station", rows["space_stations"], "system_id", systems, "stations"):
        yield refused
    for row in rows["discoveries"]:
        for key, places in (("moon_id", moons), ("planet_id", planets), ("system_id", systems)):
            place = places.get(str(row.get(key)))
            if place is not None:
                place.setdefault("discoveries", []).append(row)
                row["placed"] = True
                break


def _hang(
    source: str, kind: str, children: Sequence[Row], key: str, parents: Places, field: str
) -> Iterator[tuple[Row, Reading]]:
    """Put each into its parent; those without one, and that they are refused."""
    for row in children:
        id = str(row.get(key))
        parent = parents.get(id)
        if parent is None:
            name, why = str(row.get("name"))[:120], "is refused" if id in parents else "is not in the file"
            yield row, Reading(f"{source}: {kind} {name}", name, refused=f"{key} {id} {why}")
        else:
            parent.setdefault(field, []).append(row)


def _by_id(rows: Sequence[Row]) -> Places:
    return {str(row.get("id")): row for row in rows}


def _patterns(source: str, rows: dict[str, list[Row]]) -> More:
    """What the Keeper bot made of discoveries: entries in draft, linked to the discoveries."""
    for row in rows["patterns"]:
        ids = [one.get("discovery_id") for one in rows["pattern_discoveries"] if one.get("pattern_id") == row.get("id")]
        yield Kind.LORE, {**row, LINKED: ids}, f"{source}: pattern {row.get('id')}"


def _regions(source: str, rows: dict[str, list[Row]]) -> More:
    for row in rows["regions"]:
        yield Kind.REGION, row, f"{source}: region {row.get('custom_name')}"
