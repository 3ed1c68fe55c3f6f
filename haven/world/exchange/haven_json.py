"""Haven_mdev's JSON in its five dialects, the Keeper's discoveries, and the payload of Master-Haven's extractor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from haven.errors import BadInput
from haven.world.exchange.nested import read_systems
from haven.world.exchange.records import Raw
from haven.world.exchange.report import Defect, Note, Reading

WRAPPERS = ("systems", "data")
LISTS = (*WRAPPERS, "discoveries")
_ACCOUNT = re.compile(r"\d{15,20}")


def read_data(source: str, data: Any, remarks: list[str]) -> Iterator[Reading]:
    """The records of a file that was parsed, in its order; `remarks` are about the file.

    Raises BadInput where it is none of the dialects.
    """
    systems, refused = _systems(source, data)
    discoveries = _discoveries(data)
    if len(refused) > 1 and not systems and not discoveries:
        raise BadInput(
            f"{source} holds {len(refused)} words or numbers and no records: a list for other programs, as it seems.",
            'A record is an object with a name: {"name": "Oculi", "x": 1, "y": 2, "z": 3}.',
        )
    if not systems and not discoveries and not refused and not _is_empty(data):
        raise BadInput(
            f"{source} holds no systems that are known here.",
            "It should be an object of systems by name, or hold `systems`, `data` or `discoveries`.",
        )
    told = data.get("_meta", {}) if isinstance(data, Mapping) else {}
    count = told.get("system_count") if isinstance(told, Mapping) else None
    if isinstance(count, int) and count != len(systems):
        remarks.append(f"it says that it holds {count} systems and holds {len(systems)}")
    if remarks:
        yield Reading(source, "the file", notes=tuple(Note(Defect.OTHER, text) for text in remarks))
    yield from refused
    yield from read_systems(source, systems, discoveries)


def _systems(source: str, data: Any) -> tuple[list[Raw], list[Reading]]:
    """Every dialect as a list of systems, each with its name."""
    if isinstance(data, Mapping) and _is_system(data):
        return [data], []
    if isinstance(data, Mapping):
        wrapped = next((data[key] for key in WRAPPERS if isinstance(data.get(key), (Mapping, list))), None)
        inner = wrapped if wrapped is not None else {} if "discoveries" in data else data
    else:
        wrapped = inner = data
    if isinstance(inner, Mapping):
        pairs = [(key, value) for key, value in inner.items() if not key.startswith("_")]
    else:
        pairs = [(f"entry {number}", value) for number, value in enumerate(inner if isinstance(inner, list) else (), 1)]
    found: list[Raw] = []
    refused: list[Reading] = []
    for key, value in pairs:
        if isinstance(value, Mapping):
            named = value.get("name") or value.get("system_name")
            found.append(value if named or isinstance(inner, list) else {**value, "name": key})
        else:
            refused.append(Reading(f"{source}: {key[:120]}", key[:120], refused="it is no object"))
    sure = wrapped is not None or any(map(_is_system, found))
    return (found, refused) if sure else ([], [] if found else refused)


def _is_system(data: Raw) -> bool:
    """By what a system has and nothing else: a place, glyphs, or planets."""
    keys = {str(key).casefold() for key in data}
    return bool(keys & {"name", "system_name"}) and bool(
        keys & {"x", "planets", "region", "glyph_code", "galaxy", "galaxy_name", "sentinel", "attributes", "star_type"}
    )


def _is_empty(data: Any) -> bool:
    """A template of Haven_mdev: nothing but `_meta`."""
    return isinstance(data, Mapping) and set(data) <= {"_meta", *LISTS} and "_meta" in data


def _discoveries(data: Any) -> list[Raw]:
    rows = data.get("discoveries") if isinstance(data, Mapping) else None
    return [_straight(row) for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


SHIFTED: Mapping[str, str] = {
    "location": "type",
    "time_period": "location_name",
    "condition": "time_period",
    "description": "condition",
    "significance": "description",
    "evidence_url": "significance",
    "planet_name": "coordinates",
    "analysis_status": "submission_timestamp",
}
"""The Keeper's backups: every value stands under the key that follows its own."""


def _straight(row: Raw) -> Raw:
    """With its values under their own keys: a type that is a server's number shows that they moved."""
    if not _ACCOUNT.fullmatch(str(row.get("type", ""))):
        return row
    moved = {right: row.get(wrong) for wrong, right in SHIFTED.items()}
    return {"id": row.get("id"), "username": row.get("username"), **moved, "mystery_tier": row.get("mystery_tier")}
