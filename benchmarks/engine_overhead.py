"""What does Haven itself cost around a call to a model that answers at once? One JSON line, milliseconds.

Goal: p99 of 5 ms at most, for a question that was not asked before: judged, routed, looked for in the cache, redacted,
reserved, settled, scored, recorded. The whole house as `haven up` builds it, its bus running; only the cloud's
`generate` is replaced. The parts stand in the order in which they come; `rest` is what lies between them, changes of
thread included.

A call waits for two commits with sync: its reservation before it leaves, and its cost with what became of it after. So
that the figure is true of any disk, each call is followed by two bare writes of one row to the same database:
`commits` is what those two took, `without_commits` the call less its own two, pair by pair.

The rules are sure of these questions. `unsure` are others, where it matters how hard they are: those are judged by
their meaning too, and a vector takes longer than all the rest. `vectors` says for how many one was made.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from haven.access import Principal, Role
from haven.ai import validate
from haven.ai.outgoing import Outgoing
from haven.ai.providers.base import Call, Finish
from haven.ai.task import Delta, Reply, Task, Tier, Turn, Usage
from haven.app import House, open_house
from haven.quoting import data_block
from haven.settings import ANTHROPIC_KEY, Settings
from haven.store import notes

WHO = Principal("discord:7", "Mika", Role.MEMBER, "bot")
PLENTY = 1e6
PLACES = ("Oculi", "Korvax", "Teth", "Venture", "Zephyria", "Hesper", "Lumen")
ANSWER = (
    "The nearest portal stands in the northern dunes of the third planet, two jumps from the outpost. Fly past the "
    "broken moon first, because storms close the shorter way for most of the day. Whoever lands there after dark will "
    "see its light from orbit; the archive keeps a drawing of it, made by the crew that came there before all others."
)
RUNS, WARM_UP = 300, 20
COMMITS = 2
SURE = "Where is the nearest portal to {place} {number}?"
UNSURE = "Where is the nearest portal to {place} {number}, and who of us found it?"


def settings_in(folder: Path) -> Settings:
    caps = ("monthly_usd", "daily_usd", "per_person_daily_usd", "per_request_usd")
    paths = {"state_dir": folder / "state", "config_dir": folder / "config", "runtime_dir": folder / "run"}
    cloud = {"base_url": "http://127.0.0.1:9", "requests_per_minute": 1_000_000} | dict.fromkeys(caps, PLENTY)
    told: dict[str, Any] = {"paths": paths, "models": {"local": False}, "cloud": cloud}
    ready = Settings(**told)
    ready.write_secret(ANTHROPIC_KEY, "a-key-of-nobody")
    return ready


async def at_once(call: Call) -> AsyncGenerator[Delta | Finish, None]:
    """The model that takes no time."""
    for word in ANSWER.split(" "):
        yield Delta(f"{word} ")
    yield Finish(ANSWER, Usage(300, 80), "end")


class Clock:
    """Adds up what is spent in the parts of one call."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = defaultdict(list)
        self._now: dict[str, float] = defaultdict(float)

    def time(self, owner: Any, name: str, part: str) -> None:
        """Put a stopwatch around a function; what is timed inside it counts to the inner part alone."""
        inner = getattr(owner, name)

        async def waiting(*words: Any, **more: Any) -> Any:
            before, others = time.perf_counter(), sum(self._now.values())
            try:
                return await inner(*words, **more)
            finally:
                self._add(part, before, others)

        def running(*words: Any, **more: Any) -> Any:
            before, others = time.perf_counter(), sum(self._now.values())
            try:
                return inner(*words, **more)
            finally:
                self._add(part, before, others)

        setattr(owner, name, waiting if inspect.iscoroutinefunction(inner) else running)

    def _add(self, part: str, before: float, others: float) -> None:
        inside = sum(self._now.values()) - others
        self._now[part] += time.perf_counter() - before - inside

    def finished(self, whole: float) -> None:
        for part, seconds in self._now.items():
            self.parts[part].append(seconds)
        self.parts["rest"].append(whole - sum(self._now.values()))
        self.parts["whole"].append(whole)
        self._now.clear()

    def forget(self) -> None:
        self.parts.clear()


def watch(clock: Clock, house: House) -> None:
    engine = house.engine
    memory = vars(engine)["_memory"]
    clock.time(engine, "judge", "judge")
    clock.time(engine, "route", "route")
    clock.time(memory, "known", "cache")
    clock.time(Outgoing, "of", "redact")
    clock.time(vars(engine)["_door"], "_reserve", "reserve")
    clock.time(validate, "score", "score")
    clock.time(memory, "record", "settle and record")
    clock.time(house.ledger, "written", "settle and record")


def task(number: int, asked: str) -> Task:
    """No two are alike, so that none is found in the cache."""
    words = asked.format(place=PLACES[number % 7], number=number * 7919 % 10_007)
    turn = Turn("user", data_block("question", words))
    system = ("You are the Cartographer of a small community. Answer briefly, and say where you know it from.",)
    return Task("answer", (turn,), WHO, "a benchmark", system=system, words=words, max_tokens=400)


async def measure(house: House, runs: int, asked: str) -> tuple[Clock, list[float]]:
    """The parts of each call, and how long two bare writes took right after it; all in seconds."""
    for provider in house.engine.roster.on(Tier.CLOUD):
        provider.generate = at_once  # type: ignore[method-assign]
    clock, bare = Clock(), list[float]()
    watch(clock, house)
    for number in range(WARM_UP + runs):
        if number == WARM_UP:
            clock.forget()
            bare.clear()
        started = time.perf_counter()
        last = [piece async for piece in house.engine.stream(task(number, asked))][-1]
        ended = time.perf_counter()
        clock.finished(ended - started)
        assert isinstance(last, Reply) and last.usd > 0 and not last.cached, "a question of its own, paid for"
        for _ in range(COMMITS):
            await notes.put(house.database, "benchmark", str(number))
        bare.append(time.perf_counter() - ended)
    return clock, bare


def ranked(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    ranks = {"p50": len(ordered) // 2, "p99": min(len(ordered) - 1, int(0.99 * len(ordered)))}
    return {name: round(ordered[rank] * 1000, 3) for name, rank in ranks.items()}


async def figures(folder: Path, runs: int, asked: str) -> dict[str, Any]:
    async with open_house(settings_in(folder)) as house:
        bus = asyncio.create_task(house.bus.run())
        clock, bare = await measure(house, runs, asked)
        calls = await house.database.row("select count(*) from ledger")
        assert calls is not None and calls[0] == WARM_UP + runs, "one call a question: its answer passes"
        vectors = len(await house.database.rows("select 1 from outcome where vector is not null"))
        bus.cancel()
        await asyncio.gather(bus, return_exceptions=True)
    whole = clock.parts.pop("whole")
    return {
        "all": ranked(whole),
        "commits": ranked(bare),
        "without_commits": ranked([all - two for all, two in zip(whole, bare, strict=True)]),
        "vectors": vectors,
        "parts": {part: ranked(seconds) for part, seconds in clock.parts.items()},
    }


async def main(smoke: bool) -> None:
    runs = 30 if smoke else RUNS
    with tempfile.TemporaryDirectory() as name:
        sure = await figures(Path(name) / "sure", runs, SURE)
        unsure = await figures(Path(name) / "unsure", runs // 3, UNSURE)
    line = {"benchmark": "engine_overhead", "smoke": smoke, "runs": runs, "unit": "ms", **sure, "unsure": unsure}
    print(json.dumps(line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
