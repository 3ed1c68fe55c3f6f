"""The price before the run: shown to the asker alone, and nothing is sent or queued before they say yes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from haven.access import Principal, Role
from haven.ai import engine
from haven.ai.money import prices
from haven.changes.proposal import Kind, Proposal
from haven.changes.states import State
from haven.store import notes

from .conftest import World, buttons, shown_to, text_of

DEAR = prices.of("claude-opus-5-5")


@pytest.fixture
def allowed() -> Iterator[None]:
    """The scripted cloud of these tests may be asked as if it were a real one."""
    before, engine.ALLOW_CLOUD = engine.ALLOW_CLOUD, True
    yield
    engine.ALLOW_CLOUD = before


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
    assert "today's cap for one person of 0.01 USD" in text_of(shown_to(over)) and await changes(world) == 0
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


async def test_a_tweak_is_priced_like_a_change_whichever_way_it_comes(world: World) -> None:
    change = await world.reviewed(await world.requested())
    open_cloud(world)
    words = {"words": "In blue, please", "at": ""}
    by_command = await world.member.slash(world.channel, "tweak", id=change.id, words=words["words"])
    form = await world.reviewer.click(world.card(change), label="Tweak")
    by_button = await world.reviewer.submit_modal(form, words)
    said = await world.reviewer.send(world.thread(change), words["words"])
    form = await world.member.context_menu(world.thread(change), "Use as tweak", said)
    by_menu = await world.member.submit_modal(form, words)
    for asked in (by_command, by_button, by_menu):
        shown = shown_to(asked)
        assert shown.ephemeral and "1.00 USD" in text_of(shown) and words["words"] in text_of(shown)
        assert list(buttons(shown)) == ["Yes, go on", "No"]
    assert (await world.house.changes.get(change.id)).round == 1 and not world.cloud.asked
    await world.env.restart_bot(world.build())
    yes = await world.reviewer.click(shown_to(by_button), label="Yes, go on")
    assert "Round 2 goes on: follow it in <#" in text_of(shown_to(yes)), text_of(shown_to(yes))
    assert "round 2" in text_of(world.progress(change)) and not buttons(shown_to(by_button))
    late = await world.member.click(shown_to(by_command), label="Yes, go on")
    assert "round 2, editing" in text_of(shown_to(late)) and (await world.house.changes.get(change.id)).round == 2


async def test_another_try_that_a_person_starts_is_priced_as_well(world: World) -> None:
    change = await world.requested()
    repository = world.house.changes._repository()
    await world.advance(change, State.WAITING, reason="No cloud.", resume=State.EDITING.value, retry_at=9e9)
    open_cloud(world)
    await repository.fetch("main")
    asked = await world.member.click(world.progress(change), label="Try now")
    assert "1.00 USD" in text_of(shown_to(asked)) and f"Another try of change {change.id}" in text_of(shown_to(asked))
    assert (await world.house.changes.get(change.id)).retry_at == 9e9
    yes = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "It is tried now" in text_of(shown_to(yes)), text_of(shown_to(yes))
    assert (await world.house.changes.get(change.id)).retry_at is None


async def test_what_haven_would_send_on_its_own_account_takes_a_yes_as_well(world: World, allowed: None) -> None:
    open_cloud(world)
    object.__setattr__(world.bot.office.settings.cloud, "ask_above_usd", 0.0)
    hard = "Write a long and detailed history of the map, in five chapters."
    here = await world.member.slash(world.channel, "ask", text=hard)
    assert not world.cloud.asked and "Ask the stand-in instead" in buttons(here.response)
    said = await world.member.send(world.channel, "The map should be blue.")
    form = await world.member.context_menu(world.channel, "Ask about this", said)
    await world.member.submit_modal(form, {"question": hard, "text": "The map should be blue."})
    world.local.absent = "it is not there"
    none = await world.member.slash(world.channel, "ask", text=hard)
    assert "takes a yes: choose the cloud" in text_of(shown_to(none)) and not world.cloud.asked
    object.__setattr__(world.bot.office.settings.cloud, "ask_above_usd", 1.0)
    await world.member.slash(world.channel, "ask", text=hard)
    assert len(world.cloud.asked) == 1, "what costs less is sent as ever"


async def test_below_an_answer_the_cloud_is_asked_once(world: World, allowed: None) -> None:
    open_cloud(world)
    object.__setattr__(world.bot.office.settings.cloud, "ask_above_usd", 0.0)
    asked = await world.member.slash(world.channel, "ask", text="What does the map show?", where="local")
    below, [instead] = asked.response, [one for one in buttons(asked.response) if "instead" in one]
    cards = [shown_to(await world.member.click(below, label=instead)) for _ in range(2)]
    yes = await world.member.click(cards[0], label="Yes, go on")
    assert "all systems" in text_of(yes.response) and len(world.cloud.asked) == 1
    assert instead not in buttons(below) and len(buttons(below)) == 2, "the thumbs stay"
    again = await world.member.click(cards[1], label="Yes, go on")
    assert "The cloud was asked already" in text_of(shown_to(again)) and len(world.cloud.asked) == 1


async def test_a_yes_that_comes_to_nothing_loses_no_words(world: World) -> None:
    open_cloud(world)
    asked = await world.member.slash(world.channel, "feature", text="Add a button to export the map as PNG")
    person = Principal(f"discord:{world.member.id}", "member", Role.MEMBER, "bot")
    for number in range(10):
        proposal = Proposal(Kind.DOCS, f"t {number}", f"r {number}", "scribe", ())
        await world.house.changes.submit(proposal, person)
    over = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "under way already" in text_of(over.followups[-1]) and await changes(world) == 10
    await world.house.changes.cancel((await world.house.changes.list())[0].id, person)
    yes = await world.member.click(shown_to(asked), label="Yes, go on")
    assert "is queued" in text_of(shown_to(yes)) and await changes(world) == 11
