"""Secrets in what people write, propose and import: taken out before anything is kept or shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from haven.errors import BadInput
from haven.redact import PLACEHOLDER, redact
from haven.world.schema import CLASSES, Thing

REFERENCES = frozenset({"id", "kind", "parent", "links", "glyphs", "found", "position"})
"""Fields whose words are checked or given by Haven, and which nobody hides a secret in."""
SHORTEST = 10
"""Characters of a text that can hold a label with a secret, or a key."""
TOGETHER = 500
"""Records that are looked through in one go: nearly none holds a secret, and to begin anew for each takes longer."""
SEAM = "\n" + " " * 20
"""Between texts that are looked through together: a label at the end of one is not beside a value of the next."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A record without its secrets, and the kinds of what was taken out, sorted; () for nearly all."""

    thing: Thing
    kinds: tuple[str, ...] = ()


def masked(things: Sequence[Thing]) -> list[Masked]:
    """The records with placeholders such as `<API_KEY_1>` for secrets, in their order.

    Raises BadInput where a field has no room for a placeholder.
    """
    made: list[Masked] = []
    for start in range(0, len(things), TOGETHER):
        some = things[start : start + TOGETHER]
        whole = SEAM.join({text for thing in some for text in _texts(thing) if len(text) >= SHORTEST})
        made += map(Masked, some) if redact(whole) == whole else map(_masked, some)
    return made


def kinds_of(some: Sequence[Masked]) -> tuple[str, ...]:
    """The kinds of all that was taken out of these, sorted."""
    return tuple(sorted({kind for one in some for kind in one.kinds}))


def masked_text(text: str) -> tuple[str, tuple[str, ...]]:
    """The same for a person's own words."""
    found: set[str] = set()
    return _without(text, found), tuple(sorted(found))


def was_masked(kinds: Sequence[str]) -> str:
    """What whoever wrote it is told."""
    return f"It held a secret ({', '.join(kinds)}), which was masked. Replace it where it is used."


def _texts(thing: Thing) -> Iterator[str]:
    """All that people may have typed, a field or a pair of words a piece."""
    for name, value in thing:
        if not value or name in REFERENCES:
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (f"{key}: {one}" for key, one in value.items())
        elif isinstance(value, tuple):
            yield from value


def _masked(thing: Thing) -> Masked:
    found: set[str] = set()
    fields = thing.model_dump(exclude=set(REFERENCES), exclude_defaults=True)
    changed = {name: new for name, value in fields.items() if (new := _without(value, found)) != value}
    if not changed:
        return Masked(thing)
    try:
        made = CLASSES[thing.kind].model_validate(thing.model_dump() | changed)
    except ValidationError:  # a placeholder may be longer than what it stands for
        raise BadInput("This holds secrets, and is too long with placeholders for them.", "Take them out.") from None
    return Masked(made, tuple(sorted(found)))  # type: ignore[arg-type]


def _without(value: Any, found: set[str]) -> Any:
    """What holds no text is given back as it is."""
    if isinstance(value, str):
        new = redact(value)
        if new != value:
            found |= {match["kind"].lower().replace("_", " ") for match in PLACEHOLDER.finditer(new)}
        return new
    if isinstance(value, dict):
        return dict(_pair(key, one, found) for key, one in value.items())
    if isinstance(value, list | tuple):
        return type(value)(_without(one, found) for one in value)
    return value


def _pair(key: str, value: Any, found: set[str]) -> tuple[str, Any]:
    """A field of its own: its name may be the label that betrays its value."""
    before = f"{key}: "
    if isinstance(value, str) and (both := _without(before + value, found)).startswith(before):
        return key, both.removeprefix(before)
    return _without(key, found), _without(value, found)
