"""Who may do what in Discord, and what people see where something goes wrong."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from .conftest import World, buttons, shown_to, text_of

COMMANDS: dict[str, dict[str, Any]] = {
    "feature": {"text": "Add dark mode to the map viewer"},
    "fix": {"text": "Fix the zoom of the map"},
    "docs": {"text": "Document the map viewer"},
    "refactor": {"text": "Simplify the map viewer"},
    "ask": {"text": "What does the map show?"},
    "changes": {},
    "status": {},
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_every_command_refuses_strangers_and_serves_the_others(world: World, name: str) -> None:
    refused = await world.stranger.slash(world.channel, name, **COMMANDS[name])
    assert refused.ephemeral and "needs the role member" in text_of(refused.response)
    assert not await world.house.changes.list() and not world.local.asked
    for person in (world.member, world.reviewer, world.owner):
        served = await person.slash(world.channel, name, **COMMANDS[name])
        assert served.acknowledged and "needs the role" not in text_of(served.response)


async def test_with_nothing_configured_nobody_but_the_owner_gets_in(world: World) -> None:
    await world.env.restart_bot(world.build(reviewer_role_ids=frozenset(), member_role_ids=frozenset()))
    for person, works in ((world.member, False), (world.reviewer, False), (world.owner, True)):
        result = await person.slash(world.channel, "changes")
        assert text_of(result.response).startswith("### Changes") is works


async def test_another_server_is_refused_even_to_the_owner(world: World) -> None:
    bot = world.build(guild_id=None)
    await world.env.restart_bot(bot)
    elsewhere = world.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("general")
    owner = elsewhere.add_member(world.owner.user)
    bot.settings = world.discord
    result = await owner.slash(channel, "changes")
    assert result.ephemeral and "needs the role member" in text_of(result.response)


async def test_everyone_may_ask_where_the_owner_says_so(world: World) -> None:
    await world.env.restart_bot(world.build(everyone_may_ask=True))
    result = await world.stranger.slash(world.channel, "ask", text="What does the map show?")
    assert result.response.embeds[0].title == "Cartographer"


async def test_status_and_changes_are_for_the_asker_alone(world: World) -> None:
    change = await world.requested()
    status = await world.member.slash(world.channel, "status")
    assert status.ephemeral and "Project" in text_of(status.response)
    listed = await world.member.slash(world.channel, "changes")
    assert listed.ephemeral and f"/{world.thread(change).id})" in text_of(listed.response)


async def test_an_empty_and_an_endless_request_get_one_clear_sentence(world: World) -> None:
    empty = await world.member.slash(world.channel, "feature", text="\u0007 ")
    assert "The request is empty." in text_of(empty.response)
    assert "Say in a sentence what you would like." in text_of(empty.response)
    assert not await world.house.changes.list()


async def test_an_unexpected_failure_is_told_by_a_number_and_logged_in_full(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> list[Any]:
        raise RuntimeError("the password is hunter2")

    world.bot.status_lines = broken
    result = await world.member.slash(world.channel, "status")
    told = text_of(result.response)
    assert result.ephemeral and "\nSomething went wrong in Haven [" in told and "hunter2" not in told
    id = told.rpartition("Error ")[2]
    assert any(id in one.getMessage() and one.exc_info for one in caplog.records)


async def test_a_button_that_fails_says_so(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    asked = await world.member.slash(world.channel, "ask", text="What does the map show?")
    world.bot.verdict = broken
    card = shown_to(await world.member.click(asked.response, label="👍"))
    assert card.ephemeral and "Error " in text_of(card) and "hunter2" not in text_of(card)


async def test_a_decision_that_cannot_be_drawn_now_is_no_failure(world: World) -> None:
    change = await world.reviewed(await world.requested())
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=500)
    pressed = await world.reviewer.click(world.card(change), label="Approve")
    assert not pressed.followups and (await world.house.changes.get(change.id)).state == "merging"
    await world.bot.try_again()
    assert buttons(world.card(change)) == {"Approve": False, "Tweak": False, "Reject": False}


async def test_while_it_restarts_nothing_is_begun(world: World) -> None:
    world.bot.closing = True
    result = await world.member.slash(world.channel, "feature", text="Add dark mode to the map viewer")
    assert result.ephemeral and "restarting" in text_of(result.response)
    assert not await world.house.changes.list()


async def test_commands_are_sent_to_discord_once(world: World) -> None:
    def synced() -> int:
        return sum(one.method == "PUT" and one.path.endswith("/commands") for one in world.env.http_requests)

    assert synced() == 2, "those of Haven's own server, and those that people take along"
    await world.env.restart_bot(world.build())
    assert synced() == 2


async def test_the_bot_asks_for_no_privileged_intent(world: World) -> None:
    assert world.bot.intents == discord.Intents(guilds=True)
    assert world.bot.allowed_mentions.to_dict() == {"parse": []}
