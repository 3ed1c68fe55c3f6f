"""0-100 with reasons for each kind of reply; below the pass mark the next tier is asked."""

from __future__ import annotations

from haven.ai.task import Task

PASS_MARK = 70


def score(task: Task, text: str, data: object, stop: str) -> tuple[int, tuple[str, ...]]:
    """How good a reply is as far as rules can tell. `stop` is the provider's: end, length or tool."""
    if task.schema is not None or task.tool is not None:
        return (100, ()) if isinstance(data, dict) or stop == "end" else (0, ("no structured reply",))
    words = text.split()
    found: list[tuple[int, str]] = []
    if not words:
        return 0, ("empty",)
    if stop == "length":
        found.append((20, "cut off at the length limit"))
    if _repeats(words):
        found.append((60, "repeats itself"))
    if len(words) < 3:
        found.append((35, "too short to be an answer"))
    if "<|im_" in text or "<request>" in text:
        found.append((60, "prompt markup in the answer"))
    return max(0, 100 - sum(points for points, _ in found)), tuple(reason for _, reason in found)


def _repeats(words: list[str], run: int = 6) -> bool:
    """Whether the same six words come more than twice: small models get stuck this way."""
    seen: dict[tuple[str, ...], int] = {}
    for start in range(len(words) - run + 1):
        key = tuple(words[start : start + run])
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 2:
            return True
    return False
