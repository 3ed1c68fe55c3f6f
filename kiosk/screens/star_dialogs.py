"""What the map asks: a system by its name, with what fits shown while one types; and one of several choices."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.widgets import Static

from haven.errors import HavenError
from haven.world.names import NameHit, Names
from haven.world.schema import Kind
from kiosk.plain import line, plain
from kiosk.screens.dialogs import Dialog, Typing
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import Keyboard
from kiosk.widgets.tile import Tile

Work = Callable[[], Coroutine[Any, Any, Any]]
PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
FITTING = 3
"""Names that are shown beside one another."""


class FindSystem(Typing):
    """Returns the id of a system, or of a place that lies in one."""

    def __init__(self, question: str, names: Names) -> None:
        super().__init__()
        self._question = question
        self._names = names
        self._hits: list[NameHit] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box full"):
            yield Static(plain(self._question), markup=False, classes="question")
            yield Entry("A name, or how it begins", id="words")
            with Horizontal(classes="actions", id="fitting"):
                yield Tile("Back", "back", id="find-back")
                for number in range(FITTING):
                    yield Tile("", str(number), classes="fit")
            yield Keyboard(suggests=False)

    def on_mount(self) -> None:
        self._show([])

    def on_text_area_changed(self) -> None:
        work: Work = partial(self._look, self.query_one(Entry).text)
        self.run_worker(work, group="find", exclusive=True)

    def on_entry_sent(self) -> None:
        """The best that fits, once it is known: what was typed last may still be looked for."""
        work: Work = partial(self._take, self.query_one(Entry).text)
        self.run_worker(work, group="find", exclusive=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        fitting = {str(number): hit.id for number, hit in enumerate(self._hits)}
        if event.tile.key == "back" or event.tile.key in fitting:  # else it fits no more: something else was typed
            self.dismiss(fitting.get(event.tile.key))

    async def _look(self, text: str) -> list[NameHit]:
        try:
            hits = await self._names.resolve(text, *PLACES, limit=FITTING) if text.strip() else []
        except HavenError as error:
            self.query_one(".question", Static).update(f"{plain(error.full)} [{error.id}]")
            hits = []
        self._show(hits)
        return hits

    async def _take(self, text: str) -> None:
        if hits := await self._look(text):
            self.dismiss(hits[0].id)
        elif text.strip():
            said = f"No place is called {line(text, 40)!r}, or nearly so. Try the beginning of its name."
            self.query_one(".question", Static).update(plain(said))

    def _show(self, hits: Sequence[NameHit]) -> None:
        self._hits = list(hits)
        for number, tile in enumerate(self.query(".fit").results(Tile)):
            hit = hits[number] if number < len(hits) else None
            tile.visible = hit is not None
            if hit is not None:
                kind = "" if hit.kind is Kind.SYSTEM else f"\n{hit.kind.value}"
                tile.say(f"{line(hit.name, 40)}{kind}")
            tile.set_class(number == 0, "good")


class Several(Dialog):
    """One of any number of choices; `options` maps what is returned to what is shown, `now` is the present one."""

    def __init__(self, question: str, options: dict[str, str], now: str = "") -> None:
        super().__init__()
        self._question = question
        self._options = options
        self._now = now

    def compose(self) -> ComposeResult:
        with Vertical(classes="box full several"):
            yield Static(plain(self._question), markup=False, classes="question")
            with VerticalScroll(can_focus=False), ItemGrid(min_column_width=22, stretch_height=False):
                for key, text in self._options.items():
                    yield Tile(text, key, classes="option on" if key == self._now else "option")
            yield Tile("Back", "", classes="wide")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.dismiss(event.tile.key or None)
