"""`haven attach`: show the running Haven on this terminal. Standard library only, so it starts at once."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kiosk import wire

STDIN, STDOUT = 0, 1
NO_TERMINAL = 2
LEAVE = b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l"
"""What the service says at a proper end: said here where it could not."""

Ended = tuple[int, str]
"""Exit code and sentence."""


def main(socket_path: Path) -> int:
    """Attach until the person quits or the service goes away; the exit code.

    0 quit, 2 no terminal, 69 nothing runs here, 70 this display failed, 75 the service went away, 77 not allowed.
    """
    if not (os.isatty(STDIN) and os.isatty(STDOUT)):
        return _say("The kiosk needs a terminal for both input and output; use `haven ask` in scripts.", NO_TERMINAL)
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(str(socket_path))
        except PermissionError:
            return _say("This user may not attach to the Haven that runs here. Ask its owner.", wire.FORBIDDEN)
        except OSError:
            return _say("Haven is not running here. Start it with `haven up`.", wire.UNAVAILABLE)
        with _raw_terminal(), _window_changes() as resized:
            code, sentence = _relay(link, resized)
    return _say(sentence, code)


def _relay(link: socket.socket, resized: int) -> Ended:
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
        os.read(resized, 64)
        link.sendall(wire.frame(wire.RESIZE, wire.SIZE.pack(*os.get_terminal_size(STDOUT))))

    def received() -> Ended | None:
        return _show(frames, link.recv(wire.MAX_PAYLOAD))

    sources: dict[int, Callable[[], Ended | None]] = {STDIN: typed, resized: window, link.fileno(): received}
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
            return _gone()


def _show(frames: wire.Frames, received: bytes) -> Ended | None:
    if not received:
        return _gone()
    for kind, payload in frames.feed(received):
        if kind == wire.DATA:
            _write(payload)
        elif kind == wire.END:
            return payload[0], payload[1:].decode(errors="replace")
    return None


def _gone() -> Ended:
    _write(LEAVE)
    return wire.AGAIN, "Haven went away. Attach again once it is back."


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
            _write(LEAVE)
        raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with suppress(termios.error):
            termios.tcsetattr(STDIN, termios.TCSAFLUSH, before)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _window_changes() -> Iterator[int]:
    """A file descriptor that becomes readable when the window changes its size."""
    reads, wakes = os.pipe()
    os.set_blocking(wakes, False)

    def wake(number: int, frame: object) -> None:
        with suppress(BlockingIOError):
            os.write(wakes, b".")

    before = signal.signal(signal.SIGWINCH, wake)
    try:
        yield reads
    finally:
        signal.signal(signal.SIGWINCH, before)
        os.close(reads)
        os.close(wakes)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
