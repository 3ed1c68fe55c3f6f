"""From what the status says to what is told of: each line that is marked as trouble is a cause."""

from __future__ import annotations

from collections.abc import Iterable

from assistants.sentry.alerts import Sign
from assistants.sentry.lines import StatusLine

STATUS = "status"
"""The subject of every alert that comes from a status line."""
URGENT = frozenset({"Disk", "Card"})
"""What loses data if it waits until the morning."""
ALIKE = ("Temperature", "Memory", "Disk", "Card", "Project", "Sandbox")
"""Labels of what every process of this house sees alike."""
MENDS = {
    "Temperature": "Give it air and a fan, and a power supply of 27 W (a Raspberry Pi 5) that holds its voltage.",
    "Memory": "See which models are loaded: haven models list. A smaller one may be enough.",
    "Disk": "See what is large, and free some room; models and backups lie in the state folder.",
    "Card": "Make a backup, copy it away from this machine, and replace the card: haven backup make",
    "Backup": "See what is there: haven backup list",
    "Queue": "See what it waits for: haven status",
}


def cause_of(label: str) -> str:
    """The cause of the alert that comes from the status lines of that label."""
    return f"{STATUS}:{label.casefold()}"


def signs_of(lines: Iterable[StatusLine]) -> list[Sign]:
    """One sign a label; several lines of one label, as of hosts at home, are one cause."""
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.level == "alert" and line.label != "Alerts":
            said.setdefault(line.label, []).append(line.text)
    return [
        Sign(
            cause_of(label),
            f"{label}: {'; '.join(texts)}",
            "urgent" if label in URGENT else "warning",
            MENDS.get(label, ""),
        )
        for label, texts in said.items()
    ]
