"""What this process holds at a moment, for the benchmarks that ask whether it grows."""

from __future__ import annotations

import asyncio
import gc
import re
from pathlib import Path

KB = re.compile(r"Rss(Anon|File):\s+(\d+) kB")


def held() -> dict[str, float]:
    """Objects, tasks and MB: its own, and `mapped`.

    These are the pages of files that it has read from, such as a model or a library; there are never more of them than
    the files have, and the kernel takes them back when it needs the room.
    """
    gc.collect()
    resident = dict(KB.findall(Path("/proc/self/status").read_text(encoding="ascii")))
    own, mapped = (round(int(resident[kind]) * 1024 / 1e6, 1) for kind in ("Anon", "File"))
    return {"mb": own, "mapped_mb": mapped, "objects": len(gc.get_objects()), "tasks": len(asyncio.all_tasks())}


def highest(curve: list[dict[str, float]]) -> dict[str, float]:
    """Of each, where they come and go."""
    return {name: max(one[name] for one in curve) for name in curve[0]}


def grown(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """By how many percent."""
    return {name: round(100 * (after[name] / before[name] - 1), 1) for name in before}
