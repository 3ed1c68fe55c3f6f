"""What an interaction is told goes out again where the line broke, or Cloudflare turned it away: discord.py tries that
only once."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import discord
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter

PAUSES_S = (0.2, 0.6, 1.2)
"""Within the three seconds in which Discord takes the first answer to an interaction."""
ACKNOWLEDGED, TOO_MANY = 40060, 429
FAILURES = (discord.HTTPException, OSError, aiohttp.ClientError)
"""What a request to Discord may end with: a refusal, the network, a connection that is closed in place of an answer."""


class Line(AsyncWebhookAdapter):
    """The requests that may be made twice: all that replaces something, and an interaction's first answer, of which
    Discord takes one. Raises what discord.py raises, once the line stays broken."""

    async def request(self, route: Route, session: aiohttp.ClientSession, **rest: Any) -> Any:
        is_first = route.path.endswith("/callback")
        if route.method == "POST" and not is_first:
            return await super().request(route, session, **rest)
        broke = False
        for pause_s in (*PAUSES_S, None):
            try:
                return await super().request(route, session, **rest)
            except (OSError, aiohttp.ClientError):
                if pause_s is None:
                    raise
                broke = True
                await asyncio.sleep(pause_s)
                for file in rest.get("files") or ():
                    file.reset()
            except discord.HTTPException as error:
                if is_first and pause_s is not None and _may_follow(error):
                    await asyncio.sleep(pause_s)
                    continue
                if not (broke and is_first and error.code == ACKNOWLEDGED):
                    raise
                return {"interaction": {"id": str(route.webhook_id)}}  # it had arrived; only Discord's yes was lost
        raise AssertionError("unreachable")


def _may_follow(error: discord.HTTPException) -> bool:
    """Whether it was turned away before Discord saw it, by Cloudflare, and that does not ask to be left alone for long:
    who knocks on and on then is banned for an hour. Discord's own limits are waited for by discord.py."""
    if error.status != TOO_MANY:
        return False
    told = error.response.headers.get("Retry-After", "0")
    return told.isdigit() and int(told) <= PAUSES_S[-1]
