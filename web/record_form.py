"""A record of the world as a form: a field for each of the schema's, and what of it somebody has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from haven.world import vocabulary
from haven.world.fields import fields_of
from haven.world.rules import PARENTS
from haven.world.schema import CLASSES, MAX_NAME, MAX_TEXT, Found, Kind, Point, Record, Thing

BEFORE = "of."
"""How the names of these fields begin in a form, so that none of them is taken for another."""
LONG = ("text", "notes")
HELP = {
    "position": "Three numbers x, y, z; then the frame and its unit where they are not the map's: 1, 2, 3, sun, pc",
    "glyphs": "Portal glyphs: twelve hex digits, the planet first",
    "links": "Records by id or name, one a line",
    "properties": "What no other field holds, one a line: colour: teal",
    "measures": "Numbers with their unit in the name, one a line: radius_jupiter: 0.9",
    "when": "As in 0007-01-02, or the year it tells of first",
    "mystery": "0 to 5; 0: nobody rated it",
    "confidence": "0 to 1",
    "photo": "Where a picture of it is",
    "source": "Where this is known from",
    "place": "Its name, where that is no record",
}


@dataclass(frozen=True)
class Field:
    """`look`: line, lines, text, choice, tick; `words` are offered while one types, or are the choices."""

    name: str
    look: str
    value: str
    help: str = ""
    words: tuple[str, ...] = ()
    required: bool = False
    most: int = 2_000

    @property
    def key(self) -> str:
        """Its name in the form."""
        return BEFORE + self.name

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()


def form_of(kind: Kind, thing: Thing | None, typed: Mapping[str, str]) -> list[Field]:
    """The fields with what is recorded, or with what was typed already: first those that its kind has of its own."""
    common = [name for name in fields_of(kind) if name in Record.model_fields and name != "name"]
    own = [name for name in fields_of(kind) if name not in common]
    return [_field(kind, name, thing, typed.get(BEFORE + name)) for name in (*own, *common)]


def changes_of(kind: Kind, thing: Thing | None, typed: Mapping[str, str]) -> dict[str, str]:
    """Field by field what is typed now and was not shown before: the rest stays as it is, to the last digit."""
    found = {}
    for name in fields_of(kind):
        is_tick = _look(kind, name) == "tick"
        if not is_tick and BEFORE + name not in typed:
            continue
        text = typed.get(BEFORE + name, "").replace("\r\n", "\n").strip()
        if text != _text(thing, name).strip():
            found[name] = text
    return found


def _field(kind: Kind, name: str, thing: Thing | None, typed: str | None) -> Field:
    look = _look(kind, name)
    words = tuple(one.value for one in Found) if name == vocabulary.FOUND else vocabulary.words(name)
    most = MAX_NAME if name == "name" else MAX_TEXT if look in ("text", "lines") else 500
    required = CLASSES[kind].model_fields[name].is_required()
    value = _text(thing, name) if typed is None else typed
    return Field(name, look, value, _help(kind, name, words, look), words, required, most)


def _look(kind: Kind, name: str) -> str:
    default: Any = CLASSES[kind].model_fields[name].default
    if name == vocabulary.FOUND:
        return "choice"
    if name in LONG:
        return "text"
    if isinstance(default, bool):
        return "tick"
    return "lines" if isinstance(default, tuple) or name in ("properties", "measures") else "line"


def _help(kind: Kind, name: str, words: tuple[str, ...], look: str) -> str:
    if name == "parent":
        return f"The {' or '.join(one.value for one in PARENTS[kind])} it belongs to, by id or name"
    if name in HELP:
        return HELP[name]
    if look == "lines":
        return f"One a line, such as {', '.join(words[:3])}" if words else "One a line"
    return ""


def _text(thing: Thing | None, name: str) -> str:
    """A field as it stands in the form, without loss."""
    if thing is None:
        return ""
    value, default = getattr(thing, name), CLASSES[thing.kind].model_fields[name].default
    if isinstance(value, Point):
        more = (value.frame, value.unit) if (value.frame, value.unit) != ("map", "units") else ()
        return ", ".join((*(f"{axis:.15g}" for axis in (value.x, value.y, value.z)), *more))
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_number(one)}" for key, one in value.items())
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None or value == default else _number(value)


def _number(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
