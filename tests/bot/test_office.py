"""/costs, /models, /privacy and /haven: what each role sees and may do, and that it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from haven.access import Principal, Role
from haven.ai.task import Task, Tier, Turn, Usage
from haven.errors import OverBudget
from haven.store import backup, privacy

from .conftest import World, buttons, shown_to, text_of


async def spend(world: World, who: Any, usd: float) -> None:
    person = Principal(f"discord:{who.id}", "x", Role.MEMBER, "bot")
    task = Task("answer", (Turn("user", "x"),), person, "a question")
    told = {"tier": Tier.CLOUD, "model": "claude-sonnet-5-5", "recipient": "r", "sent": "hello", "redacted": {}}
    id = await world.house.ledger.reserve(task, worst_usd=usd, stand_in=False, **told)
    await world.house.ledger.settle(id, usd, Usage(10, 10), 0.1)


async def said(world: World, who: Any, name: str, **given: Any) -> str:
    result = await who.slash(world.channel, name, **given)
    assert result.ephemeral
    return text_of(shown_to(result))


async def test_costs_show_ones_own_and_to_reviewers_everybodys(world: World) -> None:
    await spend(world, world.member, 0.25)
    await spend(world, world.owner, 0.5)
    mine = await said(world, world.member, "costs")
    assert "Today** 0.75 of 2.00" in mine and "You, today** 0.25 of 1.00" in mine and "month** 0.75 of 5.00" in mine
    assert "Your last 14 days" in mine and "█" in mine and str(world.owner.id) not in mine
    assert "claude-sonnet-5-5: 0.250" in mine and "answer: 0.250" in mine
    every = await said(world, world.reviewer, "costs")
    assert f"<@{world.owner.id}>: 0.500" in every and f"<@{world.member.id}>: 0.250" in every
    assert "may not" in await said(world, world.stranger, "costs")


async def test_caps_hold_at_once_and_over_a_restart(world: World) -> None:
    assert "may not" in await said(world, world.reviewer, "haven caps", daily=1.5)
    assert "1.50 USD a day" in await said(world, world.owner, "haven caps", daily=1.5)
    shown = await said(world, world.owner, "haven caps", each=0.3, person=world.member)
    assert f"<@{world.member.id}>: 0.30" in shown and "Each person: 1.00" in shown and "owner" in shown
    assert "more than the month's cap" in await said(world, world.owner, "haven caps", daily=6.0)
    assert "more than the month's cap" in await said(world, world.owner, "haven caps", daily=1.0, each=6.0)
    await world.env.restart_bot(world.build())
    mine = await said(world, world.member, "costs")
    assert "of 1.50 USD" in mine and "You, today** 0.00 of 0.30" in mine
    person = Principal(f"discord:{world.member.id}", "member", Role.MEMBER, "bot")
    task = Task("answer", (Turn("user", "x"),), person, "x")
    with pytest.raises(OverBudget, match=r"of 0\.30 USD"):
        await world.house.ledger.fits(task, 0.31)
    await said(world, world.owner, "haven caps", reset=True, person=world.member)
    await world.house.ledger.fits(task, 0.31)


async def test_the_owners_levers(world: World) -> None:
    assert "may not" in await said(world, world.member, "haven pause")
    assert "is paused" in await said(world, world.reviewer, "haven pause")
    assert "switched the cloud off" in await said(world, world.member, "costs")
    assert "switched the cloud off" in await said(world, world.member, "models")
    assert "may not" in await said(world, world.reviewer, "haven resume")
    assert not (await world.house.switch.state()).on
    assert "may be used" in await said(world, world.owner, "haven resume")
    assert "sent again" in await said(world, world.owner, "haven sync")
    made = await world.house.sentinel.backups.daily()  # within simcord's sight a second database's thread never settles

    async def done() -> backup.Backup:
        return made

    async def broken() -> backup.Backup:
        return replace(made, problem="It is damaged.")

    world.bot.office = replace(world.bot.office, backup=done)
    assert "is whole" in await said(world, world.owner, "haven backup")
    assert made.is_verified
    world.bot.office = replace(world.bot.office, backup=broken)
    assert "does not pass its check" in await said(world, world.owner, "haven backup")
    shown = await said(world, world.member, "models")
    assert "smollm2-135m (300 MB)" in shown and "Could be installed" in shown and "scripted" in shown
    assert "may not" in await said(world, world.reviewer, "models", install="smollm2-135m")


async def test_a_restart_takes_two_taps_and_somebody_who_starts_it_again(world: World) -> None:
    assert "started by hand" in await said(world, world.owner, "haven restart")
    assert not world.house.again.is_set()
    world.bot.office = replace(world.bot.office, is_watched=True)
    result = await world.owner.slash(world.channel, "haven restart")
    assert list(buttons(shown_to(result))) == ["Yes, restart"] and not world.house.again.is_set()
    bot = world.build()
    bot.office = replace(bot.office, is_watched=True, began=bot.office.began + 1)
    await world.env.restart_bot(bot)
    stale = await world.owner.click(shown_to(result), label="Yes, restart")
    assert "since then" in text_of(shown_to(stale)) and not world.house.again.is_set()
    fresh = await world.owner.slash(world.channel, "haven restart")
    done = await world.owner.click(shown_to(fresh), label="Yes, restart")
    assert "Haven ends in order" in text_of(shown_to(done)) and world.house.again.is_set()


async def test_one_takes_a_copy_and_has_it_deleted_by_typing_the_word(world: World) -> None:
    await world.member.slash(world.channel, "ask", text="What does the map show?")
    await spend(world, world.owner, 0.5)
    me = f"discord:{world.member.id}"
    shown = await world.member.slash(world.channel, "privacy")
    words = text_of(shown_to(shown))
    assert "round table: " in words and "seven newer ones" in words and "somebody who left" in words
    copy = await world.member.click(shown_to(shown), label="Give me a copy")
    file = shown_to(copy).attachments[0]
    kept = json.loads(await file.read())["kept"]
    assert any("What does the map show?" in json.dumps(one) for one in kept["round table"])
    await world.env.restart_bot(world.build())
    form = await world.member.click(shown_to(shown), label="Delete it…")
    no = await world.member.submit_modal(form, {"word": "yes"})
    assert "nothing was deleted" in text_of(shown_to(no))
    form = await world.member.click(shown_to(shown), label="Delete it…")
    yes = await world.member.submit_modal(form, {"word": "delete"})
    assert "It is deleted" in text_of(shown_to(yes))
    counts = await world.house.database.rows("select 1 from transcript where person = ?", (me,))
    assert not counts and not any((await privacy.held(world.house.database, me)).values())
    assert (await privacy.held(world.house.database, f"discord:{world.owner.id}"))["ledger lines"] == 1


async def test_what_is_taken_along_is_private_and_goes_by_the_role_of_today(world: World) -> None:
    commands = {one.name for one in world.bot.tree.get_commands()}
    assert commands == {"ask", "lore", "system", "nearest", "costs", "privacy"}
    member, stranger = world.member.user, world.stranger.user
    costs = await member.slash("costs")
    assert costs.ephemeral and "You, today" in text_of(shown_to(costs))
    refused = await stranger.slash("costs")
    assert refused.ephemeral and "may not" in text_of(shown_to(refused))
    asked = await member.slash("ask", text="What does the map show?")
    assert asked.ephemeral and "all systems" in text_of(asked.response)
    steps = await world.house.database.rows("select distinct private from transcript")
    assert [row[0] for row in steps] == [1], "outside of the server nothing leaves the house"
    assert await stranger.autocomplete("lore", "text", "salt") == []
    found = await member.slash("lore", text="nobody has written of this")
    assert found.ephemeral
    own = await stranger.slash("privacy")
    assert own.ephemeral and "Nothing is kept of you" in text_of(shown_to(own))
    elsewhere = world.env.create_guild("Elsewhere")
    owner = elsewhere.add_member(world.owner.user)
    away = elsewhere.create_text_channel("lobby")
    for command, words in (("costs", "may not"), ("ask", "may not"), ("privacy", "other servers")):
        result = await owner.slash(away, command, **({"text": "x"} if command == "ask" else {}))
        assert result.ephemeral and words in text_of(shown_to(result)), command
    [role] = world.discord.member_role_ids
    world.env.backend.remove_member_role(world.guild.id, world.member.id, role)
    gone = await member.slash("costs")
    assert "may not" in text_of(shown_to(gone)), "a role that was taken away is gone at once"
