"""What an audit says: the records that it is about, what is odd, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from haven.world.schema import Thing

NAMED = 4
"""Records that a sentence names; the others are counted."""


class Oddity(StrEnum):
    OUTLIER = "outlier"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True)
class Finding:
    """One thing that a person should look at. `text` and `mend` are sentences that may hold other people's words."""

    oddity: Oddity
    ids: tuple[str, ...]
    text: str
    mend: str


def called(things: Sequence[Thing]) -> str:
    """Their names with their ids: `Venture (system-1) and Ventura (system-2)`."""
    names = [f"{one.name} ({one.id})" for one in things[:NAMED]]
    if len(things) > NAMED:
        names.append(f"{len(things) - NAMED} more")
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
