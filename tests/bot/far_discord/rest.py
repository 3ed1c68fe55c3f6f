"""The HTTP side: simcord's routes behind a socket, and what can go wrong on the way there and back."""

from __future__ import annotations

import asyncio
import fnmatch
import io
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from simcord.backend.errors import BackendError
from simcord.http import router

if TYPE_CHECKING:
    from . import FarDiscord

VIA = {"Via": "1.1 loopback"}
"""discord.py takes a 429 without it for a ban by Cloudflare."""
UNSIGNED = ("webhooks/", "interactions/")
"""Paths that carry their own token."""

THREAD = re.compile(r"channels/\d+/messages/(\d+)/threads")
"""A message's own thread, which bears its number."""


@dataclass
class Fault:
    """What befalls the next `times` requests that fit.

    With `gate` the answer waits until it opens; `drop` closes the connection in place of the answer; `status` 0 lets
    the request through. `done` carries it out all the same: what is lost then is only the answer.
    """

    method: str
    path: str
    status: int = 0
    times: int = 1
    retry_after: float = 0.05
    everywhere: bool = False
    """A 429 for the whole bot."""
    cloudflare: bool = False
    drop: bool = False
    done: bool = False
    gate: asyncio.Event | None = None
    code: int = 0

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in (method, "*") and fnmatch.fnmatch(path, self.path)


@dataclass
class Call:
    """One request as it arrived; `status` 0 while it is under way, and where its connection was closed."""

    method: str
    path: str
    body: Any
    began: float
    ended: float = 0.0
    status: int = 0


@dataclass
class _Upload:
    """What simcord reads of a discord.File."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass
class Rest:
    far: FarDiscord
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    nonces: dict[tuple[str, str], Any] = field(default_factory=dict)

    def fault(self, method: str, path: str, **what: Any) -> Fault:
        self.faults.append(made := Fault(method, path, **what))
        return made

    def of(self, method: str, path: str) -> list[Call]:
        """The requests that fit, as they arrived."""
        return [one for one in self.calls if one.method == method and fnmatch.fnmatch(one.path, path)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["rest"]
        body, files = await _read(request)
        self.calls.append(call := Call(request.method, path, body, time.monotonic()))
        self.far.notice()
        try:
            answer = await self._answer(request, path, body, files)
            call.status = answer.status
            return answer
        finally:
            call.ended = time.monotonic()
            asyncio.get_running_loop().call_soon(self.far.notice)

    async def _answer(self, request: web.Request, path: str, body: Any, files: list[_Upload]) -> web.StreamResponse:
        fault = next((one for one in self.faults if one.fits(request.method, path)), None)
        if fault is None:
            return self._carry_out(request, path, body, files)
        fault.times -= 1
        answer = self._carry_out(request, path, body, files) if fault.done else None
        if fault.gate is not None:
            await fault.gate.wait()
        if fault.drop:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=500)
        if fault.status:
            return _failure(fault)
        return answer or self._carry_out(request, path, body, files)

    def _carry_out(self, request: web.Request, path: str, body: Any, files: list[_Upload]) -> web.StreamResponse:
        if not path.startswith(UNSIGNED) and request.headers.get("Authorization") != f"Bot {self.far.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        nonce = body.get("nonce") if isinstance(body, dict) and body.get("enforce_nonce") else None
        once = (path, str(nonce))
        if nonce is not None and once in self.nonces:
            return _json(self.nonces[once])
        backend = self.far.env.backend
        if request.method == "POST" and (beside := THREAD.fullmatch(path)) and int(beside[1]) in backend.channels:
            return _json({"message": "A thread has already been created for this message", "code": 160004}, 400)
        try:
            made = router.dispatch(
                backend,
                request.method,
                f"/{path}",
                json=body,
                params=dict(request.query),
                files=files,
                reason=request.headers.get("X-Audit-Log-Reason"),
            )
        except BackendError as error:
            return _json(error.to_json(), error.status)
        finally:
            backend.http_requests.clear()  # kept for simcord's own assertions; a soak would only see them grow
            backend.transcript.clear()
        if nonce is not None:
            self.nonces[once] = made
        return web.Response(status=204, headers=VIA) if made is None else _json(made)


async def _read(request: web.Request) -> tuple[Any, list[_Upload]]:
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        return (json.loads(raw) if raw else None), []
    body, files = None, []
    async for part in await request.multipart():
        raw = bytes(await part.read(decode=False))  # type: ignore[union-attr, call-arg]
        if part.name == "payload_json":  # type: ignore[union-attr]
            body = json.loads(raw)
        else:
            files.append(_Upload(part.filename or "file", io.BytesIO(raw)))  # type: ignore[union-attr]
    return body, files


def _failure(fault: Fault) -> web.Response:
    if fault.cloudflare:
        banned = {"Retry-After": f"{fault.retry_after:.0f}"}
        return web.Response(
            status=fault.status, text="<html>error 1015</html>", content_type="text/html", headers=banned
        )
    if fault.status != 429:
        return _json({"message": "injected", "code": fault.code}, fault.status)
    wait = f"{fault.retry_after:.3f}"
    limits = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Bucket": "loopback"}
    times = {"X-RateLimit-Reset-After": wait, "X-RateLimit-Reset": f"{time.time() + fault.retry_after:.3f}"}
    said = {"message": "You are being rate limited.", "retry_after": fault.retry_after, "global": fault.everywhere}
    return _json(
        said, 429, {"Retry-After": wait} | ({"X-RateLimit-Global": "true"} if fault.everywhere else limits | times)
    )


def _json(answer: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # Exactly this content type: discord.py takes anything else for text.
    told = VIA | {"Content-Type": "application/json"} | (headers or {})
    return web.Response(body=json.dumps(answer, default=str).encode(), status=status, headers=told)
