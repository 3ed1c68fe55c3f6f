"""Changes: all of them, newest first, each with where it stands now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from haven.store.changes import Change
from kiosk.screens.pane import Pane
from kiosk.widgets.change_list import ChangeList


class ChangesPane(Pane):
    """The list."""

    def compose(self) -> ComposeResult:
        yield Static("Changes", classes="heading")
        yield ChangeList("There are no changes yet. Ask for one under Ask.")

    def show_changes(self, changes: Sequence[Change]) -> None:
        self.query_one(ChangeList).show(changes)

    def progress(self, id: str, text: str) -> None:
        self.query_one(ChangeList).progress(id, text)
