"""Alerts in a Discord channel: each told once, nobody pinged by what they quote, the end told as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assistants.sentry.alerts import Sign
from bot.alarms import Alarms
from tests.bot.conftest import World, buttons, shown_to, text_of

NOON = datetime(2026, 11, 21, 12).timestamp()
TROUBLE = Sign("status:disk", "Disk: 0.1 GB free @everyone [here](http://x.example)", "warning", "Free some room.")


async def test_an_alert_its_care_and_its_end_are_told_once(world: World) -> None:
    alerts, bot = world.house.sentinel.alerts, world.bot
    await alerts.look(["status"], [Sign("status:old", "before the bot was here")], NOON)
    bot.alarms = Alarms(bot.channels, world.house.database, world.channel.id, alerts)
    await bot.alarms.catch_up()
    for _ in range(2):
        await alerts.look(["status"], [TROUBLE, Sign("status:old", "x")], NOON)
        await world.deliver()
    [raised] = world.channel.history()
    told = text_of(raised)
    assert "**warning:** Disk: 0.1 GB free" in told and "Free some room." in told and not raised.content
    assert "@\u200beveryone" in told and r"[here]\(" in told and not raised.mentions
    [_, disk] = sorted(await alerts.open(), key=lambda one: one.cause, reverse=True)
    refused = await world.member.click(raised, label="I look after it")
    assert refused.ephemeral and (await alerts.open())[0].acknowledged_at is None
    await world.reviewer.click(raised, label="I look after it")
    assert [one.acknowledged_by for one in await alerts.open() if one.id == disk.id] != [""]
    cared = next(one for one in world.channel.history() if one.id == raised.id)
    assert not buttons(cared) and "reviewer looks after it" in text_of(cared) and "0.1 GB free" in text_of(cared)
    for minute in (1, 20):
        await alerts.look(["status"], [Sign("status:old", "x")], NOON + 60 * minute)
    later = Alarms(bot.channels, world.house.database, world.channel.id, alerts)  # another start, after all of it
    await later.catch_up()
    await world.deliver()
    said = [text_of(message) for message in world.channel.history()]
    assert len(said) == 3 and "looks after" in said[1] and said[2].startswith("🟢 **Over:** Disk")


async def test_an_alert_that_has_somebody_or_is_over_asks_for_nobody_in_the_channel(world: World) -> None:
    """Said in `/health`, or seen by the house itself; one that got worse is told anew and asks below."""
    alerts, bot = world.house.sentinel.alerts, world.bot
    bot.alarms = Alarms(bot.channels, world.house.database, world.channel.id, alerts)
    await bot.alarms.catch_up()

    async def look(minute: int, *signs: Sign) -> list[dict[str, bool]]:
        await alerts.look(["status"], signs, NOON + 60 * minute)
        await bot.alarms.catch_up()
        return [buttons(one) for one in world.channel.history()]

    free = {"I look after it": True}
    assert await look(0, TROUBLE) == [free]
    assert await look(1, replace(TROUBLE, level="urgent")) == [{}, free]
    listed = shown_to(await world.reviewer.slash(world.channel, "health"))
    await world.reviewer.click(listed, label="I look after it")
    assert await look(2, replace(TROUBLE, level="urgent"), Sign("status:clock", "Clock: wrong")) == [{}, {}, {}, free]
    assert "reviewer looks after it" in text_of(world.channel.history()[1])
    assert not any((await look(3)) and await look(30))


async def test_without_a_channel_nothing_is_told(world: World) -> None:
    await world.house.sentinel.alerts.look(["status"], [TROUBLE], NOON)
    await world.deliver()
    await world.bot.alarms.catch_up()
    assert list(world.channel.history()) == []
