"""`haven doctor`: a check says yes, no or "not checked", and a no comes with the one line that mends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from haven.doctor import machine, models, network, work
from haven.doctor.check import Check, Look
from haven.doctor.dashboard import dashboard
from haven.errors import HavenError, error_id
from haven.settings import Settings

__all__ = ["CHECKS", "Check", "checks", "render", "to_json"]

log = logging.getLogger("haven.doctor")

CHECKS: dict[str, Look] = {
    "Python": machine.python,
    "settings": machine.settings_file,
    "secrets": machine.secrets,
    "state folder": machine.state,
    "database": machine.database,
    "git": work.git_version,
    "repository": work.repository,
    "sandbox": work.sandbox,
    "test environment": work.test_environment,
    "routing": models.routing,
    "local models": models.local,
    "embeddings": models.embeddings,
    "models at home": network.lan,
    "Claude": network.claude,
    "other clouds": network.others,
    "Discord": network.discord,
    "webhooks": network.webhooks,
    "dashboard": dashboard,
    "clock": machine.clock,
    "memory": machine.memory,
    "heat and power": machine.heat,
    "running": machine.running,
}
"""In the order in which a person would mend things."""
ASKING: dict[str, Look] = {
    "models at home": partial(network.lan, live=True),
    "Claude": partial(network.claude, live=True),
    "Discord": partial(network.discord, live=True),
}
"""What `live` does instead: free requests, one to each model or host."""


async def checks(settings: Settings, *, live: bool = False) -> list[Check]:
    """All checks. Only `live` sends anything beyond this machine, and nothing that costs."""
    looks = CHECKS | ASKING if live else CHECKS
    return [check for name, look in looks.items() for check in await _made(name, look, settings)]


async def _made(name: str, look: Look, settings: Settings) -> list[Check]:
    """Files are read in a thread; no failure of one check keeps the others from being made."""
    try:
        found = await asyncio.to_thread(look, settings)
        found = found if isinstance(found, tuple | list) else await found
        return [Check(name, *one) for one in (found if isinstance(found, list) else [found])]
    except HavenError as error:
        return [Check(name, False, str(error), error.mend)]
    except Exception as error:
        id = error_id()
        log.exception("[%s] the check %s failed", id, name)
        said = f"Not checked: the check itself failed ({type(error).__name__}, [{id}] in the log)."
        return [Check(name, None, said)]


def render(found: Sequence[Check]) -> str:
    """A line a check, and below a failed one the line that mends it."""
    marks = {True: "ok  ", False: "BAD ", None: "-   "}
    width = max((len(check.name) for check in found), default=0)
    lines: list[str] = []
    for check in found:
        lines.append(f"{marks[check.ok]}{check.name:<{width}}  {check.sentence}")
        if check.mend and check.ok is not True:
            lines.append(f"    {'':<{width}}  -> {check.mend}")
    bad = sum(check.ok is False for check in found)
    lines.append("All is well." if not bad else f"{bad} of {len(found)} checks failed.")
    return "\n".join(lines)


def to_json(found: Sequence[Check]) -> dict[str, Any]:
    """`ok` is false where any check failed."""
    return {"ok": all(check.ok is not False for check in found), "checks": [asdict(check) for check in found]}
