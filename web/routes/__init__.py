"""Every way into the dashboard, a file a page: tests walk over this table."""

from __future__ import annotations

from web.routes import backups, changes, chat, chat_acts, costs, entering, kiosk_page, live, log, me, models, overview, people, requests, review, review_decisions, roundtable, settings, tokens, world, world_drafts, world_edit, world_files, world_map, world_todo
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
    *world_files.ROUTES,
    *world_todo.ROUTES,
    *world_drafts.ROUTES,
    *settings.ROUTES,
    *costs.ROUTES,
    *backups.ROUTES,
    *models.ROUTES,
    *kiosk_page.ROUTES,
)
