"""The tests of a round by class, the bad ones first, each with why it is there and what it said. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from haven.changes.review import BAD, MEANING, Level, by_class, class_said

QUIET = frozenset({"passing", "idle", "deselected"})
"""Classes that are folded until they are asked for."""
MOST = 400
"""Names shown of a class; the count tells of all."""


class Test(NamedTuple):
    """`note` says why it has its class; `said` is the end of what it printed. "" where there is none."""

    name: str
    note: str
    said: str


class Class(NamedTuple):
    """Tests that the change did the same to."""

    name: str
    """For people."""
    level: Level | None
    size: int
    tests: Sequence[Test]
    open: bool


def classes(tests: Mapping[str, Any]) -> list[Class]:
    """Those that have tests; the quiet ones last."""
    notes, said = (dict(tests.get(key) or {}) for key in ("notes", "said"))
    found = sorted(by_class(tests).items(), key=lambda one: one[0] in QUIET)
    return [
        Class(
            class_said(name),
            "alert" if name in BAD else "note" if name in MEANING else None if name in QUIET else "ok",
            len(ids),
            [Test(id, str(notes.get(id, "")), str(said.get(id, ""))) for id in ids[:MOST]],
            name not in QUIET,
        )
        for name, ids in found
        if ids
    ]
