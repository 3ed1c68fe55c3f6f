"""`haven world ...`: the shared world: what is in it, and what is to be true of it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

import haven.commands
from haven.app import House
from haven.commands.session import Json, in_house, out, print_json, print_table
from haven.errors import BadInput, NotFound
from haven.world.fields import filled
from haven.world.schema import Kind, Thing, kind_of, noun, parent_of
from haven.world.world import Stored

PARTS = "world_"
"""Modules of this folder that begin so put their own commands on `world_app`."""

world_app = typer.Typer(no_args_is_help=True, help="The shared world: show, change, import, search, ask, draw.")

Which = Annotated[str, typer.Argument(help="A record's id, or its name where only one is called so.")]
OfKind = Annotated[Kind | None, typer.Option("--kind", help="Of several that are called so: the one of this kind.")]


@world_app.command()
def show(which: Which, kind: OfKind = None, as_json: Json = False) -> None:
    """One record: what is known of it, what belongs to it, and who wrote it last."""

    async def work(house: House) -> None:
        stored = await house.world.one(which, *kinds_of(kind))
        children = await house.world.children(stored.thing.id)
        near = await _names(house, {parent_of(stored.thing), *getattr(stored.thing, "links", ())} - {""})
        if as_json:
            parts = [{"id": one.id, "kind": one.kind, "name": one.name} for one in children]
            print_json({**told(stored), "children": parts})
            return
        thing = stored.thing
        out.print(f"{thing.name}: {thing.kind.value} {thing.id}")
        for field, value in filled(thing).items():
            if field != "name":
                out.print(f"  {field}: {_named(value, near)}")
        by_kind: dict[Kind, list[str]] = defaultdict(list)
        for child in children:
            by_kind[child.kind].append(child.name)
        for below, names in by_kind.items():
            out.print(f"  {noun(below)}: {', '.join(names)}")
        if others := await _namesakes(house, stored.thing):
            out.print(f"Also called so: {', '.join(f'{one.kind.value} {one.id}' for one in others)}.")
        out.print(f"Version {stored.version}, {written(stored.at, stored.by, stored.tool)}.")

    in_house(work)


async def _names(house: House, ids: set[str]) -> dict[str, str]:
    """What records are called, by id; also those that are removed, as they may be spoken of still."""
    names = {id: one.name for id, one in (await house.world.get_many(ids)).items()}
    for gone in ids - set(names):
        past = [one.thing.name for one in await house.world.history(gone) if one.thing]
        names[gone] = f"{past[-1]}, removed"
    return names


async def _namesakes(house: House, thing: Thing) -> list[Thing]:
    return [one for one in await house.world.named(thing.name) if one.id != thing.id]


def kinds_of(kind: Kind | None) -> tuple[Kind, ...]:
    """Of which kinds a name may be: of every one where none is given."""
    return (kind,) if kind else ()


def _named(value: str, near: Mapping[str, str]) -> str:
    """With the names of the records that it points to."""
    return "; ".join(f"{near[one]} ({one})" if one in near else one for one in value.split("; "))


def told(stored: Stored) -> dict[str, Any]:
    """A record as JSON: all of its fields, and its version."""
    about = {"version": stored.version, "at": stored.at, "by": stored.by, "tool": stored.tool, "masked": stored.masked}
    return {**stored.thing.model_dump(mode="json"), **about}


def written(at: float, by: str, tool: str, approved_by: str = "") -> str:
    """When, by whom and with what: `21 November 2026 17:30 by Olga (import)`."""
    approved = f", approved by {approved_by}" if approved_by else ""
    return f"{datetime.fromtimestamp(at):%d %B %Y %H:%M} by {by} ({tool}{approved})"


@world_app.command("list")
def list_(
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; may be given again.")] = None,
    parent: Annotated[str, typer.Option("--in", help="Only what belongs to this record.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """What is in the world, by name."""

    async def work(house: House) -> None:
        inside = (await house.world.one(parent)).thing.id if parent else None
        found = await house.world.things(*(kind or ()), parent=inside, limit=limit + 1)
        more = "There are more: --limit shows them. " if len(found) > limit else ""
        found = found[:limit]
        if as_json:
            print_json([one.model_dump(mode="json") for one in found])
            return
        table = Table("id", "kind", "name", "", box=None, pad_edge=False)
        above = await house.world.get_many({parent_of(one) for one in found})
        for one in found:
            place = above.get(parent_of(one))
            table.add_row(one.id, one.kind.value, one.name, f"in {place.name}" if place else "")
        if found:
            print_table(table)
        counts = ", ".join(f"{count:,} {noun(one, count)}" for one, count in (await house.world.counts()).items())
        out.print(
            f"{more}In the world: {counts}." if counts else "The world is empty. Begin with: haven world add, or import"
        )

    in_house(work)


def assignments(given: list[str] | None) -> dict[str, str]:
    """`field=value` words as a mapping. Raises BadInput."""
    found = {}
    for word in given or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"{word!r} says no field and value.", "Write it as: --set economy=Mining")
        found[name.strip()] = value
    return found


async def id_of(house: House, which: str, kind: Kind | None = None) -> str:
    """The id of a record by id or name, also of one that is removed. Raises NotFound and BadInput."""
    try:
        return (await house.world.one(which, *kinds_of(kind))).thing.id
    except NotFound:
        gone = [one for one in await house.world.removed(which) if kind in (None, kind_of(one.id))]
        return gone[0].id if gone else (await house.world.history(which))[-1].id


for _part in pkgutil.iter_modules(haven.commands.__path__):
    if _part.name.startswith(PARTS):
        importlib.import_module(f"haven.commands.{_part.name}")
