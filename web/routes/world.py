"""World: every record, by kind, by search, and one by one with what belongs to it and what speaks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from aiohttp import web

from haven.access import Act
from haven.errors import NotFound
from haven.world.gazetteer import Gazetteer
from haven.world.references import references
from haven.world.schema import Kind, Person, System, Thing, noun, parent_of
from haven.world.search import Hit
from web.visit import Route, Visit, at

PAGE = 50
FOUND = 25
"""Records that a search shows."""
BELOW, MENTIONS = 60, 100
"""Of one kind below a record, and that speak of it."""
TELLING = ("star", "economy", "biome", "found", "race", "galaxy", "when")
"""Fields of which the first that is filled in tells something in a list."""


@dataclass(frozen=True)
class Row:
    """A record in a list: what it is in, and one thing about it."""

    thing: Thing
    above: str
    about: str


@dataclass(frozen=True)
class Around:
    """What a record's page links to: upwards, downwards by kind (with how many there are), and by its own links."""

    above: tuple[Thing, ...]
    below: tuple[tuple[Kind, int, tuple[Thing, ...]], ...]
    links: tuple[Thing, ...]


async def shown(visit: Visit) -> web.StreamResponse:
    """What a search found, or all records of a kind by name, in pages."""
    records, words = visit.house.records, visit.asked("words").strip()
    kinds = tuple(kind for kind in Kind if kind.value == visit.asked("kind"))
    hits: list[Hit] = []
    rows: list[Row] = []
    count, page = 0, number_of(visit)
    if words:
        await records.search.learn(words)
        hits = await records.search.find(words, *kinds, limit=FOUND)
    else:
        kinds = kinds or (Kind.SYSTEM,)
        count, rows = await records.cartographer.look(lambda world: _listed(world, kinds, page))
    return visit.page(
        "world.html",
        words=words,
        kind=visit.asked("kind"),
        listed=kinds[0] if kinds and not words else None,
        counts=await records.world.counts(),
        kinds=tuple(Kind),
        noun=noun,
        hits=hits,
        rows=rows,
        count=count,
        pages=pages_of(count, page, lambda number: at("/world", kind=kinds[0].value, page=str(number))),
    )


async def record(visit: Visit) -> web.StreamResponse:
    """One record; one that was removed shows its history, from where it can be brought back."""
    records, id = visit.house.records, visit.part("id")
    try:
        page = await records.page(id, visit.person)
    except NotFound:
        await records.world.history(id)  # raises NotFound where it never was
        return visit.go(at_record(id, "history"))
    thing = page.stored.thing
    around = await records.cartographer.look(lambda world: _around(world, thing))
    return visit.page("world_record.html", page=page, thing=thing, around=around, noun=noun)


async def mentioned(visit: Visit) -> web.StreamResponse:
    """Who speaks of a record."""
    records = visit.house.records
    thing = (await records.page(visit.part("id"), visit.person)).stored.thing
    found = await references(thing, records.world, records.search)
    return visit.page("world_mentions.html", thing=thing, found=found[:MENTIONS], count=len(found))


def at_record(id: str, more: str = "") -> str:
    """The address of a record's page, or of one that belongs to it."""
    return f"/world/records/{quote(id, safe='')}{f'/{more}' if more else ''}"


def number_of(visit: Visit) -> int:
    """Which page of a list is asked for, counted from 1."""
    text = visit.asked("page", "1")
    return min(max(1, int(text)), 100_000) if text.isascii() and text.isdecimal() and len(text) < 10 else 1


def pages_of(count: int, page: int, address: Callable[[int], str], each: int = PAGE) -> Pages:
    last = max(1, -(-count // each))
    return Pages(page, last, address(page - 1) if page > 1 else "", address(page + 1) if page < last else "")


@dataclass(frozen=True)
class Pages:
    """Where in a list a page is; addresses are "" where there is none."""

    page: int
    last: int
    before: str
    after: str


def _listed(gazetteer: Gazetteer, kinds: tuple[Kind, ...], page: int) -> tuple[int, list[Row]]:
    things = gazetteer.of_kind(*kinds)
    start = (page - 1) * PAGE
    return len(things), [_row(gazetteer, one) for one in things[start : start + PAGE]]


def _row(gazetteer: Gazetteer, thing: Thing) -> Row:
    above = thing.region if isinstance(thing, System) else gazetteer.name_above(thing)
    return Row(thing, above, next((str(value) for name in TELLING if (value := getattr(thing, name, ""))), ""))


def _around(gazetteer: Gazetteer, thing: Thing) -> Around:
    below = gazetteer.below(thing)
    if not isinstance(thing, Person):  # what somebody discovered is all theirs
        below = [one for one in below if parent_of(one) in (thing.id, "")]
    by_kind = groupby(sorted(below, key=lambda one: tuple(Kind).index(one.kind)), key=lambda one: one.kind)
    groups = [(kind, list(some)) for kind, some in by_kind]
    linked = (gazetteer.things.get(id) for id in getattr(thing, "links", ()))
    return Around(
        above=tuple(reversed(gazetteer.above(thing))),
        below=tuple((kind, len(some), tuple(some[:BELOW])) for kind, some in groups),
        links=tuple(one for one in linked if one is not None)[:BELOW],
    )


ROUTES = (
    Route("GET", "/world", shown, Act.READ),
    Route("GET", "/world/records/{id}", record, Act.READ),
    Route("GET", "/world/records/{id}/mentions", mentioned, Act.READ),
)
