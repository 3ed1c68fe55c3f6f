"""No sequence of events spends more than a cap: the ledger on a real file against a plain sum of what it granted."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from haven.ai.money.ledger import Ledger
from haven.ai.task import Usage
from haven.errors import OverBudget
from haven.settings import Cloud
from haven.store import ledger as table
from haven.store.database import Database
from tests.ai.desk import MEMBER, task
from tests.ai.test_ledger import NOON, OTHER, reserve

CAPS = st.fixed_dictionaries(
    {
        name: st.sampled_from([9_000_000, 2_000_000, 1_000_000, 600_000])
        for name in ("monthly_usd", "daily_usd", "per_person_daily_usd", "per_change_usd", "per_request_usd")
    }
)
PROCESSES = ("p", "q")
ENDS = ("still open", "settle", "lost", "unbilled")


@dataclass
class Granted:
    """One call as the sum sees it; amounts in millionths of a dollar."""

    id: int
    process: str
    at: float
    principal: str
    change: str | None
    request: str
    charged: int
    worst: int
    open: bool = True

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


class AnySequence(RuleBasedStateMachine):
    """Reserve, settle, lose, orphan, change caps and turn the clock in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.database = self.run_it(Database.open(Path(self.folder.name) / "db" / "haven.db"))
        self.clock = NOON
        self.granted: list[Granted] = []

    def run_it(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize(caps=CAPS)
    def the_house_opens(self, caps: dict[str, int]) -> None:
        self.the_caps_change(caps)

    @rule(caps=CAPS)
    def the_caps_change(self, caps: dict[str, int]) -> None:
        self.caps = caps
        cloud = Cloud.model_validate({name: amount / 1e6 for name, amount in caps.items()})
        self.ledgers = {name: Ledger(self.database, cloud, name, lambda: self.clock) for name in PROCESSES}

    @rule(seconds=st.sampled_from([1.0, 40_000.0, 20 * 86_400.0, -86_400.0, -35 * 86_400.0]))
    def time_passes_or_jumps_back(self, seconds: float) -> None:
        self.clock += seconds

    @rule(random=st.randoms(use_true_random=True))
    def calls_want_to_leave(self, random: Random) -> None:
        for _ in range(random.randint(1, 8)):
            who, change = random.choice([MEMBER, OTHER]), random.choice([None, None, "a", "b"])
            limit = random.choice([None, None, None, 800_000])
            worst, process = random.randint(50_000, 700_000), random.choice(PROCESSES)
            at = max([self.clock, *(call.at for call in self.granted)])
            call = Granted(0, process, at, who.id, change, random.choice(["", "", "r", "s"]), worst, worst)
            fits = all(spent + worst <= cap for spent, cap in self.limits(call, limit))
            asked = task(principal=who, change=change, max_usd=None if limit is None else limit / 1e6)
            try:
                call.id = self.run_it(reserve(self.ledgers[process], asked, worst / 1e6, call.request))
            except OverBudget:
                assert not fits, "there was room"
            else:
                assert fits, "a cap was passed"
                self.granted.append(call)
                self.end(call, random.choice(ENDS), random.random())

    def limits(self, call: Granted, limit: int | None) -> list[tuple[int, int]]:
        """What was charged so far, and the cap, for all caps that this call meets."""
        today = [one for one in self.granted if one.when.date() == call.when.date()]
        month = [one for one in self.granted if (one.when.year, one.when.month) == (call.when.year, call.when.month)]
        mine = [one for one in today if one.principal == call.principal]
        limits = [
            (charged(month), self.caps["monthly_usd"]),
            (charged(today), self.caps["daily_usd"]),
            (charged(mine), self.caps["per_person_daily_usd"]),
        ]
        if call.change is not None:
            same = [one for one in self.granted if one.change == call.change]
            limits.append((charged(same), self.caps["per_change_usd"]))
        if limit is not None or call.change is None:
            same = [one for one in self.granted if call.request and one.request == call.request]
            limits.append((charged(same), self.caps["per_request_usd"] if limit is None else limit))
        return limits

    @rule(random=st.randoms(use_true_random=True))
    def an_earlier_call_ends_perhaps_again(self, random: Random) -> None:
        if self.granted:
            self.end(random.choice(self.granted), random.choice(ENDS), random.random())

    def end(self, call: Granted, end: str, share: float) -> None:
        ledger, cost = self.ledgers[call.process], int(call.worst * share)
        if end == "settle":
            self.run_it(ledger.settle(call.id, cost / 1e6, Usage(1, 1), 0.1))
        elif end == "lost":
            self.run_it(ledger.lost(call.id, 0.1, "broke off"))
        elif end == "unbilled":
            self.run_it(ledger.unbilled(call.id, 0.1, "refused"))
        if call.open:
            call.charged = {"settle": cost, "unbilled": 0}.get(end, call.worst)
            call.open = end == "still open"

    @rule(process=st.sampled_from(PROCESSES))
    def a_process_dies(self, process: str) -> None:
        self.run_it(self.database.write(lambda tx: table.orphan(tx, process)))
        for call in self.granted:
            call.open = call.open and call.process != process

    @invariant()
    def the_rows_say_the_same(self) -> None:
        rows = self.run_it(self.database.rows("select charged, state = 'reserved' from ledger order by id"))
        assert [(round(row[0] * 1e6), bool(row[1])) for row in rows] == [
            (call.charged, call.open) for call in self.granted
        ]
        total = sum(self.run_it(table.by_day(self.database, -1_000_000)).values())
        assert round(total * 1e6) == charged(self.granted)

    def teardown(self) -> None:
        self.run_it(self.database.close())
        self.runner.close()
        self.folder.cleanup()


def charged(calls: list[Granted]) -> int:
    return sum(call.charged for call in calls)


AnySequence.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestAnySequence = AnySequence.TestCase
