"""World: new records and changes of those that are there, directly or as a draft; their history, and taking it back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput, Conflict, HavenError, NotFound
from haven.world.differences import Difference, differences
from haven.world.fields import edited, made
from haven.world.leaks import was_masked
from haven.world.references import with_links
from haven.world.rules import PARENTS
from haven.world.schema import Kind, Lore, Thing, noun, parent_of
from haven.world.vocabulary import misspelt
from haven.world.world import Stored, Version
from web.record_form import BEFORE, changes_of, form_of
from web.routes.world import at_record
from web.visit import Route, Visit

TOOL = "dashboard"
FORM_MOST = 2 * 1024 * 1024
"""Bytes of a form: a text of 100,000 characters in any script, with all else."""
LISTED = 100
"""Removed records that are listed; others are found by their id."""


@dataclass(frozen=True)
class Past:
    """One version of a record, and what it changed."""

    version: Version
    changes: tuple[Difference, ...]


async def new(visit: Visit) -> web.StreamResponse:
    """The form of a new record; `in` is the id of what it belongs to, and who adds a place often discovered it."""
    kind = _kind(visit.asked("kind"))
    typed = {BEFORE + "parent": visit.asked("in")}
    if kind is Kind.SYSTEM or kind in PARENTS:
        typed[BEFORE + "discovered_by"] = visit.person.name
    return _form(visit, kind, None, typed)


async def edit(visit: Visit) -> web.StreamResponse:
    world = visit.house.records.world
    stored = await world.get(visit.part("id"))
    thing = stored.thing
    there = await world.get_many([one for one in (parent_of(thing), *getattr(thing, "links", ())) if one])
    return _form(visit, thing.kind, stored, {}, names={id: one.name for id, one in there.items()})


async def add(visit: Visit) -> web.StreamResponse:
    """Keep a new record, or propose it."""
    typed = await visit.fields()
    return await _taken(visit, _kind(typed.get("kind", "")), None, typed)


async def save(visit: Visit) -> web.StreamResponse:
    """Keep what was changed of a record, or propose that."""
    stored = await visit.house.records.world.get(visit.part("id"))
    return await _taken(visit, stored.thing.kind, stored, await visit.fields())


async def remove(visit: Visit) -> web.StreamResponse:
    """Take a record away with what lies below it; history brings it back."""
    id, world = visit.part("id"), visit.house.records.world
    name = (await world.get(id)).thing.name
    gone = await world.remove([id], visit.person, TOOL)
    more = f" with {len(gone) - 1:,} records below it" if len(gone) > 1 else ""
    return visit.go(at_record(id, "history"), f"{name} is removed{more}. Here it can be brought back.")


async def history(visit: Visit) -> web.StreamResponse:
    """Every version, the newest first, and what each changed."""
    world = visit.house.records.world
    versions = await world.history(visit.part("id"))
    links = {id for one in versions if one.thing for id in getattr(one.thing, "links", ())}
    names = {id: one.name for id, one in (await world.get_many(links)).items()}
    past, before = [], None
    for one in versions:
        found = differences(before, one.thing, names) if one.thing is not None else []
        past.append(Past(one, tuple(found)))
        before = one.thing or before
    assert before is not None
    newest = versions[-1]
    return visit.page("world_history.html", past=past[::-1], thing=before, newest=newest, is_there=bool(newest.thing))


async def undo(visit: Visit) -> web.StreamResponse:
    """Go back to the version before, or to the one that was named; never over what somebody wrote meanwhile."""
    id, fields = visit.part("id"), await visit.fields()
    to = _number(fields["to"]) if fields.get("to") else None
    stored = await visit.house.records.world.undo(id, visit.person, to=to, expect=_number(fields.get("seen", "")))
    if stored is None:
        return visit.go(at_record(id, "history"), "It was added by what is taken back: it is removed.")
    return visit.go(at_record(id), f"{stored.thing.name} is as it was before, at version {stored.version}.")


async def removed(visit: Visit) -> web.StreamResponse:
    """What is removed, the last first."""
    gone = await visit.house.records.world.removed(visit.asked("name").strip())
    return visit.page("world_removed.html", gone=gone[:LISTED], count=len(gone), name=visit.asked("name"))


async def _taken(visit: Visit, kind: Kind, stored: Stored | None, typed: Mapping[str, str]) -> web.StreamResponse:
    """What came of a form; one that can't be kept comes back with every word and what is wrong."""
    try:
        thing, seen = await _typed(visit, kind, stored, typed)
        if typed.get("do") == "propose":
            return await _propose(visit, thing, seen, typed)
        same = bool(typed.get("same_name"))
        world = visit.house.records.world
        [kept] = await world.put([thing], visit.person, TOOL, expect=seen, allow_same_name=same)
    except (BadInput, Conflict, NotFound) as problem:
        return _form(visit, kind, stored, typed, problem)
    masked = f" {was_masked(kept.masked)}" if kept.masked else ""
    said = f"{kept.thing.name} is at version {kept.version} now.{masked}"
    return visit.go(at_record(kept.thing.id), said, "note" if masked else "ok")


async def _typed(
    visit: Visit, kind: Kind, stored: Stored | None, typed: Mapping[str, str]
) -> tuple[Thing, dict[str, int]]:
    """The record as typed, and the version that the person has seen. Raises BadInput, Conflict and NotFound."""
    before = stored.thing if stored else None
    values = await _with_ids(visit, kind, changes_of(kind, before, typed))
    seen = {}
    if stored is not None:
        seen = {stored.thing.id: _number(typed.get("seen", ""))}
        if seen[stored.thing.id] != stored.version:
            raise Conflict(
                f"{stored.by} has changed {stored.thing.name} since you opened it.",
                "What you typed stands below. Open its page again beside this one, and type it there.",
            )
    thing = edited(before, values) if before else made(kind, {name: text for name, text in values.items() if text})
    if isinstance(thing, Lore) and typed.get("link"):
        thing = await with_links(thing, visit.house.records.search)
    slips = [] if typed.get("as_typed") else misspelt(thing, *values) if values else []
    if slips:
        said = " ".join(f"{field} {word!r}: did you mean {meant}?" for field, word, meant in slips)
        raise BadInput(said, "Correct it, or tick that it is meant so.")
    return thing, seen


async def _propose(visit: Visit, thing: Thing, seen: dict[str, int], typed: Mapping[str, str]) -> web.StreamResponse:
    once, reason = typed.get("once", ""), typed.get("reason", "")
    key = f"web:{visit.person.id}:{once}" if once else ""
    drafts = visit.house.records.drafts
    draft = await drafts.propose([thing], visit.person, TOOL, reason, expect=seen or None, key=key)
    masked = f" {was_masked(draft.masked)}" if draft.masked else ""
    said = f"Proposed. It becomes true when somebody else approves it.{masked}"
    return visit.go(f"/world/drafts/{draft.id}", said, "note" if masked else "ok")


async def _with_ids(visit: Visit, kind: Kind, values: dict[str, str]) -> dict[str, str]:
    """The same with ids for the names that were typed of other records. Raises NotFound, and BadInput for several."""
    world = visit.house.records.world
    if parent := values.get("parent"):
        values["parent"] = (await world.one(parent, *PARENTS[kind])).thing.id
    if links := values.get("links"):
        kinds = (Kind.SYSTEM,) if kind is Kind.SYSTEM else ()
        found = [(await world.one(line, *kinds)).thing.id for line in links.split("\n") if line.strip()]
        values["links"] = "\n".join(found)
    return values


def _form(
    visit: Visit,
    kind: Kind,
    stored: Stored | None,
    typed: Mapping[str, str],
    problem: HavenError | None = None,
    names: Mapping[str, str] | None = None,
) -> web.Response:
    """The form, empty, as recorded or as typed; `names` are those of the ids that stand in it."""
    fields = form_of(kind, stored.thing if stored else None, {name: text for name, text in typed.items() if text})
    return visit.page(
        "world_edit.html",
        status=200 if problem is None else 409 if isinstance(problem, Conflict) else 400,
        kind=kind,
        what=noun(kind, 1),
        stored=stored,
        seen=typed.get("seen") or (stored.version if stored else ""),
        fields=fields,
        typed=typed,
        names=names or {},
        problem=problem,
        once=typed.get("once") or secrets.token_hex(8),
    )


def _kind(text: str) -> Kind:
    try:
        return Kind(text or Kind.SYSTEM.value)
    except ValueError:
        raise BadInput("There is no such kind of record.", "Choose one on the page of the world.") from None


def _number(text: str) -> int:
    """A version, as a form sends it."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadInput("That form says no version.", "Load the page again and send it once more.")
    return int(text)


ROUTES = (
    Route("GET", "/world/new", new, Act.PROPOSE),
    Route("POST", "/world/new", add, Act.PROPOSE, FORM_MOST),
    Route("GET", "/world/removed", removed, Act.EDIT_WORLD),
    Route("GET", "/world/records/{id}/edit", edit, Act.PROPOSE),
    Route("POST", "/world/records/{id}/edit", save, Act.PROPOSE, FORM_MOST),
    Route("POST", "/world/records/{id}/remove", remove, Act.EDIT_WORLD),
    Route("GET", "/world/records/{id}/history", history, Act.READ),
    Route("POST", "/world/records/{id}/undo", undo, Act.EDIT_WORLD),
)
