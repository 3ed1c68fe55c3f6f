"""The inbox: what came for a person and stays until they have read it; and what they watch for."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from haven.access import Act, check
from haven.store.events import Event
from haven.world.watches import Watch
from kiosk.inbox import DIGEST, READ, WATCH, Inbox, Message
from kiosk.plain import line
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

DIM = "$quiet"
NOTHING = "Nothing new."
NO_WATCH = "You watch for nothing yet. Say under F2 Ask what you want to hear of: tell me when a system is added near …"


class InboxPane(Pane):
    """Messages and below them the watches on the left, the chosen one on the right."""

    FROM_START = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "read", "All read", tooltip="put away what is new; the watches go on"),
        Binding("e", "end", "End this watch", tooltip="hear no more of what is shown"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._inbox = Inbox(handed.database, handed.bus, handed.principal)
        self._messages: list[Message] = []
        self._watches: list[Watch] = []
        self._chosen = ""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="sides"):
            yield VerticalScroll(id="inbox-list", can_focus=False)
            yield Sheet(id="message")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("All read", "read", id="inbox-read", classes="good")
            yield Tile("End this watch", "end", id="inbox-end", classes="bad")

    def on_mount(self) -> None:
        self._draw()
        self.attempt(self._unread, "inbox")

    def opened(self, about: str = "") -> None:
        """The watches are looked up when somebody comes to see them."""
        self.attempt(self._look, "watches", newest=True)

    def news(self, event: Event) -> None:
        """What came stays; whoever looks at another pane sees at once that there is something."""
        if event.kind in (WATCH, DIGEST, READ) and self._inbox.is_about(event):
            if event.kind == WATCH:
                self.tell(line(str(event.data.get("text", "")), 400))
            self.attempt(self._unread, "inbox", newest=True)

    async def _unread(self) -> None:
        messages = await self._inbox.unread()
        if messages != self._messages:
            self._messages = messages
            self._draw()
        self.post_message(self.Counted("inbox", len(messages)))

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("row"):
            self._choose(key)
        elif key == "back":
            self.go_back()
        elif key == "read":
            self.action_read()
        else:
            self.action_end()

    def action_read(self) -> None:
        if self._messages:
            self.tapped(partial(self._read, max(one.id for one in self._messages)), "dialog")

    def action_end(self) -> None:
        if self._chosen in {one.id for one in self._watches}:
            self.tapped(partial(self._end, self._chosen), "dialog")

    async def _look(self) -> None:
        watches = await self.handed.records.watches.list(self.handed.principal)
        if watches != self._watches:  # rows that stay are not taken from under a finger
            self._watches = watches
            self._draw()

    def _draw(self) -> None:
        rows = [(f"{one.title}\n{_day(one.at)}", str(one.id)) for one in self._messages]
        watches = [(f"{line(one.understood, 80)}\nsince {_day(one.at)}", one.id) for one in self._watches]
        shown = self.query_one("#inbox-list", VerticalScroll)
        shown.remove_children()
        for heading, found, nothing in (("New", rows, NOTHING), ("Watches", watches, NO_WATCH)):
            shown.mount(Static(heading, classes="heading", markup=False))
            shown.mount_all([Tile(words, key, classes="row") for words, key in found])
            if not found:
                shown.mount(Static(f"{nothing}\n", markup=False))
        there = [str(one.id) for one in self._messages] + [one.id for one in self._watches]
        self._choose(self._chosen if self._chosen in there else next(iter(there), ""))

    def _choose(self, key: str) -> None:
        self._chosen = key
        for row in self.query(Tile).filter(".row"):
            row.set_class(row.key == key, "on")
        self.query_one("#inbox-read").display = bool(self._messages)
        self.query_one("#inbox-end").display = key in {one.id for one in self._watches}
        self.attempt(partial(self._load, key), "message", newest=True)

    async def _load(self, key: str) -> None:
        check(self.handed.principal, Act.READ)
        sheet = self.query_one("#message", Sheet)
        message = next((one for one in self._messages if str(one.id) == key), None)
        watch = next((one for one in self._watches if one.id == key), None)
        if message is not None:
            came = f"\n\n{_day(message.at)}"
            sheet.say(Content.assemble((f"{message.title}\n\n", "bold"), message.text, (came, DIM)))
        elif watch is not None:
            sheet.say(await self._about(watch))
        else:
            sheet.say("")
        sheet.scroll_home(animate=False)

    async def _about(self, watch: Watch) -> Content:
        found = await self.handed.records.watches.told(watch.id)
        lines = "\n".join(f"{_day(at)}  {line(name, 80)}" for _, name, at in found) or "It has found nothing yet."
        title = f"{line(watch.understood)}\n\n"
        return Content.assemble((title, "bold"), lines, (f"\n\n“{line(watch.said)}” · {watch.id}", DIM))

    async def _read(self, last: int) -> None:
        """What came while the others were read stays."""
        await self._inbox.read(last)

    async def _end(self, id: str) -> None:
        person = await self.authorise(Act.END_WATCH)
        if person is not None:
            await self.handed.records.watches.remove(id, person)
            self.attempt(self._look, "watches", newest=True)
            self.tell("That watch has ended.")


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%-d %b %H:%M}"
