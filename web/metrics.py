"""What Prometheus reads: counters since this process began, and how the house is now. No label names a person."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from haven.ai.breaker import Circuit
from haven.ai.money.caps import Caps
from haven.ai.money.ledger import Ledger
from haven.ai.roster import Roster
from haven.ai.task import Tier
from haven.health import Health, LoopLag, snapshot
from haven.settings import Cloud
from haven.store import jobs, meters, waiting
from haven.store.database import Database
from haven.store.meters import Answer, Call

WHOSE = ("kind", "tier", "model")
COUNTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "haven_calls": ("Finished calls to models; local ones where an answer came of them.", WHOSE),
    "haven_tokens": ("Tokens of those calls.", (*WHOSE, "direction")),
    "haven_cost_usd": ("US dollars charged; the worst case where a service never told.", WHOSE),
    "haven_answers": ("Answers that a model gave, by whether their score passed the mark.", (*WHOSE, "passed")),
    "haven_answer_seconds": ("Seconds from question to whole answer, added up.", WHOSE),
    "haven_cache_hits": ("Answers from the cache.", ("kind",)),
    "haven_fallbacks": ("Answers for which more than one model was asked.", ("kind",)),
}
Key = tuple[str, ...]


class Totals:
    """Counters over the rows of every process of this house, from `begin` on; each row is read and counted once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sums: dict[str, dict[Key, float]] = {name: defaultdict(float) for name in COUNTED}
        self._answer, self._call = 0, 0
        self._counted: set[int] = set()
        """Calls after the oldest open one that are counted already."""
        self._reading = asyncio.Lock()

    async def begin(self) -> None:
        """What happened before is not counted: a counter that begins anew must begin at 0."""
        self._call, self._answer = await meters.newest(self._database)

    async def read(self) -> Iterator[Metric]:
        """Count what is new."""
        async with self._reading:
            calls = await meters.calls_after(self._database, self._call)
            answers = await meters.answers_after(self._database, self._answer)
            for call in calls:
                self._count_call(call)
            for answer in answers:
                self._count_answer(answer)
                self._answer = answer.id
            first_open = next((call.id for call in calls if call.open), None)
            done = [call.id for call in calls if first_open is None or call.id < first_open]
            self._call = max(done, default=self._call)
            self._counted = {id for id in self._counted if id > self._call}
        return self._families()

    def _families(self) -> Iterator[Metric]:
        for name, (about, labels) in COUNTED.items():
            family = CounterMetricFamily(name, about, labels=labels)
            for key, value in self._sums[name].items():
                family.add_metric(key, value)
            yield family

    def _count_call(self, call: Call) -> None:
        if call.open or call.id in self._counted:
            return
        self._counted.add(call.id)
        self._add_call((call.kind, call.tier, call.model))
        self._add_tokens((call.kind, call.tier, call.model), call.input_tokens, call.output_tokens)
        self._sums["haven_cost_usd"][call.kind, call.tier, call.model] += call.usd

    def _count_answer(self, answer: Answer) -> None:
        key = answer.kind, answer.tier, _plain(answer.model)
        if answer.cached:
            self._sums["haven_cache_hits"][(answer.kind,)] += 1
            return
        self._sums["haven_answers"][*key, "yes" if answer.passed else "no"] += 1
        self._sums["haven_answer_seconds"][key] += answer.seconds
        if len(answer.asked) > 1:
            self._sums["haven_fallbacks"][(answer.kind,)] += 1
        for tier, model in answer.asked:
            if tier == Tier.LOCAL:  # the others have rows of their own
                self._add_call((answer.kind, tier, _plain(model)))
        if answer.tier == Tier.LOCAL:
            self._add_tokens(key, answer.input_tokens, answer.output_tokens)

    def _add_call(self, key: Key) -> None:
        self._sums["haven_calls"][key] += 1

    def _add_tokens(self, key: Key, sent: int, came: int) -> None:
        self._sums["haven_tokens"][*key, "input"] += sent
        self._sums["haven_tokens"][*key, "output"] += came


def _plain(model: str) -> str:
    """Without the hash of its weights: it would begin a new series with each update."""
    return model.partition("@")[0]


class Meters:
    """One for the port: the counters and, at each look, the gauges."""

    def __init__(
        self, database: Database, roster: Roster, ledger: Ledger, lag: LoopLag, cloud: Cloud, disk: Path
    ) -> None:
        self._database, self._roster, self._ledger = database, roster, ledger
        self._lag, self._cloud, self._disk = lag, cloud, disk
        self._totals = Totals(database)

    async def begin(self) -> None:
        await self._totals.begin()

    async def text(self) -> bytes:
        """Everything in the text format 0.0.4. Raises StoreError."""
        counted = await self._totals.read()
        machine = await asyncio.to_thread(snapshot, self._disk)
        work, money = await self._work(), await self._money()
        return generate_latest(_Found([*counted, *self._models(), *work, *money, *self._pace(), *_machine(machine)]))

    async def look(self) -> None:
        """Raises StoreError where the database does not answer."""
        await jobs.waiting(self._database)

    def _models(self) -> Iterator[Metric]:
        circuits = GaugeMetricFamily(
            "haven_circuit", "1 for the state that a model's circuit breaker is in.", labels=("tier", "model", "state")
        )
        sizes = GaugeMetricFamily("haven_model_bytes", "Memory of each loaded local model.", labels=("model",))
        for one in self._roster.providers:
            now = self._roster.breaker(one).circuit
            for state in Circuit:
                circuits.add_metric((one.tier.value, one.name, state.value), float(state is now))
            if getattr(one, "loaded", False):
                sizes.add_metric((one.name,), getattr(one, "memory_mb", 0) * 1e6)
        yield circuits
        yield sizes

    async def _work(self) -> tuple[Metric, ...]:
        held = await meters.held(self._database)
        states = {state: held.get(state, 0) for state in waiting.OPEN}
        return (
            _gauge("haven_held_requests", "Requests that wait for the cloud or for a person.", states, "state"),
            _gauge("haven_jobs", "Jobs that are due or running.", {"": await jobs.waiting(self._database)}),
        )

    async def _money(self) -> tuple[Metric, ...]:
        spent = {"day": await self._ledger.spent_today(), "month": await self._ledger.spent_this_month()}
        held = await Caps(self._database, self._cloud).in_force()
        caps = {"day": held.daily, "month": held.monthly}
        return (
            _gauge("haven_spent_usd", "US dollars that the caps count.", spent, "period"),
            _gauge("haven_cap_usd", "The caps of everybody together, as they hold now.", caps, "period"),
        )

    def _pace(self) -> Iterator[Metric]:
        if self._lag.samples:
            lags = {"0.5": self._lag.p50, "0.99": self._lag.p99, "1": self._lag.max}
            seconds = {share: value / 1000 for share, value in lags.items()}
            yield _gauge("haven_loop_lag_seconds", "How late the event loop woke, over a minute.", seconds, "quantile")


def _machine(now: Health) -> Iterator[Metric]:
    """What this machine doesn't say is left out."""
    began = None if now.process_uptime_s is None else time.time() - now.process_uptime_s
    slowed = float(bool(now.throttled_now)) if now.throttling_known else None
    for name, about, value, scale in (
        ("process_resident_memory_bytes", "Memory of this process.", now.process_mb, 1e6),
        ("process_start_time_seconds", "When this process began, in seconds since 1970.", began, 1),
        ("haven_memory_bytes", "All memory of this machine.", now.memory_total_mb, 1e6),
        ("haven_memory_available_bytes", "Memory that is free for more.", now.memory_available_mb, 1e6),
        ("haven_disk_free_bytes", "Room on the disk of the state folder.", now.disk_free_mb, 1e6),
        ("haven_temperature_celsius", "How hot the processor is.", now.cpu_celsius, 1),
        ("haven_throttled", "1 while heat or the power supply slows the machine down.", slowed, 1),
    ):
        if value is not None:
            yield _gauge(name, about, {"": value * scale})


def _gauge(name: str, about: str, values: Mapping[str, float], label: str = "") -> Metric:
    """Each value under what its label says; without a label there is one, under ""."""
    family = GaugeMetricFamily(name, about, labels=(label,) if label else ())
    for said, value in values.items():
        family.add_metric((said,) if label else (), value)
    return family


class _Found:
    """What was collected already, in the form that the library writes down."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found
