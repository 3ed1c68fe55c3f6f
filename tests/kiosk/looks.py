"""What a screen looks like, as text that can be kept, compared and drawn: its letters, and the style of each cell in
every theme."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import groupby, product
from string import ascii_letters

from rich.cells import cell_len
from rich.style import Style
from textual.app import App
from textual.widget import Widget

NAMES = [*ascii_letters, *("".join(pair) for pair in product(ascii_letters, repeat=2))]
"""What styles are called in what is kept."""
LEAST_ID = 6
"""Characters of an id that a screen shows at least."""
QUIET_ROUNDS = 60
TOOK = re.compile(r"(by computation · (?:free · )?)\d\.\d s\b")
"""How long an answer took, by the machine's own watch; what a model took stands in the transcript of the pictures."""
ANY_TIME = "0.1 s"
RULE = "=="

Cells = list[list[str]]
"""The style of each cell, as `ink on ground`, row by row."""


@dataclass(frozen=True)
class Look:
    """One screen in several themes. `styles`: for each cell what it is styled like in each of them."""

    themes: tuple[str, ...]
    letters: tuple[str, ...]
    styles: tuple[tuple[tuple[str, ...], ...], ...]

    @classmethod
    def of(cls, seen: Mapping[str, tuple[list[str], Cells]]) -> Look:
        """From what was seen in each theme. Raises AssertionError where more than the colours differ."""
        first, *others = [letters for letters, _ in seen.values()]
        for other in others:
            assert other == first, "another text in another theme:\n" + "\n".join(unified_diff(first, other, n=0))
        rows = zip(*(cells for _, cells in seen.values()), strict=True)
        styles = tuple(tuple(zip(*row, strict=True)) for row in rows)
        return cls(tuple(seen), tuple(first), styles)

    @classmethod
    def read(cls, text: str) -> Look:
        """What `kept` wrote."""
        letters, runs, legend = (part.split("\n") for part in text.rstrip("\n").split(f"\n{RULE}\n"))
        themes = tuple(legend[0].split())
        styles = {name: tuple(rest.split(" | ")) for name, rest in (row.split(" ", 1) for row in legend[1:])}
        rows = tuple(tuple(style for one in row.split() for style in _run(one, styles)) for row in runs)
        return cls(themes, tuple(letters), rows)

    def kept(self) -> str:
        """As text: the letters, the styles by name with the cells that each goes on for, and what the names mean."""
        names: dict[tuple[str, ...], str] = {}
        runs = []
        for row in self.styles:
            found = [(names.setdefault(one, NAMES[len(names)]), len([*run])) for one, run in groupby(row)]
            runs.append(" ".join(f"{name}{count}" for name, count in found))
        legend = [" ".join(self.themes), *(f"{name} {' | '.join(one)}" for one, name in names.items())]
        return f"\n{RULE}\n".join("\n".join(part) for part in (self.letters, runs, legend)) + "\n"


async def settled(app: App[None]) -> tuple[list[str], Cells]:
    """What is seen once no pane is at work any more and it stays as it is.

    A worker that follows for ever is in the group `follow`; one in `dialog` waits for the dialog that is looked at.
    """
    before = None
    for _ in range(QUIET_ROUNDS):
        await _drawn(app)
        waits = {"follow", "dialog"} if len(app.screen_stack) > 1 else {"follow"}
        busy = [worker for worker in app.workers if not worker.is_finished and worker.group not in waits]
        for worker in busy:
            await worker.wait()
        now = seen(app)
        if now == before and not busy:
            return now
        before = now
    raise AssertionError(f"a pane never comes to rest: {busy}")


def seen(app: App[None]) -> tuple[list[str], Cells]:
    """The letters and the styles of all cells, as they are now."""
    letters, styles = [], []
    for strip in app.screen._compositor.render_strips():
        letters.append("".join(segment.text for segment in strip).rstrip())
        styles.append([named for segment in strip for named in [_named(segment.style)] * segment.cell_length])
    return letters, styles


def masked(letters: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """With what stands for ids that are others at each run: as many characters as are shown of each."""
    text = TOOK.sub(rf"\g<1>{ANY_TIME}", "\n".join(letters))
    for id, instead in known.items():
        for length in range(len(id), min(LEAST_ID, len(id)) - 1, -1):
            text = text.replace(id[:length], instead[:length])
    return text.split("\n")


def cells(text: str) -> Iterator[tuple[int, str]]:
    """Each character with the column that it begins at."""
    at = 0
    for character in text:
        yield at, character
        at += cell_len(character)


async def _drawn(app: App[None]) -> None:
    """Until what is shown has done what it was told, and was laid out anew."""
    for node in (app, *_shown(app.screen)):
        done = asyncio.Event()
        if node.call_later(done.set):
            await done.wait()
    done = asyncio.Event()
    if app.screen.call_after_refresh(done.set):
        await done.wait()


def _shown(widget: Widget) -> Iterator[Widget]:
    yield widget
    for child in widget.children:
        if child.display:
            yield from _shown(child)


def _run(one: str, styles: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    name = one.rstrip("0123456789")
    return [styles[name]] * int(one[len(name) :])


def _named(style: Style | None) -> str:
    style = style or Style()
    marks = "".join(f" {mark}" for mark in ("bold", "dim", "underline", "reverse") if getattr(style, mark))
    ink, ground = (colour.name if colour else "-" for colour in (style.color, style.bgcolor))
    return f"{ink} on {ground}{marks}"
