"""0-100 with reasons for each kind of reply; below the pass mark the next tier is asked."""

from __future__ import annotations

import re

from haven.ai.task import Task

PASS_MARK = 70


def score(task: Task, text: str, data: object, stop: str) -> tuple[int, tuple[str, ...]]:
    """How good a reply is as far as rules can tell. `stop`: end, length, tool, or repeat where it was stopped."""
    if task.schema is not None or task.tool is not None:
        return (100, ()) if isinstance(data, dict) or stop == "end" else (0, ("no structured reply",))
    words = text.split()
    found: list[tuple[int, str]] = []
    if not words:
        return 0, ("empty",)
    if stop == "length":
        found.append((20, "cut off at the length limit"))
    if stop == "repeat":
        found.append((15, "stopped where it began to repeat itself"))
    elif before_repeat(text) is not None:
        found.append((60, "repeats itself"))
    if len(words) < 3:
        found.append((35, "too short to be an answer"))
    if "<|im_" in text or "<question>" in text:
        found.append((60, "prompt markup in the answer"))
    return max(0, 100 - sum(points for points, _ in found)), tuple(reason for _, reason in found)


def before_repeat(text: str, run: int = 8) -> str | None:
    """The text up to where the same eight words come a second time, cut back to a whole sentence; None without one.

    Small models get stuck this way, and would go on to the length limit.
    """
    words = list(re.finditer(r"\S+", text))
    seen: set[tuple[str, ...]] = set()
    for start in range(len(words) - run + 1):
        key = tuple(word[0] for word in words[start : start + run])
        if key in seen:
            kept = text[: words[start].start()].rstrip()
            end = max(kept.rfind(mark) for mark in ".!?")
            return kept[: end + 1] if end > 0 else kept
        seen.add(key)
    return None
