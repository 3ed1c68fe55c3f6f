"""The socket: who may attach, and that no display can hurt the others or Haven."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import pwd
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from haven.errors import Conflict, SettingsError, Unavailable
from haven.settings import Kiosk as KioskSettings
from kiosk import wire
from kiosk.displays import MAX_DISPLAYS
from kiosk.remote import remote
from kiosk.server import serve
from tests.kiosk.conftest import OWNER, House, Serve
from tests.kiosk.terminal import Terminal

NOBODY = 65534


class Client(Terminal):
    """A terminal at the other end of the socket."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def read(self, reader: asyncio.StreamReader) -> None:
        frames = wire.Frames()
        while data := await reader.read(65536):
            for kind, payload in frames.feed(data):
                if kind == wire.DATA:
                    self.feed(payload)
                elif kind == wire.END:
                    self.ended.set_result((payload[0], payload[1:].decode()))
        if not self.ended.done():
            self.ended.set_result((-1, "cut off"))


@asynccontextmanager
async def attached(path: Path) -> AsyncIterator[tuple[Client, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    client = Client(100, 28)
    client.send = lambda data: writer.write(wire.frame(wire.DATA, data))
    reading = asyncio.create_task(client.read(reader))
    writer.write(wire.hello(100, 28, "256"))
    try:
        yield client, writer
    finally:
        writer.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def said_to(path: Path, first: bytes, uid: int | None = None) -> tuple[int, str]:
    """What the service answers to a client that begins like this; as root, to one of another user."""
    link = socket.socket(socket.AF_UNIX)
    try:
        if uid is not None:
            os.setegid(uid)
            os.seteuid(uid)
        link.connect(str(path))
    finally:
        if uid is not None:
            os.seteuid(0)
            os.setegid(0)
    reader, writer = await asyncio.open_unix_connection(sock=link)
    writer.write(first)
    ((kind, payload),) = wire.Frames().feed(await reader.read())
    writer.close()
    assert kind == wire.END
    return payload[0], payload[1:].decode()


async def test_the_owner_attaches_resizes_and_quits(serving: Serve, socket_path: Path) -> None:
    async with serving(), attached(socket_path) as (client, writer):
        await client.until("HAVEN · root" if os.getuid() == 0 else "HAVEN", "F3 Changes")
        client.resize(96, 26)
        writer.write(wire.frame(wire.RESIZE, wire.SIZE.pack(96, 26)))
        await client.until("F3 Changes")
        client.type("\x11")  # ctrl+q
        assert await client.ended == (0, "")


async def test_a_size_that_comes_right_after_the_hello_counts(house: House, serving: Serve, socket_path: Path) -> None:
    async with serving(), attached(socket_path) as (client, writer):
        client.resize(96, 26)
        writer.write(wire.frame(wire.RESIZE, wire.SIZE.pack(96, 26)))  # read in one piece with the hello
        await client.until("F3 Changes")
        assert house.kiosks[-1].size == (96, 26)


async def test_a_terminal_too_narrow_for_a_field_goes_on_when_it_is_wide_again(
    serving: Serve, socket_path: Path
) -> None:
    async with serving(), attached(socket_path) as (client, writer):
        await client.tap("F2 Ask")
        await client.until("Make this")
        for columns, rows in ((1, 1), (100, 28)):
            client.resize(max(columns, 20), max(rows, 10))
            writer.write(wire.frame(wire.RESIZE, wire.SIZE.pack(columns, rows)))
            await client.until("HAVEN" if columns > 1 else "F1")
        await client.until("Ask, or say", "Make this")


async def test_the_socket_is_private_and_goes_with_the_service(serving: Serve, socket_path: Path) -> None:
    async with serving():
        assert socket_path.stat().st_mode & 0o777 == 0o600
    assert not socket_path.exists()


async def test_a_display_that_dies_leaves_the_others_and_haven_alone(
    house: House, serving: Serve, socket_path: Path
) -> None:
    house.model.go_on.clear()
    async with serving() as task, attached(socket_path) as (other, _):
        async with attached(socket_path) as (client, writer):
            await client.tap("Scribe")
            await client.until("Make this")
            client.type("How many moons?\r")
            await client.until("Vega has")
            writer.transport.abort()
        house.model.go_on.set()
        await other.tap("F3 Changes")
        await other.until("There are no changes yet")
        assert not task.done()


async def test_a_display_that_reads_nothing_is_dropped(house: House, serving: Serve, socket_path: Path) -> None:
    async with serving(stuck_s=0.2), attached(socket_path) as (other, _):
        with socket.socket(socket.AF_UNIX) as stuck:
            stuck.connect(str(socket_path))
            stuck.sendall(wire.hello(500, 200, "truecolor"))
            await other.until("HAVEN")
            loop = asyncio.get_running_loop()
            stuck.setblocking(False)
            try:
                while True:  # pane after pane, and not a byte of them is read
                    await loop.sock_sendall(stuck, wire.frame(wire.DATA, b"\x1bOQ\x1bOR" * 8))
                    await other.tap("F2 Ask")
                    await other.until("Make this")
                    await other.tap("F1 Home")
                    await other.until("All looked at")
            except ConnectionError:
                pass
        await other.tap("F3 Changes")
        await other.until("There are no changes yet")


async def test_a_stop_tells_each_display(serving: Serve, socket_path: Path) -> None:
    async with serving() as task, attached(socket_path) as (client, _):
        await client.until("F3 Changes")
        task.cancel()
        assert await client.ended == (wire.AGAIN, "Haven is stopping.")


async def test_a_stranger_is_refused_in_one_line(serving: Serve, socket_path: Path) -> None:
    if os.getuid() == 0:  # really another user, let in by the group
        async with serving(socket_group=grp.getgrgid(NOBODY).gr_name):
            assert socket_path.stat().st_mode & 0o777 == 0o660
            code, sentence = await said_to(socket_path, b"", NOBODY)
    else:
        async with serving(owner_uid=os.getuid() + 1):
            code, sentence = await said_to(socket_path, b"")
    assert code == wire.FORBIDDEN
    assert sentence.startswith("The user ") and "kiosk.panel_users" in sentence


async def test_a_panel_user_is_the_wall_panel(house: House, serving: Serve, socket_path: Path) -> None:
    name = pwd.getpwuid(os.getuid()).pw_name
    async with serving(panel_users={name}), attached(socket_path) as (client, _):
        await client.until("HAVEN · Wall panel")


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n\r\n" * 4,
        wire.frame(wire.HELLO, b"[]"),
        wire.frame(wire.HELLO, b"{}"),
        wire.frame(wire.HELLO, b'{"columns": 1e999, "rows": 24, "colours": "256", "version": 1}'),
        wire.frame(wire.HELLO, b'{"columns": null, "rows": 24, "colours": "256", "version": 1}'),
        wire.frame(wire.HELLO, b"[" * 60_000),
        wire.frame(wire.HELLO, b"\xff"),
        wire.frame(wire.HELLO, json.dumps({"columns": 80, "rows": 24, "colours": "256", "version": 99}).encode()),
        wire.frame(wire.DATA, b"q"),
    ],
)
async def test_what_is_no_client_of_ours(
    serving: Serve, socket_path: Path, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving():
        code, sentence = await said_to(socket_path, first)
        assert code == wire.PROTOCOL and "restart Haven" in sentence
    assert not [record for record in caplog.records if record.exc_info]


async def test_one_display_too_many(serving: Serve, socket_path: Path) -> None:
    async with serving():
        others = [await asyncio.open_unix_connection(str(socket_path)) for _ in range(8)]
        code, sentence = await said_to(socket_path, wire.hello(80, 24, "256"))
        assert code == wire.UNAVAILABLE and "8 displays" in sentence
        for _, writer in others:
            writer.close()


async def test_a_second_haven_leaves_the_first_ones_socket(house: House, serving: Serve, socket_path: Path) -> None:
    async with serving():
        with pytest.raises(Conflict, match="running here already"):
            await serve(socket_path, house.displays, KioskSettings(), os.getuid())
        assert socket_path.exists()


async def test_no_more_displays_than_there_may_be_wherever_their_terminals_are(
    house: House, serving: Serve, socket_path: Path
) -> None:
    async with serving(), remote(house.displays, OWNER, 100, 28), AsyncExitStack() as stack:
        for _ in range(MAX_DISPLAYS - 1):
            link = stack.enter_context(socket.socket(socket.AF_UNIX))
            link.connect(str(socket_path))
        full = "8 displays show this Haven already. Close one of them first."
        assert await said_to(socket_path, wire.hello(100, 28, "256")) == (wire.UNAVAILABLE, full)
        async with remote(house.displays, OWNER, 100, 28) as browser:
            assert (await browser.shown(), browser.ended) == (b"", full)


async def test_the_socket_of_a_dead_haven_is_replaced(serving: Serve, socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path))
    async with serving(), attached(socket_path) as (client, _):
        await client.until("HAVEN")


async def test_a_socket_that_can_not_be_made(house: House, socket_path: Path) -> None:
    with pytest.raises(SettingsError, match="no group 'no-such-group'"):
        await serve(socket_path, house.displays, KioskSettings(socket_group="no-such-group"), os.getuid())
    with pytest.raises(Unavailable, match="can't be made"):
        await serve(socket_path.with_name("x" * 120), house.displays, KioskSettings(), os.getuid())
    socket_path.write_text("mine")
    with pytest.raises(Unavailable, match="there is a file of that name"):
        await serve(socket_path, house.displays, KioskSettings(), os.getuid())
    assert socket_path.read_text() == "mine"


async def test_the_process_keeps_its_output_and_its_tasks(
    serving: Serve, socket_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    loop = asyncio.get_running_loop()
    before = sys.stdout, sys.stderr, loop.get_task_factory()
    async with serving(), attached(socket_path) as (first, _), attached(socket_path) as (second, _):
        await first.until("F3 Changes")
        await second.until("F3 Changes")
        assert (sys.stdout, sys.stderr, loop.get_task_factory()) == before
        print("still ours")
    assert (sys.stdout, sys.stderr, loop.get_task_factory()) == before
    assert "still ours" in capfd.readouterr().out
