"""The kinds of output that Haven asks for: where each may be made, and how it is treated unless the settings differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from haven.ai.task import Tier


@dataclass(frozen=True)
class Kind:
    """`tiers` bounds where it may be made; `cache_hours` 0 means that a reply is never used twice."""

    about: str
    tiers: frozenset[Tier] = frozenset(Tier)
    pass_mark: int | None = None
    """None: `routing.pass_mark`."""
    cache_hours: float = 0.0


_LOCAL = frozenset({Tier.LOCAL})
_LARGE = frozenset({Tier.LAN, Tier.CLOUD})

KINDS: Mapping[str, Kind] = {
    "answer": Kind("an answer to a question", cache_hours=24),
    "summary": Kind("a text made short", cache_hours=24 * 7),
    "tags": Kind("words from a closed list", cache_hours=24 * 7),
    "record": Kind("a structured record taken from a text", cache_hours=24 * 7),
    "code": Kind("code to look at, not a change to a repository"),
    "sql": Kind("a query"),
    "page": Kind("an HTML page"),
    "diagram": Kind("a Mermaid diagram"),
    "api": Kind("an OpenAPI description or API documentation"),
    "story": Kind("user stories with their acceptance criteria"),
    "workflow": Kind("a workflow, step by step"),
    "lore": Kind("a lore text"),
    "edits": Kind("edits to a repository", tiers=_LARGE),
    "plan": Kind("a plan for a change to a repository", tiers=_LARGE),
    # Small work that is never worth money: it stays local whoever asks.
    "small_edits": Kind("an edit of a few words, where the owner allows it", tiers=_LOCAL),
    "title": Kind("a title", tiers=_LOCAL),
    "label": Kind("a name on the map", tiers=_LOCAL),
    "assistant": Kind("which assistant takes a request", tiers=_LOCAL),
    "complexity": Kind("how hard a request is", tiers=_LOCAL),
    "prepare": Kind("what matters in a long text, before it leaves", tiers=_LOCAL),
    "probe": Kind("a question that shows whether a model works", tiers=_LOCAL),
}
OTHER = Kind("something else")


def of(kind: str) -> Kind:
    """The kind of that name; one that is not in the list is treated as plain text."""
    return KINDS.get(kind, OTHER)
