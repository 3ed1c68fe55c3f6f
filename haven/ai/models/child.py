"""A Python program in a process group of its own, told line by line, that ends when its caller is cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

LONGEST_LINE = 1 << 20
"""Bytes; nothing that our children say is longer."""


async def run(arguments: tuple[str, ...], env: Mapping[str, str], tell: Callable[[str], None], feed: str = "") -> int:
    """Its exit code; `tell` gets each line that it says (stdout and stderr), `feed` is its whole input.

    -P: a file called json.py in the folder where somebody types `haven` must not be imported.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
        start_new_session=True,
        limit=LONGEST_LINE,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdin.write(feed.encode())
        child.stdin.close()
        async for line in child.stdout:
            tell(line.decode("utf-8", "replace").strip())
        return await child.wait()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
