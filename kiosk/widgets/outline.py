"""A long list drawn by hand: only what is seen costs anything. What can be tapped is three rows high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kiosk.themes import style


class Item(NamedTuple):
    """One thing of the list; `text` and `right` are safe to show."""

    text: str
    right: str = ""
    """What stands at the end of its row."""
    key: str = ""
    """What a tap on it means; "" for nothing."""
    ink: str = "ink"


class Line(NamedTuple):
    """One row of the screen."""

    text: str
    ink: str
    key: str = ""
    item: int = -1


class Outline(ScrollView, can_focus=True):
    """Show items; a tap on one with a key posts `Tapped`. With a keyboard: j and k go to one, Enter taps it."""

    FOCUS_ON_CLICK = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "go(1)", "Next row"),
        Binding("k", "go(-1)", "Row before"),
        Binding("enter,space", "tap", "Tap it"),
    ]

    class Tapped(Message):
        """An item was tapped."""

        def __init__(self, outline: Outline, key: str) -> None:
            super().__init__()
            self.outline = outline
            self.key = key

        @property
        def control(self) -> Outline:
            return self.outline

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: Sequence[Item] = ()
        self._lines: list[Line] = []
        self._cursor = ""

    def show(self, items: Sequence[Item]) -> None:
        """What is scrolled to stays where it is."""
        if items != self._items:
            self._items = items
            self._lay()

    def top(self) -> None:
        self._cursor = ""
        self.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        self._lay()

    def on_click(self, event: events.Click) -> None:
        spot = event.get_content_offset(self)
        number = (spot.y if spot else 0) + round(self.scroll_y)
        if spot is not None and number < len(self._lines) and (key := self._lines[number].key):
            self.post_message(self.Tapped(self, key))

    def action_go(self, by: int) -> None:
        keys = list(dict.fromkeys(one.key for one in self._lines if one.key))
        if keys:
            at = keys.index(self._cursor) + by if self._cursor in keys else 0
            self._cursor = keys[min(max(at, 0), len(keys) - 1)]
            row = next(number for number, one in enumerate(self._lines) if one.key == self._cursor)
            self.scroll_to(y=max(0, row - self.size.height // 2), animate=False, immediate=True)
            self.refresh()

    def action_tap(self) -> None:
        if self._cursor:
            self.post_message(self.Tapped(self, self._cursor))

    def render_line(self, y: int) -> Strip:
        number = y + round(self.scroll_y)
        width = self.scrollable_content_region.width
        if number >= len(self._lines):
            return Strip.blank(width, style(self.app, "ink", on="paper"))
        one = self._lines[number]
        here = bool(one.key) and one.key == self._cursor and self.has_focus
        drawn = style(self.app, one.ink, on="chosen" if here else "tile" if one.key else "paper", bold=bool(one.key))
        return Strip([Segment(one.text, drawn)]).adjust_cell_length(width, drawn)

    def _lay(self) -> None:
        if not self.size.width:
            return
        width = max(20, self.scrollable_content_region.width)
        self._lines = []
        for number, item in enumerate(self._items):
            if item.key:
                edge = Line("▔" * width, "edge", item.key, number)
                room = width - cell_len(item.right) - 3
                text = f" {set_cell_size(item.text, max(8, room))} {item.right}"
                self._lines += [edge, Line(text, item.ink, item.key, number), Line("", "ink", item.key, number)]
            else:
                parts = chop_cells(f" {item.text}", width) if item.text else [""]
                self._lines += [Line(part, item.ink, "", number) for part in parts]
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()
