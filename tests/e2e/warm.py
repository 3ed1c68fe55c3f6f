"""A Python that has imported Haven already: each `haven` command of the tests is a fork of it, a second sooner.

A command is a process of its own all the same, with its own memory, environment, streams and signals. What looks at
the environment while it is imported (the command line itself) is imported in the fork.
"""

from __future__ import annotations

import asyncio
import fcntl
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent.parent
READY = (
    "anthropic",
    "haven.faces",
    "haven.demo.journey",
    "haven.doctor",
    "haven.performance",
    "haven.setup",
    "rich.markdown",
)
LONGEST = 1 << 20


class Command:
    """A `haven` command that was started; its output stands in two files."""

    def __init__(self, told: int, *output: IO[bytes]) -> None:
        self._told, self._output = os.fdopen(told, "rb", buffering=0), output
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def join(self, seconds: float | None = None) -> int | None:
        """The exit status; None where it has not ended by then."""
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            self.returncode = int(self._told.readline())
        return self.returncode

    async def wait(self) -> int:
        if self.returncode is None:
            ended, loop = asyncio.Event(), asyncio.get_running_loop()
            loop.add_reader(self._told, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._told)
        status = self.join()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        if self.join(0) is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """At once; where it has ended already, nothing."""
        self.send_signal(signal.SIGKILL)
        self.join()

    def said(self) -> list[str]:
        """Standard output and standard error."""
        for file in self._output:
            file.seek(0)
        return [file.read().decode() for file in self._output]


def start(words: Sequence[str], environment: Mapping[str, str], typed: str = "", *, terminal: int = -1) -> Command:
    """`python -m haven WORDS`; `typed` comes through a pipe.

    `terminal`: the one that it runs on, as the terminal of a session of its own.
    """
    output = [tempfile.TemporaryFile() for _ in range(2) if terminal < 0]  # noqa: SIM115 (read when it has ended)
    reading, writing = os.pipe()
    os.write(writing, typed.encode())
    os.close(writing)
    told, telling = os.pipe()
    streams = [terminal] * 3 if terminal >= 0 else [reading, *(file.fileno() for file in output)]
    wish = {"words": words, "environment": dict(environment), "terminal": terminal >= 0}
    socket.send_fds(_server(), [json.dumps(wish).encode()], [telling, *streams])
    os.close(telling)
    os.close(reading)
    return Command(told, *output)


@functools.cache
def _server() -> socket.socket:
    """Where commands are asked for; the server ends with the process of the tests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.warm", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # a thread of numpy's would not live on in a fork
        )
    return ours


def _serve(asking: socket.socket) -> None:
    """Until the tests are over; returns in each fork, which is then ready to be the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(asking, LONGEST, 4)
        if not message:
            sys.exit()
        if os.fork() == 0:
            asking.close()
            return _watch(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(wish: dict[str, Any], telling: int, *streams: int) -> None:
    """Fork the command and tell its id and its exit status; returns in the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (command := os.fork()) == 0:
        os.close(telling)
        return _become(wish, streams)
    for stream in set(streams):
        os.close(stream)
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(telling, b"%d\n" % command)
        os.write(telling, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))
    os._exit(0)


def _become(wish: dict[str, Any], streams: Sequence[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in set(streams):
        os.close(stream)
    if wish["terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # Ctrl+C comes from it
    os.environ.clear()
    os.environ.update(wish["environment"])
    sys.argv = ["haven", *wish["words"]]
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False, buffering=1 if wish["terminal"] else -1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1, errors="backslashreplace")


if __name__ == "__main__":
    for name in READY:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("haven", run_name="__main__", alter_sys=True)
