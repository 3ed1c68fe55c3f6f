"""The Open Exoplanet Catalogue: the known answers, exactly. Skipped where HAVEN_DATA names no folder that has it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from haven.world import space
from haven.world.asking import ask
from haven.world.asking.lexicon import Lexicon
from haven.world.exchange import oec
from haven.world.exchange.archives import members
from haven.world.exchange.pieces import Piece
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Thing, parent_of

FILE = Path(os.environ.get("HAVEN_DATA", "nowhere")) / "open_exoplanet_catalogue" / "systems.tar.xz"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="HAVEN_DATA names no folder with the catalogue")


@cache
def lexicon() -> Lexicon:
    """Every file has ids of its own from `new-1` on, so each gets the file's number."""
    things: list[Thing] = []
    for number, file in enumerate(members(Piece(FILE.name, FILE.read_bytes()))):
        if file.name.endswith(".xml"):
            found = [one.thing for one in oec.read(file) if one.thing is not None and one.thing.kind != "lore"]
            for thing in found:
                above = {"parent": f"{number}-{parent_of(thing)}"} if parent_of(thing) else {}
                things.append(thing.model_copy(update={"id": f"{number}-{thing.id}", **above}))
    return Lexicon(Gazetteer(things))


def near(name: str, count: int) -> list[tuple[str, float]]:
    atlas = lexicon().gazetteer.atlas("sun")
    id = atlas.ids[atlas.names.index(name)]
    return [(one.name, round(one.distance, 3)) for one in space.nearest(atlas, atlas.point(id), count, without=[id])]


def test_the_nearest_systems_are_the_known_ones() -> None:
    assert near("Sun", 5) == [
        *(("Alpha Centauri", 1.295), ("Barnard's Star", 1.827), ("Luhman 16", 1.994), ("WISE 0855-0714", 2.31)),
        ("Wolf 359", 2.42),
    ]
    assert near("TRAPPIST-1", 5) == [
        *(("GJ 1265", 4.157), ("Gliese 849", 4.238), ("Fomalhaut", 6.31), ("51 Peg", 6.471), ("LHS 1140", 6.71)),
    ]


@pytest.mark.parametrize(("radius", "count"), [(10, 91), (25, 259), (100, 905)])
def test_so_many_systems_lie_within_so_many_parsecs_of_the_sun(radius: float, count: int) -> None:
    atlas = lexicon().gazetteer.atlas("sun")
    sun = atlas.ids[atlas.names.index("Sun")]
    assert len(space.within(atlas, atlas.point(sun), radius, without=[sun])) == count
    assert (
        len(atlas.unplaced) == 202 and "202 have no position" in atlas.left_out
    )  # the Sun has no distance, but a place


QUESTIONS = [
    ("nearest system to TRAPPIST-1", "GJ 1265 (4.157 pc"),
    ("how many systems lie within 10 pc of the sun", "91 systems"),
    ("How many systems are within 25 parsecs of the Sun?", "259 systems"),
    ("how many systems are within 30 light years of the sun", "80 systems"),
    ("which system has the most planets", "HD 10180 (9 planets); Sun (9 planets)"),
    ("how many planets were discovered by transit", "3,973 planets"),
    ("how many planets were found by radial velocity", "1,075 planets"),
    ("How many planets have been detected with microlensing?", "212 planets"),
    ("how many planets has TRAPPIST-1", "7 planets"),
    ("planets discovered by transit in 2016", "1,424 planets"),
    ("largest planet of TRAPPIST-1", "TRAPPIST-1 g"),
    ("is GJ 1265 closer to TRAPPIST-1 than Gliese 849", "Yes, it is GJ 1265"),
    ("how far is TRAPPIST-1 from the Sun in light years", "40.541 ly (12.43 pc)"),
    ("when was 51 Peg b discovered", "1995"),
    ("what is the orbital period of HD 80606 b", "111.4273 days"),
    ("how many planets does the system nearest to TRAPPIST-1 have", "1 planet"),
    ("constellation of TRAPPIST-1", "Aquarius"),
    ("moons of Jupiter", "Callisto; Europa; Ganymede; Io"),
    ("which discovery method found the most planets", "transit (3,973)"),
    ("route from the Sun to TRAPPIST-1 with jumps of 5 pc", "3 jumps from Sun to TRAPPIST-1"),
    ("Wie weit ist TRAPPIST-1 von der Sonne entfernt?", "12.43 pc"),
    ("how far is Kepler-1002 from the Sun", "no recorded position"),
    ("who discovered TRAPPIST-1 b", "not recorded"),
    ("mass of Kepler-9999 b", "nothing is called 'Kepler-9999 b'"),
]


@pytest.mark.parametrize(("question", "fact"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_questions_about_the_catalogue_get_its_facts(question: str, fact: str) -> None:
    answer = ask(question, lexicon())
    assert answer is not None and fact in answer.text, answer
