"""What is done to a display at any moment is its own affair: others go on, and nothing of it is left."""

from __future__ import annotations

import asyncio
import gc
import heapq
import os
import random
import socket
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from textual.css.query import NoMatches

from kiosk import wire
from kiosk.app import Kiosk
from kiosk.driver import MAX_PASTE
from kiosk.screens.pane import Pane
from tests.kiosk.conftest import House, Serve, Show
from tests.kiosk.test_attach import Pty
from tests.kiosk.test_server import Client, attached

SEED = random.Random(7)
MEGABYTES = 1024 * 1024
PATIENCE_S = 20


@asynccontextmanager
async def nothing_left(house: House) -> AsyncIterator[None]:
    """No task and no open file stays behind."""
    tasks, files = asyncio.all_tasks(), open_files()
    yield
    async with asyncio.timeout(PATIENCE_S):
        while left := asyncio.all_tasks() - tasks - {asyncio.current_task()}:  # type: ignore[arg-type]
            await asyncio.wait(left)
    house.kiosks.clear()
    gc.collect()
    assert open_files() == files


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def held() -> float:
    """MB that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / MEGABYTES


async def works(other: Client) -> None:
    """Another display is answered."""
    await other.tap("F3 Changes")
    await other.until("There are no changes yet")
    await other.tap("F1 Home")
    await other.until("All looked at")


async def at_once(terminal: Pty, house: House) -> None:
    """Before anything is drawn."""


async def shown(terminal: Pty, house: House) -> None:
    await terminal.until("F3 Changes")


async def touched(terminal: Pty, house: House) -> None:
    """While a finger drags."""
    await terminal.until("F3 Changes")
    terminal.press(50, 14)
    terminal.move(50, 18)


async def answered(terminal: Pty, house: House) -> None:
    """While an answer is written."""
    house.model.go_on.clear()
    await terminal.tap("Scribe")
    await terminal.until("Make this")
    terminal.type("How many moons?\r")
    await terminal.until("Vega has")


async def asked(terminal: Pty, house: House) -> None:
    """While a dialog waits for an answer."""
    await terminal.tap("F2 Ask")
    await terminal.until("Make this")
    terminal.type("Add a zoom button")
    await terminal.tap("a change")
    await terminal.until("What kind of change is it?")


@pytest.mark.parametrize("moment", [at_once, shown, touched, answered, asked])
async def test_kill_nine_of_the_client(house: House, serving: Serve, socket_path: Path, moment) -> None:  # type: ignore[no-untyped-def]
    async with nothing_left(house), serving(), attached(socket_path) as (other, _):
        async with Pty(socket_path) as terminal:
            await moment(terminal, house)
            terminal.process.kill()
            await terminal.process.wait()
        house.model.go_on.set()
        await works(other)


@pytest.mark.parametrize("moment", [at_once, shown, answered])
async def test_its_terminal_is_gone(house: House, serving: Serve, socket_path: Path, moment) -> None:  # type: ignore[no-untyped-def]
    async with nothing_left(house), serving(), attached(socket_path) as (other, _):
        async with Pty(socket_path) as terminal:
            await moment(terminal, house)
            terminal.close()
            await terminal.process.wait()
        house.model.go_on.set()
        await works(other)


def garbage() -> bytes:
    return SEED.randbytes(60_000).replace(b"\x11", b"")  # Ctrl+Q would leave


def sequences() -> bytes:
    """What looks like a terminal's words and is none."""
    kinds = (
        "\x1b[<{};{};{}M",
        "\x1b[{};{}u",
        "\x1b[48;{};{};{};{}t",
        "\x1b[{}~",
        "\x1b[{};{}R",
        "\x1bO{}",
        "\x1b[M{}{}",
    )
    numbers = (0, 1, 32, 64, 200, 55296, 65535, 99999999, 18446744073709551616)
    return "".join(SEED.choice(kinds).format(*(SEED.choice(numbers) for _ in range(4))) for _ in range(3_000)).encode()[
        :60_000
    ]


def endless_paste() -> bytes:
    return b"\x1b[200~" + b"x" * 60_000


def places() -> bytes:
    return b"\x1bOQ\x1bOR\x1bOS\x1bOT" * 5_000


@pytest.mark.parametrize("flood", [garbage, sequences, endless_paste, places])
async def test_a_flood_of_input(house: House, serving: Serve, socket_path: Path, flood) -> None:  # type: ignore[no-untyped-def]
    """As fast as it can: it waits in its own socket, the others are answered, and it is its old self afterwards."""
    async with nothing_left(house), serving(), attached(socket_path) as (other, _):
        await works(other)
        async with attached(socket_path) as (client, writer):
            await client.until("F3 Changes")
            before, sent = held(), 0

            async def pour() -> None:
                nonlocal sent
                while True:
                    writer.write(wire.frame(wire.DATA, flood()))
                    await writer.drain()
                    sent += 1

            pouring = asyncio.create_task(pour())
            for _ in range(3):
                await works(other)
            pouring.cancel()
            with suppress(asyncio.CancelledError):
                await pouring
            assert sent < 100 and held() - before < 30
            assert house.kiosks[-1].is_running and not house.kiosks[-1].failure


async def test_a_flood_of_sizes(house: House, serving: Serve, socket_path: Path) -> None:
    async with nothing_left(house), serving(), attached(socket_path) as (other, _):
        async with attached(socket_path) as (client, writer):
            await client.until("F3 Changes")
            for size in range(20_000):
                writer.write(wire.frame(wire.RESIZE, wire.SIZE.pack(20 + size * 7 % 400, 10 + size % 100)))
            client.resize(96, 26)
            writer.write(wire.frame(wire.RESIZE, wire.SIZE.pack(96, 26)))
            await works(other)
            await client.until("F3 Changes")
        await works(other)


async def test_half_frames_and_strange_ones(house: House, serving: Serve, socket_path: Path) -> None:
    frames = (
        wire.HEADER.pack(wire.DATA, wire.MAX_PAYLOAD) + b"half",
        wire.HEADER.pack(wire.DATA, wire.MAX_PAYLOAD + 1),
        wire.frame(b"?", b"what is this?"),
        wire.frame(wire.RESIZE, b"\x00"),
        wire.hello(20, 10, "256"),
    )
    async with nothing_left(house), serving(), attached(socket_path) as (other, _), AsyncExitStack() as stack:
        for one in frames:
            client, writer = await stack.enter_async_context(attached(socket_path))
            await client.until("F3 Changes")
            writer.write(one)
            writer.write_eof()
            assert (await client.ended)[0] in {0, -1}
        await works(other)


async def test_a_paste_that_is_too_long_is_thrown_away_and_the_next_one_is_taken(
    serving: Serve, socket_path: Path
) -> None:
    async with serving(), attached(socket_path) as (client, _):
        await client.tap("F2 Ask")
        await client.until("Make this")
        client.type(f"\x1b[200~{'x' * 2 * MAX_PASTE}\x1b[201~")
        client.type("\x1b[200~Where is Oculi?\x1b[201~")
        await client.until("Where is Oculi?")


async def test_a_display_that_reads_slowly_sees_where_things_stand(
    house: House, serving: Serve, socket_path: Path
) -> None:
    """Nothing is drawn while it reads nothing; then the whole screen once."""
    async with serving(), attached(socket_path) as (other, _):
        with socket.socket(socket.AF_UNIX) as slow:
            slow.connect(str(socket_path))
            slow.sendall(wire.hello(300, 100, "truecolor"))
            slow.setblocking(False)
            loop = asyncio.get_running_loop()
            before = held()
            for _ in range(8):
                await loop.sock_sendall(slow, wire.frame(wire.DATA, b"\x1bOQ\x1bOR" * 8))
                await works(other)
            assert held() - before < 20
            await loop.sock_sendall(slow, wire.frame(wire.DATA, b"\x1bOR"))
            client = Client(300, 100)
            reader, writer = await asyncio.open_unix_connection(sock=slow)
            reading = asyncio.create_task(client.read(reader))
            await client.until("There are no changes yet")
            writer.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_displays_that_came_and_went_are_forgotten(house: House, serving: Serve, socket_path: Path) -> None:
    apps: list[weakref.ref[Kiosk]] = []
    async with nothing_left(house), serving():
        for ends in (True, False, True):
            async with attached(socket_path) as (client, writer):
                await client.tap("F3 Changes")
                await client.until("There are no changes yet")
                if ends:
                    client.type("\x11")
                    await client.ended
                else:
                    writer.transport.abort()
        apps += [weakref.ref(app) for app in house.kiosks]
    loop: Any = asyncio.get_running_loop()  # each timer that was cancelled keeps its context until it is due
    loop._scheduled[:] = [timer for timer in loop._scheduled if not timer.cancelled()]
    heapq.heapify(loop._scheduled)
    gc.collect()
    assert sum(app() is not None for app in apps) <= 1, "at most the last one, in what the loop did last"


async def test_what_a_pane_still_looked_up_when_its_display_closed_is_no_error(
    house: House, show: Show, caplog: pytest.LogCaptureFixture
) -> None:
    """Its widgets are gone a moment before it is; in a display that is open that is an error."""
    missed: list[str] = []
    begun = asyncio.Event()

    async def look(home: Pane, id: str) -> None:
        try:
            for _ in count():
                home.query_one(id)
                await asyncio.sleep(0)  # the next moment of the loop
        except NoMatches:
            missed.append(id)
            raise

    async def cut_off(home: Pane) -> None:
        """As an answer that is stopped, which then looks up what can be done with it."""
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            home.attempt(partial(look, home, "#queued"), "a last look")

    async with show() as terminal:
        home = house.kiosks[-1].query_one("#home", Pane)
        home.attempt(partial(look, home, "#never"), "a test")
        await terminal.until("Something went wrong [")
        assert "the kiosk failed at something" in caplog.text
        caplog.clear()
        home.attempt(partial(cut_off, home), "another")
        await begun.wait()
    assert missed == ["#never", "#queued"] and caplog.text == ""


@pytest.mark.parametrize("place", ["roundtable", "map"])
async def test_a_place_that_was_being_made_when_its_display_closed_is_no_error(
    house: House, show: Show, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    async with show():
        house.kiosks[-1].action_pane(place)
    assert house.kiosks[-1].failure == "" and caplog.text == ""


async def test_of_two_taps_at_once_on_a_dialog_the_second_closes_nothing_more(house: House, show: Show) -> None:
    async with show() as terminal:
        await terminal.tap("F2 Ask")
        await terminal.until("Make this")
        terminal.type("Add a zoom button")
        await terminal.tap("a change")
        await terminal.until("What kind of change is it?")
        x, y = terminal.where("Back")
        terminal.send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m".encode() * 3)
        await terminal.until("Make this", gone="What kind of change")
        await terminal.tap("F3 Changes")
        await terminal.until("There are no changes yet")
        assert not house.kiosks[0].failure
