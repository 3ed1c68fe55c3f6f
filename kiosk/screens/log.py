"""Log: Haven's own words about what it does, by level, by words, and by the id of an error or a change."""

from __future__ import annotations

import logging
import re
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from haven.access import Act, Role
from haven.logbook import Line
from kiosk.plain import line
from kiosk.screens.dialogs import Words
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.log_view import LogView
from kiosk.widgets.tile import Tile

LEVELS = {"all": logging.NOTSET, "info +": logging.INFO, "warnings +": logging.WARNING, "errors": logging.ERROR}
ID = re.compile(r"\[([0-9a-f]{8})\]|\b([0-9a-f]{6,8})\b")
"""An error's id, else what looks like that of a change."""
LOOK_S = 1.0
LOCKED = "The log may name people. Tap Unlock and enter the PIN: it stays open until you leave."
OWNERS = "The log is the owner's to read."


class LogPane(Pane):
    """What is kept in memory, the newest at the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "level", "Level", tooltip="all, warnings and errors, or errors alone"),
        Binding("s", "search", "Search", tooltip="only what has these words, or this id, in it"),
        Binding("f", "follow", "Follow", tooltip="stay at the newest, or stay where you read"),
        Binding("i", "same", "Same id", tooltip="only what has the id of the chosen record in it"),
        Binding("u", "unlock", "Unlock", tooltip="on the wall panel: read the log, with the PIN"),
        Binding("c", "clear", "Clear", tooltip="every word again"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._level = "info +"
        self._words = ""
        self._follow = True
        self._seen = -1
        self._chosen: Line | None = None
        self._unlocked = not handed.principal.needs_pin

    def compose(self) -> ComposeResult:
        yield Static("", id="log-head", markup=False)
        yield LogView(id="log-lines")
        with Horizontal(classes="actions wraps"):
            yield Tile("Back", "back")
            yield Tile("Unlock", "unlock", id="log-unlock", classes="good")
            yield Tile("", "level", id="log-level")
            yield Tile("Search", "search", classes="good")
            yield Tile("Same id", "same", id="log-same")
            yield Tile("Clear", "clear", id="log-clear")
            yield Tile("Follow", "follow", id="log-follow")

    def on_mount(self) -> None:
        self._mark()
        self.set_interval(LOOK_S, self._again)

    def opened(self, about: str = "") -> None:
        """`about`: an id or other words to look for."""
        if about:
            self._words = about
        self._show()

    def standing(self) -> dict[str, str]:
        return {"about": self._words}

    def ended(self) -> None:
        self._words, self._level, self._follow = "", "info +", True
        self._unlocked = not self.handed.principal.needs_pin
        self._chosen = None
        self._show()

    def on_hide(self, event: events.Hide) -> None:
        """A PIN is good for as long as the pane is looked at."""
        if self.handed.principal.needs_pin and self._unlocked:
            self._unlocked, self._chosen = False, None
            self._show()

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.key == "back":
            self.go_back()
        else:
            getattr(self, f"action_{event.tile.key}")()

    def on_log_view_chosen(self, event: LogView.Chosen) -> None:
        """Whoever reads one wants it to stay where it is."""
        event.stop()
        self._chosen = event.line
        self._follow = self._follow and event.line is None
        self._mark()

    def action_level(self) -> None:
        names = list(LEVELS)
        self._level = names[(names.index(self._level) + 1) % len(names)]
        self._show()

    def action_follow(self) -> None:
        self._follow = not self._follow
        self._show()

    def action_clear(self) -> None:
        self._words = ""
        self._show()

    def action_same(self) -> None:
        if id := _id(self._chosen):
            self._words = id
            self._show()

    def action_unlock(self) -> None:
        self.tapped(self._unlock, "dialog")

    def action_search(self) -> None:
        self.tapped(self._search, "dialog")

    async def _unlock(self) -> None:
        if await self.authorise(Act.SETTINGS, "read the log") is not None and self.display:
            self._unlocked = True
            self._show()

    async def _search(self) -> None:
        words = await self.app.push_screen_wait(Words("Which words, or which id, does it have in it?", "Search"))
        if words is not None:
            self._words = " ".join(words.split())
            self._show()

    def _again(self) -> None:
        if self.display and self.handed.log.count != self._seen:
            self._show()

    def _show(self) -> None:
        """Others' names may stand in the log: it is the owner's to read, on the wall panel after its PIN."""
        owner = self.handed.principal.role is Role.OWNER
        readable = owner and self._unlocked
        self._seen = self.handed.log.count
        lines = self.handed.log.lines(LEVELS[self._level], self._words) if readable else []
        nothing = "Nothing in the log is like that." if readable else LOCKED if owner else OWNERS
        self.query_one(LogView).show(lines, nothing, follow=self._follow)
        about = f" with {line(self._words, 60)!r}" if self._words else ""
        self.query_one("#log-head", Static).update(f"{len(lines):,} record{'s' * (len(lines) != 1)}{about}")
        self._mark()

    def _mark(self) -> None:
        self.query_one("#log-unlock").display = not self._unlocked
        self.query_one("#log-level", Tile).say(f"Level\n{self._level}")
        follow = self.query_one("#log-follow", Tile)
        follow.say("Follow\non" if self._follow else "Follow\noff")
        follow.set_class(self._follow, "on")
        self.query_one("#log-clear").display = bool(self._words)
        same = self.query_one("#log-same", Tile)
        same.display = bool(id := _id(self._chosen))
        same.say(f"Same id\n{id}")


def _id(one: Line | None) -> str:
    found = ID.search(one.text) if one is not None else None
    return (found[1] or found[2]) if found else ""
