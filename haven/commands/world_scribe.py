"""`haven world record`: a report in plain words becomes a draft with its diff and its questions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json, read_text
from haven.commands.world import world_app
from haven.commands.world_records import print_differences
from haven.world.differences import differences


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
                out.print(f"Proposed as {draft.id}. Somebody else approves it with: haven world approve {draft.id}")
            elif not dry_run:
                out.print("Nothing is proposed yet.")
            print_differences(diff)
            for line in said_of(report):
                out.print(line)
        return bool(report.things)

    if not in_house(work):
        raise typer.Exit(1)
