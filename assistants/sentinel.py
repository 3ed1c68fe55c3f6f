"""Sentinel watches: the machine, the process, the people who may enter, and what it all costs."""

from __future__ import annotations

from dataclasses import dataclass

from assistants.base import Assistant

SENTINEL = Assistant(
    name="sentinel",
    title="Sentinel",
    job="health of the machine, security, logs, alerts, backups",
    colour="#e06c75",
    words=(
        *("secur", "login", "log in", "password", "token", "permission", "access", "alert", "backup", "spam", "attack"),
        *(
            "temperature",
            "throttl",
            "memory leak",
            "disk",
            "crash",
            "health",
            "uptime",
            "monitor",
            "rate limit",
            "audit",
        ),
    ),
)


@dataclass(frozen=True)
class StatusLine:
    """One fact about the running Haven. `level` is `ok`, `note` or `alert`."""

    label: str
    text: str
    level: str = "ok"
