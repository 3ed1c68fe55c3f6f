"""`haven attach` itself: a real process on a real terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from kiosk import wire
from tests.kiosk.conftest import Serve
from tests.kiosk.terminal import Terminal

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}


async def run(*arguments: str) -> tuple[int | None, str]:
    """The client without a terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk.attach", *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    _, said = await process.communicate(b"")
    return process.returncode, said.decode()


class Pty(Terminal):
    """A terminal with the client in it."""

    def __init__(self, socket_path: Path, columns: int = 100, rows: int = 28, options: Sequence[str] = ()) -> None:
        super().__init__(columns, rows)
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.send = lambda data: (os.write(self.master, data), None)[1]
        self.program: Sequence[str] = ("kiosk.attach", str(socket_path), *options)
        self.environment: Mapping[str, str] = ENVIRONMENT

    async def __aenter__(self) -> Pty:
        asyncio.get_running_loop().add_reader(self.master, self._read)
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *self.program),
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=self.environment,
            start_new_session=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.close()

    def close(self) -> None:
        """The terminal is gone: whoever reads or writes it is told so."""
        if self.master >= 0:
            asyncio.get_running_loop().remove_reader(self.master)
            os.close(self.master)
            os.close(self.slave)
            self.master = -1

    def _read(self) -> None:
        """What there is, if anything: the loop may call this for what `read_all` has read already."""
        if self._is_readable():
            with suppress(OSError):
                self.feed(os.read(self.master, 65536))

    def read_all(self) -> None:
        """What was written by now."""
        while self._is_readable():
            self._read()

    def _is_readable(self) -> bool:
        return bool(select.select([self.master], [], [], 0)[0])

    def restored(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before


async def test_without_a_terminal(socket_path: Path) -> None:
    code, said = await run(str(socket_path))
    assert (code, said.count("\n")) == (2, 1) and "needs a terminal" in said


async def test_without_a_haven(socket_path: Path) -> None:
    async with Pty(socket_path) as terminal:
        assert await terminal.process.wait() == wire.UNAVAILABLE
        await terminal.until("Haven is not running here. Start it with `haven up`.")


async def test_a_window_that_changes_its_size_and_a_person_who_quits(serving: Serve, socket_path: Path) -> None:
    async with serving(), Pty(socket_path) as terminal:
        await terminal.until("HAVEN", "F3 Changes")
        terminal.resize(96, 26)
        fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 26, 96, 0, 0))
        terminal.process.send_signal(signal.SIGWINCH)
        await terminal.tap("F3 Changes")
        await terminal.until("There are no changes yet")
        terminal.type("\x11")
        assert await terminal.process.wait() == 0
        assert terminal.restored()


async def test_it_waits_for_a_haven_that_goes_away_and_comes_back_by_itself(serving: Serve, socket_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with serving():
            terminal = await stack.enter_async_context(Pty(socket_path))
            await terminal.until("F3 Changes")
        await terminal.until("Haven is stopping.", "comes back by itself", gone="F3 Changes")
        async with serving():
            await terminal.tap("F3 Changes")
            await terminal.until("There are no changes yet")
        await terminal.until("Haven is stopping.")
        terminal.type("q")
        assert await terminal.process.wait() == wire.AGAIN
        assert terminal.restored()


async def test_a_panel_that_starts_before_haven_waits_for_it(serving: Serve, socket_path: Path) -> None:
    async with Pty(socket_path, options=("--wait",)) as terminal:
        await terminal.until("Haven is not here yet.")
        async with serving():
            await terminal.until("F3 Changes")


async def test_a_killed_service_leaves_a_usable_terminal(socket_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(wire.frame(wire.DATA, b"\x1b[?1049h\x1b[?1002h half a picture"))
        await reader.read(8)
        writer.transport.abort()

    server = await asyncio.start_unix_server(hang_up, socket_path)
    async with Pty(socket_path, options=("--once",)) as terminal:
        assert await terminal.process.wait() == wire.AGAIN
        await terminal.until("Haven went away.")
        assert terminal.restored()
    server.close()


async def test_one_that_was_stopped_draws_all_anew(serving: Serve, socket_path: Path) -> None:
    async with serving(), Pty(socket_path) as terminal:
        await terminal.until("F3 Changes")
        terminal.process.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(os.waitid, os.P_PID, terminal.process.pid, os.WSTOPPED)
        terminal.read_all()  # what it drew before is no answer to what comes
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)  # as a shell does that gets it back
        terminal.resize(100, 28)  # and it shows something else
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until("HAVEN", "F3 Changes")
        assert not terminal.restored(), "raw again"
        terminal.type("\x11")
        assert await terminal.process.wait() == 0


def test_it_starts_with_the_standard_library_alone() -> None:
    code = "import sys, kiosk.attach; print(*{name.split('.')[0] for name in sys.modules})"
    shown = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    ours = {"kiosk", "sitecustomize", "usercustomize"}
    assert {name for name in shown.stdout.split() if not name.startswith("_")} <= sys.stdlib_module_names | ours


async def test_a_polite_kill_restores_the_terminal(serving: Serve, socket_path: Path) -> None:
    async with serving(), Pty(socket_path) as terminal:
        await terminal.until("F3 Changes")
        terminal.process.terminate()
        assert await terminal.process.wait() == 128 + signal.SIGTERM
        assert terminal.restored()


async def test_in_tmux(serving: Serve, socket_path: Path) -> None:
    """A terminal that others wrote: what it shows and what its shell is left with."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: the kiosk was not seen in a real terminal. Run: sudo apt install tmux")
    server = str(socket_path.with_name("tmux"))

    async def tmux(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("tmux", "-f", "/dev/null", "-S", server, *words), stdout=subprocess.PIPE, env=ENVIRONMENT
        )
        out, _ = await process.communicate()
        return out.decode()

    async def until(words: str) -> str:
        async with asyncio.timeout(20):
            while words not in (screen := await tmux("capture-pane", "-p")):
                pass  # each look is a process of its own: no need for a pause
        return screen

    async with serving():
        shell = f"{sys.executable} -m kiosk.attach {socket_path}; echo left with $?; cat"
        await tmux("new-session", "-d", "-x", "96", "-y", "26", "sh", "-c", shell)
        try:
            await until("F3 Changes")
            await tmux("send-keys", "F3")
            await until("There are no changes yet")
            await tmux("send-keys", "C-q")
            screen = await until("left with 0")
            assert "HAVEN" not in screen
        finally:
            await tmux("kill-server")
