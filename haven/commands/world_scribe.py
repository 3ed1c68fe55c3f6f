"""`haven world record, tag, summary, digest`: reports become drafts; tags, summaries, what happened."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json, read_text
from haven.commands.world import OfKind, Which, kinds_of, world_app
from haven.commands.world_records import print_differences, proposed
from haven.errors import BadInput
from haven.world.differences import differences
from haven.world.schema import Discovery, Kind, Lore


@world_app.command()
def record(
    text: Annotated[str, typer.Argument(help="The report; - reads standard input.")] = "",
    file: Annotated[Path | None, typer.Option(help="A file with the report.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would propose.")] = False,
    as_json: Json = False,
) -> None:
    """Propose what a text says: `planet Meridian in the Venture system: lush, low sentinels, Emeril and gold`.

    Exit status 1: nothing can be proposed before the questions are answered.
    """
    from assistants.scribe import said_of

    report_text = read_text(file or Path("-")) if file or text in ("", "-") else text

    async def work(house: House) -> bool:
        if dry_run:
            report, draft = await house.scribe.read(report_text, owner()), None
            known = await house.world.get_many([one.id for one in report.things])
            diff = [difference for one in report.things for difference in differences(known.get(one.id), one)]
        else:
            recorded = await house.scribe.record(report_text, owner())
            report, draft, diff = recorded.report, recorded.draft, list(recorded.diff)
        if as_json:
            told = {"draft": draft and draft.id, "diff": [asdict(one) for one in diff]}
            things = [one.model_dump(mode="json", exclude_defaults=True) for one in report.things]
            print_json({**told, **asdict(report), "things": things})
        else:
            if draft is not None:
                out.print(proposed(house, draft.id))
            elif not dry_run:
                out.print("Nothing is proposed yet.")
            print_differences(diff)
            for line in said_of(report):
                out.print(line)
        return bool(report.things)

    if not in_house(work):
        raise typer.Exit(1)


@world_app.command()
def tag(
    which: Annotated[str, typer.Argument(help="A record; all without tags where none is named.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Propose them all in one draft.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many records.")] = 50,
    as_json: Json = False,
) -> None:
    """Suggest tags, of the closed list alone, with the words that they are given for."""

    async def work(house: House) -> None:
        if which:
            tagged = await house.world.named(which, Kind.DISCOVERY, Kind.LORE)
            thing = tagged[0] if len(tagged) == 1 else (await house.world.one(which)).thing
            if not isinstance(thing, (Discovery, Lore)):
                raise BadInput(f"A {thing.kind.value} has no tags.", "Discoveries and lore have.")
            found = [(thing, await house.scribe.tags_for(thing))]
        else:
            found = await house.scribe.untagged(limit)
        made = await house.scribe.propose_tags([one for one in found if one[1]], owner()) if draft and found else None
        if as_json:
            tags = [{"id": one.id, "name": one.name, "tags": [asdict(tag) for tag in given]} for one, given in found]
            print_json({"draft": made and made.id, "records": tags})
            return
        for one, given in found:
            out.print(f"{one.name} ({one.id})")
            for given_tag in given:
                said = f": {', '.join(given_tag.because)}" if given_tag.because else ", by its meaning"
                out.print(f"  {given_tag.tag}{said}")
        if made is not None:
            out.print(proposed(house, made.id))
        elif not found:
            out.print("No record without tags has a text that a tag fits.")

    in_house(work)


@world_app.command()
def digest(
    days: Annotated[float, typer.Option(min=0.01, max=366, help="1: of a day, 7: of a week.")] = 7,
    as_json: Json = False,
) -> None:
    """What happened in the world: added, changed, by whom, what is notable, and what is to be done."""

    async def work(house: House) -> None:
        found = await house.scribe.digest(days)
        print_json({**asdict(found), "title": found.title}) if as_json else out.print(found.text)

    in_house(work)


@world_app.command()
def summary(
    which: Which,
    kind: OfKind = None,
    sentences: Annotated[int, typer.Option(min=1, max=20, help="At most so many.")] = 3,
    as_json: Json = False,
) -> None:
    """The sentences that carry an entry, word for word."""
    from assistants.scribing.summaries import summary as summed_up

    async def work(house: House) -> None:
        thing = (await house.world.one(which, *kinds_of(kind))).thing
        found = summed_up(thing, sentences)
        lore = [] if found or kind else await house.world.named(thing.name, Kind.LORE)
        if len(lore) == 1:  # a place without a text, and its story
            [thing] = lore
            found = summed_up(thing, sentences)
        if as_json:
            told = [{"text": one.text, "paragraph": one.paragraph} for one in found]
            print_json({"id": thing.id, "name": thing.name, "sentences": told})
        else:
            out.print(" ".join(one.text for one in found) or f"{thing.name} has no text that could be summed up.")

    in_house(work)
