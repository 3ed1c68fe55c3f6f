"""From a call to a job of the batch, and its words back to the coroutine that asked."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama_batch import Job
from haven.ai.providers.llama_native import NativeModel
from haven.ai.providers.llama_prompt import ChatTemplate, encode
from haven.ai.providers.llama_reply import Reply, Wish
from haven.ai.providers.llama_tools import AnswerStream, called, offer, reply_schema
from haven.ai.task import Delta, Queued, Usage
from haven.errors import ModelError


def new_job(native: NativeModel, template: ChatTemplate, call: Call, outbox: Outbox, model: str) -> Job:
    """Raises ModelError for a prompt or a format that this model can't take."""
    if not native.writes:
        raise ModelError("This local model makes vectors, not text.", "Choose another model for text.")
    schema = reply_schema(call) if call.tools else call.tool.schema if call.tool is not None else call.schema
    limit = max(1, min(call.max_tokens, native.context // 2))
    wish = Wish(limit, call.temperature, call.top_p, call.seed, call.stop, schema)
    system = (*call.system, offer(call.tools)) if call.tools else call.system
    prompt = encode(native, template, system, call.turns, native.context - wish.most)
    return Job(
        call.priority,
        prompt=len(prompt.tokens),
        stable=prompt.stable if call.system else 0,
        tokens=prompt.tokens,
        reply=Reply(native, wish),
        listener=outbox,
        finished=partial(_finish, call, outbox, model),
    )


def _finish(call: Call, outbox: Outbox, model: str, job: Job) -> None:
    reply = job.reply
    usage = Usage(input=job.prompt - job.cached, output=reply.count, cache_read=job.cached)
    finish = Finish(reply.text, usage, "length" if reply.cut else "end", model=model)
    if call.tools:
        outbox.finish(_with_tools(call, finish))
    elif call.tool is not None:
        outbox.finish(replace(finish, data=_parsed(reply.text), stop="length" if reply.cut else "tool"))
    elif call.schema is not None:
        outbox.finish(replace(finish, data=_parsed(reply.text)))
    else:
        outbox.finish(finish)


def _with_tools(call: Call, finish: Finish) -> Finish:
    written = _parsed(finish.text)
    if calls := called(written, call.turns):
        if finish.stop == "length":
            raise ModelError("The local model's tool call was cut off before it was whole.", "Ask for less.")
        return replace(finish, text="", stop="calls", calls=calls)
    answer = written["answer"]
    if call.schema is None:
        return replace(finish, text=answer)
    return replace(finish, text=json.dumps(answer, ensure_ascii=False), data=answer)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ModelError("The local model's reply was cut off before its JSON was whole.", "Ask for less.") from None


class Outbox:
    """Takes pieces from the owner thread to one coroutine; what piles up meanwhile arrives as one Delta."""

    def __init__(self, call: Call) -> None:
        self.cancelled = False
        self._answer = AnswerStream() if call.tools else None
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._waiting: deque[str | Queued | Finish | Exception] = deque()

    def queued(self, ahead: int) -> None:
        self._put(Queued(ahead))

    def text(self, piece: str) -> None:
        if self._answer is not None:
            piece = self._answer.more(piece)
        if piece:
            self._put(piece)

    def finish(self, finish: Finish) -> None:
        if self._answer is not None:
            self._put(finish.text[len(self._answer.text) :])
        self._put(finish)

    def failed(self, error: Exception) -> None:
        self._put(error)

    def _put(self, item: str | Queued | Finish | Exception) -> None:
        self._waiting.append(item)
        if not self._ready.is_set():
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._ready.set)

    async def items(self) -> AsyncIterator[Delta | Queued | Finish]:
        """Deltas up to the Finish, and its newest place before; raises the exception that was put instead of one."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            text, place, last = "", None, None
            while self._waiting and last is None:
                item = self._waiting.popleft()
                if isinstance(item, str):
                    text += item
                elif isinstance(item, Queued):
                    place = item
                else:
                    last = item
            if text:
                yield Delta(text)
            elif place is not None and last is None:
                yield place
            if isinstance(last, Exception):
                raise last
            if last is not None:
                yield last
                return
