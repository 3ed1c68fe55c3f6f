"""Ask Claude and Discord whether what the owner gave Haven is right: free calls that send the key and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from haven.errors import HavenError, Unavailable
from haven.redact import redact

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

CLAUDE_API = "https://api.anthropic.com"
DISCORD_API = "https://discord.com/api/v10"
BOT_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
"""The form of a bot's token (Discord API reference): its id, a time and a check, with dots between them."""
PATIENCE_S = 15.0
"""Seconds that an answer may take."""
NO_SUCH = (10003, 10011, 10013)
"""Unknown channel, role and user (Discord API reference, JSON error codes)."""
AGENT = "DiscordBot (Haven, 0.1)"
"""Discord asks programs to name themselves in this form (Discord API reference, User Agent)."""


@dataclass(frozen=True)
class Answer:
    """`ok`: yes, no, or None where it could not be asked; the sentence says it for a person."""

    ok: bool | None
    sentence: str


@dataclass(frozen=True)
class BotAnswer(Answer):
    """`bot_id` and `in_server` as far as Discord told."""

    bot_id: int | None = None
    in_server: bool | None = None


async def ask_claude(key: str, model: str, base_url: str = "") -> Answer:
    """Whether Anthropic accepts the key and knows the model: GET /v1/models/MODEL, which costs nothing."""
    client = await asyncio.to_thread(_client, key, base_url)
    try:
        await client.models.retrieve(model)
    except Exception as error:
        from haven.ai.providers.anthropic_faults import as_haven_error  # imports the SDK, which takes a second

        return _not_well(as_haven_error(error, model))
    finally:
        await client.close()
    return Answer(True, f"Claude accepts the key and knows the model {model}.")


def _not_well(error: HavenError) -> Answer:
    if isinstance(error, Unavailable) and not error.retry:
        return Answer(False, redact(str(error)))
    return Answer(None, f"Not checked, offline: {redact(str(error))}")


def _client(key: str, base_url: str) -> AsyncAnthropic:
    """A client that takes nothing from the environment but a proxy."""
    import anthropic

    client = anthropic.AsyncAnthropic(
        api_key=key,
        base_url=base_url or CLAUDE_API,
        webhook_key="",
        max_retries=0,
        timeout=PATIENCE_S,
        open_telemetry=False,
        # A proxy that the environment names can't reach a server on this machine's own loopback.
        http_client=anthropic.DefaultAsyncHttpxClient(mounts={"all://127.0.0.1": None, "all://localhost": None}),
    )
    client._custom_headers = {}  # drops what ANTHROPIC_CUSTOM_HEADERS put in: the SDK has no public way
    return client


async def ask_discord(token: str, guild_id: int | None = None, api: str = DISCORD_API) -> BotAnswer:
    """Whether Discord accepts the bot's token, and whether the bot is on the server already."""
    headers = {"Authorization": f"Bot {token}", "User-Agent": AGENT}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            status, me = await _get(session, f"{api}/users/@me")
            if status == 401:
                return BotAnswer(False, "Discord does not accept this token.")
            if status != 200 or not str(me.get("id", "")).isdigit():
                return BotAnswer(None, f"Not checked: Discord answered {status} to a request that it should know.")
            inside = (await _get(session, f"{api}/guilds/{guild_id}"))[0] == 200 if guild_id else None
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return BotAnswer(None, f"Not checked, offline: Discord can't be reached ({type(error).__name__}).")
    name = redact(str(me.get("username", "without a name")))[:40]
    return BotAnswer(True, f"Discord accepts the token: the bot is called {name}.", int(me["id"]), inside)


async def unknown_to_discord(token: str, paths: Sequence[str], api: str = DISCORD_API) -> list[str]:
    """Those of `users/ID`, `channels/ID` and `guilds/ID/roles/ID` of which Discord says that there is no such thing."""
    headers = {"Authorization": f"Bot {token}", "User-Agent": AGENT}
    found = []
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session:
            for path in paths:
                async with session.get(f"{api}/{path}") as response:
                    said = await response.json() if response.status == 404 else {}
                if isinstance(said, dict) and said.get("code") in NO_SUCH:
                    found.append(path)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return found  # not checked is not unknown
    return found


async def _get(session: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any]]:
    async with session.get(url) as response:
        found = await response.json() if response.status == 200 else {}
        return response.status, found if isinstance(found, dict) else {}
