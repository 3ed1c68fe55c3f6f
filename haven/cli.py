"""The `haven` command: thin, one function a command; the groups stand in haven/commands."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistants.round_table import Request, Seat
from haven import settings
from haven.ai.task import Delta, Reply, Restart, Where
from haven.app import House
from haven.commands import change, models, project, run
from haven.commands.session import Json, err, in_house, out, owner, print_json
from haven.errors import HavenError, error_id

log = logging.getLogger("haven.cli")

app = typer.Typer(
    name="haven",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The always-on helper of a small community: four assistants, one process, every change approved by a person.",
)
app.add_typer(change.app, name="change")
app.add_typer(models.app, name="models")
app.add_typer(project.app, name="project")
app.command()(run.up)
app.command()(run.attach)
app.command()(run.demo)
app.command()(run.prepare)


def main() -> None:
    """Entry point: every error is one sentence here; its traceback is in the log under the same id."""
    logging.getLogger().addHandler(logging.NullHandler())  # until the settings say where the log goes
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        cause = error
        while isinstance(cause, ExceptionGroup):  # what failed first in the one TaskGroup
            cause = cause.exceptions[0]
        id = cause.id if isinstance(cause, HavenError) else error_id()
        log.error("[%s] %s", id, cause, exc_info=error)
        unknown = f"Something went wrong in Haven [{id}]: {type(cause).__name__}. The log has the rest."
        err.print(cause.full if isinstance(cause, HavenError) else unknown, style="red")
        sys.exit(1)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="Your question.")],
    assistant: Annotated[str | None, typer.Option(help="Otherwise the Round Table picks.")] = None,
    where: Annotated[Where, typer.Option(help="Where it may be answered.")] = Where.AUTO,
    private: Annotated[bool, typer.Option("--private", help="It never leaves this house.")] = False,
    as_json: Json = False,
) -> None:
    """Ask an assistant; the answer streams."""
    request = Request(text, owner(), assistant=assistant, where=where, private=private)
    in_house(lambda house: _answer(house, request, as_json))


async def _answer(house: House, request: Request, as_json: bool) -> None:
    seat: Seat | None = None
    shown = ""
    async for piece in house.round_table.ask(request):
        if isinstance(piece, Seat):
            seat = piece
            if not as_json:
                err.print(f"{seat.assistant.title} ({'; '.join(seat.reasons)})", style="bold")
        elif isinstance(piece, Delta) and not as_json:
            shown += piece.text
            print(piece.text, end="", flush=True)
        elif isinstance(piece, Restart) and not as_json:
            err.print(f"\n[draft, replaced by {piece.next.tier.value}: {piece.reason}]", style="yellow")
            shown = ""
        elif isinstance(piece, Reply):
            _finish_answer(piece, seat, shown, as_json)


def _finish_answer(reply: Reply, seat: Seat | None, shown: str, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "text": reply.text,
                "assistant": seat.assistant.name if seat else None,
                "tier": reply.tier.value,
                "model": reply.model,
                "score": reply.score,
                "usd": reply.usd,
                "stand_in": reply.stand_in,
                "seconds": round(reply.seconds, 3),
                "reasons": [*(seat.reasons if seat else ()), *reply.route.reasons],
                "sources": list(reply.sources),
            }
        )
        return
    print("" if shown.strip() == reply.text.strip() else f"\n{reply.text}")
    who = "stand-in, not Claude" if reply.stand_in else reply.model
    price = f", {reply.usd:.4f} USD" if reply.usd and not reply.stand_in else ""
    err.print(f"{reply.tier.value}: {who}{price}, {reply.seconds:.1f} s, score {reply.score}", style="dim")


@app.command()
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


@app.command()
def setup(
    steps: Annotated[list[str] | None, typer.Argument(help="Only these steps; otherwise all.")] = None,
    answers: Annotated[Path | None, typer.Option(help="A TOML file with the answers, for machines.")] = None,
) -> None:
    """Walk through day one; every step can be skipped and run again."""
    from haven import setup as setup_

    raise typer.Exit(setup_.run(settings.config_file(), setup_.read_answers(answers), steps or [], out))


@app.command()
def doctor(
    live: Annotated[bool, typer.Option("--live", help="Ask Claude's and Discord's servers too.")] = False,
    as_json: Json = False,
) -> None:
    """A dozen checks, each with the one line that mends it."""
    from haven import doctor as doctor_

    checks = asyncio.run(doctor_.checks(settings.load(), live=live))
    print_json(doctor_.to_json(checks)) if as_json else out.print(doctor_.render(checks))
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)
