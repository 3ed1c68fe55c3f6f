"""`haven world add, edit, remove, history, undo`: change the world by hand, and take it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.commands.world import OfKind, Which, assignments, id_of, kinds_of, told, world_app, written
from haven.errors import BadInput
from haven.world.differences import Difference, differences
from haven.world.fields import edited, made
from haven.world.leaks import was_masked
from haven.world.rules import PARENTS
from haven.world.schema import Kind, Thing, noun
from haven.world.vocabulary import misspelt
from haven.world.world import Version

TOOL = "haven world"
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A field and its value, such as economy=Mining; may be given again. Lists: a; b; c."),
]
SameName = Annotated[bool, typer.Option("--same-name", help="Another system of that name is meant, not this one.")]
PLACES = {Kind.SYSTEM: (Kind.REGION,), **PARENTS}
"""What records of a kind may be in; a system says its region by name."""
AsTyped = Annotated[bool, typer.Option("--as-typed", help="Keep words that look misspelt as they are.")]
AsDraft = Annotated[bool, typer.Option("--draft", help="Only propose it: somebody else approves it.")]
Reason = Annotated[str, typer.Option(help="Why, for the one who approves the draft.")]


@world_app.command()
def add(
    kind: Annotated[Kind, typer.Argument(help="What it is.")],
    name: Annotated[str, typer.Argument(help="What it is called.")],
    parent: Annotated[
        str, typer.Option("--in", help="Where it is: a planet's system, a moon's planet, a system's region.")
    ] = "",
    fields: Set = None,
    same_name: SameName = False,
    as_typed: AsTyped = False,
    draft: AsDraft = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Add a record."""

    async def work(house: House) -> None:
        values = {"name": name, **assignments(fields)}
        if parent:
            if kind not in PLACES:
                raise BadInput(f"A {noun(kind, 1)} belongs to no other record.", "Leave --in out.")
            above = (await house.world.one(parent, *PLACES[kind])).thing
            values |= {"region": above.name} if kind is Kind.SYSTEM else {"parent": above.id}
        thing = made(kind, values)
        _check_spelling(thing, as_typed, [])
        if draft:
            await _propose(house, thing, reason, as_json)
            return
        [stored] = await house.world.put([thing], owner(), TOOL, allow_same_name=same_name)
        if as_json:
            print_json(told(stored))
            return
        if stored.masked:
            out.print(was_masked(stored.masked))
        out.print(f"Added {kind.value} {stored.thing.name}: {stored.thing.id}")

    in_house(work)


@world_app.command()
def edit(
    which: Which,
    fields: Set = None,
    kind: OfKind = None,
    expect: Annotated[int | None, typer.Option(min=1, help="The version that you have seen.")] = None,
    same_name: SameName = False,
    as_typed: AsTyped = False,
    draft: AsDraft = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Change fields of a record; an empty value empties its field."""

    async def work(house: House) -> None:
        before = await house.world.one(which, *kinds_of(kind))
        values = assignments(fields)
        thing = edited(before.thing, values)
        _check_spelling(thing, as_typed, values)
        seen = {thing.id: expect or before.version}
        if draft:
            await _propose(house, thing, reason, as_json, seen)
            return
        [stored] = await house.world.put([thing], owner(), TOOL, expect=seen, allow_same_name=same_name)
        if as_json:
            print_json(told(stored))
            return
        if stored.masked:
            out.print(was_masked(stored.masked))
        if stored.version == before.version:
            out.print(f"{thing.name} says that already: nothing was changed.")
        else:
            out.print(f"{thing.name} is at version {stored.version} now.")
            print_differences(differences(before.thing, stored.thing))

    in_house(work)


def _check_spelling(thing: Thing, as_typed: bool, only: Iterable[str]) -> None:
    """Raises BadInput where a closed field of those that were typed holds a slip."""
    slips = [] if as_typed else misspelt(thing, *only)
    if slips:
        said = " ".join(
            f"{field} {word!r} is none of the words that are in use: did you mean {meant}?"
            for field, word, meant in slips
        )
        raise BadInput(said, "Correct it, or keep it so with --as-typed.")


async def _propose(
    house: House, thing: Thing, reason: str, as_json: bool, seen: Mapping[str, int] | None = None
) -> None:
    draft = await house.drafts.propose([thing], owner(), TOOL, reason, expect=seen)
    if as_json:
        print_json({"draft": draft.id, "masked": draft.masked})
    else:
        if draft.masked:
            out.print(was_masked(draft.masked))
        out.print(proposed(house, draft.id))


def proposed(house: House, draft: str) -> str:
    """Whose word a draft of the shell's owner waits for, and how that is given."""
    if house.settings.world.requester_may_approve:
        return f"Proposed as {draft}. Approve it with: haven world approve {draft}"
    return (
        f"Proposed as {draft}. Somebody else approves it with: haven world approve {draft}\n"
        "Where there is nobody else: set requester_may_approve = true under [world] in haven.toml."
    )


def print_differences(found: list[Difference], most: int = 160) -> None:
    """Field by field, under the record that they belong to; of long values `most` characters around what differs."""
    record = ""
    for one in found:
        if one.record != record:
            record = one.record
            out.print(f"  {record}")
        before, after = one.short(most)
        out.print(f"    {one.field}: {f'{before} → ' if before else ''}{after or '(empty)'}")


@world_app.command()
def remove(
    which: Annotated[list[str], typer.Argument(help="Ids, or names where only one record is called so.")],
    kind: OfKind = None,
    as_json: Json = False,
) -> None:
    """Remove records with the planets, moons and stations below them; discoveries and lore stay."""

    async def work(house: House) -> None:
        ids = [(await house.world.one(one, *kinds_of(kind))).thing.id for one in which]
        gone = await house.world.remove(ids, owner(), TOOL)
        if as_json:
            print_json({"removed": gone})
        else:
            out.print(f"Removed {len(gone)}: {', '.join(gone)}\nTake it back with: haven world undo {gone[0]}")

    in_house(work)


@world_app.command()
def history(which: Which, kind: OfKind = None, as_json: Json = False) -> None:
    """Every version of a record: who wrote what, when and with which tool."""

    async def work(house: House) -> None:
        versions = await house.world.history(await id_of(house, which, kind))
        if as_json:
            print_json([_version(one) for one in versions])
            return
        before: Thing | None = None
        for one in versions:
            out.print(f"{one.version}  {one.op}  {written(one.at, one.by, one.tool, one.approved_by)}")
            if one.thing is not None and before is not None:
                print_differences(differences(before, one.thing))
            before = one.thing or before

    in_house(work)


def _version(one: Version) -> dict[str, object]:
    thing = one.thing.model_dump(mode="json") if one.thing else None
    return {**{key: value for key, value in asdict(one).items() if key != "thing"}, "thing": thing}


@world_app.command()
def undo(
    which: Which,
    kind: OfKind = None,
    to: Annotated[int | None, typer.Option(min=1, help="The version to go back to; otherwise the one before.")] = None,
    expect: Annotated[int | None, typer.Option(min=1, help="The newest version that you have seen.")] = None,
    as_json: Json = False,
) -> None:
    """Take the last change of a record back; that can be taken back as well."""

    async def work(house: House) -> None:
        id = await id_of(house, which, kind)
        stored = await house.world.undo(id, owner(), to=to, expect=expect)
        if as_json:
            print_json(told(stored) if stored else {"removed": id})
        elif stored is None:
            out.print(f"{id} was added by what is taken back: it is removed, with all below it.")
        else:
            out.print(f"{stored.thing.name} is as it was before, at version {stored.version}.")

    in_house(work)
