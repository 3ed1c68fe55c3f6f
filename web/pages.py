"""Pages: Jinja templates, all of them escaped, in the frame that every page has."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from haven.access import Act
from haven.quoting import clean, visible
from haven.store.database import now
from web.accounts import Visitor
from web.markdown import markdown
from web.places import PLACES, place_of
from web.shelf import shelf

if TYPE_CHECKING:
    from web.visit import Visit

MOST_NOTICES = 1_000
"""Sessions whose next page has something to say."""
STEPS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Notice:
    """What became of a form, shown once on the next page. `level`: ok, note or alert."""

    sentence: str
    level: str


class Pages:
    """One for the port."""

    def __init__(self) -> None:
        self._notices: OrderedDict[str, list[Notice]] = OrderedDict()

    def page(self, visit: Visit, template: str, status: int, values: Mapping[str, Any]) -> web.Response:
        """Notices that wait for this person are shown with it."""
        visitor = visit.visitor
        piece = "HX-Request" in visit.request.headers and "HX-Boosted" not in visit.request.headers
        notices = self._notices.pop(visitor.session.hash, []) if visitor and not piece else []
        found = templates().get_template(template)
        text = found.render(
            visit=visit,
            person=visit.person,
            seal=visitor.seal if visitor else "",
            here=place_of(visit.request.path),
            notices=notices,
            piece=piece,
            **values,
        )
        return web.Response(text=text, content_type="text/html", status=status, headers={"Cache-Control": "no-store"})

    def notice(self, visitor: Visitor, sentence: str, level: str) -> None:
        self._notices.setdefault(visitor.session.hash, []).append(Notice(sentence, level))
        if len(self._notices) > MOST_NOTICES:
            self._notices.popitem(last=False)


@cache
def templates() -> Environment:
    """Each is read and compiled once; they are the same whatever house is shown."""
    made = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(static=shelf().address, places=PLACES, acts=Act)
    made.filters.update(FILTERS)
    return made


def usd(value: float) -> str:
    """Dollars: cents, and below one cent as many places as it takes to see something."""
    return (
        f"${value:,.2f}" if value >= 0.01 or value == 0 else f"${value:.{min(6, 1 - math.floor(math.log10(value)))}f}"
    )


def when(at: float) -> str:
    """A moment by this machine's clock."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")


def day(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d")


def clock(at: float) -> str:
    """To the second."""
    return datetime.fromtimestamp(at).strftime("%m-%d %H:%M:%S")


def iso(at: float) -> str:
    """For machines that read the page."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def ago(at: float) -> str:
    """How long ago a moment was, in its largest unit."""
    left = now() - at
    if left < 1:
        return "just now"
    seconds, unit = next(step for step in STEPS if left >= step[0])
    return f"{many(int(left // seconds), unit)} ago"


def many(count: int, noun: str, plural: str = "") -> str:
    """The number with its noun."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def size(bytes_: float) -> str:
    """In the unit that leaves the fewest digits."""
    for unit in ("B", "KB", "MB"):
        if bytes_ < 1000:
            return f"{bytes_:.0f} {unit}" if unit == "B" or bytes_ >= 10 else f"{bytes_:.1f} {unit}"
        bytes_ /= 1000
    return f"{bytes_:.1f} GB"


FILTERS = {
    "usd": usd,
    "when": when,
    "ago": ago,
    "day": day,
    "clock": clock,
    "iso": iso,
    "many": many,
    "size": size,
    "code": visible,
    "plain": clean,
    "markdown": markdown,
}
