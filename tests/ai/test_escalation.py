"""From one model to the next: mended once, then handed on, within one budget; the best reply comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haven.ai.engine import Piece
from haven.ai.memory import Memory
from haven.ai.policy import Policy
from haven.ai.task import Privacy, Reply, Restart, Task, Tier, Where
from haven.errors import CloudAway, ModelError, OverBudget, Unavailable
from haven.settings import Away, Routing
from tests.ai.desk import Desk, Talker, claude_said, desk_at, model_at, said, task
from tests.ai.servers.loopback import Answer, End, Loopback
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE

FACT = "The coal mine of Ilkesh was opened in 1912 by Olga Brandt. It has four shafts."
QUESTION = "Please explain the history of the coal mine of Ilkesh."
GOOD = "The coal mine of Ilkesh was opened in 1912 by Olga Brandt, and it has four shafts today."
MADE_UP = "The coal mine of Ilkesh was opened in 1847 by Olga Brandt."
"""Scored 65: a number that stands nowhere."""
WORSE = "Ilkesh, 1847."
"""Scored 30: it is too short as well."""
HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
SMALL_FIRST = Policy(small_model=HAIKU)
DOWN = CLAUDE_WIRE.turned_away(503)


def asked(**more: Any) -> Task:
    return task(QUESTION, material=(FACT,), **more)


@asynccontextmanager
async def desk_with(
    folder: Path,
    local: Sequence[str | Answer] = (),
    cloud: Sequence[str | Answer] = (GOOD,),
    lan: Sequence[str | Answer] = (),
    **more: Any,
) -> AsyncIterator[tuple[Desk, Loopback, Loopback, Loopback]]:
    """Servers that say this at every tier, one answer after the other; a tier without one is not there."""

    def server(answers: Sequence[str | Answer], write: Any) -> Loopback:
        return Loopback(*(write(one) if isinstance(one, str) else one for one in answers or (said(""),)))

    async with server(local, said) as home, server(lan, said) as next_door, server(cloud, claude_said) as claude:
        small = model_at(home.url) if local else None
        others = [model_at(next_door.url, Tier.LAN, "larger")] if lan else []
        async with desk_at(folder, claude.url, small, lan=others, **more) as desk:
            yield desk, home, next_door, claude
        if small is not None:
            await small.close()


def steps(pieces: Sequence[Piece]) -> list[tuple[Tier, str]]:
    """Where each Restart went."""
    return [(piece.next.tier, piece.next.model) for piece in pieces if isinstance(piece, Restart)]


def last(pieces: Sequence[Piece]) -> Reply:
    reply = pieces[-1]
    assert isinstance(reply, Reply)
    return reply


async def test_a_draft_below_the_mark_is_mended_once_where_it_was_made_and_then_handed_on(tmp_path: Path) -> None:
    async with desk_with(tmp_path, [MADE_UP]) as (desk, home, _, claude):
        pieces = await desk.pieces(asked())
        assert steps(pieces) == [(Tier.LOCAL, "scripted"), (Tier.CLOUD, SONNET)]
        assert (last(pieces).text, last(pieces).tier) == (GOOD, Tier.CLOUD)
        assert (len(home.asked), len(claude.asked)) == (2, 1)
        *_, draft, hint = home.asked[1].body["messages"]
        assert draft == {"role": "assistant", "content": MADE_UP} and "1847" in hint["content"]
        assert MADE_UP not in str(claude.asked[0].body), "the next model starts afresh"


async def test_a_draft_that_is_mended_well_goes_nowhere(tmp_path: Path) -> None:
    async with desk_with(tmp_path, [MADE_UP, GOOD]) as (desk, _, _, claude):
        pieces = await desk.pieces(asked())
        assert steps(pieces) == [(Tier.LOCAL, "scripted")]
        assert (last(pieces).text, last(pieces).tier, claude.asked, desk.rows()) == (GOOD, Tier.LOCAL, [], [])


async def test_the_best_reply_comes_back_with_its_score_whichever_it_was(tmp_path: Path) -> None:
    async with desk_with(tmp_path, [MADE_UP, WORSE], [WORSE]) as (desk, *_):
        reply = await desk.engine.complete(asked())
        assert (reply.text, reply.tier, reply.score) == (MADE_UP, Tier.LOCAL, 65)
        assert "1847" in reply.score_reasons[0]
        assert reply.usd > 0, "what the whole request cost"


async def test_the_small_cloud_model_is_asked_first_and_then_the_large_one(tmp_path: Path) -> None:
    async with desk_with(tmp_path, cloud=[MADE_UP, GOOD], policy=SMALL_FIRST) as (desk, _, _, claude):
        pieces = await desk.pieces(asked())
        assert steps(pieces) == [(Tier.CLOUD, SONNET)] and last(pieces).text == GOOD
        assert [request.body["model"] for request in claude.asked] == [HAIKU, SONNET]
        assert last(pieces).usd == pytest.approx(sum(desk.rows("usd")))


async def test_the_large_models_word_is_not_replaced_by_the_small_ones(tmp_path: Path) -> None:
    async with desk_with(tmp_path, [MADE_UP], [MADE_UP, GOOD], policy=SMALL_FIRST) as (desk, _, _, claude):
        reply = await desk.engine.complete(asked(where=Where.CLOUD))
        assert (reply.text, reply.score) == (MADE_UP, 65)
        assert [request.body["model"] for request in claude.asked] == [SONNET]


async def test_the_small_model_stands_in_for_the_large_one_that_is_out_of_reach(tmp_path: Path) -> None:
    down: list[str | Answer] = [CLAUDE_WIRE.turned_away(404), GOOD]
    async with desk_with(tmp_path, cloud=down, policy=SMALL_FIRST, attempts=1) as (desk, _, _, claude):
        assert (await desk.engine.complete(asked(where=Where.CLOUD))).text == GOOD
        assert [request.body["model"] for request in claude.asked] == [SONNET, HAIKU]


@pytest.mark.parametrize("failing", [HOME_WIRE.turned_away(500), WORSE], ids=["down", "below the mark"])
async def test_the_local_model_stands_in_for_the_host_at_home(tmp_path: Path, failing: str | Answer) -> None:
    policy = Policy(lan_only=True)
    async with desk_with(tmp_path, [GOOD], [DOWN], [failing], policy=policy) as (desk, _, next_door, _):
        pieces = await desk.pieces(asked(where=Where.LAN))
        assert (last(pieces).text, last(pieces).tier) == (GOOD, Tier.LOCAL)
        assert steps(pieces) == [(Tier.LOCAL, "scripted")] and len(next_door.asked) == 1


async def test_what_goes_to_a_host_at_home_is_recorded_and_costs_nothing(tmp_path: Path) -> None:
    async with desk_with(tmp_path, lan=[GOOD], monthly_usd=0.0) as (desk, *_):
        reply = await desk.engine.complete(asked())
        assert (reply.tier, reply.usd) == (Tier.LAN, 0.0)
        assert desk.rows("tier, state, model, stand_in") == [("lan", "settled", "larger", 0)]


async def test_after_so_many_failures_the_next_person_is_told_without_a_call(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"attempts": 1, "breaker_failures": 3, "breaker_s": 900.0}
    async with desk_with(tmp_path, cloud=[DOWN], **limits) as (desk, _, _, claude):
        for _ in range(3):
            with pytest.raises(Unavailable):
                await desk.engine.complete(asked())
        with pytest.raises(Unavailable, match="failed 3 times in a row") as caught:
            await desk.engine.complete(asked())
        assert caught.value.retry and caught.value.after is not None and 0 < caught.value.after <= 900
        assert len(claude.asked) == len(desk.rows()) == 3


async def test_a_cloud_that_is_left_alone_may_be_waited_for_like_one_that_is_down(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"attempts": 1, "breaker_failures": 1, "breaker_s": 900.0}
    async with desk_with(tmp_path, [WORSE], [DOWN, GOOD], **limits) as (desk, _, _, claude):
        for _ in range(2):
            with pytest.raises(CloudAway) as caught:
                await desk.engine.complete(asked())
            assert isinstance(caught.value.draft, Reply) and caught.value.draft.text == WORSE
        assert caught.value.ask == "ask" and len(claude.asked) == 1
        route = await desk.engine.route(asked())
        assert any("left alone" in reason for reason in route.reasons)


@pytest.mark.parametrize("where", [Where.CLOUD, Where.AUTO])
async def test_the_settings_may_answer_for_the_person(tmp_path: Path, where: Where) -> None:
    at_home = Policy(Routing(away=Away.LOCAL))
    async with desk_with(tmp_path, [WORSE], [DOWN], policy=at_home, attempts=1) as (desk, *_):
        reply = await desk.engine.complete(asked(where=where))
        assert (reply.text, reply.tier) == (WORSE, Tier.LOCAL)
        assert any("overloaded" in reason for reason in reply.route.reasons), "the reply says why it was the local one"


async def test_background_work_asks_nobody(tmp_path: Path) -> None:
    async with desk_with(tmp_path, [WORSE], [DOWN], attempts=1) as (desk, *_):
        assert (await desk.engine.complete(asked(background=True))).tier is Tier.LOCAL


async def test_a_minute_has_room_for_so_many_requests_alone(tmp_path: Path) -> None:
    async with desk_with(tmp_path, requests_per_minute=9) as (desk, _, _, claude):
        asking = [desk.engine.complete(asked()) for _ in range(8)]
        ended = await asyncio.gather(*asking, return_exceptions=True)
        refused = [one for one in ended if isinstance(one, Unavailable)]
        assert (len(claude.asked), len(refused)) == (3, 5)
        assert "3 times within a minute for one person" in str(refused[0]) and (refused[0].after or 0) > 10
        await desk.engine.complete(asked(principal=replace(asked().principal, id="discord:99")))
        assert len(claude.asked) == 4, "others have their own share"


async def test_one_limit_holds_for_all_calls_of_a_request(tmp_path: Path) -> None:
    """Retries that stay charged, then the next model: together they never pass what the request may cost."""
    cut = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.CUT)
    many: dict[str, Any] = {"attempts": 4, "breaker_failures": 99}
    async with desk_with(tmp_path, cloud=[cut], costs=True, policy=SMALL_FIRST, **many) as (desk, _, _, claude):
        limit = 2.5 * desk.engine.worst_case(asked())
        with pytest.raises(OverBudget, match="the cap for one request"):
            await desk.engine.complete(asked(max_usd=limit))
        rows = desk.rows("request, model, charged")
        assert len({request for request, *_ in rows}) == 1
        assert [model for _, model, _ in rows] == [HAIKU] * 4 + [SONNET] * 2 and len(claude.asked) == 6
        assert sum(charged for *_, charged in rows) <= limit
        assert (await desk.ledger.spent_today()) == pytest.approx(sum(charged for *_, charged in rows))


async def test_a_failure_of_every_model_is_one_sentence(tmp_path: Path) -> None:
    refusal = HOME_WIRE.turned_away(400)
    async with desk_with(tmp_path, [refusal], [CLAUDE_WIRE.turned_away(400)]) as (desk, *_):
        with pytest.raises(ModelError) as caught:
            await desk.engine.complete(asked())
        assert str(caught.value).count("\n") == 0 and str(caught.value)[0].isupper()


UNSURE = "Help me decide between two bases."


@asynccontextmanager
async def asked_how_hard(folder: Path, word: Answer) -> AsyncIterator[tuple[Desk, list[str]]]:
    """A desk whose local model says this of how hard a request is, and the questions that it was asked about."""
    about: list[str] = []

    def says(body: Any) -> Answer:
        if "response_format" not in body:
            return said(GOOD)
        about.append(body["messages"][-1]["content"])
        return word

    async with Talker(says) as home, Loopback(claude_said(GOOD)) as far:
        local = model_at(home.url)
        async with desk_at(folder, far.url, local, memory=lambda _: Memory()) as desk:
            yield desk, about
        await local.close()


@pytest.mark.parametrize(("word", "level"), [("complex", "medium"), ("simple", "simple")])
async def test_where_the_rules_are_unsure_the_local_model_has_a_word(tmp_path: Path, word: str, level: str) -> None:
    async with asked_how_hard(tmp_path, said(f'{{"level": "{word}"}}')) as (desk, about):
        judged = await desk.engine.judge(task(UNSURE))
        assert judged.complexity == level and f"the local model finds it {word}" in judged.reasons
        assert len(about) == 1 and UNSURE in about[0]
        assert (await desk.engine.route(task(UNSURE))).hybrid == (level == "medium")
        before = len(about)
        for bound in ({"privacy": Privacy.PRIVATE}, {"where": Where.CLOUD}, {"kind": "title"}):
            await desk.engine.judge(task(UNSURE, **bound))
        assert (await desk.engine.judge(task("What is the Round Table?"))).sure
        assert len(about) == before, "nobody is asked where the answer would change nothing"


@pytest.mark.parametrize("word", [said("no idea"), said("[]"), HOME_WIRE.turned_away(500)])
async def test_without_a_clear_word_the_rules_stand(tmp_path: Path, word: Answer) -> None:
    async with asked_how_hard(tmp_path, word) as (desk, _):
        judged = await desk.engine.judge(task(UNSURE))
        assert judged.complexity == "simple" and not judged.sure
        assert not any("local model" in reason for reason in judged.reasons)


@pytest.mark.parametrize("turns", range(0, 240, 12))
async def test_stopping_at_any_moment_leaves_no_call_without_an_end(tmp_path: Path, turns: int) -> None:
    async with desk_with(tmp_path, cloud=[GOOD]) as (desk, *_):
        asking = asyncio.create_task(desk.engine.complete(asked()))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await desk.ledger.spent_today()
        assert "reserved" not in desk.rows()
