"""What was computed for a beginning is kept: in memory for every conversation, on the disk for Haven's own words only.

A prompt's turns are never written to the disk, and neither is a text that came only once: nothing of a private task can
get there by this way.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from haven.ai.providers.llama_native import State

log = logging.getLogger("haven.llama")

WORTH = 32
"""Tokens that are worth keeping or waiting for: fewer are computed as fast as they are fetched."""
MEMORY_MB = 128
"""MB (10^6 bytes) of parked sequences in memory: some 5,000 tokens of SmolLM2-135M or Qwen2.5-1.5B."""
MAGIC = b"HAVENKV1"
_DIGEST = 32


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two lists have in common from their beginning on."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


class Parked:
    """States of sequences in memory, the least recently used ones given up first."""

    def __init__(self, most: int = MEMORY_MB * 1_000_000) -> None:
        self._most, self.bytes = most, 0
        self._states: OrderedDict[tuple[int, ...], State] = OrderedDict()

    def put(self, tokens: Sequence[int], state: State) -> None:
        """Keep a state; those of its own beginnings are not needed any more."""
        key = tuple(tokens)
        for old in [old for old in self._states if common(old, key) == len(old)]:
            self.take(old)
        self._states[key] = state
        self.bytes += state.size
        while self.bytes > self._most:
            self.take(next(iter(self._states)))

    def find(self, tokens: Sequence[int], *, whole: bool = False) -> tuple[tuple[int, ...], int]:
        """The state with the longest common beginning, and how long that is; with `whole` all of it must be common."""
        best: tuple[tuple[int, ...], int] = ((), 0)
        for key in self._states:
            shared = common(key, tokens)
            if shared > best[1] and (not whole or shared == len(key)):
                best = (key, shared)
        return best

    def take(self, key: tuple[int, ...]) -> State | None:
        """Out of memory; None where it had to go meanwhile."""
        state = self._states.pop(key, None)
        self.bytes -= 0 if state is None else state.size
        return state


class PrefixFolder:
    """States of stable beginnings on the disk, at most `most_mb` MB (10^6 bytes), the least recently used go first.

    `identity` names the model, its weights and llama.cpp's version: what another one wrote is never found. A file that
    is damaged or is not what its name says is removed. Nothing is raised: without the folder all is computed again.
    """

    def __init__(self, folder: Path | None, identity: str, most_mb: int) -> None:
        self._folder, self._identity, self._most = folder, identity, most_mb * 1_000_000
        self._seen: set[str] = set()
        self._writer: threading.Thread | None = None

    def load(self, tokens: Sequence[int]) -> State | None:
        """The state of exactly these tokens, checked."""
        if self._folder is None:
            return None
        path = self._path(tokens)
        try:
            content = self._read(path)
        except FileNotFoundError:
            return None
        except OSError as error:  # what is there is a link, a pipe, a folder, too large or out of reach
            log.info("%s can't be used: %s", path.name, error)
            self.remove(tokens)
            return None
        header, state = content[: len(self._head(tokens, b""))].tobytes(), content[len(self._head(tokens, b"")) :]
        if header != self._head(tokens, hashlib.sha256(state.data).digest()):
            log.info("%s is damaged and is removed", path.name)
            self.remove(tokens)
            return None
        with suppress(OSError):
            os.utime(path)  # the time of last use, for `_trim`
        return state

    def _read(self, path: Path) -> State:
        """The file's content; never waits for whoever would write into a pipe. Raises OSError."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > self._most:
                raise OSError("it is no plain file of a size that is kept here")
            return np.fromfile(file, np.uint8, found.st_size)

    def remove(self, tokens: Sequence[int]) -> None:
        if self._folder is not None:
            with suppress(OSError):
                self._path(tokens).unlink(missing_ok=True)

    def wants(self, tokens: Sequence[int]) -> bool:
        """Whether this beginning should be saved: it is long enough, comes for the second time, and is not there."""
        if self._folder is None or len(tokens) < WORTH or (self._writer is not None and self._writer.is_alive()):
            return False
        name = self._path(tokens).name
        if name not in self._seen:
            self._seen.add(name)
            return False
        return not os.path.exists(self._path(tokens))  # Path.exists raises for a name that is too long

    def save(self, tokens: Sequence[int], state: State) -> None:
        """Write in a thread of its own, because a card takes a second for 23 MB; a full disk is only logged."""
        self._writer = threading.Thread(target=self._write, args=(list(tokens), state), name="llama prefix")
        self._writer.start()

    def close(self) -> None:
        """Wait for what is being written."""
        if self._writer is not None:
            self._writer.join()

    def _path(self, tokens: Sequence[int]) -> Path:
        return (self._folder or Path()) / f"{self._key(tokens).hex()}.kv"

    def _key(self, tokens: Sequence[int]) -> bytes:
        return hashlib.sha256(self._identity.encode() + b"\0" + np.array(tokens, np.int32).tobytes()).digest()

    def _head(self, tokens: Sequence[int], digest: bytes) -> bytes:
        return MAGIC + self._key(tokens) + digest.ljust(_DIGEST, b"\0")

    def _write(self, tokens: Sequence[int], state: State) -> None:
        assert self._folder is not None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._head(tokens, hashlib.sha256(state.data).digest()))
                    file.write(state.data)
                os.replace(name, self._path(tokens))  # not synced: a power cut leaves a file that `load` refuses
            finally:
                Path(name).unlink(missing_ok=True)
            self._trim()
        except OSError as error:
            log.info("a prefix was not kept on the disk: %s", error)

    def _trim(self) -> None:
        assert self._folder is not None
        files = sorted(((found := file.stat()).st_mtime, found.st_size, file) for file in self._folder.glob("*.kv"))
        total = sum(size for _, size, _ in files)
        for _, size, file in files:
            if total <= self._most:
                break
            file.unlink(missing_ok=True)
            total -= size
