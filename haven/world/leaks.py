"""Secrets in what people propose: taken out before anything is kept or shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from haven.errors import BadInput
from haven.redact import PLACEHOLDER, redact
from haven.world.schema import CLASSES, Thing

REFERENCES = frozenset({"id", "kind", "parent", "links", "glyphs", "found"})
"""Fields whose words are checked or given by Haven, and which nobody hides a secret in."""


def masked(things: Sequence[Thing]) -> tuple[list[Thing], tuple[str, ...]]:
    """The records with placeholders such as `<API_KEY_1>` for secrets, and the kinds of what was taken out, sorted.

    Raises BadInput where a field has no room for a placeholder.
    """
    found: set[str] = set()
    return [_masked(thing, found) for thing in things], tuple(sorted(found))


def masked_text(text: str) -> tuple[str, tuple[str, ...]]:
    """The same for a person's own words."""
    found: set[str] = set()
    return _without(text, found), tuple(sorted(found))


def _masked(thing: Thing, found: set[str]) -> Thing:
    fields = thing.model_dump(exclude=set(REFERENCES), exclude_defaults=True)
    changed = {name: new for name, value in fields.items() if (new := _without(value, found)) != value}
    if not changed:
        return thing
    try:
        return CLASSES[thing.kind].model_validate(thing.model_dump() | changed)  # type: ignore[return-value]
    except ValidationError:  # a placeholder may be longer than what it stands for
        raise BadInput("This holds secrets, and is too long with placeholders for them.", "Take them out.") from None


def _without(value: Any, found: set[str]) -> Any:
    """What holds no text is given back as it is."""
    if isinstance(value, str):
        new = redact(value)
        if new != value:
            found |= {match["kind"].lower().replace("_", " ") for match in PLACEHOLDER.finditer(new)}
        return new
    if isinstance(value, dict):
        return {_without(key, found): _without(one, found) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_without(one, found) for one in value)
    return value
