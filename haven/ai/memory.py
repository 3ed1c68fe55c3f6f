"""What Haven remembers of tasks: replies that may be used again, what became of each, and what that teaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from haven.ai.task import Complexity, Judgement, Reply, Route, Task, Tier


class Memory:
    def shift(self, kind: str) -> int:
        return 0

    def seconds(self, tier: Tier, model: str) -> float | None:
        return None

    async def judge(self, task: Task) -> Judgement:
        return Judgement(Complexity.SIMPLE, 0.2, ("short",))

    async def known(self, task: Task, route: Route, hours: float) -> Reply | None:
        return None

    async def record(
        self, task: Task, reply: Reply, tried: Sequence[Mapping[str, Any]] = (), hours: float = 0
    ) -> Reply:
        return reply
