"""The kiosk: one App a display, inside Haven's own process, on a driver of our own."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from weakref import WeakSet

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import Static, TextArea
from textual.widgets._toast import ToastHolder
from textual.worker import Worker, WorkType, get_current_worker

from assistants.sentinel import StatusLine
from haven.access import Act, check
from haven.errors import HavenError, error_id
from haven.store.database import now
from haven.store.events import Event
from kiosk import drawn
from kiosk.completing import completions
from kiosk.driver import StreamDriver
from kiosk.gone import is_of_gone
from kiosk.idle import LIGHT, Idle, Step
from kiosk.places import PLACES
from kiosk.plain import line
from kiosk.screens.bar import Bar
from kiosk.screens.dialogs import Dialog
from kiosk.screens.floor import Floor, Panes
from kiosk.screens.home import Home
from kiosk.screens.more import More
from kiosk.screens.pane import Handed, Pane
from kiosk.screens.resting import Resting
from kiosk.sheet import Sheet
from kiosk.spots import Spot
from kiosk.themes import DAY, LOOKS, look_at, theme_of
from kiosk.touch import Clock, TouchApp
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import SUGGESTIONS, Keyboard
from kiosk.widgets.tile import Line

log = logging.getLogger("haven.kiosk")

STATUS_S = 15.0
"""Seconds between two looks at the status lines."""
MORE = "more"
TRAIL = 12
"""Places that Back knows the way to."""


class Kiosk(TouchApp):
    """Every place for one display and its principal, the bar below them, and what happens in the house.

    `failure` is the id of the error that ended it, or "".
    """

    CSS_PATH = "kiosk.tcss"
    TITLE = "Haven"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (96, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(place.key, f"pane('{place.id}')", place.label) for place in PLACES if place.key),
        Binding("escape", "back", "Back", tooltip="to where you were before; in a dialog: give it up"),
        Binding("ctrl+l", "cloud", "Cloud on, Local only", tooltip="whether anything may leave for the cloud"),
        Binding("question_mark", "pane('help')", "Help", tooltip="every place and every key"),
        Binding("ctrl+t", "look", "Look", tooltip="day, night or high contrast, until the display is closed"),
    ]

    def __init__(self, handed: Handed, driver_class: type[Driver] | None = None, clock: Clock | None = None) -> None:
        super().__init__(driver_class, clock, handed.office.settings.kiosk)
        for look in LOOKS.values():
            self.register_theme(theme_of(look))
        self.set_reactive(App.theme, self._look())  # from the first: a look put on later would style everything twice
        self.stylesheet = Sheet(self.get_css_variables())
        self._handed = handed
        self._counts: dict[str, int] = {}
        """How much waits in each place that is under More."""
        self._wanted = "home"
        """The place that was asked for last; it is shown as soon as it is made."""
        self._trail: list[str] = []
        self._spot: Spot | None = None
        """Where whoever comes stood before, until it is shown."""
        self._idle = Idle(self.clock, self.wanted, self._later, panel=handed.principal.needs_pin)
        self._here = asyncio.Event()
        """The places are seen: the display doesn't rest."""
        self._here.set()
        self._left: WeakSet[Worker[Any]] = WeakSet()
        """What still runs for whoever was here when the last session ended."""
        self.failure = ""
        # Textual would take the whole process's output for as long as a display is open; here it stays Haven's.
        self._capture_stdout = sys.stdout  # type: ignore[assignment]
        self._capture_stderr = sys.stderr  # type: ignore[assignment]
        self._task_factory = asyncio.get_running_loop().get_task_factory()

    def resume(self, spot: Spot | None) -> None:
        """Begin there: it is the session of a display that went away. Before it runs."""
        self._spot = spot

    @property
    def spot(self) -> Spot:
        """Where whoever is here stands."""
        if self._spot is not None:
            return self._spot
        pane = next((one for one in self._panes if one.id == self._wanted), None) if self.screen_stack else None
        return Spot(self._wanted, pane.standing() if pane else {}, self._idle.last)

    @property
    def session_s(self) -> float | None:
        """Seconds until the session ends if nobody touches anything, 0 once it was left; None where no silence does."""
        if self._exit or self.failure:
            return 0.0
        return self._idle.session_s(self._spot.touched if self._spot else self._idle.last)

    @property
    def floor(self) -> Screen[object]:
        """Where the places are, below any dialog: an App's own query sees the uppermost screen alone."""
        return self.screen_stack[0]

    @property
    def _panes(self) -> list[Pane]:
        """All that are made so far, with the bar and what is a pane within another."""
        return [pane for pane in self.floor.query(Pane) if pane.is_mounted]

    def on_load(self) -> None:
        # From Python 3.12 on Textual makes the loop start tasks eagerly, for good: not what the rest of Haven expects.
        asyncio.get_running_loop().set_task_factory(self._task_factory)

    def get_default_screen(self) -> Screen[None]:
        return Floor(id="_default")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DAY.colours

    def compose(self) -> ComposeResult:
        with Horizontal(id="bar"):
            yield Static(f"HAVEN · {line(self._handed.principal.name, 30)}", id="brand", markup=False)
            yield Line(id="cloud")
        with Panes(initial="home", id="panes"):
            for place in PLACES:
                if place.pane.FROM_START:
                    yield place.pane(self._handed, id=place.id)
        yield Bar(self._handed, {**{one.id: one.words for one in PLACES if one.in_bar}, MORE: "More"}, id="nav")

    def on_mount(self) -> None:
        self.wear()
        self.set_interval(STATUS_S, self.wear)
        self._begin(self._spot)
        home = self.floor.query_one(Home)
        home.attempt(self._follow, "follow")
        self.set_interval(STATUS_S, lambda: home.attempt(self._status, "status"))
        home.attempt(self._status, "status")

    def _begin(self, spot: Spot | None) -> None:
        """At Home; and from there to where whoever comes stood before."""
        self.action_pane("home")
        if spot is not None:
            self._idle.goes_on(spot.touched)
            self._go(spot.place, lambda pane: pane.resumed(spot.standing))
            self._spot = spot

    def on_unmount(self) -> None:
        self._idle.stop()
        drawn.forget_gone()

    async def on_event(self, event: events.Event) -> None:
        """Whatever comes from a hand keeps the display awake; what wakes it does nothing else."""
        by_hand = isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded
        if by_hand and not self._idle.touched(tap=isinstance(event, events.MouseDown)):
            return
        await super().on_event(event)

    def wear(self) -> None:
        """Put on the look of this hour."""
        self.theme = self._look()

    def _look(self) -> str:
        return look_at(self.wanted, datetime.fromtimestamp(now()).time())

    def wish(self, **changes: object) -> None:
        """Other settings of the kiosk, for this display and at once. Raises ValueError where one is wrong."""
        self.wanted = type(self.wanted).model_validate(self.wanted.model_dump() | changes)
        self._idle.wants(self.wanted)
        self.wear()
        for screen in self.screen_stack:
            for keyboard in screen.query(Keyboard):
                keyboard.speak(self.wanted.keyboard)

    def action_pane(self, pane: str, about: str = "") -> None:
        """Show a place, `about` something of it."""
        self._go(pane, lambda there: there.opened(about))

    def _go(self, pane: str, begin: Callable[[Pane], None]) -> None:
        """One that was never shown is made first, and what was shown stays until it is there."""
        self._spot = None
        if self._wanted != pane:
            self._trail = [*self._trail[1 - TRAIL :], self._wanted]
            self._wanted = pane
        there = self.floor.query_one(Panes).children
        found = next((one for one in there if isinstance(one, Pane) and one.id == pane), None) or self._make(pane)
        if found.is_mounted:
            self._show(found, begin)
        else:
            self._leave(pane)
            found.call_later(self._show, found, begin)  # its first message comes when all that stands in it is there

    def _make(self, id: str) -> Pane:
        if id == MORE:
            places = {one.id: (one.words, one.help) for one in PLACES if not one.in_bar}
            made: Pane = More(self._handed, places, self._counts, id=MORE)
        else:
            made = next(one.pane for one in PLACES if one.id == id)(self._handed, id=id)
        made.display = False
        with self._context():  # whoever asked may stand outside of the App
            self.floor.query_one(Panes).mount(made)
        return made

    def _show(self, pane: Pane, begin: Callable[[Pane], None]) -> None:
        if pane.id == self._wanted:  # else another place was asked for meanwhile
            self.floor.query_one(Panes).current = pane.id  # before anything else, so that all is drawn at once
            self._leave(pane.id)
            begin(pane)
            self._spot = None

    def _leave(self, to: str) -> None:
        """The bar shows where one is going; nothing has the focus any more."""
        in_bar = {place.id for place in PLACES if place.in_bar}
        self.floor.query_one(Bar).mark(to if to in in_bar else MORE)
        self.set_focus(None)

    async def action_back(self) -> None:
        before = self._trail.pop() if self._trail else "home"
        self.action_pane(before)
        self._trail = self._trail[:-1]

    def action_cloud(self) -> None:
        self.floor.query_one(Bar).turn()

    def action_look(self) -> None:
        """The next look, and no other at night: whoever asks for one wants to see it now."""
        looks = list(LOOKS)
        self.wish(theme=looks[(looks.index(self.theme) + 1) % len(looks)], night_until=self.wanted.night_from)

    def on_keyboard_turned(self, event: Keyboard.Turned) -> None:
        self.wish(keyboard=event.layout)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Names of the world that begin like what is typed, where there is a keyboard to offer them."""
        keyboards = [one for one in self.screen.query(Keyboard) if one.display]
        if keyboards and isinstance(event.text_area, Entry):
            # Not a coroutine: the next letter may come before this one is begun, and it would never be awaited.
            suggest: WorkType[None] = partial(self._suggest, event.text_area, keyboards)
            self.run_worker(suggest, group="names", exclusive=True)

    async def _suggest(self, entry: Entry, keyboards: list[Keyboard]) -> None:
        before, typed, names = entry.before, "", list[str]()
        with suppress(HavenError):  # nothing is offered then
            check(self._handed.principal, Act.READ)
            ask = partial(completions, before=before, limit=SUGGESTIONS)
            typed, names = await self._handed.records.search.names.ask(ask)
        for keyboard in keyboards:
            if entry.before == before:
                keyboard.suggest(typed, names)

    def _later(self, step: Step) -> None:
        """The clock calls from outside of the App."""
        self.call_later(self._rest, step)

    def _rest(self, step: Step) -> None:
        if isinstance(driver := self._driver, StreamDriver):
            driver.light(LIGHT[step])
        if step >= Step.CLOCK and not isinstance(self.screen, Resting):
            if self._handed.principal.needs_pin:
                self._end_session()
            self._here.clear()
            self.push_screen(Resting())
            self.floor.query(ToastHolder).remove()  # else frames of notices that are gone stay, empty, for ever
            drawn.forget(self.floor)
        self.screen.set_class(step is Step.BLANK, "blank")
        if step is Step.AWAKE and isinstance(self.screen, Resting):
            self.pop_screen()
            self._here.set()

    async def push_screen_wait(self, screen: Screen[Any] | str, *, mode: str | None = None) -> Any:
        """Ask a dialog. While the display rests nobody answers it: the wall panel gives up (None), as whoever was asked
        has gone, even if another has come since; any other asks when it is woken.
        """
        left = get_current_worker() in self._left
        if left or (self._handed.principal.needs_pin and not self._here.is_set()):
            return None
        await self._here.wait()
        return await super().push_screen_wait(screen, mode=mode)

    def action_help_quit(self) -> None:
        """Ctrl+C, where nothing is marked that it could copy."""
        self.notify("Ctrl+Q closes this display. Haven itself goes on.", markup=False)

    def _end_session(self) -> None:
        """Whoever comes next finds nothing of whoever was here."""
        self._left = WeakSet(self.workers)
        while isinstance(self.screen, Dialog):
            self.screen.dismiss(None)
        self.clear_notifications()
        if self.clipboard:
            self.copy_to_clipboard("")  # that of the terminal as well
        for pane in self._panes:
            pane.ended()
        self.action_pane("home")
        self._trail.clear()

    def on_pane_go(self, event: Pane.Go) -> None:
        self.action_pane(event.pane, event.about)

    def on_pane_counted(self, event: Pane.Counted) -> None:
        bar = self.floor.query_one(Bar)
        if event.pane in {place.id for place in PLACES if place.in_bar}:
            bar.count(event.pane, event.count)
        else:
            self._counts[event.pane] = event.count
            for more in self.floor.query(More):
                more.count(event.pane, event.count)
            bar.count(MORE, sum(self._counts.values()))
        self.floor.query_one(Home).count(event.pane, event.count)

    async def _follow(self) -> None:
        """Tell every pane what happens, as it happens."""
        with self._handed.bus.subscribe() as subscription:
            async for event in subscription:
                for pane in self._panes:
                    pane.news(event)
                if event.kind.startswith("alert."):
                    self.floor.query_one(Home).attempt(self._status, "status", newest=True)
                    self._alarm(event)
                elif event.kind == "kiosk.wish":
                    self.wish(**event.data)

    def _alarm(self, event: Event) -> None:
        """An alert wakes the display, and is there to be read."""
        if event.kind == "alert.raised":
            if self._idle.wake():
                self.call_later(self.action_pane, "health")
            self.call_later(self.floor.query_one(Home).complain, str(event.data.get("text", "")))

    async def _status(self) -> None:
        facts: list[StatusLine] = await self._handed.status()
        check(self._handed.principal, Act.READ)
        cloud = next((fact for fact in facts if fact.label == "Cloud"), None)
        self.floor.query_one(Home).show_status(facts)
        self.floor.query_one("#cloud", Line).say(line(cloud.text, 60) if cloud else "")

    def on_key(self, event: events.Key) -> None:
        """Arrows scroll what is shown, and move between tiles, where nothing has the focus."""
        moves = {"down": self.action_focus_next, "up": self.action_focus_previous}
        if event.key in moves:
            event.stop()
            moves[event.key]()

    def _handle_exception(self, error: Exception) -> None:
        """A failed display is logged and closed; Textual's own way prints every local variable on the terminal."""
        if is_of_gone(self, error):
            return
        self.failure = self.failure or error_id()
        log.error("[%s] the display of %s failed", self.failure, self._handed.principal.id, exc_info=error)
        self._exception = error
        self._close_messages_no_wait()
        self._exception_event.set()
