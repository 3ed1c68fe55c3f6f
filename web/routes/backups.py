"""Backups: made and restored to check them, taken along, and put back at Haven's next start. For owners."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from aiohttp import web

from haven.access import Act
from haven.errors import Conflict
from haven.store import backup, restoring
from haven.store.backup import Backup
from web.chores import Tell
from web.visit import Route, Visit

log = logging.getLogger("haven.web")

CHORE = "backup"


async def listed(visit: Visit) -> web.StreamResponse:
    return visit.page("backups.html", **await _seen(visit))


async def part(visit: Visit) -> web.StreamResponse:
    """The same without its frame, for a page that is open."""
    return visit.page("backups_parts.html", **await _seen(visit))


async def make(visit: Visit) -> web.StreamResponse:
    """Today's, in place of an earlier one of today, and restored to check it."""

    async def work(tell: Tell) -> str:
        return _verdict(await visit.house.office.backup())

    visit.chores.begin(CHORE, work)
    return visit.go("/backups")


async def verify(visit: Visit) -> web.StreamResponse:
    chosen = await _chosen(visit)

    async def work(tell: Tell) -> str:
        return _verdict(await backup.verify(chosen))

    visit.chores.begin(CHORE, work)
    return visit.go("/backups")


async def download(visit: Visit) -> web.StreamResponse:
    """All that Haven knows leaves with it: by the PIN, and written into the log."""
    person = await visit.confirmed()
    chosen = await _chosen(visit)
    log.warning("%s took the backup %s along", person.id, chosen.file.name)
    headers = {"Content-Disposition": f'attachment; filename="{chosen.file.name}"', "Cache-Control": "no-store"}
    return web.FileResponse(chosen.file, headers={**headers, "Content-Type": "application/vnd.sqlite3"})


async def restore(visit: Visit) -> web.StreamResponse:
    """Haven itself has the database open, so its next start puts the backup back."""
    person = await visit.confirmed()
    chosen = await _chosen(visit)
    if chosen.problem:
        raise Conflict(f"{chosen.file.name} did not pass its last check: {chosen.problem}", "Take another one.")
    await asyncio.to_thread(restoring.plan, _folder(visit), chosen.file.name)
    log.warning("%s wants %s to be restored by the next start", person.id, chosen.file.name)
    return visit.go("/backups", f"{chosen.file.name} becomes the database when Haven starts the next time.", "note")


async def leave(visit: Visit) -> web.StreamResponse:
    await asyncio.to_thread(restoring.forget, _folder(visit))
    return visit.go("/backups", "Nothing is restored: the database stays as it is.")


async def _seen(visit: Visit) -> dict[str, Any]:
    folder, settings = _folder(visit), visit.house.office.settings

    def look() -> dict[str, Any]:
        return {
            "backups": backup.found(folder),
            "planned": restoring.planned(folder),
            "kept": [(one.name, one.stat().st_size) for one in restoring.kept(settings.database)],
        }

    office = visit.house.office
    return {**await asyncio.to_thread(look), "chore": visit.chores.of(CHORE), "watched": office.is_watched}


async def _chosen(visit: Visit) -> Backup:
    """The one in the path. Raises NotFound."""
    return await asyncio.to_thread(backup.one, _folder(visit), visit.part("name"))


def _folder(visit: Visit) -> Path:
    return visit.house.office.settings.backups


def _verdict(one: Backup) -> str:
    if one.problem:
        return f"{one.file.name} does not pass its check: {one.problem}"
    return f"{one.file.name} was restored to check it, and is whole."


ROUTES = (
    Route("GET", "/backups", listed, Act.SETTINGS),
    Route("GET", "/backups/parts", part, Act.SETTINGS),
    Route("POST", "/backups", make, Act.SETTINGS),
    Route("POST", "/backups/leave", leave, Act.SETTINGS),
    Route("POST", "/backups/{name}/check", verify, Act.SETTINGS),
    Route("POST", "/backups/{name}/download", download, Act.SETTINGS),
    Route("POST", "/backups/{name}/restore", restore, Act.SETTINGS),
)
