"""How well and how fast models answer: the same prompts through one of them, and what the figures suggest."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from haven.access import Principal
from haven.ai import kinds
from haven.ai.door import Door
from haven.ai.memory.outcomes import Figures
from haven.ai.outgoing import call_of, worst_case
from haven.ai.providers.base import Provider
from haven.ai.roster import Roster
from haven.ai.task import Delta, Privacy, Reply, Route, Step, Task, Tier, Turn
from haven.errors import HavenError, Unavailable
from haven.quoting import data_block
from haven.store.outcomes import Seen

if TYPE_CHECKING:
    from haven.app import House

ENOUGH = 10
"""Fewer answers than this suggest nothing."""
FASTER = 1.1
"""A speed is worth a change of settings from this factor on."""
BETTER = 5
"""And a score from so many points on."""
SLOW_S = 30.0
"""Seconds after which a person no longer waits gladly."""

LOG = (
    "Survey of the Oculi system, 14 March. The third planet, Venture, has a thin atmosphere and two moons. Voyager Mika"
    " found fossils in the northern dunes at noon. The base there lost power twice during the storm and was repaired"
    " the next morning. No sentinels were seen. Next stop is the Korvax outpost on Teth, four jumps away."
)
RECORD = {
    "type": "object",
    "properties": {
        "system": {"type": "string", "maxLength": 40},
        "planet": {"type": "string", "maxLength": 40},
        "moons": {"type": "integer", "minimum": 0, "maximum": 20},
        "finder": {"type": "string", "maxLength": 40},
    },
    "required": ["system", "planet", "moons", "finder"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Sample:
    """One prompt of the set."""

    kind: str
    words: str
    max_tokens: int = 120
    material: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None

    def task(self, who: Principal, privacy: Privacy) -> Task:
        turns = (Turn("user", data_block("question", self.words)),)
        more = {"words": self.words, "material": self.material, "schema": self.schema, "max_tokens": self.max_tokens}
        return Task(self.kind, turns, who, "a measurement", privacy=privacy, **more)  # type: ignore[arg-type]


SAMPLES = (
    Sample("answer", "What is a moon, and how does it differ from a planet? Two sentences."),
    Sample("summary", "Sum this up in two sentences.", material=(LOG,)),
    Sample("record", "Take the record from the log.", material=(LOG,), schema=RECORD),
    Sample("code", "Write a Python function that returns the distance of two points given as (x, y, z)."),
    Sample("sql", "A query: the ten newest rows of the table discovery(id, planet, kind, found_at)."),
    Sample("diagram", "A Mermaid flowchart: a discovery is recorded, checked, and published or sent back."),
    Sample("story", "One user story with two acceptance criteria: a voyager exports the map as a picture."),
)


@dataclass(frozen=True)
class Measured:
    """One prompt's way through one model; seconds. None where nothing came to be measured."""

    kind: str
    score: int
    seconds: float
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    """Tokens by the model's own count, from the first one on."""
    usd: float = 0.0
    load_s: float = 0.0
    """How long the model took to load before; 0 where it does not load here or was loaded."""
    text: str = ""
    reasons: tuple[str, ...] = ()
    error: str = ""


@asynccontextmanager
async def door_to(house: House, names: Sequence[str], **options: Any) -> AsyncIterator[tuple[Door, list[Provider]]]:
    """A door to these models alone: configured ones by name, others from the disk. No cache, no escalation, no record
    of outcomes: what is measured must not teach; what leaves is redacted, reserved and settled as ever.

    `options` make local models anew, as `Registry.provider` takes them. Raises NotFound (an unknown name) or
    Unavailable (one that can't answer now).
    """
    async with AsyncExitStack() as stack:
        chosen: list[Provider] = []
        for name in names:
            found = next((one for one in house.engine.roster.providers if name in (one.name, one.model)), None)
            if found is None or (options and found.tier is Tier.LOCAL):
                size = house.settings.models.context_tokens
                found = house.registry.provider(name, context_tokens=size, **options)
                stack.push_async_callback(found.close)
            if reason := found.missing():
                raise Unavailable(reason, retry=False)
            chosen.append(found)
        cloud = house.settings.cloud
        yield Door(Roster(chosen, cloud=cloud), house.ledger, cloud.attempts), chosen


async def bench(door: Door, provider: Provider, who: Principal) -> AsyncIterator[Measured]:
    """Every prompt of the set through one model; a local one is loaded before and leaves the memory afterwards."""
    load = getattr(provider, "load", None)
    started = time.perf_counter()
    if load is not None:
        await load()
    load_s = time.perf_counter() - started if load is not None else 0.0
    try:
        for sample in SAMPLES:
            yield await measure(door, provider, sample, who, load_s)
    finally:
        if (unload := getattr(provider, "unload", None)) is not None:
            await unload()


async def measure(door: Door, provider: Provider, sample: Sample, who: Principal, load_s: float = 0.0) -> Measured:
    """One prompt through one model; a failure is a result too."""
    task = sample.task(who, Privacy.PRIVATE if provider.tier is Tier.LOCAL else Privacy.OPEN)
    step = Step(provider.tier, provider.name)
    first: float | None = None
    started = time.perf_counter()
    try:
        route = Route((step,), ("it is measured",))
        async with aclosing(door.ask(task, route, step, secrets.token_hex(8))) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta) and first is None:
                    first = time.perf_counter() - started
                elif isinstance(piece, Reply):
                    return _measured(piece, sample.kind, time.perf_counter() - started, first, load_s)
    except HavenError as error:
        return Measured(sample.kind, 0, time.perf_counter() - started, first, load_s=load_s, error=str(error))
    return Measured(sample.kind, 0, time.perf_counter() - started, first, load_s=load_s, error="No answer came.")


def _measured(reply: Reply, kind: str, seconds: float, first: float | None, load_s: float) -> Measured:
    decoding = seconds - first if first is not None else 0.0
    speed = (reply.usage.output - 1) / decoding if decoding > 0 and reply.usage.output > 1 else None
    reasons, usd = reply.score_reasons, 0.0 if reply.stand_in else reply.usd
    return Measured(kind, reply.score, seconds, first, speed, usd, load_s, reply.text, reasons)


def worst_usd(providers: Sequence[Provider], who: Principal) -> float:
    """US dollars that the whole set may cost with these models at the most."""
    calls = [call_of(sample.task(who, Privacy.OPEN)) for sample in SAMPLES]
    return sum(worst_case(call, one.price) for one in providers if not one.stand_in for call in calls)


def speeds(seen: Sequence[Seen]) -> dict[tuple[str, str, str], float]:
    """Tokens (Haven's own count) per second of the whole wait, by kind, tier and model; the cache's not counted."""
    totals: dict[tuple[str, str, str], tuple[int, float]] = {}
    for one in seen:
        if not one.cached and not one.stand_in:
            for key in ((one.kind, one.tier, one.model), (one.kind, "", "")):
                tokens, seconds = totals.get(key, (0, 0.0))
                totals[key] = tokens + one.reply_tokens, seconds + one.seconds
    return {key: tokens / seconds for key, (tokens, seconds) in totals.items() if seconds > 0}


@dataclass(frozen=True)
class Advice:
    """One suggestion with the figures behind it; `change` is what to write into the settings, "" where nothing is."""

    text: str
    change: str = ""


def advise(figures: Sequence[Figures], seen: Sequence[Seen], mark: Mapping[str, int]) -> list[Advice]:
    """What the outcomes speak for; `mark` is the pass mark of each kind. Pure."""
    fresh = [one for one in seen if not one.cached and not one.stand_in]
    found: list[Advice] = []
    for kind in dict.fromkeys(row.kind for row in figures):
        rows = [row for row in figures if row.kind == kind and row.tier]
        found += _drafts(kind, [one for one in fresh if one.kind == kind], mark.get(kind, 70))
        found += _models(kind, [row for row in rows if row.n >= ENOUGH])
    return found


def _drafts(kind: str, seen: Sequence[Seen], mark: int) -> Iterator[Advice]:
    """Local drafts that hardly ever pass, or that are kept back although they are as good."""
    if Tier.LOCAL not in kinds.of(kind).tiers or len(kinds.of(kind).tiers) == 1:
        return
    drafts = [one for one in seen if one.local_score is not None]
    replaced = [one for one in drafts if one.tier != Tier.LOCAL]
    if len(replaced) < ENOUGH:
        return
    gain = median(one.score - (one.local_score or 0) for one in replaced)
    if gain < BETTER:
        score = median(one.local_score or 0 for one in replaced)
        yield Advice(
            f"{kind}: {len(replaced)} local drafts were replaced, and what replaced them scored {gain:+.0f} points;"
            f" a pass mark of {score:.0f} instead of {mark} would keep half of them here.",
            f"[kinds.{kind}]\npass_mark = {score:.0f}",
        )
    elif len(replaced) > 0.8 * len(drafts):
        yield Advice(
            f"{kind}: {len(replaced)} of {len(drafts)} local drafts did not pass; asking the larger model at once saves"
            " the wait for them, and costs no more.",
            f'[[routing.rules]]\nwhen = \'kind == "{kind}"\'\ntier = "cloud"\nfallback = ["lan", "local"]',
        )


def _models(kind: str, rows: Sequence[Figures]) -> Iterator[Advice]:
    """A model of the same tier that is better or as good and quicker; and waits that are too long."""
    for tier in Tier:
        same = sorted((row for row in rows if row.tier == tier), key=lambda row: -row.n)
        for other in same[1:]:
            now = same[0]
            quicker = now.seconds_p50 > FASTER * other.seconds_p50 and other.median_score >= now.median_score
            if other.median_score >= now.median_score + BETTER or quicker:
                name = other.model.partition("@")[0]
                yield Advice(
                    f"{kind}: {other.model} scored {other.median_score:.0f} in {other.seconds_p50:.1f} s"
                    f" ({other.n} answers), {now.model} {now.median_score:.0f} in {now.seconds_p50:.1f} s ({now.n}).",
                    f'[kinds.{kind}]\n{tier.value} = ["{name}"]',
                )
        for row in same:
            if row.seconds_p90 > SLOW_S and tier is not Tier.CLOUD:
                yield Advice(
                    f"{kind}: one answer in ten of {row.model} took {row.seconds_p90:.0f} s or more; a smaller model, a"
                    " host at home (lan.hosts) or a limit would be quicker.",
                    f"[routing]\nmax_seconds = {SLOW_S:.0f}",
                )


async def thread_speeds(house: House, name: str, counts: Sequence[int], who: Principal) -> dict[int, float]:
    """Tokens per second of a local model with each number of threads; measured now, some seconds each."""
    sample = Sample("probe", "Tell a long story about a voyager who maps a star system.", max_tokens=48)
    found: dict[int, float] = {}
    for threads in counts:
        async with door_to(house, [name], threads=threads) as (door, [provider]):
            runs = [await measure(door, provider, sample, who) for _ in range(2)]  # the first one warms up
            if (speed := runs[-1].tokens_per_s) is not None:
                found[threads] = speed
    return found


def advise_threads(found: Mapping[int, float], now: int) -> Advice | None:
    """The number of threads that was clearly quicker than the one in use."""
    best = max(found, key=lambda threads: found[threads], default=now)
    if now not in found or found[best] < FASTER * found[now]:
        return None
    told = ", ".join(f"{threads}: {speed:.1f}" for threads, speed in sorted(found.items()))
    return Advice(f"Threads and tokens per second, measured now: {told}.", f"[models]\nthreads = {best}")


def overall(runs: Sequence[Measured]) -> dict[str, float | None]:
    """The set as a whole: mean score, mean speed, median first token."""
    speed = [one.tokens_per_s for one in runs if one.tokens_per_s]
    first = [one.first_token_s for one in runs if one.first_token_s is not None]
    return {
        "score": fmean(one.score for one in runs),
        "tokens_per_s": fmean(speed) if speed else None,
        "first_token_s": median(first) if first else None,
        "usd": sum(one.usd for one in runs),
    }
