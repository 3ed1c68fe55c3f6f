"""A demo house for the benchmarks: in this process, or `haven up` in one of its own, and a display that attaches."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from haven.app import House, open_house, run
from haven.changes.git.repository import Repository
from haven.demo import sample
from haven.demo.journey import demo_settings
from haven.faces import faces_of
from haven.settings import Settings, cache_dir
from kiosk import wire


@asynccontextmanager
async def running(ready: Settings) -> AsyncIterator[House]:
    """The whole house in this process, with its faces."""
    async with open_house(ready, cache_dir()) as house:
        up = asyncio.Event()
        task = asyncio.create_task(run(house, faces_of(house, up)))
        await up.wait()
        try:
            yield house
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def furnished(folder: Path) -> Settings:
    """Demo settings with the sample project and Haven's clone of it in place, as on any start but the first."""
    ready = demo_settings(folder)
    assert ready.project.repository is not None
    await sample.create(ready.project.repository)
    async with open_house(ready, cache_dir()) as house:
        assert isinstance(house.repository, Repository), house.repository_error
    return ready


@contextmanager
def process(ready: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`haven up` without a model, in a process of its own."""
    file = ready.paths.state_dir / "haven.toml"
    file.write_text(
        f'[paths]\nstate_dir = "{ready.paths.state_dir}"\nconfig_dir = "{ready.paths.config_dir}"\n'
        f'runtime_dir = "{ready.paths.runtime_dir}"\n[project]\nrepository = "{ready.project.repository}"\n',
        encoding="utf-8",
    )
    started = subprocess.Popen(
        [sys.executable, "-m", "haven", "up", "--no-attach"],
        env=os.environ | {"HAVEN_CONFIG": str(file)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(20)


async def attach(socket: Path, patience_s: float = 30.0) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Attach a display as soon as the socket is there."""
    async with asyncio.timeout(patience_s):
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(socket))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.005)
    writer.write(wire.hello(100, 28, "truecolor"))
    return reader, writer
