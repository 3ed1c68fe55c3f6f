"""Memory that is given back goes back to the machine, not to a heap of the thread that had it."""

from __future__ import annotations

import asyncio
import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""As malloc.h of the GNU C library numbers them."""
LARGE, KEPT = 1024 * 1024, 8 * 1024 * 1024
"""Bytes: a piece that is asked of the machine by itself, and what a heap keeps of smaller ones at most."""


def give_back() -> None:
    """From now on, for the whole process; where the C library is not GNU's nothing is done.

    By itself it keeps, for each thread, as much as the largest piece that was ever given back: a picture of a map,
    drawn once on each of three threads, was 100 MB for good.
    """
    with suppress(AttributeError):
        change = ctypes.CDLL(None).mallopt
        change(_MMAP_THRESHOLD, LARGE)
        change(_TRIM_THRESHOLD, KEPT)


async def trim() -> None:
    """Give back what lies free between pieces that are used: a display that is used for hours leaves many such gaps.

    A few milliseconds, and a tenth of one for each MB that is given back, in which nobody else is given any; where the
    C library is not GNU's nothing is done.
    """
    with suppress(AttributeError):
        await asyncio.to_thread(ctypes.CDLL(None).malloc_trim, 0)
