"""Home: the time, the four assistants, what waits for a decision, and how Haven is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Static

from assistants.sentinel import StatusLine
from haven.changes.states import State
from haven.store.changes import Change
from kiosk.plain import line
from kiosk.screens.pane import Pane
from kiosk.widgets.change_list import ChangeList
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

WAITS = frozenset({State.REVIEW.value, State.AWAITING_PLAN.value})


class Home(Pane):
    """The first thing seen."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Digits("", id="clock")
            yield Static("", id="today", markup=False)
        with Horizontal(id="assistants"):
            for seat in self.handed.round_table.assistants:
                tile = Tile(f"{seat.title}\n{seat.job}", seat.name, classes="seat")
                tile.styles.border_left = ("thick", seat.colour)
                yield tile
        with Horizontal(id="below"):
            with Vertical(id="waiting"):
                yield Static("", id="waits", classes="heading", markup=False)
                yield ChangeList("Nothing waits for you.")
            yield Sheet(id="status")

    def on_mount(self) -> None:
        self._clock()
        self.set_interval(1.0, self._clock)

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Those that wait for a decision."""
        waiting = [change for change in changes if change.state in WAITS]
        count = f"{len(waiting)} for you to look at" if waiting else "All looked at"
        self.query_one("#waits", Static).update(count)
        self.query_one(ChangeList).show(waiting)

    def show_status(self, lines: Sequence[StatusLine]) -> None:
        marks = {"ok": "●", "note": "◆", "alert": "▲"}
        text = "\n".join(f"{marks.get(fact.level, '●')} {line(fact.label, 24)}: {line(fact.text)}" for fact in lines)
        sheet = self.query_one("#status", Sheet)
        sheet.say(text)
        sheet.set_class(any(fact.level == "alert" for fact in lines), "alert")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        if event.tile.has_class("seat"):
            event.stop()
            self.post_message(self.Go("ask", assistant=event.tile.key))

    def _clock(self) -> None:
        now = datetime.now().astimezone()
        clock, today = self.query_one("#clock", Digits), self.query_one("#today", Static)
        if clock.value != f"{now:%H:%M}":
            clock.update(f"{now:%H:%M}")
            today.update(f"\n{now:%A %-d %B}")
