"""The protocol of a provider: one call in, pieces of text and one finish out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from haven.ai.money.prices import Prices
from haven.ai.task import Delta, Queued, Tier, Tool, ToolCall, Turn, Usage


@dataclass(frozen=True)
class Call:
    """What a provider is handed: redacted, priced and recorded already."""

    turns: tuple[Turn, ...]
    system: tuple[str, ...]
    """The first part must be Haven's own stable words: a local provider may keep what it read of it on disk."""
    max_tokens: int
    temperature: float = 0.0
    schema: Mapping[str, Any] | None = None
    tool: Tool | None = None
    """The one tool whose input is the reply."""
    tools: tuple[Tool, ...] = ()
    """Tools that the model may call before it answers; its calls come back in `Finish.calls`."""
    past_tools: tuple[Tool, ...] = ()
    """Tools that turns have called and that may not be called any more: some services want to know them still."""
    stop: tuple[str, ...] = ()
    """Words that end the reply; they are not part of it."""
    top_p: float = 1.0
    seed: int | None = None
    """Where the provider can: the same seed gives the same reply."""
    priority: int = 0
    """0: a person waits; 1: background work."""


@dataclass(frozen=True)
class Finish:
    """The end of one call. A provider yields exactly one, last, and raises where the reply is not whole."""

    text: str
    usage: Usage
    stop: str
    """`end`, `length` (cut at max_tokens), `tool` (the one tool's input is in `data`) or `calls`."""
    data: Any = None
    calls: tuple[ToolCall, ...] = ()
    """With `calls`: at least one, each with valid input for a tool of `Call.tools`."""
    model: str = ""
    usage_known: bool = True
    """False: what the other side says it used is impossible, so the call costs its worst case."""


class Provider(Protocol):
    """A way to a model.

    `generate` raises Unavailable (out of reach: network, overload, missing model; `after` in seconds if the other
    side named it) or ModelError (refused, truncated, malformed). Closing the iterator cancels the call at once.
    Only a model in this process says Queued.
    """

    tier: Tier
    name: str
    """As settings and routes name it: `smollm2-135m`, `qwen3:4b`, `claude-sonnet-5-5`, the name of another cloud."""
    model: str
    """What answers there, for the record: for a local model its name and the first 12 digits of its sha256."""
    price: Prices | None
    """None: it costs nothing."""
    recipient: str
    """Who gets what leaves, for the ledger; "" for a model in this process."""
    stand_in: bool
    """It only plays Claude: its prices count nothing real."""

    def missing(self) -> str:
        """Why it can't be used now, in one sentence; "" when it can. No I/O that blocks."""
        ...

    def generate(self, call: Call) -> AsyncGenerator[Delta | Queued | Finish, None]: ...

    async def close(self) -> None: ...


@runtime_checkable
class Counts(Protocol):
    """A provider whose service counts the tokens of a call, for nothing. Raises as `generate` does."""

    async def count(self, call: Call) -> int: ...
