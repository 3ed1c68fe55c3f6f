"""The local tier: llama.cpp in this process, one owner thread a model, people before background work."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import hashlib
import importlib.util
import itertools
import json
import logging
import os
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from haven.ai.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama_native import NativeModel, Stopped
from haven.ai.providers.llama_prompt import CHATML, ChatTemplate, encode
from haven.ai.providers.llama_reply import Wish, write
from haven.ai.task import Delta, Tier, Usage
from haven.errors import HavenError, ModelError, Unavailable

log = logging.getLogger("haven.llama")

LAST = 1_000_000
"""The priority of unloading and ending: after all that waits."""
REINSTALL = "Run: haven models install"


@cache
def _is_installed() -> bool:
    return importlib.util.find_spec("llama_cpp") is not None


class LlamaProvider:
    """One model file. It loads on first use; `sha256` (if known) is checked before llama.cpp sees the file.

    `threads`: 0 means cores - 1. `size`: bytes, 0 if unknown. A prompt longer than `context_tokens` loses the middle
    of its longest turn, visibly marked. With a schema the reply is always JSON that satisfies it, or ModelError.
    """

    tier = Tier.LOCAL
    price: Prices | None = None

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
    ) -> None:
        self.name = name
        self.model = f"{name}@{sha256[:12]}" if sha256 else name
        self._path, self._name, self._sha256, self._size = path, name, sha256, size
        self._template, self._context_tokens = template, context_tokens
        self._threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        self._queue: queue.PriorityQueue[tuple[int, int, Callable[[], None] | None]] = queue.PriorityQueue()
        self._serial = itertools.count()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._native: NativeModel | None = None
        self._running: _Outbox | None = None
        self._closed = False
        self._looked_at, self._magic = (0, 0, 0), b""
        self._random = np.random.default_rng()

    def missing(self) -> str:
        """Why it can't be used now, with the mend, in one line; "" when it can. Opens the file only where it is new."""
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

    async def load(self) -> None:
        """Load now instead of at the first call. Raises Unavailable (no file) or ModelError (a bad one)."""
        await self._on_thread(0, self._loaded)

    async def unload(self) -> None:
        """Give the memory back once what waits is done; the next call loads again."""
        if self._thread is not None and not self._closed:
            await self._on_thread(LAST, self._drop)

    async def close(self) -> None:
        """Stop what runs and what waits, free the model, end the thread; harmless twice."""
        await asyncio.to_thread(self._end)

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Finish, None]:
        """Deltas, then one Finish. Closing the iterator stops the model within one node of its graph."""
        outbox = _Outbox()
        self._submit(call.priority, partial(self._serve, call, outbox))
        try:
            async for item in outbox.items():
                yield item
        finally:
            self._cancel(outbox)

    def _submit(self, priority: int, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                raise Unavailable("The local model is closed.", retry=False)
            if self._thread is None:
                # A daemon ended by atexit: a forgotten close() neither hangs the exit nor leaves llama.cpp running.
                self._thread = threading.Thread(target=self._own, name=f"llama {self._name}", daemon=True)
                self._thread.start()
                atexit.register(self._end)
            self._queue.put((priority, next(self._serial), work))

    async def _on_thread(self, priority: int, work: Callable[[], object]) -> None:
        future: concurrent.futures.Future[None] = concurrent.futures.Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(None)

        self._submit(priority, run)
        await asyncio.wrap_future(future)

    def _cancel(self, outbox: _Outbox) -> None:
        outbox.cancelled = True
        with self._lock:
            if self._running is outbox and self._native is not None:
                self._native.abort()

    def _end(self) -> None:
        with self._lock:
            self._closed = True
            thread = self._thread
            if self._running is not None and self._native is not None:
                self._native.abort()
        if thread is not None:
            self._queue.put((LAST, next(self._serial), None))
            thread.join()
            atexit.unregister(self._end)

    # What follows runs on the owner thread.

    def _own(self) -> None:
        while (work := self._queue.get()[2]) is not None:
            work()
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            native, self._native = self._native, None
        if native is not None:
            native.close()

    def _loaded(self) -> NativeModel:
        if self._native is not None:
            return self._native
        if reason := self.missing():
            raise Unavailable(reason, retry=False)
        if self._sha256:
            with self._path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != self._sha256:
                    raise ModelError(
                        f"The file of the local model {self._name} is damaged.", f"{REINSTALL} {self._name}"
                    )
        native = NativeModel(self._path, threads=self._threads, context_tokens=self._context_tokens)
        with self._lock:
            self._native = native
        return native

    def _serve(self, call: Call, outbox: _Outbox) -> None:
        try:
            for item in self._reply(call, outbox):
                outbox.put(item)
        except Stopped:
            outbox.put(Unavailable("The local model was stopped.", "Ask again."))
        except HavenError as error:
            outbox.put(error)
        except Exception as error:
            log.exception("the local model failed")
            outbox.put(ModelError(f"The local model failed: {type(error).__name__}: {error}."))
        finally:
            with self._lock:
                self._running = None

    def _reply(self, call: Call, outbox: _Outbox) -> Iterator[str | Finish]:
        if self._closed or outbox.cancelled:
            raise Stopped
        native = self._loaded()
        with self._lock:
            self._running = outbox
            native.abort(self._closed or outbox.cancelled)
        schema = call.schema if call.tool is None else call.tool.schema
        wish = Wish(max(1, min(call.max_tokens, native.context // 2)), call.temperature, schema)
        prompt = encode(native, self._template, call.system, call.turns, native.context - wish.most)
        held = native.prefill(prompt)
        written = yield from write(native, wish, self._random)
        usage = Usage(input=len(prompt) - held, output=written.tokens, cache_read=held)
        stop = "length" if written.cut else "end" if call.tool is None else "tool"
        yield Finish(written.text, usage, stop, _parsed(written.text) if schema is not None else None, model=self.model)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ModelError("The local model's reply was cut off before its JSON was whole.", "Ask for less.") from None


class _Outbox:
    """Takes pieces from the owner thread to one coroutine; what piles up meanwhile arrives as one Delta."""

    def __init__(self) -> None:
        self.cancelled = False
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._waiting: deque[str | Finish | Exception] = deque()

    def put(self, item: str | Finish | Exception) -> None:
        self._waiting.append(item)
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._ready.set)

    async def items(self) -> AsyncIterator[Delta | Finish]:
        """Deltas up to the Finish; raises the exception that was put instead of one."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            text, last = "", None
            while self._waiting and last is None:
                item = self._waiting.popleft()
                if isinstance(item, str):
                    text += item
                else:
                    last = item
            if text:
                yield Delta(text)
            if isinstance(last, Exception):
                raise last
            if last is not None:
                yield last
                return
