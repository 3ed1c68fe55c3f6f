"""Work that grows with a text: a long one is gone through in a thread, which a short one would only be slowed by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from haven.ai.task import Task

T = TypeVar("T")

SHORT = 2000
"""Characters that redaction, the slowest of such work, goes through in under a millisecond."""


async def aside(size: int, work: Callable[[], T]) -> T:
    """What `work` returns; `size` is the characters that it goes through."""
    return work() if size <= SHORT else await asyncio.to_thread(work)


def size(task: Task) -> int:
    """Characters of all that a model gets of a task, about."""
    forms = [form for form in (task.schema, task.tool, *task.tools, *task.past_tools) if form is not None]
    said = (len(turn.text) + sum(len(one.text) for one in turn.results) for turn in task.turns)
    inputs = [call.input for turn in task.turns for call in turn.calls]
    return sum(map(len, (*task.system, *task.material))) + sum(said) + sum(len(repr(one)) for one in (*forms, *inputs))
