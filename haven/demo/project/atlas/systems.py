"""The data model: star systems, and the atlas that holds them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

STARS = ("yellow", "red", "blue", "green", "purple")
SENTINELS = ("None", "Low", "Medium", "High", "Aggressive")
LIMITS = {"x": 100.0, "y": 100.0, "z": 25.0}


class AtlasError(ValueError):
    """The data can't be used; the message says which system and why."""


@dataclass(frozen=True)
class System:
    """One charted star system; coordinates count in map units."""

    id: str
    name: str
    x: float
    y: float
    z: float
    region: str
    star: str
    sentinel: str = "None"
    planets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise AtlasError(f"{self.id}: a system needs a name")
        if self.star not in STARS:
            raise AtlasError(f"{self.name}: no such star class: {self.star}")
        if self.sentinel not in SENTINELS:
            raise AtlasError(f"{self.name}: no such sentinel level: {self.sentinel}")
        for axis, limit in LIMITS.items():
            if not -limit <= getattr(self, axis) <= limit:
                raise AtlasError(f"{self.name}: {axis} lies outside the map")


@dataclass(frozen=True)
class Atlas:
    """All charted systems, in the order of their names."""

    systems: tuple[System, ...]

    def __post_init__(self) -> None:
        names = [system.name for system in self.systems]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise AtlasError(f"charted twice: {', '.join(doubles)}")
        object.__setattr__(self, "systems", tuple(sorted(self.systems, key=lambda system: system.name)))

    def __len__(self) -> int:
        return len(self.systems)

    def named(self, name: str) -> System:
        """The system of that name, whatever its case."""
        for system in self.systems:
            if system.name.casefold() == name.casefold():
                return system
        raise AtlasError(f"not charted: {name}")

    def regions(self) -> dict[str, int]:
        """How many systems each region holds."""
        counts: dict[str, int] = {}
        for system in self.systems:
            counts[system.region] = counts.get(system.region, 0) + 1
        return dict(sorted(counts.items()))

    def in_region(self, region: str) -> tuple[System, ...]:
        """The systems of one region."""
        return tuple(system for system in self.systems if system.region == region)

    def search(self, text: str) -> tuple[System, ...]:
        """Systems whose name, or a planet's name, holds the text."""
        wanted = text.casefold().strip()
        if not wanted:
            return ()
        return tuple(
            system
            for system in self.systems
            if wanted in system.name.casefold() or any(wanted in planet.casefold() for planet in system.planets)
        )


def parse(tree: object) -> Atlas:
    """An atlas from parsed JSON: an object of systems by name, `_meta` aside."""
    if not isinstance(tree, dict):
        raise AtlasError("the file must hold one object, keyed by system name")
    systems = []
    for name, entry in tree.items():
        if name == "_meta":
            continue
        try:
            systems.append(
                System(
                    id=entry["id"],
                    name=name,
                    x=float(entry["x"]),
                    y=float(entry["y"]),
                    z=float(entry["z"]),
                    region=entry["region"],
                    star=entry["star"],
                    sentinel=entry.get("sentinel", "None"),
                    planets=tuple(entry.get("planets", ())),
                )
            )
        except KeyError as error:
            raise AtlasError(f"{name}: {error.args[0]} is missing") from None
    return Atlas(tuple(systems))


def load(path: Path) -> Atlas:
    """Read an atlas from a JSON file."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise AtlasError(f"{path.name} is not valid JSON: {error}") from None
