"""Where the kiosk is looked at: each place, its pages and dialogs, and how one gets there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual.pilot import Pilot

from kiosk.app import Kiosk
from kiosk.places import PLACES
from kiosk.screens.dialogs import Choice, Dialog, PinPad, Words
from kiosk.screens.lore import LorePane
from kiosk.screens.pane import Pane
from kiosk.screens.resting import Resting
from kiosk.screens.review import PAGES
from kiosk.widgets.diff import DiffView
from kiosk.widgets.entry import Entry
from kiosk.widgets.stars.window import FLIGHT_S
from tests.kiosk.clock import FakeClock
from tests.kiosk.furnished import Furnished
from tests.kiosk.furniture import AFTER, ASKED, CHANGED
from tests.kiosk.looks import settled


@dataclass(frozen=True)
class Walk:
    """One display, and what it is a display of."""

    kiosk: Kiosk
    pilot: Pilot[None]
    clock: FakeClock
    furnished: Furnished

    async def to(self, place: str, about: str = "", *keys: str) -> None:
        """A place from its beginning, then these keys."""
        self.kiosk.action_pane(place, about)
        await self.then(*keys)

    async def then(self, *keys: str) -> None:
        await settled(self.kiosk)
        for key in keys:
            await self.pilot.press(key)
            await settled(self.kiosk)

    def anew(self) -> None:
        """As whoever comes next finds it."""
        for pane in self.kiosk.floor.query(Pane):
            pane.ended()

    async def ask(self) -> None:
        self.kiosk.action_pane("ask")
        await settled(self.kiosk)
        self.kiosk.query_one("#ask Entry", Entry).insert(ASKED)
        await self.then("enter")

    async def leave(self) -> None:
        """Back from any dialog, with no keyboard on the screen."""
        while len(self.kiosk.screen_stack) > 1:
            if isinstance(self.kiosk.screen, Dialog):
                await self.kiosk.screen.dismiss(None)
            else:
                await self.kiosk.pop_screen()
        self.kiosk.clear_notifications()


Go = Callable[[Walk], Awaitable[None]]


def _at(place: str, *keys: str) -> Go:
    return lambda walk: walk.to(place, "", *keys)


def _review(page: int) -> Go:
    return lambda walk: walk.to("review", walk.furnished.change, str(page))


def _asked(dialog: Callable[[], Dialog]) -> Go:
    async def go(walk: Walk) -> None:
        await walk.to("home")
        await walk.kiosk.push_screen(dialog())

    return go


async def _diff(walk: Walk) -> None:
    """The file that was changed, not the new ones."""
    await walk.to("review", walk.furnished.change, "3")
    diff = walk.kiosk.query_one("#diff", DiffView)
    diff.jump(sorted(AFTER).index(CHANGED))


async def _star(walk: Walk) -> None:
    await walk.to("map")
    await walk.to("map", "Oculi")
    walk.clock.pass_by(2 * FLIGHT_S)


async def _find(walk: Walk) -> None:
    await walk.to("map", "", "slash")
    walk.kiosk.screen.query_one(Entry).insert("ocu")


async def _from(walk: Walk) -> None:
    await walk.to("map")
    await walk.to("map", "Venture")
    await walk.to("map", "Candle Row", "r")


async def _route(walk: Walk) -> None:
    await _from(walk)
    await walk.then("tab", "enter")
    walk.clock.pass_by(2 * FLIGHT_S)


async def _keys(walk: Walk) -> None:
    await walk.to("lore")
    walk.kiosk.query_one(LorePane).action_search()
    walk.kiosk.query_one("#lore Entry", Entry).insert("salt")


SIGHTS: dict[str, Go] = {
    **{place.id: _at(place.id) for place in PLACES},
    "more": _at("more"),
    "review": _review(1),
    **{f"review-{page}": _review(number) for number, page in enumerate(PAGES, 1) if number > 1},
    "review-diff": _diff,
    "map-star": _star,
    "map-find": _find,
    "map-from": _from,
    "map-route": _route,
    "lore-keyboard": _keys,
    "pin": _asked(lambda: PinPad("Enter the PIN to approve, tweak or reject a change.")),
    "words": _asked(lambda: Words("What should be different in map.py:12?", "Send", "In your words")),
    "choice": _asked(lambda: Choice("What kind of change is it?", {"feature": "Feature", "fix": "Fix"}, "feature")),
    "resting": lambda walk: walk.kiosk.push_screen(Resting()),
}
"""What is seen before anything was asked."""
ANSWERED = "ask-answer"
"""And after a question."""
DIALOGS = frozenset({"map-find", "map-from", "pin", "words", "choice"})
"""What lies below them is dimmed."""
