"""`haven privacy ...`: what is kept of one person, handed out, and deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json, print_table
from haven.errors import BadInput, Unavailable
from haven.privacy import ELSEWHERE, LATER, STAYS, Privacy

app = typer.Typer(no_args_is_help=True, help="What Haven keeps of a person: show, export, delete.")
Person = Annotated[str, typer.Argument(help="A person's id, such as discord:123456789012345678.")]


@app.command()
def show(person: Person, as_json: Json = False) -> None:
    """How much of each kind is kept."""

    async def work(house: House) -> None:
        found = await Privacy(house.database).held(owner(), person)
        if as_json:
            print_json({"person": person, "kept": found})
            return
        table = Table("kind", "how many", box=None, pad_edge=False)
        for kind, count in found.items():
            table.add_row(kind, f"{count:,}")
        print_table(table)

    in_house(work)


@app.command()
def export(
    person: Person,
    to: Annotated[Path | None, typer.Option(help="A new file; otherwise printed.")] = None,
    as_json: Json = False,
) -> None:
    """All of it; it is JSON with and without --json."""

    async def work(house: House) -> None:
        found = await Privacy(house.database).export(owner(), person)
        if to is None:
            print_json(found)
            return
        try:
            with to.open("x", encoding="utf-8") as file:
                to.chmod(0o600)
                json.dump(found, file, indent=1, ensure_ascii=False)
        except OSError as error:
            raise Unavailable(f"{to} can't be written: {error.strerror}.", "Name a new file.", retry=False) from None
        print_json({"person": person, "file": str(to)}) if as_json else out.print(f"Written: {to}")

    in_house(work)


@app.command()
def delete(
    person: Person,
    yes: Annotated[str, typer.Option("--yes", help="The id once more, instead of being asked for it.")] = "",
    as_json: Json = False,
) -> None:
    """Delete what is theirs, and their name from what stays. It can't be undone."""

    async def work(house: House) -> None:
        privacy = Privacy(house.database)
        await privacy.held(owner(), person)  # a wrong id is said before anything is asked
        typed = yes or ("" if as_json else typer.prompt("This can't be undone. Type the id once more", err=True))
        if typed.strip() != person:
            raise BadInput("That is not the same id, so nothing was deleted.", f"Type {person}, or say --yes {person}.")
        gone = await privacy.delete(owner(), person)
        if as_json:
            print_json({"person": person, "deleted": gone})
            return
        out.print(f"{sum(gone.values()):,} things of {person} are deleted or name nobody any more.")
        for told in (STAYS, LATER, ELSEWHERE):
            out.print(told)

    in_house(work)
