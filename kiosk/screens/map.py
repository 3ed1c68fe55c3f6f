"""Map: all systems with their links; pan, zoom, and tap one to read what is recorded of it."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from haven.access import Act, check
from haven.errors import BadInput
from haven.world.maps.scene import Scene, Wish, scene
from haven.world.maps.themes import DARK
from kiosk.plain import line
from kiosk.screens.lore import words_of
from kiosk.screens.pane import Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.star_map import MARKS, StarMap
from kiosk.widgets.tile import Tile

MOVES = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}
BUTTONS = {"left": "◀", "right": "▶", "up": "▲", "down": "▼", "in": "+", "out": "−", "whole": "All", "page": "Read"}


class MapPane(Pane):
    """The map, or the page of the system that was chosen."""

    _chosen = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="legend", markup=False)
        yield StarMap(id="stars")
        yield Sheet(id="star-page")
        yield Static("", id="star", markup=False)
        with Horizontal(classes="actions"):
            for key, label in BUTTONS.items():
                yield Tile(label, key, id=f"map-{key}")

    def on_mount(self) -> None:
        self._read(False)

    def open(self) -> None:
        """Show the world as it is now."""
        self._read(False)
        self.attempt(self._load, "map", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        stars, key = self.query_one(StarMap), event.tile.key
        if key in MOVES:
            stars.pan(*MOVES[key])
        elif key in ("in", "out"):
            stars.zoom(key == "in")
        elif key == "whole":
            stars.whole()
        elif stars.display:
            self.attempt(partial(self._page, self._chosen), "star page", newest=True)
        if key != "page" or not stars.display:
            self._read(False)

    def on_star_map_chosen(self, event: StarMap.Chosen) -> None:
        event.stop()
        self._chosen = event.dot.id
        self.query_one("#star", Static).update(line(event.dot.name, 80))
        self._read(False)

    def _read(self, reading: bool) -> None:
        """Either the page or the map is there."""
        self.query_one("#star-page").display = reading
        self.query_one(StarMap).display = not reading
        self.query_one("#map-page", Tile).say("Map" if reading else "Read")
        self.query_one("#map-page").display = bool(self._chosen)

    async def _load(self) -> None:
        check(self.handed.principal, Act.READ)
        try:
            found = await self.handed.records.cartographer.look(lambda gazetteer: scene(gazetteer, Wish()))
        except BadInput as nothing:
            self.query_one("#legend", Static).update(line(nothing.full))
            return
        self.query_one("#legend", Static).update(_legend(found))
        self.query_one(StarMap).show(found)

    async def _page(self, id: str) -> None:
        page = await self.handed.records.page(id, self.handed.principal)
        sheet = self.query_one("#star-page", Sheet)
        sheet.say(words_of(page))
        sheet.scroll_home(animate=False)
        self._read(True)


def _legend(found: Scene) -> Content:
    parts: list[str | tuple[str, str]] = [f"{len(found.dots)} systems · {line(found.legend_title, 20)}: "]
    for number, name in enumerate(found.legend):
        colour = DARK.classes[number % len(DARK.classes)]
        parts += [(f"{MARKS[number % len(MARKS)]} ", colour), f"{line(name, 20)}  "]
    return Content.assemble(*parts, *(f"· {line(note, 80)}" for note in found.notes[:1]))
