"""Rows to choose one of, kept where they stand while only their words change."""

from __future__ import annotations

from collections.abc import Mapping

from textual.containers import VerticalScroll

from kiosk.widgets.tile import Tile


class Rows(VerticalScroll, can_focus=False):
    """A tapped row posts `Tile.Pressed` with its key, and has the class `row`."""

    def show(self, words: Mapping[str, str]) -> None:
        """By key, in their order; rows that stay are not taken from under a finger."""
        rows = {row.key: row for row in self.query(Tile)}
        if list(rows) == list(words):
            for key, said in words.items():
                rows[key].say(said)
        else:
            self.remove_children()
            self.mount_all([Tile(said, key, classes="row") for key, said in words.items()])

    def mark(self, chosen: str) -> None:
        """Show which one is chosen; "" for none."""
        for row in self.query(Tile):
            row.set_class(row.key == chosen, "on")
