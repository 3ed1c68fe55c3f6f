"""Which local models are in memory: those to keep, the others on demand; the one unused the longest leaves first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from haven.errors import HavenError, Unavailable

log = logging.getLogger("haven.residence")


class Resident(Protocol):
    """A model that can be loaded and unloaded; `memory_mb` is 0 while it is not loaded."""

    name: str

    @property
    def loaded(self) -> bool: ...

    @property
    def busy(self) -> bool: ...

    @property
    def memory_mb(self) -> int: ...

    def missing(self) -> str: ...

    async def load(self) -> None: ...

    async def unload(self) -> None: ...


class Residence:
    """Room for local models. All sizes in MB (10^6 bytes).

    `needs_mb` is the estimate for a model that is not loaded; `limit_mb` what all may take together; models of `keep`
    never leave to make room; the others leave after `idle_s` seconds without work (0: never).
    """

    def __init__(
        self,
        needs_mb: Mapping[str, int],
        limit_mb: float,
        keep: Collection[str] = (),
        idle_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._needs_mb, self._limit_mb = needs_mb, limit_mb
        self._keep, self._idle_s, self._clock = frozenset(keep), idle_s, clock
        self._used: dict[str, float] = {}
        self._here: dict[str, Resident] = {}
        self._moving = asyncio.Lock()

    async def enter(self, model: Resident) -> None:
        """Load a model, after others have left where there is no room. Raises Unavailable where it can never fit.

        Models that work are waited for. Raises what `load` raises.
        """
        self._used[model.name] = self._clock()
        if model.loaded or model.missing():
            return  # what is missing is told by the model itself, in better words
        async with self._moving:
            if not model.loaded:
                await self._make_room(model)
                await model.load()
                self._here[model.name] = model

    async def warm(self, models: Collection[Resident]) -> None:
        """Load the models to keep, one after the other; one that can't be loaded is logged and left."""
        for model in models:
            if model.name in self._keep:
                try:
                    await self.enter(model)
                except HavenError as error:
                    log.warning("[%s] %s could not be loaded: %s", error.id, model.name, error)

    async def unload_idle(self) -> None:
        """Unload what nobody has used for a while."""
        for model in self._leavers():
            idle = self._clock() - self._used[model.name]
            if self._idle_s and idle >= self._idle_s and not model.busy:
                async with self._moving:
                    await model.unload()
                log.info("%s was unloaded after %.0f s without work", model.name, idle)

    async def _make_room(self, model: Resident) -> None:
        needed = self._needs_mb.get(model.name, 0)
        staying = sum(one.memory_mb for one in self._here.values() if one.name in self._keep and one is not model)
        if needed + staying > self._limit_mb:
            kept = f", of which {staying} are taken by models that stay loaded" if staying else ""
            room = f"all models may take {self._limit_mb:.0f}{kept}"
            raise Unavailable(
                f"The local model {model.name} needs about {needed} MB; {room}.",
                "Raise models.memory_mb, or choose a smaller model: haven models plan",
                retry=False,
            )
        for other in self._leavers():
            if needed + sum(one.memory_mb for one in self._here.values()) <= self._limit_mb:
                return
            await other.unload()
            log.info("%s was unloaded to make room for %s", other.name, model.name)

    def _leavers(self) -> list[Resident]:
        """Those that may leave: the idle ones first, and of them the one unused the longest."""
        loaded = [one for one in self._here.values() if one.loaded and one.name not in self._keep]
        return sorted(loaded, key=lambda one: (one.busy, self._used[one.name]))
