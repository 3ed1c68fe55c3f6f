"""How the machine and the process did in the last hours: a figure a minute, in memory alone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from haven.health import Health

MINUTES = 240


@dataclass(frozen=True)
class Figure:
    """What is kept, in its unit. `least`: the scale goes up to this at least, so that a calm line looks calm."""

    label: str
    unit: str
    least: float


FIGURES = {
    "celsius": Figure("Heat", "°C", 90),
    "memory": Figure("Memory used", "%", 100),
    "disk": Figure("Disk used", "%", 100),
    "lag": Figure("Loop lag", "ms", 50),
    "tokens": Figure("Tokens a second", "", 10),
}


class Past:
    """The oldest first; None where the machine does not say."""

    def __init__(self, keep: int = MINUTES) -> None:
        self._looks: deque[dict[str, float | None]] = deque(maxlen=keep)

    def add(self, machine: Health, lag_ms: float | None, tokens_per_s: float | None) -> None:
        """One look: the loop's lag (p99), and how fast models on this machine answered since the look before."""
        look = {
            "celsius": machine.cpu_celsius,
            "memory": _used(machine.memory_available_mb, machine.memory_total_mb),
            "disk": _used(machine.disk_free_mb, machine.disk_total_mb),
            "lag": lag_ms,
            "tokens": tokens_per_s,
        }
        self._looks.append(look)

    def of(self, name: str) -> list[float | None]:
        """One of FIGURES."""
        return [look[name] for look in self._looks]


def _used(free: float | None, total: float | None) -> float | None:
    return 100 * (1 - free / total) if free is not None and total else None
