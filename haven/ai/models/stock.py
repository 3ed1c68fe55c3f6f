"""The shelf as the faces show it: each model's size, what it needs, and what is in memory together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from haven.ai.models.plan import Place, Plan, plan, room_mb
from haven.ai.models.registry import MB, Registry, Shelf
from haven.health import memory_total_mb
from haven.settings import Models


@dataclass(frozen=True)
class Stock:
    """Every model of the catalogue, by name where it is said of each."""

    shelves: tuple[Shelf, ...]
    sizes: Mapping[str, str]
    """On the disk, in words."""
    places: Mapping[str, Place]
    """What each would need, and whether it fits, if all were here."""
    plan: Plan
    """Of what is here."""

    @property
    def kept(self) -> frozenset[str]:
        """Those that stay in memory."""
        return frozenset(one.name for one in self.plan.places if one.kept)


def stock(registry: Registry, wish: Models) -> Stock:
    """As it is now. Blocks: it reads the disk."""
    shelves = registry.list()
    memory = room_mb(wish.memory_mb, memory_total_mb())
    here = [one for one in shelves if one.installed]
    alone = plan(shelves, memory, wish.context_tokens, wish.seats, wish.keep)
    made = plan(here, memory, wish.context_tokens, wish.seats, wish.keep)
    sizes = {one.model.name: _size(one) for one in shelves}
    return Stock(shelves, sizes, {one.name: one for one in alone.places}, made)


def _size(one: Shelf) -> str:
    exact = one.path.stat().st_size if one.installed else one.model.bytes
    return f"{exact / MB:,.0f} MB" if exact else f"about {one.model.disk_mb:,} MB"
