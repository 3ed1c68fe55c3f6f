"""/ask: streamed, marked as a draft, private, long, slow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.paging import laid_out

from .conftest import World, buttons, shown_to, text_of, until

INSTEAD = "Ask the stand-in instead"


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


async def test_a_long_answer_has_pages_for_everybody_who_may_read(world: World) -> None:
    world.cloud.absent = ""
    world.local.pieces = [text := "".join(f"System {number} lies in the north. " for number in range(200))]
    result = await world.member.slash(world.channel, "ask", text="What does the map show?")
    shown = result.response
    assert (await shown.attachments[0].read()).decode() == text, "the whole text goes along"
    assert buttons(shown) == {"◀": False, "1/3": False, "▶": True, "👍": True, "👎": True, INSTEAD: True}
    read = [shown.embeds[0].description]
    await world.env.restart_bot(world.build())
    for who, here in ((world.reviewer, "2/3"), (world.member, "3/3")):
        shown = (await who.click(shown, label="▶")).response
        assert here in buttons(shown) and shown.embeds[0].footer.text.startswith("local · scripted")
        read.append(shown.embeds[0].description)
    assert " ".join(read) == text.strip() and not buttons(shown)["▶"]
    refused = shown_to(await world.stranger.click(shown, label="◀"))
    assert refused.ephemeral and "may not" in text_of(refused)
    await world.member.click(shown, label=INSTEAD)
    first = next(one for one in world.channel.history() if one.id == shown.id)
    assert INSTEAD not in buttons(first) and buttons(first)["◀"] and "3/3" in buttons(first)
    shown = (await world.member.click(first, label="◀")).response
    assert shown.embeds[0].description == read[1] and len(shown.attachments) == 1


async def test_a_private_answer_has_pages_too_and_is_kept_nowhere(world: World) -> None:
    world.local.pieces = ["".join(f"Secret {number} lies in the north. " for number in range(120))]
    shown = (await world.member.slash(world.channel, "ask", text="What does the map show?", private=True)).response
    first = shown.embeds[0].description
    second = (await world.member.click(shown, label="▶")).response
    assert second.ephemeral and "2/2" in buttons(second)
    assert first.startswith("Secret 0 ") and second.embeds[0].description.endswith("Secret 119 lies in the north.")
    tables = [row[0] for row in await world.house.database.rows("select name from sqlite_master where type = 'table'")]
    for table in tables:
        rows = await world.house.database.rows(f'select * from "{table}"')
        assert not [row for row in rows if "Secret 7 lies" in str(tuple(row))], table


async def test_long_code_goes_to_a_file_of_its_kind(world: World) -> None:
    code = "\n".join(f"print({number})" for number in range(20))
    world.local.pieces = [f"The script of the map:\n```python\n{code}\n```\nRun it with:\n```sh\npython map.py\n```"]
    shown = (await world.member.slash(world.channel, "ask", text="What does the map show?")).response
    assert "📎 `answer-1.py`" in shown.embeds[0].description and "```sh\npython map.py" in shown.embeds[0].description
    [file] = shown.attachments
    assert file.filename == "answer-1.py" and (await file.read()).decode() == code + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "A word of it. " * 900,
        "x" * 9_000,
        "Start\n```py\n" + "x = 1  # a line\n" * 14 + "```\n" + "end\n" * 1_500,
        "```\n" + "never closed\n" * 500,
        "```x```` ```\n" * 800,
        "](" * 3_000 + "@everyone " * 400,
        "```" + "a" * 5_000 + "\n" + "b\n" * 3_000,
        "~~~json\n" + '{"a": 1}\n' * 20 + "~~~\n" + "```py\nx\n```\n" * 300,
        "",
    ],
    ids=range(9),
)
def test_pages_and_files_hold_all_of_a_text_and_fit(text: str) -> None:
    laid = laid_out(text)
    assert laid.pages and all(len(page) <= 4_096 for page in laid.pages) and len(laid.files) <= 8
    for page in laid.pages[:-1]:
        assert page.count("```") % 2 == 0 or "```" * 2 in page, page[-80:]
    words = "".join([*laid.pages, *(one.data.decode() for one in laid.files)])
    for letter in set(text) - set("` \n~@]("):
        assert words.count(letter) >= text.count(letter), letter


async def test_a_slow_answer_outlives_the_fifteen_minutes_of_its_token(world: World) -> None:
    async def slowly(number: int) -> None:
        await asyncio.sleep(600)

    world.local.before_piece = slowly
    asked = await world.member.slash(world.channel, "ask", text="What does the map show?")
    assert not asked.response.embeds
    await world.env.advance_time(1_300)
    assert asked.response.embeds[0].description == "The map shows all systems of the region."
    assert any(one.method == "PATCH" and one.path.startswith("/channels/") for one in world.env.http_requests)


async def test_a_stream_goes_on_in_the_same_message_when_its_token_dies(world: World) -> None:
    async def slowly(number: int) -> None:
        await asyncio.sleep(300)

    world.local.before_piece, world.local.pieces = slowly, [f"System {number} is near. " for number in range(6)]
    await world.member.slash(world.channel, "ask", text="What does the map show?")
    await world.env.advance_time(2_000)
    sent = [one for one in world.env.http_requests if one.method == "PATCH" and isinstance(one.json, dict)]
    drawn = [(one.path.startswith("/channels/"), one.json["embeds"][0]["description"]) for one in sent]
    assert [text for _, text in drawn] == sorted((text for _, text in drawn), key=len), "none is overtaken"
    assert drawn[0][0] is False and drawn[-1] == (True, "".join(world.local.pieces).strip())
    assert len([one for one in world.channel.history() if one.embeds]) == 1, "in one message"


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
    assert told.ephemeral and "No model is installed." in text_of(told)
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
