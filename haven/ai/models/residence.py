"""Which local models are in memory: those to keep, the others on demand; the one unused the longest leaves first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
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
        self._users: Counter[str] = Counter()
        self._one_less = asyncio.Event()
        self._moving = asyncio.Lock()
        self._leaving = ""
        """The model that is being unloaded; whoever wants it back queues behind those it makes room for."""

    @asynccontextmanager
    async def using(self, model: Resident) -> AsyncIterator[None]:
        """The model is loaded, and stays so until the block ends. Raises as `enter` does."""
        await self.enter(model)
        self._users[model.name] += 1  # nothing is awaited since it was seen loaded, so that nobody came between
        try:
            yield
        finally:
            self._users[model.name] -= 1
            self._used[model.name] = self._clock()
            self._one_less.set()

    async def enter(self, model: Resident) -> None:
        """Load a model, after others have left where there is no room. Raises Unavailable where it can never fit.

        Models that are used are waited for. Raises what `load` raises.
        """
        self._used[model.name] = self._clock()
        if (model.loaded and model.name != self._leaving) or model.missing():
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
        async with self._moving:
            for model in self._leavers():
                idle = self._clock() - self._used[model.name]
                if self._idle_s and idle >= self._idle_s and not self._busy(model):
                    await self._unload(model)
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
            await self._unload(other)
            log.info("%s was unloaded to make room for %s", other.name, model.name)

    async def _unload(self, model: Resident) -> None:
        """Once those who use it are done; meanwhile nobody new comes in."""
        self._leaving = model.name
        try:
            while self._users[model.name]:
                self._one_less.clear()
                await self._one_less.wait()
            await model.unload()
        finally:
            self._leaving = ""

    def _busy(self, model: Resident) -> bool:
        return model.busy or self._users[model.name] > 0

    def _leavers(self) -> list[Resident]:
        """Those that may leave: the idle ones first, and of them the one unused the longest."""
        loaded = [one for one in self._here.values() if one.loaded and one.name not in self._keep]
        return sorted(loaded, key=lambda one: (self._busy(one), self._used[one.name]))
