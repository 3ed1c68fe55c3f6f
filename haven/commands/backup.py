"""`haven backup ...`: copies of the database, made, restored to check them, and put back."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from haven import logs, settings
from haven.commands.session import Json, out, print_json
from haven.errors import Conflict
from haven.lock import is_up, only_one
from haven.settings import Settings
from haven.store import backup
from haven.store.backup import Backup

app = typer.Typer(no_args_is_help=True, help="Backups: made once a day, restored to check them, put back.")
Name = Annotated[str, typer.Argument(help="As in haven backup list; otherwise the newest.")]


@app.command()
def make(as_json: Json = False) -> None:
    """Make today's backup now, in place of an earlier one of today, and restore it to check it."""
    loaded = _loaded()

    async def work() -> Backup:
        return await backup.verify(await backup.make(loaded.database, loaded.backups))

    _tell_check(asyncio.run(work()), as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """What is there, the newest first, and how the last check of each went."""
    there = backup.found(_loaded().backups)
    if as_json:
        print_json([_told(one) for one in there])
        return
    for one in there:
        out.print(f"{one.file.name}  {one.size / 1e6:9,.1f} MB  {_checked(one)}")
    if not there:
        out.print("There is no backup yet. Make one: haven backup make")


@app.command()
def verify(name: Name = "", as_json: Json = False) -> None:
    """Restore one into a file of its own and compare it with what was written down. Exit status 1: it is not whole."""
    _tell_check(asyncio.run(backup.verify(backup.one(_loaded().backups, name))), as_json)


@app.command()
def restore(
    name: Name = "",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the database's place. Haven must not run; the database of now is kept beside it."""
    loaded = _loaded()
    if is_up(loaded):
        raise Conflict("Haven is running here, so nothing was restored.", "End it first, then try again.")
    with only_one(loaded):
        chosen = backup.one(loaded.backups, name)
        if not yes:
            since = f"{datetime.fromtimestamp(chosen.made_at):%d %B %Y at %H:%M}"
            typer.confirm(f"Haven goes back to {since}; the database of now is kept. Go on?", abort=True, err=True)
        kept = asyncio.run(backup.restore(chosen, loaded.database))
    if as_json:
        print_json({"restored": chosen.file.name, "kept": str(kept) if kept else None})
        return
    out.print(f"{chosen.file.name} is the database now.{f' The old one is kept: {kept}' if kept else ''}")


def _loaded() -> Settings:
    loaded = settings.load()
    logs.start(loaded)
    return loaded


def _tell_check(one: Backup, as_json: bool) -> None:
    if as_json:
        print_json(_told(one))
    elif one.problem:
        out.print(f"{one.file.name} does not pass its check: {one.problem}")
    else:
        rows = f", {sum(one.rows.values()):,} rows in {len(one.rows)} tables" if one.rows is not None else ""
        out.print(f"{one.file.name} was restored and is whole ({one.size / 1e6:,.1f} MB{rows}).")
    if one.problem:
        raise typer.Exit(1)


def _checked(one: Backup) -> str:
    if one.checked_at is None:
        return "not checked yet"
    return f"restored {datetime.fromtimestamp(one.checked_at):%Y-%m-%d %H:%M}: {one.problem or 'whole'}"


def _told(one: Backup) -> dict[str, Any]:
    return {"name": one.file.name, **asdict(one), "file": str(one.file)}
