"""`haven status`, `setup` and `doctor`: how this Haven is, and what it still lacks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haven import settings
from haven.commands import pulse
from haven.commands.session import Json, in_house, out, print_json
from haven.errors import HavenError

if TYPE_CHECKING:
    from haven.app import House


def status(as_json: Json = False) -> None:
    """How this Haven is. The running one is asked; where none runs, the settings and the disk tell what they can."""
    loaded = settings.load()
    said = asyncio.run(pulse.healthy(loaded))
    lines = _told_by(said) if said else in_house(_from_here, loaded)
    if as_json:
        print_json(lines)
        return
    for line in lines:
        mark = {"ok": " ", "note": "·", "alert": "!"}[line["level"]]
        out.print(f"{mark} {line['label']:<13} {line['text']}")


def _told_by(said: dict[str, Any]) -> list[dict[str, str]]:
    up = f"up since {datetime.fromtimestamp(said['since']):%Y-%m-%d %H:%M} (process {said['pid']})"
    return [_line("Haven", up, "ok"), *said["lines"]]


async def _from_here(house: House) -> list[dict[str, str]]:
    """This house is opened for the command alone: what only the running process knows is not in it."""
    from haven.lock import is_up

    if is_up(house.settings):
        mend = "Look into its log, or start it anew: haven service restart"
        return [_line("Haven", f"runs, but does not say how it is. {mend}", "alert")]
    lines = [asdict(line) for line in await house.sentinel.status()]
    return [_line("Haven", "is not running. Start it with: haven up", "note"), *lines]


def _line(label: str, text: str, level: str) -> dict[str, str]:
    return {"label": label, "text": text, "level": level}


def setup(
    steps: Annotated[list[str] | None, typer.Argument(help="Only these steps; otherwise all.")] = None,
    answers: Annotated[Path | None, typer.Option(help="A TOML file with the answers, for machines.")] = None,
) -> None:
    """Walk through day one; every step can be skipped and run again."""
    from haven import logs
    from haven import setup as setup_

    with suppress(HavenError, OSError):  # settings that setup is there to mend may not be readable yet
        logs.start(settings.load(settings.config_file()))
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
