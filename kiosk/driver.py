"""A Textual driver over any byte stream: the panel, an SSH session, a browser or a test. No tty, threads or signals."""

from __future__ import annotations

import asyncio
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Any

from rich.console import COLOR_SYSTEMS
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message
from textual.messages import ExitApp

ENTER = "\x1b[?1049h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[?2004h\x1b[?7l\x1b[?2026$p"
"""Other screen, presses and drags as SGR, no cursor, marked pastes, no wrap; asks whether frames can be held."""
LEAVE = "\x1b[?2004l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?7h\x1b[?25h\x1b[?1049l"
ESCAPE_S = constants.ESCAPE_DELAY + 0.02
"""Seconds after which a lone escape byte is the key."""
COLUMNS, ROWS = (20, 500), (10, 200)
"""Cells; what a display asks for beyond that is cut to it."""


class Display:
    """One screen somewhere: `send` takes bytes for its terminal; what it sends comes through the other methods."""

    def __init__(
        self, send: Callable[[bytes], None], columns: int = 100, rows: int = 28, colours: str = "truecolor"
    ) -> None:
        self.send = send
        self.colours = colours if colours in COLOR_SYSTEMS else "256"
        self.size = _within(columns, rows)
        self.driver: StreamDriver | None = None

    def receive(self, data: bytes) -> None:
        """Bytes that its terminal sent: keys, touches, pastes."""
        if self.driver is not None:
            self.driver.receive(data)

    def resize(self, columns: int, rows: int) -> None:
        self.size = _within(columns, rows)
        if self.driver is not None:
            self.driver.resize(self.size)

    def hang_up(self) -> None:
        """The other side is gone: end its App."""
        if self.driver is not None:
            self.driver.send_message(ExitApp())


class StreamDriver(Driver):
    """Terminal bytes in, terminal bytes out."""

    display: Display

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size or self.display.size)
        self._parser = XTermParser(debug)
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._escape: asyncio.TimerHandle | None = None
        self.display.driver = self

    def write(self, data: str) -> None:
        self.display.send(data.encode(errors="replace"))

    def start_application_mode(self) -> None:
        # Textual takes the colours from this process's environment; they belong to the display.
        self._app.console._color_system = COLOR_SYSTEMS[self.display.colours]
        self.write(ENTER)
        self.resize(self.display.size)

    def disable_input(self) -> None:
        self.display.driver = None
        if self._escape is not None:
            self._escape.cancel()

    def stop_application_mode(self) -> None:
        self.disable_input()
        self.write(LEAVE)

    def send_message(self, message: Message) -> None:
        """The base class hops threads; this is the loop already."""
        self._app.post_message(message)

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """A display opens nothing on the machine that Haven runs on."""

    def receive(self, data: bytes) -> None:
        for message in self._parser.feed(self._decode(data)) if data else ():
            self.process_message(message)
        if self._escape is not None:
            self._escape.cancel()
        self._escape = self._loop.call_later(ESCAPE_S, self._lone_escape)

    def resize(self, size: tuple[int, int]) -> None:
        self._size = size
        self.send_message(events.Resize(Size(*size), Size(*size)))

    def _lone_escape(self) -> None:
        for message in self._parser.tick():
            self.process_message(message)


def driver_for(display: Display) -> type[Driver]:
    """The driver class of one display: a Textual App wants a class."""
    return type("DisplayDriver", (StreamDriver,), {"display": display})


def _within(columns: int, rows: int) -> tuple[int, int]:
    return min(max(columns, COLUMNS[0]), COLUMNS[1]), min(max(rows, ROWS[0]), ROWS[1])
