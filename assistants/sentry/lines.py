"""What every face shows of the machine: one line a subject, its trouble marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from assistants.sentry.backups import BackupState
from haven.health import Health
from haven.health_card import Wear
from haven.settings import AlertSettings
from haven.store.alerts import Alert

DAY_S = 86_400
WORN_PERCENT = 90
LEVELS = ("alert", "note", "ok")
"""The worst first."""


@dataclass(frozen=True)
class StatusLine:
    """One fact about the running Haven, in about 60 characters. `level` is `ok`, `note` or `alert`."""

    label: str
    text: str
    level: str = "ok"


def worst_first(lines: Iterable[StatusLine]) -> list[StatusLine]:
    """By level, else in their order."""
    return sorted(lines, key=lambda one: LEVELS.index(one.level) if one.level in LEVELS else len(LEVELS))


def machine_lines(machine: Health, cards: Iterable[Wear], settings: AlertSettings) -> list[StatusLine]:
    """Temperature, memory, disk and card, each with its level; what can't be read is left out."""
    return [*_heat(machine, settings), *_memory(machine, settings), *_disk(machine, settings), *_cards(cards)]


def backup_lines(state: BackupState, settings: AlertSettings, at: float) -> Iterator[StatusLine]:
    """How old the newest backup is that was restored to check it."""
    if state.failure:
        yield StatusLine("Backup", f"none could be made: {state.failure}", "alert")
    elif state.newest is None:
        yield StatusLine("Backup", "none yet: the first is made soon after the start", "note")
    elif state.newest.problem:
        yield StatusLine("Backup", f"{state.newest.file.name}: {state.newest.problem}", "alert")
    elif state.verified is None:
        yield StatusLine("Backup", f"{ago(at - state.newest.made_at)} old, not restored yet to check it", "note")
    else:
        age = at - state.verified.made_at
        level = "alert" if age > settings.backup_days * DAY_S else "ok"
        yield StatusLine("Backup", f"{ago(age)} old, restored to check it", level)


def queue_lines(due: int, oldest_s: float, settings: AlertSettings) -> Iterator[StatusLine]:
    """Work that is due and has not begun; `oldest_s` is how long the oldest waits."""
    if due:
        late = oldest_s > settings.queue_minutes * 60
        yield StatusLine("Queue", f"{due} due, the oldest for {ago(oldest_s)}", "alert" if late else "ok")


def alert_lines(alerts: Iterable[Alert]) -> Iterator[StatusLine]:
    """One line for all that is open; who took charge of one is named by `haven alerts`."""
    there = list(alerts)
    free = [one for one in there if one.acknowledged_at is None]
    if free:
        yield StatusLine("Alerts", f"{len(there)} open. See them: haven alerts", "alert")
    elif there:
        yield StatusLine("Alerts", f"{len(there)} open, somebody looks after each", "note")


def ago(seconds: float) -> str:
    """A span of time in the largest unit that says enough: `40 s`, `12 min`, `5 h`, `3 days`."""
    span = timedelta(seconds=max(0.0, seconds))
    if span.days >= 2:
        return f"{span.days} days"
    for size, unit in ((3600, "h"), (60, "min")):
        if span.total_seconds() >= 2 * size:
            return f"{span.total_seconds() / size:.0f} {unit}"
    return f"{span.total_seconds():.0f} s"


def _heat(machine: Health, settings: AlertSettings) -> Iterator[StatusLine]:
    if machine.cpu_celsius is not None or machine.throttled_now:
        heat = [f"{machine.cpu_celsius:.0f} °C"] if machine.cpu_celsius is not None else []
        hot = bool(machine.throttled_now) or (machine.cpu_celsius or 0) >= settings.celsius
        yield StatusLine("Temperature", ", ".join([*heat, *machine.throttled_now]), "alert" if hot else "ok")


def _memory(machine: Health, settings: AlertSettings) -> Iterator[StatusLine]:
    if machine.memory_available_mb is not None and machine.memory_total_mb:
        low = machine.memory_available_mb < settings.memory_percent / 100 * machine.memory_total_mb
        text = f"{machine.memory_available_mb:,.0f} of {machine.memory_total_mb:,.0f} MB free"
        yield StatusLine("Memory", text, "alert" if low else "ok")


def _disk(machine: Health, settings: AlertSettings) -> Iterator[StatusLine]:
    free = machine.disk_free_mb
    if free is not None:
        level = "alert" if free < settings.disk_mb else "note" if free < 4 * settings.disk_mb else "ok"
        yield StatusLine("Disk", f"{free / 1000:,.1f} GB free", level)


def _cards(cards: Iterable[Wear]) -> Iterator[StatusLine]:
    for card in cards:
        if card.used_percent is not None:
            worn = card.used_percent >= WORN_PERCENT or bool(card.spare)
            text = f"{card.device}: up to {min(card.used_percent, 100)} % of its life is used"
            yield StatusLine("Card", f"{text}, {card.spare}" if card.spare else text, "alert" if worn else "ok")
