"""`haven attach`: show the running Haven on this terminal. Standard library only, so it starts at once.

Where Haven goes away (a restart, an update) the display waits for it and comes back by itself.
"""

from __future__ import annotations

import os
import queue
import selectors
import signal
import socket
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kiosk import wire

STDIN, STDOUT = 0, 1
NO_TERMINAL = 2
RETRY_S = 0.5
"""Seconds between two tries to find Haven again."""
FULL, END = 100, -1
"""Percent of the panel's light; and the wish that ends its thread."""
LIGHT_S = 2.0
"""Seconds that turning it up may take at the end."""
QUIT = b"\x03\x04\x11q"
"""Ctrl+C, Ctrl+D, Ctrl+Q or q leave while there is no Haven."""
LEAVE = b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l"
"""What the service says at a proper end: said here where it could not."""
AWAY = "\x1b[?1049h\x1b[2J\x1b[3;4H{}\x1b[5;4HThis display comes back by itself. Press q to leave."

Ended = tuple[int, str]
"""Exit code and sentence."""
GONE: Ended = (wire.AGAIN, "Haven went away.")


def main(socket_path: Path, *, wait: bool = False, once: bool = False) -> int:
    """Attach until the person quits; the exit code.

    `wait`: also for a Haven that has not started yet. `once`: end where Haven does.

    0 quit, 2 no terminal, 69 nothing runs here, 70 this display failed, 75 Haven was away at the end, 76 another
    version, 77 not allowed, 129 the terminal is gone.
    """
    if not (os.isatty(STDIN) and os.isatty(STDOUT)):
        return _say("The kiosk needs a terminal for both input and output; use `haven ask` in scripts.", NO_TERMINAL)
    refused = None if wait else _refused(socket_path)
    if refused is not None:
        return _say(*refused)
    try:
        with _raw_terminal(), _signals() as signals, Lamp() as lamp:
            code, sentence = _attached(socket_path, signals, lamp, once)
    except OSError:
        return 128 + signal.SIGHUP  # no terminal any more: nobody to say it to
    return _say(sentence, code)


def _refused(path: Path) -> tuple[str, int] | None:
    """Why nothing can be shown now."""
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(str(path))
        except PermissionError:
            return "This user may not attach to the Haven that runs here. Ask its owner.", wire.FORBIDDEN
        except OSError:
            return "Haven is not running here. Start it with `haven up`.", wire.UNAVAILABLE
    return None


def _attached(path: Path, signals: int, lamp: Lamp, once: bool) -> Ended:
    """One connection after another, until the person or Haven ends it for good. Raises OSError without a terminal."""
    sentence, shown = "Haven is not here yet.", ""
    while True:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as link:  # not there, or not open to its group yet
            link.connect(str(path))
            code, sentence = _relay(link, signals, lamp)
            if code != wire.AGAIN:
                return code, sentence
            shown = ""
        lamp.turn(FULL)
        if once:
            _write(LEAVE)
            return wire.AGAIN, sentence
        if sentence != shown:
            _write(LEAVE + AWAY.format(sentence).encode())
            shown = sentence
        if _left():
            _write(LEAVE)
            return wire.AGAIN, "Haven was away when you left."


class Lamp:
    """The panel's light, turned beside what is shown: that may take a while, and only the newest wish counts."""

    def __init__(self) -> None:
        self._wishes: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._now = FULL
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lamp:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it bright."""
        self.turn(FULL)
        if self._thread is not None:
            self._wishes.put(END)
            self._thread.join(LIGHT_S)

    def turn(self, percent: int) -> None:
        if percent == self._now:
            return
        self._now = percent
        self._wishes.put(percent)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        from kiosk.backlight import set_light  # only a panel needs it

        while True:
            wishes = [self._wishes.get()]
            while not self._wishes.empty():
                wishes.append(self._wishes.get())
            lights = [wish for wish in wishes if wish != END]
            if lights:
                set_light(lights[-1])
            if END in wishes:
                return


def _left() -> bool:
    """Whether the person leaves while nothing is there to be shown."""
    with selectors.DefaultSelector() as ready:
        ready.register(STDIN, selectors.EVENT_READ)
        if not ready.select(RETRY_S):
            return False
        typed = os.read(STDIN, wire.MAX_PAYLOAD)
    return not typed or any(key in QUIT for key in typed)


def _relay(link: socket.socket, signals: int, lamp: Lamp) -> Ended:
    """Carry bytes both ways until one side ends: the exit code and the sentence."""
    frames = wire.Frames()

    def typed() -> Ended | None:
        data = os.read(STDIN, wire.MAX_PAYLOAD)
        if not data:
            _write(LEAVE)
            return 0, ""
        link.sendall(wire.frame(wire.DATA, data))
        return None

    def window() -> None:
        os.read(signals, 64)
        link.sendall(wire.frame(wire.RESIZE, wire.SIZE.pack(*os.get_terminal_size(STDOUT))))

    def received() -> Ended | None:
        return _show(frames, link.recv(wire.MAX_PAYLOAD), lamp)

    sources: dict[int, Callable[[], Ended | None]] = {STDIN: typed, signals: window, link.fileno(): received}
    with selectors.DefaultSelector() as ready:
        for source in sources:
            ready.register(source, selectors.EVENT_READ)
        try:
            link.sendall(wire.hello(*os.get_terminal_size(STDOUT), _colours()))
            while True:
                for key, _ in ready.select():
                    ended = sources[key.fd]()
                    if ended is not None:
                        return ended
        except (ConnectionError, ValueError):
            return GONE


def _show(frames: wire.Frames, received: bytes, lamp: Lamp) -> Ended | None:
    if not received:
        return GONE
    for kind, payload in frames.feed(received):
        if kind == wire.DATA:
            _write(payload)
        elif kind == wire.LIGHT:
            lamp.turn(payload[0])
        elif kind == wire.END:
            return payload[0], payload[1:].decode(errors="replace")
    return None


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(STDOUT, data) :]


def _say(sentence: str, code: int) -> int:
    if sentence:
        sys.stderr.write(sentence + "\n")
        sys.stderr.flush()
    return code


def _colours() -> str:
    if os.environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return "truecolor"
    return "standard" if os.environ.get("TERM", "") in {"linux", "vt100", "xterm"} else "256"


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Raw mode; put back whatever happens, a polite kill included. Stray mouse reports are thrown away."""
    before = termios.tcgetattr(STDIN)
    handlers = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setraw(STDIN)
        yield
    except SystemExit:
        with suppress(OSError):
            os.set_blocking(STDOUT, False)  # its terminal may have stopped reading for good
            _write(LEAVE)
        raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with suppress(termios.error, OSError):
            termios.tcflush(STDIN, termios.TCIFLUSH)
            termios.tcsetattr(STDIN, termios.TCSANOW, before)
            os.set_blocking(STDOUT, True)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _signals() -> Iterator[int]:
    """A file descriptor that becomes readable when the window has another size, or this process was stopped and goes
    on: then a shell has had the terminal meanwhile."""
    reads, wakes = os.pipe()
    os.set_blocking(wakes, False)

    def wake(number: int, frame: object) -> None:
        with suppress(BlockingIOError):
            os.write(wakes, b".")
        if number == signal.SIGCONT:
            with suppress(termios.error):
                tty.setraw(STDIN)

    before = {number: signal.signal(number, wake) for number in (signal.SIGWINCH, signal.SIGCONT)}
    try:
        yield reads
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reads)
        os.close(wakes)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), once="--once" in sys.argv, wait="--wait" in sys.argv))
