"""Log: Haven's own words about what it does, by level, by words, and by the id of an error or a change."""

from __future__ import annotations

import logging
import re

from aiohttp import web

from haven.access import Act
from haven.logbook import Line
from web.visit import Route, Visit, at

LEVELS = {"all": logging.NOTSET, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SHOWN = 300
ID = re.compile(r"(\[[0-9a-f]{8}\]|\b[0-9a-f]{6,8}\b)")
"""An error's id in brackets, else what looks like that of a change."""


async def shown(visit: Visit) -> web.StreamResponse:
    """The newest first, with each id as a way to everything else that has it."""
    level, words = visit.asked("level", "info"), visit.asked("words")
    found = visit.house.log.lines(LEVELS.get(level, logging.INFO), words)
    return visit.page(
        "log.html",
        lines=[(one, logging.getLevelName(one.level).lower(), _parts(one)) for one in reversed(found[-SHOWN:])],
        count=len(found),
        shown=SHOWN,
        level=level if level in LEVELS else "info",
        levels=list(LEVELS),
        words=words,
    )


def _parts(line: Line) -> list[tuple[str, str]]:
    """Its text in pieces, each with the address of its id; "" for what is none."""
    pieces = ID.split(line.text)
    return [
        (piece, at("/log", level="all", words=piece.strip("[]")) if ID.fullmatch(piece) else "") for piece in pieces
    ]


ROUTES = (Route("GET", "/log", shown, Act.SETTINGS),)
