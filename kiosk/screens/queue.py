"""Queue: what Haven works on, what waits for its turn, and what failed; it can be cancelled or followed in the log."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from assistants import queue
from assistants.queue import Entry
from haven.access import Act
from haven.store.database import now
from haven.store.events import Event
from kiosk.plain import line
from kiosk.screens.dialogs import Choice
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.change_list import PROGRESS
from kiosk.widgets.rows import Rows
from kiosk.widgets.tile import Tile

MARKS = {"running": "▶ running", "due": "… waits", "failed": "▲ failed"}
LOOK_S = 5.0
"""Seconds between two looks while it is shown: a job begins and ends without a word to the house."""


class QueuePane(Pane):
    """A row for each job, what runs first; below, what can be done with the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "end", "Cancel", tooltip="end the chosen work for good"),
        Binding("v", "view", "Look at it", tooltip="show the change that the chosen work is for"),
        Binding("l", "log", "Log", tooltip="the lines of the log that speak of it"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._entries: list[Entry] = []
        self._doing: dict[str, str] = {}
        self._chosen = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="queue-head", markup=False)
        yield Rows(id="queue-list")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("Look at it", "view", id="queue-view")
            yield Tile("Log", "log", id="queue-log")
            yield Tile("Cancel it", "end", id="queue-end", classes="bad")

    def on_mount(self) -> None:
        self._mark()
        self.set_interval(LOOK_S, self._again)

    def opened(self, about: str = "") -> None:
        self.attempt(self._look, "queue")

    def news(self, event: Event) -> None:
        if event.kind == PROGRESS:
            self._doing[event.subject] = line(str(event.data.get("text", "")), 80)
        if event.kind.startswith(("change.", "answer.")) and self.display:
            self.attempt(self._look, "queue", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.has_class("row"):
            self._chosen = event.tile.key
            self._mark()
        elif event.tile.key == "back":
            self.go_back()
        else:
            getattr(self, f"action_{event.tile.key}")()

    def action_view(self) -> None:
        if (one := self._one()) is not None:
            self.post_message(self.Go("review" if one.kind != "question" else "ask", one.subject))

    def action_log(self) -> None:
        if (one := self._one()) is not None:
            self.post_message(self.Go("log", one.subject))

    def action_end(self) -> None:
        if (one := self._one()) is not None and one.may_end:
            self.tapped(partial(self._end, one), "dialog")

    def _again(self) -> None:
        if self.display:
            self.attempt(self._look, "queue")

    async def _look(self) -> None:
        handed = self.handed
        entries = await queue.look(handed.database, handed.changes, handed.waiting, handed.principal)
        busy = {one.subject for one in entries if one.state == "running"}
        self._doing = {id: text for id, text in self._doing.items() if id in busy}
        counts = [(sum(one.state == state for one in entries), mark) for state, mark in MARKS.items()]
        head = " · ".join(f"{count} {mark}" for count, mark in counts if count)
        self.query_one("#queue-head", Static).update(head or "Nothing is to be done: the queue is empty.")
        self.query_one(Rows).show({_key(one): self._words(one) for one in entries})
        self._entries = entries
        if self._one() is None:
            self._chosen = _key(entries[0]) if entries else ""
        self._mark()

    async def _end(self, one: Entry) -> None:
        question = f"Cancel this {one.kind} for good? {line(one.about, 120)}"
        if await self.app.push_screen_wait(Choice(question, {"yes": "Yes, cancel it"})) is None:
            return
        person = await self.authorise(Act.CANCEL)
        if person is not None:
            await queue.cancel(one, self.handed.changes, self.handed.waiting, person)
            self.attempt(self._look, "queue", newest=True)
            self.tell("It is cancelled.")

    def _one(self) -> Entry | None:
        return next((one for one in self._entries if _key(one) == self._chosen), None)

    def _mark(self) -> None:
        one = self._one()
        self.query_one(Rows).mark(self._chosen)
        self.query_one("#queue-view").display = one is not None and one.kind != "question"
        self.query_one("#queue-log").display = one is not None
        self.query_one("#queue-end").display = one is not None and one.may_end

    def _words(self, one: Entry) -> str:
        who = f" · by {line(one.by, 30)}" if one.by else ""
        tries = f" · try {one.attempts}" if one.attempts > 1 else ""
        doing = self._doing.get(one.subject, "") if one.state == "running" else ""
        why = doing or line(one.why, 90)
        head = f"{MARKS[one.state]} · {one.kind} {line(one.subject, 24)} · {line(one.about, 60)}"
        return f"{head}\n{_when(one)}{who}{tries}" + (f"\n{why}" if why else "")


def _key(one: Entry) -> str:
    return f"{one.kind} {one.subject}"


def _when(one: Entry) -> str:
    """Its time here, in words."""
    if not one.at:
        return "at once"
    at = datetime.fromtimestamp(one.at).astimezone()
    here = datetime.fromtimestamp(now()).astimezone()
    clock = f"{at:%H:%M}" if at.date() == here.date() else f"{at:%-d %b %H:%M}"
    if one.state == "failed":
        return f"failed at {clock}"
    return f"tried from {clock} on" if at > here else f"due since {clock}"
