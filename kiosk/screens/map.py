"""Map: all systems; look around, choose one, colour and filter them, plan a route and follow it stop by stop."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.timer import Timer
from textual.widgets import Static

from haven.access import Act, check
from haven.errors import BadInput
from haven.store.events import Event
from haven.world.maps.about import about as about_system
from haven.world.maps.sky import Portion
from kiosk.plain import line
from kiosk.screens.course import Course
from kiosk.screens.lore import words_of
from kiosk.screens.map_questions import Questions
from kiosk.screens.pane import Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.star_card import HEIGHT, WIDTH, StarCard
from kiosk.widgets.star_map import StarMap
from kiosk.widgets.stars.chart import Pins
from kiosk.widgets.stars.shown import Shown
from kiosk.widgets.stars.view import View, legend
from kiosk.widgets.tile import Tile

TOOLS = {"search": "Search", "colour": "Colour", "filter": "Filter", "plan": "Route"}
STEPS = {"previous": "◀ Previous", "next": "Next ▶", "end": "End route"}
ZOOMS = {"out": "−", "in": "+", "fit": "Fit"}
READING = "Reading the map…"
SETTLED_S = 1.0
"""Seconds between a change of the world and reading it anew: an import writes for a while."""


def _key(key: str, action: str, label: str, help: str) -> Binding:
    return Binding(key, action, label, tooltip=help)


class MapPane(Pane):
    """The map with the card of what was chosen, or the page of that system."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("left", "pan(-1, 0)", "Look left", "Moves the map; up and down too, while it has the focus."),
        _key("right", "pan(1, 0)", "Look right", "Moves the map; or drag it."),
        _key("plus,equals_sign", "press('in')", "Nearer", "Shows less, larger; or tap twice where you want to go."),
        _key("minus", "press('out')", "Farther", "Shows more, smaller."),
        _key("0", "press('fit')", "Fit", "Shows the whole map."),
        _key("s", "middle", "Select", "Chooses the system nearest to the middle; Enter on the map too."),
        _key("slash", "press('search')", "Search", "Finds a system by its name and goes there."),
        _key("c", "press('colour')", "Colour", "Chooses what colours and marks stand for."),
        _key(
            "f", "press('filter')", "Filter", "Leaves pale what is not of a biome, a discoverer, a grade or a region."
        ),
        _key("r", "press('plan')", "Route", "Plans a route to the system that is chosen, or to one by name."),
        _key("n", "press('next')", "Next stop", "Goes on along the route."),
        _key("p", "press('previous')", "Previous stop", "Goes back along the route."),
        _key("e", "press('end')", "End route", "Takes the route off the map."),
        _key("o", "press('read')", "Read", "Opens the page of the chosen system; again: back to the map."),
        _key("h", "press('center')", "Center", "Brings the chosen system into the middle."),
        _key("x", "press('close')", "Close", "Chooses nothing any more."),
    ]

    _view = View()
    _shown: Shown | None = None
    _is_old = True
    _graded = False
    """How far the grading is stands in the legend's place."""
    _chosen = _before = ""
    _course: Course | None = None
    _settling: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(READING, id="legend", markup=False)
        with Container(id="sky"):
            yield StarMap(id="stars")
            yield StarCard(id="star-card")
        yield Sheet(id="star-page")
        with Horizontal(id="map-bar"):
            with Horizontal(id="map-tools"):
                for key, label in TOOLS.items():
                    yield Tile(label, key, id=f"map-{key}")
            with Horizontal(id="map-steps"):
                yield Static("", id="stop", markup=False)
                for key, label in STEPS.items():
                    yield Tile(label, key, id=f"map-{key}")
            with Horizontal(id="map-zooms"):
                for key, label in ZOOMS.items():
                    yield Tile(label, key, id=f"map-{key}")
            yield Tile("Back to the map", "read", id="map-back")

    def on_mount(self) -> None:
        self._questions = Questions(self, self._far)
        self._card.display = False
        self._read(False)

    @property
    def _stars(self) -> StarMap:
        return self.query_one(StarMap)

    @property
    def _card(self) -> StarCard:
        return self.query_one(StarCard)

    def opened(self, about: str = "") -> None:
        """Show the world as it is now, and the system that a record of this id lies in."""
        self._read(False)
        self._stars.focus()
        if about:
            self.attempt(partial(self._go, about), "map", newest=True)
        elif self._is_old:
            self.attempt(self._load, "map", newest=True)

    def standing(self) -> dict[str, str]:
        return {"about": self._chosen}

    def ended(self) -> None:
        """The next person finds the whole map."""
        self._view, self._is_old, self._chosen, self._before = View(), True, "", ""
        self._follow(None)
        self._close()
        self._stars.whole()

    def news(self, event: Event) -> None:
        if event.kind.startswith("world."):
            self._is_old = True
            if self.display and self._settling is None:
                self._settling = self.set_timer(SETTLED_S, self._renew)

    def _renew(self) -> None:
        self._settling = None
        if self.display and self._is_old and not self.attempt(self._load, "map"):
            self._settling = self.set_timer(SETTLED_S, self._renew)

    def on_resize(self, event: events.Resize) -> None:
        self._place_card()

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.action_press(event.tile.key)

    def action_pan(self, right: int, up: int) -> None:
        self._stars.pan(right, up)

    def action_middle(self) -> None:
        self._stars.choose_middle()

    def action_press(self, key: str) -> None:
        """What the tile of that key does."""
        dialogs = {"search": self._search, "colour": self._colour, "filter": self._filter, "plan": self._plan}
        at_once = {"fit": self._stars.whole, "close": self._close, "center": self._center}
        if key in ("in", "out"):
            self._stars.zoom(key == "in")
        elif key in ("next", "previous"):
            self._step(1 if key == "next" else -1)
        elif key in at_once:
            at_once[key]()
        elif key == "end":
            self._follow(None)
        elif key == "read":
            self._read_page()
        elif key in dialogs or key == "route":
            self.tapped(dialogs.get(key, self._plan), "dialog")

    def on_star_map_chosen(self, event: StarMap.Chosen) -> None:
        event.stop()
        if event.row is None or self._shown is None:
            self._close()
        else:
            self._choose(self._shown.sky.id(event.row))

    def _choose(self, id: str) -> None:
        """Mark it at once, and show its card when that is known."""
        if id != self._chosen:
            self._before, self._chosen = self._chosen or self._before, id
        if self._course is not None and id in self._course.ids:
            self._course = self._course.at_stop(id)
            self._show_stop()
        self._pin()
        self.attempt(partial(self._tell_of, id), "star", newest=True)

    def _close(self) -> None:
        self._before, self._chosen = self._chosen or self._before, ""
        self._card.display = False
        self._stars.cover(0, 0)
        self._pin()

    def _center(self) -> None:
        if self._shown is not None and (row := self._shown.sky.row(self._chosen)) is not None:
            self._stars.fly_to(row)

    def _pin(self) -> None:
        if self._shown is None:
            return
        row = self._shown.sky.row
        stops = [there for id in (self._course.ids if self._course else ()) if (there := row(id)) is not None]
        stop = row(self._course.id) if self._course else None
        self._stars.pin(Pins(row(self._chosen), row(self._before), tuple(stops), stop))

    def _far(self, portion: Portion | None) -> None:
        """A large world's grades take a while: how many there are so far, where the legend stands else."""
        if portion is not None:
            self._graded = True
            self.query_one("#legend", Static).update(f"Grading {portion.done:,} of {portion.of:,} systems …")
        elif self._graded:
            self._graded = False
            self.query_one("#legend", Static).update(legend(self._shown) if self._shown else READING)

    async def _load(self) -> None:
        """Read the map; a large one in portions, so that others' questions are answered in between."""
        view, self._is_old = self._view, False
        try:
            shown = await self._questions.looked(view.read)
        except BadInput as nothing:
            self._is_old = True
            self.query_one("#legend", Static).update(line(nothing.full))
            return
        anew = self._shown is not None and self._shown.sky.atlas.frame != shown.sky.atlas.frame
        self._shown = shown
        self.query_one("#legend", Static).update(legend(shown))
        self._stars.show(shown, anew=anew)
        self._pin()
        filters = ", ".join(line(value, 18) for value in view.filters.values())
        self.query_one("#map-filter", Tile).say(f"Filter\n{filters}" if filters else "Filter")
        self.query_one("#map-filter").set_class(bool(filters), "on")
        self.query_one("#map-colour", Tile).say(f"Colour\n{shown.trait.field}")

    async def _go(self, text: str) -> None:
        """Choose what is called so, or has that id, and fly there."""
        check(self.handed.principal, Act.READ)
        frame = self._view.frame or (self._shown.sky.atlas.frame if self._shown else "")
        found = await self.handed.records.cartographer.look(lambda world: about_system(world, text, frame=frame))
        if found.frame != frame and found.frame:
            self._view, self._is_old = replace(self._view, frame=found.frame), True
        if self._is_old or self._shown is None:
            await self._load()
        self._read(False)
        self._choose(found.id)
        self._fly(found.id)

    def _fly(self, id: str) -> None:
        if self._shown is not None and (row := self._shown.sky.row(id)) is not None:
            self._place_card(beside=True)
            self._stars.fly_to(row)

    async def _tell_of(self, id: str) -> None:
        check(self.handed.principal, Act.READ)
        frame = self._shown.sky.atlas.frame if self._shown else ""
        found = await self.handed.records.cartographer.look(lambda world: about_system(world, id, self._before, frame))
        if id == self._chosen:
            self._card.show(found, self._course.said(id) if self._course else "")
            self._place_card()

    def _place_card(self, *, beside: bool = False) -> None:
        """On the side away from the system, so that neither it nor a finger on it is covered."""
        narrow = self.size.width < 2 * self.size.height
        size = HEIGHT if narrow else WIDTH
        row = self._shown.sky.row(self._chosen) if self._shown else None
        across, down = (0.0, 0.0) if row is None or beside else self._stars.side_of(row)
        far = (down if narrow else across) > 0.5
        self._card.set_class(far, "first")
        self._stars.cover(*((size, 0) if far else (0, size)) if self._chosen else (0, 0))

    async def _search(self) -> None:
        if id := await self._questions.system("Which system do you look for?"):
            await self._go(id)

    async def _colour(self) -> None:
        now = self._shown.trait.field if self._shown else ""
        await self._see(await self._questions.colour(self._view, now))

    async def _filter(self) -> None:
        if self._shown is not None:
            await self._see(await self._questions.filters(self._view, self._shown))

    async def _see(self, view: View | None) -> None:
        if view is not None and view != self._view:
            self._view = view
            await self._load()

    async def _plan(self) -> None:
        if self._shown is None:
            return
        sky = self._shown.sky
        row = sky.row(self._before)
        before = (self._before, "" if row is None else sky.name(row)) if row is not None else ("", "")
        course = await self._questions.route(self._chosen, before, sky.atlas.frame)
        if course is not None and course.ids:
            self._follow(course)
            self._choose(course.id)
            self._stars.fly_over([there for id in course.ids if (there := sky.row(id)) is not None])

    def _follow(self, course: Course | None) -> None:
        self._course = course
        self._show_stop()
        self._pin()
        self._read(False)
        if self._chosen:
            self.attempt(partial(self._tell_of, self._chosen), "star", newest=True)

    def _step(self, by: int) -> None:
        if self._course is None:
            self.tell("There is no route to follow. Choose a system and tap Route here.")
            return
        self._course = self._course.moved(by)
        self._show_stop()
        self._choose(self._course.id)
        self._fly(self._course.id)

    def _show_stop(self) -> None:
        if self._course is not None:
            self.query_one("#stop", Static).update(self._course.words)
            self.query_one("#map-previous").set_class(self._course.stop == 0, "off")
            self.query_one("#map-next").set_class(self._course.is_there, "off")

    def _read(self, reading: bool) -> None:
        """Either the page or the map is there; of the tools those that are of use."""
        for name, there in (
            ("#sky", not reading),
            ("#star-page", reading),
            ("#map-back", reading),
            ("#map-zooms", not reading),
            ("#map-tools", not reading and self._course is None),
            ("#map-steps", not reading and self._course is not None),
        ):
            self.query_one(name).display = there

    def _read_page(self) -> None:
        if self.query_one("#star-page").display:
            self._read(False)
        elif self._chosen:
            self.attempt(partial(self._page, self._chosen), "star page", newest=True)

    async def _page(self, id: str) -> None:
        page = await self.handed.records.page(id, self.handed.principal)
        sheet = self.query_one("#star-page", Sheet)
        sheet.say(words_of(page))
        sheet.scroll_home(animate=False)
        self._read(True)
        sheet.focus()
