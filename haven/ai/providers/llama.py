"""The local tier: llama.cpp in this process, one owner thread a model, several people served at once."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import importlib.metadata
import importlib.util
import logging
import os
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import cache, partial
from pathlib import Path

from haven.ai.models.weights import sha256_of
from haven.ai.money.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama_batch import Batch
from haven.ai.providers.llama_call import Outbox, new_job
from haven.ai.providers.llama_native import NativeModel, Stopped
from haven.ai.providers.llama_prefix import PrefixFolder
from haven.ai.providers.llama_prompt import CHATML, ChatTemplate
from haven.ai.providers.llama_vector import Embedder
from haven.ai.task import Delta, Queued, Tier
from haven.errors import HavenError, ModelError, Unavailable

log = logging.getLogger("haven.llama")

REINSTALL = "Run: haven models install"
_sound: set[tuple[object, ...]] = set()
"""Files (device, inode, time, size, sha256) whose hash this process has checked."""


@cache
def _is_installed() -> bool:
    return importlib.util.find_spec("llama_cpp") is not None


class LlamaProvider:
    """One model file. It loads on first use; `sha256` (if known) is checked before llama.cpp sees the file.

    `threads`: 0 means cores - 1; `batch_threads` for steps of several tokens: 0 means the same. `size`: bytes, 0 if
    unknown.
    `seats`: how many are served at once; more wait. `context_tokens` is for each of them: a longer prompt loses the
    middle of its longest turn, visibly marked. With a schema the reply is always JSON that satisfies it, or ModelError.
    `prefix_folder` keeps what was computed for the first part of `Call.system`, which must be Haven's own words, in at
    most `prefix_mb` MB (10^6 bytes), across restarts; nothing else of a call is ever written to the disk.
    `trouble`, why it must not be used and the mend, is what `missing()` says.
    """

    tier = Tier.LOCAL
    price: Prices | None = None
    recipient = ""
    stand_in = False

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        sha256: str = "",
        template: ChatTemplate = CHATML,
        threads: int = 0,
        context_tokens: int = 4096,
        size: int = 0,
        seats: int = 4,
        batch_threads: int = 0,
        gpu_layers: int = 0,
        gpu_memory_mb: int = 0,
        prefix_folder: Path | None = None,
        prefix_mb: int = 256,
        trouble: str = "",
    ) -> None:
        self.name = name
        self._trouble = trouble
        self.model = f"{name}@{sha256[:12]}" if sha256 else name
        self._path, self._name, self._sha256, self._size = path, name, sha256, size
        self._template, self._context_tokens, self._seats = template, context_tokens, seats
        self._threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        self._batch_threads, self._gpu = batch_threads, (gpu_layers, gpu_memory_mb)
        self._prefix_folder, self._prefix_mb = prefix_folder, prefix_mb
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._last: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._native: NativeModel | None = None
        self._batch: Batch | None = None
        self._embedder: Embedder | None = None
        self._folder: PrefixFolder | None = None
        self._alone: object = None
        self._closed = False
        self._open = 0
        self._looked_at, self._magic = (0, 0, 0), b""

    def missing(self) -> str:
        """Why it can't be used now, with the mend, in one line; "" when it can. Opens the file only where it is new."""
        if self._trouble:
            return self._trouble
        if not _is_installed():
            return "llama-cpp-python is not installed, so no local model runs. Run: make setup"
        try:
            found = self._path.stat()
            if (version := (found.st_ino, found.st_mtime_ns, found.st_size)) != self._looked_at:
                with self._path.open("rb") as file:
                    self._magic, self._looked_at = file.read(4), version
        except FileNotFoundError:
            return f"The local model {self._name} is not installed. {REINSTALL} {self._name}"
        except OSError as error:
            return f"The local model {self._name} can't be read ({error.strerror}). {REINSTALL} {self._name}"
        if self._magic != b"GGUF" or (self._size and found.st_size != self._size):
            return f"The file of the local model {self._name} is damaged. {REINSTALL} {self._name}"
        return ""

    @property
    def loaded(self) -> bool:
        return self._native is not None

    @property
    def busy(self) -> bool:
        """Whether a reply or a vector is being made or waited for."""
        return self._open > 0

    @property
    def memory_mb(self) -> int:
        """MB (10^6 bytes) in use: weights and parked states as they are, the context by estimate; 0 when not loaded."""
        native, batch = self._native, self._batch
        return (native.size + (batch.parked.bytes if batch else 0)) // 1_000_000 if native else 0

    async def load(self) -> None:
        """Load now instead of at the first call. Raises Unavailable (no file) or ModelError (a bad one)."""
        await self._on_thread(self._loaded)

    async def unload(self) -> None:
        """Give the memory back once what waits is done; the next call loads again."""
        if self._thread is not None and not self._closed:
            await self._on_thread(self._drop, last=True)

    async def close(self) -> None:
        """Stop what runs and what waits, free the model, end the thread; harmless twice."""
        await asyncio.to_thread(self._end)

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Queued | Finish, None]:
        """Deltas, then one Finish. Closing the iterator stops the reply: within one node of the model's graph where it
        is alone, else with the step that computes for the others too. Raises Unavailable where too many wait already.
        """
        outbox = Outbox(call)
        self._submit(partial(self._enter, call, outbox))
        self._open += 1
        try:
            async for item in outbox.items():
                yield item
        finally:
            self._open -= 1
            self._cancel(outbox)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length 1 for each text, pooled as the model says, else the mean; beside replies that are written.

        A text longer than 512 tokens is cut. Raises Unavailable or ModelError as `generate` does.
        """
        vectors: list[list[float]] = []
        self._open += 1
        try:
            for text in texts:  # each a work of its own, so that nobody waits for all of them
                await self._on_thread(partial(self._embed, text, vectors))
        finally:
            self._open -= 1
        return vectors

    def _submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                raise Unavailable("The local model is closed.", retry=False)
            if self._thread is None:
                # A daemon ended by atexit: a forgotten close() neither hangs the exit nor leaves llama.cpp running.
                self._thread = threading.Thread(target=self._own, name=f"llama {self._name}", daemon=True)
                self._thread.start()
                atexit.register(self._end)
            self._inbox.put(work)

    async def _on_thread(self, work: Callable[[], object], *, last: bool = False) -> None:
        """Run between two steps, or with `last` when nothing runs or waits any more."""
        future: concurrent.futures.Future[None] = concurrent.futures.Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                work()
            except Exception as error:
                future.set_exception(_told(error))
            else:
                future.set_result(None)

        self._submit(partial(self._last.append, run) if last else run)
        await asyncio.wrap_future(future)

    def _cancel(self, outbox: Outbox) -> None:
        outbox.cancelled = True
        with self._lock:
            if self._alone is outbox and self._native is not None:
                self._native.abort()

    def _end(self) -> None:
        with self._lock:
            self._closed = True
            thread = self._thread
            if self._native is not None:
                self._native.abort()
        if thread is not None:
            self._inbox.put(None)
            thread.join()
            atexit.unregister(self._end)

    # What follows runs on the owner thread.

    def _own(self) -> None:
        while True:
            busy = self._batch is not None and self._batch.busy
            try:
                work = self._inbox.get(block=not busy and not self._last)
            except queue.Empty:
                if busy:
                    self._step()
                else:
                    self._last.pop(0)()
                continue
            if work is None:
                break
            work()
        self._drop()
        for work in self._last:
            work()

    def _step(self) -> None:
        batch, native = self._batch, self._native
        assert batch is not None and native is not None
        with self._lock:
            self._alone = alone = batch.alone
            native.abort(self._closed or (alone is not None and alone.cancelled))
        try:
            batch.step()
        except Stopped:
            pass  # whoever wanted it is seen to by the next step, or by the end
        except Exception as error:
            batch.end(_told(error))
        finally:
            with self._lock:
                self._alone = None

    def _drop(self) -> None:
        with self._lock:
            native, self._native = self._native, None
        batch, self._batch = self._batch, None
        if batch is not None:
            batch.end(Unavailable("The local model was stopped.", "Ask again."))
        if self._folder is not None:
            self._folder.close()
        if self._embedder is not None:
            self._embedder.close()
        self._embedder = None
        if native is not None:
            native.close()

    def _loaded(self) -> NativeModel:
        if self._native is not None:
            return self._native
        if self._closed:
            raise Unavailable("The local model was stopped.", "Ask again.")
        if reason := self.missing():
            raise Unavailable(reason, retry=False)
        self._check()
        native = NativeModel(
            self._path,
            threads=self._threads,
            context_tokens=self._context_tokens,
            seats=self._seats,
            batch_threads=self._batch_threads,
            gpu_layers=self._gpu[0],
            gpu_memory_mb=self._gpu[1],
        )
        if self._folder is None:
            identity = f"{self.model} {self._path.stat().st_size} {importlib.metadata.version('llama-cpp-python')}"
            self._folder = PrefixFolder(self._prefix_folder, identity, self._prefix_mb)
        self._batch = Batch(native, self._folder)
        with self._lock:
            self._native = native
        return native

    def _enter(self, call: Call, outbox: Outbox) -> None:
        """From the inbox to those who wait; the model loads where it is not."""
        try:
            if outbox.cancelled:
                return
            native = self._loaded()
            assert self._batch is not None
            self._batch.add(new_job(native, self._template, call, outbox, self.model))
        except Exception as error:
            outbox.failed(_told(error))

    def _embed(self, text: str, vectors: list[list[float]]) -> None:
        native = self._loaded()
        if self._embedder is None:
            self._embedder = Embedder(native, self._batch_threads or self._threads)
        vectors.append(self._embedder.vector(text))

    def _check(self) -> None:
        """Hash the file, once a process for each version of it. Raises ModelError where it is not what it should be."""
        try:
            found = self._path.stat()
            version = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, self._sha256)
            if not self._sha256 or version in _sound:
                return
            digest = sha256_of(self._path)
        except OSError as error:
            said = f"The file of the local model {self._name} can't be read: {error.strerror or error}."
            raise ModelError(said, f"{REINSTALL} {self._name}") from None
        if digest != self._sha256:
            raise ModelError(f"The file of the local model {self._name} is damaged.", f"{REINSTALL} {self._name}")
        _sound.add(version)


def _told(error: Exception) -> HavenError:
    """The sentence for whoever waits; what nobody foresaw stands in the log with its trace."""
    if isinstance(error, HavenError):
        return error
    log.error("the local model failed", exc_info=error)
    why = ": ".join(filter(None, (type(error).__name__, str(error).rstrip("."))))
    return ModelError(f"The local model failed: {why}.", "Ask again.")
