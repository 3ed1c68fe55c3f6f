"""Help: every place and what can be done there, with its key, in words; from the tables the kiosk itself goes by."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from kiosk.screens.pane import Pane
from kiosk.widgets.page import Page
from kiosk.widgets.tile import Tile

KEY_COLUMNS = 12
FINGER = (
    ("tap", "press what is there; a finger that wandered, or a whole hand, presses nothing"),
    ("hold", "on a row: what else can be done with it (half a second)"),
    ("drag, flick", "scroll, or look around on the map"),
    ("tap twice", "on the map: come closer"),
)
KEYBOARD = (
    ("Tab, arrows", "from tile to tile"),
    ("Enter, space", "press the tile that is underlined"),
    ("m", "what else can be done with it"),
    ("Ctrl+Q", "close this display; on the terminal of haven up it ends Haven too"),
)


class HelpPane(Pane):
    """A tile for each place, and below it the keys that work there."""

    def compose(self) -> ComposeResult:
        from kiosk.places import PLACES  # which names this one

        keys = [self._of(one) for one in Binding.make_bindings(self.app.BINDINGS) if one.tooltip]
        with Page(id="help-page"):
            yield Static("With a finger", classes="heading")
            yield Static(_table(FINGER))
            yield Static("With a keyboard, everywhere", classes="heading")
            yield Static(_table((*KEYBOARD, *keys)))
            for place in PLACES:
                yield Tile(f"{place.words}\n{place.help}", place.id, classes="place")
                if own := [self._of(one) for one in Binding.make_bindings(place.pane.BINDINGS)]:
                    yield Static(_table(own))

    def opened(self, about: str = "") -> None:
        """The arrows scroll it."""
        self.query_one("#help-page").focus(scroll_visible=False)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.post_message(self.Go(event.tile.key))

    def _of(self, one: Binding) -> tuple[str, str]:
        words = f"{one.description}: {one.tooltip}" if one.description and one.tooltip else one.description
        shown = self.app.get_key_display(one)
        return f"Ctrl+{shown[1:].upper()}" if shown.startswith("^") else shown, words


def _table(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(min_width=KEY_COLUMNS, style="bold")
    table.add_column()
    for key, words in rows:
        table.add_row(Text(key), Text(words))
    return table
