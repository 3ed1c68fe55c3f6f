"""No cap is passed, whatever happens to the calls: real transactions on a real file."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from haven.access import Principal, Role
from haven.ai.money.caps import DAILY, PER_PERSON, Caps
from haven.ai.money.ledger import Ledger
from haven.ai.task import Task, Tier, Usage
from haven.app import open_house
from haven.errors import AccessDenied, BadInput, OverBudget
from haven.jobs import process_identity
from haven.settings import Cloud, Paths, Settings
from haven.store import events
from haven.store.database import opened
from tests.ai.desk import task

OTHER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")
WIDE = {
    "monthly_usd": 100.0,
    "daily_usd": 100.0,
    "per_person_daily_usd": 100.0,
    "per_change_usd": 100.0,
    "per_request_usd": 100.0,
}
ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


def caps(**tight: float) -> Cloud:
    return Cloud.model_validate(WIDE | tight)


async def reserve(ledger: Ledger, asked: Task, worst_usd: float, request: str = "", **more: Any) -> int:
    told = {"tier": Tier.CLOUD, "model": "m", "recipient": "r", "sent": "text", "redacted": {}} | more
    return await ledger.reserve(asked, request=request, worst_usd=worst_usd, **told)


@pytest.mark.parametrize("cap", sorted(WIDE))
async def test_fifty_calls_at_once_share_one_remaining_dollar(tmp_path: Path, cap: str) -> None:
    async with opened(tmp_path / "db" / "haven.db") as one, opened(tmp_path / "db" / "haven.db") as two:
        ledgers = [Ledger(database, caps(**{cap: 3.0}), process_identity()) for database in (one, two)]
        asked = task() if cap == "per_request_usd" else task(change="abc123")
        await ledgers[0].settle(await reserve(ledgers[0], asked, 2.5, "r1"), 2.0, Usage(1, 1), 0.1)
        calls = (reserve(ledgers[number % 2], asked, 0.1, "r1") for number in range(50))
        results = await asyncio.gather(*calls, return_exceptions=True)
        refused = [error for error in results if isinstance(error, OverBudget)]
        assert (len(results) - len(refused), len(refused)) == (10, 40)
        assert f"cloud.{cap}" in refused[0].mend and "0.0000 left" in str(refused[0])
        assert await ledgers[1].spent_today() == pytest.approx(3.0)
        assert len(await one.rows("select id from ledger")) == 11, "a refused call leaves no row"


RIVAL = """
import asyncio, sys
from pathlib import Path
from haven.ai.money.caps import DAILY, PER_PERSON, Caps
from haven.ai.money.ledger import Ledger
from haven.errors import AccessDenied, BadInput, OverBudget
from haven.jobs import process_identity
from haven.store import events
from haven.store.database import opened
from tests.ai.test_ledger import caps, reserve, task

async def main():
    async with opened(Path(sys.argv[1])) as database:
        ledger = Ledger(database, caps(daily_usd=1.0), process_identity())
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        results = await asyncio.gather(*(reserve(ledger, task(), 0.1) for _ in range(25)), return_exceptions=True)
        assert all(isinstance(one, int | OverBudget) for one in results), results
        print(sum(isinstance(one, int) for one in results), flush=True)

asyncio.run(main())
"""


async def test_two_processes_share_the_remaining_dollar_as_well(tmp_path: Path) -> None:
    file = tmp_path / "db" / "haven.db"
    rivals = [await _python(RIVAL, file) for _ in range(2)]
    for rival in rivals:
        assert await rival.stdout.readline() == b"ready\n"
    granted = [int((await rival.communicate(b"go\n"))[0]) for rival in rivals]
    assert sum(granted) == 10
    async with opened(file) as database:
        assert await Ledger(database, caps(), "").spent_today() == pytest.approx(1.0)


async def _python(program: str, *arguments: Any) -> Any:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)


async def test_a_person_or_a_change_at_its_cap_does_not_stop_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(per_person_daily_usd=1.0, per_change_usd=0.5), process_identity())
        await reserve(ledger, task(change="one"), 0.5)
        with pytest.raises(OverBudget, match="one change") as caught:
            await reserve(ledger, task(change="one", principal=OTHER), 0.1)
        assert not caught.value.retry and "wait" not in caught.value.mend, "it does not open again by itself"
        await reserve(ledger, task(change="two"), 0.5)
        with pytest.raises(OverBudget, match="cap for one person") as caught:
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
from haven.store import events
from haven.store.database import opened
from haven.ai.money.caps import DAILY, PER_PERSON, Caps
from haven.ai.money.ledger import Ledger
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
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
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
        with pytest.raises(OverBudget):
            await reserve(ledger, task(), 0.01, stand_in=False)


async def test_a_call_to_the_house_next_door_is_recorded_and_meets_no_cap(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        nothing_left = caps(monthly_usd=0.0, daily_usd=0.0, per_person_daily_usd=0.0, per_request_usd=0.0)
        ledger = Ledger(database, nothing_left, process_identity())
        id = await reserve(ledger, task(), 0.0, tier=Tier.LAN, recipient="living-room")
        await ledger.settle(id, 0.0, Usage(10, 5), 1.0)
        [row] = await database.rows("select tier, state, charged, input_tokens from ledger")
        assert tuple(row) == ("lan", "settled", 0.0, 10)


async def test_the_calls_of_one_request_share_its_cap(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(per_request_usd=0.5), process_identity())
        await reserve(ledger, task(), 0.3, "first")
        with pytest.raises(OverBudget, match=r"one request of 0\.50 USD has 0\.2000 left") as caught:
            await reserve(ledger, task(principal=OTHER), 0.3, "first")
        assert not caught.value.retry and "cloud.per_request_usd" in caught.value.mend
        await reserve(ledger, task(), 0.3, "second")
        await reserve(ledger, task(change="one"), 0.9, "third")  # a change has its own cap
        with pytest.raises(OverBudget, match=r"one request of 0\.50"):
            await reserve(ledger, task(), 0.6)


async def test_a_request_that_names_its_own_limit_is_held_to_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(per_request_usd=0.1), process_identity())
        await reserve(ledger, task(max_usd=0.4), 0.3, "first")
        for asked in (task(max_usd=0.4), task(max_usd=0.4, change="one")):
            with pytest.raises(OverBudget, match=r"one request of 0\.40") as caught:
                await reserve(ledger, asked, 0.2, "first")
            assert not caught.value.retry and "cloud." not in caught.value.mend


async def test_days_and_months_end_at_midnight_utc(tmp_path: Path) -> None:
    clock = [datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC).timestamp()]
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(monthly_usd=1.0, daily_usd=1.0), process_identity(), lambda: clock[0])
        await reserve(ledger, task(), 1.0)
        with pytest.raises(OverBudget):
            await reserve(ledger, task(), 0.1)
        clock[0] = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
        await reserve(ledger, task(), 1.0)
        assert await ledger.spent_this_month() == pytest.approx(1.0)


@pytest.mark.parametrize("behind", [2 * 3600.0, DAY, 40 * DAY, NOON])
async def test_a_clock_that_jumps_back_frees_no_budget(tmp_path: Path, behind: float) -> None:
    clock = [NOON]
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(daily_usd=1.0), process_identity(), lambda: clock[0])
        await reserve(ledger, task(), 0.9)
        clock[0] = NOON - behind
        with pytest.raises(OverBudget) as caught:
            await reserve(ledger, task(), 0.2)
        assert "clock" in caught.value.mend and "2026-11-21" in caught.value.mend
        await reserve(ledger, task(), 0.1)
        clock[0] = NOON
        with pytest.raises(OverBudget) as caught:
            await reserve(ledger, task(), 0.1)
        assert "clock" not in caught.value.mend
        assert [row[0] for row in await database.rows("select at from ledger")] == [NOON, NOON]


@pytest.mark.parametrize(("usd", "charged"), [(0.3, 0.3), (3e12, 1.0), (float("nan"), 1.0), (float("inf"), 1.0)])
async def test_a_bill_far_above_the_worst_case_is_not_believed(tmp_path: Path, usd: float, charged: float) -> None:
    async with opened(tmp_path / "db" / "haven.db") as database:
        ledger = Ledger(database, caps(), process_identity())
        await ledger.settle(await reserve(ledger, task(), 0.1), usd, Usage(1, 1), 0.1)
        assert await ledger.spent_this_month() == pytest.approx(charged)


async def test_what_the_owner_caps_holds_at_once_everywhere_and_after_a_restart(tmp_path: Path) -> None:
    path, asked = tmp_path / "db" / "haven.db", task()
    owner = replace(asked.principal, id="unix:0", role=Role.OWNER)
    async with opened(path) as one, opened(path) as two:
        other, book = Ledger(two, caps(daily_usd=9.0), process_identity()), Caps(one, caps(daily_usd=9.0))
        with pytest.raises(AccessDenied):
            await book.put(asked.principal, [(DAILY, 9.0, "")])
        for usd in (float("nan"), -1.0, 101.0):
            with pytest.raises(BadInput):
                await book.put(owner, [(DAILY, usd, "")])
        await book.put(owner, [(PER_PERSON, 2.0, "")])
        await book.put(owner, [(PER_PERSON, 0.5, asked.principal.id)])
        with pytest.raises(OverBudget, match=r"of 0\.50 USD") as refused:
            await reserve(other, asked, 0.6)
        assert "/haven caps" in refused.value.mend
        await reserve(other, replace(asked, principal=OTHER), 1.9)  # nobody else's cap moved
    async with opened(path) as again:
        ledger, book = Ledger(again, caps(), process_identity()), Caps(again, caps())
        with pytest.raises(OverBudget, match=r"of 0\.50 USD"):
            await reserve(ledger, asked, 0.6)
        await book.put(owner, [(PER_PERSON, None, asked.principal.id)])
        await book.put(owner, [(DAILY, 2.0, "")])
        assert (await book.in_force()).of(asked.principal.id) == 2.0
        with pytest.raises(OverBudget, match=r"today's cap of 2\.00 USD"):
            await reserve(ledger, asked, 0.6)
        told = [one.data for one in await events.of(again, PER_PERSON)]
        assert [(one["usd"], one["person"]) for one in told] == [(2.0, ""), (0.5, "discord:7"), (None, "discord:7")]
