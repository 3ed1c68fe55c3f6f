"""What pages load beside themselves: files of web/static, in memory, with their content in the address."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "webmanifest": "application/manifest+json",
}
PACKED = frozenset({"css", "js", "svg"})
YEAR_S = 31_536_000


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes
    """The same by gzip; empty where that gains nothing."""
    type: str
    address: str


class Shelf:
    """One for the program: see `shelf`."""

    def __init__(self) -> None:
        self._files = {name: _file(name, body) for name, body in _read(resources.files("web") / "static", "")}

    def address(self, name: str) -> str:
        """Raises KeyError for a file that is not there: a template's fault."""
        return self._files[name].address

    async def serve(self, request: web.Request) -> web.Response:
        """For anybody: there is nothing of this house in it."""
        if (file := self._files.get(request.match_info["name"])) is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": f"public, max-age={YEAR_S}, immutable", "Vary": "Accept-Encoding"}
        body = file.body
        if file.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = file.packed, "gzip"
        return web.Response(body=body, content_type=file.type, headers=headers)


@cache
def shelf() -> Shelf:
    """Read from the disk once; it is the same whatever house is shown."""
    return Shelf()


def _read(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _read(one, f"{before}{one.name}/")
        elif one.name.rpartition(".")[2] in TYPES:
            yield before + one.name, one.read_bytes()


def _file(name: str, body: bytes) -> _File:
    ending = name.rpartition(".")[2]
    packed = gzip.compress(body, mtime=0) if ending in PACKED else b""
    version = hashlib.sha256(body).hexdigest()[:12]
    return _File(body, packed, TYPES[ending], f"/static/{name}?v={version}")
