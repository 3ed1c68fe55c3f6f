"""The card of a chosen system: what it is, how far from the one before, and what can be done with it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from haven.world.maps.about import About
from kiosk.plain import line
from kiosk.widgets.tile import Tile

WIDTH, HEIGHT = 42, 13
"""Columns it takes on a wide map, rows on a narrow one."""
BUTTONS = {"read": "Read", "route": "Route", "center": "Center", "close": "Close"}


class StarCard(Vertical):
    """Its tiles post `Tile.Pressed` with one of the keys of BUTTONS."""

    def compose(self) -> ComposeResult:
        yield Static("", id="card-words", markup=False)
        with Horizontal(classes="actions"):
            for key, label in BUTTONS.items():
                yield Tile(label, key, id=f"card-{key}")

    def show(self, about: About, stop: str = "") -> None:
        """`stop`: what stop of a route it is, in words."""
        parts: list[str | tuple[str, str]] = [(line(about.name, 60), "bold $note")]
        if stop:
            parts.append((f"\n{line(stop, 60)}", "$title"))
        for label, value in about.facts:
            parts += [("\n" + f"{label:<9}", "$title"), line(value, 60)]
        if about.distance:
            parts.append((f"\n{line(about.distance, 70)}", "$note"))
        if not about.frame:
            parts.append(("\nIts position is not recorded.", "$note"))
        self.query_one("#card-words", Static).update(Content.assemble(*parts))
        for key in ("route", "center"):
            self.query_one(f"#card-{key}").display = bool(about.frame)
        self.display = True
