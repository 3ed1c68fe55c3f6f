"""The digest in a Discord channel: when it is due, once, and with nobody pinged by a name in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from assistants.scribing.clock import DigestClock, last_due
from bot.digests import Digests
from haven.settings import WorldSettings
from haven.store.database import now
from haven.world.schema import System
from tests.bot.conftest import World
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
    tomorrow = (datetime.fromtimestamp(now()) + timedelta(days=1)).replace(hour=23, minute=59).timestamp()
    off = DigestClock(house.database, house.scribe, WorldSettings())
    clock = DigestClock(house.database, house.scribe, WorldSettings(digest="weekly", digest_hour=0))
    assert not await off.look(tomorrow) and not await clock.look(tomorrow)
    await house.world.put([System(name="Venture @everyone [x](http://x.example)")], OLGA, "test")
    assert not await clock.look(tomorrow)
    later = tomorrow + 7 * 86_400
    assert await clock.look(later) and not await clock.look(later + 60)
    await world.deliver()
    await bot.digests.catch_up()
    [message] = world.channel.history()
    [card] = message.embeds
    told = {str(field.name): str(field.value) for field in card.fields}
    assert "Venture @\u200beveryone" in told["Added"] and r"[x]\(" in told["Added"] and not message.mentions
    assert "Olga: 1 added" in told["By whom"]
