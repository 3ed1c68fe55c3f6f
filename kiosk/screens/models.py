"""Models: what stands on the shelf, how large and by whose leave, what fits into memory, and what is brought here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static
from textual.worker import Worker, WorkType

from haven.access import Act, check
from haven.ai.models.hub import TOKEN_SECRET
from haven.ai.models.plan import Place, Plan
from haven.ai.models.registry import MB, Shelf
from haven.ai.models.stock import stock
from kiosk.plain import line
from kiosk.screens.dialogs import Choice
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.rows import Rows
from kiosk.widgets.tile import Tile

TELL_S = 0.5
"""Seconds between two looks at how far it is."""
BLOCKS = 20


class ModelsPane(Pane):
    """A row for each model of the catalogue; below, what can be done with the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "install", "Install", tooltip="bring the chosen model here; what a cut line brought is kept"),
        Binding("x", "stop", "Stop", tooltip="end what is being brought here; it goes on from there next time"),
        Binding("d", "remove", "Remove", tooltip="delete the chosen model from this machine"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._shelves: Sequence[Shelf] = ()
        self._sizes: Mapping[str, str] = {}
        self._places: Mapping[str, Place] = {}
        self._kept: frozenset[str] = frozenset()
        self._chosen = ""
        self._coming: tuple[str, Worker[None]] | None = None
        self._arrived: tuple[int, int | None] = 0, None
        """Bytes that have come, and of how many."""
        self._far = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="model-plan", markup=False)
        yield Rows(id="model-list")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("Install", "install", id="model-install", classes="good")
            yield Tile("Stop", "stop", id="model-stop", classes="bad")
            yield Tile("Remove", "remove", id="model-remove", classes="bad")

    def on_mount(self) -> None:
        self._mark()

    def opened(self, about: str = "") -> None:
        self.attempt(self._look, "shelf", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.has_class("row"):
            self._chosen = event.tile.key
            self._mark()
        elif event.tile.key == "back":
            self.go_back()
        else:
            getattr(self, f"action_{event.tile.key}")()

    def action_install(self) -> None:
        if (one := self._one()) is not None and not one.installed and self._coming is None:
            self.tapped(partial(self._ask, one), "dialog")

    def action_stop(self) -> None:
        if self._coming is not None:
            self._coming[1].cancel()

    def action_remove(self) -> None:
        if (one := self._one()) is not None and one.installed:
            self.tapped(partial(self._remove, one), "dialog")

    async def _look(self) -> None:
        check(self.handed.principal, Act.READ)
        office = self.handed.office
        found = await asyncio.to_thread(stock, office.registry, office.settings.models)
        self._shelves, self._sizes, self._kept, self._places = found.shelves, found.sizes, found.kept, found.places
        self.query_one("#model-plan", Static).update(_planned(found.plan))
        self._show()
        self._chosen = self._chosen or next((one.model.name for one in self._shelves), "")
        self._mark()

    async def _ask(self, one: Shelf) -> None:
        question = (
            f"Bring {one.model.title} here? {self._sizes[one.model.name]}, licence: {line(one.model.licence, 60)}."
        )
        if await self.app.push_screen_wait(Choice(question, {"yes": "Bring it"}, "yes")) is None:
            return
        person = await self.authorise(Act.SETTINGS)
        if person is None:
            return
        check(person, Act.SETTINGS)
        work: WorkType[None] = partial(self._guarded, partial(self._bring, one))
        self._coming = one.model.name, self.run_worker(work, group="follow")
        self._mark()

    async def _bring(self, one: Shelf) -> None:
        """How far it is comes from another thread, thousands of times on a fast line: it is looked at now and then."""
        office = self.handed.office
        self._arrived = 0, None

        def tell(done: int, total: int | None) -> None:
            self._arrived = done, total

        looking = self.set_interval(TELL_S, self._tell_how_far)
        try:
            token = await asyncio.to_thread(office.settings.secret, TOKEN_SECRET)
            await office.registry.install(one.model.name, tell, token)
            self.tell(f"{one.model.title} is here. It is used from Haven's next start on, where the settings name it.")
        finally:
            looking.stop()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What was brought here is here, or has stopped; a display that is being closed is not told."""
        if self._coming is not None and event.worker is self._coming[1] and event.worker.is_finished:
            self._coming, self._far = None, ""
            self.attempt(self._look, "shelf", newest=True)

    async def _remove(self, one: Shelf) -> None:
        question = f"Delete {one.model.title} ({self._sizes[one.model.name]}) from this machine?"
        if await self.app.push_screen_wait(Choice(question, {"yes": "Delete it"})) is None:
            return
        person = await self.authorise(Act.SETTINGS)
        if person is not None:
            check(person, Act.SETTINGS)
            await self.handed.office.registry.remove(one.model.name)
            self.tell(f"{one.model.title} is deleted.")
            await self._look()

    def _tell_how_far(self) -> None:
        done, total = self._arrived
        part = done / total if total else 0.0
        full = round(BLOCKS * part)
        of = f" of {total / MB:,.0f} MB, {part:.0%}" if total else " MB"
        self._far = f"{'█' * full}{'░' * (BLOCKS - full)} {done / MB:,.0f}{of}"
        self._show()

    def _show(self) -> None:
        self.query_one(Rows).show({one.model.name: self._words(one) for one in self._shelves})

    def _one(self) -> Shelf | None:
        return next((one for one in self._shelves if one.model.name == self._chosen), None)

    def _mark(self) -> None:
        one = self._one()
        self.query_one(Rows).mark(self._chosen)
        self.query_one("#model-install").display = one is not None and not one.installed and self._coming is None
        self.query_one("#model-stop").display = self._coming is not None
        busy = self._coming is not None and one is not None and self._coming[0] == one.model.name
        self.query_one("#model-remove").display = one is not None and one.installed and not busy

    def _words(self, one: Shelf) -> str:
        model, place = one.model, self._places.get(one.model.name)
        fits = (
            "too large for this machine's memory"
            if place and not place.fits
            else "stays in memory"
            if model.name in self._kept
            else ""
        )
        here = f"● here, {one.trust}" if one.installed else "○ not here"
        needs = f"needs {place.needs_mb:,} MB of memory" if place else ""
        head = " · ".join(part for part in (line(model.title, 50), here, fits) if part)
        facts = f"{self._sizes[model.name]} · {needs} · {line(model.licence, 40)}"
        coming = self._coming is not None and self._coming[0] == model.name
        return f"{head}\n{facts}\n{self._far or 'begins …' if coming else line(', '.join(model.uses), 80)}"


def _planned(made: Plan) -> str:
    """What is in memory together, of what is here."""
    full = min(BLOCKS, round(BLOCKS * made.kept_mb / made.memory_mb)) if made.memory_mb else 0
    names = ", ".join(line(one.name, 30) for one in made.places if one.kept) or "no model is here"
    return f"Memory {'█' * full}{'░' * (BLOCKS - full)} {made.kept_mb:,} of {made.memory_mb:,} MB: {names}"
