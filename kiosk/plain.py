"""Text of people and models made safe to show: nothing in it moves a cursor, colours a screen or turns the reading."""

from __future__ import annotations

from haven.quoting import clean, visible


def plain(text: str) -> str:
    """Prose without control and hidden characters."""
    return clean(text).expandtabs(4)


def code(text: str) -> str:
    """Code under review: hidden characters are shown by their number, for they are part of what is decided."""
    return visible(text).expandtabs(4)


def line(text: str, limit: int = 200) -> str:
    """Prose on one line, cut at `limit` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
