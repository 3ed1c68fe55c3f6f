"""One command's stay in the house: open it, act as the shell's owner, follow a change to where it rests."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.status import Status
from rich.table import Table
from rich.text import Text

from haven.access import SHELL, Principal, Role
from haven.commands.tables import fitting
from haven.errors import Unavailable
from haven.quoting import visible

if TYPE_CHECKING:  # the house is imported by the commands that open it: the list of commands must come at once
    from haven.app import House
    from haven.settings import Settings
    from haven.store.changes import Change
    from haven.store.events import Event

T = TypeVar("T")
PIPED_COLUMNS = 200
"""Where there is no terminal that would say how wide it is."""
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


class Plain(Console):
    """A terminal for other people's words: nothing in them steers it, and no character of them is hidden."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(visible(text), **how)

    def status(self, status: RenderableType, **how: Any) -> Status:
        """A spinner reads a bare string as markup, so it gets its words as they are."""
        return super().status(Text(visible(status)) if isinstance(status, str) else status, **how)


out = Plain()
err = Plain(stderr=True)


def owner() -> Principal:
    """The shell's owner is the owner of the house."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "owner"
    return Principal(f"{SHELL}{os.getuid()}", name, Role.OWNER, "cli")


def in_house(work: Callable[[House], Awaitable[T]], given: Settings | None = None) -> T:
    """Open the house for one command."""
    from haven import logs, settings
    from haven.app import open_house

    loaded = given or settings.load()
    logs.start(loaded)

    async def stay() -> T:
        async with open_house(loaded) as house:
            return await work(house)

    return asyncio.run(stay())


async def follow(house: House, id: str, tell: Callable[[Event], None], *, past_waiting: bool = False) -> Change:
    """Follow a change until it rests or waits, and where it is merged, until it is live; tell its events.

    The work is done in this process unless a running `haven up` does it. `past_waiting`: it waits now, follow on.
    Raises Unavailable where that `haven up` stops meanwhile.
    """
    from haven.lock import is_up

    worked = stays_up(house.settings) if is_up(house.settings) else house.jobs.run()
    tasks = [asyncio.create_task(house.bus.run()), asyncio.create_task(worked)]
    try:
        with house.bus.subscribe() as subscription:
            return await _until_rest(house, id, subscription.__aiter__(), tell, tasks, past_waiting)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stays_up(settings: Settings, every_s: float = 2.0) -> None:
    """Return never while `haven up` runs; raises Unavailable once it is gone for longer than a restart takes."""
    from haven.lock import is_up

    missed = 0
    while missed < 5:
        await asyncio.sleep(every_s)
        missed = 0 if await asyncio.to_thread(is_up, settings) else missed + 1
    raise Unavailable("Haven did this work, and has stopped meanwhile.", "Start it, and the work goes on: haven up")


async def _until_rest(
    house: House,
    id: str,
    incoming: Any,
    tell: Callable[[Event], None],
    tasks: list[asyncio.Task[None]],
    past_waiting: bool,
) -> Change:
    from haven.changes.states import RESTING, State
    from haven.store import deployments

    while True:
        change = await house.changes.get(id)
        rests = change.state in RESTING and not await deployments.under_way(house.database, id)
        if rests or (change.state == State.WAITING and not past_waiting):
            return change
        arrived = asyncio.ensure_future(anext(incoming))
        await asyncio.wait([arrived, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                arrived.cancel()
                task.result()
        event = await arrived
        if event.subject == id:
            tell(event)
            past_waiting = past_waiting and event.data.get("state", State.WAITING) == State.WAITING


class Ticker:
    """Progress on a terminal: one moving line, and a line that stays for each state."""

    def __init__(self, quiet: bool) -> None:
        self._status: Status | nullcontext[None] = nullcontext() if quiet else err.status("")
        self._quiet = quiet

    def __enter__(self) -> Callable[[Event], None]:
        self._status.__enter__()
        return self.tell

    def __exit__(self, *details: Any) -> None:
        self._status.__exit__(*details)

    def tell(self, event: Event) -> None:
        if self._quiet:
            return
        if event.kind == "change.progress" and isinstance(self._status, Status):
            self._status.update(Text(visible(event.data["text"])))
        elif event.kind == "change.state":
            reason = f": {event.data['reason']}" if event.data.get("reason") else ""
            err.print(f"  {event.data['state']}{reason}")


def print_json(data: Any) -> None:
    """One line of JSON on standard output, at once: whoever reads a pipe may wait for it."""
    print(json.dumps(data, ensure_ascii=False, default=str), flush=True)


def print_table(table: Table) -> None:
    """As wide as the terminal, rows folded where they have no room; a line a row where there is no terminal."""
    if not out.is_terminal:
        out.width = PIPED_COLUMNS  # rich takes 80 there, whatever width a single print is given
    out.print(fitting(table, out.width))


def read_text(file: Path) -> str:
    """A file's text, or standard input for `-`."""
    if str(file) == "-":
        return typer.get_text_stream("stdin").read()
    return file.read_text(encoding="utf-8", errors="replace")


def read_end(file: Path, most: int) -> str:
    """The last bytes of a file, a pipe, or standard input: it may be longer than the memory."""
    kept = b""
    with nullcontext(typer.get_binary_stream("stdin")) if str(file) == "-" else file.open("rb") as stream:
        while piece := stream.read(most):
            kept = (kept + piece)[-most:]
    return kept.decode("utf-8", "replace")
