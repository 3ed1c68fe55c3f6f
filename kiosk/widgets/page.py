"""A part of the screen that scrolls, by finger or by arrow keys."""

from __future__ import annotations

from textual.containers import VerticalScroll


class Page(VerticalScroll, can_focus=True):
    """Looks the same with and without the focus."""

    FOCUS_ON_CLICK = False

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Textual would work out the styles of all that stands in it anew."""
