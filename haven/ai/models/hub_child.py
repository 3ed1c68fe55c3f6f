"""The child process of hub.py: asks a hub about one file or brings it, and tells its parent in lines of JSON.

It alone imports huggingface_hub, so that the rest of Haven starts fast and a cancelled download is a killed process.
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import re
import sys
import time
from typing import Any

from huggingface_hub import constants, errors, get_hf_file_metadata, hf_hub_url
from huggingface_hub.file_download import http_get

CHUNK = 1 << 18
TELL_EVERY_S = 0.1
SHA256 = re.compile("[0-9a-f]{64}")


def main() -> None:
    """One question on stdin: repo, file, revision, token ("" for none), and with `into` and `size`: bring it."""
    asked = json.loads(sys.stdin.read())
    try:
        if asked.get("into"):
            _bring(asked)
        else:
            _look(asked)
    except Exception as error:  # whatever it is, the parent makes the sentence
        _tell(error=_kind(error), detail=f"{type(error).__name__}: {error}".splitlines()[0])
        sys.exit(1)


def _look(asked: dict[str, Any]) -> None:
    # token False: none at all, wherever the machine may keep one
    found = get_hf_file_metadata(_url(asked), token=asked["token"] or False)
    if not found.commit_hash or not found.etag:
        raise errors.FileMetadataError("the answer names no revision or no file: this is not a hub")
    # Large files carry their sha256 as the tag; small ones carry git's own hash, which says nothing about weights.
    sha256 = found.etag if SHA256.fullmatch(found.etag) else ""
    _tell(sha256=sha256, size=found.size or 0, revision=found.commit_hash)


def _bring(asked: dict[str, Any]) -> None:
    # hf_hub_download (2.4) deletes what a failed download had and never resumes; http_get, which it uses, does.
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK  # 10 MB by default: so much is lost at a cut, and the bar jumps
    size = asked["size"] or None
    with _Part(asked["into"]) as part:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = part.seek(0, io.SEEK_END)
        if size is not None and done > size:
            done = part.seek(part.truncate(0))
        part.tell_parent()
        headers = {"accept-encoding": "identity"}
        if asked["token"]:
            headers["authorization"] = f"Bearer {asked['token']}"  # a redirect to another host loses it on the way
        http_get(_url(asked), part, resume_size=done, headers=headers, expected_size=size)
        os.fsync(part.fileno())


class _Part(io.FileIO):
    """The part that is here already; each write may tell the parent how much that is."""

    def __init__(self, path: str) -> None:
        super().__init__(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
        self._told = 0.0

    def write(self, data: Any, /) -> int:
        view, written = memoryview(data), 0
        while written < len(view):
            written += super().write(view[written:])
        if time.monotonic() - self._told > TELL_EVERY_S:
            self.tell_parent()
        return written

    def tell_parent(self) -> None:
        self._told = time.monotonic()
        _tell(done=self.tell())


def _url(asked: dict[str, Any]) -> str:
    return hf_hub_url(asked["repo"], asked["file"], revision=asked["revision"])


def _kind(error: Exception) -> str:
    if isinstance(error, errors.GatedRepoError):
        return "gated"
    if isinstance(error, errors.RevisionNotFoundError):
        return "revision"
    if isinstance(error, errors.EntryNotFoundError):
        return "file"
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        if status in (401, 403):
            return "gated"
        return "file" if status == 404 else f"status {status}"
    if isinstance(error, BlockingIOError):
        return "busy"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "full"
    return "network"


def _tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
