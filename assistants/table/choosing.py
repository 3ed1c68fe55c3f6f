"""Which of several records of a name was meant: what a person says to the question back completes what they asked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

from haven.world.names import Names
from haven.world.schema import Thing, parent_of
from haven.world.which import chosen, in_order, qualified
from haven.world.world import World

KEPT_SECONDS = 600.0
"""A question waits so long for the word that it was asked back for."""
MOST_KEPT = 500
"""People whose question waits, the newest."""
MOST_BEFORE = 3
"""Earlier questions of a conversation that are looked at."""
Asker = tuple[str, bool]
"""Who asked, and whether in private: a private question is never gone on with in the open."""


class Choosing:
    """One for the Round Table; it forgets all when the house is closed."""

    def __init__(self, names: Names | None, world: World | None) -> None:
        self._names = names
        self._world = world
        self._asked: dict[Asker, tuple[float, str]] = {}

    def keep(self, asker: Asker, question: str) -> None:
        """What was asked back, so that the next words of this person may tell which was meant."""
        self._asked.pop(asker, None)
        self._asked[asker] = (now := time.monotonic(), question)
        for old in [one for one, (at, _) in self._asked.items() if now - at > KEPT_SECONDS]:
            del self._asked[old]
        while len(self._asked) > MOST_KEPT:
            del self._asked[next(iter(self._asked))]

    async def completed(self, text: str, asker: Asker, earlier: Sequence[str]) -> str:
        """The question that was asked before, with the record that `text` picks; "" where it picks none.

        `earlier`: what the person asked before in the same conversation, the newest first.
        """
        at, kept = self._asked.get(asker, (0.0, ""))
        before = [kept] if kept and time.monotonic() - at < KEPT_SECONDS else []
        for question in dict.fromkeys((*earlier[:MOST_BEFORE], *before)):
            if found := await self._picked(text, question):
                return found
        return ""

    async def _picked(self, text: str, question: str) -> str:
        if self._names is None or self._world is None:
            return ""
        for mention in await self._names.mentions(question, loose=True):
            if len(mention.ids) < 2:
                continue
            things = in_order((await self._world.get_many(mention.ids)).values())
            parents = await self._world.get_many(filter(None, map(parent_of, things)))
            above = partial(_name_above, parents)
            if (one := chosen(text, things, above)) is not None:
                return question[: mention.start] + qualified(one, things, above) + question[mention.end :]
        return ""


def _name_above(parents: Mapping[str, Thing], thing: Thing) -> str:
    above = parents.get(parent_of(thing))
    return above.name if above is not None else ""
