"""`haven world search, mentions, mentioned, lore check`: finding records, and what texts say of them."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from assistants.lore.checking import Checked, check_draft
from haven.app import House
from haven.commands.session import Json, in_house, out, print_json
from haven.commands.world import OfKind, Which, kinds_of, world_app
from haven.errors import BadInput
from haven.world.exchange import markdown
from haven.world.exchange.pieces import read_file
from haven.world.references import references
from haven.world.schema import Kind, Lore
from haven.world.search import Hit
from haven.world.statements import Statement
from haven.world.timeline import Clash

lore_app = typer.Typer(no_args_is_help=True, help="Lore: held against canon, linked, and its events by year.")
world_app.add_typer(lore_app, name="lore")

Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help="Only records of this kind; may be given again.")]
EXIT_CLASHES = 3
"""Of `lore check`, where a draft contradicts canon."""


@world_app.command()
def search(
    query: Annotated[str, typer.Argument(help="Names, words or a whole question; slips of typing are forgiven.")],
    kind: Kinds = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 10,
    meaning: Annotated[bool, typer.Option(help="Compare what texts mean as well, where vectors are there.")] = True,
    as_json: Json = False,
) -> None:
    """Find records by name, by words and by meaning."""

    async def work(house: House) -> list[Hit]:
        if meaning:
            await house.search.learn(query)
        return await house.search.find(query, *(kind or ()), limit=limit)

    hits = in_house(work)
    if as_json:
        print_json([asdict(one) for one in hits])
        return
    for one in hits:
        out.print(f"{one.name}  ({one.kind}, {one.thing_id}; {one.why})")
        if one.excerpt:
            out.print(f"    {one.excerpt}")
    if not hits:
        out.print("Nothing is found. Fewer or other words may help; `haven world list` shows what there is.")


@world_app.command()
def mentions(
    text: Annotated[str, typer.Argument(help="A text; - reads it from standard input.")], as_json: Json = False
) -> None:
    """The records that a text names."""
    given = sys.stdin.read() if text == "-" else text

    async def work(house: House) -> None:
        found = await house.search.names.mentions(given)
        things = await house.world.get_many({id for one in found for id in one.ids})
        if as_json:
            print_json([asdict(one) for one in found])
            return
        for one in found:
            named = [f"{things[id].name} ({things[id].kind}, {id})" for id in one.ids if id in things]
            doubt = "may mean " if len(named) > 1 else ""
            out.print(f"{one.text}: {doubt}{' or '.join(named)}")
        if not found:
            out.print("It names no record of the world.")

    in_house(work)


@world_app.command()
def mentioned(which: Which, kind: OfKind = None, as_json: Json = False) -> None:
    """Who speaks of a record: the entries that name it or link to it."""

    async def work(house: House) -> None:
        thing = (await house.world.one(which, *kinds_of(kind))).thing
        found = await references(thing, house.world, house.search)
        if as_json:
            about = [{"id": one.thing.id, "name": one.thing.name, "kind": one.thing.kind} for one in found]
            told = [{"quote": one.quote, "where": one.where, "sure": one.sure} for one in found]
            print_json([{**a, **b} for a, b in zip(about, told, strict=True)])
            return
        for one in found:
            doubt = "" if one.sure else "; the name may mean another"
            out.print(f"{one.thing.name} ({one.thing.id}, {one.where}{doubt})")
            if one.quote:
                out.print(f"    “{' '.join(one.quote.split())}”")
        if not found:
            out.print(f"Nothing speaks of {thing.name}.")

    in_house(work)


@lore_app.command()
def check(
    draft: Annotated[str, typer.Argument(help="A Markdown file, or the id or name of an entry.")], as_json: Json = False
) -> None:
    """Hold a draft against canon: what differs, and what can't be in that order; ends with 3 where there is any."""

    async def work(house: House) -> Checked:
        return await check_draft(await _draft(house, draft), house.world, house.search)

    done = in_house(work)
    if as_json:
        print_json(
            {
                "understood": done.check.understood,
                "compared": done.check.compared,
                "read": done.read,
                "clashes": [_clash(one) for one in done.check.clashes],
                "ambiguous": [asdict(one) for one in done.ambiguous],
            }
        )
    else:
        _print_checked(done)
    if done.check.clashes:
        raise typer.Exit(EXIT_CLASHES)


async def _draft(house: House, draft: str) -> Lore:
    """Raises BadInput where it is neither a readable file nor a lore entry."""
    path = Path(draft)
    if await asyncio.to_thread(path.is_file):
        piece = await asyncio.to_thread(read_file, path, path.name)
        found = [one for one in markdown.read(piece) if isinstance(one.thing, Lore)]
        if found and isinstance(found[0].thing, Lore):
            return found[0].thing
        raise BadInput(f"{path.name} holds no lore entry.", "Write it as Markdown: a title, then the text.")
    thing = (await house.world.one(draft, Kind.LORE)).thing
    if not isinstance(thing, Lore):
        raise BadInput(f"{thing.name} is a {thing.kind} and no lore entry.")
    return thing


def _print_checked(done: Checked) -> None:
    for one in done.check.clashes:
        out.print(one.why)
        out.print(f"    draft: {_cited(one.said)}")
        out.print(f"    canon: {_cited(one.known)}")
    for name in done.ambiguous:
        out.print(f"“{name.text}” may mean {len(name.ids)} records: {', '.join(name.ids)}")
    found = f"{len(done.check.clashes)} contradictions" if done.check.clashes else "No contradiction found"
    out.print(
        f"{found}. {done.check.understood} statements were understood, canon speaks of {done.check.compared} of them;"
        f" {done.read} records were read. Rules read plain sentences alone: what they don't understand is not checked."
    )


def _cited(one: Statement) -> str:
    sentence = one.sentence
    quote = " ".join(sentence.text.split())
    said, where = (quote, "a field") if sentence.paragraph == 0 else (f"“{quote}”", sentence.where)
    return f"{said} ({', '.join(filter(None, (sentence.thing.name, sentence.thing.id, where)))})"


def _clash(one: Clash) -> dict[str, Any]:
    return {"why": one.why, "draft": _cited(one.said), "canon": _cited(one.known)}
