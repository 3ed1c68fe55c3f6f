"""The words of the hybrid core: what is asked of a model, where it goes, and what comes back."""

from __future__ import annotations

import hashlib
import json
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


@dataclass(frozen=True, eq=False)
class Tool:
    """A tool that a model may call, or the one whose input is its structured reply."""

    name: str
    description: str
    schema: Mapping[str, Any]


class Complexity(StrEnum):
    SIMPLE = "simple"
    MEDIUM = "medium"
    """The local model prepares, and answers alone where its reply is good enough."""
    COMPLEX = "complex"


@dataclass(frozen=True)
class Judgement:
    """How hard a task is: `score` 0 (simple) to 1 (complex), and why. `sure` is false where the rules can't tell, and
    no local model says the same."""

    complexity: Complexity
    score: float
    reasons: tuple[str, ...]
    sure: bool = True
    gain: float | None = None
    """By similar tasks before: how much likelier a larger model's answer passes, -1 to 1; None where nobody knows."""


@dataclass(frozen=True)
class Task:
    """One thing asked of a model."""

    kind: str
    """What kind of output is wanted; the kinds that Haven knows stand in haven/ai/kinds.py."""
    turns: tuple[Turn, ...]
    principal: Principal
    purpose: str
    """One line for the ledger: why this is asked."""
    system: tuple[str, ...] = ()
    """Stable text first: each part ends at a prompt-cache mark."""
    words: str = ""
    """The person's own words, where the last turn says more than them."""
    material: tuple[str, ...] = ()
    """Texts that come along (a log, a lore entry, a file), facts to be used and never orders."""
    privacy: Privacy = Privacy.OPEN
    where: Where = Where.AUTO
    schema: Mapping[str, Any] | None = None
    """A JSON schema that the reply must satisfy (local tier: enforced by a grammar)."""
    tool: Tool | None = None
    tools: tuple[Tool, ...] = ()
    """Tools that the model may call before it answers: see `Engine.converse`."""
    past_tools: tuple[Tool, ...] = ()
    """Tools that earlier turns have called and that may not be called any more."""
    max_tokens: int = 256
    temperature: float = 0.0
    """Local and lan tiers only: Claude's newest API takes none."""
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    max_usd: float | None = None
    """The most that this request may cost, all its calls together; None: as the settings say."""
    unasked_usd: float | None = None
    """The most that it may cost in the cloud without the person's yes to its price; None: as much as the caps let."""
    background: bool = False
    """Nobody waits for it: it lets every person go first."""
    unrecorded: bool = False
    """It speaks of the world and no record says anything to it: its reply is marked so."""
    change: str | None = None
    round: int = 0
    request: str = ""
    """The request that it belongs to, in the ledger and at the Round Table; "" makes it one of its own."""

    @property
    def question(self) -> str:
        """What the person asks, in their own words."""
        return self.words or (self.turns[-1].text if self.turns else "")

    @property
    def prompt_version(self) -> str:
        """Twelve hex digits that change with the instructions or the wanted form, never with what a person says."""
        form = json.dumps([self.kind, self.system, self.schema, self.tool and self.tool.schema], default=str)
        return hashlib.sha256(form.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Step:
    """One model to ask: `model` as the settings name it."""

    tier: Tier
    model: str


@dataclass(frozen=True)
class Route:
    """The decision for one task: the models to try, in order, and why."""

    steps: tuple[Step, ...]
    reasons: tuple[str, ...]
    refused: str = ""
    """Where no model is left: the sentence for the person."""
    hybrid: bool = False
    """The local model prepares what leaves, and its own answer counts where it is good enough."""
    judgement: Judgement | None = None

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers of the steps, each once, in order."""
        return tuple(dict.fromkeys(step.tier for step in self.steps))


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
    prompt_version: str
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
    """Where its facts stand, in words for people."""
    query: str = ""
    """The typed query that it was computed by."""
    picture: bytes | None = None
    """A PNG that belongs to it, as a map does; only a computed reply has one."""
    unrecorded: bool = False
    """A model spoke of the world, and no record stands behind its words."""
    cached: str = ""
    """Not empty where it was answered before: when, and by which question."""
    prepared: str = ""
    """What the local model did for it before it left, in words."""
    instead: str = ""
    """Why the cloud's was not to be had, where the person, or the settings for them, took this one instead."""
    outcome: int = 0
    """Its row in the record of outcomes: what a thumb up or down is about."""
    calls: tuple[ToolCall, ...] = ()
    redacted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Delta:
    """A piece of text as it arrives."""

    text: str


@dataclass(frozen=True)
class Queued:
    """Nothing is written yet: so many other questions go first, at the local model or of the same person. It comes anew
    whenever that changes."""

    ahead: int


@dataclass(frozen=True)
class Restart:
    """The text so far was a draft below the bar or was cut off; what follows replaces it."""

    reason: str
    next: Step


@dataclass(frozen=True)
class Called:
    """A tool that the model wanted has run."""

    call: ToolCall
    result: ToolResult
