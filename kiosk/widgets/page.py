"""What has the focus for its keys alone: parts of the screen that scroll or move, by finger or by arrow keys."""

from __future__ import annotations

from textual import events
from textual.containers import VerticalScroll
from textual.widget import Widget


class Unmarked(Widget):
    """Looks the same with and without the focus, so nothing of it is styled or drawn anew when that comes and goes."""

    FOCUS_ON_CLICK = False

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Textual's own works out the styles of all that stands in it."""

    def _on_focus(self, event: events.Focus) -> None:
        event.prevent_default()
        self.has_focus = True

    def _on_blur(self, event: events.Blur) -> None:
        event.prevent_default()
        self.has_focus = False


class Page(VerticalScroll, Unmarked, can_focus=True):  # in this order: Textual takes the styles of the first alone
    """Text or tiles that scroll."""
