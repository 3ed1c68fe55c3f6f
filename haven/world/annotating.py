"""What a map should say beside its dots, and what a region may be called: suggestions from the records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from haven.errors import NotFound
from haven.world import space
from haven.world.clusters import clusters
from haven.world.gazetteer import Gazetteer
from haven.world.lengths import written
from haven.world.schema import Kind, Station, System
from haven.world.words import fold

MOST = 12
CLOSE = 1.25
"""Times the usual distance to the nearest neighbour: so far from one another those of one cluster are at the most."""
LONELY = 2.5
"""So many times the usual distance to the nearest neighbour is a lonely place."""
NAMES: dict[str, tuple[str, ...]] = {
    "trading": ("Exchange", "Marches"),
    "mining": ("Lode", "Diggings"),
    "scientific": ("Observatory", "Lens"),
    "agriculture": ("Fields", "Commons"),
    "ocean": ("Shoals", "Sound"),
    "desert": ("Sands", "Barrens"),
    "frozen": ("Drift", "Hoar"),
    "volcanic": ("Embers", "Forge"),
    "lush": ("Gardens", "Green"),
    "high": ("Brink", "Front"),
    "red": ("Ember Reach", "Rust"),
    "blue": ("Blue Reach", "Azure"),
}
"""Nouns of a closed list, by what most of the region's records have in common (folded)."""
PLAIN = ("Reach", "Expanse", "Cluster", "Deep")


@dataclass(frozen=True)
class Note:
    """A label for one system, and why."""

    id: str
    name: str
    label: str
    why: str


@dataclass(frozen=True)
class Suggestion:
    """A name that no region has yet; `why` names the records that it comes from."""

    name: str
    why: str
    ids: tuple[str, ...]


def region_systems(gazetteer: Gazetteer, region: str) -> list[System]:
    """The systems of a region; all where none is named. Raises NotFound for a region that nobody recorded."""
    found = [one for one in gazetteer.systems if not region or fold(one.region) == fold(region)]
    if not found:
        raise NotFound(f"No system lies in a region {region!r}.", "Look with: haven world list --kind region")
    return found


def notes(gazetteer: Gazetteer, region: str = "") -> list[Note]:
    """At most MOST labels: hubs, trade, danger, lonely places, what waits to be explored. Raises NotFound."""
    systems = region_systems(gazetteer, region)
    found = [*_most(gazetteer, systems), *_marked(gazetteer, systems), *_lonely(gazetteer, systems)]
    once = {(one.id, one.label): one for one in found}
    return list(once.values())[:MOST]


def _most(gazetteer: Gazetteer, systems: Sequence[System]) -> Iterator[Note]:
    """The one system with most planets, discoveries, links."""
    counts: dict[str, Counter[str]] = {"planets": Counter(), "discoveries": Counter(), "links": Counter()}
    for system in systems:
        below = gazetteer.below(system)
        counts["planets"][system.id] = sum(one.kind is Kind.PLANET for one in below)
        counts["discoveries"][system.id] = sum(one.kind is Kind.DISCOVERY for one in below)
        counts["links"][system.id] = len(system.links)
    labels = {"planets": "largest system", "discoveries": "most explored", "links": "crossroads"}
    for what, counter in counts.items():
        ranked = counter.most_common(2)
        if ranked and ranked[0][1] > 1 and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
            id, count = ranked[0]
            yield Note(id, gazetteer.things[id].name, labels[what], f"{count} {what}, more than any other")


def _marked(gazetteer: Gazetteer, systems: Sequence[System]) -> Iterator[Note]:
    """What travellers want to know of each: the best market, danger, nothing recorded yet."""
    here = {system.id for system in systems}
    stations = [
        one for one in gazetteer.of_kind(Kind.STATION) if isinstance(one, Station) and one.sell_percent is not None
    ]
    stations = [one for one in stations if one.parent in here]
    if best := max(stations, key=lambda one: (one.sell_percent or 0.0, one.name), default=None):
        name = gazetteer.things[best.parent].name
        yield Note(best.parent, name, "best market", f"{best.name} pays {best.sell_percent:g} %")
    for system in systems:
        if fold(system.conflict) == "high":
            yield Note(system.id, system.name, "danger", "conflict is recorded as high")
    for system in systems:
        if not gazetteer.below(system, Kind.PLANET):
            yield Note(system.id, system.name, "unexplored", "no planet of it is recorded")


def _lonely(gazetteer: Gazetteer, systems: Sequence[System]) -> Iterator[Note]:
    atlas = gazetteer.atlas()
    if len(atlas) < 3:
        return
    alone = space.spacing(atlas.xyz)
    usual = float(np.median(alone))
    for system in systems:
        row = atlas.rows.get(system.id)
        if row is not None and alone[row] > usual * LONELY:
            why = f"{written(float(alone[row]), atlas.unit)} to its nearest neighbour"
            yield Note(system.id, system.name, "lonely", why)


def region_names(gazetteer: Gazetteer, region: str = "", count: int = 5) -> list[Suggestion]:
    """Names for a region, from what its records have in common and who was there first. Raises NotFound."""
    return names_for(gazetteer, region_systems(gazetteer, region), count)


def taken_names(gazetteer: Gazetteer) -> set[str]:
    """The folded names that regions have."""
    recorded = gazetteer.of_kind(Kind.REGION)
    return {fold(one.region) for one in gazetteer.systems} | {
        fold(name) for one in recorded for name in (one.name, *one.aliases)
    }


def cluster_around(gazetteer: Gazetteer, system: System) -> list[System]:
    """The systems of its cluster, itself among them: those reached by steps of CLOSE times the usual distance."""
    atlas = gazetteer.atlas(system.position.frame if system.position is not None else "")
    if system.id not in atlas.rows or len(atlas) < 2:
        return [system]
    length = CLOSE * float(np.median(space.spacing(atlas.xyz)))
    found = clusters(atlas, length) if length > 0 else []
    ids = next((one.ids for one in found if system.id in one.ids), (system.id,))
    return [one for id in ids if isinstance(one := gazetteer.things[id], System)]


def names_for(gazetteer: Gazetteer, systems: Sequence[System], count: int = 5) -> list[Suggestion]:
    """The same for any systems that lie together."""
    taken = taken_names(gazetteer)
    found: dict[str, Suggestion] = {}
    for suggestion in _named(gazetteer, systems):
        if fold(suggestion.name) not in taken:
            found.setdefault(fold(suggestion.name), suggestion)
    return list(found.values())[:count]


def _named(gazetteer: Gazetteer, systems: Sequence[System]) -> Iterator[Suggestion]:
    best = max(systems, key=lambda one: (len(gazetteer.below(one)), len(one.links), one.name))
    finders = Counter(one.discovered_by for one in systems if one.discovered_by).most_common(1)
    nouns = list(_nouns(gazetteer, systems))
    for noun, why, ids in nouns[:3]:
        yield Suggestion(f"{best.name} {noun}", f"{best.name} has most records there; {why}", (best.id, *ids))
    for person, times in finders:
        ids = tuple(one.id for one in systems if one.discovered_by == person)
        noun = nouns[0][0] if nouns else PLAIN[0]
        yield Suggestion(f"{person.split()[-1]}'s {noun}", f"{person} discovered {times} of its systems", ids[:5])
    for noun in PLAIN:
        yield Suggestion(f"{best.name} {noun}", f"{best.name} has most records there", (best.id,))


def _nouns(gazetteer: Gazetteer, systems: Sequence[System]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Nouns by the values that are most common, each with the reason and the records that it comes from."""
    planets = [one for system in systems for one in gazetteer.below(system, Kind.PLANET)]
    for field, things in (("economy", systems), ("biome", planets), ("star", systems), ("conflict", systems)):
        counts = Counter(value for one in things if (value := str(getattr(one, field, ""))))
        for value, times in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:1]:
            ids = tuple(one.id for one in things if str(getattr(one, field, "")) == value)[:5]
            for noun in NAMES.get(fold(value), ())[:1]:
                yield noun, f"{times} of {len(things)} have {field} {value}", ids
