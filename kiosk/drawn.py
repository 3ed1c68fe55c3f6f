"""What Textual keeps of all that it has drawn and found, and forgetting it."""

from __future__ import annotations

from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

SHARED = (
    Strip.blank,  # the empty lines keep every piece that was ever cut of them
    # Meant for pairs of colours, but its keys hold the lines of a thousand widgets, long after these are gone.
    StylesCache.get_inner_outer,
    *(Region.intersection, Region.union, Region.shrink, Region.grow, Region.overlaps, Region.translate),
)
"""What is kept for all displays: lines, and some thousand places of each kind, which take hours to come together."""


def forget(screen: Screen[object]) -> None:
    """Nothing of this screen stays drawn, nor of widgets that are gone; what is shown again is drawn anew."""
    screen.query("*").refresh()  # each line keeps every piece that was ever cut of it
    for node in screen.walk_children(with_self=True):
        node._query_one_cache.clear()  # a thousand answers for each, most of them of widgets that are gone
    forget_gone()


def forget_gone() -> None:
    """Nothing stays drawn of displays and widgets that are gone."""
    for kept in SHARED:
        kept.cache_clear()
