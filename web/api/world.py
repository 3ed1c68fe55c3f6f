"""The world for programs: how large it is, what is found by words, and one record."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from haven.access import Act
from haven.world.schema import MAX_NAME, Kind
from web.api.endpoint import WHOLE, Call, Endpoint, Given, Scope, Shape

ID = {"id": {"type": "string", "minLength": 1, "maxLength": 80}}
RECORD = {"record": {"type": "string", "minLength": 1, "maxLength": MAX_NAME}}


class WorldShape(Shape):
    """Records by kind; `stamp` is another number whenever anything was written."""

    counts: dict[str, int]
    stamp: int


class HitShape(Shape):
    """A record that was found; `score` compares within one search."""

    thing_id: str
    kind: str
    name: str
    score: float
    why: str
    excerpt: str


class HitList(Shape):
    """The best first."""

    hits: list[HitShape]


class RecordShape(Shape):
    """A record as it is now, with the names of what belongs to it; `record` holds the fields of its kind."""

    id: str
    kind: str
    name: str
    version: int
    at: float
    by: str
    record: dict[str, Any]
    below: dict[str, list[str]]


class UndoneShape(Shape):
    """The record's version now; none where what was taken back had added it, so that it is removed."""

    id: str
    version: int | None


class Undo(Given):
    seen: Annotated[int, Field(ge=1, le=1_000_000, description="the newest version that was seen"), WHOLE]
    to: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="the version to go back to; otherwise the one before"), WHOLE
    ] = None


class Search(Given):
    words: Annotated[str, Field(min_length=1, max_length=300)]
    kind: Kind | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 10


async def get_world(call: Call) -> WorldShape:
    """How many records there are of each kind."""
    world = call.house.records.world
    return WorldShape(counts={kind.value: n for kind, n in (await world.counts()).items()}, stamp=await world.stamp())


async def search_world(call: Call) -> HitList:
    """Records by names, words and meaning."""
    asked, search = call.take(Search), call.house.records.search
    await search.learn(asked.words)
    hits = await search.find(asked.words, *([asked.kind] if asked.kind else ()), limit=asked.limit)
    return HitList(hits=[HitShape.model_validate(one) for one in hits])


async def get_record(call: Call) -> RecordShape:
    """One record, by its id or its name."""
    page = await call.house.records.page(call.parts["record"], call.person)
    stored = page.stored
    return RecordShape(
        id=stored.thing.id,
        kind=stored.thing.kind.value,
        name=stored.thing.name,
        version=stored.version,
        at=stored.at,
        by=stored.by,
        record=stored.thing.model_dump(mode="json"),
        below={kind.value: list(names) for kind, names in page.below.items()},
    )


async def undo_record(call: Call) -> UndoneShape:
    """Take the newest version of a record back, or go back to an earlier one; never over what came since."""
    wish, id = call.take(Undo), call.parts["id"]
    stored = await call.house.records.world.undo(id, call.person, to=wish.to, expect=wish.seen)
    return UndoneShape(id=id, version=stored.version if stored else None)


ENDPOINTS = (
    Endpoint("GET", "/world", get_world, (Scope.READ,), Act.READ, WorldShape),
    Endpoint("GET", "/world/search", search_world, (Scope.READ,), Act.READ, HitList, Search),
    Endpoint("GET", "/world/records/{record}", get_record, (Scope.READ,), Act.READ, RecordShape, parts=RECORD),
    Endpoint(
        "POST", "/world/records/{id}/undo", undo_record, (Scope.WORLD,), Act.EDIT_WORLD, UndoneShape, Undo, parts=ID
    ),
)
