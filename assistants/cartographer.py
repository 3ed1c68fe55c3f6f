"""Cartographer knows places: maps, distances, routes, coordinates, and the map viewer's code."""

from __future__ import annotations

from assistants.base import Assistant

CARTOGRAPHER = Assistant(
    name="cartographer",
    title="Cartographer",
    job="maps, distances, routes, coordinates, regions, the map viewer",
    colour="#56b6c2",
    words=(
        *("map", "route", "distance", "nearest", "coordinate", "region", "glyph", "portal", "galax", "navigat", "zoom"),
        *("render", "viewer", "sector", "jump range", "parsec", "light year", "label", "cluster", "star colour"),
    ),
)
