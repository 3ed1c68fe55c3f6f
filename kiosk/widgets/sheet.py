"""A sheet of plain text that scrolls, by finger or by arrow keys."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from kiosk.widgets.page import Page


class Sheet(Page):
    """Text of any length; what it is given is safe to show already."""

    class Tapped(Message):
        """A finger touched its text, and did not scroll."""

        def __init__(self, sheet: Sheet) -> None:
            super().__init__()
            self.sheet = sheet

        @property
        def control(self) -> Sheet:
            return self.sheet

    class Text(Static):
        """What a tap arrives at; a finger that scrolls is the sheet's own."""

        def on_click(self, event: events.Click) -> None:
            if isinstance(self.parent, Sheet):
                self.post_message(Sheet.Tapped(self.parent))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._said: str | Content = ""

    def compose(self) -> ComposeResult:
        yield Sheet.Text("", markup=False)

    def say(self, text: str | Content) -> None:
        """Show this; costs nothing where it is shown already."""
        if text != self._said:
            self._said = text
            self.query_one(Static).update(text)
