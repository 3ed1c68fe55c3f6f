"""The Open Exoplanet Catalogue: XML of systems, stars and planets; places in parsecs with the Sun at the origin.

Units are those of the catalogue's README: masses and radii of planets in Jupiter's, of stars
in the Sun's, periods in days, axes in astronomical units, temperatures in kelvin.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from pydantic import ValidationError

from haven.errors import BadInput
from haven.world.exchange.fields import MAX_LINE, line, number, what_is_wrong
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Defect, Note, Reading, new_id
from haven.world.exchange.texts import parse_xml
from haven.world.schema import CLASSES, Kind, Point

CATALOGUE = "Open Exoplanet Catalogue"
OF_PLANETS = {
    "mass": "mass_jupiter",
    "radius": "radius_jupiter",
    "period": "period_days",
    "semimajoraxis": "semimajoraxis_au",
    "separation": "separation_au",
    "eccentricity": "eccentricity",
    "inclination": "inclination_deg",
    "temperature": "temperature_k",
    "age": "age_gyr",
    "metallicity": "metallicity",
    "impactparameter": "impact_parameter",
    "spinorbitalignment": "spin_orbit_deg",
    "discoveryyear": "discovery_year",
    "tilt": "tilt_deg",
    "magV": "magnitude_v",
    "magB": "magnitude_b",
    "magK": "magnitude_k",
}
OF_STARS = {
    "mass": "star_mass_sun",
    "radius": "star_radius_sun",
    "temperature": "star_temperature_k",
    "age": "star_age_gyr",
    "metallicity": "star_metallicity",
    "magV": "star_magnitude_v",
}
ARCSEC = "separation_arcsec"
LEFT_OUT = (
    "of the catalogue's files these are not kept: error bars, times of passages, most magnitudes, videos, "
    "angles of orbits other than the inclination, and the figures of pairs and of each of several stars"
)
NO_DISTANCE = Note(Defect.OTHER, "the catalogue gives no distance, so it has no position")
METHODS = {"RV": "radial velocity"}


def read(piece: Piece) -> Iterator[Reading]:
    """The systems of one file. Raises BadInput where it holds none."""
    root = parse_xml(piece.data, piece.name)
    systems = [root] if root.tag == "system" else root.findall(".//system")
    if not systems:
        raise BadInput(f"{piece.name} holds no <system>.", "It should be a file of the Open Exoplanet Catalogue.")
    for system in systems:
        yield from _system(system, piece.name)
    yield Reading(piece.name, "the file", notes=(Note(Defect.OTHER, LEFT_OUT),))


def place(right_ascension: str, declination: str, distance: float) -> Point:
    """Position in parsecs from right ascension (hh mm ss), declination (dd mm ss) and distance.

    x points to the vernal equinox, z to the celestial north pole. Raises ValueError.
    """
    alpha = math.radians(_sexagesimal(right_ascension) * 15)
    delta = math.radians(_sexagesimal(declination))
    flat = distance * math.cos(delta)
    x, y, z = flat * math.cos(alpha), flat * math.sin(alpha), distance * math.sin(delta)
    return Point(x=x, y=y, z=z, frame="sun", unit="pc")


def _sexagesimal(text: str) -> float:
    parts = [abs(float(part)) for part in re.split(r"[\s:]+", text.strip())]
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"{text!r} is no angle")
    value = sum(part / 60.0**power for power, part in enumerate(parts))
    return -value if text.strip().startswith("-") else value


def _system(system: Element, source: str) -> Iterator[Reading]:
    names = _names(system)
    where = f"{source}: {names[0] if names else '?'}"
    values, notes = _of_system(system, names, source)
    made = _made(Kind.SYSTEM, values, notes, where)
    yield made
    for star, planet in _planets(system, ""):
        yield from _planet(planet, star, made, where)


def _of_system(system: Element, names: list[str], source: str) -> tuple[dict[str, Any], tuple[Note, ...]]:
    distance = number(system.findtext("distance"))
    right_ascension, declination = system.findtext("rightascension"), system.findtext("declination")
    values: dict[str, Any] = {"source": f"{CATALOGUE}, {source}", "properties": {}, "measures": {}}
    notes: tuple[Note, ...] = ()
    if names[:1] == ["Sun"] and distance is None:
        values["position"] = Point(x=0, y=0, z=0, frame="sun", unit="pc")
    elif distance is None or not right_ascension or not declination:
        notes = (NO_DISTANCE,)
        if direction := ", ".join(text for text in map(line, (right_ascension, declination)) if text):
            values["properties"]["direction"] = direction[:MAX_LINE]
    else:
        try:
            values["position"] = place(right_ascension, declination, distance)
        except ValueError as error:
            notes = (Note(Defect.OTHER, f"its direction can't be read, so it has no position: {error}"),)
    if distance is not None:
        values["measures"]["distance_pc"] = distance
    if others := len(system.findall(".//asteroid")):
        notes = (*notes, Note(Defect.OTHER, f"{others} asteroid(s) of it are no planets, so they are left out"))
    stars = list(system.iter("star"))
    values["measures"]["stars"] = float(len(stars))
    values["star"] = ", ".join(text for star in stars if (text := line(star.findtext("spectraltype"))))[:MAX_LINE]
    if len(stars) == 1:
        values["measures"] |= _measures(stars[0], OF_STARS)
    elif stars:
        called = ", ".join(_names(star)[0] for star in stars if _names(star))
        values["properties"]["stars"] = called[:MAX_LINE]
    if constellation := line(system.findtext("constellation")):
        values["properties"]["constellation"] = constellation[:MAX_LINE]
    star_names = (name for star in stars for name in _names(star)) if len(stars) == 1 else ()
    values["name"], values["aliases"] = names[0] if names else "", _aliases([*names, *star_names])
    return values, notes


def _planets(inside: Element, star: str) -> Iterator[tuple[str, Element]]:
    """Every planet with the star or pair of stars that it orbits."""
    for child in inside:
        if child.tag == "planet":
            yield star, child
        elif child.tag in ("star", "binary"):
            names = _names(child)
            yield from _planets(child, names[0] if names else "a pair of stars")


def _planet(planet: Element, star: str, system: Reading, where: str) -> Iterator[Reading]:
    names = _names(planet)
    where = f"{where}, planet {names[0] if names else '?'}"
    if system.thing is None:
        yield Reading(where, names[0] if names else "", refused="its system is refused")
        return
    values = _of_body(planet, names, system.thing.id, system.thing.source)
    values["properties"]["orbits"] = star[:MAX_LINE]
    values["properties"] = {key: value for key, value in values["properties"].items() if value}
    made = _made(Kind.PLANET, values, (), where)
    yield made
    if made.thing is None:
        return
    for moon in planet.findall("satellite"):
        moon_names = _names(moon)
        yield _made(Kind.MOON, _of_body(moon, moon_names, made.thing.id, made.thing.source), (), f"{where}, moon")
    text = line(planet.findtext("description"))
    if text:
        links = (made.thing.id, system.thing.id)
        values = {"name": made.thing.name, "text": text, "links": links, "canon": True, "source": made.thing.source}
        values["sources"] = (made.thing.source,)
        yield _made(Kind.LORE, values, (), f"{where}, description")


def _of_body(body: Element, names: list[str], parent: str, source: str) -> dict[str, Any]:
    method = line(body.findtext("discoverymethod"))
    properties = {
        "discovery method": METHODS.get(method, method),
        "list": ", ".join(line(one.text) for one in body.findall("list")),
        "transits": {"1": "yes", "0": "no"}.get(line(body.findtext("istransiting")), ""),
        "spectral type": line(body.findtext("spectraltype")),
        "last update": line(body.findtext("lastupdate")),
    }
    mass = body.find("mass")
    if mass is not None and mass.get("type") == "msini":
        properties["mass is"] = "a minimum (m sin i)"
    for tag in OF_PLANETS:
        for limit in ("upperlimit", "lowerlimit"):
            found = body.find(tag)
            if found is not None and not line(found.text) and found.get(limit):
                properties[f"{OF_PLANETS[tag]} {limit.removesuffix('limit')} limit"] = line(found.get(limit))
    picture = line(body.findtext("imagedescription"))
    return {
        "name": names[0] if names else "",
        "aliases": _aliases(names),
        "parent": parent,
        "source": source,
        "properties": {key: value[:MAX_LINE] for key, value in properties.items() if value},
        "measures": _measures(body, OF_PLANETS),
        "photo": line(body.findtext("image"))[:MAX_LINE],
        "notes": f"Picture: {picture}" if picture else "",
    }


def _measures(element: Element, named: dict[str, str]) -> dict[str, float]:
    """What stands there, the first of each; a separation may be given twice, as an angle and as a length."""
    found: dict[str, float] = {}
    for child in element:
        measure = ARCSEC if child.tag == "separation" and child.get("unit") == "arcsec" else named.get(child.tag, "")
        if measure and (value := number(child.text)) is not None:
            found.setdefault(measure, value)
    return found


def _names(element: Element) -> list[str]:
    return [name for one in element.findall("name") if (name := line(one.text))]


def _aliases(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name[:MAX_LINE] for name in names if name != names[0]))


def _made(kind: Kind, values: dict[str, Any], notes: tuple[Note, ...], where: str) -> Reading:
    if not values["name"]:
        return Reading(where, "", refused="it has no name")
    try:
        thing: Any = CLASSES[kind](id=new_id(), **values)
    except ValidationError as error:
        return Reading(where, values["name"], refused=what_is_wrong(error))
    return Reading(where, thing.name, thing, notes)
