"""The row under an answer: what can be done with it now, as tiles; not there where nothing can."""

from __future__ import annotations

from collections.abc import Mapping

from textual.containers import Horizontal

from kiosk.widgets.tile import Tile


class Choices(Horizontal):
    """A tapped tile posts `Tile.Pressed` with the key of its choice."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown: dict[str, str] = {}
        self._room = True

    def offer(self, choices: Mapping[str, str], best: str = "", chosen: str = "") -> None:
        """Key and words of each tile; `best` stands out, `chosen` is marked."""
        if list(choices.items()) != list(self._shown.items()):
            self._shown = dict(choices)
            self.remove_children()
            self.mount_all([Tile(words, key, classes="choice") for key, words in choices.items()])
        for tile in self.query(Tile):
            tile.set_class(tile.key == best, "good")
            tile.set_class(tile.key == chosen, "on")
        self._appear()

    def make_room(self, room: bool) -> None:
        """False while the keyboard is up."""
        self._room = room
        self._appear()

    def _appear(self) -> None:
        self.display = self._room and bool(self._shown)
