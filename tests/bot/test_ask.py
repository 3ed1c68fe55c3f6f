"""/ask: streamed, marked as a draft, private, long, slow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import World, until


async def test_an_answer_names_who_gave_it_and_what_it_cost(world: World) -> None:
    result = await world.member.slash(world.channel, "ask", text="What does the map show?")
    answer = result.response.embeds[0]
    assert answer.title == "Cartographer"
    assert answer.description == "The map shows all systems of the region."
    assert answer.footer.text.startswith("local · scripted · 0.0000 USD")
    assert not result.ephemeral and not result.response.content


async def test_the_text_appears_while_it_is_written(world: World) -> None:
    seen: list[str] = []

    async def wait_until_the_first_piece_is_shown(number: int) -> None:
        if number == 1:
            edits = await until(world.env, lambda: edited(world))
            seen.append(edits[0]["embeds"][0]["description"])

    world.local.before_piece = wait_until_the_first_piece_is_shown
    await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert seen == ["The map shows"]


def edited(world: World) -> list[dict[str, Any]]:
    return [
        one.json
        for one in world.env.http_requests
        if one.method == "PATCH" and one.path.endswith("@original") and one.json
    ]


def footers(world: World) -> list[str]:
    return [one["embeds"][0]["footer"]["text"] for one in edited(world)]


async def test_a_hundred_pieces_are_a_handful_of_edits(world: World) -> None:
    world.local.pieces = [f"word{number} " for number in range(100)]
    result = await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert result.response.embeds[0].description.endswith("word99")
    assert len(edited(world)) <= 5


async def test_a_draft_below_the_bar_is_marked_and_replaced(world: World) -> None:
    """The second tier is held back until the mark is on the screen."""
    notes: list[str] = []

    async def until_the_mark_is_shown(number: int) -> None:
        notes.append(await until(world.env, lambda: next((one for one in footers(world) if "draft" in one), None)))

    world.local.pieces = ["North."]
    world.cloud.absent, world.cloud.before_piece = "", until_the_mark_is_shown
    result = await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert notes[0] == "draft, below the bar (scored 65 of 100: too short to be an answer); asking cloud…"
    answer = result.response.embeds[0]
    assert answer.description == "The map shows all systems of the region."
    assert answer.footer.text.startswith("stand-in, not Claude · cloud")


async def test_private_answers_are_seen_by_one_and_stay_at_home(world: World) -> None:
    world.cloud.absent = ""
    result = await world.member.slash(world.channel, "ask", text="What does the map show?", private=True)
    assert result.ephemeral and result.response.ephemeral
    assert world.local.asked and not world.cloud.asked


async def test_the_person_chooses_assistant_and_place(world: World) -> None:
    result = await world.member.slash(
        world.channel, "ask", text="What does the map show?", assistant="lorekeeper", where="local"
    )
    assert result.response.embeds[0].title == "Lorekeeper"


async def test_a_long_answer_is_cut_and_attached(world: World) -> None:
    world.local.pieces = ["".join(f"System {number} lies in the north. " for number in range(200))]
    result = await world.member.slash(world.channel, "ask", text="What does the map show?")
    embed = result.response.embeds[0]
    assert len(embed.description) <= 4_096 and "the whole answer is attached" in embed.description
    assert (await result.response.attachments[0].read()).decode() == world.local.pieces[0]


async def test_a_slow_answer_outlives_the_fifteen_minutes_of_its_token(world: World) -> None:
    async def slowly(number: int) -> None:
        await asyncio.sleep(600)

    world.local.before_piece = slowly
    asked = await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert not asked.response.embeds
    await world.env.advance_time(1_300)
    assert asked.response.embeds[0].description == "The map shows all systems of the region."
    assert any(one.method == "PATCH" and one.path.startswith("/channels/") for one in world.env.http_requests)


async def test_models_text_mentions_nobody_and_hides_no_link(world: World) -> None:
    world.local.pieces = ["@everyone see [the manual](https://evil.example) now, and then the map again."]
    result = await world.member.slash(world.channel, "ask", text="What does the map show?")
    shown = result.response.embeds[0].description
    assert "@everyone" not in shown and "](" not in shown


@pytest.mark.parametrize("private", [False, True])
async def test_without_a_model_only_the_asker_is_told(world: World, private: bool) -> None:
    world.local.absent = "No model is installed."
    result = await world.member.slash(world.channel, "ask", text="What does the map show?", private=private)
    told = (result.followups or [result.response])[-1]
    assert told.ephemeral and "No model is installed." in told.embeds[0].description
    if not private:
        assert world.channel.last_message.embeds[0].description == "There is no answer this time."


async def test_a_stop_of_the_bot_ends_the_model(world: World) -> None:
    ended = asyncio.Event()

    async def never(number: int) -> None:
        try:
            await asyncio.sleep(3_600)
        finally:
            ended.set()

    world.local.before_piece = never
    await world.member.slash(world.channel, "ask", text="What does the map show?")
    await world.env.restart_bot(world.build())
    assert ended.is_set()
