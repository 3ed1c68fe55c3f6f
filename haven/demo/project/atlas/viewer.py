"""The map viewer: one HTML page with a toolbar, the map as SVG and a legend."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from atlas import render
from atlas.systems import STARS, Atlas, System

WIDTH = 640
HEIGHT = 480

STYLE = """
body { background: #ffffff; color: #1b1e2b; font-family: sans-serif; margin: 1rem; }
.toolbar { display: flex; gap: 0.5rem; margin-bottom: 0.5rem; }
.button { border: 1px solid #8890b0; border-radius: 4px; padding: 0.5rem 1rem; }
svg { background: #05060f; }
"""

SCRIPT = """
const map = document.getElementById('map');
let zoom = 1;
function setZoom(next) { zoom = Math.min(8, Math.max(1, next)); map.style.transform = `scale(${zoom})`; }
function toggleNames() { map.classList.toggle('names-hidden'); }
"""


@dataclass(frozen=True)
class Button:
    """One button of the toolbar."""

    id: str
    label: str
    action: str


TOOLBAR = (
    Button("zoom-in", "Zoom in", "setZoom(zoom * 2)"),
    Button("zoom-out", "Zoom out", "setZoom(zoom / 2)"),
    Button("reset", "Reset", "setZoom(1)"),
    Button("names", "Names", "toggleNames()"),
)


def button(entry: Button) -> str:
    """One button as HTML."""
    return (
        f'<button class="button" id="{escape(entry.id)}" onclick="{escape(entry.action)}">'
        f"{escape(entry.label)}</button>"
    )


def toolbar() -> str:
    """All buttons, in their order."""
    parts = [button(entry) for entry in TOOLBAR]
    return f'<div class="toolbar">{"".join(parts)}</div>'


def star_hex(star: str) -> str:
    """The colour of a star class for the page."""
    if star == "yellow":
        return "#ffd666"
    if star == "red":
        return "#ff6b6b"
    if star == "blue":
        return "#74b9ff"
    if star == "green":
        return "#55efc4"
    return "#be90ff"


def marker(system: System) -> str:
    """One system on the map: a dot, its name, and a tooltip."""
    column, row = render.place(system, WIDTH, HEIGHT)
    name = escape(system.name)
    hint = escape(f"{system.name}, {system.region}, {len(system.planets)} planets")
    return (
        f'<g class="system"><title>{hint}</title>'
        f'<circle cx="{column}" cy="{row}" r="{render.size(system)}" fill="{star_hex(system.star)}"/>'
        f'<text x="{column + 6}" y="{row + 4}" fill="#ffffff" font-size="10">{name}</text></g>'
    )


def drawing(atlas: Atlas) -> str:
    """The map as SVG."""
    markers = "".join(marker(system) for system in atlas.systems)
    return f'<svg id="map" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{markers}</svg>'


def legend(atlas: Atlas) -> str:
    """What the colours mean: the star classes that are on the map."""
    present = {system.star for system in atlas.systems}
    entries = "".join(
        f'<li><span style="color: {star_hex(star)}">●</span> {star}</li>' for star in STARS if star in present
    )
    return f'<ul class="legend">{entries}</ul>'


def page(atlas: Atlas, title: str = "Voyagers' Atlas") -> str:
    """The whole page; it needs no server and no other file."""
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n"
        f"{toolbar()}\n{drawing(atlas)}\n{legend(atlas)}\n"
        f"<p>{len(atlas)} systems charted.</p>\n"
        f"<script>{SCRIPT}</script></body></html>\n"
    )
