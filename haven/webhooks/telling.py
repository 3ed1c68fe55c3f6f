"""What of a durable event may leave: its kind, and the fields named here, without secrets and personal data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from haven.redact import Redaction
from haven.settings import Told
from haven.store.events import Event

FIELDS: Mapping[Told, tuple[str, ...]] = {
    "change.state": ("state", "round", "deploy"),
    "draft.proposed": ("names", "count"),
    "draft.approved": ("names", "ids"),
    "draft.rejected": ("names",),
    "world.added": ("kind", "name"),
    "world.changed": ("kind", "name"),
    "world.removed": ("kind", "name"),
    "world.imported": ("added", "changed", "removed", "kinds"),
    "alert.raised": ("cause", "level", "text", "mend", "since"),
    "alert.cleared": ("cause", "level", "text", "since", "lasted_s"),
    "digest.told": ("title", "sections"),
    "cloud.off": (),
    "cloud.on": (),
}
"""A field that is not named stays at home: who did it, and titles and reasons, which are people's words."""
SECTIONS = frozenset({"Added", "Notable", "What would gain most"})
"""Those of a digest that name nobody."""
LONGEST = 2_000
"""Characters of one text: what is told stays well below the 20 kB that receivers like."""
MOST = 50


def id_of(event: Event) -> str:
    """The same for each attempt, and another one for each event, also after an older backup was put back."""
    return f"haven_{event.id}_{event.at * 1000:.0f}"


def body_of(event: Event) -> bytes:
    """The event as JSON. Raises KeyError for a kind that is not told."""
    redaction = Redaction()
    data = event.data
    if "sections" in data:
        data = {**data, "sections": [one for one in data["sections"] if one.get("title") in SECTIONS]}
    kept = {name: _clean(data[name], redaction) for name in FIELDS[event.kind] if name in data}  # type: ignore[index]
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"type": event.kind, "timestamp": at, "data": {"id": _clean(event.subject, redaction), **kept}}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _clean(value: Any, redaction: Redaction) -> Any:
    if isinstance(value, str):
        return redaction.apply(value)[:LONGEST]
    if isinstance(value, list):
        return [_clean(one, redaction) for one in value[:MOST]]
    if isinstance(value, dict):
        return {str(name)[:LONGEST]: _clean(one, redaction) for name, one in list(value.items())[:MOST]}
    return value
