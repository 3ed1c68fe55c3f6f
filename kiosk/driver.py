"""A Textual driver over any byte stream: the panel, an SSH session, a browser or a test. No tty, threads or signals."""

from __future__ import annotations

import asyncio
import logging
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from typing import Any

from rich.color import Color, ColorSystem
from rich.console import COLOR_SYSTEMS
from textual import constants, events
from textual._parser import ParseEOF
from textual._xterm_parser import BRACKETED_PASTE_END, XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message
from textual.messages import ExitApp, InBandWindowResize

log = logging.getLogger("haven.kiosk")

ENTER = "\x1b[?1049h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[?2004h\x1b[?7l\x1b[?2026$p"
"""Other screen, presses and drags as SGR, no cursor, marked pastes, no wrap; asks whether frames can be held."""
LEAVE = "\x1b[?2004l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?7h\x1b[?25h\x1b[?1049l"
ESCAPE_S = constants.ESCAPE_DELAY + 0.02
"""Seconds after which a lone escape byte is the key."""
COLUMNS, ROWS = (20, 500), (10, 200)
"""Cells; what a display asks for beyond that is cut to it."""
MAX_PASTE = 32 * 1024
"""Characters; a longer paste is thrown away with a bell, to its end or until nothing comes any more."""
DRESS = re.compile(r"\x1b\[[\d;]*m")
"""Colours and attributes of the text that follows."""
TRUE_COLOUR = re.compile(r"([34])8;2;(\d+);(\d+);(\d+)")
"""In it: of letters (3) or their ground (4), then red, green and blue."""
PATIENCE_S = 1.0
"""Seconds to wait for an App that is working off what came in; a widget that went away meanwhile never says so."""


class Display:
    """One screen somewhere: `send` takes bytes for its terminal; what it sends comes through the other methods."""

    def __init__(
        self, send: Callable[[bytes], None], columns: int = 100, rows: int = 28, colours: str = "truecolor"
    ) -> None:
        self.send = send
        self.colours = colours if colours in COLOR_SYSTEMS else "256"
        self.size = _within(columns, rows)
        self.driver: StreamDriver | None = None
        self.light: Callable[[int], None] = lambda percent: None
        """How bright it shall be, 0 for dark; only the wall panel has a light that Haven may turn."""

    def receive(self, data: bytes, more: bool = False) -> None:
        """Bytes that its terminal sent: keys, touches, pastes. After those with `more` come others, or `paused`."""
        if self.driver is not None:
            self.driver.receive(data)
            if not more:
                self.driver.paused()

    def paused(self) -> None:
        """Nothing more has come from its terminal for now."""
        if self.driver is not None:
            self.driver.paused()

    def resize(self, columns: int, rows: int) -> None:
        self.size = _within(columns, rows)
        if self.driver is not None:
            self.driver.resize(self.size)

    async def worked_off(self) -> None:
        """Wait until its App has done what it was told so far."""
        if self.driver is not None:
            await self.driver.worked_off()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Draw nothing, and the whole screen at the end: for a terminal that is slow to read."""
        with nullcontext() if self.driver is None else self.driver.held():
            yield

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
        self._unsaid = 0
        """Characters since the parser last understood something."""
        self._too_long = ""
        """The last of a paste that is thrown away, while it goes on."""
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._escape: asyncio.TimerHandle | None = None
        self.display.driver = self

    def write(self, data: str) -> None:
        if self.display.colours != "truecolor":
            data = DRESS.sub(lambda found: _dress(found[0], self.display.colours), data)
        self.display.send(data.encode(errors="replace"))

    def start_application_mode(self) -> None:
        # A style keeps its codes as whichever display first asked for them; all draw the same, and `write` has fewer.
        self._app.console._color_system = ColorSystem.TRUECOLOR
        self.write(ENTER)
        self._tell_size()

    def disable_input(self) -> None:
        self.display.driver = None
        if self._escape is not None:
            self._escape.cancel()
        self._end_parser()

    def stop_application_mode(self) -> None:
        self.disable_input()
        self.write(LEAVE)

    def send_message(self, message: Message) -> None:
        """The base class hops threads; this is the loop already."""
        self._app.post_message(message)

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """A display opens nothing on the machine that Haven runs on."""

    def receive(self, data: bytes) -> None:
        text = self._decode(data)
        for message in self._understood(self._skipped(text) if self._too_long else text):
            self.process_message(message)
        if self._escape is not None:
            self._escape.cancel()

    def paused(self) -> None:
        """Nothing more has come: if it stays so, an escape byte was the key, and what is thrown away has ended."""
        if self._escape is not None:
            self._escape.cancel()
        self._escape = self._loop.call_later(ESCAPE_S, self._lone_escape)

    def light(self, percent: int) -> None:
        """Turn the light of the display, where it has one."""
        self.display.light(percent)

    def resize(self, size: tuple[int, int]) -> None:
        """Another size; or the same, from a terminal that has lost what it showed."""
        if size == self._size:
            self.write(ENTER)
            self._app.call_later(self._draw_anew)
        self._size = size
        self._tell_size()

    async def worked_off(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                for node in (self._app, self._app.focused if self._app.is_running else None):
                    done = asyncio.Event()
                    if node is not None and node.call_later(done.set):
                        await done.wait()

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._app.batch_update():
            yield
        self._app.call_later(self._draw_anew)

    def _tell_size(self) -> None:
        size = Size(*self.display.size)
        self.send_message(events.Resize(size, size))

    def _draw_anew(self) -> None:
        self._app.screen.refresh()

    def _understood(self, text: str) -> list[Message]:
        """What the terminal says with it. Nonsense is forgotten: none of it may end the display, or make it huge."""
        try:
            found = [*self._parser.feed(text)] if text else []
        except (ValueError, OverflowError, RuntimeError) as error:  # such as a key number that is no character
            log.debug("a display sent what no terminal sends: %s", error)
            self._end_parser()
            found = []
        self._parser.mouse_pixels = False
        self._unsaid = 0 if found else self._unsaid + len(text)
        if self._unsaid > MAX_PASTE:
            self._end_parser()
            self._unsaid, self._too_long = 0, text
            self.write("\a")
        return [message for message in found if self._fits(message)]

    def _skipped(self, text: str) -> str:
        """What comes after the paste that is thrown away."""
        self._too_long = self._too_long[-len(BRACKETED_PASTE_END) :] + text
        _, end, rest = self._too_long.partition(BRACKETED_PASTE_END)
        if not end:
            return ""
        self._too_long = ""
        return rest

    def _end_parser(self) -> None:
        """Begin with a fresh one; the old one lives on in a cache of its class, and must not keep its App with it."""
        with suppress(ParseEOF):
            for _ in self._parser.feed(""):
                pass
        self._parser = XTermParser()

    def _fits(self, message: Message) -> bool:
        """Whether it is anything to the App; a place outside the screen is moved to its edge."""
        if isinstance(message, events.MouseEvent):
            columns, rows = self.display.size
            message._x = message._screen_x = min(message.x, columns - 1)
            message._y = message._screen_y = min(message.y, rows - 1)
        elif isinstance(message, events.Paste):
            return len(message.text) <= MAX_PASTE
        elif isinstance(message, events.Key):
            return not any("\ud800" <= one <= "\udfff" for one in message.character or "")
        return not isinstance(message, events.Resize | InBandWindowResize)  # sizes come by the wire alone

    def _lone_escape(self) -> None:
        self._too_long = ""
        for message in self._parser.tick():
            self.process_message(message)


def driver_for(display: Display) -> type[Driver]:
    """The driver class of one display: a Textual App wants a class."""
    return type("DisplayDriver", (StreamDriver,), {"display": display})


@lru_cache(maxsize=4096)
def _dress(sequence: str, colours: str) -> str:
    """The same in the nearest colours of a display that has no others than these."""

    def nearest(found: re.Match[str]) -> str:
        wanted = Color.from_rgb(int(found[2]), int(found[3]), int(found[4]))
        return ";".join(wanted.downgrade(COLOR_SYSTEMS[colours]).get_ansi_codes(found[1] == "3"))

    return TRUE_COLOUR.sub(nearest, sequence)


def _within(columns: int, rows: int) -> tuple[int, int]:
    return min(max(columns, COLUMNS[0]), COLUMNS[1]), min(max(rows, ROWS[0]), ROWS[1])
