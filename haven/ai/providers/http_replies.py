"""When a reply that came over a wire may count: it ends, it is whole, and what it wants of tools makes sense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from haven.ai.providers.base import Call, Finish
from haven.ai.providers.http_faults import Far
from haven.ai.task import Tool, ToolCall, Usage
from haven.errors import ModelError

CONNECT_S = 10.0
LONGEST_CALL_S = 900.0
"""A call that goes on for longer will not end: the longest replies take a few minutes."""
LEAST_CHARACTERS, CHARACTERS_A_TOKEN = 20_000, 16
"""More than this, thinking included, can't be a reply within max_tokens: a token is about four characters."""
LEAST_BYTES, MOST_BYTES, BYTES_A_TOKEN = 2 * 2**20, 64 * 2**20, 1024
"""Of a whole stream: each token comes in an event of its own, which says a lot around it."""
stream_bytes: ContextVar[int] = ContextVar("stream_bytes", default=0)
"""For the transport, while a stream is asked for: the bytes that may come; 0 otherwise."""
MOST_INPUT, LEAST_OUTPUT, OUTPUT_FACTOR = 10_000_000, 8192, 4
"""Tokens, and times `max_tokens`: usage figures beyond these are impossible."""

Event = TypeVar("Event")


@dataclass
class Wanted:
    """A tool call as it came: `input` is JSON text, or already an object."""

    id: str = ""
    name: str = ""
    input: str | Mapping[str, Any] = ""


async def bounded(
    request: AbstractAsyncContextManager[AsyncIterable[Event]],
    size: Callable[[Event], int],
    call: Call,
    far: Far,
    longest_s: float,
) -> AsyncGenerator[Event, None]:
    """What a stream brings, until it is longer than any reply to that call: in characters, or in seconds.

    `size` says how many characters an event uses up; an empty one costs one as well, so that it comes to an end.
    Raises ModelError where it goes on for too long.
    """
    clock = asyncio.get_running_loop().time
    left, end = max(LEAST_CHARACTERS, call.max_tokens * CHARACTERS_A_TOKEN), clock() + longest_s
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout_at(end):
                asking = stream_bytes.set(most_bytes(call))
                try:
                    events = aiter(await stack.enter_async_context(request))
                finally:
                    stream_bytes.reset(asking)
            while left > 0:
                async with asyncio.timeout_at(end):  # around each wait: the reader of a generator is not its task
                    event = await anext(events, None)
                if event is None:
                    return
                yield event
                left -= 1 + size(event)
    except TimeoutError:
        if clock() < end:
            raise  # the transport's own
        raise ModelError(f"{far.name}'s reply took longer than {longest_s:.0f} seconds.", "Try again.") from None
    raise ModelError(f"{far.name}'s reply did not end within its {call.max_tokens} tokens.", "Try again.")


def most_bytes(call: Call) -> int:
    """Bytes that the stream of a reply to that call may have."""
    return min(max(LEAST_BYTES, call.max_tokens * BYTES_A_TOKEN), MOST_BYTES)


def figures(*told: object) -> tuple[int, ...] | None:
    """What the other end counted, what it left out as 0; None where that is nothing, negative or no whole number."""
    if all(one is None for one in told):
        return None
    counted = tuple(one for one in (0 if one is None else one for one in told) if type(one) is int and one >= 0)
    return counted if len(counted) == len(told) else None


def usage(
    call: Call, *, input: object, output: object, cache_read: object = None, cache_write: object = None
) -> Usage | None:
    """The tokens of a call as the other end told them; None where they are impossible, so that nobody knows them."""
    told = figures(input, output, cache_read, cache_write)
    if told is None or sum((told[0], *told[2:])) > MOST_INPUT:
        return None
    return Usage(*told) if told[1] <= max(LEAST_OUTPUT, call.max_tokens * OUTPUT_FACTOR) else None


def whole(
    call: Call,
    far: Far,
    text: str,
    usage: Usage | None,
    *,
    cut: bool,
    wanted: Sequence[Wanted] = (),
    model: str = "",
) -> Finish:
    """The Finish of a stream that has ended. Raises ModelError where the reply can't be used.

    `usage` None: it is not known, which the reply survives. `cut`: it stopped at max_tokens, which a text survives and
    nothing else.
    """
    finish = _whole(call, far, text, usage or Usage(), cut=cut, wanted=wanted, model=model)
    return replace(finish, usage_known=usage is not None)


def _whole(call: Call, far: Far, text: str, usage: Usage, *, cut: bool, wanted: Sequence[Wanted], model: str) -> Finish:
    if cut and (call.tool is not None or call.schema is not None or wanted or not text.strip()):
        raise ModelError(
            f"{far.name}'s reply was cut off at {call.max_tokens} tokens, so it can't be used.",
            "Ask for less at once, or allow a longer reply.",
        )
    if cut:
        return Finish(text, usage, "length", model=model)
    if wanted:
        return _with_calls(call, far, text, usage, wanted, model)
    if not text.strip():
        raise ModelError(f"{far.name} gave an empty reply.", "Try again.")
    return Finish(text, usage, "end", parsed(text, far) if call.schema is not None else None, model=model)


def cut_off(far: Far) -> ModelError:
    """A stream that simply ended, which an SDK takes for a whole reply."""
    return ModelError(f"{far.name}'s reply was cut off before its end, so it can't be used.", "Try again.")


def refused(far: Far, why: str) -> ModelError:
    reason = f": {' '.join(why.split())[:300]}" if why.strip() else "."
    return ModelError(f"{far.name} refused this request{reason}", "Word the request differently.")


def parsed(text: str, far: Far) -> Any:
    """The JSON in it. Raises ModelError."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ModelError(f"{far.name}'s reply is not valid JSON, so it can't be used.", "Try again.") from None


def _no_number(word: str) -> Any:
    raise ValueError(word)  # NaN and Infinity are Python's idea of JSON


def _with_calls(call: Call, far: Far, text: str, usage: Usage, wanted: Sequence[Wanted], model: str) -> Finish:
    tools = {tool.name: tool for tool in call.tools}
    if call.tool is not None and (len(wanted) == 1 or not tools):
        if len(wanted) == 1 and wanted[0].name == call.tool.name:
            return Finish(text, usage, "tool", _input(call.tool, wanted[0], far), model=model)
        if not tools:
            raise ModelError(f"{far.name} did not call the tool that it was given, once.", "Try again.")
    if unknown := [one.name[:60] for one in wanted if one.name not in tools]:
        raise ModelError(f"{far.name} called a tool that it was not given ({unknown[0]}).", "Try again.")
    calls = tuple(
        ToolCall(one.id or f"call_{number}", one.name, _input(tools[one.name], one, far))
        for number, one in enumerate(wanted)
    )
    return Finish(text, usage, "calls", calls=calls, model=model)


def _input(tool: Tool, wanted: Wanted, far: Far) -> Any:
    data = parsed(wanted.input or "{}", far) if isinstance(wanted.input, str) else wanted.input
    needed = tool.schema.get("required", ())
    if not isinstance(data, Mapping) or any(key not in data for key in needed):
        raise ModelError(f"{far.name} called {tool.name} without its {' and '.join(needed) or 'input'}.", "Try again.")
    return data
