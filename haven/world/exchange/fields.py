"""What sources call things, and what they are called here; values as a record takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from haven.settings.plain import wrong_value
from haven.world.exchange.texts import whole_text
from haven.world.schema import FARTHEST, LARGEST, Kind
from haven.world.words import fold

MAX_LINE = 500
"""As the schema has it: a longer value of one line goes to the notes."""

_SAME: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name",
        "system name",
        "planet name",
        "moon name",
        "station name",
        "title",
        "discovery name",
        "custom name",
        "pattern name",
    ),
    "aliases": ("aliases", "alias", "other names", "aka"),
    "x": ("x", "coord x", "pos x", "x coordinate"),
    "y": ("y", "coord y", "pos y", "y coordinate"),
    "z": ("z", "coord z", "pos z", "z coordinate"),
    "frame": ("frame",),
    "unit": ("unit",),
    "region": ("region", "region name", "sector"),
    "galaxy": ("galaxy", "galaxy name"),
    "reality": ("reality",),
    "glyphs": ("glyphs", "glyph code", "portal glyphs", "portal code", "portal address", "glyph"),
    "star": (
        "star",
        "star type",
        "star color",
        "star colour",
        "stellar class",
        "stellar classification",
        "spectral type",
    ),
    "economy": ("economy", "economy type"),
    "economy_level": ("economy level", "economy strength", "wealth"),
    "conflict": ("conflict", "conflict level"),
    "lifeform": ("lifeform", "dominant lifeform", "dominant race", "primary lifeform"),
    "sentinels": ("sentinel", "sentinels", "sentinel level", "sentinels text"),
    "flora": ("flora", "flora level", "flora text"),
    "fauna": ("fauna", "fauna level", "fauna text"),
    "materials": ("material", "materials", "resource", "resources"),
    "more_materials": ("common resource", "uncommon resource", "rare resource", "plant resource"),
    "base": ("base", "base location", "bases"),
    "photo": ("photo", "photo url", "image", "picture", "evidence url", "evidence urls"),
    "notes": ("note", "notes", "remarks", "comment", "comments"),
    "prose": ("attributes", "properties", "extra"),
    "description": ("description", "text", "body", "story"),
    "discovered_by": ("discovered by", "discoverer", "username", "discord username", "explorer", "author"),
    "biome": ("biome", "planet type", "world type", "biome type"),
    "biome_subtype": ("biome subtype",),
    "weather": ("weather", "weather text", "climate"),
    "size": ("size", "planet size"),
    "race": ("race",),
    "sell_percent": ("sell percent",),
    "buy_percent": ("buy percent",),
    "found": ("found", "discovery type", "type slug"),
    "place": ("place", "location name", "location"),
    "system_name": ("system", "of system"),
    "planet_of": ("planet", "of planet"),
    "coordinates": ("coordinates", "coords"),
    "condition": ("condition",),
    "period": ("period", "time period", "estimated age"),
    "significance": ("significance",),
    "mystery": ("mystery", "mystery tier"),
    "confidence": ("confidence", "confidence level"),
    "when": ("when", "date", "submission timestamp", "discovered at", "discovery date"),
    "tags": ("tags", "tag"),
    "links": ("links",),
    "canon": ("canon",),
    "sources": ("sources",),
    "recorded": ("recorded", "created at"),
    "kind": ("kind", "record kind", "record type"),
}
FIELDS: dict[str, str] = {word: field for field, words in _SAME.items() for word in words}
"""A folded column name or key, and the field that it means."""
LEFT_OUT = frozenset(
    {
        *("id", "system id", "planet id", "moon id", "planets names", "modified at", "last modified", "type"),
        *("user id", "guild id", "discord user id", "discord guild id", "personal id", "discord tag", "profile id"),
        *("submitted by ip", "api key name", "contributors", "last updated by", "last updated at", "data source"),
        *("pattern matches", "analysis status", "views", "featured"),
        *("glyph planet", "glyph solar system", "voxel x", "voxel y", "voxel z", "solar system index", "galaxy index"),
        *("planet index", "is moon", "extraction time", "extractor version", "no trade data", "is complete"),
        *("personal discord username", "star x", "star y", "star z", "is phantom", "is in core", "approved"),
    }
)
"""Keys that say nothing of the world: other programs' numbers, and what names a person's account. That is said."""
LINKED = "linked discoveries"
"""Under which a reader gives an entry the numbers of the discoveries that it speaks of."""
INSIDE = frozenset({"planets", "moons", "space station", "space stations", "stations", "discoveries", "placed", LINKED})
"""Keys of what belongs to a record, which is read as records of its own."""
FLAGS = frozenset(
    {
        *("extreme weather", "water world", "vile brood", "ancient bones", "salvageable scrap", "storm crystals"),
        *("gravitino balls", "swarm debris", "trash debris", "high sentinel activity", "aggressive sentinel activity"),
        *("dissonance", "infested", "no space station"),
    }
)
"""Keys of Master-Haven's that hold 0 or 1, beside those that begin with `is` and `has`."""
OWN_WORDS: dict[Kind, Mapping[str, str]] = {
    Kind.PLANET: {"type": "biome", "system name": "system_name"},
    Kind.MOON: {"type": "biome", "planet name": "planet_of", "system name": "system_name"},
    Kind.STATION: {"system name": "system_name"},
    Kind.DISCOVERY: {"type": "found", "planet name": "planet_of", "system name": "system_name", "moon name": "place"},
}
"""Words that mean something else for one kind of record."""
_ALL = frozenset(
    {
        *("name", "aliases", "notes", "prose", "description", "photo", "discovered_by", "recorded", "region", "galaxy"),
        *("reality", "star", "economy", "economy_level", "conflict", "lifeform", "sentinels", "flora", "fauna"),
        *("materials", "more_materials", "base", "biome", "biome_subtype", "weather", "size", "race", "condition"),
        *("period", "significance", "place"),
    }
)
TAKEN: dict[Kind, frozenset[str]] = {
    Kind.SYSTEM: _ALL | {"x", "y", "z", "frame", "unit", "glyphs"},
    Kind.PLANET: _ALL,
    Kind.MOON: _ALL,
    Kind.STATION: _ALL | {"sell_percent", "buy_percent"},
    Kind.DISCOVERY: _ALL
    | {*("found", "system_name", "planet_of", "coordinates", "mystery", "confidence", "when", "tags")},
    Kind.LORE: _ALL | {"tags", "canon", "when", "sources", "confidence"},
    Kind.PERSON: _ALL,
    Kind.REGION: _ALL,
}
"""The fields that a record of a kind takes; what else is known by name is kept under the source's own key."""
ABOVE = frozenset({"system_name", "planet_of"})
"""Fields that name what a record belongs to, which its reader has put it into."""
MOST_INSIDE = 40
"""Values of one object inside a record that are kept one by one; a larger one is kept as it is."""


@lru_cache(maxsize=4096)
def field_of(key: str) -> str:
    """The field that a key means; "" for one that is left out, `.key` for one that nothing here knows."""
    folded = fold(key)
    return FIELDS.get(folded) or ("" if folded in LEFT_OUT else f".{folded}")


def by_field(raw: Mapping[str, Any], kind: Kind) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """What is known by field, the first that says something; the rest by its own folded key; and keys left out."""
    own = OWN_WORDS.get(kind, {})
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    left: list[str] = []
    for key, value in _spread(raw):
        folded = fold(key)
        field = own.get(folded) or field_of(key)
        if is_nothing(value) or folded in INSIDE:
            continue
        if not field:
            left.append(key)
        elif field in ("materials", "more_materials"):
            known.setdefault("materials", []).extend(value if isinstance(value, (list, tuple)) else [value])
        elif field.startswith("."):
            rest[field[1:]] = value
        elif field not in TAKEN[kind]:
            if field not in ABOVE:
                rest[folded] = value
        elif is_nothing(known.get(field)):
            known[field] = value
        elif fold(line(known[field])) != fold(line(value)):
            rest[folded] = value
    return known, rest, left


def _spread(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values; what stands in an object called `metadata` stands beside them."""
    for key, value in raw.items():
        inner = _object(value) if fold(str(key)[:200]) == "metadata" else None
        for name, one in [(key, value)] if inner is None else inner.items():
            yield str(name)[:200], one


def _object(value: Any) -> Mapping[str, Any] | None:
    """A value that is an object, or the JSON of one."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, Mapping) else None


def is_nothing(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def line(value: Any) -> str:
    """One line of text; lists by comma."""
    if isinstance(value, (list, tuple)):
        value = ", ".join(str(one) for one in value if not isinstance(one, (dict, list)))
    return " ".join(whole_text(str(value)).split()) if value is not None else ""


def lines(value: Any) -> tuple[str, ...]:
    """A list of lines, from a list or from a text by comma or bar."""
    parts = value if isinstance(value, (list, tuple)) else re.split(r"[|;,\n]", str(value or ""))
    return tuple(dict.fromkeys(text for part in parts if (text := line(part))))


def number(value: Any) -> float | None:
    """A finite number; `719,938 LY` counts as 719938. None for everything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) <= LARGEST else None
    match = re.fullmatch(
        r"\s*'?([+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})?(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?)\s*[A-Za-z%]{0,6}\s*",
        str(value)[:80],
    )
    try:
        found = float(match[1].replace(",", "")) if match and match[1] else None
    except ValueError:
        return None
    return found if found is not None and abs(found) <= LARGEST else None


def point(known: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """x, y and z where all three are numbers, and none is too far out."""
    x, y, z = (number(known.get(axis)) for axis in "xyz")
    if x is None or y is None or z is None or max(map(abs, (x, y, z))) > FARTHEST:
        return None
    return x, y, z


def moment(value: Any) -> str:
    """ISO 8601, from `2025-11-12 01:44:41` or milliseconds since 1970; as written where it is neither."""
    text = line(value)
    if re.fullmatch(r"1\d{12}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC).isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).isoformat(timespec="seconds")
    except ValueError:
        return text[:MAX_LINE]


def others(rest: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, float], list[str], list[str]]:
    """What no field holds: properties, measures, lines for the notes where a value is too long; and what is off."""
    properties: dict[str, str] = {}
    measures: dict[str, float] = {}
    long: list[str] = []
    off: list[str] = []
    for key, value in _leaves(rest):
        key = key[:100]
        if isinstance(value, bool) or ((key in FLAGS or key.startswith(("is ", "has "))) and value in (0, 1)):
            if value:
                properties[key] = "yes"
            else:
                off.append(key)
        elif isinstance(value, (int, float)):
            if (kept := number(value)) is not None:
                measures[key.replace(" ", "_")] = kept
            else:
                properties[key] = line(value)[:MAX_LINE]
        elif isinstance(value, Mapping) or (
            isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value)
        ):
            long.append(f"{key}: {whole_text(json.dumps(value, ensure_ascii=False))}")
        elif (text := line(value)) and text.casefold() in ("n/a", "none"):
            off.append(key)
        elif text and text not in ("[]", "{}"):
            if len(text) > MAX_LINE:
                long.append(f"{key}: {whole_text(str(value))}")
            else:
                properties[key] = text
    return properties, measures, long, off


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values, with small objects taken apart: `analysis: {confidence: 1}` is `analysis confidence`."""
    for key, value in values.items():
        inner = _object(value)
        if inner is None or len(inner) > MOST_INSIDE or any(isinstance(one, Mapping) for one in inner.values()):
            yield key, value if inner is None else inner
            continue
        for name, one in inner.items():
            yield f"{key} {fold(str(name)[:200])}", one


def what_is_wrong(error: ValidationError) -> str:
    """The first faults of a record as a sentence for people."""
    return "; ".join(_fault(one) for one in error.errors(include_url=False, include_input=False)[:3])


def _fault(one: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in one["loc"] if part not in (*Kind, "function-after")) or "it"
    about = one.get("ctx", {})
    match one["type"]:
        case "too_long" | "string_too_long":
            has = f"{about['actual_length']:,} characters or entries" if about.get("actual_length") else "too many"
            return f"{where}: it has {has}, and {about['max_length']:,} are the most"
        case "extra_forbidden":
            return f"{where}: no such record has that field"
        case "union_tag_invalid" | "union_tag_not_found":
            return f"its kind is none of: {', '.join(Kind)}"
        case _:
            return f"{where}: {wrong_value(one)}"
