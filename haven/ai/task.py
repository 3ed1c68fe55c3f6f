"""The words of the hybrid core: what is asked of a model, where it goes, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from haven.access import Principal


class Tier(StrEnum):
    LOCAL = "local"
    LAN = "lan"
    CLOUD = "cloud"


class Privacy(StrEnum):
    OPEN = "open"
    PRIVATE = "private"
    """Never leaves this house: neither to lan nor to cloud."""


class Where(StrEnum):
    """What the person chose."""

    AUTO = "auto"
    LOCAL = "local"
    LAN = "lan"
    CLOUD = "cloud"


@dataclass(frozen=True)
class ToolCall:
    """A model wants one of its tools to run."""

    id: str
    name: str
    input: Mapping[str, Any]


@dataclass(frozen=True)
class ToolResult:
    """What a tool said to the call with that id; `failed` tells the model that it did not work."""

    id: str
    text: str
    failed: bool = False


@dataclass(frozen=True)
class Turn:
    role: str
    """`user` or `assistant`."""
    text: str
    calls: tuple[ToolCall, ...] = ()
    """On an assistant's turn: the tools that it wanted."""
    results: tuple[ToolResult, ...] = ()
    """On a user's turn: what those tools said, one for each call of the turn before."""


@dataclass(frozen=True)
class Tool:
    """A tool that the model is made to call; its input is the structured reply."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """One thing asked of a model."""

    kind: str
    """answer, title, summary, assistant (which one), edits, probe"""
    turns: tuple[Turn, ...]
    principal: Principal
    purpose: str
    """One line for the ledger: why this is asked."""
    system: tuple[str, ...] = ()
    """Stable text first: each part ends at a prompt-cache mark."""
    privacy: Privacy = Privacy.OPEN
    where: Where = Where.AUTO
    schema: Mapping[str, Any] | None = None
    """A JSON schema that the reply must satisfy (local tier: enforced by a grammar)."""
    tool: Tool | None = None
    max_tokens: int = 256
    temperature: float = 0.0
    """Local tier only: Claude's newest API takes none."""
    change: str | None = None
    round: int = 0


@dataclass(frozen=True)
class Route:
    """The decision for one task: the tiers to try, in order, and why."""

    tiers: tuple[Tier, ...]
    reasons: tuple[str, ...]
    refused: str = ""
    """Where no tier is left: the sentence for the person."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call. `input` counts uncached input only."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True)
class Reply:
    """What came back, and by which way."""

    text: str
    tier: Tier
    model: str
    """Model id; for the local tier followed by the first 12 digits of its sha256."""
    route: Route
    usage: Usage = Usage()
    usd: float = 0.0
    seconds: float = 0.0
    score: int = 100
    score_reasons: tuple[str, ...] = ()
    data: Any = None
    """The parsed JSON (schema) or the tool's input."""
    stand_in: bool = False
    sources: tuple[str, ...] = ()
    redacted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Delta:
    """A piece of text as it arrives."""

    text: str


@dataclass(frozen=True)
class Restart:
    """The text so far was a draft below the bar or was cut off; what follows replaces it."""

    reason: str
    next_tier: Tier
