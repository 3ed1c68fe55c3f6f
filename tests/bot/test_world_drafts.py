"""/submit and /approve: what people propose becomes true when somebody else says so."""

from __future__ import annotations

import pytest

from assistants.sentinel import HAVEN
from bot.render import plain
from bot.render_drafts import draft_files
from haven.access import Principal, Role
from haven.demo import charts
from haven.errors import NotFound
from haven.world.differences import Difference
from haven.world.schema import Kind, Lore, Planet, System
from tests.world.a_world import a_long_queue

from .conftest import World, buttons, parts_of, shown_to, text_of


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
    assert "### Draft: planet Saltmere\n🟡 Waits" in text_of(card) and not sent.ephemeral
    assert "biome: Lush" in text_of(card) and "@everyone" not in text_of(card)

    own = await world.member.click(card, label="Approve")
    assert own.ephemeral and "may not approve" in text_of(shown_to(own))
    with pytest.raises(NotFound):
        await world.house.world.one("Saltmere")

    queue = await world.reviewer.slash(here, "approve")
    assert "planet Saltmere" in text_of(queue.response)
    looked = await world.reviewer.click(queue.response, label="Look")
    assert "biome: Lush" in text_of(shown_to(looked)) and shown_to(looked).ephemeral
    await world.reviewer.click(card, label="Approve")
    stored = await world.house.world.one("Saltmere")
    assert isinstance(stored.thing, Planet) and stored.thing.notes == "A sea of salt.\nUnder @everyone ice."
    assert stored.by == "member"
    await world.deliver()
    shown = next(one for one in here.history() if one.id == card.id)
    assert "🟢 Approved" in text_of(shown) and "by reviewer" in text_of(shown) and not buttons(shown)


async def test_several_are_approved_together_and_each_says_what_became_of_it(charted: World) -> None:
    world, here = charted, charted.channel
    for name in ("Farlight", "Farlight", "Nearlight"):
        modal = await world.member.slash(here, "submit", kind="system")
        await world.member.submit_modal(modal, {"name": name, "fields": "position: 1, 2, 3"})
    drafts = await world.house.drafts.list()
    queue = await world.reviewer.slash(here, "approve")
    shown = await world.reviewer.select(queue.response, [one.id for one in drafts], custom_id="drafts:approve")
    assert text_of(shown.response).count("by member · ") == 3 and len(await world.house.drafts.list()) == 3, (
        "only shown"
    )
    [whole] = shown.response.attachments
    assert (await whole.read()).decode().count("1, 2, 3") == 3
    done = await world.reviewer.click(shown.response, label="Approve these 3")
    told = text_of(shown_to(done)).splitlines()
    assert [line[0] for line in told] == ["🟢", "🔴", "🟢"] and "Farlight" in told[1]

    left = drafts[1].id
    looked = await world.reviewer.click(queue.response, custom_id=f"draft:look:{left}")
    modal = await world.reviewer.click(looked.response, label="Reject")
    await world.reviewer.submit_modal(modal, {"words": "it is there already"})
    assert (await world.house.drafts.get(left)).why == "it is there already"
    assert not buttons(looked.response) and "⚪ Rejected" in text_of(looked.response)
    assert "Nothing waits" in text_of((await world.reviewer.slash(here, "approve")).response)


async def test_nothing_of_a_long_text_is_approved_unread(charted: World) -> None:
    world, here = charted, charted.channel
    mika = Principal("discord:77", "Mika", Role.MEMBER, "bot")
    text = "The lamp was lit in the year 7. " * 200 + "Its keeper was \u202enobody."
    draft = await world.house.drafts.propose([Lore(name="The Long Watch", text=text)], mika, "a test")
    queue = await world.reviewer.slash(here, "approve")
    looked = await world.reviewer.click(queue.response, custom_id=f"draft:look:{draft.id}")
    assert [one["file"]["url"] for one in parts_of(looked.response) if one["type"] == 13]
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
        assert said in text_of(shown_to(refused)), typed
    for command, given in (("submit", {"kind": "lore"}), ("approve", {})):
        assert "may not" in text_of((await world.stranger.slash(here, command, **given)).response)
    assert "may not" in text_of((await world.member.slash(here, "approve")).response)
    assert not await world.house.drafts.list()


async def test_free_words_become_a_draft_and_what_is_unclear_is_asked(charted: World) -> None:
    world, here = charted, charted.channel
    words = {"text": "System Farlight at 12, 40, -3: yellow star, mining economy."}
    card = (await world.member.submit_modal(await world.member.slash(here, "submit"), words)).response
    assert "Draft: system Farlight" in text_of(card) and "12, 40, -3" in text_of(card)
    await world.reviewer.click(card, label="Approve")
    assert (await world.house.world.one("Farlight")).by == "member"
    lost = {"text": "Planet Nameless Rock is lush."}
    asked = shown_to(await world.member.submit_modal(await world.member.slash(here, "submit"), lost))
    assert asked.ephemeral and "Nothing is proposed yet" in text_of(asked) and "Question" in text_of(asked)


async def test_the_text_of_an_entry_may_come_as_a_file(charted: World) -> None:
    world, here = charted, charted.channel
    story = "The lamp: it burned for a year.\n" * 300
    for file, said in ((b"\xff\xfe\x00", "is no text"), (b"x" * 500_000, "is larger than")):
        modal = await world.member.slash(here, "submit", kind="lore")
        refused = await world.member.submit_modal(modal, {"name": "The Lamp", "file": ("lamp.txt", file)})
        assert said in text_of(shown_to(refused))
    modal = await world.member.slash(here, "submit", kind="lore")
    typed = {"name": "The Lamp", "fields": "A tale.", "file": ("lamp.md", story.encode())}
    card = (await world.member.submit_modal(modal, typed)).response
    assert "draft.txt" in [one.filename for one in card.attachments], "nobody approves what could not be read"
    await world.reviewer.click(card, label="Approve")
    lore = (await world.house.world.one("The Lamp")).thing
    assert isinstance(lore, Lore) and lore.text == f"A tale.\n\n{story}".strip()
    page = (await world.member.slash(here, "lore", text="The Lamp")).response
    assert (await page.attachments[0].read()).decode() == lore.text and "the whole text is attached" in text_of(page)


async def test_a_watch_is_told_once_to_its_asker_alone_who_may_still_read(charted: World) -> None:
    world, here = charted, charted.channel
    made_ = await world.member.slash(here, "watch", text="new systems near Oculi")
    assert made_.ephemeral and "Oculi" in text_of(made_.response)
    await world.reviewer.slash(here, "watch", text="new systems near Oculi")
    world.guild.remove_member(world.reviewer)
    oculi = (await world.house.world.one("Oculi", Kind.SYSTEM)).thing
    assert isinstance(oculi, System) and oculi.position is not None
    beside = oculi.position.model_copy(update={"z": oculi.position.z + 1})
    await world.house.world.put([System(name="Nearlight @everyone", position=beside)], HAVEN, "test")
    await world.house.watches.catch_up()
    await world.deliver()
    await world.bot.told.catch_up()
    [told] = [m for m in world.member.user.dm_channel.history() if "New for your watch" in text_of(m)]
    assert not here.history() and not world.reviewer.user.dm_channel.history()
    assert "Nearlight" in text_of(told) and "@everyone" not in text_of(told)
    listed = (await world.member.slash(here, "watch")).response
    assert "told of Nearlight" in text_of(listed)
    await world.env.restart_bot(world.build())
    ended = await world.member.click(listed, label="End")
    assert "nothing yet" in text_of(ended.response) and not buttons(ended.response)


async def test_watches_have_pages(charted: World) -> None:
    world, here = charted, charted.channel
    for number in range(10):
        await world.member.slash(here, "watch", text=f"new systems within {number + 2} of Oculi")
    listed = (await world.member.slash(here, "watch")).response
    assert list(buttons(listed)) == ["End", "▶"] and len(parts_of(listed)) <= 40
    later = (await world.member.click(listed, label="▶")).response
    assert "◀" in buttons(later) and sum(one.get("label") == "End" for one in parts_of(later)) == 2


async def test_of_a_long_queue_the_rest_is_named(world: World) -> None:
    await a_long_queue(world.house.drafts, world.house.database, 203)
    queue = (await world.reviewer.slash(world.channel, "approve")).response
    assert "Drafts (203)" in text_of(queue) and "page 1 of 26" in text_of(queue) and len(parts_of(queue)) <= 40
    assert buttons(queue)["▶"] and not buttons(queue)["◀"]
    await world.env.restart_bot(world.build())
    second = (await world.reviewer.click(queue, label="▶")).response
    assert "page 2 of 26" in text_of(second) and buttons(second)["◀"]


@pytest.mark.parametrize(
    "text", ["[a](http://x)[b](http://y)", "x [good](https://a.b): **c** [bank](https://d.e)", "[\\](a)"]
)
def test_no_word_of_anybody_is_a_link_that_hides_where_it_leads(text: str) -> None:
    shown = plain(text, 500)
    assert "](" not in shown and "**" not in shown and shown.replace("\\", "") == text.replace("\\", "")


def test_a_value_that_the_card_cuts_is_attached_whole() -> None:
    hidden = "_" * 82 + " Its mines are free for all; pay 500 to Mallory first"
    files = draft_files([Difference(record="system Pell", field="notes", before="", after=hidden)])
    assert len(files) == 1 and hidden.encode() in files[0].data
