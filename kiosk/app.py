"""The kiosk: one App a display, inside Haven's own process, on a driver of our own."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.driver import Driver
from textual.widgets import ContentSwitcher, Static

from assistants.records import Records
from assistants.round_table import RoundTable
from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Alerts
from assistants.table.transcript import LIVE
from assistants.waiting import WaitingRoom
from haven.access import Act, Principal, check
from haven.ai import switch
from haven.changes.decisions import Changes
from haven.errors import error_id
from haven.events import Bus
from haven.store.database import Database
from haven.store.events import Event
from kiosk.inbox import DIGEST, READ, WATCH, Inbox
from kiosk.pin import Pin
from kiosk.plain import line
from kiosk.screens.answering import Answering
from kiosk.screens.ask import Ask
from kiosk.screens.changes import ChangesPane
from kiosk.screens.drafts import DraftsPane
from kiosk.screens.health import HealthPane
from kiosk.screens.home import Home
from kiosk.screens.inbox import InboxPane
from kiosk.screens.lore import LorePane
from kiosk.screens.map import MapPane
from kiosk.screens.pane import Handed, Pane
from kiosk.screens.review import ReviewPane
from kiosk.touch import TouchApp
from kiosk.widgets.tile import Tile

log = logging.getLogger("haven.kiosk")

STATUS_S = 15.0
"""Seconds between two looks at the status lines."""
DRAFTS = 100
"""Drafts in the list; more are counted below it."""
PANES = {
    "home": "F1 Home",
    "ask": "F2 Ask",
    "changes": "F3 Changes",
    "map": "F4 Map",
    "lore": "F5 Lore",
    "drafts": "F6 Drafts",
}
"""The bar below. Health is reached from Home's status lines and by F7, the inbox from Home and by F8: eight do not fit
on the small panel."""


class Kiosk(TouchApp):
    """Home, Ask, Changes and Review for one display and its principal.

    `failure` is the id of the error that ended it, or "".
    """

    CSS_PATH = "kiosk.tcss"
    TITLE = "Haven"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        ("f1", "pane('home')", "Home"),
        ("f2", "pane('ask')", "Ask"),
        ("f3", "pane('changes')", "Changes"),
        ("f4", "pane('map')", "Map"),
        ("f5", "pane('lore')", "Lore"),
        ("f6", "pane('drafts')", "Drafts"),
        ("f7", "pane('health')", "Health"),
        ("f8", "pane('inbox')", "Inbox"),
        ("escape", "back", "Back"),
    ]

    def __init__(
        self,
        *,
        round_table: RoundTable,
        changes: Changes,
        waiting: WaitingRoom,
        records: Records,
        bus: Bus,
        database: Database,
        status: Callable[[], Awaitable[list[StatusLine]]],
        alerts: Alerts,
        verdict: Callable[[int, Principal, int], Awaitable[None]],
        cloud: Callable[[], str],
        lan: Callable[[], bool],
        principal: Principal,
        pin: Pin,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self._handed = Handed(
            *(round_table, changes, waiting, records, database, status, alerts, verdict, cloud, lan, principal, pin),
            inbox=Inbox(database, bus, principal),
        )
        self._bus = bus
        self.failure = ""
        # Textual would take the whole process's output for as long as a display is open; here it stays Haven's.
        self._capture_stdout = sys.stdout  # type: ignore[assignment]
        self._capture_stderr = sys.stderr  # type: ignore[assignment]
        self._task_factory = asyncio.get_running_loop().get_task_factory()

    def on_load(self) -> None:
        # From Python 3.12 on Textual makes the loop start tasks eagerly, for good: not what the rest of Haven expects.
        asyncio.get_running_loop().set_task_factory(self._task_factory)

    def compose(self) -> ComposeResult:
        with Horizontal(id="bar"):
            yield Static(f"HAVEN · {line(self._handed.principal.name, 30)}", id="brand", markup=False)
            yield Static("", id="cloud", markup=False)
        with ContentSwitcher(initial="home", id="panes"):
            yield Home(self._handed, id="home")
            yield Ask(self._handed, id="ask")
            yield ChangesPane(self._handed, id="changes")
            yield ReviewPane(self._handed, id="review")
            yield MapPane(self._handed, id="map")
            yield LorePane(self._handed, id="lore")
            yield DraftsPane(self._handed, id="drafts")
            yield HealthPane(self._handed, id="health")
            yield InboxPane(self._handed, id="inbox")
        with Horizontal(id="nav"):
            for pane, label in PANES.items():
                yield Tile(label, pane, id=f"nav-{pane}", classes="nav")

    def on_mount(self) -> None:
        self.action_pane("home")
        home = self.query_one(Home)
        home.attempt(self._follow, "follow")
        self.set_interval(STATUS_S, lambda: home.attempt(self._status, "status"))
        home.attempt(self._status, "status")

    def action_pane(self, pane: str) -> None:
        self.query_one("#panes", ContentSwitcher).current = pane
        for tile in self.query(Tile).filter(".nav"):
            tile.set_class(tile.key == pane, "on")
        if pane == "ask":
            self.query_one(Ask).open("")
            return
        self.set_focus(None)
        if pane == "map":
            self.query_one(MapPane).open()
        elif pane == "lore":
            self.query_one(LorePane).open()
        elif pane == "inbox":
            self.query_one(InboxPane).open()

    async def action_back(self) -> None:
        current = self.query_one("#panes", ContentSwitcher).current
        self.action_pane("changes" if current == "review" else "home")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        """Only the bar below and rows of changes come this far."""
        if event.tile.has_class("nav"):
            self.action_pane(event.tile.key)
        elif event.tile.has_class("change"):
            self.on_pane_go(Pane.Go("review", change=event.tile.key))

    def on_pane_go(self, event: Pane.Go) -> None:
        self.action_pane(event.pane)
        if event.pane == "ask":
            self.query_one(Ask).open(event.assistant)
        elif event.change:
            self.query_one(ReviewPane).open(event.change)

    async def _follow(self) -> None:
        """Show what happens, as it happens."""
        with self._bus.subscribe() as subscription:
            self._refresh("")
            self.query_one(Home).attempt(self._inbox, "inbox", newest=True)
            async for event in subscription:
                if event.kind == "change.progress":
                    self.query_one(ChangesPane).progress(event.subject, str(event.data.get("text", "")))
                    self.query_one(ReviewPane).progress(event.subject, str(event.data.get("text", "")))
                elif event.kind.startswith("change."):
                    self._refresh(event.subject)
                elif event.kind in (WATCH, DIGEST, READ):
                    self._came(event)
                elif event.kind == LIVE:
                    self.query_one(Home).show_step(event.data)
                elif event.kind.startswith("draft."):
                    self._refresh("")
                elif event.kind.startswith("alert."):
                    self.query_one(Home).attempt(self._status, "status", newest=True)
                elif event.subject == switch.NAME:
                    self.query_one(Home).attempt(self.query_one(Home).show_switch, "switch shown", newest=True)
                elif event.kind.startswith("answer."):
                    self.query_one(Answering).news(event.subject)

    def _came(self, event: Event) -> None:
        """It stays in the inbox; whoever looks at another pane sees at once that there is something."""
        if not self._handed.inbox.is_about(event):
            return
        if event.kind == WATCH:
            self.query_one(Home).tell(line(str(event.data.get("text", "")), 400))
        self.query_one(Home).attempt(self._inbox, "inbox", newest=True)

    async def _inbox(self) -> None:
        messages = await self._handed.inbox.unread()
        self.query_one(Home).show_inbox(len(messages))
        self.query_one(InboxPane).show(messages)

    def _refresh(self, changed: str) -> None:
        self.query_one(Home).attempt(self._reload, "reload", newest=True)
        if changed:
            self.query_one(ReviewPane).changed(changed)

    async def _reload(self) -> None:
        check(self._handed.principal, Act.READ)
        changes = await self._handed.changes.list()
        self.query_one(Home).show_changes(changes)
        self.query_one(ChangesPane).show_changes(changes)
        drafts = self._handed.records.drafts
        count = await drafts.count()
        self.query_one(DraftsPane).show(await drafts.list(limit=DRAFTS), count)
        self.query_one("#nav-drafts", Tile).say(f"{PANES['drafts']} ({count:,})" if count else PANES["drafts"])

    async def _status(self) -> None:
        facts = await self._handed.status()
        cloud = next((fact for fact in facts if fact.label == "Cloud"), None)
        self.query_one(Home).show_status(facts)
        check(self._handed.principal, Act.READ)
        self.query_one(HealthPane).show(facts, await self._handed.alerts.open())
        self.query_one("#cloud", Static).update(line(cloud.text, 60) if cloud else "")

    def on_key(self, event: events.Key) -> None:
        """Arrows scroll what is shown, and move between tiles, where nothing has the focus."""
        moves = {"down": self.action_focus_next, "up": self.action_focus_previous}
        if event.key in moves:
            event.stop()
            moves[event.key]()

    def _handle_exception(self, error: Exception) -> None:
        """A failed display is logged and closed; Textual's own way prints every local variable on the terminal."""
        self.failure = self.failure or error_id()
        log.error("[%s] the display of %s failed", self.failure, self._handed.principal.id, exc_info=error)
        self._exception = error
        self._close_messages_no_wait()
        self._exception_event.set()
