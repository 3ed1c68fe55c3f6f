"""`haven world import` and `haven world export`: the world from and to files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from haven.app import House
from haven.commands.session import Json, err, in_house, out, owner, print_json
from haven.commands.world import world_app
from haven.quoting import visible
from haven.world.exchange import exporting, loading
from haven.world.exchange.formats import READERS
from haven.world.exchange.loading import Importer, Options, Tell
from haven.world.exchange.report import MAX_NOTES, WORTH_A_LOOK, Defect, Entry, ImportReport, Outcome
from haven.world.schema import Kind

SHOWN = 12
"""Records of each outcome that are shown with their notes; --all shows every one."""
NOTES = 4
"""Notes of one record, likewise."""
SAID = {Outcome.REPAIRED.value: "added after repairs", Outcome.SKIPPED.value: "skipped (there already)"}
Format = Annotated[str, typer.Option(help=f"Where it is not recognised by itself: {', '.join(READERS)}.")]


@world_app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A file, a folder or an archive.")],
    format: Format = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Fill in records that are there; an edited export replaces them.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Take nothing of a file with a refused record.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Read files that were imported before.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show what became of every record.")] = False,
    as_json: Json = False,
) -> None:
    """Bring systems, discoveries and lore in from a file, a folder or an archive; each file whole or not at all."""

    async def work(house: House) -> None:
        importer = Importer(house.world, house.drafts, house.database)
        options = Options(format, dry_run, update, strict, again)
        with _bar(as_json) as tell:
            report = await importer.bring_in(path, owner(), options, tell)
        print_json(report.as_json()) if as_json else _show(report, everything)

    in_house(work)


@world_app.command("export")
def export(
    path: Annotated[Path, typer.Argument(help="The file to write; for Markdown a new folder.")],
    format: Annotated[
        str, typer.Option(help=f"One of {', '.join(exporting.FORMATS)}; else by the ending of the file.")
    ] = "",
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Write the world to files: JSON, CSV and Markdown read back, the map is for other programs."""

    async def work(house: House) -> None:
        done = await exporting.export(house.world, path, format, kind or ())
        if as_json:
            print_json({"path": str(done.path), "records": done.records, "files": done.files})
        else:
            files = f" in {done.files:,} files" if done.files != 1 else ""
            out.print(f"Wrote {done.records:,} records{files}: {done.path}")

    in_house(work)


@contextmanager
def _bar(quiet: bool) -> Iterator[Tell]:
    """A bar on a terminal; a folder moves it file by file, one file lets it swing and counts its records."""
    words = (TextColumn(field, markup=False) for field in ("{task.description}", "{task.fields[said]}"))
    columns = (next(words), BarColumn(), next(words), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        task = bar.add_task("", total=None, said="")

        def tell(at: loading.Progress) -> None:
            total = at.files if at.files > 1 else None
            said = f"{at.doing} {at.records:,} records" if at.records else at.doing
            bar.update(task, description=visible(at.file), completed=at.done, total=total, said=said)

        yield tell


def _show(report: ImportReport, everything: bool) -> None:
    for outcome in Outcome if everything else (*WORTH_A_LOOK, Outcome.ADDED, Outcome.SKIPPED):
        every = [entry for entry in report.entries if entry.outcome is outcome]
        entries = every if everything else report.telling(outcome)
        for entry in entries if everything else entries[:SHOWN]:
            _show_entry(entry, MAX_NOTES if everything else NOTES)
        if len(entries) > SHOWN and not everything:
            out.print(f"... and {len(entries) - SHOWN:,} more {outcome.value}: --all shows them")
    if report.defects:
        told = [f"{name} {count:,}" for name, count in report.defects.most_common() if name != Defect.OTHER]
        if others := report.defects[Defect.OTHER]:
            told.append(f"{others:,} other remarks (--all shows them)")
        out.print(f"Met in the files: {', '.join(told)}.")
    counted = {name: count for name, count in report.counts().items() if count and name != Outcome.REMARK}
    known = (
        f"{report.known_files:,} file(s) imported before: --again reads them once more. " if report.known_files else ""
    )
    counts = ", ".join(f"{count:,} {SAID.get(name, name)}" for name, count in counted.items()) or "nothing"
    said = "It would be" if report.dry_run else "Done"
    out.print(f"{known}{said}: {counts}.{' Nothing was written.' if report.dry_run else ''}")


def _show_entry(entry: Entry, notes: int) -> None:
    what = f"{entry.kind} {entry.name}".strip() or entry.source
    out.print(f"{entry.outcome.value}: {what}{f' ({entry.source})' if entry.source != what else ''}")
    for note in entry.notes[:notes]:
        out.print(f"    {note}")
    if len(entry.notes) > notes:
        out.print(f"    ... and {len(entry.notes) - notes} more")
