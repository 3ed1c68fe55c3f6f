"""A real Haven from its shell to a browser: set up, started, looked at, and started again with a backup put back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.command import configured, environment, haven
from tests.ports import unused_port
from tests.web.dashboard import PASSWORD, Browser

PATIENCE_S = 60.0


@asynccontextmanager
async def up(home: Path) -> AsyncIterator[list[str]]:
    """`haven up` until the block is left; what it said before the dashboard could be opened."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "haven", "up", "--no-attach"),
        env=environment(home, INVOCATION_ID="as-systemd-sets-it"),
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while "the dashboard and its figures are at" not in "".join(said[-1:]):
                line = await process.stderr.readline()
                assert line, "".join(said)
                said.append(line.decode())
        reading = asyncio.create_task(process.stderr.read())
        yield said
        process.terminate()
        assert await process.wait() == 0
        await reading
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_from_the_shell_to_a_browser_and_back_to_a_backup(tmp_path: Path) -> None:
    home, port = await configured(tmp_path), unused_port()
    answers = home / "answers.toml"
    answers.write_text(f'[web]\nport = {port}\nname = "Olga"\npassword = "{PASSWORD}"\n')
    made = await haven(home, "setup", "web", "--answers", str(answers))
    assert made.status == 0 and "Olga is its owner" in made.out
    browser = Browser(f"http://127.0.0.1:{port}")
    try:
        async with up(home) as said:
            assert "give the code" not in "".join(said)
            assert (await browser.log_in("Olga")).path == "/"
            backup = await haven(home, "backup", "make", "--json")
            name = Path(backup.data["file"]).name
            assert "local only" in (await browser.post("/cloud", to="off")).text
            planned = await browser.post(f"/backups/{name}/restore", pin=PASSWORD)
            assert "started by hand" in planned.text
        async with up(home) as said:
            assert f"{name} is the database now" in "".join(said)
            assert (await browser.get("/")).path.startswith("/enter"), "a backup lets nobody in without their password"
            page = await browser.log_in("Olga")
            assert page.path == "/" and "local only" not in page.text, "as it was"
            kept = await browser.get("/backups")
            assert "haven-before-" in kept.text and "started by hand" not in kept.text
    finally:
        await browser.close()
