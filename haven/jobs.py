"""The durable job queue: work survives a power cut, runs once at a time, and comes back after a kill.

It knows only a kind and a subject; the handlers are registered by app.py. A handler returns None when the work is done
for now, or the time (seconds since 1970) at which it wants to run again.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from haven.errors import HavenError, error_id
from haven.store import jobs as table
from haven.store.database import Database, now
from haven.store.jobs import Job

log = logging.getLogger("haven.jobs")

LEASE_S = 30.0
IDLE_S = 2.0
"""Longest pause between two looks at the table: another process may have queued something."""

Handler = Callable[[Job], Awaitable[float | None]]


def process_identity() -> str:
    """Boot, process id and start time: tells a dead worker from a living one with the same number."""
    return _identity(os.getpid()) or f"?:{os.getpid()}:0"


def _identity(pid: int) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
        started = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot}:{pid}:{started}"


def is_alive(identity: str) -> bool:
    """Whether the process of that identity still runs on this machine."""
    pid = identity.split(":")[1] if identity.count(":") == 2 else ""
    return pid.isdigit() and _identity(int(pid)) == identity


class JobQueue:
    """Claims due jobs and runs their handlers, `at_once` at the same time."""

    def __init__(self, database: Database, handlers: dict[str, Handler], at_once: int = 1) -> None:
        self._database = database
        self._handlers = handlers
        self._worker = process_identity()
        self._slots = asyncio.Semaphore(at_once)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        database.on_commit(self._changed.set)

    async def recover(self) -> None:
        """Take back what dead processes had leased, without waiting for the lease to end."""
        for worker in await table.workers(self._database):
            if worker != self._worker and not is_alive(worker):
                log.warning("took over the work of a process that died (%s)", worker)
                await self._database.write(lambda tx, worker=worker: table.release(tx, worker))  # type: ignore[misc]

    async def run(self) -> None:
        """Work until cancelled; running handlers are cancelled with it and their jobs given back."""
        await self.recover()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._slots.acquire()
                    job = await self._next()
                    task = group.create_task(self._work(job), name=f"job {job.kind} {job.subject}")
                    self._running[job.subject] = task
        finally:
            self._running.clear()

    def stop(self, subject: str) -> None:
        """Cancel the running handler of a subject: a person pressed stop."""
        task = self._running.get(subject)
        if task is not None:
            task.cancel()

    async def _next(self) -> Job:
        while True:
            self._changed.clear()
            job = (
                await self._database.write(lambda tx: table.claim(tx, self._worker, LEASE_S))
                if await self._due()
                else None
            )
            if job is not None:
                return job
            due = await table.next_due(self._database)
            pause = IDLE_S if due is None else min(IDLE_S, max(0.02, due - now()))
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                await self.recover()

    async def _due(self) -> bool:
        due = await table.next_due(self._database)
        return due is not None and due <= now()

    async def _work(self, job: Job) -> None:
        beat = asyncio.create_task(self._heartbeat(job))
        try:
            again = await self._handlers[job.kind](job)
        except asyncio.CancelledError:
            await self._database.write(lambda tx: table.later(tx, job, self._worker, 0.0))
            current = asyncio.current_task()
            if self._running.get(job.subject) is current and current is not None and current.uncancel() == 0:
                return  # stopped by `stop`, not by shutdown: the queue goes on
            raise
        except Exception as error:
            await self._fail(job, error)
        else:
            if again is None:
                await self._database.write(lambda tx: table.finish(tx, job, self._worker))
            else:
                await self._database.write(lambda tx: table.later(tx, job, self._worker, again))
        finally:
            beat.cancel()
            self._running.pop(job.subject, None)
            self._slots.release()

    async def _fail(self, job: Job, error: Exception) -> None:
        id = error.id if isinstance(error, HavenError) else error_id()
        log.error("[%s] job %s %s failed", id, job.kind, job.subject, exc_info=error)
        sentence = f"[{id}] {error}"
        await self._database.write(lambda tx: table.finish(tx, job, self._worker, sentence))

    async def _heartbeat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            await self._database.write(lambda tx: table.renew(tx, job, self._worker, LEASE_S))
