"""The bar below every screen: where one can go, and whether anything may leave for the cloud."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult

from haven.access import Act
from haven.ai import switch
from haven.ai.switch import CloudSwitch
from haven.store.events import Event
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.tile import Tile

CLOUD = {True: "Cloud on", False: "Local only"}
"""What the privacy mode is called while the cloud may be asked, and while nothing leaves."""


class Bar(Pane):
    """A tile for each place, and the privacy mode: off at once, also on the wall panel; on again with its PIN."""

    def __init__(self, handed: Handed, places: Mapping[str, str], *, id: str) -> None:
        super().__init__(handed, id=id)
        self._places = places
        """Key and label of each."""
        self._switch = CloudSwitch(handed.database)

    def compose(self) -> ComposeResult:
        for key, label in self._places.items():
            yield Tile(label, key, id=f"nav-{key}", classes="nav")
        yield Tile(CLOUD[True], "cloud", id="switch")

    def on_mount(self) -> None:
        self.attempt(self._show, "switch")

    def news(self, event: Event) -> None:
        if event.subject == switch.NAME:
            self.attempt(self._show, "switch shown", newest=True)

    def mark(self, key: str) -> None:
        """Show that this place is on the screen."""
        for tile in self.query(".nav").results(Tile):
            tile.set_class(tile.key == key, "on")

    def count(self, key: str, count: int) -> None:
        """How much waits there, beside its label."""
        label = self._places[key]
        self.query_one(f"#nav-{key}", Tile).say(f"{label} ({count:,})" if count else label)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.key == "cloud":
            self.turn()
        else:
            self.post_message(self.Go(event.tile.key))

    def turn(self) -> None:
        """Turn the privacy mode."""
        self.tapped(self._turn, "switch")

    async def _show(self) -> None:
        on = (await self._switch.state()).on
        tile = self.query_one("#switch", Tile)
        tile.say(CLOUD[on])
        tile.set_class(not on, "home")

    async def _turn(self) -> None:
        on = (await self._switch.state()).on
        person = await self.authorise(Act.CLOUD_OFF if on else Act.SETTINGS, "let the cloud be asked again")
        if person is None:
            return
        if on:
            await self._switch.off(person)
            self.tell("Nothing leaves for the cloud now. Calls that were under way end by themselves.")
        else:
            await self._switch.on(person)
            self.tell("The cloud may be used again.")
        await self._show()
