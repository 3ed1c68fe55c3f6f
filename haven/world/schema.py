"""The words of the world: what a record of each kind holds. Every record is checked here, whoever it comes from.

A field that nobody filled in is empty, never a word such as "N/A". What a source says and no field holds stands in
`properties` (text) or `measures` (numbers, the unit at the end of the name: `radius_jupiter`, `period_days`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from haven.quoting import clean

MAX_NAME = 120
MAX_TEXT = 100_000
"""Characters of one text; a longer lore entry is a file of its own."""
MAX_ITEMS = 1_000
"""Of one list of a record, and of its own fields."""


def _line(text: str) -> str:
    if text.isascii() and text.isprintable():  # most are, and a hundred thousand records hold a million of them
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    return " ".join(clean(text).split())


Line = Annotated[str, AfterValidator(_line), Field(max_length=500)]
"""One line without control and hidden characters."""
Name = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=MAX_NAME)]
Text = Annotated[str, AfterValidator(lambda text: clean(text).strip()), Field(max_length=MAX_TEXT)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_ITEMS)]


FARTHEST = 1e15
"""Of a coordinate, in whatever unit: a farther one is a slip, and distances between such ones are no numbers."""
LARGEST = 1e100
"""Of a measure: sums and squares of such ones are numbers still."""
Coordinate = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)]
Measure = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class Kind(StrEnum):
    SYSTEM = "system"
    PLANET = "planet"
    MOON = "moon"
    STATION = "station"
    DISCOVERY = "discovery"
    LORE = "lore"
    PERSON = "person"
    REGION = "region"


class Found(StrEnum):
    """The ten kinds of discoveries."""

    FOSSIL = "fossil"
    TEXT_LOG = "text log"
    RUIN = "ruin"
    TECHNOLOGY = "technology"
    LIFE = "flora and fauna"
    MINERAL = "mineral"
    CRASHED_SHIP = "crashed ship"
    HAZARD = "hazard"
    UPDATE = "update"
    PLAYER_LORE = "player lore"


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Point(Part):
    """Where something is. Points of different frames can't be compared; `unit` is what its numbers count."""

    x: Coordinate
    y: Coordinate
    z: Coordinate
    frame: Line = "map"
    """`map` (the community's own numbers), `galaxy:NAME` (signed voxels of portal glyphs), `sun` (parsecs)."""
    unit: Line = "units"


class Record(Part):
    """What every kind has."""

    id: Line = ""
    """Given when it is first kept: kind and ten hex digits, as in `system-0f3a9c12de`."""
    name: Name
    aliases: Lines = ()
    notes: Text = ""
    photo: Line = ""
    discovered_by: Line = ""
    """A person's name, as written."""
    source: Line = ""
    """Where it came from: a file with its entry, or a person."""
    properties: dict[Line, Line] = Field(default_factory=dict, max_length=MAX_ITEMS)
    measures: dict[Line, Measure] = Field(default_factory=dict, max_length=MAX_ITEMS)


class System(Record):
    kind: Literal[Kind.SYSTEM] = Kind.SYSTEM
    position: Point | None = None
    glyphs: Line = ""
    """Portal glyphs: twelve hex digits, planet first."""
    galaxy: Line = ""
    reality: Line = ""
    region: Line = ""
    star: Line = ""
    """Its colour or its spectral type."""
    economy: Line = ""
    economy_level: Line = ""
    conflict: Line = ""
    lifeform: Line = ""
    sentinels: Line = ""
    flora: Line = ""
    fauna: Line = ""
    materials: Lines = ()
    base: Line = ""
    links: Lines = ()
    """Ids of systems that one can go to from here."""


class Body(Record):
    """What a planet and a moon have in common."""

    biome: Line = ""
    weather: Line = ""
    size: Line = ""
    sentinels: Line = ""
    flora: Line = ""
    fauna: Line = ""
    materials: Lines = ()
    base: Line = ""


class Planet(Body):
    kind: Literal[Kind.PLANET] = Kind.PLANET
    parent: Line
    """The id of its system."""


class Moon(Body):
    kind: Literal[Kind.MOON] = Kind.MOON
    parent: Line
    """The id of its planet."""


class Station(Record):
    kind: Literal[Kind.STATION] = Kind.STATION
    parent: Line
    """The id of its system."""
    race: Line = ""
    sell_percent: float | None = None
    buy_percent: float | None = None


class Discovery(Record):
    kind: Literal[Kind.DISCOVERY] = Kind.DISCOVERY
    parent: Line = ""
    """The id of the place it was made at; empty in deep space, whose name is in `place`."""
    found: Found
    place: Line = ""
    text: Text = ""
    coordinates: Line = ""
    condition: Line = ""
    period: Line = ""
    significance: Line = ""
    mystery: int = Field(0, ge=0, le=5)
    """The mystery tier; 0: nobody rated it."""
    confidence: float | None = Field(None, ge=0, le=1)
    when: Line = ""
    """When it was made: ISO 8601."""
    tags: Lines = ()


class Lore(Record):
    """`name` is its title."""

    kind: Literal[Kind.LORE] = Kind.LORE
    text: Text = ""
    tags: Lines = ()
    links: Lines = ()
    """Ids of the records it speaks of, as somebody linked them."""
    sources: Lines = ()
    canon: bool = False
    """False: a draft, which nobody is quoted from as the truth."""
    when: Line = ""
    """The time it tells of, in the world's own counting: a number (a year) first, where there is one."""


class Person(Record):
    kind: Literal[Kind.PERSON] = Kind.PERSON


class Region(Record):
    kind: Literal[Kind.REGION] = Kind.REGION
    galaxy: Line = ""
    glyphs: Line = ""
    """The last eight of the glyphs' digits (YY-ZZZ-XXX), which all of its systems share."""


Thing = Annotated[System | Planet | Moon | Station | Discovery | Lore | Person | Region, Field(discriminator="kind")]
THING: TypeAdapter[Thing] = TypeAdapter(Thing)
NOUNS: dict[Kind, tuple[str, str]] = {
    Kind.DISCOVERY: ("discovery", "discoveries"),
    Kind.LORE: ("lore entry", "lore entries"),
    Kind.PERSON: ("person", "people"),
}
"""Of kinds whose plural takes more than an s: one, and many."""
CLASSES: dict[Kind, type[Record]] = {
    Kind.SYSTEM: System,
    Kind.PLANET: Planet,
    Kind.MOON: Moon,
    Kind.STATION: Station,
    Kind.DISCOVERY: Discovery,
    Kind.LORE: Lore,
    Kind.PERSON: Person,
    Kind.REGION: Region,
}


def parent_of(thing: Thing) -> str:
    """The id of the record it belongs to; "" where it stands alone."""
    return "" if isinstance(thing, (System, Lore, Person, Region)) else thing.parent


def kind_of(id: str) -> Kind:
    """The kind of the record of that id: what stands before its first dash."""
    return Kind(id.partition("-")[0])


def noun(kind: Kind, count: int = 2) -> str:
    """`planet`, `planets`; `discovery`, `discoveries`; `lore entry`, `lore entries`; `person`, `people`."""
    single, many = NOUNS.get(kind, (kind.value, f"{kind.value}s"))
    return single if count == 1 else many
