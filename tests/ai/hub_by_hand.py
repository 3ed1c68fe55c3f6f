"""A hub of models by hand: the wire protocol that huggingface_hub speaks, its store on another port, and faults."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

REPO, FILE = "maker/tiny-GGUF", "tiny-q4_0.gguf"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    token: str
    range: str
    store: bool


@dataclass
class HubByHand:
    """One repository with one file; every `publish` is a commit, and `main` is the last one.

    `faults` are taken by the store, one a request: ("hang up" | "die" | "stall" | "short", after so many bytes).
    Who dies takes the hub along, until `down` is False again.
    """

    hub: str = ""
    store: str = ""
    commits: dict[str, bytes] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)
    """Commit -> a sha256 that is published although the bytes are others."""
    faults: list[tuple[str, int]] = field(default_factory=list)
    key: str = ""
    """Not empty: the repository is gated, and this token opens it."""
    down: bool = False
    ranges: bool = True
    large: bool = True
    """False: the tag is git's own hash, as for files outside LFS."""
    asked: list[Asked] = field(default_factory=list)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, content: bytes) -> str:
        commit = hashlib.sha1(content).hexdigest()
        self.commits[commit] = content
        return commit

    @property
    def fetched(self) -> list[Asked]:
        """What was asked of the store."""
        return [one for one in self.asked if one.store]

    async def answer_hub(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await self._asked(reader, store=False)
        commit, status, headers = self._resolve(asked)
        if status == 302:
            content = self.commits[commit]
            sha256 = self.claimed.get(commit, hashlib.sha256(content).hexdigest())
            tag = sha256 if self.large else hashlib.sha1(content).hexdigest()
            headers |= {
                "X-Repo-Commit": commit,
                "X-Linked-Etag": f'"{tag}"',
                "X-Linked-Size": str(len(content)),
                "Location": f"{self.store}/{commit}?signature=once",
            }
        await _say(writer, status, headers)

    def _resolve(self, asked: Asked) -> tuple[str, int, dict[str, str]]:
        repo, _, rest = asked.path.lstrip("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        if self.down:
            return "", 503, {}
        if repo != REPO:
            return "", 401, {"X-Error-Code": "RepoNotFound"}
        if self.key and asked.token != f"Bearer {self.key}":
            return "", 403 if asked.token else 401, {"X-Error-Code": "GatedRepo"}
        if file != FILE:
            return "", 404, {"X-Error-Code": "EntryNotFound"}
        commit = list(self.commits)[-1] if revision == "main" else revision
        if commit not in self.commits:
            return "", 404, {"X-Error-Code": "RevisionNotFound"}
        return commit, 302, {}

    async def answer_store(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await self._asked(reader, store=True)
        content = self.commits[asked.path.strip("/").partition("?")[0]]
        start = int(asked.range.removeprefix("bytes=").rstrip("-")) if asked.range and self.ranges else 0
        kind, after = self.faults.pop(0) if self.faults else ("", len(content))
        piece = content[start : start + after]
        headers = {"Content-Length": str(len(piece) if kind == "short" else len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        with suppress(ConnectionError):
            await _say(writer, 206 if start else 200, headers, piece, close=False)
            if kind == "stall":
                self.stalled.set()
                with suppress(ConnectionError):  # whoever is killed with bytes unread leaves with a reset
                    await reader.read()
                self.hung_up.set()
        self.down = kind == "die"
        writer.close()

    async def _asked(self, reader: asyncio.StreamReader, store: bool) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, path, _ = first.split(" ")
        asked = Asked(method, path, headers.get("authorization", ""), headers.get("range", ""), store)
        self.asked.append(asked)
        return asked


async def _say(
    writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes = b"", close: bool = True
) -> None:
    lines = [f"HTTP/1.1 {status} Said", "Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
    if "Content-Length" not in headers:
        lines.append("Content-Length: 0")
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()
    if close:
        writer.close()


@asynccontextmanager
async def hub_by_hand(*contents: bytes) -> AsyncIterator[HubByHand]:
    far = HubByHand()
    for content in contents:
        far.publish(content)
    hub = await asyncio.start_server(far.answer_hub, "127.0.0.1", 0)
    store = await asyncio.start_server(far.answer_store, "127.0.0.1", 0)
    far.hub = f"http://127.0.0.1:{hub.sockets[0].getsockname()[1]}"
    far.store = f"http://127.0.0.1:{store.sockets[0].getsockname()[1]}"
    async with hub, store:
        yield far


async def brought(models: Path, size: int) -> None:
    """Until so much of a file is on the disk: what the far end has sent, who brings it may not have read yet."""
    async with asyncio.timeout(60):
        while await asyncio.to_thread(_arrived, models) < size:
            pass


def _arrived(models: Path) -> int:
    return sum(part.stat().st_size for part in models.rglob("*.part"))


ENTRY = """
[templates.plain]
turn = "{{role}}: {{text}}\\n"
reply = "assistant: "

[models.tiny]
title = "Tiny"
source = {source}
sha256 = "{sha256}"
bytes = {size}
licence = "MIT"
context = 2048
template = "plain"
use = "Tests."
ram_mb = 10
disk_mb = {disk}
"""


def write_catalogue(file: Path, source: str, *, sha256: str = "", size: int = 0, disk: int = 2) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ENTRY.format(source=source, sha256=sha256, size=size, disk=disk), encoding="utf-8")
    return file
