"""Bring a merged change to its users by the owner's own command, see whether it is healthy, and undo it where not.

Only the owner's settings name what is run, never a project's own files. The command may run twice: a process that dies
in the middle leaves the row at `running`; what it had started is ended, and it is begun again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from haven.changes.decisions import Changes
from haven.changes.landing.undoing import HAVEN
from haven.changes.proposal import ESCAPES
from haven.changes.states import State
from haven.errors import HavenError
from haven.jobs import identity_of, is_alive
from haven.quoting import visible
from haven.redact import redact
from haven.settings import Deploy, Project
from haven.store import changes as table
from haven.store import deployments, events, notes
from haven.store.changes import Change
from haven.store.database import Database, Transaction, now
from haven.store.jobs import Job

log = logging.getLogger("haven.changes")

KEPT = ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""Of Haven's own environment: what `systemctl --user` needs is among them, a secret is not."""
AGAIN_S = 2.0
"""Pause between two looks at the health."""
WAIT_FOR_UNDO_S = 30.0
RUNNING = "deploy.running"
"""Who the command is that runs, by process: for the next process, where this one is killed."""
MOST_HEARD = 8_192
"""Bytes of a command's output that are kept while it runs."""
MOST_SAID = 600
"""Characters of a failed command's last words."""


class Deployments:
    """`handle` is the job handler; deployments run one after the other, in the order of the merges."""

    def __init__(self, database: Database, changes: Changes, deploy: Deploy, project: Project) -> None:
        self._database = database
        self._changes = changes
        self._deploy = deploy
        self._folder = project.repository or Path.home()

    async def handle(self, job: Job) -> float | None:
        """Deploy one merged change; a time to come back while an earlier one is being undone."""
        found = await deployments.of(self._database, job.subject)
        change = await table.get(self._database, job.subject)
        if found is None or found.state in {"live", "failed"} or not self._deploy.command:
            return None
        if found.state == "ill":  # a process died before it could order the undo
            await self._undo(change, found.said)
            return None
        if later := await deployments.live_since(self._database, change.id):
            await self._tell(change, "live", f"There is nothing left to deploy: change {later} came later and is live.")
            return None
        if not change.undoes and (why := await self._waits_for()):
            if found.said != why:
                await self._tell(change, "due", why)
            return now() + WAIT_FOR_UNDO_S
        await self._tell(change, "running", "Being deployed.")
        await self._end_what_is_left()
        problem = await self._run(change)
        if not problem:
            await self._tell(change, "live", "Deployed and healthy." if self._deploy.health else "Deployed.")
            return None
        await self._tell(change, "ill", problem)
        await self._undo(change, problem)
        return None

    async def _waits_for(self) -> str:
        """Why it is not deployed yet, in a sentence: what was not healthy is being taken back first."""
        for failed, undo in await deployments.being_undone(self._database):
            return f"It waits for change {undo}, which takes back {failed}: that was not healthy."
        return ""

    async def _run(self, change: Change) -> str:
        """What went wrong, in a sentence; "" where it is live and healthy."""
        environment = {name: os.environ[name] for name in (*KEPT, *self._deploy.environment) if name in os.environ}
        environment |= {"HAVEN_CHANGE": change.id, "HAVEN_COMMIT": change.merged, "HAVEN_BRANCH": change.target}
        if failed := await run(self._deploy.command, self._folder, environment, self._deploy.timeout_s, self._started):
            return f"The deploy command {failed.rstrip('.')}."
        if not self._deploy.health:
            return ""
        end = time.monotonic() + self._deploy.health_s
        while True:
            left = max(1.0, end - time.monotonic())
            failed = await run(self._deploy.health, self._folder, environment, left)
            if not failed:
                return ""
            if time.monotonic() + AGAIN_S > end:
                return f"It was deployed, but is not healthy: the health command {failed.rstrip('.')}."
            await asyncio.sleep(AGAIN_S)

    async def _started(self, pid: int) -> None:
        await notes.put(self._database, RUNNING, identity_of(pid))

    async def _end_what_is_left(self) -> None:
        """A command that a killed Haven had started: two of them at once could spoil each other's work."""
        left = await notes.get(self._database, RUNNING) or ""
        if is_alive(left):
            with suppress(OSError):
                os.killpg(int(left.split(":")[1]), signal.SIGKILL)

    async def _undo(self, change: Change, problem: str) -> None:
        """The merge that was not healthy is taken back; the undo is deployed when it lands. An undo is not undone."""
        if change.state != State.MERGED:
            await self._tell(change, "failed", problem)
            return
        if change.undoes:
            log.error("the undo %s of %s could not be deployed either: %s", change.id, change.undoes, problem)
            await self._tell(change, "failed", f"{problem} This is an undo already, so a person must look at it now.")
            return
        try:
            undo = await self._changes.undo(change.id, HAVEN, confirm="two taps")
        except HavenError as error:
            log.error("[%s] %s could not be undone: %s", error.id, change.id, error)
            await self._tell(change, "failed", f"{problem} It could not be undone: {error.full}")
            return
        await self._tell(change, "failed", f"{problem} It is being undone by change {undo.id}.")

    async def _tell(self, change: Change, state: deployments.State, said: str) -> None:
        """The row, the reason that every face shows, and an event for those that look: in one transaction."""

        async def work(tx: Transaction) -> None:
            await deployments.put(tx, change.id, state, said)
            current = await table.get_in(tx, change.id)
            note = current.reason.partition(PUT_BEFORE)[0]
            reason = f"{note}{PUT_BEFORE}{said}"
            await table.update(tx, change.id, reason=reason)
            told: dict[str, Any] = {"state": current.state, "title": change.title, "round": change.round}
            await events.record(tx, "change.state", change.id, deploy=state, reason=reason, **told)

        await self._database.write(work)


PUT_BEFORE = " Deployment: "
"""Between what the merge said and how the deployment went."""


async def _unseen(pid: int) -> None:
    """Nobody needs to know."""


async def _begun(
    command: tuple[str, ...], at: Path, environment: Mapping[str, str], output: int
) -> asyncio.subprocess.Process:
    """Started with a process group of its own. Cancelled meanwhile, the group ends, not its first process alone."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            cwd=at,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError, ValueError):
            await _end(await starting)
        raise


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill all of its group where it has not ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def run(
    command: tuple[str, ...],
    at: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    started: Callable[[int], Awaitable[None]] = _unseen,
) -> str:
    """Run it without a shell; what went wrong as the end of a sentence, or "". Cancelled, it leaves no process.

    It is over when the command itself has ended: what that leaves running on purpose, a service say, goes on.
    `started` is told its process id.
    """
    reading, writing = os.pipe()
    with FileIO(reading) as pipe:
        try:
            process = await _begun(command, at, environment, writing)
        except (OSError, ValueError) as error:
            return f"can't be started: {getattr(error, 'strerror', None) or error}."
        finally:
            os.close(writing)
        with listening(pipe) as heard:
            try:
                async with asyncio.timeout(timeout_s):
                    await started(process.pid)
                    await process.wait()
            except TimeoutError:
                return f"took longer than {timeout_s:.0f} seconds and was stopped."
            finally:
                await _end(process)
    return (
        f"ended with status {process.returncode}: {last_words(heard) or 'it said nothing'}"
        if process.returncode
        else ""
    )


@contextmanager
def listening(pipe: FileIO) -> Iterator[bytearray]:
    """The end of what comes through the pipe; however much that is, no more is kept, and its end is not waited for."""
    loop, heard = asyncio.get_running_loop(), bytearray()
    os.set_blocking(pipe.fileno(), False)

    def hear() -> None:
        piece = pipe.read(65_536)  # None where there is nothing now
        if piece == b"":
            loop.remove_reader(pipe)
        heard.extend(piece or b"")
        del heard[:-MOST_HEARD]

    loop.add_reader(pipe, hear)
    try:
        yield heard
    finally:
        hear()
        loop.remove_reader(pipe)


def last_words(heard: bytearray) -> str:
    """On one line and without secrets; a line that may have been cut off in the middle of one is left out."""
    text = heard.decode("utf-8", "replace")
    whole = text.partition("\n")[2] if len(heard) == MOST_HEARD else text
    return visible(redact(" ".join(ESCAPES.sub("", whole).split())))[-MOST_SAID:]
