"""What a screen looks like, as text that can be kept and compared: its letters, and the colours of each cell."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Region

VARYING = ("#clock", "#today", "#said", "#uptime", "Sparkline")
"""What is another at each look: only its place is compared."""
CHANGING = re.compile(
    r"\b\d\d:\d\d(:\d\d)?\b"
    r"|\b\d{4}-\d\d-\d\d\b"
    r"|\b(?=[a-z]*\d)(?=\d*[a-f])[0-9a-f]{6,}\b"
    r"|\b[0-9a-f]{3,}(?=…)"
    r"|\b\d[\d.,]*(?= ?(ms|s|min|h|d|KB|MB|GB|%|°C|seconds?|minutes?|hours?|days?)\b)"
    r"|\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ \w+"
)
NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
QUIET_ROUNDS = 20


async def settled(app: App[None], pause: Callable[[], Awaitable[None]]) -> tuple[list[str], list[str]]:
    """The look of it once no pane is at work any more and it stays as it is.

    A worker that follows for ever is in the group `follow`.
    """
    before, busy = look(app), []
    for _ in range(QUIET_ROUNDS):
        for worker in busy:
            await worker.wait()
        await pause()
        busy = [worker for worker in app.workers if not worker.is_finished and worker.group != "follow"]
        now = look(app)
        if now == before and not busy:
            return now
        before = now
    raise AssertionError(f"a pane never comes to rest: {busy}")


def look(app: App[None]) -> tuple[list[str], list[str]]:
    """The rows of letters, and the rows of colours: each colour by a letter and how many cells it goes on, with what
    the letters stand for at the end."""
    letters, colours, known = [], [], {}
    hidden = [widget.region for widget in app.screen.query(", ".join(VARYING)) if widget.is_on_screen]
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        text, cells = "", []
        for segment in strip:
            text += segment.text
            cells += [known.setdefault(_named(segment), len(known))] * segment.cell_length
        letters.append(_masked(text, y, hidden).rstrip())
        colours.append(" ".join(f"{NAMES[key % len(NAMES)]}{len([*run])}" for key, run in groupby(cells)))
    return letters, [*colours, *(f"{NAMES[key % len(NAMES)]} {name}" for name, key in known.items())]


def _masked(text: str, y: int, hidden: Sequence[Region]) -> str:
    for region in hidden:
        if region.y <= y < region.bottom:
            text = text[: region.x] + "·" * region.width + text[region.right :]
    return CHANGING.sub(lambda found: "·" * len(found[0]), text)


def _named(segment: Segment) -> str:
    style = segment.style or Style()
    marks = "".join(mark for mark in ("bold", "dim", "underline", "reverse") if getattr(style, mark))
    ink, ground = (colour.name if colour else "-" for colour in (style.color, style.bgcolor))
    return f"{ink} on {ground} {marks}".rstrip()
