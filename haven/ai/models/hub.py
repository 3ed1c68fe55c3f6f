"""A hub of models as Haven uses it: what it publishes of a file, and that file, resumed where it was cut.

The hub is Hugging Face, or the mirror that HF_ENDPOINT names. No token is used but the one that is handed in.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haven.ai.models import child
from haven.ai.models.weights import MAGIC, Arrived, Hub, Progress, disk_full, not_a_model, sha256_of, wrong_hash
from haven.errors import HavenError, ModelError, NotFound, Unavailable
from haven.redact import redact

TOKEN_SECRET = "huggingface_token"
"""The secret file with the owner's own access token; only gated models need one."""
NEWEST = "main"

_KEPT = ("HF_ENDPOINT", "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT", "HF_HUB_OFFLINE")
_QUIET = {
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    # Its own protocol neither resumes nor tells bytes as they come; the hub serves every file over HTTP as well.
    "HF_HUB_DISABLE_XET": "1",
}


@dataclass(frozen=True)
class Published:
    """What the hub says of a file at one revision; `sha256` is "" and `size` 0 where it does not say."""

    sha256: str
    size: int
    revision: str


async def look(title: str, source: Hub, revision: str = NEWEST, token: str | None = None) -> Published:
    """Ask for the file's published hash. Raises Unavailable or NotFound."""
    answer = await _ask(title, source, {"revision": revision, "token": token or ""}, None)
    return Published(answer["sha256"], answer["size"], answer["revision"])


async def bring(
    title: str, source: Hub, found: Published, parts: Path, progress: Progress | None, token: str | None = None
) -> Arrived:
    """The file of exactly that revision, inside `parts`; what a cut download left there is gone on with.

    Raises Unavailable or NotFound, and ModelError where the bytes are not what the hub publishes.
    """
    part = parts / f"{found.sha256 or found.revision}.part"
    await asyncio.to_thread(parts.mkdir, parents=True, exist_ok=True)
    question = {"revision": found.revision, "token": token or "", "into": str(part), "size": found.size}
    await _ask(title, source, question, progress)
    sha256, size, magic = await asyncio.to_thread(_weigh, part)
    wrong = wrong_hash(title, "hub publishes") if found.sha256 not in ("", sha256) else None
    if wrong or magic != MAGIC:
        await asyncio.to_thread(part.unlink)
        raise wrong or not_a_model(title)
    return Arrived(part, sha256, size, found.revision, published=bool(found.sha256))


def changed(title: str, name: str, found: Published) -> ModelError:
    """The refusal of a file other than the one that is pinned or in the catalogue."""
    return ModelError(
        f"The hub now publishes another file for {title} (sha256 {found.sha256[:12]}...) than the one that is known "
        "here, so nothing was downloaded.",
        f"If the makers did bring out a new one: haven models update {name}",
    )


def _weigh(part: Path) -> tuple[str, int, bytes]:
    with part.open("rb") as file:
        magic = file.read(len(MAGIC))
    return sha256_of(part), part.stat().st_size, magic


async def _ask(title: str, source: Hub, question: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    noise = ""

    def hear(line: str) -> None:
        nonlocal noise
        try:
            said = json.loads(line)
        except ValueError:
            noise = line or noise
            return
        if "done" not in said:
            answer.update(said)
        elif progress is not None:
            progress(said["done"], question["size"] or None)

    words = json.dumps({"repo": source.repo, "file": source.file, **question})
    code = await child.run(("-m", "haven.ai.models.hub_child"), _environment(), hear, words)
    if code != 0:
        raise _error(title, source, question, answer.get("error", "network"), answer.get("detail", noise))
    return answer


def _environment() -> dict[str, str]:
    """The owner's own, with its proxies and certificates but without other programs' tokens and settings."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING")) or key in _KEPT}
    return ours | _QUIET | {"NETRC": os.devnull}


def _error(title: str, source: Hub, question: dict[str, Any], kind: str, detail: str) -> HavenError:
    where = f"{source.file} in {source.repo}"
    if kind == "gated":
        known = "the token that Haven has does not open it"
        said = known if question["token"] else "it opens with an access token only"
        mend = (
            f"On the hub's page of {source.repo}, check the name and accept the licence; make a read token there and "
            f"put it into the file secrets/{TOKEN_SECRET} (mode 600) of Haven's configuration folder."
        )
        return Unavailable(f"{title} is closed, or the hub does not know it: {said}.", mend, retry=False)
    if kind in ("file", "revision"):
        what = "file" if kind == "file" else "revision any more"
        return NotFound(f"The hub has no such {what}: {where} ({title}).", "Mend the catalogue, or take another model.")
    if kind == "busy":
        return Unavailable(f"{title} is being downloaded already, by another process.", "Wait for it.")
    if kind == "full":
        return disk_full(title)
    reason = f"the hub answered with {kind}" if kind.startswith("status") else redact(detail) or "no reason given"
    kept = ": what has arrived is kept, and the download goes on from there" if "into" in question else ""
    return Unavailable(f"{title} could not be downloaded ({reason}).", f"Check the network and try again{kept}.")
