"""`haven models ...`: the weights on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column, Table

from haven import settings
from haven.access import Act, check
from haven.ai.models.hub import TOKEN_SECRET
from haven.ai.models.plan import Plan, plan, room_mb
from haven.ai.models.registry import Shelf
from haven.ai.providers import http_faults
from haven.ai.providers.ollama import Ollama
from haven.app import House
from haven.commands.session import Json, err, in_house, out, owner, print_json, print_table
from haven.errors import BadInput, ModelError, NotFound
from haven.health import snapshot
from haven.settings import LanHost, Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Local models: list, install, update, remove, validate, plan what fits together; pull at home.",
)
Name = Annotated[str, typer.Argument(help="A name from `haven models list`.")]
Names = Annotated[list[str] | None, typer.Argument(help="Names from `haven models list`; without: what is installed.")]
NONE_HERE = "No model is installed. Whether others would fit, it says with their names: haven models plan NAME"
Rollback = Annotated[bool, typer.Option("--rollback", help="Go back to the file before the last update.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The catalogue: what is installed, how far it is trusted, what for, how large, how fast by whose word."""

    async def work(house: House) -> None:
        shelves = house.registry.list()
        print_json([_told(shelf) for shelf in shelves]) if as_json else _show_catalogue(shelves)

    in_house(work)


@app.command()
def install(name: Name, as_json: Json = False) -> None:
    """Fetch a model, check its hash, put it in place at once or not at all; a cut download is gone on with."""

    async def work(house: House) -> None:
        check(owner(), Act.SETTINGS)
        house.registry.shelf(name)  # an unknown name is said before a bar is drawn
        with _bar(name, as_json) as tell:
            await house.registry.install(name, tell, house.settings.secret(TOKEN_SECRET))
        shelf = house.registry.shelf(name)
        print_json(_told(shelf)) if as_json else out.print(_installed(shelf))

    in_house(work)


@app.command()
def update(name: Name, rollback: Rollback = False, as_json: Json = False) -> None:
    """Fetch the newest file, try it, then let it take the place of the old one, which is kept for the way back."""

    async def work(house: House) -> None:
        check(owner(), Act.SETTINGS)
        house.registry.shelf(name)
        with _bar(name, as_json or rollback) as tell:
            done = await (
                house.registry.rollback(name)
                if rollback
                else house.registry.update(name, tell, house.settings.secret(TOKEN_SECRET))
            )
        print_json({"name": name, **asdict(done)}) if as_json else out.print(done.sentence)

    in_house(work)


@app.command()
def validate(name: Name, as_json: Json = False) -> None:
    """Hash, load, and one answer."""

    async def work(house: House) -> None:
        found = await house.registry.validate(name)
        print_json(asdict(found)) if as_json else out.print(found.sentence)
        if found.hash_ok is False or not found.answers:
            mend = "" if "haven models" in found.sentence else f"Install it again: haven models install {name}"
            raise ModelError(f"The model {name} did not pass.", mend)

    in_house(work)


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Delete a model's weights from this machine."""

    async def work(house: House) -> None:
        check(owner(), Act.SETTINGS)
        await house.registry.remove(name)
        print_json({"name": name, "removed": True}) if as_json else out.print(f"Removed {name}.")

    in_house(work)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A model as the host knows it, such as qwen3:4b.")],
    host: Annotated[str, typer.Option(help="Only there: a url of lan.hosts; otherwise wherever it is to be.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Pull without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Have the Ollama hosts at home download a model that they lack, after asking."""
    check(owner(), Act.SETTINGS)
    done = asyncio.run(_pull(settings.load(), name, host, yes, as_json))
    if as_json:
        print_json({"name": name, "hosts": done})
        return
    for url, state in done.items():
        out.print(f"{name} at {url}: {state}")


async def _pull(loaded: Settings, name: str, host: str, yes: bool, as_json: bool) -> dict[str, str]:
    """What became of it at each host: `there` already, or `pulled`."""
    done: dict[str, str] = {}
    for entry in _hosts(loaded, name, host):
        key = (loaded.secret(entry.secret) if entry.secret else None) or ""
        place, url = Ollama(entry.url, name, key, timeout_s=loaded.lan.timeout_s), http_faults.host(entry.url)
        try:
            lacks = place.lacks(await place.models())
            if lacks and not yes:
                if as_json:
                    raise BadInput(lacks, "Say --yes to have it pulled.")
                typer.confirm(f"{lacks} Pull it?", abort=True, err=True)
            if lacks:
                with _bar(name, as_json) as tell:
                    await place.pull(lambda _, got, size, tell=tell: tell(got, size or None))  # type: ignore[misc]
            done[url] = "pulled" if lacks else "there"
        finally:
            await place.close()
    return done


def _hosts(loaded: Settings, name: str, url: str) -> list[LanHost]:
    """The Ollama hosts that are to have it. Raises NotFound where there is none."""
    ollamas = [one for one in loaded.lan.hosts if one.engine == "ollama"]
    found = [one for one in ollamas if one.url.rstrip("/") == url.rstrip("/") or (not url and name in one.models)]
    if not found:
        said = f"{url} is no Ollama of lan.hosts." if url else f"No Ollama of lan.hosts is to have {name}."
        raise NotFound(said, "Name the host and its models in lan.hosts first.")
    return found


@app.command("plan")
def plan_(names: Names = None, as_json: Json = False) -> None:
    """Which models fit this machine's memory, and which of them would be kept loaded together."""

    async def work(house: House) -> None:
        registry, wish = house.registry, house.settings.models
        shelves = [registry.shelf(name) for name in names or ()] or [one for one in registry.list() if one.installed]
        health = await asyncio.to_thread(snapshot, house.settings.paths.state_dir)
        memory = room_mb(wish.memory_mb, health.memory_total_mb)
        made = plan(shelves, memory, wish.context_tokens, wish.seats, wish.keep)
        print_json({**asdict(made), "kept_mb": made.kept_mb}) if as_json else print_table(_planned(made))

    in_house(work)


@contextmanager
def _bar(name: str, hidden: bool) -> Iterator[Callable[[int, int | None], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    hidden = hidden or not err.is_terminal  # where nobody sees it move, it would leave an empty line
    with Progress(*columns, console=err, transient=True, disable=hidden) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _told(shelf: Shelf) -> dict[str, object]:
    pin = asdict(shelf.pin) if shelf.pin else None
    place = {"path": str(shelf.path), "installed": shelf.installed, "verified": shelf.verified}
    return {**asdict(shelf.model), **place, "trust": shelf.trust, "pin": pin}


def _show_catalogue(shelves: tuple[Shelf, ...]) -> None:
    table = Table(Column("name", no_wrap=True), "here", "file", "uses", "size", "licence", box=None, pad_edge=False)
    for shelf in shelves:
        model = shelf.model
        here = "yes" if shelf.installed else "-"
        table.add_row(model.name, here, shelf.trust or "-", " ".join(model.uses), _size(shelf), model.licence)
    print_table(table)
    for model in (shelf.model for shelf in shelves if shelf.model.speed):
        out.print(f"{model.name}: {model.speed} ({model.speed_source})")


def _size(shelf: Shelf) -> str:
    exact = shelf.path.stat().st_size if shelf.installed else shelf.model.bytes
    return f"{exact / 1e6:,.0f} MB" if exact else f"about {shelf.model.disk_mb:,} MB"


def _installed(shelf: Shelf) -> str:
    lines = [f"Installed: {shelf.path}"]
    if shelf.pin:
        whose = "as the hub publishes it; now pinned" if shelf.pin.published else "as it came; now pinned"
        lines.append(f"sha256 {shelf.pin.sha256}, {'as in the catalogue' if shelf.verified else whose}")
    return "\n".join(lines)


def _planned(made: Plan) -> Table:
    title = f"Models may take {made.memory_mb:,} MB here; context {made.context_tokens:,} tokens; MB"
    table = Table("name", "weights", "context", "in all", "fits", "kept loaded", title=title, box=None, pad_edge=False)
    for place in made.places:
        sizes = (f"{size:,}" for size in (place.weights_mb, place.kv_mb, place.needs_mb))
        table.add_row(place.name, *sizes, "yes" if place.fits else "no", "yes" if place.kept else "on demand")
    table.caption = f"kept together: {made.kept_mb:,} MB" if made.places else NONE_HERE
    return table
