"""World: files are tried, then brought in, while the page shows how far that is; and the world as files."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from haven.access import Act
from haven.errors import BadInput, Conflict
from haven.world.exchange import exporting
from haven.world.exchange.formats import READERS
from haven.world.exchange.loading import Options
from haven.world.exchange.pieces import MAX_BYTES
from haven.world.exchange.report import WORTH_A_LOOK, Defect, Entry, ImportReport, Outcome
from haven.world.schema import Kind, noun
from web.chores import Tell
from web.imports import Upload
from web.visit import FORM_BYTES, Route, Visit

CHORE = "import"
SHOWN, NOTES = 12, 4
"""Records of each outcome that are shown at first, and notes of each record."""
EVERY = 2_000
"""Records of each outcome that are shown where somebody wants all."""
MOST_FILES = 200
PIECE = 256 * 1024
ENDINGS = {"json": "json", "csv": "csv", "map": "json", "markdown": "zip"}
SAID = {Outcome.REPAIRED: "added after repairs", Outcome.SKIPPED: "skipped: there already"}
ORDER = (*WORTH_A_LOOK, Outcome.ADDED, Outcome.PROPOSED, Outcome.SKIPPED)


async def shown(visit: Visit) -> web.StreamResponse:
    """The world as files for whoever reads it; for those who may change it what was sent lately, and how to send."""
    return visit.page(
        "world_files.html",
        uploads=visit.imports.kept,
        readers=tuple(READERS),
        formats=exporting.FORMATS,
        kinds=tuple(Kind),
        noun=noun,
        most=MAX_BYTES,
    )


async def send(visit: Visit) -> web.StreamResponse:
    """Keep what was sent, and begin to try it."""
    if (chore := visit.chores.of(CHORE)) and chore.goes_on:
        raise Conflict("Another import is under way.", "Wait until it is finished, or stop it.")
    form = await visit.request.post()
    files: list[tuple[str, BinaryIO]] = [
        (one.filename, one.file)  # type: ignore[misc]
        for one in form.getall("file", [])
        if isinstance(one, web.FileField) and one.filename
    ]
    if not 0 < len(files) <= MOST_FILES:
        raise BadInput("There is no file in that form, or there are too many.", f"Choose 1 to {MOST_FILES} files.")
    fields = await visit.fields()
    if (format := fields.get("format", "")) not in ("", *READERS):
        raise BadInput("Files in that format can't be read.", f"There are: {', '.join(READERS)}.")
    ticked = {name: bool(fields.get(name)) for name in ("update", "strict", "again")}
    upload = await visit.imports.take(files, visit.person, Options(format=format, **ticked))
    return _begin(visit, upload, dry_run=True)


async def one(visit: Visit) -> web.StreamResponse:
    """How far one is, or what came of it; `all` shows every record."""
    upload = visit.imports.get(visit.part("id"))
    report = upload.report or upload.tried
    everything = bool(visit.asked("all"))
    return visit.page(
        "world_import.html",
        upload=upload,
        chore=visit.chores.of(CHORE),
        report=report,
        groups=_groups(report, everything) if report else [],
        counts=[(SAID.get(one, one.value), count) for one in Outcome if (count := _count(report, one))],
        met=_met(report),
        everything=everything,
        notes=100 if everything else NOTES,
    )


async def progress(visit: Visit) -> web.StreamResponse:
    """How far one is; a page that is open goes to the end's own when that has come."""
    upload = visit.imports.get(visit.part("id"))
    if not upload.doing:
        return visit.go(_at(upload))
    return visit.page("world_import_progress.html", upload=upload, chore=visit.chores.of(CHORE))


async def bring_in(visit: Visit) -> web.StreamResponse:
    """Write what was tried."""
    upload = visit.imports.get(visit.part("id"))
    if upload.tried is None or upload.report is not None:
        raise BadInput("That can't be brought in.", "Look at what came of it: it was not tried yet, or it is in.")
    return _begin(visit, upload, dry_run=False)


async def stop(visit: Visit) -> web.StreamResponse:
    """End it: of the file that is under way nothing is written."""
    upload = visit.imports.get(visit.part("id"))
    visit.chores.stop(CHORE)
    return visit.go(_at(upload), "It ends. A file that was not finished is not in the world.", "note")


async def export(visit: Visit) -> web.StreamResponse:
    """All records, or those of some kinds, as a file; Markdown as an archive of files."""
    format, kinds = visit.asked("format", "json"), visit.request.query.getall("kind", [])
    if format not in exporting.FORMATS:
        raise BadInput("There is no such format.", f"There are: {', '.join(exporting.FORMATS)}.")
    wanted = [kind for kind in Kind if kind.value in kinds]
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="haven-export-"))
    try:
        done = await exporting.export(visit.house.records.world, folder / "world", format, wanted)
        path = done.path
        if format == "markdown":
            path = Path(await asyncio.to_thread(shutil.make_archive, str(folder / "packed"), "zip", done.path))
        return await _sent(visit, path, f"world.{ENDINGS[format]}")
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, True)


async def _sent(visit: Visit, path: Path, name: str) -> web.StreamResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream", **headers})
    with await asyncio.to_thread(path.open, "rb") as file:
        answer.content_length = (await asyncio.to_thread(path.stat)).st_size
        await answer.prepare(visit.request)
        while piece := await asyncio.to_thread(file.read, PIECE):
            await answer.write(piece)
    return answer


def _begin(visit: Visit, upload: Upload, *, dry_run: bool) -> web.StreamResponse:
    by = visit.person

    async def work(tell: Tell) -> str:
        return await visit.imports.work(upload, by, tell, dry_run=dry_run)

    visit.chores.begin(CHORE, work)
    upload.doing = "reading"  # before its first step: the page that comes next shows that it goes on
    return visit.go(_at(upload))


def _at(upload: Upload) -> str:
    return f"/world/files/{upload.id}"


def _groups(report: ImportReport, everything: bool) -> list[tuple[str, list[Entry], int]]:
    """Of each outcome its name, the records to be shown, and how many more there are of it."""
    found = []
    for outcome in ORDER:
        entries = [one for one in report.entries if one.outcome is outcome] if everything else report.telling(outcome)
        most = EVERY if everything else SHOWN
        if entries:
            found.append((SAID.get(outcome, outcome.value), entries[:most], max(0, len(entries) - most)))
    return found


def _count(report: ImportReport | None, outcome: Outcome) -> int:
    return report.counts()[outcome.value] if report and outcome is not Outcome.REMARK else 0


def _met(report: ImportReport | None) -> list[tuple[str, int]]:
    """What was wrong with the files, the commonest first."""
    return [(name, count) for name, count in report.defects.most_common() if name != Defect.OTHER] if report else []


ROUTES = (
    Route("GET", "/world/files", shown, Act.READ),
    Route("POST", "/world/files", send, Act.EDIT_WORLD, MAX_BYTES + FORM_BYTES),
    Route("GET", "/world/export", export, Act.READ, is_heavy=True),  # what somebody may read, they may take along
    Route("GET", "/world/files/{id}", one, Act.EDIT_WORLD),
    Route("GET", "/world/files/{id}/progress", progress, Act.EDIT_WORLD),
    Route("POST", "/world/files/{id}/import", bring_in, Act.EDIT_WORLD),
    Route("POST", "/world/files/{id}/stop", stop, Act.EDIT_WORLD),
)
