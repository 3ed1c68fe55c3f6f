"""The digest in a Discord channel: when it is due, once, and with nobody pinged by a name in it."""

from __future__ import annotations

from datetime import datetime

from assistants.scribing.clock import DigestClock, last_due
from bot.digests import Digests
from haven.settings import WorldSettings
from haven.store.database import now
from haven.world.schema import System
from tests.bot.conftest import World, text_of
from tests.world.a_world import OLGA


def test_a_digest_is_due_at_its_hour_or_on_monday() -> None:
    thursday = datetime(2026, 11, 19, 9).timestamp()
    assert datetime.fromtimestamp(last_due(thursday, 1, 8)) == datetime(2026, 11, 19, 8)
    assert datetime.fromtimestamp(last_due(thursday, 1, 10)) == datetime(2026, 11, 18, 10)
    assert datetime.fromtimestamp(last_due(thursday, 7, 10)) == datetime(2026, 11, 16, 10)
    assert datetime.fromtimestamp(last_due(datetime(2026, 11, 16, 9).timestamp(), 7, 10)) == datetime(2026, 11, 9, 10)


async def test_what_happened_is_told_once_and_nothing_is_no_message(world: World) -> None:
    house, bot = world.house, world.bot
    bot.digests = Digests(bot.channels, house.database, world.channel.id)
    today, next_week = now(), now() + 7 * 86_400
    off = DigestClock(house.database, house.scribe, WorldSettings())
    clock = DigestClock(house.database, house.scribe, WorldSettings(digest="weekly", digest_hour=0))
    assert not await off.look(today) and not await clock.look(today)
    await house.world.put([System(name="Venture @everyone [x](http://x.example)")], OLGA, "test")
    assert not await clock.look(today)
    assert await clock.look(next_week) and not await clock.look(next_week + 60)
    await world.deliver()
    await bot.digests.catch_up()
    [message] = world.channel.history()
    told = text_of(message)
    assert "**Added**" in told and "Venture @\u200beveryone" in told and r"[x]\(" in told and not message.mentions
    assert "**By whom**\n• Olga: 1 added" in told
