"""What an answer is: its text, and the records that each fact of it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field

from haven.world.schema import Kind, Thing


@dataclass(frozen=True)
class Row:
    """One record that the answer rests on; `value` says what of it counts."""

    id: str
    name: str
    kind: Kind
    value: str = ""


@dataclass(frozen=True)
class Answer:
    """`recorded` is false where nothing is recorded to answer with; `choices`: the person must say which is meant."""

    text: str
    rows: tuple[Row, ...] = ()
    query: str = ""
    recorded: bool = True
    choices: tuple[Row, ...] = ()
    route: tuple[str, ...] = ()
    """Ids of the stops, for a map."""
    measured: bool = True
    """False: nobody can measure it, as where a place has no position."""
    data: dict[str, float] = field(default_factory=dict)
    """Numbers by name: `count`, `distance`, `jumps`, `length`."""


def row(thing: Thing, value: str = "") -> Row:
    return Row(thing.id, thing.name, thing.kind, value)
