"""The faces of a running house: each one coroutine for the TaskGroup of app.py."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistants.at_hand import AtHand
from assistants.heeding import heed
from assistants.office import Office
from assistants.pricing import Pricing
from assistants.records import Records
from bot.client import HavenBot
from bot.supervisor import Link, Supervisor
from haven.access import Principal
from haven.ai.money.caps import Caps
from haven.ai.roster import Roster
from haven.ai.task import Tier
from haven.app import Face, House
from haven.changes.rounds.prompting import Prompts
from haven.errors import SettingsError, StoreError, Unavailable
from haven.logbook import RECENT
from haven.privacy import Privacy
from haven.settings import DISCORD_TOKEN, Discord, Settings, Web, config_file, demo_file
from kiosk.app import Kiosk
from kiosk.displays import Displays
from kiosk.pin import Pin
from kiosk.remote import remote
from kiosk.screens.pane import Handed
from kiosk.server import serve as serve_kiosk
from kiosk.touch import Clock

if TYPE_CHECKING:
    from web.accounts import Accounts
    from web.dashboard import Dashboard
    from web.hooks import Hooks

log = logging.getLogger("haven")
BEGAN = int(time.time())


def records_of(house: House) -> Records:
    """What the faces see of the world."""
    return Records(house.world, house.drafts, house.watches, house.search, house.cartographer, house.scribe)


def at_hand(house: House) -> AtHand:
    """What the kiosk and the dashboard have in common."""
    return AtHand(
        round_table=house.round_table,
        changes=house.changes,
        waiting=house.waiting,
        records=records_of(house),
        bus=house.bus,
        database=house.database,
        status=house.sentinel.status,
        alerts=house.sentinel.alerts,
        verdict=house.outcomes.verdict,
        cloud=lambda: cloud_name(house.engine.roster),
        lan=lambda: bool(house.engine.roster.on(Tier.LAN)),
        office=office_of(house),
        settings_file=settings_file(house.settings),
        log=RECENT,
        past=house.sentinel.past,
    )


def kiosk_of(
    house: House,
    principal: Principal,
    pin: Pin,
    driver: type[Any] | None = None,
    clock: Clock | None = None,
    first_code: Callable[[], str] = str,
) -> Kiosk:
    """One display of the kiosk, for one person; its clock is the loop's, if no other is handed.

    `first_code`: with which the dashboard's owner begins, "" where there is one.
    """
    handed = Handed(**vars(at_hand(house)), principal=principal, pin=pin, first_code=first_code)
    return Kiosk(handed, driver, clock)


def displays_of(house: House, first_code: Callable[[], str] = str) -> Displays:
    """All displays of the kiosk, wherever their terminals are; one PIN for them."""
    pin = Pin(house.settings)

    def make(principal: Principal, driver: type[Any]) -> Kiosk:
        return kiosk_of(house, principal, pin, driver, first_code=first_code)

    return Displays(make)


def settings_file(settings: Settings) -> Path:
    """Where these settings came from: the demo's own file in the demo."""
    demo = demo_file()
    return demo if settings.paths.state_dir.is_relative_to(demo.parent) else config_file()


def office_of(house: House) -> Office:
    """What the owner's commands, and everybody's accounts, rest on."""
    settings, database = house.settings, house.database
    prompts = Prompts(house.repository, settings) if house.repository else None
    return Office(
        settings=settings,
        caps=Caps(database, settings.cloud),
        ledger=house.ledger,
        registry=house.registry,
        roster=house.engine.roster,
        pricing=Pricing(house.engine.roster, house.ledger, settings, prompts, house.round_table.seat),
        privacy=Privacy(database, is_served=house.waiting.is_serving),
        heed=partial(heed, house.bus, house.sentinel.alerts, house.digests),
        backup=house.sentinel.backups.daily,
        restart=house.again.set,
        is_watched=os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()),
        began=BEGAN,
    )


def bot_of(house: House, settings: Discord) -> HavenBot:
    """The bot before it is connected."""
    return HavenBot(
        round_table=house.round_table,
        changes=house.changes,
        waiting=house.waiting,
        records=records_of(house),
        bus=house.bus,
        database=house.database,
        settings=settings,
        status=house.sentinel.status,
        verdict=house.outcomes.verdict,
        cloud=lambda: cloud_name(house.engine.roster),
        alerts=house.sentinel.alerts,
        office=office_of(house),
        alarms_at=house.settings.alerts.channel_id or settings.channel_id,
    )


def faces_of(house: House, ready: asyncio.Event) -> list[Face]:
    """The kiosk always; the bot where a token is (else its supervisor says OFF); the web port where one is set."""
    accounts = _accounts_of(house)
    displays = displays_of(house, lambda: accounts.first_code if accounts else "")

    async def kiosk(house: House) -> None:
        try:
            await serve_kiosk(house.settings.socket, displays, house.settings.kiosk, os.getuid(), ready.set)
        except (SettingsError, Unavailable) as error:
            log.error("[%s] the kiosk can't be shown: %s", error.id, error)
            house.sentinel.note("Kiosk", error.full, "alert")
            ready.set()
            await asyncio.get_running_loop().create_future()  # the other faces go on

    async def web(house: House) -> None:
        await _port(house, accounts, displays)

    return [kiosk, _bot, *([web] if house.settings.web.port else [])]


def _accounts_of(house: House) -> Accounts | None:
    """The people of the dashboard, where there is one."""
    if not (house.settings.web.port and house.settings.web.dashboard):
        return None
    from web.accounts import Accounts

    return Accounts(house.database)


async def _bot(house: House) -> None:
    """Discord, connected anew whenever the connection is lost."""

    def tell(link: Link, detail: str) -> None:
        level = {Link.READY: "ok", Link.BROKEN: "alert"}.get(link, "note")
        house.sentinel.note("Discord", f"{link.value}{f': {detail}' if detail else ''}", level)
        house.bus.live("discord", link.value, detail=detail)

    token, ids = house.settings.secret(DISCORD_TOKEN), house.settings.discord
    supervisor = Supervisor(lambda: bot_of(house, ids), token, on_state=tell)
    connecting = asyncio.create_task(supervisor.run(), name="discord")
    try:
        await asyncio.shield(connecting)
        await asyncio.get_running_loop().create_future()  # off or refused: the other faces go on
    finally:
        await supervisor.stop()  # first "restarting" for who presses now, then the connection's end
        connecting.cancel()
        await asyncio.wait([connecting])


async def _port(house: House, accounts: Accounts | None, displays: Displays) -> None:
    """The dashboard, Prometheus's and watchdogs' way in, and that of webhooks; loaded only where it is on."""
    try:
        shown = await dashboard_of(house, accounts, displays) if accounts else None
        await port(house, shown, house.settings.web)
    except (SettingsError, Unavailable, StoreError) as error:
        log.error("[%s] the web port can't be opened: %s", error.id, error)
        house.sentinel.note("Web", error.full, "alert")
        await asyncio.get_running_loop().create_future()  # the other faces go on


async def port(house: House, shown: Dashboard | None, place: Web, ready: Callable[[], None] = lambda: None) -> None:
    """Until cancelled; `ready` is called when it listens. Raises what web.server.serve raises, and StoreError."""
    from web.metrics import Meters
    from web.server import is_loopback, serve

    parts = house.database, house.engine.roster, house.ledger, house.lag
    meters = Meters(*parts, house.settings.cloud, house.settings.paths.state_dir)
    hooks = _hooks(house)

    def listening(address: str) -> None:
        log.info("%s at %s", "the dashboard and its figures are" if shown else "figures are", address)
        alone = is_loopback(address.partition("://")[2].rpartition(":")[0].strip("[]"))
        reach = "" if alone else ", for anybody who reaches this machine"
        taken = ", and /hooks/change for those who sign" if hooks else ""
        what = "dashboard, /metrics and /healthz" if shown else "/metrics and /healthz"
        house.sentinel.note("Web", f"{address}: {what}{taken}{reach}", "ok" if alone else "note")
        ready()

    await meters.begin()
    await serve(place, meters.text, meters.look, lambda: house.readiness.lacks, listening, hooks, shown)


def _hooks(house: House) -> Hooks | None:
    """Where programs elsewhere ask for changes; None where nobody may."""
    from web.hooks import Hooks

    wanted = house.settings.webhooks
    if not wanted.senders:
        return None
    try:
        return Hooks(wanted, house.settings.secret, house.round_table.propose, house.database)
    except SettingsError as error:
        log.error("[%s] webhooks can't be taken: %s", error.id, error.full)
        house.sentinel.note("Webhooks in", error.full, "alert")
        return None


async def dashboard_of(house: House, accounts: Accounts | None = None, displays: Displays | None = None) -> Dashboard:
    """The dashboard, which knows whether it has an owner; accounts and displays are its own, if none are handed."""
    from haven.world.exchange.loading import Importer
    from web.accounts import Accounts
    from web.dashboard import Dashboard
    from web.handed import Handed as AtDashboard

    accounts = accounts or Accounts(house.database)
    await accounts.begin()
    house.waiting.ask_about("web", accounts.today)
    if accounts.first_code:
        log.warning("the dashboard has no owner yet: open it on this machine and give the code %s", accounts.first_code)
    importer = Importer(house.world, house.drafts, house.database)
    kiosk = partial(remote, displays or displays_of(house))
    handed = AtDashboard(**vars(at_hand(house)), importer=importer, kiosk=kiosk)
    return Dashboard(house.settings.web, handed, accounts)


def cloud_name(roster: Roster) -> str:
    """Who is asked first in the cloud, as people call it; "" where nobody can be."""
    for one in roster.on(Tier.CLOUD):
        if not one.missing():
            return "the stand-in" if one.stand_in else "Claude" if one.name.startswith("claude") else one.name
    return ""
