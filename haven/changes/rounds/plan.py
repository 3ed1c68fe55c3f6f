"""A change's plan as it is kept, and in words: for the person who approves it, and for the model that follows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

MAX_STEPS = 6
MOST_NAMED = 8
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_STEPS,
            "items": {"type": "string", "minLength": 1, "maxLength": 240},
        },
        "files": {"type": "array", "maxItems": 12, "items": {"type": "string", "maxLength": 200}},
        "risk": {"type": "string", "maxLength": 300},
    },
    "required": ["steps", "files", "risk"],
    "additionalProperties": False,
}
"""What a model writes: steps in order, the files it would touch, what may go wrong."""


def written(data: Any) -> dict[str, Any]:
    """A model's plan, held to its limits whatever came."""
    steps = [_line(one, 240) for one in _listed(data, "steps")][:MAX_STEPS]
    files = [_line(one, 200) for one in _listed(data, "files")][:12]
    risk = _line(data.get("risk", "") if isinstance(data, Mapping) else "", 300)
    return {"steps": [one for one in steps if one], "files": [one for one in files if one], "risk": risk}


def wishes(plan: Mapping[str, Any]) -> list[str]:
    """What people said of it; nothing where it was skipped."""
    return [] if plan.get("skipped") else list(plan.get("wishes", []))


def for_the_model(plan: Mapping[str, Any]) -> str:
    """What joins the request once a person has approved it; "" where there is no written plan, or it was skipped."""
    if plan.get("skipped"):
        return ""
    parts = _steps(plan.get("written") or {})
    parts += [f"A person said of it: {wish}" for wish in wishes(plan)]
    return "\n".join(parts)


def in_words(plan: Mapping[str, Any]) -> str:
    """The plan for a person: steps, files, risk, price; in full sentences where no model wrote one."""
    parts = _steps(plan.get("written") or {})
    if not parts:
        shown = ", ".join(file["path"] for file in plan.get("files", [])[:MOST_NAMED])
        parts.append(f"Show {plan.get('tokens', 0):,} tokens of the project ({shown}) and ask for edits.")
    if why := plan.get("unwritten"):
        parts.append(f"No plan could be written: {why}")
    return "\n".join([*parts, price(plan)])


def fingerprint(plan: Mapping[str, Any]) -> str:
    """Twelve hex digits that stand for exactly this plan, all of it: what a person's word about it is bound to."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:12]


def price(plan: Mapping[str, Any]) -> str:
    """What it may cost at most, in a sentence: the cap holds whatever is looked up or asked for again."""
    rounds, most = int(plan.get("rounds", 1)), float(plan.get("most_usd", 0.0))
    return (
        f"A call costs at most {plan.get('worst_usd', 0.0):.2f} USD, and there are up to {rounds} rounds; all calls"
        f" together are held below {most:.2f} USD."
    )


def _steps(found: Mapping[str, Any]) -> list[str]:
    parts = [f"{number}. {step}" for number, step in enumerate(found.get("steps", []), 1)]
    parts += [f"Files: {', '.join(found['files'])}."] if found.get("files") else []
    return parts + ([f"Risk: {found['risk']}"] if found.get("risk") else [])


def _listed(data: Any, key: str) -> list[Any]:
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, list) else []


def _line(value: Any, limit: int) -> str:
    return " ".join(str(value).split())[:limit]
