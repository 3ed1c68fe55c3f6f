"""Numbers and places far from all others of their kind, placeholders, and dates that have not come yet."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median

from haven.world.exchange.defects import placeholders
from haven.world.fields import number
from haven.world.gazetteer import Gazetteer
from haven.world.quality.finding import Finding, Oddity, called
from haven.world.schema import Discovery, Station, System, Thing

FEWEST = 12
"""Values of one kind below which none of them can be told to be far from the others."""
FAR = 10.0
"""Robust standard deviations from the median (1.4826 times the median absolute deviation each)."""
FLAT = 1e-9
OWN_YEARS = 0.5
"""The share of dates in the future from which on a world counts its years in its own way."""

Values = Sequence[tuple[Thing, float]]


def outliers(gazetteer: Gazetteer, today: date | None = None) -> list[Finding]:
    """Those of measures, prices, positions and dates. `today`: the day from which on a date is in the future (UTC)."""
    day = today or datetime.now(UTC).date()
    return [*_numbers(gazetteer), *_positions(gazetteer), *_future(gazetteer, day)]


def deviations(values: Sequence[float]) -> list[float]:
    """How far each value is from the median, in robust standard deviations; 0 where nothing can be told.

    That is where there are too few, or where more than half say the same. Numbers that are all
    above 0 are compared by their logarithm: ten masses are no outlier beside a tenth of one.
    """
    if len(values) < FEWEST:
        return [0.0] * len(values)
    scaled = [math.log10(one) for one in values] if min(values) > 0 else list(values)
    middle = median(scaled)
    away = [abs(one - middle) for one in scaled]
    spread = 1.4826 * median(away)
    return [one / spread if spread > FLAT else 0.0 for one in away]


def _numbers(gazetteer: Gazetteer) -> Iterator[Finding]:
    by_measure: dict[tuple[str, str], list[tuple[Thing, float]]] = defaultdict(list)
    for thing in gazetteer.things.values():
        for name, value in thing.measures.items():
            by_measure[thing.kind.value, name].append((thing, value))
        if isinstance(thing, Station):
            for name, price in (("sell_percent", thing.sell_percent), ("buy_percent", thing.buy_percent)):
                if price is not None:
                    by_measure[thing.kind.value, name].append((thing, price))
    for (kind, name), values in sorted(by_measure.items()):
        if not name.endswith("year"):
            yield from _far(values, lambda value, kind=kind, name=name: f"{name} {number(value)} of the {kind}")  # type: ignore[misc]


def _far(values: Values, what: Callable[[float], str]) -> Iterator[Finding]:
    numbers = [value for _, value in values]
    far = [(away, one) for away, one in zip(deviations(numbers), values, strict=True) if away > FAR]
    for away, (thing, value) in sorted(far, key=lambda pair: -pair[0]):
        text = (
            f"The {what(value)} {called([thing])} is {away:.0f} deviations from the middle, {number(median(numbers))}."
        )
        yield Finding(Oddity.OUTLIER, (thing.id,), text, "Look whether a digit or the unit is wrong.")


def _positions(gazetteer: Gazetteer) -> Iterator[Finding]:
    by_frame: dict[str, list[System]] = defaultdict(list)
    for system in gazetteer.systems:
        if system.position is not None:
            by_frame[system.position.frame].append(system)
    for frame, systems in sorted(by_frame.items()):
        points = [(one.position.x, one.position.y, one.position.z) for one in systems if one.position is not None]
        centre = tuple(median(axis) for axis in zip(*points, strict=True))
        away = [(one, math.dist(point, centre)) for one, point in zip(systems, points, strict=True)]
        yield from _far(away, lambda value, frame=frame: f"distance {number(value)} from the middle of {frame} of")  # type: ignore[misc]
        if frame == "map":
            yield from _diagonal(systems, points)


def _diagonal(systems: Sequence[System], points: Sequence[tuple[float, float, float]]) -> Iterator[Finding]:
    marked = [one for one, notes in zip(systems, placeholders(points), strict=True) if notes]
    if len(marked) > 1:  # one may be the middle of the map
        text = f"The positions of {called(marked)} lie on a diagonal of whole numbers, as placeholders do."
        yield Finding(Oddity.OUTLIER, tuple(one.id for one in marked), text, "Look them up, or empty the positions.")


def _future(gazetteer: Gazetteer, today: date) -> Iterator[Finding]:
    dated = [(one, day) for one in gazetteer.things.values() if (day := _day(one)) is not None]
    late = [(one, day) for one, day in dated if day > today + timedelta(days=1)]
    if not late or len(late) > OWN_YEARS * len(dated):
        return
    for thing, day in late:
        text = f"{called([thing])} is dated {day.isoformat()}, which has not come yet."
        yield Finding(Oddity.OUTLIER, (thing.id,), text, "Correct the date.")


def _day(thing: Thing) -> date | None:
    """The day it was found; of a measure that is a year, its first day."""
    if isinstance(thing, Discovery) and thing.when:
        try:
            return date.fromisoformat(thing.when[:10])
        except ValueError:
            return None
    year = max((value for name, value in thing.measures.items() if name.endswith("year")), default=0.0)
    return date(int(year), 1, 1) if 1 <= year <= 9999 else None
