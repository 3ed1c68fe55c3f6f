"""`haven cloud off|on|status`: the kill switch."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

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


def _show(state: Switched, as_json: bool) -> None:
    if as_json:
        print_json(asdict(state))
        return
    since = f" by {state.by_name} on {datetime.fromtimestamp(state.at):%d %B at %H:%M}" if state.at else ""
    why = f": {state.why}" if state.why else ""
    out.print(f"The cloud is switched {'on' if state.on else 'off'}{since}{why}.")
    if not state.on:
        out.print("Calls that were under way end by themselves; nothing new leaves. On again: haven cloud on")
