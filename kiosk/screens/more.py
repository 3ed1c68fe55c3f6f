"""More: a tile for each place that has none in the bar."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import ItemGrid

from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.tile import Tile


class More(Pane):
    """`places`: label and purpose of each, by its id; `counts`: how much waits in those where anything does."""

    def __init__(
        self, handed: Handed, places: Mapping[str, tuple[str, str]], counts: Mapping[str, int], *, id: str
    ) -> None:
        super().__init__(handed, id=id)
        self._places = places
        self._counts = counts

    def compose(self) -> ComposeResult:
        with ItemGrid(min_column_width=44, stretch_height=False):
            for key, (label, purpose) in self._places.items():
                yield Tile(f"{label}\n{purpose}", key, id=f"more-{key}", classes="place")

    def on_mount(self) -> None:
        for pane, count in self._counts.items():
            self.count(pane, count)

    def count(self, pane: str, count: int) -> None:
        """How much waits there, beside its label; while the tiles are being made, they look themselves."""
        label, purpose = self._places[pane]
        for tile in self.query(f"#more-{pane}").results(Tile):
            tile.say(f"{label} ({count:,})\n{purpose}" if count else f"{label}\n{purpose}")
            tile.set_class(count > 0, "good")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.post_message(self.Go(event.tile.key))
