"""Many turns with tools: each turn is a task of its own for the engine: routed, reserved, redacted and recorded."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Protocol, TypeVar

from haven.ai.task import Called, Delta, Queued, Reply, Restart, Task, Tool, ToolCall, ToolResult, Turn, Usage
from haven.errors import HavenError, ModelError, error_id
from haven.quoting import clean, cut_middle

log = logging.getLogger("haven.converse")

Handler = Callable[[Mapping[str, Any]], Awaitable[str]]
"""Runs one tool; what it returns is data for the model. A HavenError is told to the model as the tool's failure."""


@dataclass(frozen=True)
class Limits:
    """Where a conversation ends: model turns, tool calls, US dollars (all turns together), seconds, characters kept of
    one tool's result."""

    turns: int = 8
    calls: int = 24
    usd: float | None = None
    seconds: float = 300.0
    result_chars: int = 12_000


class Streams(Protocol):
    def stream(self, task: Task, request: str = "") -> AsyncGenerator[Delta | Queued | Restart | Reply, None]: ...


async def converse(
    engine: Streams, task: Task, tools: Mapping[Tool, Handler], limits: Limits, request: str
) -> AsyncGenerator[Delta | Queued | Restart | Called | Reply, None]:
    """What the engine yields for each turn, each tool that ran, and one Reply, last, with the sums of all turns.

    The last turn is asked without tools, so that it answers with what is there. Raises what the engine raises, and
    ModelError where the time is over.
    """
    handlers = {tool.name: handler for tool, handler in tools.items()}
    usd = limits.usd if limits.usd is not None else task.max_usd
    asked = replace(task, words=task.question, max_usd=usd)
    total = Total()
    end = asyncio.get_running_loop().time() + limits.seconds
    for count in range(1, limits.turns + 1):
        last = count == limits.turns or total.calls >= limits.calls
        turn = replace(asked, past_tools=tuple(tools)) if last else replace(asked, tools=tuple(tools))
        reply: Reply | None = None
        async with aclosing(engine.stream(turn, request)) as pieces:
            while (piece := await _before(end, anext(pieces, None), limits)) is not None:
                if isinstance(piece, Reply):
                    reply = piece
                else:
                    yield piece
        if reply is None:
            break
        total = total.plus(reply)
        if not reply.calls:
            yield total.of(reply)
            return
        said = Turn("assistant", reply.text, calls=reply.calls)
        results: list[ToolResult] = []
        for number, call in enumerate(reply.calls, total.calls - len(reply.calls) + 1):
            results.append(await _before(end, _run(call, number, handlers, limits), limits))
            yield Called(call, results[-1])
        asked = replace(asked, turns=(*asked.turns, said, Turn("user", "", results=tuple(results))))
    raise ModelError("The model did not come to an answer.", "Ask for less at once.")


T = TypeVar("T")


async def _before(end: float, work: Awaitable[T], limits: Limits) -> T:
    """One wait at a time: the reader of a generator need not be the task that began it."""
    try:
        async with asyncio.timeout_at(end):
            return await work
    except TimeoutError:
        raise ModelError(f"The conversation took longer than {limits.seconds:.0f} seconds.", "Ask for less.") from None


async def _run(call: ToolCall, number: int, handlers: Mapping[str, Handler], limits: Limits) -> ToolResult:
    """What a tool says is data: cleaned, cut to its limit; its failure is told to the model, never its traceback."""
    if number > limits.calls:
        return ToolResult(call.id, f"It was not run: {limits.calls} calls are the most.", failed=True)
    handler = handlers.get(call.name)
    if handler is None:
        return ToolResult(call.id, f"There is no tool {call.name!r}. There are: {', '.join(handlers)}.", failed=True)
    try:
        said = cut_middle(clean(await handler(call.input)), limits.result_chars)
    except HavenError as error:
        return ToolResult(call.id, error.full, failed=True)
    except Exception as error:
        id = error_id()
        # What the error says may quote what is private, so only its kind and its place stand in the log.
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("[%s] the tool %s failed: %s\n%s", id, call.name, type(error).__name__, place)
        return ToolResult(call.id, f"The tool failed [{id}]: {type(error).__name__}.", failed=True)
    return ToolResult(call.id, said)


@dataclass(frozen=True)
class Total:
    """What all turns together used."""

    usd: float = 0.0
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    calls: int = 0

    def plus(self, reply: Reply) -> Total:
        usage = Usage(*(sum(pair) for pair in zip(astuple(self.usage), astuple(reply.usage), strict=True)))
        return Total(self.usd + reply.usd, self.seconds + reply.seconds, usage, self.calls + len(reply.calls))

    def of(self, reply: Reply) -> Reply:
        return replace(reply, usd=round(self.usd, 6), seconds=self.seconds, usage=self.usage)
