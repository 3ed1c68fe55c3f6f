"""Where records say two things at once: a place and its parts, an address and a position, a text and its records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from haven.errors import BadInput
from haven.world.gazetteer import Gazetteer
from haven.world.glyphs import Glyphs
from haven.world.quality.finding import Finding, Oddity, called
from haven.world.quality.grading import without_station
from haven.world.schema import Kind, Moon, Planet, Region, Station, System, Thing, parent_of
from haven.world.words import fold

NOTHING = frozenset({"none", "absent", "not present", "none present", "missing", "devoid", "nonexistent", "undetected"})
"""Words for sentinels, flora and fauna that say there are none."""
_WORDS = "no one two three four five six seven eight nine ten"
NUMBERS = {word: count for count, word in enumerate(_WORDS.split(" "))}
_COUNT = re.compile(rf"\b({'|'.join(NUMBERS)}|\d{{1,2}})\s+(planet|moon)s?\b", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:other|another|more|new|of the|first|at least|about|some|only|over)\s+$", re.IGNORECASE)


def contradictions(gazetteer: Gazetteer) -> list[Finding]:
    """All that contradicts itself, system by system; each finding names both sides."""
    regions = {fold(one.name): one for one in gazetteer.of_kind(Kind.REGION) if isinstance(one, Region)}
    found: list[Finding] = []
    for system in gazetteer.systems:
        below = gazetteer.below(system, Kind.PLANET, Kind.MOON, Kind.STATION)
        found += _address(system, regions.get(fold(system.region)) if system.region else None)
        found += _parts(system, below)
        found += _counts(system, below)
        found += [one for body in below if isinstance(body, Planet) for one in _counts(body, gazetteer.below(body))]
    return found + list(_lost(gazetteer))


def _finding(things: Sequence[Thing], text: str, mend: str) -> Finding:
    return Finding(Oddity.CONTRADICTION, tuple(one.id for one in things), text, mend)


def _address(system: System, region: Region | None) -> Iterator[Finding]:
    """Its glyphs against its position, its galaxy and its region."""
    where = system.position
    if where is not None and system.galaxy and where.frame.startswith("galaxy:"):
        frame = where.frame.removeprefix("galaxy:")
        if fold(frame) != fold(system.galaxy):
            text = f"{called([system])} is in the galaxy {system.galaxy}, and its position is in {frame}."
            yield _finding([system], text, "Correct the one that is wrong.")
    if region is not None and region.galaxy and system.galaxy and fold(region.galaxy) != fold(system.galaxy):
        text = f"{called([system])} is in {system.galaxy}, its region {called([region])} in {region.galaxy}."
        yield _finding([system, region], text, "Correct the galaxy of one, or the system's region.")
    if not system.glyphs:
        return
    try:
        glyphs = Glyphs.parse(system.glyphs)
    except BadInput as wrong:
        yield _finding([system], f"The glyphs of {called([system])} lead nowhere: {wrong}", "Correct the glyphs.")
        return
    if where is not None and where.frame.startswith("galaxy:"):
        said, told = (where.x, where.y, where.z), (glyphs.x, glyphs.y, glyphs.z)
        if said != told:
            text = f"The glyphs of {called([system])} say the voxel {told}, its position says {said}."
            yield _finding([system], text, "Read the glyphs once more; the position follows from them.")
    if region is not None and region.glyphs and region.glyphs.upper() != glyphs.region_text:
        text = f"The glyphs of {called([system])} end in {glyphs.region_text}, those of its region"
        text += f" {called([region])} in {region.glyphs}."
        yield _finding([system, region], text, "Correct the glyphs or the system's region.")


def _parts(system: System, below: Sequence[Thing]) -> Iterator[Finding]:
    """What a system says of itself against what belongs to it."""
    stations = [one for one in below if isinstance(one, Station)]
    if stations and without_station(system):
        text = f"{called([system])} is said to be without a station, and {called(stations)} is recorded there."
        yield _finding([system, *stations], text, "Correct the system's economy, lifeform or station.")
    for station in stations:
        race, lifeform = fold(station.race), fold(system.lifeform)
        if race and lifeform and race != lifeform and lifeform not in NOTHING:
            text = f"{called([station])} is of the {station.race}, its system {called([system])} of the"
            yield _finding([system, station], f"{text} {system.lifeform}.", "Look which of them is right.")
    for field in ("sentinels", "flora", "fauna"):
        if fold(getattr(system, field)) not in NOTHING:
            continue
        against = [one for one in below if isinstance(one, (Planet, Moon)) and _some(getattr(one, field))]
        if against:
            has = "has" if len(against) == 1 else "have"
            text = f"{called([system])} is said to have no {field}, and {called(against)} {has} some."
            yield _finding([system, *against], text, f"Empty the system's {field}, or correct the others.")


def _some(value: str) -> bool:
    return bool(value) and fold(value) not in NOTHING


def _counts(thing: Thing, below: Sequence[Thing]) -> Iterator[Finding]:
    """`Three planets` in the notes against the planets that are recorded, and the measure `planets` likewise."""
    told = {noun.lower(): _number(count) for count, noun in _told(thing.notes)}
    for noun in ("planet", "moon"):
        if (value := thing.measures.get(f"{noun}s")) is not None:
            told[noun] = int(value)
    for noun, count in told.items():
        kind = Kind.PLANET if noun == "planet" else Kind.MOON
        recorded = sum(one.kind is kind for one in below)
        if recorded == count or (isinstance(thing, Planet) and kind is Kind.PLANET):
            continue
        text = f"{called([thing])} is said to have {count} {noun}s, and {recorded} are recorded."
        yield _finding([thing], text, "Add those that are missing." if recorded < count else "Correct the number.")


def _told(notes: str) -> list[tuple[str, str]]:
    """Counts in the text, but not `two of the planets` or `another two moons`."""
    matches = [match for match in _COUNT.finditer(notes[:5_000]) if not _OTHERS.search(notes[: match.start()][-20:])]
    return [(match[1], match[2]) for match in matches if match[1].casefold() != "one"]


def _number(word: str) -> int:
    return NUMBERS.get(word.casefold(), 0) if not word.isdigit() else int(word)


def _lost(gazetteer: Gazetteer) -> Iterator[Finding]:
    for thing in gazetteer.things.values():
        if (parent := parent_of(thing)) and parent not in gazetteer.things:
            text = f"{called([thing])} belongs to {parent}, which is not there any more."
            yield _finding([thing], text, f"Bring it back (haven world undo {parent}), or name another place.")
