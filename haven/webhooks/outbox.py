"""Events told to one address: in order, each until it is taken, also those that came while Haven was down.

Nobody waits for it: it reads the table of events from the one it told last, whatever the bus does meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from haven.errors import HavenError, SettingsError, StoreError
from haven.events import Bus
from haven.settings import Settings, Webhooks
from haven.store import events, notes
from haven.store.database import Database, now
from haven.store.events import Event
from haven.webhooks.signing import key_of, signed
from haven.webhooks.telling import body_of, id_of

if TYPE_CHECKING:
    from aiohttp import ClientSession

log = logging.getLogger("haven.webhooks")

PAUSES = (5.0, 60.0, 300.0, 1_800.0, 7_200.0)
"""Seconds before each further attempt; the last one again and again."""
LONGEST_PAUSE_S = 86_400.0
"""A receiver that asks for more patience than a day does not get it."""
PATIENCE_S = 20.0
"""Seconds that a receiver may take (Standard Webhooks recommends 15 to 30)."""
REFUSED = frozenset({400, 413, 415, 422})
"""The receiver says that this very event is wrong: after the last pause it is passed over. All else may get better."""
GONE = 410
"""The receiver wants no more: nothing is told until Haven starts again."""


@dataclass(frozen=True)
class Taken:
    """What came of one attempt: the status, 0 where there was none, and after how many seconds it wants another."""

    status: int
    said: str
    after: float = 0.0

    @property
    def well(self) -> bool:
        return 200 <= self.status < 300


class Outbox:
    """One for the house; `run` in the TaskGroup of app.py."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        settings: Webhooks,
        secret: Callable[[str], str | None],
        note: Callable[[str, str], None] = lambda text, level: None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """`secret` reads one by its name; `note` is told how it goes: a sentence, and ok, note or alert."""
        self._database = database
        self._bus = bus
        self._settings = settings
        self._secret = secret
        self._note = note
        self._pauses = pauses
        self._host = host_of(settings.url)
        self._told = f"webhooks.told:{hashlib.sha256(settings.url.encode()).hexdigest()[:12]}"
        """Where the number of the event stands that was told last; another address begins anew."""

    async def run(self) -> None:
        """Tell what is new until cancelled; ends at once where no address is set, or its secret can't be used."""
        if not self._settings.url:
            return
        try:
            key = key_of(self._settings.secret, self._secret)
        except HavenError as error:
            log.error("[%s] no webhooks are sent: %s", error.id, error.full)
            self._note(error.full, "alert")
            return
        async with await _session() as session:
            while True:
                try:
                    await self._follow(session, key)
                except StoreError as error:
                    log.warning("[%s] webhooks wait: %s", error.id, error)
                    await asyncio.sleep(self._pauses[0])

    async def _follow(self, session: ClientSession, key: bytes) -> None:
        with self._bus.subscribe() as news:
            last = await self._begin()
            self._note(f"events are told to {self._host}", "ok")
            while True:
                last = await self._tell_all(session, key, last)
                async for event in news:
                    if event.id > last:
                        break

    async def _begin(self) -> int:
        """The event that was told last; what was before the first start is not told."""
        known = await notes.get(self._database, self._told)
        if known is not None:
            return int(known)
        newest = await events.newest(self._database)
        await notes.put(self._database, self._told, str(newest))
        return newest

    async def _tell_all(self, session: ClientSession, key: bytes, last: int) -> int:
        """All after `last`, in order; the number of the newest there is."""
        while found := await events.since(self._database, last):
            for event in found:
                if event.kind in self._settings.kinds:
                    await self._deliver(session, key, event)
                    await notes.put(self._database, self._told, str(event.id))
                last = event.id
        return last

    async def _deliver(self, session: ClientSession, key: bytes, event: Event) -> None:
        """Until it is taken, or refused for good."""
        tries = 0
        while not (taken := await _post(session, self._settings.url, key, event)).well:
            if taken.status == GONE:
                self._note(f"{self._host} wants no more events; a restart begins again", "alert")
                await asyncio.get_running_loop().create_future()
            if taken.status in REFUSED and tries >= len(self._pauses):
                log.error("event %s (%s) is passed over: %s", event.id, event.kind, taken.said)
                break
            pause = max(self._pauses[min(tries, len(self._pauses) - 1)], taken.after)
            log.warning("event %s (%s) waits %.0f s: %s", event.id, event.kind, pause, taken.said)
            self._note(f"{taken.said}; events wait and are told later", "alert" if tries > 1 else "note")
            tries += 1
            await asyncio.sleep(pause)
        if tries:
            self._note(f"events are told to {self._host}", "ok")


async def send_once(settings: Settings, id: str) -> Taken:
    """One event of the kind that comes most, about a change that there is not. Raises SettingsError."""
    hooks = settings.webhooks
    if not hooks.url:
        raise SettingsError("No address is set, so nothing is told.", "Set webhooks.url in haven.toml.")
    key = key_of(hooks.secret, settings.secret)
    event = Event("change.state", id, {"state": "queued", "title": "A test of Haven's webhooks", "round": 1}, at=now())
    async with await _session() as session:
        return await _post(session, hooks.url, key, event)


def host_of(url: str) -> str:
    """How an address is called where its path, which may be a secret, is nobody's business."""
    return urlsplit(url).hostname or ""


async def _post(session: ClientSession, url: str, key: bytes, event: Event) -> Taken:
    """One attempt. Redirects are not followed: they would lead away from the address that the owner named."""
    import aiohttp

    body, host = body_of(event), host_of(url)
    headers = signed(key, id_of(event), now(), body) | {"Content-Type": "application/json"}
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            after = answer.headers.get("Retry-After", "")
            pause = min(float(after), LONGEST_PAUSE_S) if after.isascii() and after.isdigit() else 0.0
            return Taken(answer.status, f"{host} answered {answer.status}", pause)
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        return Taken(0, f"{host} can't be reached ({type(error).__name__})")


async def _session() -> ClientSession:
    """No cookies, no proxy of the environment, no file of passwords."""
    aiohttp = await asyncio.to_thread(__import__, "aiohttp")  # it takes a while
    made: ClientSession = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={"User-Agent": "Haven"},
    )
    return made
