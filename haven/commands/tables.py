"""Tables on narrow terminals: where a row has no room, it is folded over lines; no figure is ever cut."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Column, Table

GAP = 2
WORD = 24
"""Longer words, such as paths, may be broken in a column that wraps; figures and names are shorter."""


def fitting(table: Table, width: int) -> RenderableType:
    """The table where every figure has room in so many columns; otherwise each row as a block of `name value`."""
    for column in table.columns:
        column.overflow = "fold"  # where a cell is too long all the same, rich would cut it
    needed = sum(map(_least, table.columns)) + GAP * (len(table.columns) - 1)
    return table if needed <= width else Group(*_blocks(table, width))


def _least(column: Column) -> int:
    """Columns that it needs at least."""
    lines = [line for text in (column.header, *column.cells) for line in str(text).splitlines()]
    if column.no_wrap:
        return max(map(cell_len, lines), default=0)
    return min(WORD, max((cell_len(word) for line in lines for word in line.split()), default=0))


def _blocks(table: Table, width: int) -> Iterator[str]:
    names = [_line(column.header) for column in table.columns]
    if table.title:
        yield from _wrapped(_line(table.title), width)
    for row in zip(*(column.cells for column in table.columns), strict=True):
        first, *others = map(_line, row)
        if first:
            yield from _wrapped(first, width)
        pairs = [f"{name} {value}".strip() for name, value in zip(names[1:], others, strict=True) if value]
        yield from _filled(pairs, width)
    if table.caption:
        yield from _wrapped(_line(table.caption), width)


def _filled(pairs: Sequence[str], width: int) -> Iterator[str]:
    """As many on a line as there is room for; one that is longer than a line is broken."""
    line = ""
    for pair in pairs:
        if line and cell_len(line) + GAP + cell_len(pair) > width:
            yield from _wrapped(line, width)
            line = ""
        line = f"{line}{' ' * GAP}{pair}"
    yield from _wrapped(line, width)


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent=" " * 2 * GAP, break_on_hyphens=False)


def _line(text: object) -> str:
    return " ".join(str(text).split())
