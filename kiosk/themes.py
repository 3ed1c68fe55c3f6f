"""The three looks of the kiosk, and their colours for what is drawn by hand.

A colour is named by what it is for; kiosk.tcss and every pane use these names (`$ink`), never a number of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import Any

from rich.style import Style
from textual.app import App
from textual.theme import Theme

from haven.settings import Kiosk

NAMES = (
    *("ground", "paper", "raised", "tile", "field", "cap", "chosen", "chosen-ink", "good", "bad", "alarm"),
    *("ink", "quiet", "title", "note", "fine", "wrong", "edge", "edge-quiet", "hunk"),
    *("added", "added-ink", "added-word", "removed", "removed-ink", "removed-word"),
    *(f"voice-{number}" for number in range(1, 9)),
)


@dataclass(frozen=True)
class Look:
    """One of them, as people choose it."""

    id: str
    label: str
    help: str
    colours: dict[str, str]


def _look(id: str, label: str, help: str, colours: str) -> Look:
    return Look(id, label, help, dict(zip(NAMES, colours.split(), strict=True)))


DAY = _look(
    *("day", "Day", "deep blue, for a lit room"),
    "#0b1020 #0e142a #131a33 #1d274d #1a2347 #26315f #2f5fd0 #ffffff #1f6b3d #74283a #33141f "
    "#d7e0ff #8fa1d0 #7fd1ff #ffd479 #4fc27a #ff8f8f #5a6aa8 #4a5170 #c8a2ff "
    "#12301c #b6f2b0 #226b36 #3a1620 #ffb3b3 #7a2a3c "
    "#7fd1ff #ffd479 #8fe3a6 #ff9fb2 #c8a2ff #ffb37a #6fe0d2 #e6e08a",
)
NIGHT = _look(
    *("night", "Night", "dim and warm, for a dark room"),
    "#070403 #0c0705 #120b07 #22140c #1a0f09 #2b1a10 #7a4a1e #ffe3c2 #33401a #5a1c14 #2c0d08 "
    "#c79c74 #9c7757 #d68a4a #d9a441 #93a04a #dd6b55 #5e4128 #3c2a1b #b98a6a "
    "#1a1f0b #aab56a #3a451a #2a0f0a #dc8a78 #5c2318 "
    "#d68a4a #d9b25a #a3ad5c #dd7f6c #c08fa0 #c9a06a #9fae8a #cfc07a",
)
CONTRAST = _look(
    *("contrast", "High contrast", "white and yellow on black, for weak eyes or strong light"),
    "#000000 #000000 #101010 #262626 #1c1c1c #333333 #ffe600 #000000 #005c24 #a30021 #4a0010 "
    "#ffffff #dcdcdc #7fe6ff #ffe600 #4dff88 #ff9a9a #ffffff #9a9a9a #e2b8ff "
    "#003d14 #d2ffd2 #005c22 #4d0010 #ffdede #8c001b "
    "#7fe6ff #ffe600 #7dff9c #ffa3b8 #e2b8ff #ffbe85 #6ffff0 #ffffb0",
)
LOOKS = {look.id: look for look in (DAY, NIGHT, CONTRAST)}


def theme_of(look: Look) -> Theme:
    """The look as Textual wants it: its own widgets (notices, Markdown, scrollbars) follow it as well."""
    colours = look.colours
    return Theme(
        name=look.id,
        primary=colours["title"],
        secondary=colours["edge"],
        accent=colours["note"],
        warning=colours["note"],
        error=colours["wrong"],
        success=colours["fine"],
        foreground=colours["ink"],
        background=colours["ground"],
        surface=colours["paper"],
        panel=colours["raised"],
        variables=colours
        | {"scrollbar": colours["edge"], "scrollbar-background": colours["ground"]}
        | {"scrollbar-hover": colours["edge"], "scrollbar-background-hover": colours["ground"]}
        | {"scrollbar-active": colours["title"], "scrollbar-background-active": colours["ground"]}
        | {"scrollbar-corner-color": colours["ground"]},
    )


def look_at(wanted: Kiosk, now: time) -> str:
    """The look for a time of day: the one that was chosen, or the night's between `night_from` and `night_until`."""
    start, end = time.fromisoformat(wanted.night_from), time.fromisoformat(wanted.night_until)
    night = start <= now < end if start <= end else now >= start or now < end
    return "night" if night else wanted.theme


def colour(app: App[Any], name: str) -> str:
    """One colour of the look that is worn, as `#rrggbb`."""
    return LOOKS.get(app.theme, DAY).colours[name]


def style(app: App[Any], ink: str, on: str = "", *, bold: bool = False) -> Style:
    """A style to draw with, by the names of its colours; ask for it at each drawing, for the look may change."""
    return _style(LOOKS.get(app.theme, DAY).id, ink, on, bold)


@lru_cache(maxsize=512)
def _style(look: str, ink: str, on: str, bold: bool) -> Style:
    colours = LOOKS[look].colours
    return Style(color=colours[ink], bgcolor=colours[on] if on else None, bold=bold or None)
