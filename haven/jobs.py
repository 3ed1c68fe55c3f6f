"""The durable job queue: work survives a power cut, runs once at a time, and comes back after a kill.

It knows only a kind and a subject; the handlers are registered by app.py. A handler returns None when the work is done
for now, or the time (seconds since 1970) at which it wants to run again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from haven.errors import HavenError, StoreError, error_id
from haven.store import jobs as table
from haven.store.database import Database, Transaction, now
from haven.store.jobs import Job

log = logging.getLogger("haven.jobs")
T = TypeVar("T")

LEASE_S = 30.0
LOOK_S = 1.0
"""Between two looks at a lease that another process may take back: a person who pressed stop there waits so long."""
IDLE_S = 2.0
"""Longest pause between two looks at the table: another process may have queued something."""

Handler = Callable[[Job], Awaitable[float | None]]


def process_identity() -> str:
    """Boot, process id and start time: tells a dead worker from a living one with the same number."""
    return identity_of(os.getpid()) or f"?:{os.getpid()}:0"


def identity_of(pid: int) -> str:
    """The same for any process; "" where it is gone."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
        started = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot}:{pid}:{started}"


def is_alive(identity: str) -> bool:
    """Whether the process of that identity still runs on this machine."""
    pid = identity.split(":")[1] if identity.count(":") == 2 else ""
    return pid.isdigit() and identity_of(int(pid)) == identity


@dataclass(frozen=True)
class Outcome:
    """How a handler ended: to run again at a time, failed with an error, or done."""

    run_again: float | None = None
    error: str = ""


class JobQueue:
    """Claims due jobs of the registered kinds and runs their handlers, one at a time: a Pi has no room for two."""

    def __init__(self, database: Database, handlers: dict[str, Handler], beat_s: float = LEASE_S / 3) -> None:
        """`beat_s`: seconds between two heartbeats."""
        self._database = database
        self._handlers = handlers
        self._beat_s = beat_s
        self._worker = process_identity()
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self._changed = asyncio.Event()
        database.on_commit(self._changed.set)

    async def recover(self) -> None:
        """Take back what dead processes had leased, without waiting for the lease to end."""
        for worker in await table.workers(self._database):
            if worker != self._worker and not is_alive(worker):
                log.warning("took over the work of a process that died (%s)", worker)
                await self._database.write(lambda tx, worker=worker: table.release(tx, worker))  # type: ignore[misc]

    async def run(self) -> None:
        """Work until cancelled; a running handler is cancelled with it and its job given back."""
        try:
            while True:
                try:
                    await self.recover()
                    job = await self._next()
                except StoreError as error:
                    log.error("[%s] no work can be taken: %s", error.id, error)
                    await asyncio.sleep(IDLE_S)
                else:
                    await self._run_one(job)
        finally:
            await self._try(table.release, "the worker's end")  # what a cancelled claim had taken

    def stop(self, subject: str) -> None:
        """Cancel the running handler of a subject: a person pressed stop."""
        if self._running is not None and self._running[0] == subject:
            self._running[1].cancel()

    async def _run_one(self, job: Job) -> None:
        task = asyncio.create_task(self._work(job), name=f"job {job.kind} {job.subject}")
        self._running = job.subject, task
        try:
            await asyncio.wait([task])  # unlike awaiting the task, this tells a stopped handler from a stopped queue
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
            self._running = None

    async def _next(self) -> Job:
        while True:
            self._changed.clear()
            job = await self._claim() if await self._due() else None
            if job is not None:
                return job
            due = await table.next_due(self._database, self._handlers)
            pause = IDLE_S if due is None else min(IDLE_S, max(0.05, due - now()))
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                await self.recover()

    async def _claim(self) -> Job | None:
        return await self._database.write(lambda tx: table.claim(tx, self._worker, LEASE_S, self._handlers))

    async def _due(self) -> bool:
        due = await table.next_due(self._database, self._handlers)
        return due is not None and due <= now()

    async def _work(self, job: Job) -> None:
        beat = asyncio.create_task(self._heartbeat(job))
        try:
            await self._record(job, await self._handle(job))
        except asyncio.CancelledError:
            await self._record(job, Outcome(run_again=0.0))
            raise
        finally:
            beat.cancel()

    async def _handle(self, job: Job) -> Outcome:
        try:
            return Outcome(run_again=await self._handlers[job.kind](job))
        except Exception as error:
            id = error.id if isinstance(error, HavenError) else error_id()
            log.error("[%s] job %s %s failed", id, job.kind, job.subject, exc_info=error)
            if isinstance(error, StoreError):
                return Outcome(run_again=now() + LEASE_S)
            return Outcome(error=f"[{id}] {error}")

    async def _record(self, job: Job, outcome: Outcome) -> None:
        """Write how it ended; where the database can't be written now, the lease runs out and it is done again."""
        ended = f"the end of {job.kind} {job.subject}"
        if outcome.run_again is not None:
            at = outcome.run_again
            await self._try(lambda tx, worker: table.later(tx, job, worker, at), ended)
        else:
            await self._try(lambda tx, worker: table.finish(tx, job, worker, outcome.error), ended)

    async def _heartbeat(self, job: Job) -> None:
        """Keep the lease; where it was taken back (a stop in another process), stop the handler."""
        lease = f"the lease of {job.kind} {job.subject}"
        looks = max(1, round(self._beat_s / LOOK_S))
        for count in itertools.count(1):
            await asyncio.sleep(self._beat_s / looks)
            if count % looks == 0:
                held = await self._try(lambda tx, worker: table.renew(tx, job, worker, LEASE_S), lease)
            else:
                held = await self._holds(job)
            if held is False:
                log.info("%s was taken back", lease)
                self.stop(job.subject)
                return

    async def _holds(self, job: Job) -> bool | None:
        """Whether the lease is still ours; None where the database can't be read now."""
        try:
            return await table.holds(self._database, job, self._worker)
        except StoreError as error:
            log.error("[%s] the lease of %s %s could not be looked at: %s", error.id, job.kind, job.subject, error)
            return None

    async def _try(self, write: Callable[[Transaction, str], Awaitable[T]], what: str) -> T | None:
        """Write for this worker; None, and a line in the log, where the database can't be written now."""
        try:
            return await self._database.write(lambda tx: write(tx, self._worker))
        except StoreError as error:
            log.error("[%s] %s could not be recorded: %s", error.id, what, error)
            return None
