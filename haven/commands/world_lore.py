"""`haven world lore link, timeline`: links to what an entry names, and the dated events that the records state."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.commands.world_records import TOOL, AsDraft, proposed
from haven.commands.world_search import lore_app
from haven.errors import BadInput
from haven.world.mentions import mentions
from haven.world.names import Look
from haven.world.references import with_links
from haven.world.schema import Kind, Lore
from haven.world.statements import Statement
from haven.world.timeline import chronology, is_canon
from haven.world.words import fold

DATED = (Kind.LORE, Kind.PERSON, Kind.REGION, Kind.STATION)
"""Kinds whose texts tell of events."""


@lore_app.command()
def link(
    which: Annotated[str, typer.Argument(help="The id or name of an entry.")],
    draft: AsDraft = False,
    as_json: Json = False,
) -> None:
    """Link an entry to the records that its text names for certain."""

    async def work(house: House) -> None:
        before = await house.world.one(which, Kind.LORE)
        if not isinstance(before.thing, Lore):
            raise BadInput(f"{before.thing.name} is a {before.thing.kind} and no lore entry.")
        after = await with_links(before.thing, house.search)
        new = [one for one in after.links if one not in before.thing.links]
        names = {id: one.name for id, one in (await house.world.get_many(new)).items()}
        said, seen = f"{after.name} links to all that it names for certain.", {after.id: before.version}
        if new and draft:
            said = proposed(house, (await house.drafts.propose([after], owner(), TOOL, expect=seen)).id)
        elif new:
            await house.world.put([after], owner(), TOOL, expect=seen)
            said = f"Take it back with: haven world undo {after.id}"
        if as_json:
            print_json({"id": after.id, "links": list(after.links), "new": new})
            return
        for id in new:
            out.print(f"{after.name} -> {names.get(id, id)} ({id})")
        out.print(said)

    in_house(work)


@lore_app.command()
def timeline(
    about: Annotated[str, typer.Argument(help="Only events of this person, place or thing.")] = "",
    as_json: Json = False,
) -> None:
    """The dated events that canon states, by year, each with its sentence's place."""

    async def work(house: House) -> list[Statement]:
        things = [one for one in await house.world.things(*DATED) if is_canon(one)]

        def read(look: Look) -> list[Statement]:
            return chronology(
                things,
                lambda text: list(look(partial(mentions, text))),
                lambda id: look(lambda index: index.title(id)),
            )

        return await house.search.names.work(read)

    found = [one for one in in_house(work) if not about or fold(about) in (fold(one.shown), fold(one.subject))]
    if as_json:
        print_json([_told(one) for one in found])
        return
    for one in found:
        out.print(f"{one.year:>6}  {one.shown}: {one.attribute}  ({one.sentence.thing.name}, {one.sentence.where})")
    if not found:
        out.print("No dated event is stated." if not about else f"No dated event of {about} is stated.")


def _told(one: Statement) -> dict[str, Any]:
    where = {"id": one.sentence.thing.id, "where": one.sentence.where, "sentence": one.sentence.text}
    return {"year": one.year, "subject": one.shown, "event": one.attribute, **where}
