"""The `haven` command: its list comes at once, because each command is imported only when it is called."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from contextlib import suppress
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from haven.commands.session import err
from haven.errors import BadInput, HavenError, error_id
from haven.quoting import visible

log = logging.getLogger("haven.cli")

COMMANDS: dict[str, tuple[str, str]] = {
    "ask": ("ask:ask", "Ask an assistant; the answer streams."),
    "chat": ("chat:chat", "Talk with an assistant; what was said before goes along."),
    "change": ("change:app", "Changes: ask, look, approve, tweak, reject."),
    "roundtable": ("roundtable:app", "The Round Table: who asked whom for what, live, again, and what left the house."),
    "assistants": ("assistants:app", "The assistants: who they are, and a check of one of your own."),
    "cloud": ("cloud:app", "The kill switch: nothing leaves for the cloud while it is off."),
    "review": ("review:review", "Review your own diff, for CI and editors: rules first, then the local model."),
    "world": ("world:world_app", "The shared world: show, change, import, search, ask, draw."),
    "tasks": ("tasks:app", "Single tasks: how hard, which way, what waits, what was good."),
    "costs": ("costs:app", "Money: what was spent and saved, and where the month is going."),
    "performance": ("performance:app", "How well and how fast models answer, and what would make it better."),
    "models": (
        "models:app",
        "Local models: list, install, update, remove, validate, plan what fits together; pull at home.",
    ),
    "project": ("project:app", "The project that this Haven looks after."),
    "service": ("service:app", "The running Haven: how it is, its settings, a new start."),
    "logs": ("logs:app", "The logs: what went wrong, in groups, and suspicious logins."),
    "privacy": ("privacy:app", "What Haven keeps of a person: show, export, delete."),
    "webhooks": ("webhooks:app", "Webhooks: make a secret, and try the address that is told of events."),
    "backup": ("backup:app", "Backups: made once a day, restored to check them, put back."),
    "health": (
        "health:health",
        "How this machine is: heat, power, memory, disk, card, queue, backups; and what can't be read here.",
    ),
    "alerts": ("health:alerts_app", "What is wrong: one alert a cause, told once, and when it is over."),
    "status": ("day_one:status", "How this Haven is."),
    "setup": ("day_one:setup", "Walk through day one; every step can be skipped and run again."),
    "doctor": ("day_one:doctor", "Some twenty checks, each with the one line that mends it."),
    "up": ("run:up", "Run Haven: bot, kiosk, clock and worker in one process; on a terminal, show the kiosk."),
    "attach": ("run:attach", "Show a running Haven on this terminal; where it is restarted, come back by itself."),
    "demo": (
        "run:demo",
        "The main job from end to end, in a folder of its own: request, edits, tests, review, merge.",
    ),
    "prepare": (
        "run:prepare",
        "Fetch what the demo and the tests share: the small model, and the tests' own environment.",
    ),
}
"""Each command: its place in haven/commands, and the first sentence of its help."""


def load(name: str) -> Any:
    """The real command of that name."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(importlib.import_module(f"haven.commands.{module}"), attribute)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


class Commands(TyperGroup):
    """The list with its sentences; the command that is called is put in its place."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name=name, help=about) for name, (_, about) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in COMMANDS else command, rest


app = typer.Typer(name="haven", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def haven() -> None:
    """The always-on helper of a small community: four assistants, one process, every change approved by a person."""


def main() -> None:
    """Entry point: every error is one sentence here; its traceback is in the log under the same id."""
    logging.getLogger().addHandler(logging.NullHandler())  # until the settings say where the log goes
    _open_what_is_closed()
    try:
        try:
            _check_words()
            app()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        _end_if_output_is_lost()
        cause = error
        while isinstance(cause, ExceptionGroup):  # what failed first in the one TaskGroup
            cause = cause.exceptions[0]
        id = cause.id if isinstance(cause, HavenError) else error_id()
        log.error("[%s] %s", id, cause, exc_info=error)
        _complain(cause.full if isinstance(cause, HavenError) else _unforeseen(cause, id))
        sys.exit(1)


def _unforeseen(cause: Exception, id: str) -> str:
    """What the machine says, of which file, and where the rest is; the log only where it was begun."""
    what = type(cause).__name__
    if isinstance(cause, ModuleNotFoundError) and not str(cause.name).startswith("haven"):
        return (
            f"The Python package that holds {cause.name!r} is missing here [{id}]. Install what Haven needs: make setup"
        )
    if isinstance(cause, OSError) and cause.strerror:
        what = f"{cause.strerror}{f' ({visible(str(cause.filename))})' if cause.filename else ''}"
    begun = any(isinstance(one, logging.StreamHandler) and one.stream for one in logging.getLogger().handlers)
    return f"Something went wrong in Haven [{id}]: {what}.{' The log has the rest.' if begun else ''}"


def _complain(sentence: str) -> None:
    with suppress(OSError):  # nobody can read it
        err.print(sentence, style="red")


def _open_what_is_closed() -> None:
    """A closed standard stream is /dev/null: otherwise the next file or socket would take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, "w" if number else "r", encoding="utf-8"))


def _check_words() -> None:
    """Raises BadInput for a word that is no text; in Python it holds halves of characters, which nothing can store."""
    try:
        "".join(sys.argv[1:]).encode()
    except UnicodeEncodeError:
        raise BadInput("A word of the command is not valid UTF-8, so it can't be used.", "Type it anew.") from None


def _end_if_output_is_lost() -> None:
    """Where standard output takes no more, one sentence says so; nothing, where its reader has just gone."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the last flush of the interpreter
        if not isinstance(error, BrokenPipeError):
            _complain(f"The output can't be written: {error.strerror}.")
        sys.exit(1)
