"""Answers that wait for the cloud, and what people may do with an answer: judge it, ask the cloud instead."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor

from bot.render_answers import way
from haven.ai.task import Reply, Route, Tier
from haven.errors import ModelError, OverBudget, Unavailable
from haven.store import jobs
from haven.store import waiting as waits

from .conftest import World, text_of

AWAY = Unavailable("Claude is out of reach.", "Haven tries again later.")
QUESTION = "What does the map show?"
ANSWER = "The map shows all systems of the region."


async def held(world: World, failure: Exception = AWAY, draft: str = "North.") -> discord.Message:
    """The card of a question whose local answer is below the bar, while the cloud is away."""
    world.local.pieces, world.local.absent = [draft], "" if draft else "No model is installed."
    world.cloud.absent, world.cloud.failure = "", failure
    await world.member.slash(world.channel, "ask", text=QUESTION)
    return card(world)


def card(world: World) -> discord.Message:
    return next(one for one in reversed(world.channel.history()) if one.embeds)


def buttons(message: Any) -> list[str]:
    """Labels, of a message or of a private reply."""
    rows = [row if isinstance(row, dict) else row.to_dict() for row in message.components]
    return [one["label"] for row in rows for one in row["components"]]


def said(message: discord.Message) -> str:
    return "\n".join(f"{one.name}: {one.value}" for one in message.embeds[0].fields)


def pings(world: World) -> list[str]:
    """Messages that mention somebody for real."""
    sent = [one.json for one in world.env.http_requests if one.method == "POST" and isinstance(one.json, dict)]
    return [one["content"] for one in sent if one.get("allowed_mentions", {}).get("users")]


async def cloud_is_back(world: World) -> None:
    world.cloud.failure = None
    await world.tried_again()


async def refused(world: World, who: MemberActor, message: discord.Message, label: str) -> str:
    """Press, and read what the one who pressed is told."""
    pressed = await who.click(message, label=label)
    told = (pressed.followups or [pressed.response])[-1]
    assert told.ephemeral and "\n-# Error " in text_of(told)
    return text_of(told)


async def as_it_was(world: World, shown: discord.Message) -> None:
    """Somebody's screen that has not seen the newest state: the old buttons are still on it."""
    where = world.bot.get_partial_messageable(world.channel.id).get_partial_message(shown.id)
    none = discord.AllowedMentions.none()
    await where.edit(view=discord.ui.View.from_message(shown, timeout=None), allowed_mentions=none)


async def test_the_person_is_asked_once_and_sees_the_draft(world: World) -> None:
    shown = await held(world)
    assert buttons(shown) == ["Wait for the cloud", "Local model now", "Cancel"]
    assert shown.embeds[0].title == "Cartographer" and shown.embeds[0].description == "North."
    assert shown.embeds[0].footer.text.startswith("draft, below the bar (65 of 100) · local · scripted")
    assert "Claude is out of reach." in said(shown)
    assert (await world.held()).state == "asked" and not pings(world)


async def test_it_waits_goes_on_by_itself_and_tells_the_asker_once(world: World) -> None:
    shown = await held(world)
    await world.member.click(shown, label="Wait for the cloud")
    waiting = await world.held()
    assert waiting.state == "waiting" and waiting.retry_at is not None
    assert buttons(card(world)) == ["Cancel"]
    assert f"Tried next <t:{int(waiting.retry_at)}:R>" in said(card(world))
    assert card(world).embeds[0].description == "North.", "the draft stays while it waits"
    await world.tried_again()
    assert (await world.held()).state == "waiting" and not pings(world)
    await cloud_is_back(world)
    answer = next(one for one in world.channel.history() if one.id == shown.id)
    assert answer.embeds[0].description == ANSWER
    assert answer.embeds[0].footer.text.startswith("it waited for the cloud · stand-in, not Claude · cloud · scripted")
    assert buttons(answer) == ["👍", "👎"]
    assert pings(world) == [f"<@{world.member.id}> the answer that you waited for is there."]
    told = world.channel.last_message
    assert told.reference is not None and told.reference.message_id == shown.id
    await world.env.restart_bot(world.build())
    assert len(pings(world)) == 1


async def test_a_new_time_of_the_next_try_is_shown(world: World) -> None:
    await world.member.click(await held(world), label="Wait for the cloud")
    one = await world.held()
    at = time.time() + 900

    async def work(tx: Any) -> None:
        await waits.move(tx, one.id, ("waiting",), retry_at=at, reason="Claude is still out of reach.")

    await world.house.database.write(work)
    await world.bot.answers.refresh(one.id)
    assert f"<t:{int(at)}:R>" in said(card(world)) and "still out of reach" in said(card(world))


async def test_an_answer_that_came_just_before_the_bot_ended_is_shown_when_it_is_back(world: World) -> None:
    shown = await held(world)
    await world.member.click(shown, label="Wait for the cloud")
    world.cloud.failure = None
    one = await world.held()
    await world.waiting.handle(jobs.Job(1, "waiting", one.id, f"waiting:{one.id}", 0.0, 1))
    assert (await world.held()).state == "answered" and not pings(world)
    await world.env.restart_bot(world.build())
    answer = next(one for one in world.channel.history() if one.id == shown.id)
    assert answer.embeds[0].title == "Cartographer" and answer.embeds[0].description == ANSWER
    assert len(pings(world)) == 1


async def test_while_the_bot_is_away_nobody_knows_what_the_asker_may_do_so_it_waits_on(world: World) -> None:
    await world.member.click(await held(world), label="Wait for the cloud")
    world.bot.closing = True  # as its supervisor says before it lets the connection go
    world.cloud.failure = None
    asked = len(world.cloud.asked)
    one = await world.held()
    await world.waiting.handle(jobs.Job(1, "waiting", one.id, f"waiting:{one.id}", 0.0, 1))
    waiting = await world.held()
    assert waiting.state == "waiting" and "Discord can't be asked" in waiting.reason
    await world.env.restart_bot(world.build())
    await world.tried_again()
    assert (await world.held()).state == "answered" and len(world.cloud.asked) == asked + 1


@pytest.mark.parametrize("gone", ["left", "lost the role"])
async def test_who_is_no_member_any_more_gets_no_answer_from_the_cloud(world: World, gone: str) -> None:
    await world.member.click(await held(world), label="Wait for the cloud")
    asked = len(world.cloud.asked)
    if gone == "left":
        world.guild.remove_member(world.member)
    else:
        [role] = world.discord.member_role_ids
        world.env.backend.remove_member_role(world.guild.id, world.member.id, role)
    await cloud_is_back(world)
    one = await world.held()
    assert one.state == "failed" and "needs the role member" in one.reason and len(world.cloud.asked) == asked


async def test_buttons_outlive_a_restart(world: World) -> None:
    shown = await held(world)
    await world.env.restart_bot(world.build())
    await world.member.click(shown, label="Wait for the cloud")
    assert (await world.held()).state == "waiting"
    await world.env.restart_bot(world.build())
    await world.member.click(card(world), label="Cancel")
    assert (await world.held()).state == "cancelled"
    assert not buttons(card(world)) and "Nobody waits" in said(card(world)) and not pings(world)


async def test_the_local_model_answers_now_in_the_same_message(world: World) -> None:
    shown = await held(world)
    world.local.pieces = ["The map shows ", "the north."]
    await world.member.click(shown, label="Local model now")
    await world.deliver()
    answer = card(world)
    assert answer.id == shown.id and answer.embeds[0].description == "The map shows the north."
    assert answer.embeds[0].footer.text.startswith("local · scripted")
    assert buttons(answer) == ["👍", "👎", "Ask the stand-in instead"]
    await world.env.restart_bot(world.build())
    assert card(world).embeds[0].description == "The map shows the north."
    assert (await world.held()).state == "cancelled" and not pings(world)


async def test_only_the_asker_and_the_owner_decide(world: World) -> None:
    shown = await held(world)
    assert "somebody else's request" in await refused(world, world.reviewer, shown, "Wait for the cloud")
    assert "somebody else's request" in await refused(world, world.reviewer, shown, "Local model now")
    assert "needs the role member" in await refused(world, world.stranger, shown, "Cancel")
    assert (await world.held()).state == "asked" and buttons(card(world)) == buttons(shown)
    await world.owner.click(shown, label="Wait for the cloud")
    await cloud_is_back(world)
    assert pings(world) == [f"<@{world.member.id}> the answer that you waited for is there."]


async def test_a_second_press_and_one_after_the_answer_change_nothing(world: World) -> None:
    shown = await held(world)
    await world.member.click(shown, label="Wait for the cloud")
    await as_it_was(world, shown)
    assert "decided already" in await refused(world, world.member, shown, "Wait for the cloud")
    await cloud_is_back(world)
    asked = len(world.local.asked)
    for label in ("Local model now", "Cancel", "Wait for the cloud"):
        await as_it_was(world, shown)
        assert "decided already" in await refused(world, world.member, shown, label)
    assert len(world.local.asked) == asked and len(pings(world)) == 1
    assert next(one for one in world.channel.history() if one.id == shown.id).embeds[0].description == ANSWER
    assert (await world.held()).state == "answered"


async def test_two_presses_at_once_are_one_answer(world: World) -> None:
    shown = await held(world)
    asked, world.local.pieces = len(world.local.asked), [ANSWER]

    async def slowly(number: int) -> None:
        await asyncio.sleep(60)

    world.local.before_piece = slowly
    await world.member.click(shown, label="Local model now")
    await as_it_was(world, shown)
    assert "That is being done already." in await refused(world, world.member, shown, "Local model now")
    await world.env.advance_time(130)
    assert card(world).embeds[0].description == ANSWER and len(world.local.asked) == asked + 1


async def test_a_cap_that_is_reached_is_the_reason_and_waits_the_same_way(world: World) -> None:
    shown = await held(world, OverBudget("The cap of 2.00 USD a day is reached.", "It is free again tomorrow."))
    assert "The cap of 2.00 USD a day is reached." in said(shown)
    await world.member.click(shown, label="Wait for the cloud")
    await cloud_is_back(world)
    assert len(pings(world)) == 1


async def test_what_can_never_be_answered_says_so_and_keeps_the_draft(world: World) -> None:
    shown = await held(world)
    await world.member.click(shown, label="Wait for the cloud")
    world.cloud.failure = Unavailable("The key was refused.", retry=False)
    await world.tried_again()
    failed = next(one for one in world.channel.history() if one.id == shown.id)
    assert "no answer came: The key was refused." in said(failed) and failed.embeds[0].description == "North."
    assert not buttons(failed)
    assert pings(world) == [f"<@{world.member.id}> your question waited for the cloud, and no answer came."]


async def test_where_the_local_model_fails_the_person_may_choose_again(world: World) -> None:
    shown = await held(world)

    async def then_fails(number: int) -> None:
        if number:
            raise ModelError("The local model crashed.")

    world.local.pieces, world.local.before_piece = ["The map ", "shows the north."], then_fails
    assert "The local model crashed." in await refused(world, world.member, shown, "Local model now")
    assert (await world.held()).state == "asked"
    assert card(world).id == shown.id and card(world).embeds[0].description == "North."
    assert buttons(card(world)) == ["Wait for the cloud", "Local model now", "Cancel"]
    world.local.before_piece = None
    await world.member.click(card(world), label="Local model now")
    assert card(world).embeds[0].description == "The map shows the north."
    assert (await world.held()).state == "cancelled" and not pings(world)


async def test_waiting_is_offered_only_where_it_may_help(world: World) -> None:
    shown = await held(world, OverBudget("The cap for one request is reached.", retry=False))
    assert buttons(shown) == ["Local model now", "Cancel"]
    await as_it_was(world, shown)
    await world.bot.answers.spoiled((await world.held()).id)
    assert buttons(card(world)) == ["Local model now", "Cancel"], "and so it is drawn from its row"


async def test_nothing_is_remembered_of_requests_that_were_drawn(world: World) -> None:
    shown = await held(world)
    await world.member.click(shown, label="Cancel")
    one = await world.held()
    await world.bot.answers.refresh(one.id)
    await world.bot.answers.refresh("00000000")
    assert one.state == "cancelled" and not world.bot.answers._locks


async def test_an_answer_whose_card_was_deleted_comes_with_the_message(world: World) -> None:
    shown = await held(world)
    await world.member.click(shown, label="Wait for the cloud")
    await world.bot.get_partial_messageable(world.channel.id).get_partial_message(shown.id).delete()
    await cloud_is_back(world)
    assert world.channel.last_message.embeds[0].description == ANSWER and len(pings(world)) == 1


async def test_a_private_question_is_never_held(world: World) -> None:
    world.local.pieces = ["North."]
    world.cloud.absent, world.cloud.failure = "", AWAY
    result = await world.member.slash(world.channel, "ask", text=QUESTION, private=True)
    assert result.response.embeds[0].description == "North." and result.response.ephemeral
    assert "below the bar (65 of 100)" in result.response.embeds[0].footer.text
    assert buttons(result.response) == ["👍", "👎"], "and the cloud is not offered"
    assert not await waits.of(world.house.database) and not world.cloud.asked


async def test_thumbs_count_once_a_person_and_can_be_changed(world: World) -> None:
    await world.member.slash(world.channel, "ask", text=QUESTION)
    answer = card(world)
    await world.env.restart_bot(world.build())
    for who, label in ((world.member, "👍"), (world.reviewer, "👍"), (world.member, "👎")):
        told = await who.click(answer, label=label)
        assert told.ephemeral and "Noted" in text_of(told.response)
    assert "needs the role member" in await refused(world, world.stranger, answer, "👍")
    rows = await world.house.database.rows("select principal, value from verdict order by id")
    ids = [f"discord:{who.id}" for who in (world.member, world.reviewer, world.member)]
    assert [tuple(row) for row in rows] == list(zip(ids, (1, 1, -1), strict=True))


async def test_the_cloud_can_be_asked_instead_once(world: World) -> None:
    world.cloud.absent = ""
    await world.member.slash(world.channel, "ask", text=QUESTION, assistant="scribe")
    answer = card(world)
    assert "somebody else's question" in await refused(world, world.reviewer, answer, "Ask the stand-in instead")
    await world.env.restart_bot(world.build())
    world.cloud.pieces = ["Two systems lie in the ", "north of the map."]
    await world.member.click(answer, label="Ask the stand-in instead")
    second = card(world)
    assert second.id != answer.id and second.embeds[0].title == "Scribe"
    assert second.embeds[0].description == "Two systems lie in the north of the map."
    assert buttons(second) == ["👍", "👎"]
    first = next(one for one in world.channel.history() if one.id == answer.id)
    assert buttons(first) == ["👍", "👎"] and first.embeds[0].description == ANSWER
    await as_it_was(world, answer)
    assert "asked already" in await refused(world, world.member, answer, "Ask the stand-in instead")
    assert len(world.cloud.asked) == 1


async def test_where_the_cloud_asked_instead_is_away_the_question_waits(world: World) -> None:
    world.cloud.absent, world.cloud.failure = "", AWAY
    await world.member.slash(world.channel, "ask", text=QUESTION)
    await world.member.click(card(world), label="Ask the stand-in instead")
    assert buttons(card(world))[0] == "Wait for the cloud"
    assert not card(world).embeds[0].description, "there is no draft"


async def test_without_a_cloud_it_is_not_offered(world: World) -> None:
    await world.member.slash(world.channel, "ask", text=QUESTION)
    assert buttons(card(world)) == ["👍", "👎"]


async def test_the_lan_can_be_chosen(world: World) -> None:
    result = await world.member.slash(world.channel, "ask", text=QUESTION, where="lan")
    assert result.response.embeds[0].description == ANSWER


def test_the_line_under_an_answer_says_all_and_never_calls_a_stand_in_claude() -> None:
    reply = Reply(
        *("Two systems.", Tier.CLOUD, "claude-x", "0", Route((), ())),
        usd=0.01,
        stand_in=True,
        score=60,
        cached="answered before at 2031-02-03 04:05 to: What is there?",
        prepared="material condensed by the local model: 900 to 200 tokens",
    )
    assert way(reply) == (
        "stand-in, not Claude · cloud · claude-x · 0.0100 USD (not real) · 0.0 s"
        " · answered before at 2031-02-03 04:05 to: What is there?"
        " · prepared here: material condensed by the local model: 900 to 200 tokens"
        " · below the bar (60 of 100): take it with care"
    )
