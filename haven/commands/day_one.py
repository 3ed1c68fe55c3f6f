"""`haven status`, `setup` and `doctor`: how this Haven is, and what it still lacks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from haven import settings
from haven.commands.session import Json, in_house, out, print_json
from haven.errors import HavenError

if TYPE_CHECKING:
    from haven.app import House


def status(as_json: Json = False) -> None:
    """How this Haven is."""

    async def work(house: House) -> None:
        lines = await house.sentinel.status()
        if as_json:
            print_json([{"label": line.label, "text": line.text, "level": line.level} for line in lines])
            return
        for line in lines:
            mark = {"ok": " ", "note": "·", "alert": "!"}[line.level]
            out.print(f"{mark} {line.label:<13} {line.text}")

    in_house(work)


def setup(
    steps: Annotated[list[str] | None, typer.Argument(help="Only these steps; otherwise all.")] = None,
    answers: Annotated[Path | None, typer.Option(help="A TOML file with the answers, for machines.")] = None,
) -> None:
    """Walk through day one; every step can be skipped and run again."""
    from haven import logs
    from haven import setup as setup_

    with suppress(HavenError, OSError):  # settings that setup is there to mend may not be readable yet
        logs.start(settings.load())
    raise typer.Exit(setup_.run(settings.config_file(), setup_.read_answers(answers), steps or [], out))


def doctor(
    live: Annotated[bool, typer.Option("--live", help="Ask Claude's, Discord's and home's servers too.")] = False,
    as_json: Json = False,
) -> None:
    """Some twenty checks, each with the one line that mends it."""
    from haven import doctor as doctor_

    checks = asyncio.run(doctor_.checks(settings.load(), live=live))
    print_json(doctor_.to_json(checks)) if as_json else out.print(doctor_.render(checks))
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)
