"""What the map asks its people: by what to colour, whom to leave pale, and between which systems a route runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from textual.screen import Screen

from haven.access import Act, check
from haven.errors import BadInput
from haven.world.gazetteer import Gazetteer
from haven.world.maps.sky import DISCOVERER, TRAITS, Portion
from kiosk.plain import line
from kiosk.screens.course import Course, planned
from kiosk.screens.dialogs import Choice, Words
from kiosk.screens.pane import Pane
from kiosk.screens.star_dialogs import FindSystem, Several
from kiosk.widgets.stars.shown import Shown
from kiosk.widgets.stars.view import FILTERS, View

T = TypeVar("T")
ANY, EVERYTHING, MAP = "any", "everything", "map"


@dataclass(frozen=True)
class Questions:
    """Asked on a pane, by dialogs; each answer is None where the person gave up."""

    pane: Pane
    far: Callable[[Portion | None], None]
    """Told how far a long look is, and at its end None."""

    async def system(self, question: str) -> str | None:
        """The id of a place, by its name."""
        return await self._ask(FindSystem(question, self.pane.handed.records.search.names))

    async def colour(self, view: View, now: str) -> View | None:
        options = {one: one.capitalize() for one in TRAITS}
        key = await self._ask(Several("What shall colours and marks stand for?", options, now))
        return replace(view, colour=key) if key else None

    async def filters(self, view: View, shown: Shown) -> View | None:
        """Which trait, and then which value of it; or another map."""
        options = {one: f"{one.capitalize()}\n{line(view.filters.get(one, ANY), 20)}" for one in FILTERS}
        if len(shown.sky.frames) > 1:
            options[MAP] = f"Another map\n{line(shown.sky.atlas.frame, 20)}"
        if view.filters:
            options[EVERYTHING] = "Show everything"
        key = await self._ask(Several("Which systems shall stand out?", options))
        if key is None:
            return None
        if key == EVERYTHING:
            return replace(view, filters={})
        if key == MAP:
            maps = {one: line(one, 20) for one in shown.sky.frames}
            frame = await self._ask(Several("Which map?", maps, shown.sky.atlas.frame))
            return replace(view, frame=frame) if frame else None
        value = await self._value(view, key)
        if value is None:
            return None
        others = {name: one for name, one in view.filters.items() if name != key}
        return replace(view, filters=others if value == ANY else others | {key: value})

    async def route(self, chosen: str, before: tuple[str, str], frame: str) -> Course | None:
        """To the chosen system or one by name, from `before` (id and name) or one by name; measured on that map."""
        end = chosen or await self.system("Where shall the route lead?")
        start = await self._start(before, end) if end else None
        if not (start and end):
            return None
        cartographer = self.pane.handed.records.cartographer
        route = partial(cartographer.route, start, end, self.pane.handed.principal)
        answer = await route()
        if not answer.route and (jump := await self._jump(answer.text)):
            answer = await route(jump)
            if not answer.route:
                self.pane.complain(answer.text)
        if not answer.route:
            return None
        return await cartographer.look(lambda world: planned(world, answer.route, frame))

    async def looked(self, question: Callable[[Gazetteer], T | Portion]) -> T:
        """What a question finds that does a portion of its work at a time."""
        check(self.pane.handed.principal, Act.READ)
        try:
            while isinstance(found := await self.pane.handed.records.cartographer.look(question), Portion):
                self.far(found)
        finally:
            self.far(None)
        return found

    async def _value(self, view: View, name: str) -> str | None:
        values = await self.looked(lambda world: view.values(world, name))
        asked = "Discovered by whom?" if name == DISCOVERER else f"Which {name}?"
        options = {ANY: "Any"}
        options |= {value: f"{line(value, 20)}\n{count:,} system{'s' * (count != 1)}" for value, count in values}
        return await self._ask(Several(asked, options, view.filters.get(name, ANY)))

    async def _start(self, before: tuple[str, str], end: str) -> str | None:
        id, name = before
        question = "Where does the route begin?"
        if id and id != end:
            options: Mapping[str, str] = {"before": f"From {line(name, 24)}", "name": "From another"}
            key = await self._ask(Choice(question, dict(options), "before"))
            if key != "name":
                return id if key else None
        return await self.system(question)

    async def _jump(self, why: str) -> float | None:
        """How far one jump goes. Raises BadInput for what is no length."""
        question = f"{why} How far does one jump go, in the map's units?"
        words = (await self._ask(Words(question, "Plan", "a number, as 60")) or "").strip()
        if not words:
            return None
        try:
            jump = float(words.replace(",", "."))
        except ValueError:
            jump = 0.0
        if not 0 < jump < float("inf"):
            raise BadInput(f"{line(words, 40)!r} is no length of a jump.", "Enter a number above 0, as 60.")
        return jump

    async def _ask(self, dialog: Screen[str | None]) -> str | None:
        return await self.pane.app.push_screen_wait(dialog)
