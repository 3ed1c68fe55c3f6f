"""What every pane has: what it was handed, errors shown as notices, and the PIN asked for where it is needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from textual.containers import Vertical
from textual.message import Message
from textual.worker import WorkType

from assistants.at_hand import AtHand
from haven.access import PIN_FREE, Act, Principal
from haven.errors import AccessDenied, HavenError, error_id
from haven.store.events import Event
from kiosk.gone import is_of_gone
from kiosk.pin import Pin
from kiosk.plain import plain
from kiosk.screens.dialogs import PinPad

log = logging.getLogger("haven.kiosk")

NOTICE_S, ERROR_S = 4.0, 12.0
SOON_S = 0.5
"""That a tap waits for the one before it."""
ONE_THING = "One thing at a time: what you tapped before is not done yet. Tap again in a moment."
Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Handed(AtHand):
    """What a display works with."""

    principal: Principal
    pin: Pin
    first_code: Callable[[], str] = str
    """With which the dashboard's owner begins; "" where there is one, or no dashboard."""


class Pane(Vertical):
    """One of the things the switcher shows, made when it is shown for the first time."""

    BLANK = True
    """It has nothing of its own to show: Textual draws one bare line for all, and cuts it once."""
    FROM_START: ClassVar[bool] = False
    """Made with the display instead: it tells how much waits in it, whether or not anybody looks."""

    class Go(Message):
        """Show another pane, `about` a change, an assistant or a record."""

        def __init__(self, pane: str, about: str = "") -> None:
            super().__init__()
            self.pane = pane
            self.about = about

    class Counted(Message):
        """So many things wait on this pane."""

        def __init__(self, pane: str, count: int) -> None:
            super().__init__()
            self.pane = pane
            self.count = count

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(id=id)
        self.handed = handed

    def opened(self, about: str = "") -> None:
        """It is shown now: look up what may have changed meanwhile; `about` is what to show on it, if it says so."""

    def standing(self) -> dict[str, str]:
        """What `resumed` needs to show the same in another display of the same session; nothing private."""
        return {}

    def resumed(self, standing: Mapping[str, str]) -> None:
        """It is shown in a new display, to whoever stood here when the one before went away."""
        self.opened(standing.get("about", ""))

    def ended(self) -> None:
        """The session of whoever stood here is over: forget what was typed, chosen and read by them alone."""

    def news(self, event: Event) -> None:
        """Something happened in the house, maybe nothing that is seen here."""

    def go_back(self) -> None:
        """To where one was before, as Escape does."""
        self.call_later(self.app.run_action, "back")

    def tapped(self, work: Work, group: str) -> None:
        """Run what a tap asked for, unless an earlier tap is still being worked on after SOON_S: then that is said."""
        if not self.attempt(work, group) and not self.attempt(partial(self._in_turn, work, group), f"{group} next"):
            self.tell(ONE_THING)

    async def _in_turn(self, work: Work, group: str) -> None:
        """After the earlier tap: what that did is often seen, and tapped upon, a moment before it has ended."""
        earlier = [one._task for one in self.workers if one.group == group and one._task is not None]
        if earlier:
            await asyncio.wait(earlier, timeout=SOON_S)
        if not self.attempt(work, group):
            self.tell(ONE_THING)

    def attempt(self, work: Work, group: str, *, newest: bool = False) -> bool:
        """Run it beside the screen, one of a group at a time: `newest` ends the one before, else that goes on and this
        one is not run (False).

        What is ended before it began was never called, so nothing is left behind that somebody should have awaited.
        """
        if not newest and any(other.group == group and not other.is_finished for other in self.workers):
            return False
        guarded: WorkType[None] = partial(self._guarded, work)
        self.run_worker(guarded, group=group, exclusive=newest)
        return True

    async def authorise(self, act: Act, to: str = "") -> Principal | None:
        """The principal for one action: after the right PIN on the wall panel; None where the person gave up.

        `to` says in its own words what the PIN is for.
        """
        principal = self.handed.principal
        if not principal.needs_pin or act in PIN_FREE:
            return principal
        hint = f"Enter the PIN to {to or act.value}."
        while True:
            pin = await self.app.push_screen_wait(PinPad(hint))
            if pin is None:
                return None
            if await self.handed.pin.check(pin):
                return principal.with_pin()
            hint = f"That PIN is wrong. {self.handed.pin.after_a_wrong_one()}"

    def tell(self, sentence: str) -> None:
        self.app.notify(plain(sentence), timeout=NOTICE_S, markup=False)

    async def _guarded(self, work: Work) -> None:
        try:
            await work()
        except HavenError as error:
            level = logging.INFO if isinstance(error, AccessDenied) else logging.WARNING
            log.log(level, "[%s] %s", error.id, error)
            self.complain(f"{error.full} [{error.id}]")
        except Exception as error:
            if not is_of_gone(self.app, error):
                self._failed()

    def _failed(self) -> None:
        """Say so here, and why in the log, by the same id. Called in the handler of the error."""
        id = error_id()
        log.exception("[%s] the kiosk failed at something", id)
        self.complain(f"Something went wrong [{id}].")

    def complain(self, sentence: str) -> None:
        self.app.notify(plain(sentence), severity="error", timeout=ERROR_S, markup=False)
