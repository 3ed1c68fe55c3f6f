"""Map JSON, in the shape of GeoJSON (RFC 7946) with a third axis: systems are points, links are lines. One way only.

Coordinates are those of the frame that each feature names, not degrees on the Earth.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haven.world.schema import Kind, System, Thing, parent_of


def write(things: Sequence[Thing]) -> Iterator[str]:
    """The file, a feature a line; a system without a position has no geometry, and is there all the same."""
    systems = {thing.id: thing for thing in things if isinstance(thing, System)}
    inside = Counter((parent_of(thing), thing.kind) for thing in things)
    features = [_system(system, inside) for system in systems.values()]
    features += [line for system in systems.values() for line in _links(system, systems)]
    yield '{"type": "FeatureCollection", "features": [\n'
    for number, feature in enumerate(features):
        yield (",\n" if number else "") + json.dumps(feature, ensure_ascii=False)
    yield "\n]}\n"


def _system(system: System, inside: Mapping[tuple[str, Kind], int]) -> dict[str, Any]:
    place = system.position
    told: dict[str, Any] = {
        "kind": system.kind.value,
        "name": system.name,
        "region": system.region,
        "galaxy": system.galaxy,
        "star": system.star,
        "economy": system.economy,
        "conflict": system.conflict,
        "lifeform": system.lifeform,
        "glyphs": system.glyphs,
        "planets": inside.get((system.id, Kind.PLANET), 0),
        "stations": inside.get((system.id, Kind.STATION), 0),
        "frame": place.frame if place else "",
        "unit": place.unit if place else "",
    }
    geometry = {"type": "Point", "coordinates": [place.x, place.y, place.z]} if place else None
    properties = {key: value for key, value in told.items() if value not in ("", 0)}
    return {"type": "Feature", "id": system.id, "geometry": geometry, "properties": properties}


def _links(system: System, systems: Mapping[str, System]) -> Iterator[dict[str, Any]]:
    """A line to each system that can be gone to; one that goes both ways is drawn once."""
    for id in system.links:
        other = systems.get(id)
        if other is None or (system.id > id and system.id in other.links):
            continue
        if not (system.position and other.position) or system.position.frame != other.position.frame:
            continue
        ends = [[place.x, place.y, place.z] for place in (system.position, other.position)]
        properties = {"kind": "link", "from": system.id, "to": id, "frame": system.position.frame}
        yield {"type": "Feature", "geometry": {"type": "LineString", "coordinates": ends}, "properties": properties}
