"""Grades and the to-do list: every point comes from a field that somebody can fill in."""

from __future__ import annotations

from typing import Any

import pytest

from haven.world.gazetteer import Gazetteer
from haven.world.quality.grading import WEIGHTS, grade, grades
from haven.world.quality.todo import alike, todo
from haven.world.schema import Discovery, Found, Moon, Planet, Point, Station, System, Thing

FULL = {
    "biome": "Lush",
    "weather": "Mild",
    "sentinels": "Low",
    "flora": "Rich",
    "fauna": "Rich",
    "materials": ("Salt",),
}


def full(name: str = "Venture", **changed: Any) -> System:
    known = {
        "position": Point(x=1, y=2, z=3),
        "star": "Yellow",
        "galaxy": "Euclid",
        "region": "Oculi",
        "notes": "Home.",
    }
    known |= {"economy": "Mining", "lifeform": "Gek", "conflict": "Low", "discovered_by": "Olga"}
    return System.model_validate({"id": f"system-{name}", "name": name, **known, **changed})


def inside(system: System) -> list[Thing]:
    planets = [Planet(id=f"planet-{at}", name=f"World {at}", parent=system.id, **FULL) for at in range(3)]
    moon = Moon(id="moon-1", name="Little", parent="planet-0", **FULL)
    fossil = Discovery(id="discovery-1", name="Bone", parent="planet-0", found=Found.FOSSIL)
    return [*planets, moon, fossil, Station(id="station-1", name="Dock", parent=system.id, race="Gek", sell_percent=8)]


def test_points_and_gaps_make_a_hundred_however_much_is_there() -> None:
    system = full()
    everything = inside(system)
    best = grade(system, everything)
    assert (best.letter, best.points, best.missing) == ("S", 100, ()) and best.parts == WEIGHTS
    bare = System(id="system-1", name="Bare")
    for some in ([], everything[:1], everything[:4], [Planet(id="planet-9", name="Dim", parent="system-1")]):
        for one in (system, bare):
            found = grade(one, some)
            assert found.points + sum(gap.gain for gap in found.missing) == pytest.approx(100, abs=0.1)
            assert all(found.parts[part] <= most for part, most in WEIGHTS.items())
    assert grade(bare, []).letter == "C" and grade(bare, []).points == 0


@pytest.mark.parametrize(
    ("changed", "kept", "lost"),
    [
        ({"star": ""}, 6, "star"),
        ({"notes": ""}, 6, "notes or a photo"),
        ({}, 5, "a station (where there is none: properties.station=none)"),
        ({"measures": {"planets": 4}}, 6, "planet 4 of 4"),
    ],
)
def test_what_is_missing_is_named(changed: dict[str, Any], kept: int, lost: str) -> None:
    system = full(**changed)
    found = grade(system, inside(system)[:kept])
    assert lost in [gap.field for gap in found.missing] and found.points < 100


def test_a_system_where_nobody_lives_needs_no_station_and_one_planet_can_be_all() -> None:
    system = full(economy="None", measures={"planets": 1})
    found = grade(system, inside(system)[:1])
    assert found.parts["station"] == 10 and found.parts["planets"] == 20


def test_jobs_come_by_their_gain_one_a_record_and_of_a_region_or_a_person() -> None:
    venture, far = full(), full("Far", region="Marrow", discovered_by="Sam", star="", economy="")
    dim = Planet(id="planet-dim", name="Dim", parent="system-Far", biome="Lush")
    gazetteer = Gazetteer([venture, far, *inside(venture), dim])
    assert [one.name for one in grades(gazetteer)] == ["Venture", "Far"]
    jobs = todo(gazetteer)
    assert [job.name for job in jobs] == ["Far", "Dim"] and jobs[0].gain > jobs[1].gain
    assert set(jobs[1].fields) == {"materials", "weather", "fauna", "flora", "sentinels"}
    assert jobs[0].grade == "B to A" and jobs[0].person == "Sam" and jobs[0].region == "Marrow"
    assert todo(gazetteer, person="olga") == [] and todo(gazetteer, region="marrow") == jobs
    assert todo(gazetteer, limit=1) == jobs[:1]


def test_stars_of_the_real_sky_come_last_and_what_lacks_the_same_is_one_line() -> None:
    sky = [System(id=f"system-{n}", name=f"HD {n}", position=Point(x=1, y=n, z=0, frame="sun")) for n in range(3)]
    own = full("Own", star="")
    jobs = todo(Gazetteer([*sky, own]))
    assert jobs[0].name == "Own" and jobs[0].gain < jobs[1].gain
    assert [[one.name for one in group] for group in alike(jobs)] == [["Own"], ["HD 0", "HD 1", "HD 2"]]
    assert "a first planet" in jobs[1].fields
