"""The models that Haven knows, which of them are on this disk, and how they get there, get checked and leave."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from haven.ai.models import hub
from haven.ai.models.catalogue import Model, read
from haven.ai.models.drawer import Drawer, Pin, pin_of
from haven.ai.models.trial import Validation, attempt
from haven.ai.models.weights import (
    Arrived,
    Hub,
    Progress,
    Pypi,
    Wanted,
    adopt,
    cache_file,
    fetch,
    link_or_copy,
    sha256_of,
)
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.llama_prompt import ChatTemplate
from haven.errors import ModelError, NotFound, Unavailable

MB = 1_000_000
SPARE_MB = 100
"""Room that an installation leaves free on the disk."""


@dataclass(frozen=True)
class Shelf:
    """A model and whether it is on this disk."""

    model: Model
    installed: bool
    path: Path
    pin: Pin | None = None

    @property
    def verified(self) -> bool:
        """Its sha256 stands in the catalogue, and the file was checked against it when it came."""
        return self.installed and bool(self.model.sha256)

    @property
    def trust(self) -> str:
        """`verified`, `pinned` (the file that was installed is known) or `unverified` (nobody has hashed it here).

        "" where nothing is installed and the catalogue names the hash that it will be checked against.
        """
        if not self.installed:
            return "" if self.model.sha256 else "unverified"
        return "verified" if self.verified else "pinned" if self.pin else "unverified"


@dataclass(frozen=True)
class Update:
    """What an update, or the way back from one, did; `pin` is what lies there now."""

    changed: bool
    pin: Pin | None
    sentence: str


class Registry:
    """The catalogue that ships with Haven, the owner's own beside the weights, and the weights in `state_dir/models`.

    `catalogue` replaces the shipped one. Raises SettingsError for a catalogue that can't be read. `token`, where a
    method takes one, opens gated models of the hub.
    """

    def __init__(self, state_dir: Path, catalogue: Path | None = None) -> None:
        self._folder = state_dir / "models"
        self.models: dict[str, Model] = {}
        shipped = Path(str(files("models") / "catalogue.toml"))
        templates: dict[str, ChatTemplate] = {}
        for file in (catalogue or shipped, self._folder / "catalogue.toml"):
            if file.is_file():
                self.models |= read(file, templates)

    def get(self, name: str) -> Model:
        """Raises NotFound, naming the models that there are."""
        if name not in self.models:
            raise NotFound(f"There is no model called {name!r}.", f"There are: {', '.join(self.models)}.")
        return self.models[name]

    def path(self, name: str) -> Path:
        """Where the weights lie or will lie."""
        return self._drawer(name).weights

    def sha256(self, name: str) -> str:
        """What the file must have: by the catalogue, else by its pin, else "". Raises ModelError for a spoilt pin."""
        return _known(self.get(name), self._drawer(name).pin())[0]

    def shelf(self, name: str) -> Shelf:
        model, drawer, pin = self.get(name), self._drawer(name), None
        size = drawer.weights.stat().st_size if drawer.weights.is_file() else 0
        with suppress(ModelError):  # a spoilt pin is said where the file is used
            pin = drawer.pin()
        return Shelf(model, size > 0 and _known(model, pin)[1] in (0, size), drawer.weights, pin)

    def list(self) -> tuple[Shelf, ...]:
        """Every model, in the catalogue's order."""
        return tuple(self.shelf(name) for name in self.models)

    def fits(self, memory_mb: float, disk_mb: float) -> tuple[Model, ...]:
        """The models that run in this much memory and, if not yet installed, go on this much disk; the ablest first."""
        fitting = [
            shelf.model
            for shelf in self.list()
            if shelf.model.ram_mb <= memory_mb and (shelf.installed or shelf.model.disk_mb <= disk_mb)
        ]
        return tuple(sorted(fitting, key=lambda model: model.ram_mb, reverse=True))

    def provider(self, name: str, *, context_tokens: int = 4096, **options: Any) -> LlamaProvider:
        """The way to this model, usable or not (its `missing()` tells); `options` as LlamaProvider takes them."""
        model, drawer, pin, trouble = self.get(name), self._drawer(name), None, ""
        try:
            pin = drawer.pin()
        except ModelError as error:
            trouble = error.full
        sha256, size = _known(model, pin)
        return LlamaProvider(
            drawer.weights,
            name=name,
            sha256=sha256,
            template=model.template,
            context_tokens=min(context_tokens, model.context),
            size=size,
            trouble=trouble,
            **options,
        )

    async def install(self, name: str, progress: Progress | None = None, token: str | None = None) -> Path:
        """Bring the weights here, or keep them where they are right already; returns where they lie.

        Raises Unavailable (no network, no room), NotFound (the hub has no such file) or ModelError (a wrong file, or
        another one than was pinned). What a cut download brought is kept for the next try; nothing else stays behind.
        """
        model, drawer = self.get(name), self._drawer(name)
        pin = await asyncio.to_thread(drawer.pin_or_forget if model.sha256 else drawer.pin)
        sha256, size = _known(model, pin)
        if await asyncio.to_thread(_sound, drawer.weights, sha256, size):
            return drawer.weights
        async with self._workspace(model) as temp:
            arrived = await asyncio.to_thread(adopt, sha256, size, temp)
            if arrived is None:
                arrived = await self._fetch(model, pin, temp, progress, token)
            await asyncio.to_thread(drawer.put, arrived, model.source)
        if model.sha256:
            await asyncio.to_thread(_share, drawer.weights, model.sha256)
        if progress is not None:
            progress(arrived.bytes, arrived.bytes)
        return drawer.weights

    async def update(self, name: str, progress: Progress | None = None, token: str | None = None) -> Update:
        """Fetch the newest file of the source, try it, and only then put it in the place of the old one, which is kept.

        Raises as `install` does, NotFound where nothing is installed, and ModelError where the new file does not work.
        """
        model, drawer = self.get(name), self._drawer(name)
        if not drawer.weights.is_file():
            raise NotFound(f"{model.title} is not installed.", f"Run: haven models install {name}")
        pin = await asyncio.to_thread(drawer.pin)
        if model.sha256 or isinstance(model.source, Pypi):
            return Update(False, pin, f"The catalogue fixes {model.title} to one file: there is nothing newer.")
        present = await asyncio.to_thread(sha256_of, drawer.weights)
        async with self._workspace(model) as temp:
            arrived = await self._newest(model, present, temp, progress, token)
            if arrived is None or arrived.sha256 == present:
                return Update(False, pin, f"{model.title} is the newest already.")
            tried = await attempt(model, arrived.file, "")
            if not tried.answers:
                await asyncio.to_thread(arrived.file.unlink)
                raise ModelError(f"The new {model.title} was not taken: {tried.sentence}", "The one before stays.")
            if pin is None:
                pin = pin_of(Arrived(drawer.weights, present, drawer.weights.stat().st_size), model.source)
            replaced = pin if pin.sha256 == present else None  # a damaged file is not worth keeping
            now = await asyncio.to_thread(drawer.put, arrived, model.source, replaced)
        return Update(
            True, now, f"{model.title} is new, and works. The way back: haven models update {name} --rollback"
        )

    async def rollback(self, name: str) -> Update:
        """Change places with the file before the last update. Raises NotFound (none kept) or ModelError (damaged)."""
        model, drawer = self.get(name), self._drawer(name)
        pin = await asyncio.to_thread(drawer.pin)
        if pin is None or pin.previous is None or not drawer.previous.is_file():
            raise NotFound(f"No earlier file of {model.title} is kept.")
        if await asyncio.to_thread(sha256_of, drawer.previous) != pin.previous.sha256:
            raise ModelError(f"The earlier file of {model.title} is damaged.", "The one in use stays.")
        now = await asyncio.to_thread(drawer.swap, pin)
        return Update(True, now, f"{model.title} is the earlier file again, installed {now.when}.")

    async def remove(self, name: str) -> None:
        """Delete the weights, in the shared cache too, and all that was kept of them. Raises NotFound."""
        model, drawer = self.get(name), self._drawer(name)
        if await asyncio.to_thread(lambda: drawer.is_empty):
            raise NotFound(f"{model.title} is not installed.")
        await asyncio.to_thread(drawer.empty)
        if model.sha256:
            await asyncio.to_thread(cache_file(model.sha256).unlink, missing_ok=True)

    async def validate(self, name: str) -> Validation:
        """Hash the file, load it and ask it one question; raises nothing but NotFound for an unknown name."""
        model = self.get(name)
        try:
            expected = self.sha256(name)
        except ModelError as error:
            return Validation(False, False, False, 0.0, error.full)
        tried = await attempt(model, self.path(name), expected)
        if tried.hash_ok is None and tried.answers:
            return replace(tried, sentence=f"{tried.sentence} No sha256 is known for it, so the file is unverified.")
        return tried

    def _drawer(self, name: str) -> Drawer:
        return Drawer(self._folder, self.get(name).name)

    async def _fetch(
        self, model: Model, pin: Pin | None, temp: Path, progress: Progress | None, token: str | None
    ) -> Arrived:
        """The file of the catalogue or the pin, or whatever is newest where neither names one."""
        source, (sha256, size) = model.source, _known(model, pin)
        if not isinstance(source, Hub):
            return await fetch(Wanted(model.title, source, sha256, size), temp, progress)
        found = await hub.look(model.title, source, (pin and pin.revision) or hub.NEWEST, token)
        if sha256 and found.sha256 not in ("", sha256):
            raise hub.changed(model.title, model.name, found)
        found = replace(found, sha256=found.sha256 or sha256)
        return await hub.bring(model.title, source, found, self._drawer(model.name).parts, progress, token)

    async def _newest(
        self, model: Model, present: str, temp: Path, progress: Progress | None, token: str | None
    ) -> Arrived | None:
        """None where the hub says that what is here is the newest."""
        source = model.source
        if not isinstance(source, Hub):
            return await fetch(Wanted(model.title, source, "", 0), temp, progress)
        found = await hub.look(model.title, source, hub.NEWEST, token)
        if found.sha256 == present:
            return None
        return await hub.bring(model.title, source, found, self._drawer(model.name).parts, progress, token)

    @asynccontextmanager
    async def _workspace(self, model: Model) -> AsyncIterator[Path]:
        temp = await asyncio.to_thread(self._make_room, model)
        try:
            yield temp
        finally:
            # Not awaited: a cancelled installation must not leave its scratch behind, and it is a few files.
            shutil.rmtree(temp, ignore_errors=True)

    def _make_room(self, model: Model) -> Path:
        needed = model.disk_mb * (2 if isinstance(model.source, Pypi) else 1) + SPARE_MB
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob(".install-*"):
                if not _at_work(left):
                    shutil.rmtree(left, ignore_errors=True)
            free = shutil.disk_usage(self._folder).free // MB
            if free < needed:
                raise Unavailable(
                    f"The disk has too little room for {model.title}: it needs {needed} MB, and {free} MB are free.",
                    "Make room and try again.",
                    retry=False,
                )
            return Path(tempfile.mkdtemp(prefix=f".install-{os.getpid()}-", dir=self._folder))
        except OSError as error:
            raise Unavailable(f"{self._folder} can't be written: {error.strerror}.", retry=False) from None


def _at_work(scratch: Path) -> bool:
    """Whether the process that made it still lives; one that was killed could not take it away."""
    return Path("/proc", scratch.name.removeprefix(".install-").partition("-")[0]).exists()


def _known(model: Model, pin: Pin | None) -> tuple[str, int]:
    """The sha256 and the size that the file must have, as far as anybody named them."""
    if model.sha256 or pin is None:
        return model.sha256, model.bytes
    return pin.sha256, pin.bytes


def _sound(path: Path, sha256: str, size: int) -> bool:
    if not path.is_file() or size not in (0, path.stat().st_size):
        return False
    return not sha256 or sha256_of(path) == sha256


def _share(path: Path, sha256: str) -> None:
    """Put verified weights into the cache that all state directories share."""
    shared = cache_file(sha256)
    with suppress(OSError):
        shared.parent.mkdir(parents=True, exist_ok=True)
        if not shared.exists() or shared.stat().st_size != path.stat().st_size:
            shared.unlink(missing_ok=True)
            link_or_copy(path, shared)
