"""`haven assistants list|check`: who sits at the Round Table, and whether a file makes a seat."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistants import own
from assistants.base import Assistant
from haven.app import House
from haven.commands.session import Json, in_house, out, print_json
from haven.errors import HavenError, NotFound

app = typer.Typer(no_args_is_help=True, help="The assistants: who they are, and a check of one of your own.")


@app.command("list")
def seats(as_json: Json = False) -> None:
    """The four and one's own, and the files that can't be used with the reason."""

    async def work(house: House) -> None:
        found = house.round_table.assistants
        broken = house.broken_assistants
        if as_json:
            problems = [{"file": str(one.file), "why": one.why} for one in broken]
            print_json({"assistants": [_data(one) for one in found], "problems": problems})
            return
        for one in found:
            out.print(f"{one.title} ({one.name}){', one of your own' if one.is_own else ''}: {one.job}")
        for problem in broken:
            out.print(f"Not used: {problem.file}: {problem.why}")
        out.print(f"Your own go into {house.settings.paths.config_dir / own.FOLDER}")

    in_house(work)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A TOML or Python file.")], as_json: Json = False) -> None:
    """Read a file as it would be read at the start; a Python file is run for that. Exit status 1: it can't be used."""

    async def work(house: House) -> None:
        if not file.is_file():
            raise NotFound(f"There is no file {file}.")
        why, found = "", None
        try:
            own.demand_trust(file, house.settings.project.repository)
            found = own.read(file, house.world, house.search, {}).assistant
        except HavenError as error:
            why = error.full
        if found is not None and found.name in own.TAKEN:
            why = f"The name {found.name} is taken already."
        _tell(file, found, why, as_json)

    in_house(work)


def _tell(file: Path, found: Assistant | None, why: str, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), "fine": not why, "why": why, "assistant": _data(found) if found else None})
    elif found is not None and not why:
        out.print(f"{found.title} ({found.name}) can take a seat: {found.job}")
    else:
        out.print(f"It can't be used: {why}")
    if why:
        raise typer.Exit(1)


def _data(one: Assistant) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.title,
        "job": one.job,
        "colour": one.colour,
        "own": one.is_own,
        "private": one.private,
        "reach": one.reach.value,
    }
