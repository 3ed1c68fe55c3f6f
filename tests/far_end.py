"""Claude and Discord on the loopback, as far as setup and doctor ask them; both speak the real protocols."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "sk-ant-" + "test-key-of-nobody"
BOT = 1234567890123456789
TOKEN = base64.urlsafe_b64encode(str(BOT).encode()).decode().rstrip("=") + ".GhIjKl." + "x" * 38


@dataclass
class FarEnd:
    """Claude's and Discord's servers, as far as setup asks them."""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    guilds: set[int] = field(default_factory=set)
    nobody: set[int] = field(default_factory=set)
    """Ids of people and roles that do not exist."""

    async def claude(self, request: web.Request) -> web.Response:
        self._note(request)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return self._claude_error(401, "authentication_error", "invalid API key")
        name = request.match_info["model"]
        if name != "claude-sonnet-5-5":
            return self._claude_error(404, "not_found_error", f"model: {name}")
        created = "2026-08-01T00:00:00Z"
        return web.json_response({"type": "model", "id": name, "display_name": "Sonnet", "created_at": created})

    async def me(self, request: web.Request) -> web.Response:
        self._note(request)
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        return web.json_response({"id": str(BOT), "username": "haven-test", "bot": True})

    async def guild(self, request: web.Request) -> web.Response:
        self._note(request)
        if int(request.match_info["id"]) not in self.guilds:
            return web.json_response({"message": "Unknown Guild", "code": 10004}, status=404)
        return web.json_response({"id": request.match_info["id"], "name": "Voyagers"})

    async def user(self, request: web.Request) -> web.Response:
        self._note(request)
        if int(request.match_info["id"]) in self.nobody:
            return web.json_response({"message": "Unknown User", "code": 10013}, status=404)
        return web.json_response({"id": request.match_info["id"], "username": "mika"})

    async def role(self, request: web.Request) -> web.Response:
        self._note(request)
        if int(request.match_info["id"]) in self.nobody:
            return web.json_response({"message": "Unknown Role", "code": 10011}, status=404)
        return web.json_response({"id": request.match_info["id"], "name": "Reviewers"})

    def _note(self, request: web.Request) -> None:
        self.asked.append((request.method, request.path))
        self.headers.append(dict(request.headers))

    def _claude_error(self, status: int, kind: str, message: str) -> web.Response:
        error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
        return web.json_response(error, status=status)


@pytest.fixture
async def far_end() -> AsyncIterator[FarEnd]:
    found = FarEnd()
    app = web.Application()
    app.router.add_get("/v1/models/{model}", found.claude)
    app.router.add_get("/users/@me", found.me)
    app.router.add_get("/users/{id}", found.user)
    app.router.add_get("/guilds/{id}", found.guild)
    app.router.add_get("/guilds/{guild}/roles/{id}", found.role)
    async with TestServer(app) as server:
        found.url = str(server.make_url("")).rstrip("/")
        yield found
