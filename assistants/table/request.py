"""What a face hands to the Round Table, and what it gets back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistants.base import Assistant
from assistants.waiting import Held
from haven.access import Principal
from haven.ai.task import Delta, Queued, Reply, Restart, Turn, Where
from haven.changes.proposal import Kind


@dataclass(frozen=True)
class Request:
    """What a face hands over. `key` makes a repeated delivery the same request."""

    text: str
    principal: Principal
    kind: Kind | None = None
    assistant: str | None = None
    where: Where = Where.AUTO
    private: bool = False
    key: str = ""
    id: str = ""
    """Its own at the table and in the ledger, sixteen hex digits, where the face must know it; "" makes one."""
    earlier: tuple[Turn, ...] = ()
    """What was said before in the same conversation."""
    evidence: str | None = None
    """A log or traceback that comes with a fix."""
    private_notes: str = field(default="", repr=False)
    """What a person keeps beside a change in this house; nobody who answers is given it."""
    about: str = ""
    """Somebody else's words that the question is about: data for whoever answers, and never read as the question."""
    unasked_usd: float | None = None
    """US dollars: what may cost more waits for a yes to its price, and is not sent on Haven's own account."""
    place: Mapping[str, Any] = field(default_factory=dict)
    """Where the face shows the answer, in its own words: a later answer finds its way there."""

    @property
    def stays_here(self) -> bool:
        """Whether the person wants it kept in this house."""
        return self.private or self.where is Where.LOCAL


@dataclass(frozen=True)
class Seat:
    """Who takes the request, and why."""

    assistant: Assistant
    reasons: tuple[str, ...]
    sure: bool = True
    """False: neither its words nor requests like it told whose it is, so it may be about anything."""


Answer = AsyncGenerator[Seat | Delta | Queued | Restart | Reply | Held, None]
