"""Changes: those that wait for a person, the open ones, one's own or all, newest first, each with where it stands."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from haven.access import Act, check
from haven.changes.states import OPEN, State
from haven.store.changes import Change
from haven.store.events import Event
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.change_list import MORE, PROGRESS, ChangeList
from kiosk.widgets.tile import Tile

FILTERS = {"waits": "Waits for me", "open": "Open", "mine": "Mine", "all": "All"}
WAITS = frozenset({State.REVIEW, State.AWAITING_PLAN})
EMPTY = {
    "waits": "Nothing waits for you.",
    "open": "No change is open. Ask for one under Ask.",
    "mine": "You have asked for no change here yet.",
    "all": "There are no changes yet. Ask for one under Ask.",
}
PAGE = 30
"""Rows at first, and how many more a tap brings."""


class ChangesPane(Pane):
    """The list, and what it is of."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(at), f"only('{key}')", label, tooltip="show these alone")
        for at, (key, label) in enumerate(FILTERS.items(), 1)
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._filter = "all"
        self._limit = PAGE

    def compose(self) -> ComposeResult:
        with Horizontal(classes="actions"):
            for key, label in FILTERS.items():
                yield Tile(label, key, id=f"only-{key}", classes="only")
        yield ChangeList(EMPTY["all"])

    def on_mount(self) -> None:
        self._mark()
        self.attempt(self._load, "changes")

    def opened(self, about: str = "") -> None:
        self.attempt(self._load, "changes", newest=True)

    def news(self, event: Event) -> None:
        if event.kind == PROGRESS:
            self.query_one(ChangeList).progress(event.subject, str(event.data.get("text", "")))
        elif event.kind.startswith("change."):
            self.attempt(self._load, "changes", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.has_class("only"):
            self.action_only(event.tile.key)
        elif event.tile.key == MORE:
            self._limit += PAGE
            self.attempt(self._load, "changes", newest=True)
        else:
            self.post_message(self.Go("review", event.tile.key))

    def action_only(self, filter: str) -> None:
        self._filter, self._limit = filter, PAGE
        self._mark()
        self.query_one(ChangeList).scroll_home(animate=False)
        self.attempt(self._load, "changes", newest=True)

    def _mark(self) -> None:
        for tile in self.query(Tile).filter(".only"):
            tile.set_class(tile.key == self._filter, "on")

    async def _load(self) -> None:
        check(self.handed.principal, Act.READ)
        filter, limit = self._filter, self._limit
        found = await self._found(filter, limit + 1)
        waiting = await self._found("waits", PAGE)
        self.query_one(ChangeList).show(found[:limit], empty=EMPTY[filter], more=len(found) > limit)
        count = f"{len(waiting)}{'+' * (len(waiting) == PAGE)}"
        self.query_one("#only-waits", Tile).say(f"{FILTERS['waits']}\n{count}" if waiting else FILTERS["waits"])

    async def _found(self, filter: str, limit: int) -> list[Change]:
        states = {"waits": WAITS, "open": OPEN}.get(filter, frozenset())
        requester = self.handed.principal.id if filter == "mine" else None
        return await self.handed.changes.list(sorted(states), requester, limit)
