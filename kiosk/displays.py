"""The displays that show this Haven, wherever their terminals are: nothing that one of them does stops Haven."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual.driver import Driver

from haven.access import Principal
from haven.errors import AccessDenied, Unavailable, error_id
from kiosk import wire
from kiosk.app import Kiosk
from kiosk.driver import Display, driver_for
from kiosk.spots import Spots

log = logging.getLogger("haven.kiosk")

HELLO_S = 5.0
"""Seconds a client has to say who it is."""
CLOSE_S = 2.0
"""Seconds its last bytes may take."""
MAX_UNSENT = 64 * 1024
"""Bytes waiting for one display (about two full screens); until it has read them nothing more is drawn."""
STUCK_S = 60.0
"""A display that reads nothing for so long is dropped."""
MAX_DISPLAYS = 8
SLICE = re.compile(rb"\x1b[^\x1b]{0,63}|[^\x1b]{1,64}")
"""A touch, a key or a few letters: what is handed on at once."""
MOVES = re.compile(rb"(?:\x1b\[<3[2-4];\d+;\d+M)+(?=\x1b\[<3[2-4];\d+;\d+M)")
"""Where a finger was on its way to where it is now."""
BURST_S = 2.0
"""Seconds of work that a display may cause before it has to leave the loop to the others for half of the time."""

MakeApp = Callable[[Principal, type[Driver]], Kiosk]
Who = Callable[[], Awaitable[Principal]]


class Displays:
    """All of one Haven, at most `MAX_DISPLAYS` at a time; it knows where people stood whose displays went away."""

    def __init__(self, make_app: MakeApp) -> None:
        self._make_app = make_app
        self._showing: set[asyncio.Task[None]] = set()
        self._spots = Spots()

    def show(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, who: Who, stuck_s: float = STUCK_S
    ) -> asyncio.Task[None]:
        """Show the kiosk at the other end of that line until either side ends.

        `who` raises AccessDenied; `stuck_s` is how long a display may read nothing of what waits for it.
        """
        full = len(self._showing) >= MAX_DISPLAYS
        # A task of our own: the one that streams would make reports its cancellation as an error (Python 3.11).
        task = asyncio.create_task(
            Connection(reader, writer, stuck_s, self._spots).run(self._make_app, who, full), name="display"
        )
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)
        return task


class Connection:
    """One attached display, from its hello to its end."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stuck_s: float, spots: Spots
    ) -> None:
        self._spots = spots
        self._reader = reader
        self._writer = writer
        self._stuck_s = stuck_s
        self._frames = wire.Frames()
        self._early: list[tuple[bytes, bytes]] = []
        """Frames that came with the hello."""
        self._share = Share()
        self._catching_up: asyncio.Task[None] | None = None
        writer.transport.set_write_buffer_limits(MAX_UNSENT)

    async def run(self, make_app: MakeApp, who: Who, full: bool) -> None:
        """Show the kiosk until either side ends; every failure ends this display alone. `who` raises AccessDenied."""
        code, sentence = 0, ""
        try:
            principal = await who()
            display = await self._greet()
            if principal.needs_pin:
                display.light = self._light
            if full:
                raise Unavailable(f"{MAX_DISPLAYS} displays show this Haven already.", "Close one of them first.")
            whose = principal.id, principal.face, uid_of(self._writer)
            code, sentence = await self._show(make_app(principal, driver_for(display)), display, whose)
        except AccessDenied as error:
            log.warning("[%s] a display was refused: %s", error.id, error)
            code, sentence = wire.FORBIDDEN, error.full
        except Unavailable as error:
            code, sentence = wire.UNAVAILABLE, error.full
        except (ValueError, EOFError, TimeoutError):
            code, sentence = wire.PROTOCOL, "This client does not fit the Haven that runs here: restart Haven."
        except asyncio.CancelledError:
            code, sentence = wire.AGAIN, "Haven is stopping."
            raise
        except ConnectionError:
            return
        except Exception:
            id = error_id()
            log.exception("[%s] a display failed", id)
            code, sentence = wire.FAILED, f"This display failed [{id}]; Haven itself goes on."
        finally:
            await self._close(code, sentence)

    async def _greet(self) -> Display:
        async with asyncio.timeout(HELLO_S):
            (kind, payload), *self._early = await self._receive()
        hello = wire.read_hello(payload)
        if kind != wire.HELLO or hello.version != wire.VERSION:
            raise ValueError("another version")
        return Display(self._send, hello.columns, hello.rows, hello.colours)

    async def _show(self, app: Kiosk, display: Display, whose: object) -> tuple[int, str]:
        """Whoever leaves by hand, or whose display failed, begins anew next time."""
        self._display = display
        app.resume(self._spots.take(whose))
        beside = [asyncio.create_task(self._listen_to(display, app, whose))]
        try:
            await app.run_async()
        finally:
            beside += [self._catching_up] if self._catching_up is not None else []
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        if app.failure:
            return wire.FAILED, f"This display failed [{app.failure}]; Haven itself goes on. Attach again."
        return (wire.AGAIN, "Haven is stopping.") if _being_cancelled() else (0, "")

    async def _listen_to(self, display: Display, app: Kiosk, whose: object) -> None:
        try:
            while True:
                size = None
                display.paused()
                for kind, payload in await self._receive():
                    if kind == wire.DATA:
                        await self._hand_on(display, payload)
                    elif kind == wire.RESIZE:
                        size = wire.SIZE.unpack(payload)  # of several, the last one counts
                    else:
                        raise ValueError(f"a frame of kind {kind!r}")
                if size is not None:
                    display.resize(*size)
                    await self._worked_off(display)
        except (ConnectionError, EOFError, ValueError, struct.error):
            self._spots.keep(whose, app.spot, app.session_s, app.clock)
            display.hang_up()

    async def _hand_on(self, display: Display, data: bytes) -> None:
        """Piece by piece, each when the one before is done: nothing piles up here, and others have their turn."""
        for piece in SLICE.findall(MOVES.sub(b"", data)):
            if self._writer.is_closing():
                raise ConnectionResetError  # nobody is there any more to see what comes of the rest
            display.receive(piece, more=True)
            await self._worked_off(display)

    async def _worked_off(self, display: Display) -> None:
        began = time.monotonic()
        await display.worked_off()
        await asyncio.sleep(self._share.rest(time.monotonic() - began))

    async def _receive(self) -> list[tuple[bytes, bytes]]:
        """The next frames, at least one. Raises EOFError at the end."""
        if self._early:
            found, self._early = self._early, []
            return found
        while True:
            data = await self._reader.read(wire.MAX_PAYLOAD)
            if not data:
                raise EOFError
            found = self._frames.feed(data)
            if found:
                return found

    def _send(self, data: bytes) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(wire.frame(wire.DATA, data))
        if self._catching_up is None and self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
            self._catching_up = asyncio.create_task(self._catch_up())

    def _light(self, percent: int) -> None:
        if not self._writer.is_closing():
            self._writer.write(wire.frame(wire.LIGHT, bytes([min(max(percent, 0), 100)])))

    async def _catch_up(self) -> None:
        """Draw nothing until the display has read what waits for it, then where things stand."""
        try:
            async with asyncio.timeout(self._stuck_s):
                with self._display.held():
                    await self._writer.drain()
        except TimeoutError:
            log.warning("a display was dropped: it took too long to read what it should show")
            self._writer.transport.abort()
        except ConnectionError:
            pass
        finally:
            self._catching_up = None

    async def _close(self, code: int, sentence: str) -> None:
        with suppress(ConnectionError, TimeoutError):
            if not self._writer.is_closing():
                self._writer.write(wire.end(code, sentence))
                self._writer.close()
            async with asyncio.timeout(CLOSE_S):
                await self._writer.wait_closed()
        self._writer.transport.abort()


class Share:
    """How much of the event loop's time one display may take: half of it, over a while."""

    def __init__(self) -> None:
        self._even_at = 0.0

    def rest(self, seconds: float) -> float:
        """How long to wait after work of so many seconds."""
        now = time.monotonic()
        self._even_at = max(self._even_at, now - BURST_S) + 2 * seconds
        return max(0.0, self._even_at - now)


def uid_of(writer: asyncio.StreamWriter) -> int:
    """The user of the process at the other end, by the kernel's word."""
    credentials = struct.Struct("3i")  # pid, uid, gid: struct ucred, unix(7)
    raw = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
    return int(credentials.unpack(raw)[1])


def _being_cancelled() -> bool:
    """Textual swallows the cancellation of the task its App runs in."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
