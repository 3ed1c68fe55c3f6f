"""What was shown is not kept in memory: a press is found by its custom id, today and after a restart."""

from __future__ import annotations

import asyncio
import gc

from discord.ui.view import BaseView

from .conftest import World


async def test_cards_and_forms_are_let_go_once_they_are_sent(world: World) -> None:
    await world.requested()
    await world.reviewer.slash(world.channel, "changes", show="all")
    answered = await world.member.slash(world.channel, "ask", text="Zzyzx qwrk?", assistant="lorekeeper")
    await world.member.slash(world.channel, "submit")
    assert answered.response is not None
    store = world.bot._connection._view_store
    assert not store._views and not store._modals and store._dynamic_items
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, BaseView)]


async def test_nothing_stays_of_a_change_that_was_drawn(world: World) -> None:
    await world.requested()
    before = _locks()
    for number in range(3):
        await world.requested(f"Make the map {number} times as large")
    assert _locks() <= before


def _locks() -> int:
    """Those of the whole process."""
    gc.collect()
    return sum(type(one) is asyncio.Lock for one in gc.get_objects())
