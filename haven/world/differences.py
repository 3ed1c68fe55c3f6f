"""What differs between two states of a record, field by field, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from haven.world.fields import fields_of, shown
from haven.world.schema import Thing

AROUND = 40
"""Characters before what differs in a long text, so that one sees where it is."""


@dataclass(frozen=True)
class Difference:
    """One field of one record: "" is a field that nobody filled in."""

    field: str
    before: str
    after: str
    record: str = ""
    """What it is a field of: `planet Meridian`; with ", new" for one that is not there yet."""
    thing: str = ""
    """The record's id."""

    def short(self, most: int = 160) -> tuple[str, str]:
        """Both values in at most so many characters each: of long ones, the part that differs."""
        if max(len(self.before), len(self.after)) <= most:
            return self.before, self.after
        pairs = enumerate(zip(self.before, self.after, strict=False))
        same = next((at for at, (old, new) in pairs if old != new), min(len(self.before), len(self.after)))
        start = max(0, same - AROUND)
        return _cut(self.before, start, most), _cut(self.after, start, most)


def differences(before: Thing | None, after: Thing, names: Mapping[str, str] | None = None) -> list[Difference]:
    """What differs, in the order of the fields; `names` gives parents and links, by id, the names that people know."""
    known = names or {}
    record = f"{after.kind.value} {after.name}" + (", new" if before is None else "")
    found = []
    for field in fields_of(after.kind):
        old = _value(before, field, known) if before is not None else ""
        new = _value(after, field, known)
        if old != new:
            found.append(Difference(field, old, new, record, after.id))
    return found


def _value(thing: Thing, field: str, names: Mapping[str, str]) -> str:
    value = getattr(thing, field, "")
    if field == "parent" and value in names:
        return f"{names[value]} ({value})"
    if field == "links":
        value = tuple(f"{names[link]} ({link})" if link in names else link for link in value)
    return shown(value)


def _cut(text: str, start: int, most: int) -> str:
    piece = text[start : start + most]
    return f"{'…' if start else ''}{piece}{'…' if start + most < len(text) else ''}"
