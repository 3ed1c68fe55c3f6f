"""Changes as rows to tap, kept up to date in place."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.widgets import Static

from haven.changes.states import RESTING
from haven.store.changes import Change
from kiosk.plain import line
from kiosk.screens.reviewing import stages
from kiosk.widgets.tile import Tile

PROGRESS = "change.progress"
"""The live event that tells what the work on a change is doing."""
MORE = "more"
"""The key of the tile below the last row."""


class ChangeList(VerticalScroll, can_focus=False):
    """A tapped row posts `Tile.Pressed` with the id of its change as the key."""

    def __init__(self, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self._progress: dict[str, str] = {}
        self._shown: list[Change] = []

    def show(self, changes: Sequence[Change], *, empty: str = "", more: bool = False) -> None:
        """Newest first, as handed in; `more` adds a tile with the key MORE that stands for those after them."""
        self._empty = empty or self._empty
        for change in changes:
            before = next((known for known in self._shown if known.id == change.id), None)
            if before is not None and (before.state, before.round) != (change.state, change.round):
                self._progress.pop(change.id, None)
        self._shown = list(changes)
        rows = {row.key: row for row in self.query(Tile)}
        if list(rows) == [*(change.id for change in changes), *[MORE] * more] and rows:
            for change in changes:
                self._say(rows[change.id], change)
            return
        self.remove_children()
        last = [Tile("Show older ones", MORE, classes="row")] if more else []
        self.mount_all([*map(self._row, changes), *last] or [Static(self._empty, markup=False)])

    def progress(self, id: str, text: str) -> None:
        """What the work on a change is doing right now."""
        self._progress[id] = line(text, 80)
        change = next((known for known in self._shown if known.id == id), None)
        for row in self.query(Tile):
            if row.key == id and change is not None:
                self._say(row, change)

    def _row(self, change: Change) -> Tile:
        row = Tile(self._words(change), change.id)
        self._say(row, change)
        return row

    def _say(self, row: Tile, change: Change) -> None:
        row.set_classes(f"change {change.state.replace(' ', '-')}")
        row.say(self._words(change))

    def _words(self, change: Change) -> str:
        doing = self._progress.get(change.id) or line(change.reason, 80)
        who = line(change.requester_name, 24)
        about = f"{change.state} · {change.kind} · {change.id} · round {change.round} · {who}"
        way = "" if change.state in RESTING else stages.short(change.state, doing)
        last = " · ".join(part for part in (way, doing) if part)
        return f"{line(change.title, 76)}\n{about}" + (f"\n{last}" if last else "")
