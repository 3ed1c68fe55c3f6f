"""`haven world watch`: be told when something comes into the world."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.commands.world import world_app
from haven.errors import BadInput
from haven.world.watches import Watch

SHOWN = 20
"""Records that a watch was told of, the newest first."""


@world_app.command()
def watch(
    text: Annotated[
        str, typer.Argument(help="What you want to be told of: “tell me when a system is added near Oculi”.")
    ] = "",
    list_: Annotated[bool, typer.Option("--list", help="Your watches, and what each has found.")] = False,
    remove: Annotated[str, typer.Option(help="End the watch of that id.")] = "",
    as_json: Json = False,
) -> None:
    """Watch for a kind, a word, a person, a region or a place; each record is told once."""
    if sum((bool(text), list_, bool(remove))) != 1:
        raise BadInput(
            "Say what to watch for, --list, or --remove ID.", 'Such as: haven world watch "planets with Emeril"'
        )

    async def work(house: House) -> None:
        if remove:
            await house.watches.remove(remove, owner())
            print_json({"removed": remove}) if as_json else out.print(f"{remove} is ended.")
        elif text:
            made = await house.watches.add(text, owner(), {})
            print_json(_told(made)) if as_json else out.print(
                f"{made.id}: you are told once of {made.understood}.\nSee what it has found: haven world watch --list"
            )
        else:
            await _list(house, as_json)

    in_house(work)


async def _list(house: House, as_json: bool) -> None:
    await house.watches.catch_up()
    mine = await house.watches.list(owner())
    found = {one.id: await house.watches.told(one.id, SHOWN) for one in mine}
    if as_json:
        print_json(
            [_told(one) | {"told": [dict(zip(_FIELDS, row, strict=True)) for row in found[one.id]]} for one in mine]
        )
        return
    for one in mine:
        out.print(f"{one.id}  {one.said}\n  {one.understood}")
        for id, name, at in found[one.id]:
            out.print(f"    {datetime.fromtimestamp(at):%d %b %H:%M}  {name} ({id})")
    if not mine:
        out.print('You watch nothing yet. Begin with: haven world watch "planets with Emeril"')


_FIELDS = ("id", "name", "at")


def _told(one: Watch) -> dict[str, Any]:
    wish = one.wish.model_dump(mode="json", exclude_defaults=True)
    return {"id": one.id, "said": one.said, "understood": one.understood, "wish": wish}
