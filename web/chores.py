"""Work that goes on after its page was answered: one of a name at a time, how far it is, and how it ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from haven.errors import Conflict, HavenError, error_id
from haven.events import Bus

log = logging.getLogger("haven.web")

Tell = Callable[[int, int | None], None]
"""How much is done, and of how much; may be called from any thread."""


@dataclass
class Chore:
    """One piece of work, `about` something. `said`: how it ended, "" while it goes on; `level`: ok, note or alert."""

    name: str
    about: str = ""
    done: int = 0
    whole: int | None = None
    said: str = ""
    level: str = "ok"

    @property
    def goes_on(self) -> bool:
        return not self.said


class Chores:
    """One for the port. Pages that show one ask again on the live event `model.chore`, `backup.chore` and so on."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._newest: dict[str, Chore] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def of(self, name: str) -> Chore | None:
        """The newest of that name."""
        return self._newest.get(name)

    def begin(self, name: str, work: Callable[[Tell], Coroutine[Any, Any, str]], about: str = "") -> None:
        """`work` returns what to say at its end. Raises Conflict while another of that name goes on."""
        if name in self._tasks:
            raise Conflict("That is being done already.", "Wait until it is finished, or stop it.")
        chore = self._newest[name] = Chore(name, about)
        task = asyncio.create_task(self._run(chore, work), name=f"chore {name}")
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    def stop(self, name: str) -> None:
        """It ends soon; nothing happens where none goes on."""
        if task := self._tasks.get(name):
            task.cancel()

    async def close(self) -> None:
        """All of them, with the port."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, chore: Chore, work: Callable[[Tell], Coroutine[Any, Any, str]]) -> None:
        def tell(done: int, whole: int | None) -> None:
            chore.done, chore.whole = done, whole

        try:
            chore.said = await work(tell)
        except HavenError as error:
            log.warning("[%s] %s", error.id, error)
            chore.said, chore.level = error.full, "alert"
        except asyncio.CancelledError:
            chore.said, chore.level = "It was stopped.", "note"
            raise
        except Exception:
            id = error_id()
            log.exception("[%s] %s failed", id, chore.name)
            chore.said, chore.level = f"Something went wrong; the log has the rest [{id}].", "alert"
        finally:
            self._bus.live(f"{chore.name}.chore", "")
