"""The gateway side: sessions that can be resumed, heartbeats, and the ways in which a connection ends."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import discord
from aiohttp import WSMsgType, web
from simcord import intents
from simcord.backend import serializers

if TYPE_CHECKING:
    from . import FarDiscord


@dataclass
class Session:
    """What one bot was told since it identified itself; `socket` None while it is away."""

    id: str
    intents: discord.Intents
    told: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    def __init__(self, far: FarDiscord) -> None:
        self._far = far
        self.refuses = False
        """A 503 in place of a connection."""
        self.drops = False
        """Each new connection is closed before a word was said."""
        self.closes_with = 0
        """Each new connection is closed with this code where the bot says who it is."""
        self.invalidates = False
        """Each new session is over at once (op 9)."""
        self.answers_heartbeats = True
        self.heartbeat_ms = 41_250
        self.away: set[int] = set()
        """Guilds that are said to be unavailable."""
        self.connected = self.identified = self.resumed = 0
        self._sessions: dict[str, Session] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._sending: set[asyncio.Task[None]] = set()
        far.env.backend.subscribers.append(self.feed)

    async def kick(self, code: int) -> None:
        """Close every connection with this code."""
        for socket in list(self._sockets):
            if not socket.closed:
                await socket.close(code=code)

    async def say(self, op: int, data: Any = None) -> None:
        """One word to every connection: 7 reconnect, 9 the session is over (True: it can be resumed)."""
        for socket in list(self._sockets):
            if not socket.closed:
                await _send(socket, op, data)

    def forget(self) -> None:
        """No session can be resumed any more."""
        self._sessions.clear()

    def feed(self, event: str, payload: Any) -> None:
        """What simcord's server announces goes to every session that may hear it, now or when it resumes."""
        for session in self._sessions.values():
            needed = intents.required_intent(event, payload)
            if needed is None or getattr(session.intents, needed):
                self._tell(session, event, payload)
        self._far.notice()

    def _tell(self, session: Session, event: str, payload: Any) -> None:
        data = json.loads(json.dumps(payload, default=str))
        if event == "GUILD_CREATE":
            intents.prune_guild_create(data, session.intents, self._far.env.backend.bot_user.id)
        session.told.append({"op": 0, "t": event, "s": len(session.told) + 1, "d": data})
        if session.socket is not None and not session.socket.closed:
            self._soon(session.socket, session.told[-1:])

    def _soon(self, socket: web.WebSocketResponse, words: list[dict[str, Any]]) -> None:
        """Sent in order: each is written to the socket before the first wait."""

        async def send() -> None:
            for one in words:
                if not socket.closed:
                    await socket.send_str(json.dumps(one))

        task = asyncio.get_running_loop().create_task(send())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.connected += 1
        self._far.notice()
        if self.refuses:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.drops:
            await socket.close(code=1001)
            return socket
        self._sockets.add(socket)
        await _send(socket, 10, {"heartbeat_interval": self.heartbeat_ms})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(socket, **json.loads(message.data))
        finally:
            self._sockets.discard(socket)
            for session in self._sessions.values():
                if session.socket is socket:
                    session.socket = None
            self._far.notice()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, op: int, d: Any, **_: Any) -> None:
        if op == 1 and self.answers_heartbeats:
            await _send(socket, 11)
        elif op == 2:
            self.identified += 1
            await self._identify(socket, d)
        elif op == 6:
            self.resumed += 1
            await self._resume(socket, d)
        self._far.notice()

    async def _identify(self, socket: web.WebSocketResponse, d: dict[str, Any]) -> None:
        if self.closes_with or d["token"] != self._far.token:
            await socket.close(code=self.closes_with or 4004)
            return
        if self.invalidates:
            await _send(socket, 9, False)
            return
        backend = self._far.env.backend
        session = Session(f"s{self.identified}", discord.Intents._from_value(d["intents"]), socket=socket)
        self._sessions = {session.id: session}
        ready = {
            "v": 10,
            "user": dict(serializers.user_payload(backend.bot_user)),
            "guilds": [{"id": str(id), "unavailable": True} for id in backend.guilds],
            "session_id": session.id,
            "resume_gateway_url": self._far.address,
            "shard": [0, 1],
            "application": {"id": str(backend.application_id), "flags": 0},
        }
        self._tell(session, "READY", ready)
        for guild in list(backend.guilds.values()):
            if guild.id not in self.away:
                self._tell(session, "GUILD_CREATE", serializers.guild_create_payload(backend, guild))

    async def _resume(self, socket: web.WebSocketResponse, d: dict[str, Any]) -> None:
        if self.closes_with or d["token"] != self._far.token:
            await socket.close(code=self.closes_with or 4004)
            return
        session = self._sessions.get(d["session_id"])
        if session is None:
            await _send(socket, 9, False)
            return
        missed = session.told[d["seq"] or 0 :]
        session.told.append({"op": 0, "t": "RESUMED", "s": len(session.told) + 1, "d": {}})
        session.socket = socket
        self._soon(socket, [*missed, session.told[-1]])


async def _send(socket: web.WebSocketResponse, op: int, data: Any = None) -> None:
    await socket.send_str(json.dumps({"op": op, "d": data, "t": None, "s": None}))
