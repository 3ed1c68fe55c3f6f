"""What was spent, on what, what it saved against a named model, and where the month is going: figures, no advice.

Periods are seconds since 1970; days are UTC. What a stand-in was told is shown apart and counts nothing.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from haven.ai import kinds
from haven.ai.money import prices
from haven.ai.money.ledger import month_start
from haven.ai.task import Tier, Usage
from haven.errors import BadInput, NotFound
from haven.store import ledger, outcomes
from haven.store.database import Database, now
from haven.store.ledger import DAY_S, Cell
from haven.store.outcomes import Seen

WINDOW_DAYS = 14
SPREAD = 1.28
"""Standard deviations on each side that hold 80 % of a normal distribution."""
LAST_DAY = datetime(9999, 12, 30, tzinfo=UTC)
"""The last day that has one after it."""


@dataclass(frozen=True)
class Line:
    """Calls that have a name in common; `unknown` of them are charged at their worst case. Input includes the cache."""

    name: str
    calls: int = 0
    usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    unknown: int = 0

    def __add__(self, cell: Cell) -> Line:
        return replace(
            self,
            calls=self.calls + cell.calls,
            usd=self.usd + cell.charged,
            input_tokens=self.input_tokens + cell.input_tokens,
            output_tokens=self.output_tokens + cell.output_tokens,
            unknown=self.unknown + cell.unknown,
        )


@dataclass(frozen=True)
class Analysis:
    """The calls that left the house in a period, by what they have in common; the dearest first, days in order."""

    total: Line
    days: tuple[Line, ...]
    people: tuple[Line, ...]
    kinds: tuple[Line, ...]
    purposes: tuple[Line, ...]
    models: tuple[Line, ...]
    stand_in: Line
    """Not part of any of the others."""


@dataclass(frozen=True)
class Savings:
    """What was answered without a cloud, priced as if `baseline` had answered.

    `baseline_usd` is an estimate: Haven's own token counts, which are meant never to be under the true ones, at the
    table's prices. `spent_usd` is what those answers cost all the same, where the cloud was asked in vain first.
    """

    baseline: str
    prices_as_of: str
    local: int
    lan: int
    cached: int
    baseline_usd: float
    spent_usd: float
    private: int
    """Left out: they could not have gone to the baseline."""
    cloud: int
    """Answered by a cloud: nothing saved there."""
    stand_in: int

    @property
    def saved_usd(self) -> float:
        return self.baseline_usd - self.spent_usd


@dataclass(frozen=True)
class Projection:
    """What the month will have cost at its end, in US dollars: 80 % of the time between `low` and `high`."""

    days: int
    """Whole days that it rests on."""
    spent: float
    a_day: float
    expected: float
    low: float
    high: float
    cap: float
    cap_on: date | None
    """When the month's cap is reached at this pace; None where it is not."""


async def analyze(database: Database, since: float, until: float, person: str = "") -> Analysis:
    """Every recorded call of the period, or one person's, lan included; prompts carried by hand are not calls."""
    cells = [one for one in await ledger.cells(database, since, until) if person in ("", one.principal)]
    real = [cell for cell in cells if not cell.stand_in]
    return Analysis(
        total=_sum("all", real),
        days=_grouped(real, lambda cell: day_name(cell.day), in_order=True),
        people=_grouped(real, lambda cell: cell.principal),
        kinds=_grouped(real, lambda cell: cell.kind or "(no kind)"),
        purposes=_grouped(real, lambda cell: cell.purpose),
        models=_grouped(real, lambda cell: cell.model),
        stand_in=_sum("stand-in, not Claude", [cell for cell in cells if cell.stand_in]),
    )


async def savings(database: Database, baseline: str, since: float, until: float) -> Savings:
    """Raises NotFound where the baseline has no price."""
    if baseline not in prices.models():
        raise NotFound(f"There is no price for {baseline!r}.", f"There are some for: {', '.join(prices.models())}.")
    price = prices.of(baseline)
    seen = [one for one in await outcomes.seen(database, since, until) if _may_leave(one)]
    real = [one for one in seen if not one.stand_in]
    home = [one for one in real if not one.private and (one.cached or one.tier != Tier.CLOUD)]
    return Savings(
        baseline=baseline,
        prices_as_of=prices.as_of(),
        local=sum(not one.cached and one.tier == Tier.LOCAL for one in home),
        lan=sum(not one.cached and one.tier == Tier.LAN for one in home),
        cached=sum(one.cached for one in home),
        baseline_usd=sum(price.cost(Usage(input=one.tokens, output=one.reply_tokens)) for one in home),
        spent_usd=sum(one.usd for one in home),
        private=sum(one.private for one in real),
        cloud=sum(not one.cached and one.tier == Tier.CLOUD for one in real),
        stand_in=len(seen) - len(real),
    )


async def project(database: Database, at: float, cap: float, window: int = WINDOW_DAYS) -> Projection | None:
    """The month's end by the mean of the last whole days; None with fewer than two of them since the first call."""
    today, first = int(at // DAY_S), await ledger.first_day(database)
    days = 0 if first is None else min(window, today - first)
    if days < 2:
        return None
    charged = await ledger.by_day(database, min(today - days, month_start(at)))
    spent = sum(usd for day, usd in charged.items() if day >= month_start(at))
    return projected([charged.get(today - back, 0.0) for back in range(1, days + 1)], spent, at, cap)


def projected(daily: Sequence[float], spent: float, at: float, cap: float) -> Projection:
    """From at least two whole days' spending; pure.

    The range is that of a sum of r further days whose mean was estimated from n: s * sqrt(r + r*r/n), a normal
    distribution assumed; it is never below what is spent already.
    """
    left = (_month_end(at) - at) / DAY_S
    mean = statistics.fmean(daily)
    spread = SPREAD * statistics.stdev(daily) * math.sqrt(left + left * left / len(daily))
    expected = spent + mean * left
    cap_on = None
    if expected > cap:
        ahead = (cap - spent) / mean if mean > 0 else 0.0
        cap_on = datetime.fromtimestamp(at + max(0.0, ahead) * DAY_S, UTC).date()
    low = max(spent, expected - spread)
    return Projection(len(daily), spent, mean, expected, low, expected + spread, cap, cap_on)


def period(first: datetime | None, last: datetime | None) -> tuple[float, float]:
    """From the begin of the first day to the end of the last, in seconds since 1970; without them the last 30 days.

    Raises BadInput where they are the wrong way round.
    """
    today = datetime.fromtimestamp(now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = min(last.replace(tzinfo=UTC) if last else today, LAST_DAY) + timedelta(days=1)
    begin = first.replace(tzinfo=UTC) if first else end - timedelta(days=30)
    if begin >= end:
        raise BadInput("The first day is after the last one.", "Give them the other way round.")
    return begin.timestamp(), end.timestamp()


def days_of(span: tuple[float, float]) -> dict[str, str]:
    """The first and the last day of it, as `from` and `to`."""
    first, after = (datetime.fromtimestamp(at, UTC) for at in span)
    return {"from": first.date().isoformat(), "to": (after - timedelta(days=1)).date().isoformat()}


def day_name(day: int) -> str:
    """A day counted from 1970, such as `2026-11-21`."""
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


def _may_leave(one: Seen) -> bool:
    """Small work that stays local whoever asks would not exist without a local model."""
    return kinds.of(one.kind).tiers != frozenset({Tier.LOCAL})


def _sum(name: str, cells: Iterable[Cell]) -> Line:
    line = Line(name)
    for cell in cells:
        line += cell
    return line


def _grouped(cells: Iterable[Cell], name: Callable[[Cell], str], in_order: bool = False) -> tuple[Line, ...]:
    lines: dict[str, Line] = {}
    for cell in cells:
        lines[name(cell)] = lines.get(name(cell), Line(name(cell))) + cell
    return tuple(sorted(lines.values(), key=lambda line: (0.0 if in_order else -line.usd, line.name)))


def _month_end(at: float) -> float:
    somewhere_next = datetime.fromtimestamp(month_start(at) * DAY_S, UTC).timestamp() + 32 * DAY_S
    return float(month_start(somewhere_next) * DAY_S)
