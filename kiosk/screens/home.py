"""Home: the time, the four assistants and what they do now, what waits for a decision, and how Haven is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Static

from assistants.sentinel import StatusLine
from assistants.table.transcript import TABLE
from assistants.waiting import is_for
from haven.access import Act
from haven.ai.switch import CloudSwitch
from haven.changes.states import State
from haven.store.changes import Change
from kiosk.plain import line
from kiosk.screens.health import marked
from kiosk.screens.pane import Pane
from kiosk.widgets.change_list import ChangeList
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

SWITCH = {True: "Switch the cloud off", False: "The cloud is off\nSwitch it on"}
"""What the kill switch says while the cloud is on, and while it is off."""
WAITS = frozenset({State.REVIEW.value, State.AWAITING_PLAN.value})


class Home(Pane):
    """The first thing seen."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Digits("", id="clock")
            yield Static("", id="today", markup=False)
            yield Tile("Inbox", "inbox", id="inbox-tile")
        with Horizontal(id="assistants"):
            for seat in self.handed.round_table.assistants:
                tile = Tile(f"{seat.title}\n{seat.job}", seat.name, classes="seat")
                tile.styles.border_left = ("thick", seat.colour)
                yield tile
        yield Static("", id="said", markup=False)
        with Horizontal(id="below"):
            with Vertical(id="waiting"):
                yield Static("", id="waits", classes="heading", markup=False)
                yield ChangeList("Nothing waits for you.")
            with Vertical(id="house"):
                yield Sheet(id="status")
                yield Tile(SWITCH[True], "cloud", id="switch")

    def on_mount(self) -> None:
        self._clock()
        self.set_interval(1.0, self._clock)
        self._switch = CloudSwitch(self.handed.database)
        self.attempt(self.show_switch, "switch")

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Those that wait for a decision."""
        waiting = [change for change in changes if change.state in WAITS]
        count = f"{len(waiting)} for you to look at" if waiting else "All looked at"
        self.query_one("#waits", Static).update(count)
        self.query_one(ChangeList).show(waiting)

    def show_status(self, lines: Sequence[StatusLine]) -> None:
        sheet = self.query_one("#status", Sheet)
        sheet.say(marked(lines))
        sheet.set_class(any(fact.level == "alert" for fact in lines), "alert")

    def show_inbox(self, count: int) -> None:
        """How much is not read yet."""
        tile = self.query_one("#inbox-tile", Tile)
        tile.say(f"Inbox: {count:,} new" if count else "Inbox")
        tile.set_class(count > 0, "good")

    def show_step(self, said: Mapping[str, Any]) -> None:
        """The last step of the Round Table, without its words: who did what to whom, and by which model."""
        seats = {one.name: one.title for one in self.handed.round_table.assistants}
        known = {*seats, TABLE, said["model"], ""}
        theirs = is_for(said["person"], self.handed.principal)
        who, whom = (one if theirs or one in known else "somebody" for one in (said["who"], said["whom"]))
        step = f"{seats.get(who, who)} {said['move']} {seats.get(whom, whom)}"
        by = f" · {said['tier']}" if said["tier"] else ""
        at = f"{datetime.fromtimestamp(said['at']).astimezone():%H:%M:%S}"
        self.query_one("#said", Static).update(line(f"{at} {step}{by}", 120))

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        if event.tile.has_class("seat"):
            event.stop()
            self.post_message(self.Go("ask", assistant=event.tile.key))
        elif event.tile.id == "inbox-tile":
            event.stop()
            self.post_message(self.Go("inbox"))
        elif event.tile.id == "switch":
            event.stop()
            self.tapped(self._turn, "switch")

    def on_sheet_tapped(self) -> None:
        """The status lines lead to all that there is to say about them."""
        self.post_message(self.Go("health"))

    async def show_switch(self) -> None:
        """The kill switch says what a tap does."""
        self.query_one("#switch", Tile).say(SWITCH[(await self._switch.state()).on])

    async def _turn(self) -> None:
        """Off at once, also on the wall panel; on again with its PIN."""
        on = (await self._switch.state()).on
        person = await self.authorise(Act.CLOUD_OFF if on else Act.SETTINGS)
        if person is None:
            return
        if on:
            await self._switch.off(person)
            self.tell("Nothing leaves for the cloud now. Calls that were under way end by themselves.")
        else:
            await self._switch.on(person)
            self.tell("The cloud may be used again.")
        await self.show_switch()

    def _clock(self) -> None:
        now = datetime.now().astimezone()
        clock, today = self.query_one("#clock", Digits), self.query_one("#today", Static)
        if clock.value != f"{now:%H:%M}":
            clock.update(f"{now:%H:%M}")
            today.update(f"\n{now:%A %-d %B}")
