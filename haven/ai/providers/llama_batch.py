"""Continuous batching: every step computes one token of each reply and a piece of the prompts that still are read.

People go before background work: they are read first, and background work is paused where its seat or its room is
needed (what it computed is parked, and it goes on from there). One thread owns it all.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from haven.ai.providers.llama_lookup import guess
from haven.ai.providers.llama_native import ROWS, Logits, NativeModel, NoRoom
from haven.ai.providers.llama_prefix import WORTH, Parked, PrefixFolder, common
from haven.ai.providers.llama_reply import Reply
from haven.errors import HavenError, ModelError

log = logging.getLogger("haven.llama")

SHARED_ROWS = 64
"""Tokens of prompts in a step while somebody's reply is being written: half a step, so that it keeps flowing."""


class Listener(Protocol):
    """Where a reply goes."""

    cancelled: bool

    def text(self, piece: str) -> None: ...

    def failed(self, error: Exception) -> None: ...


@dataclass(eq=False)
class Job:
    """One reply under way. `tokens` is the prompt and what was written after it; `held` of them are computed."""

    priority: int
    prompt: int
    stable: int
    tokens: list[int]
    reply: Reply
    listener: Listener
    finished: Callable[[Job], None]
    number: int = 0
    seat: int = -1
    held: int = 0
    cached: int = 0
    """Tokens of the prompt that were not computed for this job."""
    save: bool = False
    """Its stable beginning goes to the disk once it is computed."""
    started: bool = False
    crowded: bool = False
    """It was paused because the room did not suffice, so that it only returns where all fit without sharing."""

    @property
    def order(self) -> tuple[int, int]:
        return (self.priority, self.number)

    def __lt__(self, other: Job) -> bool:
        return self.order < other.order

    @property
    def need(self) -> int:
        """The room that it can take at most, in tokens."""
        return len(self.tokens) + self.reply.remaining

    @property
    def writing(self) -> bool:
        return len(self.tokens) - self.held == 1


class Batch:
    """The jobs of one model. Every job ends by `finished` or by its listener's `failed`, unless it was cancelled."""

    def __init__(self, native: NativeModel, folder: PrefixFolder) -> None:
        self._native, self._folder, self.parked = native, folder, Parked()
        self._numbers = count()
        self._waiting: list[Job] = []
        self._active: list[Job] = []
        self._idle: dict[int, list[int]] = {}
        """What seats still hold of replies that have ended: the same person may go on."""

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._active)

    @property
    def alone(self) -> Listener | None:
        """The one listener that the next step is for, if it is for one only."""
        return self._active[0].listener if len(self._active) == 1 and not self._waiting else None

    def add(self, job: Job) -> None:
        job.number = next(self._numbers)
        heapq.heappush(self._waiting, job)

    def step(self) -> None:
        """Compute once for everybody. Raises Stopped where `abort` was called meanwhile; all is as before then."""
        self._forget_cancelled()
        self._admit()
        plan = self._plan()
        if not plan:
            return
        try:
            scores = self._compute(plan)
        except NoRoom:
            self._make_room()
            return
        except ModelError as error:
            self.end(error)
            return
        line = 0
        for job, guesses, size in plan:
            if job.held + size < len(job.tokens):
                job.held += size
            else:
                lines = 1 + len(guesses)
                self._write(job, size, guesses, scores[line : line + lines])
                line += lines

    def end(self, error: Exception) -> None:
        """Everybody is told; nothing that was computed is kept."""
        for job in [*self._active, *self._waiting]:
            job.reply.close()
            job.listener.failed(error)
        for seat in range(self._native.seats):
            self._native.forget(seat)
        self._active, self._waiting, self._idle = [], [], {}

    def _forget_cancelled(self) -> None:
        for job in [job for job in self._active if job.listener.cancelled]:
            self._leave(job)
        for job in [job for job in self._waiting if job.listener.cancelled]:
            job.reply.close()
            self._waiting.remove(job)
            heapq.heapify(self._waiting)

    def _admit(self) -> None:
        while self._waiting:
            job = self._waiting[0]
            seated = len(self._active) < self._native.seats
            if seated and (not self._active or self._fits(job)):
                self._active.append(heapq.heappop(self._waiting))
                self._active.sort()
            elif (last := self._active[-1]).priority > job.priority:
                self._pause(last)
            else:
                return

    def _fits(self, job: Job) -> bool:
        """Whether all could write to their limits: what one shares with another is counted once."""
        taken = 0
        before: list[Job] = []
        for one in (*self._active, job):
            shared = max((common(one.tokens, other.tokens) for other in before), default=0)
            taken += one.need - (0 if job.crowded else shared)
            before.append(one)
        return bool(taken <= self._native.room)

    def _plan(self) -> list[tuple[Job, list[int], int]]:
        """Who computes what: job, guesses, and how many of its own tokens; people before background work."""
        writing = [job for job in self._active if job.started and job.writing]
        rows = ROWS - len(writing) if not writing else SHARED_ROWS
        plan: list[tuple[Job, list[int], int]] = []
        for job in self._active:
            if job.started and job.writing:
                alone = len(self._active) == 1 and job.reply.plain and self._native.partial
                plan.append((job, guess(job.tokens, job.reply.remaining) if alone else [], 1))
            elif rows > 0 and (job.started or self._start(job)):
                size = min(len(job.tokens) - job.held, rows)
                rows -= size
                plan.append((job, [], size))
        return plan

    def _compute(self, plan: list[tuple[Job, list[int], int]]) -> Logits:
        tokens: list[int] = []
        places: list[int] = []
        seats: list[int] = []
        wanted: list[int] = []
        for job, guesses, size in plan:
            end = job.held + size
            tokens += job.tokens[job.held : end] + guesses
            places += range(job.held, end + len(guesses))
            seats += [job.seat] * (size + len(guesses))
            wanted += [0] * (size - 1) + [int(end == len(job.tokens))] * (1 + len(guesses))
        return self._native.decode(tokens, places, seats, wanted)

    def _write(self, job: Job, size: int, guesses: list[int], scores: Logits) -> None:
        """Take what the job's scores say, as long as its guesses were right."""
        job.held += size
        if job.save and job.held >= job.stable:
            self._save(job)
        try:
            for right, line in zip([*guesses, None], scores, strict=True):
                token, piece = job.reply.take(line)
                if piece:
                    job.listener.text(piece)
                if job.reply.done:
                    break
                job.tokens.append(token)
                if token != right:
                    break
                job.held += 1
            if guesses:
                job.held = self._native.forget(job.seat, job.held)
            if not job.reply.done:
                return
            job.finished(job)
        except HavenError as error:
            job.listener.failed(error)
        except Exception as error:
            log.exception("the local model failed")
            job.listener.failed(ModelError(f"The local model failed: {type(error).__name__}: {error}."))
        self._leave(job)

    def _start(self, job: Job) -> bool:
        """Seat the job on what is computed of its tokens already; False where it should wait for somebody's reading."""
        most = len(job.tokens) - 1
        seat, size = self._nearest(job, most)
        for one in self._active:
            reading = one.started and not one.writing and one.priority <= job.priority
            if reading and self._native.partial and min(common(one.tokens, job.tokens), most) > size + WORTH:
                return False
        self._fetch(job, size)
        key, parked = self.parked.find(job.tokens[:most], whole=not self._native.partial)
        if parked > size + WORTH:
            seat, size = -1, parked
        self._clear_idle(seat, size)
        if seat in self._idle:
            del self._idle[seat]
            job.seat, job.held = seat, self._native.forget(seat, size)
        else:
            taken = {one.seat for one in self._active}
            job.seat = next(free for free in range(self._native.seats) if free not in taken)
            job.held = self._fill(job.seat, seat, key, size)
        job.save = self._native.partial and self._folder.wants(job.tokens[: job.stable])
        if job.reply.count == 0:
            job.cached = job.held
        job.started = True
        return True

    def _nearest(self, job: Job, most: int) -> tuple[int, int]:
        """The seat that holds the longest beginning of the job's tokens, and its length; (-1, 0) for none."""
        best = (-1, 0)
        for seat, held in self._idle.items():
            size = min(common(held, job.tokens), most)
            if size > best[1] and (self._native.partial or size == len(held)):
                best = (seat, size)
        for one in self._active:
            if one.started and self._native.partial:
                size = min(common(one.tokens, job.tokens), one.held, most)
                if size > best[1]:
                    best = (one.seat, size)
        return best

    def _fetch(self, job: Job, size: int) -> None:
        """From the disk to memory, where that saves reading the stable beginning."""
        stable = job.tokens[: job.stable]
        if max(size, self.parked.find(stable)[1]) + WORTH >= job.stable:
            return
        if (state := self._folder.load(stable)) is not None:
            self.parked.put(stable, state)

    def _clear_idle(self, going_on: int, size: int) -> None:
        """Park what ended replies left behind: in the context it would slow everybody's attention down."""
        for seat, held in list(self._idle.items()):
            if len(held) > WORTH + (size if seat == going_on else 0):
                self.parked.put(held, self._native.save(seat))
            if seat != going_on:
                self._native.forget(seat)
                del self._idle[seat]

    def _fill(self, seat: int, source: int, key: tuple[int, ...], size: int) -> int:
        """Put the beginning into an empty seat, from another seat or from memory; how many tokens it then holds."""
        if size == 0:
            return 0
        if source >= 0:
            self._native.copy(source, seat, size)
            return size
        if self._native.restore(seat, self.parked.state(key)):
            return self._native.forget(seat, size) if size < len(key) else size
        self.parked.drop(key)
        self._folder.remove(key)
        return 0

    def _save(self, job: Job) -> None:
        """Give the stable beginning, and nothing after it, to the disk."""
        job.save = False
        self._native.copy(job.seat, self._native.spare, job.stable)
        self._folder.save(job.tokens[: job.stable], self._native.save(self._native.spare))
        self._native.forget(self._native.spare)

    def _leave(self, job: Job) -> None:
        """The job has ended; its seat stays as it is for whoever goes on from there."""
        self._active.remove(job)
        job.reply.close()
        if job.started:
            self._idle[job.seat] = job.tokens[: self._native.forget(job.seat, job.held)]

    def _pause(self, job: Job) -> None:
        """Back to those who wait; what it has computed is parked, and its words stay as they are."""
        if job.held > WORTH:
            self.parked.put(job.tokens[: job.held], self._native.save(job.seat))
        if job.started:
            self._native.forget(job.seat)
        job.seat, job.held, job.started = -1, 0, False
        self._active.remove(job)
        heapq.heappush(self._waiting, job)

    def _make_room(self) -> None:
        if self._idle:
            self._clear_idle(-1, 0)
        elif len(self._active) > 1:
            self._active[-1].crowded = True
            self._pause(self._active[-1])
        else:
            job = self._active[0]
            self._leave(job)
            job.listener.failed(ModelError("The local model has no room for this request.", "Shorten it."))
