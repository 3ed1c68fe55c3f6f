"""The price before the run: shown to the asker alone, and nothing is sent or queued before they say yes."""

from __future__ import annotations

import json

from haven.ai.money import prices
from haven.store import notes

from .conftest import World, buttons, shown_to, text_of

DEAR = prices.of("claude-opus-5-5")


def open_cloud(world: World) -> None:
    world.cloud.absent, world.cloud.stand_in, world.cloud.price = "", False, DEAR


async def changes(world: World) -> int:
    return len(await world.house.changes.list())


async def test_a_dear_change_waits_for_its_askers_yes_also_over_a_restart(world: World) -> None:
    open_cloud(world)
    asked = await world.member.slash(world.channel, "feature", text="Add a button to export the map as PNG")
    words = text_of(shown_to(asked))
    assert asked.ephemeral and "scripted would be asked" in words and "tokens" in words and "1.00 USD" in words
    assert list(buttons(shown_to(asked))) == ["Yes, go on", "No"]
    assert await changes(world) == 0 and not world.cloud.asked
    await world.env.restart_bot(world.build())
    yes = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "is queued" in text_of(shown_to(yes)) and await changes(world) == 1
    assert not buttons(shown_to(asked)), "a second press has no button any more"


async def test_no_spends_nothing_and_another_price_asks_again(world: World) -> None:
    open_cloud(world)
    asked = await world.member.slash(world.channel, "docs", text="Say what the map shows")
    no = await world.member.click(shown_to(asked), label="No")
    assert "nothing was spent" in text_of(no.response) and not buttons(no.response) and await changes(world) == 0
    asked = await world.member.slash(world.channel, "docs", text="Say what the map shows")
    world.cloud.price = prices.of("claude-sonnet-5-5")
    stale = await world.member.click(shown_to(asked), label="Yes, go on")
    shown = stale.response
    assert "another one by now" in text_of(shown) and await changes(world) == 0
    await world.member.click(shown, label="Yes, go on")
    assert await changes(world) == 1


async def test_the_caps_are_asked_again_and_nobody_presses_for_another(world: World) -> None:
    open_cloud(world)
    asked = await world.member.slash(world.channel, "feature", text="Add a button to export the map as PNG")
    row = (await world.house.database.rows("select subject, data from card where face = 'discord.price'"))[0]
    await world.owner.slash(world.channel, "haven caps", each=0.01)
    over = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "today's cap for member of 0.01 USD" in text_of(shown_to(over)) and await changes(world) == 0
    await notes.set_card(
        world.house.database, "discord.price", row[0], {**json.loads(row[1]), "asker": f"discord:{world.owner.id}"}
    )
    theirs = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "Somebody else asked" in text_of(shown_to(theirs)) and await changes(world) == 0


async def test_a_question_for_the_cloud_is_priced_where_the_owner_wants_it_always(world: World) -> None:
    open_cloud(world)
    quick = await world.member.slash(world.channel, "ask", text="What does the map show?", where="cloud")
    assert "all systems" in text_of(quick.response), "a cent needs no question"
    settings = world.bot.office.settings
    object.__setattr__(settings.cloud, "ask_above_usd", 0.0)
    asked = await world.member.slash(world.channel, "ask", text="And what is left out?", where="cloud")
    assert "Your question" in text_of(shown_to(asked))
    yes = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "all systems" in text_of(yes.response)
    object.__setattr__(settings.cloud, "ask_above_usd", None)
    never = await world.member.slash(world.channel, "ask", text="And what else is left out?", where="cloud")
    assert "all systems" in text_of(never.response)
