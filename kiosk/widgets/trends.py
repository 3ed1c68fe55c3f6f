"""Figures of the last hours as small lines of blocks, each with its name and what it is now."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from haven.past import FIGURES, Past
from kiosk.themes import style

BLOCKS = "▁▂▃▄▅▆▇"
"""None fills its row: the line above would run into it."""
LABEL, VALUE = 16, 9
"""Columns of a figure's name and of its value now."""


class Trends(Widget):
    """A row for each figure that was ever known; two beside one another where there is room."""

    def __init__(self, past: Past, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._past = past
        self._shown: list[tuple[str, list[float | None]]] = []

    def look(self) -> None:
        """Take what is there now."""
        every = [(name, self._past.of(name)) for name in FIGURES]
        self._shown = [(name, values) for name, values in every if any(one is not None for one in values)]
        self._lay()
        self.refresh()

    def on_resize(self) -> None:
        self._lay()

    def render_line(self, y: int) -> Strip:
        columns = self._columns
        width = self.size.width // columns
        segments: list[Segment] = []
        for name, values in self._shown[y * columns : (y + 1) * columns]:
            figure, now = FIGURES[name], next((one for one in reversed(values) if one is not None), 0.0)
            room = max(8, width - LABEL - VALUE - 3)
            label = f" {figure.label}"[: LABEL + 1].ljust(LABEL + 1)
            said = f"{now:,.0f} {figure.unit}".rstrip().rjust(VALUE)
            segments.append(Segment(label, style(self.app, "title", "paper")))
            segments.append(
                Segment(drawn(gathered(values, room), figure.least).rjust(room), style(self.app, "fine", "paper"))
            )
            segments.append(Segment(f"{said}  ", style(self.app, "ink", "paper", bold=True)))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    @property
    def _columns(self) -> int:
        return 2 if self.size.width >= 80 else 1

    def _lay(self) -> None:
        self.styles.height = -(-len(self._shown) // self._columns)


def gathered(values: Sequence[float | None], room: int) -> list[float | None]:
    """At most so many values: each the highest of its share of the time."""
    share = max(1, -(-len(values) // room))
    parts = [[one for one in values[at : at + share] if one is not None] for at in range(0, len(values), share)]
    return [max(part, default=None) for part in parts]


def drawn(values: Sequence[float | None], least: float) -> str:
    """A block for each value, from nothing to the largest of them (or `least`); a blank where there is none."""
    top = max([least, *(one for one in values if one is not None)])
    return "".join(
        " " if one is None else BLOCKS[min(len(BLOCKS) - 1, int(len(BLOCKS) * max(0.0, one) / top))] for one in values
    )
