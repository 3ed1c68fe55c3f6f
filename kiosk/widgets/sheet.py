"""A sheet of plain text that scrolls, by finger or by arrow keys."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class Sheet(VerticalScroll, can_focus=True):
    """Text of any length; what it is given is safe to show already."""

    FOCUS_ON_CLICK = False

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def say(self, text: str | Content) -> None:
        self.query_one(Static).update(text)
