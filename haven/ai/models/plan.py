"""Which models fit this machine's memory, alone and together, and which of them would be kept loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from haven.ai.models.catalogue import Model
from haven.ai.models.registry import MB, Shelf
from haven.ai.providers.llama_native import ROOM

MEMORY_SHARE = 0.5
"""Of the machine's memory that models may take: the system, test runs and the kiosk need the rest."""
UNTOLD_MB = 1000.0
"""Taken for the memory of a machine that does not tell it: what fits there fits on every one."""
WORKING_MB = 110
"""What llama.cpp takes beside weights and context; measured for SmolLM2 135M, larger models take somewhat more."""


@dataclass(frozen=True)
class Place:
    """One model in the plan; sizes in MB (10^6 bytes)."""

    name: str
    installed: bool
    weights_mb: int
    kv_mb: int
    """Keys and values of the whole context, which those share who are served at once."""
    needs_mb: int
    fits: bool
    """Alone, with nothing else loaded."""
    kept: bool
    """Loaded together with the others that are kept; the rest is loaded on demand, in place of one of them."""


@dataclass(frozen=True)
class Plan:
    memory_mb: int
    """What models may take here."""
    context_tokens: int
    places: tuple[Place, ...]

    @property
    def kept_mb(self) -> int:
        return sum(place.needs_mb for place in self.places if place.kept)


def room_mb(wished_mb: float, total_mb: float | None) -> float:
    """What models may take here: what the settings say, else a share of the machine's memory (None: it is not told)."""
    return wished_mb or (total_mb or UNTOLD_MB) * MEMORY_SHARE


def plan(
    shelves: Iterable[Shelf], memory_mb: float, context_tokens: int, seats: int = 1, keep: Collection[str] = ()
) -> Plan:
    """The models of `keep` and the persistent ones are kept first, then by priority, as long as there is room.

    `context_tokens` is for each of the `seats` (people served at once by one model), as the settings have it.
    """

    def rank(shelf: Shelf) -> tuple[bool, int]:
        return shelf.model.persistent or shelf.model.name in keep, shelf.model.priority

    room = memory_mb
    places = []
    for shelf in sorted(shelves, key=rank, reverse=True):
        weights, kv = _weights_mb(shelf), _kv_mb(shelf.model, context_tokens, seats)
        needs = max(weights + kv + WORKING_MB, 0 if kv else shelf.model.ram_mb)  # its context is unknown: by its word
        kept = needs <= room
        room -= needs if kept else 0
        places.append(Place(shelf.model.name, shelf.installed, weights, kv, needs, needs <= memory_mb, kept))
    return Plan(int(memory_mb), context_tokens, tuple(places))


def _weights_mb(shelf: Shelf) -> int:
    if shelf.installed:
        return round(shelf.path.stat().st_size / MB)
    return round(shelf.model.bytes / MB) or shelf.model.disk_mb


def _kv_mb(model: Model, context_tokens: int, seats: int) -> int:
    tokens = min(context_tokens, model.context) * (ROOM if seats > 1 else 1)
    return round(model.kv_bytes * tokens / MB)
