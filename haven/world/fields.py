"""The fields of records in words: as a person reads them in a difference, and as they type them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from haven.errors import BadInput
from haven.settings.plain import wrong_value
from haven.world.schema import CLASSES, Kind, Point, Record, Thing

OWN = ("id", "kind")
"""Fields that nobody sets by hand."""
_POSITION = "three numbers x, y, z, then the frame and its unit if they are not the map's: 1, 2, 3, sun, parsecs"


def fields_of(kind: Kind) -> tuple[str, ...]:
    """The names of the fields that a record of this kind may have, in the order in which they are shown."""
    return tuple(name for name in CLASSES[kind].model_fields if name not in OWN)


def shown(value: Any) -> str:
    """A field's value on one line; "" for one that nobody filled in."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, Point):
        where = f"{number(value.x)}, {number(value.y)}, {number(value.z)}"
        frame = "" if value.frame == "map" else f" ({value.frame})"
        return f"{where}{frame}" if value.unit == "units" else f"{where} {value.unit}{frame}"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {shown(one)}" for name, one in value.items())
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, (int, float)):
        return number(value)
    return "" if value is None else str(value)


def number(value: float) -> str:
    """As many digits as tell something: 4 and not 4.0, 0.1 and not 0.1000000001."""
    return f"{value:.10g}"


def filled(thing: Thing) -> dict[str, str]:
    """What is recorded of it, field by field, as it is shown."""
    fields = {name: CLASSES[thing.kind].model_fields[name] for name in fields_of(thing.kind)}
    values = {name: getattr(thing, name) for name, field in fields.items() if getattr(thing, name) != field.default}
    return {name: text for name, value in values.items() if (text := shown(value))}


def made(kind: Kind, values: Mapping[str, str]) -> Thing:
    """A new record from what was typed. Raises BadInput with the field and what it must be."""
    return _record(kind, _changed(kind, {}, values))


def edited(thing: Thing, values: Mapping[str, str]) -> Thing:
    """The record with these fields as typed; an empty value empties its field. Raises BadInput."""
    return _record(thing.kind, _changed(thing.kind, thing.model_dump(), values))


def read_lines(kind: Kind, text: str) -> dict[str, str]:
    """Fields as somebody typed them, `economy: Mining` a line; all other lines are the record's own text."""
    known = fields_of(kind)
    body = "text" if "text" in known else "notes"
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        entry = name.strip().lower().replace(" ", "_")
        is_field = bool(colon) and entry.partition(".")[0] in known
        found.setdefault(entry if is_field else body, []).append((value if is_field else line).strip())
    return {name: "\n".join(lines).strip() for name, lines in found.items() if any(lines)}


def _record(kind: Kind, tree: Mapping[str, Any]) -> Thing:
    try:
        return CLASSES[kind].model_validate(tree)  # type: ignore[return-value]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            what = "a record that it belongs to" if name == "parent" else f"its field {name!r}"
            raise BadInput(f"A {kind.value} needs {what}.", "Name it and try again.") from None
        raise BadInput(f"{name} of this {kind.value}: {wrong_value(first)}.", "Correct it and try again.") from None


def _changed(kind: Kind, tree: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """`properties.colour` and `measures.radius_jupiter` set one entry."""
    found = dict(tree)
    for name, text in values.items():
        field, _, entry = name.partition(".")
        known = fields_of(kind)
        if field not in known or (entry and field not in ("properties", "measures")):
            raise BadInput(f"A {kind.value} has no field {name!r}.", f"It has: {', '.join(known)}.")
        if entry:
            entries = {**found.get(field, {}), entry: text}
            found[field] = {key: value for key, value in entries.items() if value != ""}
        elif text == "":
            found.pop(field, None)
        else:
            found[field] = _typed(CLASSES[kind], field, text)
    return found


def _typed(record: type[Record], field: str, text: str) -> Any:
    """The text as the field's own kind of value; what is wrong with it is for the record to say."""
    if field == "position":
        return _position(text)
    default = record.model_fields[field].default
    if isinstance(default, tuple):
        parts = text.split("\n") if "\n" in text else text.split(";") if ";" in text else text.split(",")
        return tuple(part.strip() for part in parts if part.strip())
    if isinstance(default, bool):
        return text.strip().lower() in ("yes", "true", "1", "on")
    if field in ("properties", "measures"):
        pairs = (part.partition(":") for part in re.split(r"[;\n]", text) if part.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}
    return text


def _position(text: str) -> dict[str, Any]:
    parts = [part.strip() for part in re.split(r"[,;\s]+", text.strip().strip("()[]"), maxsplit=3) if part.strip()]
    try:
        x, y, z = map(float, parts[:3])
    except ValueError:
        raise BadInput(f"{text!r} is no position.", f"Write {_POSITION}.") from None
    rest = "".join(parts[3:])
    where = re.split(r"\s*[,;]\s*" if re.search("[,;]", rest) else r"\s+", rest, maxsplit=1) if rest else []
    return {"x": x, "y": y, "z": z, **dict(zip(("frame", "unit"), where, strict=False))}
