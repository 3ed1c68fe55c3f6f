"""/submit and /approve: what people propose becomes true when somebody else says so."""

from __future__ import annotations

import pytest

from assistants.sentinel import HAVEN
from bot.render import plain
from bot.render_world import draft_files
from haven.access import Principal, Role
from haven.demo import charts
from haven.errors import NotFound
from haven.world.differences import Difference
from haven.world.schema import Kind, Lore, Planet, System
from tests.world.a_world import a_long_queue

from .conftest import World


@pytest.fixture
async def charted(world: World) -> World:
    await charts.bring_in(world.house)
    return world


async def test_a_proposal_is_shown_with_its_diff_and_somebody_else_approves_it(charted: World) -> None:
    world, here = charted, charted.channel
    modal = await world.member.slash(here, "submit", kind="planet")
    typed = {
        "name": "Saltmere",
        "parent": "Oculi",
        "fields": "biome: Lush\nA sea of salt.\nUnder @everyone ice.",
        "reason": "seen",
    }
    sent = await world.member.submit_modal(modal, typed)
    card = sent.response
    assert card.embeds[0].title == "Draft: planet Saltmere" and not sent.ephemeral
    assert "biome: Lush" in card.embeds[0].description and "@everyone" not in card.embeds[0].description

    own = await world.member.click(card, label="Approve")
    assert own.ephemeral and "may not approve" in own.response.embeds[0].description
    with pytest.raises(NotFound):
        await world.house.world.one("Saltmere")

    queue = await world.reviewer.slash(here, "approve")
    assert "planet Saltmere" in queue.response.embeds[0].description
    [draft] = await world.house.drafts.list()
    looked = await world.reviewer.select(queue.response, [draft.id], custom_id="drafts:look")
    assert "biome: Lush" in looked.response.embeds[0].description
    await world.reviewer.click(card, label="Approve")
    stored = await world.house.world.one("Saltmere")
    assert isinstance(stored.thing, Planet) and stored.thing.notes == "A sea of salt.\nUnder @everyone ice."
    assert stored.by == "member"
    await world.deliver()
    shown = next(one for one in here.history() if one.id == card.id)
    assert shown.embeds[0].fields[-1].name == "Approved" and not shown.components


async def test_several_are_approved_together_and_each_says_what_became_of_it(charted: World) -> None:
    world, here = charted, charted.channel
    for name in ("Farlight", "Farlight", "Nearlight"):
        modal = await world.member.slash(here, "submit", kind="system")
        await world.member.submit_modal(modal, {"name": name, "fields": "position: 1, 2, 3"})
    drafts = await world.house.drafts.list()
    queue = await world.reviewer.slash(here, "approve")
    shown = await world.reviewer.select(queue.response, [one.id for one in drafts], custom_id="drafts:approve")
    assert len(shown.response.embeds[0].fields) == 3 and len(await world.house.drafts.list()) == 3, "only shown"
    [whole] = shown.response.attachments
    assert (await whole.read()).decode().count("1, 2, 3") == 3
    done = await world.reviewer.click(shown.response, label="Approve these 3")
    told = done.response.embeds[0].description.splitlines()
    assert [line[0] for line in told] == ["🟢", "🔴", "🟢"] and "Farlight" in told[1]

    left = drafts[1].id
    looked = await world.reviewer.select(queue.response, [left], custom_id="drafts:look")
    modal = await world.reviewer.click(looked.response, label="Reject")
    await world.reviewer.submit_modal(modal, {"words": "it is there already"})
    assert (await world.house.drafts.get(left)).why == "it is there already"
    assert "Nothing waits" in (await world.reviewer.slash(here, "approve")).response.embeds[0].description


async def test_nothing_of_a_long_text_is_approved_unread(charted: World) -> None:
    world, here = charted, charted.channel
    mika = Principal("discord:77", "Mika", Role.MEMBER, "bot")
    text = "The lamp was lit in the year 7. " * 200 + "Its keeper was \u202enobody."
    draft = await world.house.drafts.propose([Lore(name="The Long Watch", text=text)], mika, "a test")
    queue = await world.reviewer.slash(here, "approve")
    looked = await world.reviewer.select(queue.response, [draft.id], custom_id="drafts:look")
    [whole] = looked.response.attachments
    told = (await whole.read()).decode()
    assert told.count("The lamp was lit") == 200 and "Its keeper was" in told and "\u202e" not in told


async def test_what_cannot_be_understood_or_is_not_allowed_says_so(charted: World) -> None:
    world, here = charted, charted.channel
    for kind, typed, said in (
        ("moon", {"name": "Pebble", "parent": "No Such Planet"}, "No Such Planet"),
        ("system", {"name": "Half", "fields": "position: here"}, "is no position"),
        ("discovery", {"name": "A find"}, "found"),
    ):
        modal = await world.member.slash(here, "submit", kind=kind)
        refused = await world.member.submit_modal(modal, typed)
        assert said in refused.response.embeds[-1].description, typed
    for command, given in (("submit", {"kind": "lore"}), ("approve", {})):
        assert "may not" in (await world.stranger.slash(here, command, **given)).response.embeds[0].description
    assert "may not" in (await world.member.slash(here, "approve")).response.embeds[0].description
    assert not await world.house.drafts.list()


async def test_free_words_become_a_draft_and_what_is_unclear_is_asked(charted: World) -> None:
    world, here = charted, charted.channel
    words = {"text": "System Farlight at 12, 40, -3: yellow star, mining economy."}
    card = (await world.member.submit_modal(await world.member.slash(here, "submit"), words)).response
    assert card.embeds[0].title == "Draft: system Farlight" and "12, 40, -3" in card.embeds[0].description
    await world.reviewer.click(card, label="Approve")
    assert (await world.house.world.one("Farlight")).by == "member"
    lost = {"text": "Planet Nameless Rock is lush."}
    asked = (await world.member.submit_modal(await world.member.slash(here, "submit"), lost)).response
    assert asked.embeds[0].title == "Nothing is proposed yet" and "Question" in asked.embeds[0].description


async def test_a_watch_is_told_once_where_it_was_asked_to_those_who_may_still_read(charted: World) -> None:
    world, here = charted, charted.channel
    made_ = await world.member.slash(here, "watch", text="new systems near Oculi")
    assert made_.ephemeral and "Oculi" in made_.response.embeds[0].description
    await world.reviewer.slash(here, "watch", text="new systems near Oculi")
    world.guild.remove_member(world.reviewer)
    oculi = (await world.house.world.one("Oculi", Kind.SYSTEM)).thing
    assert isinstance(oculi, System) and oculi.position is not None
    beside = oculi.position.model_copy(update={"z": oculi.position.z + 1})
    await world.house.world.put([System(name="Nearlight @everyone", position=beside)], HAVEN, "test")
    await world.house.watches.catch_up()
    await world.deliver()
    await world.bot.told.catch_up()
    told = [m for m in here.history() if m.embeds and "New for your watch" in str(m.embeds[0].description)]
    assert [m.content for m in told] == [f"<@{world.member.id}>"]
    assert "Nearlight" in told[0].embeds[0].description and "@everyone" not in told[0].embeds[0].description
    listed = (await world.member.slash(here, "watch")).response
    assert "told of Nearlight" in listed.embeds[0].description
    [one] = await world.house.watches.list(Principal(f"discord:{world.member.id}", "member", Role.MEMBER, "bot"))
    await world.member.select(listed, [one.id], custom_id="watch:end")
    assert "nothing yet" in (await world.member.slash(here, "watch")).response.embeds[0].description


async def test_of_a_long_queue_the_rest_is_named(world: World) -> None:
    await a_long_queue(world.house.drafts, world.house.database, 203)
    card = (await world.reviewer.slash(world.channel, "approve")).response.embeds[0]
    assert card.title == "Drafts (203)" and "first 25" in card.footer.text


@pytest.mark.parametrize(
    "text", ["[a](http://x)[b](http://y)", "x [good](https://a.b): **c** [bank](https://d.e)", "[\\](a)"]
)
def test_no_word_of_anybody_is_a_link_that_hides_where_it_leads(text: str) -> None:
    shown = plain(text, 500)
    assert "](" not in shown and "**" not in shown and shown.replace("\\", "") == text.replace("\\", "")


def test_a_value_that_the_card_cuts_is_attached_whole() -> None:
    hidden = "_" * 82 + " Its mines are free for all; pay 500 to Mallory first"
    files = draft_files([Difference(record="system Pell", field="notes", before="", after=hidden)])
    assert len(files) == 1 and hidden.encode() in files[0].fp.read()
