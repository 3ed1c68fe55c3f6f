"""Haven_mdev's JSON in its five dialects, the Keeper's discoveries, and the payload of Master-Haven's extractor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from haven.errors import BadInput
from haven.world.exchange.fields import is_nothing, line
from haven.world.exchange.nested import More, read_systems
from haven.world.exchange.records import Raw
from haven.world.exchange.report import Defect, Note, Reading
from haven.world.schema import Kind, noun

WRAPPERS = ("systems", "data")
LISTS = (*WRAPPERS, "discoveries")
MAX_ABOUT = 1_000
_ACCOUNT = re.compile(r"\d{15,20}")


def read_data(source: str, data: Any, remarks: list[str]) -> Iterator[Reading]:
    """The records of a file that was parsed, in its order; `remarks` are about the file.

    Raises BadInput where it is none of the dialects.
    """
    systems, refused, used = _systems(source, data)
    discoveries, loose = _discoveries(source, data)
    refused += loose
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
    regions = [one for one in systems if _is_region(one)]
    systems = [one for one in systems if not _is_region(one)]
    if isinstance(data, Mapping):
        remarks += _about(data, used, {Kind.SYSTEM: len(systems), Kind.DISCOVERY: len(discoveries)})
    if notes := [*_put_back(discoveries), *(Note(Defect.OTHER, text) for text in remarks)]:
        yield Reading(source, "the file", notes=tuple(notes))
    discoveries = [_straight(row) if _is_shifted(row) else row for row in discoveries]
    yield from refused
    yield from read_systems(source, systems, discoveries, _regions(source, regions))


def _about(data: Raw, used: str, counts: Mapping[Kind, int]) -> Iterator[str]:
    """What such a file says of itself, and what else stands in it."""
    told = data.get("_meta")
    told = told if isinstance(told, Mapping) else {}
    for kind, count in counts.items():
        if isinstance(said := told.get(f"{kind}_count"), int) and said != count:
            yield f"it says that it holds {said} {noun(kind, said)} and holds {count}"
    if about := "; ".join(f"{key}: {line(value)[:200]}" for key, value in told.items() if not is_nothing(value)):
        yield f"it says of itself: {about[:MAX_ABOUT]}"
    if used or "discoveries" in data:
        others = {key: value for key, value in data.items() if key not in (used, "_meta", "discoveries")}
        others = {key: value for key, value in others.items() if used or not _is_named(key, value)}
    else:
        others = {key: value for key, value in data.items() if key.startswith("_") and key != "_meta"}
    if others and not _is_system(data):
        told_of = ", ".join(
            f"{key[:60]} ({len(value):,})" if isinstance(value, (Mapping, list)) else key[:60]
            for key, value in others.items()
        )
        yield f"not read, for it is no list of records: {told_of[:MAX_ABOUT]}"


def _systems(source: str, data: Any) -> tuple[list[Raw], list[Reading], str]:
    """Every dialect as a list of systems, each with its name; what is refused; and the key that they stand under."""
    if isinstance(data, Mapping) and _is_system(data):
        return [data], [], ""
    used = (
        next((key for key in WRAPPERS if isinstance(data.get(key), (Mapping, list))), "")
        if isinstance(data, Mapping)
        else ""
    )
    inner = data[used] if used else data
    if not used and isinstance(data, Mapping) and "discoveries" in data:
        inner = {key: value for key, value in data.items() if _is_named(key, value)}
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
    sure = bool(used) or isinstance(data, list) or any(map(_is_system, found))
    return (found, refused, used) if sure else ([], [] if found else refused, used)


def _is_named(key: str, value: Any) -> bool:
    """A system under its name, beside a list of discoveries."""
    return isinstance(value, Mapping) and not key.startswith("_") and _is_system({"name": key, **value})


def _is_region(data: Raw) -> bool:
    """The oldest files hold the regions as well, each with a place of its own."""
    return data.get("type") == "region" and not data.get("name") and bool(data.get("region"))


def _regions(source: str, found: list[Raw]) -> More:
    for raw in found:
        named = {"name": raw["region"], **{key: value for key, value in raw.items() if key != "region"}}
        yield Kind.REGION, named, f"{source}: region {line(raw['region'])[:120]}"


def _is_system(data: Raw) -> bool:
    """By what a system has and nothing else: a place, glyphs, or planets."""
    keys = {str(key).casefold() for key in data}
    return bool(keys & {"name", "system_name"}) and bool(
        keys & {"x", "planets", "region", "glyph_code", "galaxy", "galaxy_name", "sentinel", "attributes", "star_type"}
    )


def _is_empty(data: Any) -> bool:
    """A template of Haven_mdev: nothing but `_meta`."""
    return isinstance(data, Mapping) and set(data) <= {"_meta", *LISTS} and "_meta" in data


def _discoveries(source: str, data: Any) -> tuple[list[Raw], list[Reading]]:
    """The discoveries of a file, and what stands among them and is none."""
    rows = data.get("discoveries") if isinstance(data, Mapping) and not _is_system(data) else None
    if isinstance(rows, Mapping):
        rows = list(rows.values())
    rows = rows if isinstance(rows, list) else []
    refused = [
        Reading(source, str(row)[:60], refused="this discovery is no object")
        for row in rows
        if not isinstance(row, Mapping)
    ]
    return [row for row in rows if isinstance(row, Mapping)], refused


SHIFTED: Mapping[str, str] = {
    "type": "guild_id",
    "location": "type",
    "time_period": "location_name",
    "condition": "time_period",
    "description": "condition",
    "significance": "description",
    "evidence_url": "significance",
    "related_discoveries": "evidence_url",
    "coordinates": "related_discoveries",
    "planet_name": "coordinates",
    "galaxy_name": "planet_name",
    "submission_timestamp": "galaxy_name",
    "analysis_status": "submission_timestamp",
    "pattern_matches": "analysis_status",
    "mystery_tier": "pattern_matches",
    "tags": "mystery_tier",
    "metadata": "tags",
}
"""The Keeper's backups: from the server's number on, every value stands under the key after its own."""


def _is_shifted(row: Raw) -> bool:
    """A type that is a server's number shows it."""
    return bool(_ACCOUNT.fullmatch(str(row.get("type", ""))))


def _put_back(discoveries: list[Raw]) -> Iterator[Note]:
    if moved := sum(map(_is_shifted, discoveries)):
        said = f"the values of {moved} discoveries stood under the key after their own: they were put back"
        yield Note(Defect.OTHER, said, True)


def _straight(row: Raw) -> Raw:
    """With its values under their own keys."""
    return {SHIFTED.get(key, key): value for key, value in row.items()}
