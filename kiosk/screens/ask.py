"""Ask: a question to an assistant, answered as it is written; or the same words as a change."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import TextArea

from assistants.table.proposing import change_kind
from assistants.table.request import Request
from haven.access import Act
from haven.ai.task import Where
from haven.changes.proposal import Kind, clean
from kiosk.screens.answering import Answering
from kiosk.screens.asked import agreed
from kiosk.screens.dialogs import Choice
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import Keyboard, Keys
from kiosk.widgets.tile import Tile


class Ask(Pane):
    """Who is asked, the answer, the words."""

    FROM_START = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "stop", "Stop", tooltip="the answer that is being written: the model stops at once"),
        Binding("ctrl+r", "press('history')", "Asked today", tooltip="what you asked today, to see again"),
        Binding("ctrl+p", "press('sources')", "Sources", tooltip="the records that the answer rests on"),
        Binding("ctrl+g", "press('up')", "Good answer", tooltip="this answer helped"),
        Binding("ctrl+b", "press('down')", "Poor answer", tooltip="this answer did not help"),
        Binding(
            "ctrl+backslash", "press('cloud')", "Ask the cloud instead", tooltip="the same question; its price first"
        ),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._assistant = ""
        self._private = False
        self._where = Where.AUTO
        self._busy = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="seats"):
            yield Tile("Whoever\nfits", "", classes="who on")
            for seat in self.handed.round_table.assistants:
                yield Tile(seat.title, seat.name, classes="who")
            yield Tile("", id="where")
            yield Tile("", id="private")
        yield Answering(self.handed, id="talk")
        with Horizontal(id="say"):
            yield Entry("Ask, or say what you would like changed", id="words")
            yield Tile("Ask", id="send", classes="good")
            yield Tile("Make this\na change", id="make")
        yield Keyboard()

    def on_mount(self) -> None:
        self._keyboard(False)
        self._options()

    def opened(self, about: str = "") -> None:
        """Ready to type; for an assistant, if one was chosen."""
        if about and about != self._assistant:
            self._choose(about)
            self.query_one(Answering).suggest(about)
        self.query_one(Entry).focus()

    def standing(self) -> dict[str, str]:
        """Words for one model alone, or that stay home, are not kept: who sends them has to choose that again."""
        answering = self.query_one(Answering)
        words = "" if self._private or self._where is not Where.AUTO else self.query_one(Entry).text
        return {"about": self._assistant, "words": words, "since": str(answering.since)}

    def resumed(self, standing: Mapping[str, str]) -> None:
        super().resumed(standing)
        entry, answering = self.query_one(Entry), self.query_one(Answering)
        entry.text = standing.get("words", "")
        entry.move_cursor(entry.document.end)
        answering.goes_on(float(standing.get("since", answering.since)))

    def ended(self) -> None:
        """The next person finds nothing typed, chosen or answered."""
        self._private, self._where = False, Where.AUTO
        self._choose("")
        self.query_one(Answering).suggest("")
        self.query_one(Entry).forget()
        self._keyboard(False)
        self._options()

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        tile = event.tile
        if tile.has_class("who"):
            self._choose(tile.key)
            self.query_one(Answering).suggest(self._assistant)
        elif tile.id == "private":
            self._private = not self._private
        elif tile.id == "where":
            self._where = self._next_where()
        elif tile.id == "send" and self._busy:
            self.action_stop()
        elif tile.id == "send":
            self._send()
        elif tile.id == "make":
            self._keyboard(False)
            self.tapped(self._propose, "dialog")
        self._options()

    def action_stop(self) -> None:
        self.query_one(Answering).stop()

    def action_press(self, key: str) -> None:
        """One of the tiles under the answer, if it is there."""
        for tile in self.query("#choices Tile").results(Tile):
            if tile.key == key:
                tile.action_press()

    def on_answering_busy(self, event: Answering.Busy) -> None:
        """While an answer is written, the tile that asked for it ends it."""
        self._busy = event.busy
        send = self.query_one("#send", Tile)
        send.say("Stop" if event.busy else "Ask")
        send.set_class(event.busy, "bad")
        send.set_class(not event.busy, "good")

    def on_answering_wanted(self, event: Answering.Wanted) -> None:
        """Asked as they are: what is being typed stays for the next question."""
        self._send(event.words)

    def on_entry_touched(self) -> None:
        self._keyboard(True)

    def on_entry_typed(self) -> None:
        self._keyboard(False)

    def on_entry_sent(self) -> None:
        self._send()

    def on_keys_typed(self, event: Keys.Typed) -> None:
        if event.key == "hide":
            self._keyboard(False)
        else:
            self.query_one(Entry).take(event.key)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Where the words ask for a change, the tile for that stands out."""
        self.query_one("#make").set_class(change_kind(event.text_area.text) is not None, "good")

    def _send(self, words: str | None = None) -> None:
        self._keyboard(False)
        self.query_one(Answering).attempt(partial(self._ask, words), "answer", newest=True)

    async def _ask(self, words: str | None) -> None:
        """Ask `words`, or what was typed."""
        entry = self.query_one(Entry)
        text = clean(entry.text if words is None else words)
        principal = await self.authorise(Act.CLOUD if self._where is Where.CLOUD else Act.ASK)
        if principal is not None:
            assistant = self._assistant or None
            request = Request(text, principal, assistant=assistant, where=self._where, private=self._private)
            if words is None:
                entry.clear()
            await self.query_one(Answering).ask(request)

    async def _propose(self) -> None:
        entry = self.query_one(Entry)
        text = clean(entry.text)
        kinds = {kind.value: kind.value.capitalize() for kind in Kind}
        suggested = change_kind(text) or Kind.FEATURE
        chosen = await self.app.push_screen_wait(Choice("What kind of change is it?", kinds, suggested.value))
        principal = await self.authorise(Act.REQUEST) if chosen else None
        if chosen is None or principal is None:
            return
        request = Request(text, principal, Kind(chosen), assistant=self._assistant or None)
        if not await agreed(self, request):
            return
        change = await self.handed.round_table.propose(request, Kind(chosen))
        entry.clear()
        self.tell(f"Change {change.id} is on its way: {change.title}")
        self.post_message(self.Go("review", change.id))

    def _choose(self, assistant: str) -> None:
        self._assistant = assistant
        for tile in self.query(Tile).filter(".who"):
            tile.set_class(tile.key == assistant, "on")

    def _options(self) -> None:
        private, where = self.query_one("#private", Tile), self.query_one("#where", Tile)
        private.say("Private\nstays home" if self._private else "Private\nno")
        private.set_class(self._private, "on")
        where.say(f"Model\n{'local' if self._private else self._where.value}")

    def _next_where(self) -> Where:
        """The choices in a circle; models at home are among them where there are any."""
        circle = [one for one in Where if one is not Where.LAN or self.handed.lan()]
        return circle[(circle.index(self._where) + 1) % len(circle)] if self._where in circle else Where.AUTO

    def _keyboard(self, up: bool) -> None:
        self.query_one(Keyboard).display = up
        self.query_one(Answering).make_room(not up)
