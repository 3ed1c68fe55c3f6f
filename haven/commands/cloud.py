"""`haven cloud off|on|status|caps`: the kill switch, and the most that a day may cost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from haven.ai.money.caps import DAILY, PER_PERSON, Caps, wished
from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.store.switches import Switched

app = typer.Typer(no_args_is_help=True, help="The kill switch: nothing leaves for the cloud while it is off.")


@app.command()
def off(
    why: Annotated[str, typer.Option(help="The reason, for whoever wonders.")] = "",
    as_json: Json = False,
) -> None:
    """From now on nothing leaves for the cloud, from no process of this Haven; changes wait until it is on again."""

    async def work(house: House) -> None:
        _show(await house.switch.off(owner(), why), as_json)

    in_house(work)


@app.command()
def on(as_json: Json = False) -> None:
    """The cloud may be used again, as the settings and caps allow."""

    async def work(house: House) -> None:
        _show(await house.switch.on(owner()), as_json)

    in_house(work)


@app.command()
def status(as_json: Json = False) -> None:
    """Whether it is on, since when, and who switched it."""

    async def work(house: House) -> None:
        _show(await house.switch.state(), as_json)

    in_house(work)


@app.command()
def caps(
    daily: Annotated[float | None, typer.Option(help="The most of one day, everybody together, in USD.")] = None,
    each: Annotated[float | None, typer.Option(help="The most of one person's day; with --person, of theirs.")] = None,
    person: Annotated[str, typer.Option(help="One person's id, such as discord:123456789012345678.")] = "",
    reset: Annotated[
        bool, typer.Option("--reset", help="As haven.toml says again; with --person, as for others.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The caps of a day as they hold now; set ones hold at once, in every process, until they are set again."""

    async def work(house: House) -> None:
        book = Caps(house.database, house.settings.cloud)
        await book.put(owner(), wished(daily, each, person, reset=reset))
        now = await book.in_force()
        if as_json:
            print_json({"monthly_usd": now.monthly, DAILY: now.daily, PER_PERSON: now.per_person, "people": now.people})
            return
        out.print(
            f"At most {now.daily:.2f} USD a day and {now.monthly:.2f} a month, {now.per_person:.2f} a person and day."
        )
        for whose, usd in now.people.items():
            out.print(f"{whose}: {usd:.2f} USD a day")

    in_house(work)


def _show(state: Switched, as_json: bool) -> None:
    if as_json:
        print_json(asdict(state))
        return
    since = f" by {state.by_name} on {datetime.fromtimestamp(state.at):%d %B at %H:%M}" if state.at else ""
    why = f": {state.why}" if state.why else ""
    out.print(f"The cloud is switched {'on' if state.on else 'off'}{since}{why}.")
    if not state.on:
        out.print("Calls that were under way end by themselves; nothing new leaves. On again: haven cloud on")
