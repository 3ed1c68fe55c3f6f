"""The real `haven` command as a process of its own, with a haven.toml in a folder of the test's."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haven.settings import ANTHROPIC_KEY
from tests.e2e import warm
from tests.e2e.copies import sample_project

KEY = "sk-ant-" + "the-owners-own-key-0"


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output holds one JSON value and nothing else."""
        return json.loads(self.out)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    return os.environ | {"HAVEN_CONFIG": str(folder / "haven.toml"), "COLUMNS": "120"} | variables


async def haven(folder: Path, *words: str, typed: str = "", **variables: str) -> Ran:
    """`haven WORDS` with the haven.toml of `folder`; `typed` comes through a pipe."""
    command = warm.start(words, environment(folder, **variables), typed)
    try:
        status = await command.wait()
    finally:
        command.kill()
    out, err = command.said()
    assert "Traceback" not in err
    return Ran(status, out, err)


async def configured(folder: Path, cloud: str = "", more: str = "", *, local: bool = False) -> Path:
    """A folder with a haven.toml and the sample project; the local model only where it is wanted."""
    project = await sample_project(folder / "atlas")
    text = f"""
    [paths]
    state_dir = "{folder}/state"
    config_dir = "{folder}/config"
    runtime_dir = "{folder}/run"
    [project]
    repository = "{project}"
    [models]
    local = {str(local).lower()}
    context_tokens = 1024
    [cloud]
    {cloud}
    {more}
    """
    (folder / "haven.toml").write_text(text, encoding="utf-8")
    return folder


def give_key(folder: Path) -> None:
    secret = folder / "config/secrets" / ANTHROPIC_KEY
    secret.parent.mkdir(parents=True)
    secret.write_text(KEY, encoding="utf-8")
    secret.chmod(0o600)


class AtTerminal:
    """A command on a real terminal; what is typed and shown goes through the kernel's line discipline."""

    def __init__(self, command: warm.Command, descriptor: int) -> None:
        self.command = command
        self.screen = ""
        self._descriptor = descriptor
        self._more = asyncio.Event()

    def read(self) -> None:
        with suppress(OSError):  # a terminal that nobody holds open any more
            self.screen += os.read(self._descriptor, 65536).decode(errors="replace")
            self._more.set()
            return
        asyncio.get_running_loop().remove_reader(self._descriptor)

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    async def until(self, shown: str) -> str:
        """Wait until that is on the screen; what came up to there is then cleared away and returned."""
        try:
            async with asyncio.timeout(60):
                while shown not in self.screen:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{shown!r} did not come; the screen shows {self.screen!r}") from None
        end = self.screen.index(shown) + len(shown)
        seen, self.screen = self.screen[:end], self.screen[end:]
        return seen

    async def reads(self) -> None:
        """Wait until it waits for a key: Python loses a signal that comes between a prompt and that, until the next."""
        state = Path(f"/proc/{self.command.pid}/stat")
        async with asyncio.timeout(60):
            while state.read_text().rpartition(")")[2].split()[0] != "S":  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0)

    async def ended(self) -> int:
        """The exit status; fails where the command does not end."""
        async with asyncio.timeout(60):
            return await self.command.wait()


@asynccontextmanager
async def at_terminal(folder: Path, *words: str) -> AsyncIterator[AtTerminal]:
    """`haven WORDS` on a terminal of its own, killed at the end if it has not ended."""
    ours, theirs = os.openpty()
    command = warm.start(words, environment(folder, TERM="xterm"), terminal=theirs)
    os.close(theirs)
    terminal = AtTerminal(command, ours)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, terminal.read)
    try:
        yield terminal
    finally:
        command.kill()
        loop.remove_reader(ours)
        os.close(ours)
