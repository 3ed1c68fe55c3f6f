"""How complete a system's record is: points from 0 to 100, a letter, and what is missing.

Seven parts, with the weights that No Man's Sky communities use:

- core 15: glyphs or a position 5, star 4, galaxy 3, region 3.
- extras 10: economy 3, lifeform 3, conflict 2, who discovered it 2.
- planets 20: the first 12, the second and the third 4 each. Where the record says how many there are (the measure
  `planets`), the share of them that is recorded.
- environment 15: of each planet and moon its biome 9 and its weather 6, on average.
- life 15: of each planet and moon sentinels, flora and fauna 5 each, on average; where it says nothing, what its
  system says counts.
- detail 15: materials of the planets and moons 6 on average, a discovery 4, notes or a photo of the system 5.
- station 10: a station 6, its race 2, its prices 2. A system that says it has none has all of them.

S from 85 points, A from 65, B from 40, C below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haven.world.gazetteer import Gazetteer
from haven.world.schema import Discovery, Moon, Planet, Station, System, Thing
from haven.world.words import fold

LETTERS = (("S", 85.0), ("A", 65.0), ("B", 40.0), ("C", 0.0))
"""The letters and the points from which each is given, the best first."""
WEIGHTS = {"core": 15, "extras": 10, "planets": 20, "environment": 15, "life": 15, "detail": 15, "station": 10}
PLANETS = (12.0, 4.0, 4.0)
"""Points of the first, second and third planet."""
NTH = ("first", "second", "third")
EMPTY_SYSTEM = frozenset({"none", "uninhabited", "abandoned"})
"""Economies and lifeforms of systems where nobody lives, and so no station is."""


@dataclass(frozen=True)
class Missing:
    """One empty field, the record that it belongs to, and the points that filling it in gives."""

    part: str
    id: str
    name: str
    field: str
    gain: float


@dataclass(frozen=True)
class Grade:
    """`parts` holds the points of each part, `missing` the biggest gain first. All points together: 0 to 100."""

    id: str
    name: str
    letter: str
    points: float
    parts: dict[str, float]
    missing: tuple[Missing, ...]


class _Sheet:
    """The points of one system while they are counted."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.parts = dict.fromkeys(WEIGHTS, 0.0)
        self.missing: list[Missing] = []

    def count(self, part: str, has: object, points: float, field: str, of: Thing | None = None) -> None:
        """Give the points, or note what is missing for them."""
        if has:
            self.parts[part] += points
        else:
            record = of or self.system
            self.missing.append(Missing(part, record.id, record.name, field, points))


def letter(points: float) -> str:
    return next(name for name, least in LETTERS if points >= least)


def grade(system: System, below: Sequence[Thing]) -> Grade:
    """Grade a system by its record and by all that belongs to it, directly or not."""
    sheet = _Sheet(system)
    _of_system(sheet)
    bodies: list[Planet | Moon] = [one for one in below if isinstance(one, (Planet, Moon))]
    _planets(sheet, sum(isinstance(one, Planet) for one in bodies))
    for body in bodies:
        _body(sheet, body, 1 / len(bodies))
    if not bodies:
        for part, points in (("environment", 15.0), ("life", 15.0), ("detail", 6.0)):
            sheet.count(part, False, points, f"planets and their {part}")
    sheet.count("detail", any(isinstance(one, Discovery) for one in below), 4, "a discovery")
    sheet.count("detail", system.notes or system.photo, 5, "notes or a photo")
    _station(sheet, [one for one in below if isinstance(one, Station)])
    points = round(sum(sheet.parts.values()), 1)
    parts = {part: round(value, 1) for part, value in sheet.parts.items()}
    missing = sorted(sheet.missing, key=lambda one: (-one.gain, one.name))
    return Grade(system.id, system.name, letter(points), points, parts, tuple(missing))


def _of_system(sheet: _Sheet) -> None:
    one = sheet.system
    sheet.count("core", one.glyphs or one.position, 5, "glyphs or a position")
    for field, points in (("star", 4), ("galaxy", 3), ("region", 3)):
        sheet.count("core", getattr(one, field), points, field)
    for field, points in (("economy", 3), ("lifeform", 3), ("conflict", 2), ("discovered_by", 2)):
        sheet.count("extras", getattr(one, field), points, field.replace("_", " "))


def _planets(sheet: _Sheet, recorded: int) -> None:
    told = int(sheet.system.measures.get("planets", 0))
    if told > 0:
        for number in range(min(told, 20)):
            sheet.count("planets", number < recorded, 20 / min(told, 20), f"planet {number + 1} of {told}")
        return
    for number, points in enumerate(PLANETS, 1):
        sheet.count("planets", number <= recorded, points, f"a {NTH[number - 1]} planet")


def _body(sheet: _Sheet, body: Planet | Moon, share: float) -> None:
    sheet.count("environment", body.biome, 9 * share, "biome", body)
    sheet.count("environment", body.weather, 6 * share, "weather", body)
    for field in ("sentinels", "flora", "fauna"):
        sheet.count("life", getattr(body, field) or getattr(sheet.system, field), 5 * share, field, body)
    sheet.count("detail", body.materials, 6 * share, "materials", body)


def without_station(system: System) -> bool:
    """Whether its record says that it has no station, or that nobody lives there."""
    said = fold(system.properties.get("station", ""))
    return said in ("none", "no") or not EMPTY_SYSTEM.isdisjoint({fold(system.economy), fold(system.lifeform)})


def _station(sheet: _Sheet, stations: Sequence[Station]) -> None:
    none = without_station(sheet.system)
    sheet.count("station", stations or none, 6, "a station (where there is none: properties.station=none)")
    sheet.count("station", none or any(one.race for one in stations), 2, "the station's race", *stations[:1])
    prices = any(one.sell_percent is not None or one.buy_percent is not None for one in stations)
    sheet.count("station", none or prices, 2, "the station's prices", *stations[:1])


def grades(gazetteer: Gazetteer, *, region: str = "", person: str = "") -> list[Grade]:
    """Every system's grade, the best first; only those of a region or of the person who discovered them."""
    chosen = [
        one
        for one in gazetteer.systems
        if (not region or fold(one.region) == fold(region)) and (not person or fold(one.discovered_by) == fold(person))
    ]
    found = [grade(one, gazetteer.below(one)) for one in chosen]
    return sorted(found, key=lambda one: (-one.points, one.name))
