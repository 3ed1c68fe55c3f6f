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

from haven.ai.providers.llama_native import ROWS, Logits, NativeModel, NoRoom
from haven.ai.providers.llama_prefix import WORTH, Parked, PrefixFolder, common
from haven.ai.providers.llama_reply import Reply
from haven.errors import HavenError, ModelError, Unavailable

log = logging.getLogger("haven.llama")

SHARED_ROWS = 64
"""Tokens of prompts in a step while somebody's reply is being written: half a step, so that it keeps flowing.

Not less: llama.cpp's fast attention for prompts needs 64 rows. It rounds otherwise than the one for few rows, so that a
greedy reply may differ where two tokens are as good as equal; steps below 64 rows give the same bits in any company.
"""
MOST_WAITING = 60
"""People beyond those who are served: with a small model on a Pi, two to five minutes of waiting for the last one."""
LEAST_SHARED = 16
"""Tokens in common that are worth a copy: less is the chat template's own beginning."""


class Listener(Protocol):
    """Where a reply goes."""

    cancelled: bool

    def queued(self, ahead: int) -> None: ...

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
    ahead: int = 0
    """So many go first, as was told last."""
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
        """Raises Unavailable where so many people wait already that nobody should have to."""
        if job.priority == 0 and sum(one.priority == 0 for one in self._waiting) >= MOST_WAITING:
            job.reply.close()
            raise Unavailable(
                f"The local model is asked too much just now: {MOST_WAITING} wait for it already.",
                "Ask again in a few minutes.",
            )
        job.number = next(self._numbers)
        heapq.heappush(self._waiting, job)

    def step(self) -> None:
        """Compute once for everybody. Raises Stopped where `abort` was called meanwhile; all is as before then."""
        self._forget_cancelled()
        self._admit()
        self._tell_places()
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
        for job, size in plan:
            job.held += size
            if job.held == len(job.tokens):
                self._write(job, scores[line])
                line += 1

    def end(self, error: Exception) -> None:
        """Everybody is told; nothing that was computed is kept."""
        ended = [*self._active, *self._waiting]
        self._active, self._waiting, self._idle = [], [], {}
        for job in ended:
            job.listener.failed(error)
            job.reply.close()
        for seat in range(self._native.seats):
            self._native.forget(seat)

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

    def _tell_places(self) -> None:
        """Whoever waits is told how many go first, those who are served now among them, whenever that changes."""
        for place, job in enumerate(sorted(self._waiting)):
            ahead = len(self._active) + place
            if job.reply.count == 0 and ahead != job.ahead:
                job.ahead = ahead
                job.listener.queued(ahead)

    def _fits(self, job: Job) -> bool:
        """Whether all could write to their limits: what one shares with another is counted once."""
        taken = 0
        before: list[Job] = []
        for one in (*self._active, job):
            shared = max((common(one.tokens, other.tokens) for other in before), default=0)
            taken += one.need - (0 if job.crowded else shared)
            before.append(one)
        return bool(taken <= self._native.room)

    def _plan(self) -> list[tuple[Job, int]]:
        """Who computes how many of its tokens; people before background work."""
        writing = sum(job.started and job.writing for job in self._active)
        rows = SHARED_ROWS if writing else ROWS
        plan: list[tuple[Job, int]] = []
        for job in self._active:
            if job.started and job.writing:
                plan.append((job, 1))
            elif rows > 0 and (job.started or self._start(job)):
                size = min(len(job.tokens) - job.held, rows)
                rows -= size
                plan.append((job, size))
        return plan

    def _compute(self, plan: list[tuple[Job, int]]) -> Logits:
        tokens: list[int] = []
        places: list[int] = []
        seats: list[int] = []
        wanted: list[int] = []
        for job, size in plan:
            end = job.held + size
            tokens += job.tokens[job.held : end]
            places += range(job.held, end)
            seats += [job.seat] * size
            wanted += [0] * (size - 1)
            wanted.append(int(end == len(job.tokens)))
        return self._native.decode(tokens, places, seats, wanted)

    def _write(self, job: Job, scores: Logits) -> None:
        """Take the next token from the scores after the job's last one."""
        if job.save:
            self._save(job)
        try:
            token, piece = job.reply.take(scores)
            if piece:
                job.listener.text(piece)
            if not job.reply.done:
                job.tokens.append(token)
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
        self._fetch(job, size)
        key, parked = self.parked.find(job.tokens[:most], whole=not self._native.partial)
        if parked > size + WORTH:
            seat, size = -1, parked
        if any(self._is_reading(one, job, size) for one in self._active):
            return False
        job.seat = self._seat_for(seat, size)
        if job.seat == seat:
            del self._idle[seat]
            job.held = self._native.forget(seat, size)
        else:
            job.held = self._fill(job.seat, seat, key, size)
        job.save = self._native.partial and self._folder.wants(job.tokens[: job.stable])
        if job.reply.count == 0:
            job.cached = job.held
        job.started = True
        return True

    def _is_reading(self, one: Job, job: Job, size: int) -> bool:
        """Whether somebody is just computing more of the job's beginning than it has."""
        if not one.started or one.writing or one.priority > job.priority or not self._native.partial:
            return False
        return common(one.tokens, job.tokens[:-1]) > size + WORTH

    def _nearest(self, job: Job, most: int) -> tuple[int, int]:
        """The seat that holds the longest beginning of the job's tokens, and its length; (-1, 0) for none."""
        found = [(-1, 0)]
        for seat, held in self._idle.items():
            size = min(common(held, job.tokens), most)
            if size >= LEAST_SHARED and (self._native.partial or size == len(held)):
                found.append((seat, size))
        for one in self._active:
            size = min(common(one.tokens, job.tokens), one.held, most)
            if size >= LEAST_SHARED and one.started and self._native.partial:
                found.append((one.seat, size))
        return max(found, key=lambda source: source[1])

    def _fetch(self, job: Job, size: int) -> None:
        """From the disk to memory, where that saves reading the stable beginning."""
        stable = job.tokens[: job.stable]
        if max(size, self.parked.find(stable)[1]) + WORTH >= job.stable:
            return
        if (state := self._folder.load(stable)) is not None:
            self.parked.put(stable, state)

    def _seat_for(self, source: int, size: int) -> int:
        """The source itself, where an ended reply left it and no more than the end is lost; else an empty seat.

        Where all are in use the one that is idle for longest is parked.
        """
        taken = {one.seat for one in self._active}
        free = [seat for seat in range(self._native.seats) if seat not in taken]
        empty = next((seat for seat in free if seat not in self._idle), -1)
        if source in self._idle and (len(self._idle[source]) <= size + WORTH or free == [source]):
            self._keep(source, beyond=size)
            return source
        if empty < 0:
            empty = next(seat for seat in self._idle if seat != source)
            self._park(empty)
        return empty

    def _keep(self, seat: int, beyond: int = 0) -> None:
        """Keep in memory what an idle seat holds, where its tokens beyond that many are worth it."""
        if len(self._idle[seat]) > beyond + WORTH:
            self.parked.put(self._idle[seat], self._native.save(seat))

    def _park(self, seat: int) -> None:
        """Empty an idle seat; what it held stays in memory."""
        self._keep(seat)
        self._native.forget(seat)
        del self._idle[seat]

    def _fill(self, seat: int, source: int, key: tuple[int, ...], size: int) -> int:
        """Put the beginning into an empty seat, from another seat or from memory; how many tokens it then holds."""
        if size == 0:
            return 0
        if source >= 0:
            self._native.copy(source, seat, size)
            return size
        if (state := self.parked.take(key)) is None:
            return 0
        if not self._native.restore(seat, state):
            self._folder.remove(key)
            return 0
        self.parked.put(key, state)
        return self._native.forget(seat, size)

    def _save(self, job: Job) -> None:
        """Give the stable beginning, and nothing after it, to the disk."""
        job.save = False
        self._native.copy(job.seat, self._native.spare, job.stable)
        try:
            self._folder.save(job.tokens[: job.stable], self._native.save(self._native.spare))
        finally:
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
            for seat in list(self._idle):
                self._park(seat)
        elif len(self._active) > 1:
            self._active[-1].crowded = True
            self._pause(self._active[-1])
        else:
            job = self._active[0]
            self._leave(job)
            job.listener.failed(ModelError("The local model has no room for this request.", "Shorten it."))
