"""What Discord is told while it is away, or refuses: nothing is lost, nothing is told twice, nobody waits for ever."""

from __future__ import annotations

import pytest

from assistants.sentinel import HAVEN
from assistants.sentry.alerts import Sign
from bot.alarms import Alarms
from haven.access import Principal, Role
from haven.store import events
from haven.world.schema import System
from tests.bot.conftest import World, buttons, shown_to, text_of
from tests.bot.test_alarms import NOON

MESSAGES = "/channels/*/messages"


async def watched(world: World, *people: str) -> None:
    """A watch of each, and something to tell all of them."""
    for name in people:
        id = f"discord:{getattr(world, name).id}"
        place = {"channel": world.channel.id}
        await world.house.watches.add("new systems", Principal(id, name, Role.MEMBER, "bot"), place)
    await world.house.world.put([System(name="Farlight")], HAVEN, "test")
    await world.house.watches.catch_up()


def pinged(world: World) -> list[str]:
    """The first line of each message: of what is told, whom it is for."""
    return [text_of(message).splitlines()[0] for message in world.channel.history()]


@pytest.mark.parametrize(("status", "code"), [(404, 10013), (404, 10007), (400, 50035), (403, 50001)])
async def test_nobody_waits_behind_somebody_whom_discord_does_not_know(world: World, status: int, code: int) -> None:
    await watched(world, "reviewer", "member")
    world.env.inject_error("GET", f"/guilds/*/members/{world.reviewer.id}", status=status, code=code, times=None)
    await world.deliver()
    assert pinged(world) == [f"<@{world.member.id}>"] and not world.bot.told.waits


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_what_comes_while_discord_is_away_is_told_in_order_when_it_is_back(world: World, status: int) -> None:
    await watched(world, "reviewer", "member")
    world.env.inject_error("POST", MESSAGES, status=status)
    await world.house.bus.pump()
    [told] = [one for one in world.subscription.drain() if one.kind == "watch.told"][:1]
    await world.bot.tell(told)
    assert pinged(world) == [] and world.bot.told.waits
    for _ in range(2):
        await world.bot.try_again()
    assert pinged(world) == [f"<@{world.reviewer.id}>", f"<@{world.member.id}>"] and not world.bot.told.waits


async def test_an_alert_that_discord_refuses_does_not_hold_back_the_next(world: World) -> None:
    house, bot = world.house, world.bot
    bot.alarms = Alarms(bot.channels, house.database, world.channel.id, house.sentinel.alerts)
    await bot.alarms.catch_up()
    signs = [Sign("status:disk", "Disk: full", "warning"), Sign("status:clock", "Clock: wrong", "warning")]
    await house.sentinel.alerts.look(["status"], signs, NOON)
    world.env.inject_error("POST", MESSAGES, status=400, code=50035)
    await bot.alarms.catch_up()
    [told] = world.channel.history()
    assert "Clock: wrong" in text_of(told)
    last = await events.newest(house.database)
    sent = [one.json for one in world.env.backend.http_requests if one.path.endswith("/messages")]
    assert [one["nonce"] for one in sent] == [f"alert:{last - 1}", f"alert:{last}"]  # sent again, it is the same one


async def test_a_draft_decided_while_discord_is_away_loses_its_buttons_afterwards(world: World) -> None:
    modal = await world.member.slash(world.channel, "submit", kind="system")
    card = (await world.member.submit_modal(modal, {"name": "Farlight"})).response
    [draft] = await world.house.drafts.list()
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=503)
    await world.house.drafts.approve([draft.id], HAVEN)
    await world.house.bus.pump()
    for event in world.subscription.drain():
        if event.kind == "draft.approved":
            await world.bot.tell(event)

    def shown() -> object:
        return buttons(next(one for one in world.channel.history() if one.id == card.id))

    assert shown()
    await world.bot.try_again()
    assert not shown()


@pytest.mark.parametrize("takes", [True, False])
async def test_what_was_asked_for_in_private_is_told_in_private(
    world: World, locales: dict[int, str], takes: bool
) -> None:
    locales[world.member.id] = "de"
    answered = await world.member.slash(world.channel, "watch", text="new systems")
    assert answered.ephemeral and "in einer Direktnachricht" in text_of(shown_to(answered))
    if not takes:
        world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    await world.house.world.put([System(name="Farlight")], HAVEN, "test")
    await world.house.watches.catch_up()
    for _ in range(2):
        await world.deliver()
        await world.bot.told.catch_up()
    alone = [text_of(one) for one in world.member.user.dm_channel.history()]
    said = [text_of(one) for one in world.channel.history()]
    if takes:
        assert len(alone) == 1 and "Farlight" in alone[0] and not said
    else:
        assert not alone and len(said) == 1
        assert said[0].startswith(f"<@{world.member.id}>\nWhat you watch for has come.") and "Farlight" not in said[0]


async def test_what_says_nothing_to_discord_is_passed_over_with_one_commit(world: World) -> None:
    """As at the first start of a bot in a house that is old."""
    for number in range(9):
        await world.house.drafts.propose([System(name=f"Farlight {number}")], HAVEN, "test")
    versions: list[int] = []
    world.house.database.on_commit(lambda: versions.append(1), quiet=True)
    await world.bot.draft_cards.catch_up()
    assert len(versions) == 1
    await world.bot.draft_cards.catch_up()
    assert len(versions) == 1
