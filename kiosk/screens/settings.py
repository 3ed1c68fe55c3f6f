"""Settings: what each is, what it may be, and what it would become; looks without the PIN, money with it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from haven.access import Act, Principal, check
from haven.settings.options import GROUPS, OPTIONS, Option, keep, kept, shown
from haven.store.events import Event
from kiosk.plain import line
from kiosk.screens.dialogs import Choice, Words
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.tile import Tile


class SettingsPane(Pane):
    """A row for each that may be changed here: its value, its purpose, and what it may be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "look", "Look", tooltip="another look of every display"),
        Binding("k", "keyboard", "Keyboard", tooltip="other letters on the keys of the screen"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._values = {key: one.of(handed.office.settings) for key, one in OPTIONS.items()}

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="settings-list", can_focus=False):
            for title, options in GROUPS.items():
                yield Static(title, classes="heading", markup=False)
                for one in options:
                    yield Tile(self._words(one), one.key, classes="row")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("Look", "look")
            yield Tile("Keyboard", "keyboard")
            code = Tile("Dashboard code", "code", id="settings-code")
            code.display = bool(self.handed.first_code())
            yield code

    def opened(self, about: str = "") -> None:
        self.attempt(self._look, "settings", newest=True)

    def news(self, event: Event) -> None:
        if event.kind == "kiosk.wish" and self.display:
            self.attempt(self._look, "settings", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        if event.tile.key == "back":
            self.go_back()
        elif event.tile.has_class("row"):
            self._ask(event.tile.key)
        else:
            getattr(self, f"action_{event.tile.key}")()

    def action_look(self) -> None:
        self._ask("kiosk.theme")

    def action_keyboard(self) -> None:
        self._ask("kiosk.keyboard")

    def _ask(self, key: str) -> None:
        self.tapped(partial(self._change, OPTIONS[key]), "dialog")

    def action_code(self) -> None:
        self.tapped(self._tell_code, "dialog")

    async def _tell_code(self) -> None:
        """Whoever reads it becomes the dashboard's owner: on the wall panel it takes the PIN."""
        person = await self.authorise(Act.SETTINGS, "see the dashboard's first code")
        if person is not None:
            check(person, Act.SETTINGS)
            said = f"Open the dashboard on this machine and give the code {self.handed.first_code()}. It works once."
            await self.app.push_screen_wait(Choice(said, {}))

    async def _look(self) -> None:
        """As haven.toml has it now, whoever wrote it; the caps as they hold."""
        check(self.handed.principal, Act.READ)
        office = self.handed.office
        found = await asyncio.to_thread(kept, self.handed.settings_file, office.settings)
        caps = await office.caps.in_force()
        self.query_one("#settings-code").display = bool(self.handed.first_code())
        self._values = found | {"cloud.daily_usd": caps.daily, "cloud.per_person_daily_usd": caps.per_person}
        for row in self.query("#settings-list > .row").results(Tile):
            row.say(self._words(OPTIONS[row.key]))

    async def _change(self, one: Option) -> None:
        """The new value, the difference to look at, then the PIN where it takes one."""
        text = await self._wished(one)
        if text is None:
            return
        value, before = one.read(text), self._values[one.key]
        if value == before:
            self.tell(f"{one.label} is {shown(value)} already.")
            return
        question = f"{one.label} ({one.key})\n- {shown(before)}\n+ {shown(value)}\nIt counts at once."
        if await self.app.push_screen_wait(Choice(question, {"save": "Save"}, "save")) is None:
            return
        person = await self._person(one)
        if person is not None:
            await self._apply(one, value, person)
            self.attempt(self._look, "settings", newest=True)
            self.tell(f"{one.label} is {shown(value)} now.")

    async def _wished(self, one: Option) -> str | None:
        now = f"{one.label}: {one.help}. Now: {shown(self._values[one.key])}. It may be {one.allowed}."
        if one.choices:
            return await self.app.push_screen_wait(Choice(now, {name: name.capitalize() for name in one.choices}))
        numbers = one.numeric
        return await self.app.push_screen_wait(Words(now, "Go on", shown(self._values[one.key]), numeric=numbers))

    async def _person(self, one: Option) -> Principal | None:
        """On the wall panel, whoever stands there may change how it looks; the rest takes the PIN."""
        person = self.handed.principal if one.safe else await self.authorise(Act.SETTINGS)
        if person is not None:
            check(person.with_pin() if one.safe else person, Act.SETTINGS)
        return person

    async def _apply(self, one: Option, value: Any, person: Principal) -> None:
        if one.is_cap:
            await self.handed.office.caps.put(person, [(one.name, value, "")])
            return
        await asyncio.to_thread(keep, self.handed.settings_file, one, value)
        self.handed.office.heed(one, value)

    def _words(self, one: Option) -> str:
        unit = " USD" if one.is_cap else ""
        pin = "" if one.safe else " · PIN"
        value = line(shown(self._values[one.key]), 40)
        return f"{one.label}: {value}{unit}\n{one.help}\n{one.allowed}{pin}"
