"""`haven up`, `attach`, `demo` and `prepare`: the commands that run something for longer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress
from typing import Annotated

import typer

from haven import heap, logs, settings
from haven.ai.models.registry import Registry
from haven.app import open_house, run
from haven.changes.sandbox.testenv import TestEnvironments
from haven.commands import pulse
from haven.commands.session import Json, err, out, owner
from haven.demo import charts, journey
from haven.errors import HavenError
from haven.lock import only_one
from haven.settings import Settings, toml_file
from haven.store import restoring

AGAIN = 75
"""Exit status after which systemd starts Haven again (RestartForceExitStatus of its unit)."""
CLIENT_S = 2.0
"""Seconds this terminal's display may take to put the terminal right at the end."""
Demo = Annotated[bool, typer.Option("--demo", help="Sample project, stand-in instead of Claude, no account.")]


def up(
    demo: Demo = False,
    no_attach: Annotated[bool, typer.Option("--no-attach", help="Don't show the kiosk on this terminal.")] = False,
) -> None:
    """Run Haven: bot, kiosk, clock and worker in one process; on a terminal, show the kiosk."""
    loaded = journey.lasting_settings() if demo else settings.load()
    logs.start(loaded, on_stderr="INVOCATION_ID" in os.environ)
    shown = sys.stdin.isatty() and sys.stdout.isatty() and not no_attach
    heap.give_back()
    with only_one(loaded):
        if not shown:
            err.print(f"Haven is up{' (demo: stand-in, not Claude)' if demo else ''}. Show it with: haven attach")
        asyncio.run(restoring.carry_out(loaded.backups, loaded.database))
        again = asyncio.run(_serve(loaded, demo, shown))
    if again:
        raise typer.Exit(AGAIN)


async def _serve(loaded: Settings, demo: bool, shown: bool) -> bool:
    """Until SIGTERM, SIGINT or the terminal's own display is left; then everything is closed in order.

    True: the owner wants it started again. A terminal that merely dies (SIGHUP) ends its display and nothing else.
    """
    from haven.faces import faces_of  # discord and textual are loaded here alone

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    async with AsyncExitStack() as stack:
        environments = None
        if demo:
            loaded = await stack.enter_async_context(journey.stand_in_running(loaded))
            environments = settings.cache_dir()
            toml_file.change(settings.demo_file(), loaded.model_dump(mode="json", exclude_unset=True))
        house = await stack.enter_async_context(open_house(loaded, environments))
        if demo:
            await charts.bring_in(house)
        ready = asyncio.Event()
        running = asyncio.create_task(run(house, [*faces_of(house, ready), pulse.serve]))
        waits = [running, asyncio.create_task(stop.wait()), asyncio.create_task(house.again.wait())]
        if shown:
            waits.append(asyncio.create_task(_show_here(loaded, ready, stop)))
        await asyncio.wait(waits[:3], return_when=asyncio.FIRST_COMPLETED)
        for wait in (*waits[1:], running):
            wait.cancel()
            with suppress(asyncio.CancelledError):
                await wait
    return house.again.is_set()


async def _show_here(loaded: Settings, ready: asyncio.Event, stop: asyncio.Event) -> None:
    """This terminal is one display like any other: a client process of its own. Leaving it ends `haven up`."""
    await ready.wait()
    program = (sys.executable, "-m", "kiosk.attach", str(loaded.socket), "--once")
    client = await asyncio.create_subprocess_exec(*program)
    try:
        if await client.wait() == 0:
            stop.set()
    finally:
        if client.returncode is None:
            client.terminate()
            try:
                async with asyncio.timeout(CLIENT_S):
                    await client.wait()
            except TimeoutError:  # somebody has stopped it, or its terminal
                client.kill()
                await client.wait()


def attach(
    demo: Demo = False,
    wait: Annotated[bool, typer.Option("--wait", help="Also for a Haven that does not run yet.")] = False,
) -> None:
    """Show a running Haven on this terminal; where it is restarted, come back by itself."""
    from kiosk import attach as client

    loaded = journey.lasting_settings() if demo else settings.load()
    raise typer.Exit(client.main(loaded.socket, wait=wait))


def demo(
    approve: Annotated[bool, typer.Option("--approve", help="Merge at the end.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Use Claude (costs money) instead of the stand-in.")] = False,
    max_usd: Annotated[float | None, typer.Option(help="With --live: the most it may cost, without asking.")] = None,
    request: Annotated[str, typer.Option(help="Another request for the sample project.")] = journey.REQUEST,
    as_json: Json = False,
) -> None:
    """The main job from end to end, in a folder of its own: request, edits, tests, review, merge."""
    shown = journey.Shown(owner(), out, err, as_json)
    raise typer.Exit(asyncio.run(journey.run(request, shown, approve=approve, live=live, max_usd=max_usd)))


def prepare() -> None:
    """Fetch what the demo and the tests share: the small model, and the tests' own environment."""
    asyncio.run(_prepare())


async def _prepare() -> None:
    cache = settings.cache_dir()
    registry, name = Registry(cache / "prepare"), settings.Models().default
    if not registry.shelf(name).installed:
        err.print(f"== the small local model ({name})")
    await registry.install(name)
    try:
        await TestEnvironments(cache).prepare()
    except HavenError as error:
        err.print(error.full, style="yellow")  # the demo and the tests say it again where it matters
