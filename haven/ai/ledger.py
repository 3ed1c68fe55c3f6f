"""Reserve and settle: no call leaves the house before its worst case fits every cap and is written down."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from haven.ai.task import Task, Tier, Usage
from haven.errors import OverBudget
from haven.settings import Cloud
from haven.store import ledger as table
from haven.store.database import Database, Transaction


class Ledger:
    """Caps are checked and the row is written in one transaction."""

    def __init__(self, database: Database, caps: Cloud, process: str) -> None:
        self._database = database
        self._caps = caps
        self._process = process

    async def reserve(
        self,
        task: Task,
        *,
        tier: Tier,
        model: str,
        recipient: str,
        sent: str,
        redacted: dict[str, int],
        worst_usd: float,
    ) -> int:
        """The id of the new row. Raises OverBudget, with nothing written, where a cap would be passed."""
        entry = table.Entry(
            process=self._process,
            principal=task.principal.id,
            purpose=task.purpose,
            tier=tier.value,
            model=model,
            recipient=recipient,
            sent_sha256=hashlib.sha256(sent.encode()).hexdigest(),
            sent_chars=len(sent),
            worst_usd=worst_usd,
            change_id=task.change,
            round=task.round,
            stand_in=self._caps.stand_in,
            redacted=redacted,
        )

        async def work(tx: Transaction) -> int:
            if not entry.stand_in:
                await self._check(tx, task, worst_usd)
            return await table.insert(tx, entry, sent)

        return await self._database.write(work)

    async def settle(self, id: int, usd: float, usage: Usage, seconds: float, outcome: str = "ok") -> None:
        await self._end(
            id,
            state="settled",
            usd=usd,
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read=usage.cache_read,
            cache_write=usage.cache_write,
            seconds=seconds,
            outcome=outcome,
        )

    async def lost(self, id: int, seconds: float, outcome: str) -> None:
        """The call ended without its usage: it stays charged at the worst case."""
        await self._end(id, state="unknown", seconds=seconds, outcome=outcome)

    async def unbilled(self, id: int, seconds: float, outcome: str) -> None:
        """The call was refused before any work was done, so it cost nothing."""
        await self._end(id, state="settled", usd=0.0, seconds=seconds, outcome=outcome)

    async def by_hand(self, task: Task, sent: str, redacted: dict[str, int]) -> int:
        """Record a prompt that a person carries to a chat of their own."""
        digest = hashlib.sha256(sent.encode()).hexdigest()
        entry = table.Entry(
            process=self._process,
            principal=task.principal.id,
            purpose=task.purpose,
            tier=Tier.CLOUD.value,
            model="chosen by the person",
            recipient="carried by hand",
            sent_sha256=digest,
            sent_chars=len(sent),
            worst_usd=0.0,
            change_id=task.change,
            round=task.round,
            redacted=redacted,
            state="by hand",
        )
        return await self._database.write(lambda tx: table.insert(tx, entry, sent))

    async def spent_this_month(self) -> float:
        """US dollars, for display."""
        return await table.total(self._database, _month_start())

    async def spent_today(self) -> float:
        return await table.total(self._database, _day_start())

    async def _end(self, id: int, **fields: Any) -> None:
        await self._database.write(lambda tx: table.settle(tx, id, **fields))

    async def _check(self, tx: Transaction, task: Task, worst_usd: float) -> None:
        day = _day_start()
        caps = [
            ("this month's cap", self._caps.monthly_usd, await table.spent(tx, _month_start()), "cloud.monthly_usd"),
            ("today's cap", self._caps.daily_usd, await table.spent(tx, day), "cloud.daily_usd"),
            (
                f"today's cap for {task.principal.name}",
                self._caps.per_person_daily_usd,
                await table.spent(tx, day, principal=task.principal.id),
                "cloud.per_person_daily_usd",
            ),
        ]
        if task.change is not None:
            spent = await table.spent(tx, 0.0, change_id=task.change)
            caps.append(("the cap for one change", self._caps.per_change_usd, spent, "cloud.per_change_usd"))
        for name, cap, spent, key in caps:
            if round(spent + worst_usd, 6) > cap:  # prices are whole millionths; a float's sum is not
                raise OverBudget(
                    f"This call could cost up to {worst_usd:.4f} USD, and {name} of {cap:.2f} USD has"
                    f" {max(0.0, cap - spent):.4f} left.",
                    f"Raise `{key}`, or wait.",
                    retry=not name.startswith("the cap for one"),
                )


def _month_start() -> float:
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def _day_start() -> float:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
