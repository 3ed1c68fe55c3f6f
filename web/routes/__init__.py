"""Every way into the dashboard, a file a page: tests walk over this table."""

from __future__ import annotations

from web.routes import backups, changes, chat, chat_acts, costs, entering, live, log, me, overview, people, requests, review, review_decisions, roundtable, settings, tokens, world, world_drafts, world_edit, world_map
from web.visit import Route

ROUTES: tuple[Route, ...] = (
    *entering.ROUTES,
    *overview.ROUTES,
    *requests.ROUTES,
    *changes.ROUTES,
    *review.ROUTES,
    *review_decisions.ROUTES,
    *chat.ROUTES,
    *chat_acts.ROUTES,
    *roundtable.ROUTES,
    *log.ROUTES,
    *live.ROUTES,
    *me.ROUTES,
    *people.ROUTES,
    *tokens.ROUTES,
    *world.ROUTES,
    *world_edit.ROUTES,
    *world_map.ROUTES,
    *world_drafts.ROUTES,
    *settings.ROUTES,
    *costs.ROUTES,
    *backups.ROUTES,
)
