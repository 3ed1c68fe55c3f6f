"""Keeps the bot connected, and says how it stands; a Discord that is down never takes Haven with it.

discord.py ends with an exception where there is no network at login or the first gateway connection is refused, and a
client can't be started twice: so every attempt builds a new one. While it is connected it reconnects by itself, but
knows no end of that: a session that breaks again and again, or stays away, is ended here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import discord
from discord.gateway import KeepAliveHandler
from discord.webhook.async_ import async_context

from bot.client import HavenBot
from bot.line import Line
from haven.errors import HavenError, Unavailable
from haven.store import notes
from haven.store.database import now

log = logging.getLogger("haven.bot")

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
STEADY_S = 600.0
"""A connection that lasted so long counts as mended: the next wait begins small again."""
IDENTIFIES_AN_HOUR = 20
"""Discord resets a token that identifies 1,000 times a day, and a Haven that crashes at each start would do so."""
IDENTIFIED = "discord.identified"
"""The note of when that was, whichever process did it."""
HOUR_S = 3_600.0
LOSSES_A_MINUTE = 10
AWAY_S = 120.0
"""So long discord.py may try to get back by itself; its own pauses grow to a quarter of an hour."""
GIVE_UP_AGAIN_S = 1.0
"""On Python 3.11 `wait_for`, in which discord.py connects, swallows a cancellation that comes with its result."""
CLOSE_S = 4.0
HOPELESS = frozenset({4004, 4010, 4011, 4012, 4013, 4014})
"""Gateway close codes after which Discord's documentation says not to reconnect."""
TOKEN_REFUSED = "Discord refused the token; put a new one in with `haven setup discord`"


class Link(StrEnum):
    OFF = "off"
    """No token is configured, or stopped."""
    CONNECTING = "connecting"
    READY = "ready"
    WAITING = "waiting"
    """Out of reach; tries again by itself."""
    BROKEN = "broken"
    """Only a person can mend it: a refused token, a missing intent."""


@dataclass(frozen=True)
class End:
    """Why a connection ended; `hopeless`: trying again is of no use; else not before `after_s` seconds."""

    why: str
    hopeless: bool = False
    after_s: float = 0.0


class Supervisor:
    """`run` is one coroutine of app.py's TaskGroup; `state` and `detail` are for status lines."""

    def __init__(
        self,
        build: Callable[[], HavenBot],
        token: str | None,
        on_state: Callable[[Link, str], None] = lambda state, detail: None,
        first_wait_s: float = FIRST_WAIT_S,
        away_s: float = AWAY_S,
    ) -> None:
        self._build = build
        self._token = token
        self._on_state = on_state
        self._first_wait_s = first_wait_s
        self._away_s = away_s
        self._stopped = asyncio.Event()
        self._bot: HavenBot | None = None
        self._up_at: float | None = None
        self._lost: deque[float] = deque(maxlen=LOSSES_A_MINUTE)
        self._patience: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._limit: asyncio.Timeout | None = None
        self._given_up = ""
        self.state = Link.OFF
        self.detail = "no token is configured" if not token else "not started"

    async def run(self) -> None:
        """Connect and stay connected until stopped or cancelled. Raises nothing for reasons of network or Discord."""
        if not self._token:
            self._set(Link.OFF, "no token is configured")
            return
        failures, time = 0, asyncio.get_running_loop().time
        while not self._stopped.is_set():
            self._set(Link.CONNECTING)
            end = await self._attempt(self._token)
            if end.hopeless:
                self._set(Link.BROKEN, end.why)
                return
            if self._stopped.is_set():
                break
            was_steady = self._up_at is not None and time() - self._up_at >= STEADY_S
            failures = 0 if was_steady else failures + 1
            wait_s = min(LONGEST_WAIT_S, self._first_wait_s * 2 ** min(failures, 10)) * random.uniform(0.75, 1.25)
            wait_s = max(wait_s, end.after_s)
            self._set(Link.WAITING, f"{end.why}; tries again in {wait_s:.0f} s")
            await self._pause(wait_s)
        self._set(Link.OFF, "stopped")

    async def stop(self) -> None:
        """Refuse new presses, then close the connection within a few seconds."""
        self._stopped.set()
        if self._bot is not None and not self._bot.is_closed():
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._bot.close()
            except TimeoutError:
                log.warning("Discord did not close in %.0f s", CLOSE_S)

    async def _attempt(self, token: str) -> End:
        """One client from login to its end."""
        self._task, self._up_at, self._given_up = asyncio.current_task(), None, ""
        self._lost.clear()
        bot = self._bot = self._build()
        bot.on_link, bot.on_identify = self._link, self._identify
        async_context.set(Line())  # type: ignore[no-untyped-call]
        beside = [
            asyncio.create_task(bot.follow(), name="discord-follow"),
            asyncio.create_task(bot.keep_trying(), name="discord-again"),
        ]
        try:
            async with bot:
                await self._until_given_up(bot.start(token))
        except discord.LoginFailure:
            return End(TOKEN_REFUSED, hopeless=True)
        except discord.PrivilegedIntentsRequired:
            return End("Discord wants an intent that is not enabled for this application", hopeless=True)
        except discord.ConnectionClosed as error:
            why = TOKEN_REFUSED if error.code == 4004 else f"Discord closed the connection (code {error.code})"
            return End(why, error.code in HOPELESS)
        except HavenError as error:
            return End(error.full, after_s=getattr(error, "after", None) or 0.0)
        except Exception as error:  # whatever the network and discord.py come up with, Haven goes on
            if self._given_up or self._stopped.is_set():
                return End(self._given_up)
            log.warning("the connection to Discord failed", exc_info=error)
            why = f"Discord is out of reach ({type(error).__name__}: {str(error)[:160]})"
            return End(why, after_s=_retry_after(error))
        finally:
            bot.closing = True
            self._wait_no_longer()
            _end_heartbeats(bot)
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
        return End(self._given_up or "the connection ended")

    async def _until_given_up(self, connected: Coroutine[Any, Any, None]) -> None:
        """Raises TimeoutError where it was."""
        try:
            async with asyncio.timeout(None) as self._limit:
                await connected
        finally:
            self._limit = None
            self._wait_no_longer()

    async def _pause(self, seconds: float) -> None:
        """Not by `wait_for`: on Python 3.11 that swallows a cancellation which arrives with the stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    def _link(self, up: bool) -> None:
        loop = asyncio.get_running_loop()
        if up:
            self._up_at, self._given_up = self._up_at or loop.time(), ""
            self._wait_no_longer()
        else:
            if _is_often(self._lost, loop.time(), 60.0):
                self._give_up("Discord ends the connection again and again")
            if self._patience is None:
                self._patience = loop.call_later(self._away_s, self._give_up, "the connection does not come back")
        if self.state in {Link.CONNECTING, Link.READY} and not self._stopped.is_set():
            self._set(Link.READY if up else Link.CONNECTING, "" if up else "the connection was lost")

    async def _identify(self, bot: HavenBot) -> None:
        """Raises Unavailable where that has been done too often, before a restart too: it ends this connection."""
        began = now()
        kept = json.loads(await notes.get(bot.database, IDENTIFIED) or "[]")
        recent = [at for at in kept if abs(began - at) < HOUR_S]  # a clock that was set back keeps nobody out for long
        if len(recent) >= IDENTIFIES_AN_HOUR:
            raise Unavailable(
                f"Haven has signed in to Discord {len(recent)} times within an hour.",
                "It waits, so that Discord does not take the token away; the log says why each session ended.",
                after=min(HOUR_S, max(LONGEST_WAIT_S, min(recent) + HOUR_S - began)),
            )
        await notes.put(bot.database, IDENTIFIED, json.dumps([*recent, began]))

    def _give_up(self, why: str) -> None:
        """End this client, also in a pause of discord.py's; the loop in `run` begins another after one of its own."""
        if self._limit is None:
            return
        loop, self._given_up = asyncio.get_running_loop(), why
        if not self._limit.expired():
            self._limit.reschedule(loop.time())
        elif self._task is not None:  # that was swallowed: the same cancellation once more
            self._task.uncancel()
            self._task.cancel()
        self._wait_no_longer()
        self._patience = loop.call_later(GIVE_UP_AGAIN_S, self._give_up, why)

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _set(self, state: Link, detail: str = "") -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            log.info("Discord: %s %s", state.value, detail)
            self._on_state(state, detail)


def _end_heartbeats(bot: HavenBot) -> None:
    """discord.py lets the thread run on whose connection ended before its session had begun."""
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler) and thread.ws._connection is bot._connection:
            thread.stop()


def _is_often(times: deque[float], now: float, within_s: float) -> bool:
    """Whether `times` is full of times since then; else it takes this one in."""
    if len(times) == times.maxlen and now - times[0] < within_s:
        return True
    times.append(now)
    return False


def _retry_after(error: Exception) -> float:
    """The seconds that Discord, or Cloudflare before it, asks to be left alone."""
    told = error.response.headers.get("Retry-After", "") if isinstance(error, discord.HTTPException) else ""
    try:
        return min(float(told), 3_600.0)
    except ValueError:
        return 0.0
