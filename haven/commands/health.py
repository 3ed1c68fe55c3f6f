"""`haven health` and `haven alerts`: how this machine and its house are, what is wrong, and who looks after it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.store.alerts import Alert
from haven.store.database import now

alerts_app = typer.Typer(help="What is wrong: one alert a cause, told once, and when it is over.")
SIGNS = {"ok": " ", "note": "·", "alert": "!"}


def health(as_json: Json = False) -> None:
    """How this machine is: heat, power, memory, disk, card, queue, backups; and what can't be read here."""
    from assistants.sentry.answers import machine

    async def work(house: House) -> None:
        found = await machine(house.sentinel)
        if as_json:
            print_json(asdict(found))
            return
        for line in found.lines:
            out.print(f"{SIGNS[line.level]} {line.label:<13} {line.text}")
        for what in found.unreadable:
            out.print(f"  {what}: not readable here")

    in_house(work)


@alerts_app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    past: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: Json = False,
) -> None:
    """What is wrong: one alert a cause, told once, and when it is over."""
    if context.invoked_subcommand is not None:
        return

    async def work(house: House) -> None:
        there = await house.sentinel.alerts.list() if past else await house.sentinel.alerts.open()
        if as_json:
            print_json([asdict(one) for one in there])
            return
        for one in there:
            out.print(_shown(one))
        if not there:
            out.print("Nothing is wrong that Sentinel knows of.")

    in_house(work)


@alerts_app.command()
def ack(id: Annotated[str, typer.Argument(help="As in haven alerts.")], as_json: Json = False) -> None:
    """Take charge of an alert: everybody sees that somebody looks after it."""

    async def work(house: House) -> None:
        alert = await house.sentinel.alerts.acknowledge(id, owner())
        print_json(asdict(alert)) if as_json else out.print(_shown(alert))

    in_house(work)


@alerts_app.command()
def look(as_json: Json = False) -> None:
    """Look at the machine now instead of within a minute, and show what is wrong.

    Faces, models and logs are looked at by the Haven that runs: alerts about them stay as it left them.
    """

    async def work(house: House) -> None:
        await house.sentinel.look_beside()
        found: list[dict[str, Any]] = [asdict(one) for one in await house.sentinel.alerts.open()]
        if as_json:
            print_json(found)
            return
        for one in await house.sentinel.alerts.open():
            out.print(_shown(one))
        if not found:
            out.print("Nothing is wrong that Sentinel knows of.")

    in_house(work)


@alerts_app.command()
def submissions(as_json: Json = False) -> None:
    """What people submit to the world: how lively it is, and what looks like spam, a copy or a leaked secret."""

    async def work(house: House) -> None:
        patrol = house.sentinel.patrol
        lines, signs = await patrol.lively(), await patrol.submissions()
        if as_json:
            print_json({"lines": [asdict(one) for one in lines], "signs": [asdict(one) for one in signs]})
            return
        for line in lines:
            out.print(f"{SIGNS[line.level]} {line.label}: {line.text}")
        for sign in signs:
            out.print(f"! {sign.text}\n  {sign.mend}")
        if not signs:
            out.print("Nothing is suspicious about what people submit.")

    in_house(work)


def _shown(one: Alert) -> str:
    from assistants.sentry.lines import ago

    end = one.cleared_at or now()
    state = f"over after {ago(end - one.raised_at)}" if one.cleared_at else f"since {ago(end - one.raised_at)}"
    began = f"{datetime.fromtimestamp(one.raised_at):%d %b %H:%M}"
    by = f", {one.acknowledged_by} looks after it" if one.acknowledged_by else ""
    mend = f"\n  {one.mend}" if one.mend and not one.cleared_at else ""
    return f"{one.id}  {one.level}, {began}, {state}{by}\n  {one.text}{mend}"
