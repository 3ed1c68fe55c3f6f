"""Reserve and settle: no call leaves the house before its worst case fits every cap and is written down."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from haven.ai.money.caps import DAILY, PER_PERSON
from haven.ai.task import Task, Tier, Usage
from haven.errors import OverBudget
from haven.settings import Cloud
from haven.store import caps as set_caps
from haven.store import ledger as table
from haven.store.database import Database, Transaction, now

MOST_TIMES_WORST = 10.0
"""A bill of more than this many times the worst case is not believed: the estimate may be low, but not so low."""
SET = "The owner set it while Haven runs, and raises it with `/haven caps` or `haven cloud caps`; or wait."
UNASKED = "the cap for one request without a yes"
YES = "Choose the cloud for this question: its price is shown first."
log = logging.getLogger("haven.ledger")
CLOCK_SLACK_S = 3600.0
"""A clock that is further behind the newest call than this is spoken of."""


@dataclass(frozen=True)
class _Cap:
    """One limit in US dollars, and what it has been charged so far; `lasting` ones do not open again by waiting."""

    name: str
    usd: float
    spent: float
    mend: str
    lasting: bool = False


class Ledger:
    """Caps are checked and the row is written in one transaction.

    Days and months are UTC. The ledger's time never runs backwards: while the clock stands before the newest call, a
    call counts to that one's day, so that a machine that lost its clock gets no second budget.
    """

    def __init__(self, database: Database, caps: Cloud, process: str, clock: Callable[[], float] = now) -> None:
        self._database = database
        self._caps = caps
        self._process = process
        self._clock = clock
        self._ending: set[asyncio.Future[None]] = set()

    def reserve(
        self,
        task: Task,
        *,
        request: str = "",
        tier: Tier,
        model: str,
        recipient: str,
        sent: str,
        redacted: dict[str, int],
        worst_usd: float,
        stand_in: bool | None = None,
    ) -> asyncio.Future[int]:
        """The id of the new row, begun at once. Raises OverBudget, with nothing written, where a cap would be passed.

        `request` is shared by all calls of one request; a call without it is a request of its own. `stand_in` None
        means as the settings say of the cloud. Calls to lan are recorded and never meet a cap.
        """
        if stand_in is None:
            stand_in = self._caps.stand_in and tier is Tier.CLOUD
        entry = self._entry(
            task,
            sent,
            redacted,
            tier=tier.value,
            model=model,
            recipient=recipient,
            worst_usd=worst_usd,
            request=request,
            stand_in=stand_in,
        )

        async def work(tx: Transaction) -> int:
            at = max(self._clock(), await table.newest(tx))
            if not entry.stand_in and tier is not Tier.LAN:
                self._check(await self._limits(tx, task, request, at), worst_usd, at)
            return await table.insert(tx, entry, sent, at)

        reserved = self._database.soon(work, quiet=True)
        self._database.hurry()
        return reserved

    async def fits(self, task: Task, worst_usd: float) -> None:
        """Raises OverBudget where a call of this worst case would pass a cap now; writes nothing."""

        async def work(tx: Transaction) -> None:
            at = max(self._clock(), await table.newest(tx))
            self._check(await self._limits(tx, task, "", at), worst_usd, at)

        await self._database.write(work)

    async def settle(self, id: int, usd: float, usage: Usage, seconds: float, outcome: str = "ok") -> None:
        """Put the true cost; only the first word on a call counts, here as in all below.

        What is over ten times the worst case is charged as that much.
        """
        settled = self.settling(id, usd, usage, seconds, outcome)
        self._database.hurry()
        await settled

    def settling(self, id: int, usd: float, usage: Usage, seconds: float, outcome: str = "ok") -> asyncio.Future[None]:
        """The same in one commit with what is written next, in a moment; `written` waits for it.

        Should it fail, that is logged and the call stays charged at its worst case: nobody loses the answer for it.
        """
        told = {
            "input_tokens": usage.input,
            "output_tokens": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
            "seconds": seconds,
            "outcome": outcome,
        }

        async def work(tx: Transaction) -> None:
            most = await table.worst(tx, id) * MOST_TIMES_WORST
            if not usd <= most:
                log.warning("call %d cost %s USD, it says; it is charged %s", id, usd, most)
            await table.settle(tx, id, self._clock(), state="settled", usd=usd if usd <= most else most, **told)

        settled = self._database.soon(work, quiet=True)
        self._ending.add(settled)
        settled.add_done_callback(self._ended)
        return settled

    async def written(self) -> None:
        """Wait until the calls that have ended are on the disk."""
        if self._ending:
            self._database.hurry()
            await asyncio.wait(self._ending)

    async def lost(self, id: int, seconds: float, outcome: str) -> None:
        """The call ended without its usage: it stays charged at the worst case."""
        await self._end(id, state="unknown", seconds=seconds, outcome=outcome)

    async def unbilled(self, id: int, seconds: float, outcome: str) -> None:
        """The call was refused before any work was done, so it cost nothing."""
        await self._end(id, state="settled", usd=0.0, seconds=seconds, outcome=outcome)

    async def by_hand(self, task: Task, sent: str, redacted: dict[str, int]) -> int:
        """Record a prompt that a person carries to a chat of their own."""
        chosen = {"model": "chosen by the person", "recipient": "carried by hand"}
        entry = self._entry(task, sent, redacted, tier=Tier.CLOUD.value, worst_usd=0.0, **chosen)

        async def work(tx: Transaction) -> int:
            at = max(self._clock(), await table.newest(tx))
            id = await table.insert(tx, entry, sent, at)
            await table.settle(tx, id, at, state="by hand")
            return id

        return await self._database.write(work)

    async def spent_this_month(self) -> float:
        """US dollars, for display."""
        return await self._spent_since(month_start(self._clock()))

    async def spent_today(self) -> float:
        return await self._spent_since(_day(self._clock()))

    async def _spent_since(self, day: int) -> float:
        return sum((await table.by_day(self._database, day)).values())

    def _entry(self, task: Task, sent: str, redacted: dict[str, int], **more: Any) -> table.Entry:
        return table.Entry(
            process=self._process,
            principal=task.principal.id,
            kind=task.kind,
            purpose=task.purpose,
            sent_sha256=hashlib.sha256(sent.encode()).hexdigest(),
            sent_chars=len(sent),
            change_id=task.change,
            round=task.round,
            redacted=redacted,
            **more,
        )

    def _ended(self, settled: asyncio.Future[None]) -> None:
        self._ending.discard(settled)
        if not settled.cancelled() and (error := settled.exception()) is not None:
            log.warning("what a call cost could not be written, so it stays charged at its worst case: %s", error)

    async def _end(self, id: int, **fields: Any) -> None:
        await self._database.write(lambda tx: table.settle(tx, id, self._clock(), **fields))

    async def _limits(self, tx: Transaction, task: Task, request: str, at: float) -> list[_Cap]:
        caps, day, who = self._caps, _day(at), task.principal
        personal = await table.spent(tx, day, principal=who.id)
        limits = [
            _Cap("this month's cap", caps.monthly_usd, await table.spent(tx, month_start(at)), _raise("monthly_usd")),
            _Cap("today's cap", caps.daily_usd, await table.spent(tx, day), _raise(DAILY)),
            _Cap("today's cap for one person", caps.per_person_daily_usd, personal, _raise(PER_PERSON)),
        ]
        newest = await set_caps.in_force(tx, who.id)
        for place, whose in ((1, newest.get((DAILY, ""))), (2, _own(newest, who.id))):
            if whose is not None:
                limits[place] = replace(limits[place], usd=whose, mend=SET)
        if task.change is not None:
            spent = await table.spent_by_change(tx, task.change)
            mend = _raise("per_change_usd", lasting=True)
            limits.append(_Cap("the cap for one change", caps.per_change_usd, spent, mend, lasting=True))
        if task.max_usd is not None or task.change is None:
            spent = await table.spent_by_request(tx, request)
            limits.append(_request_cap(task.max_usd, caps.per_request_usd, spent))
            if task.unasked_usd is not None:
                limits.append(_Cap(UNASKED, task.unasked_usd, spent, YES, lasting=True))
        return limits

    def _check(self, limits: list[_Cap], worst_usd: float, at: float) -> None:
        for cap in limits:
            if round(cap.spent + worst_usd, 6) <= cap.usd:  # prices are whole millionths; a float's sum is not
                continue
            mend = cap.mend
            if not cap.lasting and at - self._clock() > CLOCK_SLACK_S:
                mend += f" This machine's clock stands before the newest call ({_date(at)}): check that it is right."
            raise OverBudget(
                f"This call could cost up to {worst_usd:.4f} USD, and {cap.name} of {cap.usd:.2f} USD has"
                f" {max(0.0, cap.usd - cap.spent):.4f} left.",
                mend,
                retry=not cap.lasting and cap.usd > 0,
            )


def _request_cap(wanted: float | None, default: float, spent: float) -> _Cap:
    name = "the cap for one request"
    if wanted is None:
        return _Cap(name, default, spent, _raise("per_request_usd", lasting=True), lasting=True)
    return _Cap(name, wanted, spent, "Allow this request more, or ask for less at once.", lasting=True)


def _own(newest: dict[tuple[str, str], float], person: str) -> float | None:
    return newest.get((PER_PERSON, person), newest.get((PER_PERSON, "")))


def _raise(key: str, *, lasting: bool = False) -> str:
    return f"Raise `cloud.{key}`." if lasting else f"Raise `cloud.{key}`, or wait."


def month_start(at: float) -> int:
    """The first day of the month of a moment, in days since 1970 (UTC)."""
    return _day(datetime.fromtimestamp(at, UTC).replace(day=1).timestamp())


def _day(at: float) -> int:
    return int(at // table.DAY_S)


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
