"""Every way into the API: served, walked over by tests, and described from this table."""

from __future__ import annotations

from web.api import changes, drafts, house, questions, world
from web.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *house.ENDPOINTS,
    *changes.ENDPOINTS,
    *questions.ENDPOINTS,
    *world.ENDPOINTS,
    *drafts.ENDPOINTS,
)
