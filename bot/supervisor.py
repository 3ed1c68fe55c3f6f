"""Keeps the bot connected, and says how it stands; a Discord that is down never takes Haven with it.

discord.py ends with an exception where there is no network at login or the first gateway connection is refused, and a
client can't be started twice: so every attempt builds a new one.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

import discord

from bot.client import HavenBot

log = logging.getLogger("haven.bot")

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
"""Discord resets a token that identifies 1,000 times a day: one attempt in 300 s is far below."""
CLOSE_S = 5.0
HOPELESS = frozenset({4004, 4010, 4011, 4012, 4013, 4014})
"""Gateway close codes after which Discord's documentation says not to reconnect."""


class Link(StrEnum):
    OFF = "off"
    """No token is configured, or stopped."""
    CONNECTING = "connecting"
    READY = "ready"
    WAITING = "waiting"
    """Out of reach; tries again by itself."""
    BROKEN = "broken"
    """Only a person can mend it: a refused token, a missing intent."""


class Supervisor:
    """`run` is one coroutine of app.py's TaskGroup; `state` and `detail` are for status lines."""

    def __init__(
        self,
        build: Callable[[], HavenBot],
        token: str | None,
        on_state: Callable[[Link, str], None] = lambda state, detail: None,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self._build = build
        self._token = token
        self._on_state = on_state
        self._first_wait_s = first_wait_s
        self._stopped = asyncio.Event()
        self._bot: HavenBot | None = None
        self._was_ready = False
        self.state = Link.OFF
        self.detail = "no token is configured" if not token else "not started"

    async def run(self) -> None:
        """Connect and stay connected until stopped or cancelled. Raises nothing for reasons of network or Discord."""
        if not self._token:
            self._set(Link.OFF, "no token is configured")
            return
        failures = 0
        while not self._stopped.is_set():
            self._set(Link.CONNECTING)
            self._was_ready = False
            why, hopeless = await self._attempt(self._token)
            if hopeless:
                self._set(Link.BROKEN, why)
                return
            if self._stopped.is_set():
                break
            failures = 0 if self._was_ready else failures + 1
            wait_s = min(LONGEST_WAIT_S, self._first_wait_s * 2 ** min(failures, 10)) * random.uniform(0.75, 1.25)
            self._set(Link.WAITING, f"{why}; tries again in {wait_s:.0f} s")
            await self._pause(wait_s)
        self._set(Link.OFF, "stopped")

    async def stop(self) -> None:
        """Refuse new presses, then close the connection within a few seconds."""
        self._stopped.set()
        if self._bot is not None and not self._bot.is_closed():
            self._bot.closing = True
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._bot.close()
            except TimeoutError:
                log.warning("Discord did not close in %.0f s", CLOSE_S)

    async def _attempt(self, token: str) -> tuple[str, bool]:
        """One client from login to its end: why it ended, and whether trying again is of no use."""
        bot = self._bot = self._build()
        bot.on_link = self._link
        beside = [
            asyncio.create_task(bot.follow(), name="discord-follow"),
            asyncio.create_task(bot.keep_trying(), name="discord-again"),
        ]
        try:
            async with bot:
                await bot.start(token)
        except discord.LoginFailure:
            return "Discord refused the token; put a new one in with `haven setup discord`", True
        except discord.PrivilegedIntentsRequired:
            return "Discord wants an intent that is not enabled for this application", True
        except discord.ConnectionClosed as error:
            return f"Discord closed the connection (code {error.code})", error.code in HOPELESS
        except Exception as error:  # whatever the network and discord.py come up with, Haven goes on
            log.warning("the connection to Discord failed", exc_info=error)
            return f"Discord is out of reach ({type(error).__name__}: {str(error)[:160]})", False
        finally:
            bot.closing = True
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
        return "the connection ended", False

    async def _pause(self, seconds: float) -> None:
        """Not by `wait_for`: on Python 3.11 that swallows a cancellation which arrives with the stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    def _link(self, up: bool) -> None:
        self._was_ready = self._was_ready or up
        if self.state in {Link.CONNECTING, Link.READY}:
            self._set(Link.READY if up else Link.CONNECTING, "" if up else "the connection was lost")

    def _set(self, state: Link, detail: str = "") -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            log.info("Discord: %s %s", state.value, detail)
            self._on_state(state, detail)
