"""Home: the time, the four assistants and what they do now, what waits for a decision, and how Haven is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Static

from assistants.sentinel import StatusLine
from assistants.table.transcript import LIVE, TABLE, WRITES
from assistants.waiting import is_for
from haven.access import Act, check
from haven.changes.decisions import may_decide
from haven.changes.states import State
from haven.store import jobs
from haven.store.database import now
from haven.store.events import Event
from haven.store.transcripts import Said
from kiosk.doing import ENDS, Doing
from kiosk.plain import line
from kiosk.screens.health import marked
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.change_list import PROGRESS, ChangeList
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.talk import Cast
from kiosk.widgets.tile import Line, Tile

WAITS = frozenset({State.REVIEW.value, State.AWAITING_PLAN.value})
FIGURES_S = 15.0
"""Seconds between two looks at the cost and the queue."""
LOOKED_AT, BLOCKS = 60, 10
JOB = 52
"""Characters of what an assistant is for: three lines of its tile."""
MINE = {"inbox": ("Inbox", "new"), "drafts": ("Drafts", "to decide"), "ask": ("Answers", "came back")}
"""What waits for whoever stands here, by its place: its label, and what so many of it are."""


class Home(Pane):
    """The first thing seen."""

    FROM_START = True

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._cast = Cast.of(handed.round_table.assistants)
        self._doing = Doing()

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            with Horizontal(id="hours"):
                yield Digits("", id="clock")
                yield Static("", id="today", markup=False)
            with Horizontal(id="mine"):
                for pane, (label, _) in MINE.items():
                    yield Tile(f"{label}\n-", pane, id=f"{pane}-tile", classes="mine")
        with Horizontal(id="assistants"):
            for seat in self.handed.round_table.assistants:
                yield Tile("", seat.name, classes=f"seat {self._cast.voice(seat.name)}")
        yield Line(id="said")
        with Horizontal(id="below"):
            with Vertical(id="waiting"):
                yield Line(id="waits", classes="heading")
                yield ChangeList("Nothing waits for you.")
            with Vertical(id="house"):
                yield Line(id="money")
                yield Line(id="queued")
                yield Sheet(id="status")

    def on_mount(self) -> None:
        self._clock()
        self.set_interval(1.0, self._clock)
        self.attempt(self._load, "waiting")
        self.attempt(self._begun, "begun")
        self.set_interval(FIGURES_S, self._look)
        self._look()

    def opened(self, about: str = "") -> None:
        self._look()

    def news(self, event: Event) -> None:
        if event.kind == LIVE:
            said = Said(**event.data)
            self._doing.take(said)
            self._show_step(event.data)
            self._show_seats()
            if said.move in ENDS:
                self._look()
        elif event.kind == WRITES:
            self._doing.writes(event.subject)
            self._show_seats()
        elif event.kind.startswith("change.") and event.kind != PROGRESS:
            self.attempt(self._load, "waiting", newest=True)

    async def _load(self) -> None:
        """Changes that wait for a decision that this person may make."""
        check(self.handed.principal, Act.READ)
        person, settings = self.handed.principal.with_pin(), self.handed.office.settings
        waiting = [one for one in await self.handed.changes.list(WAITS) if may_decide(person, one, settings)]
        count = f"{len(waiting)} for you to look at" if waiting else "All looked at"
        self.query_one("#waits", Line).say(count)
        self.query_one(ChangeList).show(waiting)

    def show_status(self, lines: Sequence[StatusLine]) -> None:
        sheet = self.query_one("#status", Sheet)
        sheet.say(marked(lines))
        sheet.set_class(any(fact.level == "alert" for fact in lines), "alert")

    def count(self, pane: str, count: int) -> None:
        """How much waits there."""
        if pane in MINE:
            tile, (label, what) = self.query_one(f"#{pane}-tile", Tile), MINE[pane]
            tile.say(f"{label}\n{count:,} {what}" if count else f"{label}\n-")
            tile.set_class(count > 0, "good")

    def _show_step(self, said: Mapping[str, Any]) -> None:
        """The last step of the Round Table, without its words: who did what to whom, and by which model."""
        seats = {one.name: one.title for one in self.handed.round_table.assistants}
        known = {*seats, TABLE, said["model"], ""}
        theirs = is_for(said["person"], self.handed.principal)
        who, whom = (one if theirs or one in known else "somebody" for one in (said["who"], said["whom"]))
        step = f"{seats.get(who, who)} {said['move']} {seats.get(whom, whom)}"
        by = f" · {said['tier']}" if said["tier"] else ""
        at = f"{datetime.fromtimestamp(said['at']).astimezone():%H:%M:%S}"
        self.query_one("#said", Line).say(line(f"{at} {step}{by}", 120))

    async def _begun(self) -> None:
        """What was begun before this display was there."""
        for said in await self.handed.round_table.transcript.steps(self.handed.principal, LOOKED_AT):
            self._doing.take(said)
        self._show_seats()

    def _show_seats(self) -> None:
        """What each assistant does now, in words."""
        for tile in self.query(".seat").results(Tile):
            work = self._doing.of(tile.key, now())
            seat = self.handed.round_table.seat(tile.key)
            title = self._cast.title(tile.key)
            if not work:
                job = shorten(line(seat.job, 200), JOB, placeholder=" …") if seat else ""
                tile.say(f"{title}\n○ idle\n{job}")
            else:
                theirs = is_for(work[0].person, self.handed.principal)
                about = line(work[0].words, 60) if theirs and work[0].words else "a question"
                more = f" (and {len(work) - 1} more)" if len(work) > 1 else ""
                tile.say(f"{title}\n● {work[0].state}{more}\n{about}")
            tile.set_class(bool(work), "busy")

    def _look(self) -> None:
        self._show_seats()
        self.attempt(self._figures, "figures")

    async def _figures(self) -> None:
        """What the cloud cost today against the cap, and what the queue holds."""
        check(self.handed.principal, Act.READ)
        office = self.handed.office
        spent, cap = await office.ledger.spent_today(), (await office.caps.in_force()).daily
        self.query_one("#money", Line).say(f"Today {spent:.2f} of {cap:.2f} USD  {_bar(spent, cap)}")
        running, waiting = await jobs.counts(self.handed.database)
        queue = f"{running} running, {waiting} waiting" if running or waiting else "empty"
        self.query_one("#queued", Line).say(f"Queue: {queue}")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        if event.tile.has_class("seat"):
            event.stop()
            self.post_message(self.Go("ask", event.tile.key))
        elif event.tile.has_class("change"):
            event.stop()
            self.post_message(self.Go("review", event.tile.key))
        elif event.tile.has_class("mine"):
            event.stop()
            self.post_message(self.Go(event.tile.key))

    def on_sheet_tapped(self) -> None:
        """The status lines lead to all that there is to say about them."""
        self.post_message(self.Go("health"))

    def _clock(self) -> None:
        here = datetime.fromtimestamp(now()).astimezone()
        clock, today = self.query_one("#clock", Digits), self.query_one("#today", Static)
        if clock.value != f"{here:%H:%M}":
            clock.update(f"{here:%H:%M}")
            today.update(f"\n{here:%A %-d %B}")


def _bar(part: float, whole: float) -> str:
    """How much of it is used, in ten blocks."""
    filled = min(BLOCKS, math.ceil(BLOCKS * part / whole)) if whole > 0 else BLOCKS
    return "█" * filled + "░" * (BLOCKS - filled)
