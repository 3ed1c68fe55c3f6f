"""People in line for the local model, over a real socket: each is told where they stand, also when Haven closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bot.supervisor import Link
from haven.ai.providers.base import Call, Finish
from haven.ai.task import Delta, Queued
from haven.errors import Unavailable

from .conftest import Scripted, text_of
from .test_faults import Town, dark, town

__all__ = ["dark", "town"]


async def test_whoever_waits_in_the_line_is_told_their_place(dark: Town) -> None:
    """The model serves others first; the first place is told at once, the next ones every ten seconds at most."""
    turn = asyncio.Event()

    class Busy(Scripted):
        async def generate(self, call: Call) -> AsyncIterator[Delta | Queued | Finish]:
            for ahead in (41, 40, 39):
                yield Queued(ahead)
            await turn.wait()
            async for piece in super().generate(call):
                yield piece

    dark.local = Busy()
    dark.begin()
    await dark.ready()
    asked = await dark.asked()
    await dark.far.until(lambda: asked.response and "41 other questions are answered first" in text_of(asked.response))
    turn.set()
    await dark.once_each(asked)
    edits = dark.far.rest.of("PATCH", "webhooks/*/messages/@original")
    assert len([one for one in edits if "answered first" in str(one.body)]) == 1


async def test_whoever_comes_when_too_many_wait_already_is_told_so(town: Town) -> None:
    town.local.failure = Unavailable(
        "The local model is asked too much just now: 60 wait for it already.", "Ask again."
    )
    asked = await town.asked()
    await town.far.until(lambda: asked.followups)
    assert "60 wait for it already" in text_of(asked.followups[0])


async def test_closing_under_load_leaves_nobody_waiting_for_what_does_not_come(town: Town) -> None:
    async def never(number: int) -> None:
        if number:
            await asyncio.sleep(3_600)

    town.local.before_piece = never
    people = (town.member, town.reviewer, town.owner)
    asked = [await town.asked(f"Zzyzx qwrk {number}?", by=people[number % 3]) for number in range(12)]
    said = ("The map", "answered first")  # two of each are written, the others wait for these
    await town.far.until(lambda: all(one.response and any(s in text_of(one.response) for s in said) for one in asked))
    stopping = asyncio.create_task(town.supervisor.stop())
    await asyncio.sleep(0)
    late = await town.asked("Zzyzx qwrk again?")
    await stopping
    await town.task
    assert town.supervisor.state is Link.OFF and not [one for one in asked if one._interaction.loading]
    assert all("restarting" in text_of(one.response) for one in asked)
    assert sum("The map" in text_of(one.response) for one in asked) == 6
    assert "restarting" in text_of(late.response)
