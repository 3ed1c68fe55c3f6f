"""`haven models ...`: the weights on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from haven.access import Act, check
from haven.app import House
from haven.commands.session import Json, err, in_house, out, owner, print_json
from haven.errors import ModelError

app = typer.Typer(no_args_is_help=True, help="Local models: list, install, validate, remove.")
Name = Annotated[str, typer.Argument(help="A name from `haven models list`.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The catalogue, and what is installed."""

    async def work(house: House) -> None:
        shelf = house.registry.list()
        if as_json:
            print_json(
                [{**asdict(item.model), "installed": item.installed, "verified": item.verified} for item in shelf]
            )
            return
        for item in shelf:
            mark = "installed" if item.installed else "-"
            size = f"{item.model.bytes / 1e6:,.0f} MB" if item.model.bytes else "size unverified"
            out.print(f"{item.model.name:<22} {mark:<10} {size:>16}  {item.model.title} ({item.model.licence})")

    in_house(work)


@app.command()
def install(name: Name, as_json: Json = False) -> None:
    """Fetch a model, check its hash, put it in place at once or not at all."""

    async def work(house: House) -> None:
        check(owner(), Act.SETTINGS)
        house.registry.shelf(name)  # an unknown name is said before a bar is drawn
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        with Progress(*columns, console=err, disable=as_json) as progress:
            task = progress.add_task(name, total=None)

            def tell(done: int, total: int | None) -> None:
                progress.update(task, completed=done, total=total)

            path = await house.registry.install(name, tell)
        print_json({"name": name, "path": str(path)}) if as_json else out.print(f"Installed: {path}")

    in_house(work)


@app.command()
def validate(name: Name, as_json: Json = False) -> None:
    """Hash, load, and one answer."""

    async def work(house: House) -> None:
        found = await house.registry.validate(name)
        print_json(asdict(found)) if as_json else out.print(found.sentence)
        if found.hash_ok is False or not found.answers:
            raise ModelError(f"The model {name} did not pass.", f"Install it again: haven models install {name}")

    in_house(work)


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Delete a model's weights from this machine."""

    async def work(house: House) -> None:
        check(owner(), Act.SETTINGS)
        await house.registry.remove(name)
        print_json({"name": name, "removed": True}) if as_json else out.print(f"Removed {name}.")

    in_house(work)
