"""Answers that programs wait for, each by the id of its question, so that another call can stop one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from haven.access import Principal
from haven.errors import Conflict
from web.chat.chats import Chats

T = TypeVar("T")


class Answering:
    """One for the port."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._tasks: dict[tuple[str, str], asyncio.Task[Any]] = {}

    async def wait(self, id: str, person: Principal, answer: Coroutine[Any, Any, T]) -> T | None:
        """The answer; None where somebody has stopped it. Raises Conflict for an id that is being answered already."""
        key = (person.id, id)
        if key in self._tasks:
            answer.close()
            raise Conflict("A question with this id is being answered already.", "Give each an id of its own.")
        task = self._tasks[key] = asyncio.create_task(answer, name=f"answer {id}")
        try:
            await asyncio.wait([task])
            return None if task.cancelled() else task.result()
        finally:
            del self._tasks[key]
            task.cancel()

    async def stop(self, id: str, person: Principal) -> None:
        """The person's own: what a program waits for, or what the chat writes. Raises NotFound."""
        if (task := self._tasks.get((person.id, id))) is not None:
            task.cancel()
            await asyncio.wait([task])
        else:
            await self._chats.get(id, person)
            await self._chats.stop(id)
