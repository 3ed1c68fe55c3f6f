"""Where an answer goes: to its asker alone where it is private, and to them whatever became of its message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from assistants.base import Assistant
from haven.ai.task import Where
from haven.errors import ModelError, Unavailable

from .conftest import World, buttons, shown_to, text_of, until

DIARY = Assistant("diary", "Diary", "keeps the diary", "#884422", ("diary",), "You keep the diary.", private=True)
QUESTION = "What does my diary say of the plan?"
AGAIN = "the message of your answer was deleted, so here it is again."


async def cards(world: World) -> list[str]:
    return [str(row[0]) for row in await world.house.database.rows("select data from card")]


@pytest.mark.parametrize("given", [{"assistant": "diary"}, {}, {"where": "cloud"}], ids=["chosen", "by words", "cloud"])
async def test_a_private_assistant_is_heard_by_its_asker_alone(
    world: World, given: dict[str, str], locales: dict[int, str]
) -> None:
    """However it got the seat; nothing of the question is kept, and no cloud is offered."""
    locales[world.member.id] = "de"
    world.own, world.cloud.absent, world.local.pieces = (DIARY,), "", ["The plan is to meet ", "at dawn."]
    await world.env.restart_bot(world.build())
    asked = await world.member.slash(world.channel, "ask", text=QUESTION, **given)
    assert not world.channel.history() and not world.cloud.asked and not await cards(world)
    [shown] = [one for one in (asked.response, *asked.followups) if one is not None]
    assert shown.ephemeral
    assert "The plan is to meet at dawn." in text_of(shown) and "lokal" in text_of(shown)
    assert list(buttons(shown)) == ["👍", "👎"]


@pytest.mark.parametrize("cause", ["failure", "absent"])
async def test_a_private_assistant_without_an_answer_says_so_in_private(world: World, cause: str) -> None:
    world.own = (DIARY,)
    world.local.failure = ModelError("It broke.") if cause == "failure" else None
    world.local.absent = "No model is installed." if cause == "absent" else ""
    await world.env.restart_bot(world.build())
    asked = await world.member.slash(world.channel, "ask", text=QUESTION)
    assert shown_to(asked).ephemeral and "did not work" in text_of(shown_to(asked))
    assert not world.channel.history() and not await cards(world)


async def test_an_assistant_that_reaches_no_further_than_home_is_not_offered_in_the_cloud(world: World) -> None:
    near = Assistant("near", "Near", "stays", "#884422", ("diary",), "You stay.", reach=Where.LAN)
    world.own, world.cloud.absent = (near,), ""
    await world.env.restart_bot(world.build())
    asked = await world.member.slash(world.channel, "ask", text=QUESTION, where="local")
    assert list(buttons(asked.response)) == ["👍", "👎"]


async def deleted_on(world: World, piece: int) -> None:
    """Somebody deletes the answer's message while that piece of it is written."""

    async def delete(number: int) -> None:
        if number == piece:
            [message] = await until(world.env, lambda: [one for one in world.channel.history() if one.embeds])
            world.env.backend.delete_message(world.channel.id, message.id)

    world.local.before_piece = world.cloud.before_piece = delete
    world.local.pieces = world.cloud.pieces = ["The map shows ", "all systems ", "of the region, ", "and the moons."]


@pytest.mark.parametrize("minutes", [0, 9])
async def test_an_answer_whose_message_is_deleted_while_it_is_written_comes_anew(world: World, minutes: int) -> None:
    world.cloud.absent = ""
    await deleted_on(world, 1)
    delete = world.local.before_piece
    assert delete is not None

    async def slowly(number: int) -> None:
        await delete(number)
        await asyncio.sleep(60 * minutes)

    world.local.before_piece = slowly
    asked = await world.member.slash(world.channel, "ask", text="What does the map show?", where="local")
    await world.env.advance_time(60 * 60)
    [message] = world.channel.history()
    assert message.content == f"<@{world.member.id}> {AGAIN}" and not asked.followups
    assert message.embeds[0].description == "The map shows all systems of the region, and the moons."
    world.local.before_piece = world.cloud.before_piece = None
    await world.env.restart_bot(world.build())
    await world.member.click(message, label="Ask the stand-in instead")
    first = next(one for one in world.channel.history() if one.id == message.id)
    assert list(buttons(first)) == ["👍", "👎"] and len(world.cloud.asked) == 1
    assert sum('"question": "What does' in one for one in await cards(world)) == 1, "of the deleted one nothing is kept"


async def test_a_question_that_waits_is_shown_anew_as_well(world: World) -> None:
    async def delete_and_fail(number: int) -> None:
        [message] = await until(world.env, lambda: [one for one in world.channel.history() if one.embeds])
        world.env.backend.delete_message(world.channel.id, message.id)
        raise Unavailable("Claude is out of reach.")

    world.local.pieces, world.cloud.absent, world.cloud.before_piece = ["North."], "", delete_and_fail
    await world.member.slash(world.channel, "ask", text="What does the map show?")
    [message] = world.channel.history()
    assert AGAIN in message.content and "Wait for the cloud" in buttons(message)
    await world.env.restart_bot(world.build())
    await world.member.click(message, label="Wait for the cloud")
    [message] = world.channel.history()
    assert "It waits for the cloud" in text_of(message) and "North." in text_of(message)
    world.cloud.before_piece = None
    await world.tried_again()
    answered = [one for one in world.channel.history() if "The map shows all systems" in text_of(one)]
    assert [one.id for one in answered] == [message.id]


@pytest.mark.parametrize("takes", [True, False])
async def test_a_private_answer_past_its_fifteen_minutes_comes_as_a_direct_message(world: World, takes: bool) -> None:
    async def slowly(number: int) -> None:
        await asyncio.sleep(400)

    if not takes:
        world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    world.local.before_piece, world.local.pieces = slowly, [f"System {number} is near. " for number in range(4)]
    asked = await world.member.slash(world.channel, "ask", text="What does the map show?", private=True)
    await world.env.advance_time(1_700)
    assert "the end comes as a direct message" in text_of(asked.response)
    alone = world.member.user.dm_channel.history()
    if takes:
        assert [one.embeds[0].description for one in alone] == ["".join(world.local.pieces).strip()]
        assert not world.channel.history()
    else:
        [told] = world.channel.history()
        assert not alone and text_of(told).startswith(f"<@{world.member.id}>") and "System" not in text_of(told)


async def test_of_a_long_answer_only_what_is_sent_is_drawn(world: World) -> None:
    world.local.pieces = [f"word{number} " for number in range(300)]
    looked = []

    class Counted(tuple[Any, ...]):
        def __iter__(self) -> Any:
            looked.append(1)
            return super().__iter__()

    world.bot.round_table.assistants = Counted(world.bot.round_table.assistants)
    await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert len(looked) < 30, "a card has its assistant's colour"
