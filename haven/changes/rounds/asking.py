"""One call for edits: who is asked, with which tools, how long, and what it may cost; the reply as it came."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from haven.ai.converse import Handler, Limits
from haven.ai.engine import Engine
from haven.ai.outgoing import call_of, count
from haven.ai.task import Called, Complexity, Delta, Reply, Restart, Task, Tier, Tool, Where
from haven.errors import HavenError, ModelError, Unavailable

log = logging.getLogger("haven.changes")

LIMITS = Limits(turns=6, calls=16, seconds=1800.0, result_chars=8_000)
"""Of one round: what a model may look up before it proposes."""
MOST_WORDS = 40
_SMALL = re.compile(
    r"\b(?:doc ?strings?|typos?|spelling|misspel\w+|wording|reword\w*|rephrase\w*|rename\w*|comments?"
    r"|(?:text|label|title|caption|heading)s?|tippfehler|rechtschreib\w+|umbenenn\w+|beschriftung)\b",
    re.IGNORECASE,
)
"""A docstring, a rename, a text; in one file, unless more are named."""
_FILE = re.compile(r"(?<![\w/.-])[\w/.-]*\w\.[a-z]{1,5}\b")

Say = Callable[[str], None]


def is_small(request: str, complexity: Complexity) -> bool:
    """Whether a small model may try it: few words about a docstring, a name or a text, in one file at the most."""
    few = len(request.split()) <= MOST_WORDS and len(set(_FILE.findall(request))) <= 1
    return few and complexity is not Complexity.COMPLEX and bool(_SMALL.search(request))


class Asking:
    """Every call goes through the engine: routed, reserved at its worst case, redacted, recorded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def worst_case(self, task: Task) -> float:
        """US dollars that one call may cost at the most."""
        return await asyncio.to_thread(self._engine.worst_case, task)

    async def small(self, task: Task) -> bool:
        """Whether the request is one that a small model may try first."""
        return is_small(task.question, (await self._engine.judge(task)).complexity)

    async def edits(self, task: Task, tools: Mapping[Tool, Handler], minutes: float, say: Say) -> Reply:
        """The reply, with what all turns used. Raises what the engine raises."""
        limits = replace(LIMITS, seconds=max(1.0, min(LIMITS.seconds, minutes * 60)))
        received = 0
        async with aclosing(self._engine.converse(task, tools, limits)) as pieces:
            async for piece in pieces:
                match piece:
                    case Reply():
                        return piece
                    case Delta():
                        received += len(piece.text)
                        say(f"receiving edits, {received:,} characters")
                    case Restart():
                        received = 0
                    case Called():
                        say(f"{piece.call.name}: {' '.join(map(str, piece.call.input.values()))[:80]}")
        raise ModelError("The model ended without a reply.")

    async def first_at(self, task: Task, where: Where, say: Say) -> Reply | str:
        """A small model's try, or the sentence why there is none."""
        try:
            return await self.edits(replace(task, where=where), {}, LIMITS.seconds / 60, say)
        except HavenError as error:
            log.info("[%s] %s was tried at home first: %s", error.id, task.purpose, error)
            return str(error)

    async def share(self, task: Task) -> float | None:
        """How many times the local count the API counts for this prompt; 0 where nobody else counts, None where the
        API is out of reach now.

        A recorded call of its own. It is made only where the cloud is asked first anyway.
        """
        try:
            route = await self._engine.route(task)
            counted = await self._engine.count(task) if route.tiers[:1] == (Tier.CLOUD,) else None
        except HavenError as error:
            log.info("[%s] the tokens could not be counted: %s", error.id, error)
            return None if isinstance(error, Unavailable) and error.retry else 0.0
        ours = await asyncio.to_thread(lambda: count(call_of(task)))
        return (counted or 0) / ours
