"""`haven world drafts, approve, reject`: the approval queue."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json
from haven.commands.world import world_app
from haven.commands.world_records import print_differences
from haven.errors import BadInput
from haven.world.drafts import Decided, Draft, seal_of
from haven.world.schema import MAX_TEXT

Ids = Annotated[list[str] | None, typer.Argument(help="Ids, as `haven world drafts` shows them.")]
ALL = "--all"
All = Annotated[bool, typer.Option(ALL, help="All that are open; of a long queue the first 200.")]


@world_app.command()
def drafts(
    id: Annotated[str, typer.Argument(help="One draft, with what it changes.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    as_json: Json = False,
) -> None:
    """What is proposed and waits for somebody's word."""

    async def work(house: House) -> None:
        if id:
            await _one(house, await house.drafts.get(id), as_json)
            return
        found = await house.drafts.list(None if all_ else "open")
        if as_json:
            print_json([_told(draft) for draft in found])
            return
        for draft in found:
            out.print(f"{draft.id}  {draft.state:<8}  {_who(draft)}: {_what(draft)}")
        if not all_ and (more := await house.drafts.count() - len(found)) > 0:
            out.print(f"{more:,} more wait behind these, which came first.")
        if not found:
            out.print("No drafts." if all_ else "No open drafts. `haven world drafts --all` shows the decided ones.")

    in_house(work)


async def _one(house: House, draft: Draft, as_json: bool) -> None:
    if as_json:
        print_json(await _whole(house, draft))
        return
    await _print(house, draft)
    if draft.state == "open":
        out.print(f"Decide with: haven world approve {draft.id}, or haven world reject {draft.id} --why ...")


async def _whole(house: House, draft: Draft) -> dict[str, Any]:
    return {**_told(draft), "diff": [asdict(one) for one in await house.drafts.diff(draft)]}


async def _print(house: House, draft: Draft) -> None:
    """Every word of it."""
    out.print(f"{draft.id} is {draft.state}: {_what(draft)}\n  proposed by {_who(draft)} with {draft.tool}")
    if draft.reason:
        out.print(f"  because: {draft.reason}")
    if draft.decided_by:
        out.print(f"  {draft.state} by {draft.decided_by}{f': {draft.why}' if draft.why else ''}")
    print_differences(await house.drafts.diff(draft), MAX_TEXT)


def _who(draft: Draft) -> str:
    role = ", without a role" if draft.stranger else ""
    return f"{draft.by} ({draft.face}{role}) {datetime.fromtimestamp(draft.at):%d %b %H:%M}"


def _what(draft: Draft) -> str:
    more = f" and {len(draft.things) - 3} more" if len(draft.things) > 3 else ""
    return ", ".join(f"{one.kind.value} {one.name}" for one in draft.things[:3]) + more


def _told(draft: Draft) -> dict[str, Any]:
    told = {key: value for key, value in vars(draft).items() if key != "things"}
    return {**told, "things": [one.model_dump(mode="json") for one in draft.things]}


@world_app.command()
def approve(
    ids: Ids = None,
    all_: All = False,
    same_name: Annotated[bool, typer.Option("--same-name", help="Systems of one name are meant to be two.")] = False,
    seal: Annotated[str, typer.Option(help="What stood below the drafts when they were shown together.")] = "",
    as_json: Json = False,
) -> None:
    """Make drafts true; each is decided by itself. Several are shown first, and approved with the seal below them.

    Exit status 1: one or more stand as they stood.
    """

    async def work(house: House) -> None:
        chosen = await _chosen(house, ids, all_)
        if len(chosen) > 1 and not seal:
            await _show_all(house, chosen, ALL if all_ else " ".join(chosen), as_json)
            return
        decided = await house.drafts.approve(chosen, owner(), seal=seal, allow_same_name=same_name)
        await _say(house, decided, "approved", all_, as_json)

    in_house(work)


@world_app.command()
def reject(
    ids: Ids = None,
    all_: All = False,
    why: Annotated[str, typer.Option(help="What the one who proposed it should know.")] = "",
    as_json: Json = False,
) -> None:
    """Turn drafts down, or take back your own. Exit status 1: one or more stand as they stood."""

    async def work(house: House) -> None:
        decided = await house.drafts.reject(await _chosen(house, ids, all_), owner(), why)
        await _say(house, decided, "rejected", all_, as_json)

    in_house(work)


async def _show_all(house: House, ids: list[str], named: str, as_json: bool) -> None:
    """Every word of several drafts, and how exactly these are approved."""
    found = [await house.drafts.get(id) for id in dict.fromkeys(ids)]
    seal = seal_of(found)
    if as_json:
        more = await _more(house, ids) if named == ALL else 0
        print_json({"seal": seal, "more": more, "drafts": [await _whole(house, one) for one in found]})
        return
    for draft in found:
        await _print(house, draft)
    out.print(f"Nothing is decided yet. Approve exactly these with: haven world approve {named} --seal {seal}")
    if named == ALL:
        await _say_more(house, ids)


async def _more(house: House, shown: list[str]) -> int:
    """Open drafts beside these: the queue is taken in pieces."""
    open_now = {draft.id for draft in await house.drafts.list()}
    return await house.drafts.count() - len(open_now & set(shown))


async def _say_more(house: House, shown: list[str]) -> None:
    if more := await _more(house, shown):
        out.print(f"{more:,} more wait behind these: look at them with {ALL} when these are decided.")


async def _chosen(house: House, ids: list[str] | None, all_: bool) -> list[str]:
    if bool(ids) == all_:
        raise BadInput("Say which drafts.", "Name them by their ids, or say --all.")
    return list(ids or ()) or [draft.id for draft in await house.drafts.list()]


async def _say(house: House, results: list[Decided], done: str, all_: bool, as_json: bool) -> None:
    if as_json:
        told = [{"id": one.id, "problem": one.problem and one.problem.full, "ids": list(one.ids)} for one in results]
        print_json(told)
    else:
        for one in results:
            made = f": {', '.join(one.ids)}" if one.ids else ""
            out.print(f"{one.id}: {one.problem.full}" if one.problem else f"{one.id} is {done}{made}")
        if not results:
            out.print("No open drafts.")
        if all_:
            await _say_more(house, [one.id for one in results])
    if any(one.problem for one in results):
        raise typer.Exit(1)
