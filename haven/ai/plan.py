"""Which models fit this machine's memory, alone and together, and which of them would be kept loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from haven.ai.catalogue import Model
from haven.ai.registry import MB, Shelf

MEMORY_SHARE = 0.5
"""Of the machine's memory that models may take: the system, test runs and the kiosk need the rest."""
WORKING_MB = 110
"""What llama.cpp takes beside weights and context; measured for SmolLM2 135M, larger models take somewhat more."""


@dataclass(frozen=True)
class Place:
    """One model in the plan; sizes in MB (10^6 bytes)."""

    name: str
    installed: bool
    weights_mb: int
    kv_mb: int
    """Keys and values of a full context."""
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


def plan(shelves: Iterable[Shelf], memory_mb: float, context_tokens: int) -> Plan:
    """Persistent models are kept first, then by priority, as long as there is room for them."""
    room = memory_mb
    places = []
    for shelf in sorted(shelves, key=lambda shelf: (shelf.model.persistent, shelf.model.priority), reverse=True):
        weights, kv = _weights_mb(shelf), _kv_mb(shelf.model, context_tokens)
        needs = weights + kv + WORKING_MB
        kept = needs <= room
        room -= needs if kept else 0
        places.append(Place(shelf.model.name, shelf.installed, weights, kv, needs, needs <= memory_mb, kept))
    return Plan(int(memory_mb), context_tokens, tuple(places))


def _weights_mb(shelf: Shelf) -> int:
    if shelf.installed:
        return round(shelf.path.stat().st_size / MB)
    return round(shelf.model.bytes / MB) or shelf.model.disk_mb


def _kv_mb(model: Model, context_tokens: int) -> int:
    return round(model.kv_bytes * min(context_tokens, model.context) / MB)
