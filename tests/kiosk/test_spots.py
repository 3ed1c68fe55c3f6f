"""Whose display is killed comes back to where they stood: the same person, in the same session, and nobody else."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.displays import Displays
from tests.kiosk.clock import FakeClock, settled
from tests.kiosk.conftest import House, Serve
from tests.kiosk.test_attach import Pty
from tests.kiosk.test_server import Client, attached

HERE = pwd.getpwuid(os.getuid()).pw_name


@asynccontextmanager
async def killed(house: House, socket_path: Path) -> AsyncIterator[Client]:
    """A display whose line is cut at the end, as by a compositor that is killed; its App has ended then."""
    before = len(house.kiosks)
    async with attached(socket_path) as (client, writer):
        while len(house.kiosks) == before:  # noqa: ASYNC110 - a list tells nobody that it has grown
            await asyncio.sleep(0)
        yield client
        writer.transport.abort()
    while house.kiosks[-1].is_running:
        await settled(house.kiosks[-1])


async def test_who_read_a_change_goes_on_reading_it_after_kill_nine(
    house: House, serving: Serve, socket_path: Path
) -> None:
    change = await house.in_review()
    async with serving():
        for _ in range(2):
            async with Pty(socket_path) as terminal:
                if len(house.kiosks) == 0:
                    await terminal.tap("Add a zoom button")
                    await terminal.tap("Diff")
                await terminal.until(f"{change.id} · review", "+def zoom() -> int:", "Approve")
                terminal.process.kill()
                await terminal.process.wait()
        async with Pty(socket_path) as terminal:
            await terminal.until("+def zoom() -> int:")
            terminal.type("\x1b")
            await terminal.until("1 for you to look at", gone="+def zoom")


async def test_what_was_typed_is_there_again_and_goes_on_from_its_end(
    house: House, serving: Serve, socket_path: Path
) -> None:
    async with serving():
        async with killed(house, socket_path) as client:
            await client.tap("Scribe")
            await client.until("Make this")
            client.type("How many moons")
            await client.until("How many moons")
        async with killed(house, socket_path) as client:
            pass  # before anything is drawn
        async with attached(socket_path) as (client, _):
            await client.until("How many moons")
            client.type(" has Vega?\r")
            await client.until("Vega has three moons.")
    assert "How many moons has Vega?" in str(house.model.calls[0])


@pytest.mark.parametrize(("choice", "chosen"), [("Private", "stays"), ("Model", "local")])
async def test_private_words_are_not_kept(
    house: House, serving: Serve, socket_path: Path, choice: str, chosen: str
) -> None:
    async with serving():
        async with killed(house, socket_path) as client:
            await client.tap("F2 Ask")
            await client.tap(choice)
            await client.until(chosen)
            client.type("My own affair")
            await client.until("My own affair")
        async with attached(socket_path) as (client, _):
            await client.until("Make this", "Model Private", "auto no", gone="My own")


async def test_who_left_by_hand_begins_at_home(house: House, serving: Serve, socket_path: Path) -> None:
    async with serving():
        async with attached(socket_path) as (client, _):
            await client.tap("F3 Changes")
            await client.until("There are no changes yet")
            client.type("\x11")
            await client.ended
        async with attached(socket_path) as (client, _):
            await client.until("All looked at", gone="There are no changes yet")


async def test_who_left_by_hand_is_not_kept_where_the_terminal_ends_first(
    house: House, serving: Serve, socket_path: Path
) -> None:
    async with serving():
        async with killed(house, socket_path) as client:
            await client.tap("F3 Changes")
            await client.until("There are no changes yet")
            client.type("\x11")
        async with attached(socket_path) as (client, _):
            await client.until("All looked at", gone="There are no changes yet")


async def test_on_the_panel_it_lasts_as_long_as_the_session_since_its_last_touch(
    house: House, serving: Serve, socket_path: Path
) -> None:
    clock = FakeClock()
    house.displays = Displays(lambda person, driver: house.kiosk(person, driver, clock))
    async with serving(panel_users={HERE}):
        async with killed(house, socket_path) as client:
            await client.until("Wall panel")
            await client.tap("F3 Changes")
            await client.until("There are no changes yet")
        lasts = house.kiosks[-1].wanted.clock_after_s
        clock.pass_by(lasts - 10)
        async with killed(house, socket_path) as client:
            await client.until("There are no changes yet")
        async with killed(house, socket_path) as client:
            await client.until("There are no changes yet")
            clock.pass_by(11)
            await client.until("Touch to wake")  # nobody touched it since it came back
        async with killed(house, socket_path) as client:
            await client.tap("F3 Changes")
            await client.until("There are no changes yet")
        clock.pass_by(lasts + 1)
        async with attached(socket_path) as (client, _):
            await client.until("All looked at", gone="There are no changes yet")


async def test_the_panel_and_its_owner_at_a_shell_are_two(house: House, serving: Serve, socket_path: Path) -> None:
    async with serving(), killed(house, socket_path) as client:
        await client.tap("F3 Changes")
        await client.until("There are no changes yet")
    async with serving(panel_users={HERE}), attached(socket_path) as (client, _):
        await client.until("Wall panel", "All looked at", gone="There are no changes yet")
