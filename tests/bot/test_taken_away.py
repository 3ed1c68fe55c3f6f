"""What people of the server take away, threads, channels, messages, while Haven still has something to show there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from haven.changes.states import State

from .conftest import World, buttons, shown_to, text_of


async def refused(world: World, id: int, code: int) -> None:
    """From now on Discord takes nothing for this thread or channel; 10003: it is deleted."""
    if code == 10003:
        await world.bot.http.delete_channel(id)
        return
    for method, path in (("PATCH", "/messages/*"), ("POST", "/messages"), ("PATCH", "")):
        world.env.inject_error(method, f"/channels/{id}{path}", status=403, code=code, times=None)


@pytest.mark.parametrize("code", [10003, 50001, 50013])
async def test_a_change_that_lost_its_thread_goes_on_in_the_channel(
    world: World, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    change = await world.reviewed(await world.requested())
    await refused(world, world.thread(change).id, code)
    looked = await world.reviewer.slash(world.channel, "review", id=change.id)
    pressed = await world.reviewer.click(shown_to(looked), label="Approve")
    shown = [text_of(one) for one in (pressed.response, *pressed.followups) if one is not None]
    assert not any("did not work" in one for one in shown), shown
    assert (await world.house.changes.get(change.id)).state == "merging"
    await world.advance(change, State.MERGED, merged="c" * 40)
    said = [text_of(one) for one in world.channel.history()]
    assert f"<@{world.member.id}> Change `{change.id}`: merged." in said
    [card] = [one for one in world.channel.history() if "Undo" in buttons(one)]
    assert "**Merged** as `cccccccccccc`" in text_of(card)
    await world.bot.cards.catch_up()
    assert len(world.channel.history()) == len(said) and not [one for one in caplog.records if one.exc_info]


async def test_a_deleted_channel_is_given_up_and_the_decision_stands(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    change = await world.reviewed(await world.requested())
    other = world.guild.create_text_channel("lounge")
    await world.bot.http.delete_channel(world.thread(change).id)
    await world.bot.http.delete_channel(world.channel.id)
    looked = await world.reviewer.slash(other, "review", id=change.id)
    pressed = await world.reviewer.click(shown_to(looked), label="Approve")
    assert not [one for one in pressed.followups if "did not work" in text_of(one)]
    assert (await world.house.changes.get(change.id)).state == "merging"
    sent = len(world.env.http_requests)
    await world.bot.cards.catch_up()
    assert len(world.env.http_requests) == sent and not [one for one in caplog.records if one.exc_info]
    await world.env.restart_bot(world.build(channel_id=other.id))
    await world.advance(change, State.MERGED, merged="c" * 40)
    assert f"<@{world.member.id}> Change `{change.id}`: merged." in [text_of(one) for one in other.history()]


async def test_a_thread_that_may_not_be_named_now_is_no_failure_of_the_decision(world: World) -> None:
    change = await world.reviewed(await world.requested())
    thread = world.thread(change)
    world.env.inject_error("PATCH", f"/channels/{thread.id}", status=503)
    opened = await world.reviewer.click(world.card(change), label="Reject")
    answered = await world.reviewer.submit_modal(opened, {"words": "No"})
    assert not answered.followups and (await world.house.changes.get(change.id)).state == "rejected"
    assert thread.history()[-1].content.endswith("rejected.") and world.bot.cards.waits
    await world.bot.try_again()
    assert world.thread(change).name.startswith("rejected ")


async def test_a_progress_message_that_was_deleted_is_sent_again(world: World) -> None:
    change = await world.requested()
    world.env.backend.delete_message(world.channel.id, world.progress(change).id)
    await world.advance(change, State.PLANNING)
    message = world.progress(change)
    assert "**Reading the repository" in text_of(message) and not world.thread(change).history()
    await world.advance(change, State.EDITING)
    assert world.progress(change).id == message.id


async def test_an_unforeseen_failure_ends_nothing_that_goes_on_beside(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise TypeError("an unforeseen one")

    change = await world.requested()
    world.bot.talks.tell = world.bot.talks.catch_up = broken  # type: ignore[method-assign, assignment]
    world.bot.talks.waits = True
    following = asyncio.create_task(world.bot.follow())
    try:
        await world.advance(change, State.PLANNING)
        await world.bot.try_again()
        assert "**Reading the repository" in text_of(world.progress(change)) and not following.done()
    finally:
        following.cancel()
    assert {one.exc_info[0] for one in caplog.records if one.exc_info} == {TypeError}
