"""A small star map for questions: few records, each there for a question about it."""

from __future__ import annotations

from functools import cache

from haven.world.asking.lexicon import Lexicon
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Discovery, Found, Lore, Moon, Person, Planet, Point, Region, Station, System, Thing


def _system(name: str, *xyz: float, **more: object) -> System:
    position = Point(x=xyz[0], y=xyz[1], z=xyz[2]) if xyz else None
    values = {"region": "Inner Reach", "galaxy": "Euclid", **more}
    return System.model_validate({"id": f"system-{name.lower()}", "name": name, "position": position, **values})


def _planet(name: str, system: str, **more: object) -> Planet:
    id = f"planet-{name.lower().replace(' ', '-').replace(chr(39), '')}"
    return Planet.model_validate({"id": id, "name": name, "parent": f"system-{system}", **more})


THINGS: tuple[Thing, ...] = (
    _system(
        *("Halden", 0, 0, 0),
        economy="Trading",
        conflict="Low",
        star="Yellow",
        lifeform="Gek",
        aliases=("The Hub",),
        glyphs="60720193DFA9",
        links=("system-brook", "system-dorn"),
        discovered_by="Ana Tamm",
    ),
    _system("Brook", 10, 0, 0, economy="Mining", conflict="High", star="Red", discovered_by="Bo Lind"),
    _system("Cairn", 0, 24, 0, economy="Trading", conflict="Medium", star="Blue", region="Outer Reach"),
    _system("Dorn", 30, 0, 0, economy="Mining", star="Red", region="Outer Reach", links=("system-cairn",)),
    _system("Eyre", economy="", region=""),
    System(id="system-mercy", name="Mercy", position=Point(x=1, y=2, z=3, frame="sun", unit="pc")),
    _planet(
        *("Aqua", "halden"),
        biome="Ocean",
        size="Large",
        fauna="Rich",
        materials=("salt",),
        discovered_by="Ana Tamm",
        measures={"radius_jupiter": 0.9, "day_hours": 31, "discovery_year": 2016, "temperature_k": 280},
        properties={"discovery method": "transit"},
    ),
    _planet(
        *("Brine", "halden"),
        biome="Desert",
        size="Small",
        fauna="None",
        materials=("copper", "salt"),
        discovered_by="Bo Lind",
        measures={"radius_jupiter": 0.1, "day_hours": 20, "discovery_year": 2011, "mass_jupiter": 0.02},
        properties={"discovery method": "radial velocity"},
    ),
    _planet("Mirror", "cairn", biome="Ocean", materials=("Emeril",), measures={"discovery_year": 2016}),
    _planet("Halden's Eye", "dorn", biome="Frozen", weather="Blizzards", size="Medium"),
    _planet("Twin", "brook", biome="Gas giant"),
    System(id="system-twin", name="Twin", position=Point(x=60, y=0, z=0), region="Outer Reach", economy="Mining"),
    Moon(id="moon-pip", name="Pip", parent="planet-aqua", biome="Barren", materials=("tin",)),
    Moon(id="moon-pop", name="Pop", parent="planet-aqua", biome="Frozen"),
    Station(id="station-gate", name="Gate", parent="system-halden", race="Gek", sell_percent=80, buy_percent=110),
    Station(id="station-lamp", name="Lamp", parent="system-cairn", sell_percent=92.5),
    Discovery(
        id="discovery-ribs", name="Old Ribs", parent="planet-aqua", found=Found.FOSSIL, mystery=4, when="0007-01-02"
    ),
    Discovery(id="discovery-hull", name="Hull", parent="planet-mirror", found=Found.CRASHED_SHIP, mystery=2),
    Person(id="person-ana", name="Ana Tamm", aliases=("Captain Tamm",)),
    Region(id="region-inner", name="Inner Reach", galaxy="Euclid"),
    Lore(id="lore-war", name="The Long War", text="It began at Halden.", canon=True),
)


@cache
def lexicon() -> Lexicon:
    return Lexicon(Gazetteer(THINGS))
