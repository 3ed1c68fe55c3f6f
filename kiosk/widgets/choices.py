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
        self._tiles: dict[str, Tile] = {}

    def offer(self, choices: Mapping[str, str], best: str = "", chosen: str = "") -> None:
        """Key and words of each tile; `best` stands out, `chosen` is marked."""
        if list(choices.items()) != list(self._shown.items()):
            self._shown = dict(choices)
            self._renew()
        for tile in self._tiles.values():
            tile.set_class(tile.key == best, "good")
            tile.set_class(tile.key == chosen, "on")
        self._appear()

    def make_room(self, room: bool) -> None:
        """False while the keyboard is up."""
        self._room = room
        self._appear()

    def _renew(self) -> None:
        """A tile that stays is the same one, so that a finger on it still presses it when it lifts."""
        stay = [key for key in self._tiles if key in self._shown]
        if stay != [key for key in self._shown if key in self._tiles]:
            stay = []  # they change places
        for key in [key for key in self._tiles if key not in stay]:
            self._tiles.pop(key).remove()
        there, after = self._tiles, None
        self._tiles = {key: there.get(key) or Tile(words, key, classes="choice") for key, words in self._shown.items()}
        for key, tile in reversed(self._tiles.items()):
            if key not in there:
                self.mount(tile, before=after)
            tile.say(self._shown[key])
            after = tile

    def _appear(self) -> None:
        self.display = self._room and bool(self._shown)
