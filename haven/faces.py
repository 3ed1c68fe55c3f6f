"""The faces of a running house: each one coroutine for the TaskGroup of app.py."""

from __future__ import annotations

import asyncio
import os

from bot.client import HavenBot
from bot.supervisor import Link, Supervisor
from haven.access import Principal
from haven.app import Face, House
from haven.settings import DISCORD_TOKEN
from kiosk.app import Kiosk
from kiosk.pin import Pin
from kiosk.server import serve


def faces_of(house: House, ready: asyncio.Event) -> list[Face]:
    """The kiosk always; the bot where a token is configured (its supervisor says OFF where none is)."""

    async def kiosk(house: House) -> None:
        pin = Pin(house.settings)

        def make(principal: Principal, driver: type) -> Kiosk:
            return Kiosk(
                round_table=house.round_table,
                changes=house.changes,
                bus=house.bus,
                status=house.sentinel.status,
                principal=principal,
                pin=pin,
                driver_class=driver,
            )

        await serve(house.settings.socket, make, house.settings.kiosk, os.getuid(), ready.set)

    async def bot(house: House) -> None:
        def build() -> HavenBot:
            return HavenBot(
                round_table=house.round_table,
                changes=house.changes,
                bus=house.bus,
                database=house.database,
                settings=house.settings.discord,
                status=house.sentinel.status,
            )

        def tell(link: Link, detail: str) -> None:
            level = {Link.READY: "ok", Link.BROKEN: "alert"}.get(link, "note")
            house.sentinel.note("Discord", f"{link.value}{f': {detail}' if detail else ''}", level)
            house.bus.live("discord", link.value, detail=detail)

        supervisor = Supervisor(build, house.settings.secret(DISCORD_TOKEN), on_state=tell)
        try:
            await supervisor.run()
        finally:
            await supervisor.stop()

    return [kiosk, bot]
