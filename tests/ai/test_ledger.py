"""No cap is passed, whatever happens to the calls: real transactions on a real file."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.access import Principal, Role
from haven.ai.ledger import Ledger
from haven.ai.task import Task, Tier, Usage
from haven.app import open_house
from haven.errors import OverBudget
from haven.jobs import process_identity
from haven.settings import Cloud, Paths, Settings
from haven.store import ledger as table
from haven.store.database import opened
from tests.ai.desk import MEMBER, task

OTHER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")
WIDE = {"monthly_usd": 100.0, "daily_usd": 100.0, "per_person_daily_usd": 100.0, "per_change_usd": 100.0}


def caps(**tight: float) -> Cloud:
    return Cloud.model_validate(WIDE | tight)


async def reserve(ledger: Ledger, asked: Task, worst_usd: float) -> int:
    return await ledger.reserve(
        asked, tier=Tier.CLOUD, model="m", recipient="r", sent="text", redacted={}, worst_usd=worst_usd
    )


@pytest.mark.parametrize("cap", sorted(WIDE))
async def test_fifty_calls_at_once_share_one_remaining_dollar(tmp_path: Path, cap: str) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(**{cap: 3.0}), process_identity())
        asked = task(change="abc123")
        await ledger.settle(await reserve(ledger, asked, 2.5), 2.0, Usage(1, 1), 0.1)
        results = await asyncio.gather(*(reserve(ledger, asked, 0.1) for _ in range(50)), return_exceptions=True)
        refused = [error for error in results if isinstance(error, OverBudget)]
        assert (len(results) - len(refused), len(refused)) == (10, 40)
        assert f"cloud.{cap}" in refused[0].mend and "0.0000 left" in str(refused[0])
        assert await ledger.spent_today() == pytest.approx(3.0)
        assert len(await database.rows("select id from ledger")) == 11, "a refused call leaves no row"


async def test_a_person_or_a_change_at_its_cap_does_not_stop_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(per_person_daily_usd=1.0, per_change_usd=0.5), process_identity())
        await reserve(ledger, task(change="one"), 0.5)
        with pytest.raises(OverBudget, match="one change") as caught:
            await reserve(ledger, task(change="one", principal=OTHER), 0.1)
        assert not caught.value.retry, "a change's cap does not open again by itself"
        await reserve(ledger, task(change="two"), 0.5)
        with pytest.raises(OverBudget, match="Mika") as caught:
            await reserve(ledger, task(), 0.1)
        assert caught.value.retry
        await reserve(ledger, task(principal=OTHER), 0.9)


async def test_the_last_cent_may_be_spent(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(monthly_usd=0.3), process_identity())
        for _ in range(3):  # 0.1 + 0.1 + 0.1 is more than 0.3 in floating point
            await reserve(ledger, task(), 0.1)
        with pytest.raises(OverBudget):
            await reserve(ledger, task(), 0.000001)


async def test_a_row_is_settled_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(), process_identity())
        id = await reserve(ledger, task(), 0.5)
        await ledger.settle(id, 0.2, Usage(10, 5), 1.0)
        await ledger.lost(id, 2.0, "too late")
        await ledger.unbilled(id, 2.0, "too late")
        assert await ledger.spent_this_month() == pytest.approx(0.2)


KILLED = """
import asyncio, sys
from pathlib import Path
from haven.store.database import opened
from haven.ai.ledger import Ledger
from haven.jobs import process_identity
from tests.ai.test_ledger import caps, reserve, task

async def main():
    async with opened(Path(sys.argv[1])) as database:
        await reserve(Ledger(database, caps(), process_identity()), task(), 0.75)
        print("reserved", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_reservation_of_a_killed_process_stays_charged_at_its_worst(tmp_path: Path) -> None:
    ready = Settings(paths=Paths(state_dir=tmp_path / "state", config_dir=tmp_path, runtime_dir=tmp_path))
    command = [sys.executable, "-c", KILLED, str(ready.database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"reserved\n"
        async with open_house(ready) as house:
            assert [row["state"] for row in await house.database.rows("select state from ledger")] == ["reserved"]
        os.kill(process.pid, signal.SIGKILL)
    async with open_house(ready) as house:
        [row] = await house.database.rows("select state, outcome from ledger")
        assert row["state"] == "unknown" and "process ended" in row["outcome"]
        assert await house.ledger.spent_today() == pytest.approx(0.75)


async def test_what_a_stand_in_is_told_costs_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, Cloud(stand_in=True, monthly_usd=0.0), process_identity())
        await ledger.settle(await reserve(ledger, task(), 9.0), 9.0, Usage(), 0.1)
        assert await ledger.spent_this_month() == 0.0


ENDS = st.sampled_from(["settled", "lost", "unbilled", "still open"])
CALLS = st.tuples(
    st.integers(0, 700_000), ENDS, st.floats(0, 1), st.sampled_from([MEMBER, OTHER]), st.sampled_from([None, "a", "b"])
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(CALLS, max_size=6), max_size=4))
def test_no_sequence_of_calls_spends_more_than_a_cap(waves: list[list[Any]]) -> None:
    asyncio.run(_spend(waves))


async def _spend(waves: Sequence[Sequence[Any]]) -> None:
    """Waves of calls at the same time; each ends in its own way before the next wave."""
    tight = caps(monthly_usd=2.0, daily_usd=1.6, per_person_daily_usd=1.1, per_change_usd=0.9)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder) / "db" / "haven.db") as database:
            ledger = Ledger(database, tight, process_identity())
            for wave in waves:
                await asyncio.gather(*(_call(ledger, *call) for call in wave))
                await _assert_within(database, tight)


async def _call(
    ledger: Ledger, millionths: int, end: str, share: float, principal: Principal, change: str | None
) -> None:
    worst = millionths / 1_000_000
    try:
        id = await reserve(ledger, task(principal=principal, change=change), worst)
    except OverBudget:
        return
    if end == "settled":
        await ledger.settle(id, round(worst * share, 6), Usage(1, 1), 0.1)
    elif end == "lost":
        await ledger.lost(id, 0.1, "broke off")
    elif end == "unbilled":
        await ledger.unbilled(id, 0.1, "refused")


async def _assert_within(database: Any, tight: Cloud) -> None:
    async def work(tx: Any) -> list[tuple[float, float]]:
        return [
            (await table.spent(tx, 0.0), tight.daily_usd),
            *[(await table.spent(tx, 0.0, principal=one.id), tight.per_person_daily_usd) for one in (MEMBER, OTHER)],
            *[(await table.spent(tx, 0.0, change_id=one), tight.per_change_usd) for one in ("a", "b")],
        ]

    for spent, cap in await database.write(work):
        assert round(spent, 6) <= cap
