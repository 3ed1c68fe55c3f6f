"""The few answers of Discord that a bot needs to connect, on this machine: login, gateway, resume, refusals."""

from __future__ import annotations

import json
from typing import Any, Self

import pytest
import yarl
from aiohttp import WSMsgType, web
from discord.gateway import DiscordWebSocket
from discord.http import Route

TOKEN = "loopback.token"
ME = {"id": "1234567890123456789", "username": "haven", "discriminator": "0", "avatar": None, "bot": True}
APPLICATION = {
    "id": "1234567890123456788",
    "name": "haven",
    "icon": None,
    "description": "",
    "summary": "",
    "bot_public": False,
    "bot_require_code_grant": False,
    "verify_key": "",
    "flags": 0,
    "owner": ME,
}


class FarDiscord:
    """Listens on a port of its own once started; `port` can be taken over by a later one."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.refuse_gateway = False
        self.identified = self.resumed = self.logins = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_route("*", "/api/{rest:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self.kick(1001)
        await self._runner.cleanup()

    async def kick(self, code: int) -> None:
        """Close every gateway connection with this code."""
        for socket in self._sockets:
            if not socket.closed:
                await socket.close(code=code)

    async def _rest(self, request: web.Request) -> web.Response:
        path = request.match_info["rest"]
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        self.logins += path == "users/@me"
        answers: dict[str, Any] = {"users/@me": ME, "oauth2/applications/@me": APPLICATION}
        return _json(answers.get(path, []))

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_gateway:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await _tell(socket, 10, {"heartbeat_interval": 41_250})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if said["op"] == 1:
                await _tell(socket, 11, None)
            elif said["op"] == 2:
                self.identified += 1
                await _tell(socket, 0, self._ready(), "READY", 1)
            elif said["op"] == 6:
                self.resumed += 1
                await _tell(socket, 0, {}, "RESUMED", said["d"]["seq"] + 1)
        return socket

    def _ready(self) -> dict[str, Any]:
        return {
            "v": 10,
            "user": ME,
            "guilds": [],
            "session_id": "one",
            "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gateway/",
            "shard": [0, 1],
            "application": {"id": APPLICATION["id"], "flags": 0},
        }


def point_at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have discord.py talk to this machine: both addresses are class attributes of the library."""
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{port}/api")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(f"ws://127.0.0.1:{port}/gateway/"))


async def _tell(
    socket: web.WebSocketResponse, op: int, data: Any, kind: str | None = None, s: int | None = None
) -> None:
    await socket.send_str(json.dumps({"op": op, "d": data, "t": kind, "s": s}))


def _json(answer: Any, status: int = 200) -> web.Response:
    # Exactly this content type: discord.py takes anything else for text.
    headers = {"Content-Type": "application/json", "Via": "1.1 loopback"}
    return web.Response(body=json.dumps(answer).encode(), status=status, headers=headers)
