"""What Textual keeps of all that it has drawn, and forgetting it."""

from __future__ import annotations

from textual._styles_cache import StylesCache
from textual.screen import Screen
from textual.strip import Strip


def forget(screen: Screen[object]) -> None:
    """Nothing of this screen stays drawn, nor of widgets that are gone; what is shown again is drawn anew."""
    screen.query("*").refresh()  # each line keeps every piece that was ever cut of it
    forget_gone()


def forget_gone() -> None:
    """Nothing stays drawn of displays and widgets that are gone."""
    Strip.blank.cache_clear()  # the empty lines, which all displays share, keep pieces as well
    # Meant for pairs of colours, but its keys hold the lines of a thousand widgets, long after these are gone.
    StylesCache.get_inner_outer.cache_clear()
