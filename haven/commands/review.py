"""`haven review`: a look at somebody's own diff, for CI and editors. It needs no haven.toml and no database."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from haven import settings
from haven.ai.engine import Engine
from haven.ai.models.registry import Registry
from haven.ai.money.ledger import Ledger
from haven.ai.roster import Roster
from haven.changes.review.diff_rules import RULES, Finding, Given, Severity
from haven.changes.review.inspecting import MOST_DIFF, Inspection, compared, handed, inspect
from haven.commands.session import Json, err, out, owner, print_json
from haven.errors import BadInput, HavenError, RepositoryError
from haven.quoting import visible
from haven.store.database import opened

USAGE = 2
COMMANDS = {Severity.LOW: "notice", Severity.MEDIUM: "warning", Severity.HIGH: "error"}
"""GitHub's names in a log, by severity."""


class Format(StrEnum):
    TEXT = "text"
    GITHUB = "github"


def review(
    diff: Annotated[
        str, typer.Option(help="A range (main..HEAD), a commit (compared with the files here), a file, or -.")
    ] = "HEAD",
    repo: Annotated[Path, typer.Option(help="A folder of the repository.")] = Path(),
    fail_on: Annotated[Severity, typer.Option(help="From which severity on the exit status is 1.")] = Severity.HIGH,
    format_: Annotated[Format, typer.Option("--format", help="github: annotations for its log.")] = Format.TEXT,
    as_json: Json = False,
) -> None:
    """Review your own diff, for CI and editors: rules first, then the local model.

    The exit status is 0 where nothing is found, 1 for findings as severe as --fail-on, 2 for wrong usage.
    """
    try:
        found = asyncio.run(_review(diff, repo))
    except (BadInput, RepositoryError) as error:
        err.print(error.full, style="red")
        raise typer.Exit(USAGE) from None
    failed = bool(found.at_least(fail_on))
    if as_json:
        print_json({**found.to_json(), "fail_on": fail_on, "failed": failed})
    elif format_ is Format.GITHUB:
        out.print("\n".join(map(annotation, found.findings)))
    else:
        out.print(text(found))
    raise typer.Exit(int(failed))


async def _review(diff: str, repo: Path) -> Inspection:
    given = await _given(diff, repo)
    if not given.files:
        return await inspect(given, None, owner())
    try:
        async with _engine(settings.load()) as (engine, why_none):
            return await inspect(given, engine, owner(), why_none)
    except HavenError as error:  # settings that can't be read, a full disk: the rules need neither
        return await inspect(given, None, owner(), str(error))


async def _given(diff: str, repo: Path) -> Given:
    if diff != "-" and not await asyncio.to_thread(_is_readable, Path(diff)):
        return await compared(diff, repo)
    try:
        data = await asyncio.to_thread(_read, diff)
    except OSError as error:
        raise BadInput(f"{diff} can't be read: {error.strerror}.") from None
    return await handed(data, repo)


def _is_readable(file: Path) -> bool:
    """A file, or the pipe that a shell makes of `<(git diff)`."""
    try:
        return file.exists() and not file.is_dir()
    except OSError:  # longer than a name may be
        return False


def _read(diff: str) -> bytes:
    """No more than can be looked at, and a byte that says there is more."""
    if diff == "-":
        return sys.stdin.buffer.read(MOST_DIFF + 1)
    with Path(diff).open("rb") as file:
        return file.read(MOST_DIFF + 1)


@asynccontextmanager
async def _engine(loaded: settings.Settings) -> AsyncIterator[tuple[Engine | None, str]]:
    """The local models alone, under a book that is thrown away: nothing leaves, so nothing is to be accounted for."""
    models = loaded.models
    names = (*loaded.kinds.get("code", settings.KindSettings()).local, models.default) if models.local else ()
    registry = Registry(loaded.paths.state_dir)
    local = [
        registry.provider(name, context_tokens=models.context_tokens, threads=models.threads, seats=1)
        for name in dict.fromkeys(names)
    ]
    there = [one for one in local if not one.missing()]
    if not there:
        yield None, local[0].missing() if local else "local models are turned off in the settings"
        return
    with tempfile.TemporaryDirectory(prefix="haven-review-") as folder:
        async with opened(Path(folder) / "book.db") as database:
            try:
                yield Engine(Roster(there[:1]), Ledger(database, loaded.cloud, "review"), loaded.cloud), ""
            finally:
                await there[0].close()


def text(found: Inspection) -> str:
    """For people: a line a finding, then what is only to be known, then the sum."""
    lines = [_line(one) for one in found.findings]
    lines += [f"note: {visible(note)}" for note in found.notes]
    counts = [f"{sum(one.severity is level for one in found.findings)} {level}" for level in reversed(Severity)]
    looked = f"the rules and {found.model}" if found.model else "the rules alone"
    files = f"{len(found.files)} file{'s' * (len(found.files) != 1)}"
    if not found.files:
        return "\n".join([*lines, "There is nothing to review."])
    lines.append(f"{files} reviewed by {looked}: {', '.join(counts) if found.findings else 'nothing found'}.")
    if found.skipped:
        lines.append(f"No model looked: {visible(found.skipped)}")
    return "\n".join(lines)


def _line(one: Finding) -> str:
    by = "" if one.by == RULES else f" [says {one.by}: advice, check it]"
    return visible(f"{_place(one)}: {one.severity}: {one.what}{by}")


def _place(one: Finding) -> str:
    return f"{one.path}:{one.line}" if one.line else one.path


def annotation(one: Finding) -> str:
    """One finding as a workflow command; nothing in a path or a message can begin another one."""
    at = f",line={one.line}" if one.line else ""
    by = "" if one.by == RULES else f" (says {one.by}: advice)"
    return f"::{COMMANDS[one.severity]} file={_escaped(one.path, ':,')}{at},title=Haven::{_escaped(one.what + by)}"


def _escaped(words: str, more: str = "") -> str:
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in words)
