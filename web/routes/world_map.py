"""World: the star map, drawn by the browser from numbers, with the same systems as a list; and the map as a picture."""

from __future__ import annotations

import asyncio
import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput, NotFound
from haven.store.world_portions import moment
from haven.world.gazetteer import Gazetteer
from haven.world.maps.about import About, about
from haven.world.maps.picture import Format
from haven.world.maps.scene import COLOURS, View
from haven.world.maps.scene import Wish as Drawn
from haven.world.maps.sky import TRAITS, Sky, sky_of
from haven.world.maps.themes import THEMES
from haven.world.schema import Kind
from web import stars
from web.routes.world import PAGE, number_of, pages_of
from web.stars import FILTERS, Seen, Stop, Wish
from web.visit import Route, Visit, at

T = TypeVar("T")
PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
HITS = 8
"""Names that fit what somebody types."""
MOST_NAMES = 120
"""Names in one answer: as many labels as a screen has room for."""
MOST_STOPS = 500
QUICK = 1
"""Of gzip: numbers gain little by more."""
NUMBERS = "1"
"""Of the form of what is served as bytes: another one makes what browsers have kept worthless."""


@dataclass(frozen=True)
class Way:
    """A route that was asked for: its stops, or why there is none."""

    start: str = ""
    end: str = ""
    jump: str = ""
    stops: tuple[Stop, ...] = ()
    said: str = ""

    @property
    def length(self) -> float:
        return math.fsum(one.leg for one in self.stops)


async def shown(visit: Visit) -> web.StreamResponse:
    """The page with the map, the card of one system, a route, and the list."""
    wish, problem, chosen = _wish(visit), "", None
    try:
        if text := visit.asked("at").strip():
            chosen = await _look(visit, lambda world: about(world, text, frame=wish.frame))
            wish = replace(wish, frame=chosen.frame or wish.frame)
    except (BadInput, NotFound) as unknown:
        problem = unknown.full
    try:
        values = await _page(visit, wish, chosen)
    except BadInput as nothing:  # no system has a position yet
        return visit.page("world_map_empty.html", problem=nothing.full)
    return visit.page("world_map.html", problem=problem, **values)


async def places(visit: Visit) -> web.StreamResponse:
    """Where all systems are: all x, then all y, 32-bit floats."""
    return await _bytes(visit, lambda seen: seen.places)


async def looks(visit: Visit) -> web.StreamResponse:
    """How each is drawn, one byte a system."""
    return await _bytes(visit, lambda seen: seen.looks)


async def links(visit: Visit) -> web.StreamResponse:
    """Pairs of rows, 32-bit numbers."""
    return await _bytes(visit, lambda seen: seen.links)


async def names(visit: Visit) -> web.StreamResponse:
    """Id and name of some rows of the map that `tag` stands for; 409 where the world has changed since."""
    tag, frame = await _tag(visit), visit.asked("frame")
    if visit.asked("tag") != tag:
        return web.json_response({"old": True}, status=409, headers={"Cache-Control": "no-store"})
    rows = [int(one) for one in visit.asked("rows").split(",") if one.isascii() and one.isdecimal() and len(one) < 9]

    def work(gazetteer: Gazetteer) -> dict[str, list[str]]:
        sky = _sky(gazetteer, frame)
        return {str(row): [sky.id(row), sky.name(row)] for row in rows[:MOST_NAMES] if row < len(sky)}

    return web.json_response(await _look(visit, work), headers={"Cache-Control": "no-store"})


async def card(visit: Visit) -> web.StreamResponse:
    """What a system is like, by its id or its row; `other` is the id of one that it is measured from."""
    frame, other, row, tag = (visit.asked(name) for name in ("frame", "other", "row", "tag"))
    is_now = tag == await _tag(visit)

    def work(gazetteer: Gazetteer) -> tuple[About, int | None]:
        sky = _sky(gazetteer, frame)
        by_row = is_now and row.isascii() and row.isdecimal() and len(row) < 9 and int(row) < len(sky)
        found = about(gazetteer, sky.id(int(row)) if by_row else visit.asked("id"), other, sky.atlas.frame)
        return found, sky.row(found.id) if found.frame == sky.atlas.frame else None

    if row and not is_now:
        raise NotFound("The world has changed since this map was read.", "Load the page again.")
    found, there = await _look(visit, work)
    return visit.page("world_star.html", chosen=found, row=there)


async def find(visit: Visit) -> web.StreamResponse:
    """Names that fit what is typed."""
    frame, words = visit.asked("frame"), visit.asked("words").strip()
    hits = await visit.house.records.search.names.resolve(words, *PLACES, limit=HITS) if words else []

    def rows(gazetteer: Gazetteer) -> list[int | None]:
        sky = _sky(gazetteer, frame)
        systems = [
            gazetteer.system_of(gazetteer.things[hit.id]) if hit.id in gazetteer.things else None for hit in hits
        ]
        return [sky.row(one.id) if one else None for one in systems]

    found = list(zip(hits, await _look(visit, rows), strict=True)) if hits else []
    return visit.page("world_found.html", found=found, words=words)


async def picture(visit: Visit) -> web.StreamResponse:
    """The map as a file; with `inline` for a page without scripts."""
    kind, theme = visit.asked("format", Format.PNG.value), visit.asked("theme", "dark")
    if kind not in [one.value for one in Format]:
        raise BadInput("A picture is a png or an svg.", "Choose one of these.")
    around, stops = visit.asked("around").strip(), visit.request.query.getall("stop", [])[:MOST_STOPS]
    ids = await _look(
        visit, lambda world: [world.system_called(one).id for one in (*([around] if around else []), *stops)]
    )
    wish = Drawn(
        region=visit.asked("region").strip(),
        around=ids[0] if around else "",
        radius=_length(visit.asked("radius")) or 0.0,
        route=tuple(ids[1:] if around else ids),
        frame=visit.asked("frame"),
        colour=visit.asked("colour") if visit.asked("colour") in COLOURS else "",
        view=View.SIDE if visit.asked("side") else View.TOP,
    )
    width, height = (_pixels(visit.asked(name, default)) for name, default in (("width", "1200"), ("height", "900")))
    cartographer = visit.house.records.cartographer
    data = await cartographer.map(wish, format=Format(kind), theme=theme, width=width, height=height)
    name = "inline" if visit.asked("inline") else f'attachment; filename="map.{kind}"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return web.Response(body=data, content_type="image/png" if kind == "png" else "image/svg+xml", headers=headers)


async def _page(visit: Visit, wish: Wish, chosen: About | None) -> dict[str, Any]:
    way, ids = await _way(visit)
    page, query = number_of(visit), {key: value for key, value in visit.request.query.items() if key != "page"}

    def work(gazetteer: Gazetteer) -> dict[str, Any] | None:
        seen = stars.seen_of(gazetteer, wish)
        if seen is None:
            return None
        sky = seen.sky
        return {
            "seen": seen,
            "legend": seen.legend,
            "values": stars.values_of(gazetteer, sky),
            "lines": seen.lines(gazetteer, (page - 1) * PAGE, PAGE),
            "pages": pages_of(seen.count, page, lambda number: at("/world/map", **query, page=str(number)) + "#list"),
            "way": replace(way, stops=tuple(stars.stops_of(gazetteer, sky, ids))),
            "row": sky.row(chosen.id) if chosen else None,
        }

    found = await _look(visit, work)
    view = {name: value for name, value in query.items() if name in ("frame", "colour", *FILTERS) and value}
    frame = {"frame": found["seen"].sky.atlas.frame}
    numbers = {name: at(f"/world/map/{name}", **(view if name == "looks" else {}) | frame) for name in NUMBERED}
    fixed = {"traits": TRAITS, "filters": FILTERS, "themes": tuple(THEMES), "formats": tuple(Format)}
    return {"wish": wish, "chosen": chosen, "view": view, "numbers": numbers, **fixed, **found}


async def _way(visit: Visit) -> tuple[Way, tuple[str, ...]]:
    """The route that the page asks for, and the ids of its stops."""
    start, end, jump = (visit.asked(name).strip() for name in ("from", "to", "jump"))
    way = Way(start, end, jump)
    if not (way.start and way.end):
        return way, ()
    try:
        answer = await visit.house.records.cartographer.route(way.start, way.end, visit.person, _length(way.jump))
    except (BadInput, NotFound) as problem:
        return replace(way, said=problem.full), ()
    more = "" if answer.route or way.jump else " Say how far one jump goes, in the map's units."
    return replace(way, said=answer.text + more), answer.route


async def _bytes(visit: Visit, of: Callable[[Seen], bytes]) -> web.StreamResponse:
    """Numbers of the map, which a browser keeps until the world changes."""
    headers = {"ETag": f'"{await _tag(visit)}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if visit.request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    wish = _wish(visit)

    def work(gazetteer: Gazetteer) -> bytes | None:
        seen = stars.seen_of(gazetteer, wish)
        return None if seen is None else of(seen)

    body = await _look(visit, work)
    if "gzip" in visit.request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = await asyncio.to_thread(gzip.compress, body, QUICK, mtime=0), "gzip"
    return web.Response(body=body, content_type="application/octet-stream", headers=headers)


async def _look(visit: Visit, question: Callable[[Gazetteer], T | None]) -> T:
    """What a question finds that may do a portion of its work at a time; others ask theirs in between."""
    while (found := await visit.house.records.cartographer.look(question)) is None:
        pass
    return found


async def _tag(visit: Visit) -> str:
    """Stands for the world as it is now, and the form of the numbers."""
    stamp = await visit.house.records.world.stamp()
    return f"{NUMBERS}.{stamp}.{await moment(visit.house.database, stamp):.6f}"


def _sky(gazetteer: Gazetteer, frame: str) -> Sky:
    return sky_of(gazetteer, frame if frame in gazetteer.frames else "")


def _wish(visit: Visit) -> Wish:
    filters = {trait: value for key, trait in FILTERS.items() if (value := visit.asked(key))}
    colour = visit.asked("colour")
    return Wish(visit.asked("frame"), colour if colour in TRAITS else "", filters)


def _length(text: str) -> float | None:
    """How far; None where nothing was typed. Raises BadInput."""
    if not text.strip():
        return None
    try:
        length = float(text.replace(",", "."))
    except ValueError:
        length = 0.0
    if not 0 < length < float("inf"):
        raise BadInput(f"{text[:40]!r} is no length.", "Type a number above 0, as 60.")
    return length


def _pixels(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise BadInput(f"{text[:40]!r} is no number of pixels.", "Type one, as 1200.")
    return int(text)


NUMBERED = {"places": places, "looks": looks, "links": links}
ROUTES = (
    Route("GET", "/world/map", shown, Act.READ, is_heavy=True),
    *(Route("GET", f"/world/map/{name}", handle, Act.READ) for name, handle in NUMBERED.items()),
    Route("GET", "/world/map/names", names, Act.READ),
    Route("GET", "/world/map/card", card, Act.READ),
    Route("GET", "/world/map/find", find, Act.READ),
    Route("GET", "/world/map/picture", picture, Act.READ, is_heavy=True),
)
