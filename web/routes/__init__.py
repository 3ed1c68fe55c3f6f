"""Every way into the dashboard, a file a page: tests walk over this table."""

from __future__ import annotations

from web.routes import entering, live, log, me, overview, people, settings, world, world_drafts, world_edit
from web.visit import Route

ROUTES: tuple[Route, ...] = (
    *entering.ROUTES,
    *overview.ROUTES,
    *log.ROUTES,
    *live.ROUTES,
    *me.ROUTES,
    *people.ROUTES,
    *world.ROUTES,
    *world_edit.ROUTES,
    *world_drafts.ROUTES,
    *settings.ROUTES,
)
