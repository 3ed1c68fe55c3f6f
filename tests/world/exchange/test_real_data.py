"""The real files, where the folder with them is named: the figures that are known of them come out."""

from __future__ import annotations

import math
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from haven.world.exchange import formats
from haven.world.exchange.pieces import read_file
from haven.world.exchange.report import Reading
from haven.world.schema import Discovery, Kind, Planet, System

DATA = Path(os.environ.get("HAVEN_DATA", "/nowhere"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="HAVEN_DATA names no folder with the real files")


def read(*parts: str) -> list[Reading]:
    return formats.read_file(read_file(DATA.joinpath(*parts)))


def of(found: list[Reading]) -> Counter[Kind]:
    return Counter(one.thing.kind for one in found if one.thing)


def test_the_whole_catalogue_is_read_with_exact_places() -> None:
    found = read("open_exoplanet_catalogue", "systems.tar.xz")
    assert of(found) == {Kind.SYSTEM: 4081, Kind.PLANET: 5414, Kind.MOON: 18, Kind.LORE: 5044}
    assert not [one for one in found if one.refused]
    systems = {one.name: one.thing for one in found if isinstance(one.thing, System)}
    places: dict[str, Any] = {name: one.position for name, one in systems.items() if one.position}
    assert len(systems) - len(places) == 202, "203 have no distance; the Sun is the origin"

    def far(name: str, other: str) -> float:
        one, two = places[name], places[other]
        return math.dist((one.x, one.y, one.z), (two.x, two.y, two.z))

    near = sorted((round(far("TRAPPIST-1", other), 3), other) for other in places)[1:6]
    assert near == [
        (4.157, "GJ 1265"),
        (4.238, "Gliese 849"),
        (6.31, "Fomalhaut"),
        (6.471, "51 Peg"),
        (6.71, "LHS 1140"),
    ]
    assert [sum(0 < far("Sun", other) <= parsecs for other in places) for parsecs in (10, 25, 100)] == [91, 259, 905]
    planets = [one.thing for one in found if isinstance(one.thing, Planet)]
    names = {one.thing.id: one.name for one in found if isinstance(one.thing, System)}
    assert len(names) == 4081 and Counter(names[planet.parent] for planet in planets)["TRAPPIST-1"] == 7
    assert {names[planet.parent] for planet in planets if planet.name == "WASP-17 b"} == {"WASP-17"}
    angles = {planet.name: planet.measures for planet in planets if "separation_arcsec" in planet.measures}
    assert len(angles) == 31 and angles["AB Pic b"] == {
        **angles["AB Pic b"],
        "separation_au": 260,
        "separation_arcsec": 5.45,
    }
    assert sum("direction" in one.properties for one in systems.values()) == 202, "of those without a place"
    assert len([one for one in found if not one.thing]) == 1, "what is not kept of each file is said once"
    methods = Counter(planet.properties.get("discovery method") for planet in planets)
    assert (methods["transit"], methods["radial velocity"], methods["microlensing"]) == (3973, 1075, 212)


def test_master_havens_database_and_payload_are_read() -> None:
    found = read("master_haven", "demo.db")
    kinds = of(found)
    assert (kinds[Kind.SYSTEM], kinds[Kind.PLANET], kinds[Kind.MOON], kinds[Kind.DISCOVERY]) == (13, 28, 34, 27)
    assert kinds[Kind.STATION] == 2 and not [one for one in found if one.refused]
    words = {one.thing.properties.get("kind as written") for one in found if isinstance(one.thing, Discovery)}
    assert {"flora", "base", "structure", "resource"} <= words, "defect 8 as words"
    hub = next(one.thing for one in found if one.name == "Aurora Trade Hub" and one.thing)
    assert hub.measures == {"x": 12.4, "y": -45.5, "z": 79.0}
    said = [note.text for one in found if not one.thing for note in one.notes]
    assert len(said) == 2 and "_metadata (4)" in said[0] and "analysis_status (27)" in said[1], (
        "what is left out is named"
    )
    payload = read("master_haven", "extractor_payload_basic.json")
    assert of(payload)[Kind.SYSTEM] == 1 and not [one for one in payload if one.refused]
