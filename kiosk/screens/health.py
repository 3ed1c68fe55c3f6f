"""Health: the last hours in figures, how Haven is, the worst first, and open alerts, to be taken charge of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from assistants.sentinel import StatusLine
from assistants.sentry.lines import worst_first
from haven.access import Act, check
from haven.store.alerts import Alert
from haven.store.events import Event
from kiosk.plain import line
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile
from kiosk.widgets.trends import Trends

MARKS = {"ok": "●", "note": "◆", "alert": "▲"}
LOOK_S = 15.0
"""Seconds between two looks while it is shown."""
BACKUP = "Backup"
"""The line that stays in sight however many there are."""


class HealthPane(Pane):
    """Status lines on the left, alerts on the right, figures of the last hours above."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "care", "I look after it", tooltip="take charge of the chosen alert, so that others know"),
        Binding("q", "queue", "Queue", tooltip="what Haven works on and what waits"),
        Binding("l", "log", "Log", tooltip="what Haven says of its work"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._open: list[Alert] = []
        self._chosen = ""

    def compose(self) -> ComposeResult:
        yield Trends(self.handed.past, id="trends")
        with Horizontal(classes="sides"):
            yield Sheet(id="health-lines")
            yield VerticalScroll(id="alert-list", can_focus=False)
        yield Static("", id="backup", markup=False)
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("Queue", "queue")
            yield Tile("Log", "log")
            yield Tile("I look after it", "care", id="care", classes="good")

    def on_mount(self) -> None:
        self._choose("")
        self.set_interval(LOOK_S, self._again)

    def opened(self, about: str = "") -> None:
        self._again()

    def news(self, event: Event) -> None:
        if event.kind.startswith("alert."):
            self.attempt(self._look, "health", newest=True)

    def _again(self) -> None:
        if self.display:
            self.attempt(self._look, "health")

    async def _look(self) -> None:
        check(self.handed.principal, Act.READ)
        self._draw(await self.handed.status(), await self.handed.alerts.open())

    def _draw(self, lines: Sequence[StatusLine], alerts: Sequence[Alert]) -> None:
        """`alerts`: the open ones, the oldest first."""
        self.query_one(Trends).look()
        backups = [one for one in lines if one.label == BACKUP]
        self.query_one("#health-lines", Sheet).say(marked(one for one in worst_first(lines) if one not in backups))
        self.query_one("#backup", Static).update(marked(backups))
        shown = self.query_one("#alert-list", VerticalScroll)
        if alerts == self._open and shown.children:
            return
        self._open = list(alerts)
        rows = [Tile(_row(one), one.id, classes=f"alarm {one.level}") for one in alerts]
        shown.remove_children()
        shown.mount_all(rows or [Static("No alert is open.", markup=False)])
        kept = self._chosen in {one.id for one in alerts}
        free = next((one.id for one in alerts if not one.acknowledged_by), "")
        self._choose(self._chosen if kept else free)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.has_class("alarm"):
            self._choose(event.tile.key)
        elif event.tile.key == "back":
            self.go_back()
        else:
            getattr(self, f"action_{event.tile.key}")()

    def action_care(self) -> None:
        if self._chosen:
            self.tapped(partial(self._care, self._chosen), "dialog")

    def action_queue(self) -> None:
        self.post_message(self.Go("queue"))

    def action_log(self) -> None:
        self.post_message(self.Go("log"))

    def _choose(self, id: str) -> None:
        """Mark it; the button is there while nobody looks after it."""
        self._chosen = id
        for row in self.query(Tile).filter(".alarm"):
            row.set_class(row.key == id, "on")
        chosen = next((one for one in self._open if one.id == id), None)
        self.query_one("#care").display = chosen is not None and not chosen.acknowledged_by

    async def _care(self, id: str) -> None:
        """The row says so itself, when the event comes: a notice would cover it."""
        person = await self.authorise(Act.ACKNOWLEDGE)
        if person is not None:
            await self.handed.alerts.acknowledge(id, person)


def marked(lines: Iterable[StatusLine]) -> str:
    """A line each, with the sign of its level."""
    return "\n".join(f"{MARKS.get(one.level, '●')} {line(one.label, 24)}: {line(one.text)}" for one in lines)


def _row(alert: Alert) -> str:
    """All of it: the row is as high as it needs."""
    since = datetime.fromtimestamp(alert.raised_at).astimezone()
    care = f"{line(alert.acknowledged_by, 40)} looks after it" if alert.acknowledged_by else "nobody looks after it"
    parts = f"{alert.level} since {since:%-d %b %H:%M}", line(alert.text, 400), line(alert.mend, 300), care
    return "\n".join(part for part in parts if part)
