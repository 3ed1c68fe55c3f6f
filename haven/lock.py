"""The lock of the house: of all its processes one is `haven up`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from haven.errors import Conflict
from haven.settings import Settings


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the house's lock while `haven up` runs. Raises Conflict where it runs already."""
    descriptor = _lock_file(settings)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict("Haven is running here already.", "Show it with: haven attach") from None
    try:
        yield
    finally:
        os.close(descriptor)


def is_up(settings: Settings) -> bool:
    """Whether another process of this house runs: then it does the work."""
    if not (settings.paths.state_dir / "haven.lock").exists():
        return False
    descriptor = _lock_file(settings)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock_file(settings: Settings) -> int:
    settings.paths.state_dir.mkdir(parents=True, exist_ok=True)
    return os.open(settings.paths.state_dir / "haven.lock", os.O_RDWR | os.O_CREAT, 0o600)
