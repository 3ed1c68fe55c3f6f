"""The engine from task to reply: real Claude client and stand-in over HTTP, real ledger, real local model."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from haven.ai.engine import MAX_TASK_CHARS, TOO_HARD, Piece
from haven.ai.memory import Memory
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Delta, Reply, Restart, Tier, Tool, Where
from haven.demo.stand_in import Fault, FaultKind
from haven.errors import AccessDenied, BadInput, ModelError, Unavailable
from haven.store.database import opened
from haven.store.ledger import sent
from tests.ai.claude_by_hand import claude_by_hand
from tests.ai.desk import (
    PANEL,
    QUESTION,
    STRANGER,
    Talker,
    broken_model,
    desk_and_stand_in,
    desk_at,
    model_at,
    said,
    task,
)


def last_reply(pieces: Sequence[Piece]) -> Reply:
    """The Reply is there once, and nothing comes after it."""
    reply = pieces[-1]
    assert isinstance(reply, Reply) and sum(isinstance(piece, Reply) for piece in pieces) == 1
    return reply


def streamed(pieces: Sequence[Piece]) -> str:
    """What stands on a screen at the end: a Restart wipes what was there."""
    text = ""
    for piece in pieces:
        text = "" if isinstance(piece, Restart) else text + (piece.text if isinstance(piece, Delta) else "")
    return text


async def test_the_stream_is_the_reply_and_ends_with_it(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path) as (desk, _):
        pieces = await desk.pieces(task())
        reply = last_reply(pieces)
        assert streamed(pieces) == reply.text and reply.text.startswith("[stand-in, not Claude]")
        assert (reply.tier, reply.stand_in, reply.score) == (Tier.CLOUD, True, 100)
        assert any("local: it is not configured" in reason for reason in reply.route.reasons)
        assert desk.rows("state, outcome, usd > 0, input_tokens > 0") == [("settled", "ok", 1, 1)]


async def test_the_row_is_on_the_disk_before_the_call_arrives(tmp_path: Path) -> None:
    hang = Fault(FaultKind.HANG)
    async with desk_and_stand_in(tmp_path, [hang]) as (desk, stand_in):
        asking = asyncio.create_task(desk.engine.complete(task(change="abc123", round=2)))
        await hang.reached.wait()
        columns = "state, principal, purpose, recipient, model, change_id, round, worst_usd > 0, usd"
        [row] = desk.rows(columns)
        who = ("discord:7", "a test asks", "stand-in, not Claude", "claude-sonnet-5-5")
        assert row == ("reserved", *who, "abc123", 2, 1, None)
        async with opened(desk.file) as database:
            assert await sent(database, 1) == f"[user]\n{QUESTION}"
        assert stand_in.requests[0]["messages"] == [{"role": "user", "content": QUESTION}]
        hang.release.set()
        await asking
        assert desk.rows() == ["settled"]


async def test_each_retry_is_a_reservation_of_its_own_and_obeys_the_wait_that_was_named(tmp_path: Path) -> None:
    faults = [Fault(FaultKind.RATE_LIMIT, retry_after_s=7.5), Fault(FaultKind.SERVER_ERROR, retry_after_s=3)]
    async with desk_and_stand_in(tmp_path, faults) as (desk, stand_in):
        assert (await desk.engine.complete(task())).tier is Tier.CLOUD
        assert desk.pauses == [7.5, 3.0] and len(stand_in.requests) == 3
        assert desk.rows("state, usd > 0") == [("settled", 0), ("settled", 0), ("settled", 1)], "refused calls are free"


async def test_a_long_wait_is_handed_to_the_caller(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path, [Fault(FaultKind.RATE_LIMIT, retry_after_s=60)]) as (desk, stand_in):
        with pytest.raises(Unavailable) as caught:
            await desk.engine.complete(task())
        assert (caught.value.after, desk.pauses, len(stand_in.requests)) == (60.0, [], 1)


async def test_attempts_end(tmp_path: Path) -> None:
    faults = [Fault(FaultKind.OVERLOADED, retry_after_s=0)] * 9
    async with desk_and_stand_in(tmp_path, faults, attempts=3) as (desk, stand_in):
        with pytest.raises(Unavailable):
            await desk.engine.complete(task())
        assert len(stand_in.requests) == len(desk.rows()) == 3


async def test_a_key_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path, [Fault(FaultKind.UNAUTHORIZED)] * 3) as (desk, stand_in):
        with pytest.raises(Unavailable, match="key"):
            await desk.engine.complete(task())
        assert len(stand_in.requests) == 1 and desk.pauses == []


async def test_text_that_broke_off_is_taken_back_before_it_comes_again(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path, [Fault(FaultKind.CUT)]) as (desk, _):
        pieces = await desk.pieces(task())
        assert [piece.next.tier for piece in pieces if isinstance(piece, Restart)] == [Tier.CLOUD]
        assert streamed(pieces) == last_reply(pieces).text
        assert desk.rows("state, usd")[0] == ("unknown", None), "a broken call stays charged at its worst"


async def test_closing_the_stream_hangs_up_and_settles_the_row(tmp_path: Path) -> None:
    async with claude_by_hand("Once ", "upon ", hold=True) as far, desk_at(tmp_path, far.url) as desk:
        stream = desk.engine.stream(task())
        assert isinstance(await anext(stream), Delta)
        assert desk.rows() == ["reserved"]
        await stream.aclose()
        await far.hung_up.wait()
        assert desk.rows("state, outcome") == [("unknown", "stopped before its end")]


async def test_cancelling_the_task_hangs_up_and_settles_the_row(tmp_path: Path) -> None:
    async with claude_by_hand("Once ", hold=True) as far, desk_at(tmp_path, far.url) as desk:
        heard = asyncio.Event()

        async def listen() -> None:
            async for _ in desk.engine.stream(task()):
                heard.set()

        listening = asyncio.create_task(listen())
        await heard.wait()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await far.hung_up.wait()
        assert desk.rows() == ["unknown"]


async def test_no_provider_but_a_stand_in_is_called_where_the_cloud_is_off(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path, stand_in=False) as (desk, stand_in):
        with pytest.raises(Unavailable, match="switched off"):
            await desk.engine.complete(task(where=Where.CLOUD))
        assert stand_in.requests == [] and desk.rows() == []


@pytest.mark.parametrize("text", ["", "x" * (MAX_TASK_CHARS + 1)])
async def test_nothing_and_far_too_much_are_not_asked(tmp_path: Path, text: str) -> None:
    async with desk_and_stand_in(tmp_path) as (desk, stand_in):
        with pytest.raises(BadInput):
            await desk.engine.complete(task(text))
        assert stand_in.requests == []


async def test_a_stranger_is_refused_before_anything_is_tried(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path, local=broken_model(tmp_path)) as (desk, stand_in):
        with pytest.raises(AccessDenied, match="Sam"):
            await desk.engine.complete(task(principal=STRANGER))
        assert stand_in.requests == [] and desk.rows() == []


async def test_the_panel_reaches_the_cloud_with_its_pin_alone(tmp_path: Path) -> None:
    local = broken_model(tmp_path)
    async with desk_and_stand_in(tmp_path, local=local) as (desk, stand_in):
        for where in Where:
            with pytest.raises((Unavailable, ModelError)):
                await desk.engine.complete(task(principal=PANEL, where=where))
        assert stand_in.requests == [] and "PIN" in " ".join((await desk.engine.route(task(principal=PANEL))).reasons)
        reply = await desk.engine.complete(task(principal=PANEL.with_pin(), where=Where.CLOUD))
        assert reply.tier is Tier.CLOUD
    await local.close()


async def test_a_local_model_that_fails_gives_way_and_its_failure_is_told(tmp_path: Path) -> None:
    local = broken_model(tmp_path)
    async with desk_and_stand_in(tmp_path, local=local) as (desk, _):
        pieces = await desk.pieces(task())
        [restart] = [piece for piece in pieces if isinstance(piece, Restart)]
        assert "damaged" in restart.reason and restart.next.tier is Tier.CLOUD
        reply = last_reply(pieces)
        assert reply.tier is Tier.CLOUD and any("damaged" in reason for reason in reply.route.reasons)
    await local.close()


@pytest.mark.model
async def test_a_low_score_restarts_in_the_cloud_and_then_replies(tmp_path: Path, llama: LlamaProvider) -> None:
    async with desk_and_stand_in(tmp_path, local=llama) as (desk, _):
        pieces = await desk.pieces(task(max_tokens=2))  # two tokens are no answer
        kinds = [type(piece) for piece in pieces]
        restart = pieces[kinds.index(Restart)]
        assert isinstance(restart, Restart) and "too short" in restart.reason and Delta in kinds[: kinds.index(Restart)]
        assert last_reply(pieces).tier is Tier.CLOUD and streamed(pieces) == last_reply(pieces).text


@pytest.mark.model
async def test_a_low_score_is_kept_where_the_cloud_fails(tmp_path: Path, llama: LlamaProvider) -> None:
    async with desk_and_stand_in(tmp_path, [Fault(FaultKind.UNAUTHORIZED)], llama) as (desk, _):
        reply = last_reply(await desk.pieces(task(max_tokens=2)))
        assert reply.tier is Tier.LOCAL and reply.score < 70
        assert any("key" in reason for reason in reply.route.reasons)


@pytest.mark.model
async def test_the_clouds_short_answer_is_not_replaced_by_a_small_model(tmp_path: Path, llama: LlamaProvider) -> None:
    async with claude_by_hand("Yes.") as far, desk_at(tmp_path, far.url, llama) as desk:
        pieces = await desk.pieces(task(where=Where.CLOUD))
        assert (last_reply(pieces).text, streamed(pieces)) == ("Yes.", "Yes.")


@pytest.mark.model
async def test_a_good_local_answer_costs_nothing(tmp_path: Path, llama: LlamaProvider) -> None:
    async with desk_and_stand_in(tmp_path, local=llama) as (desk, stand_in):
        pieces = await desk.pieces(task("Say in one sentence what a star is.", max_tokens=60))
        reply = last_reply(pieces)
        assert (reply.tier, reply.usd, desk.rows(), stand_in.requests) == (Tier.LOCAL, 0.0, [], [])


async def test_the_worst_case_is_never_below_what_the_call_then_costs(tmp_path: Path) -> None:
    tool = Tool("propose_edits", "Propose.", {"type": "object", "properties": {}, "required": []})
    async with desk_and_stand_in(tmp_path) as (desk, _):
        for asked in (task(), task("a@b.co " * 500), task(tool=tool), task(system=("Rules. " * 900,))):
            estimate = desk.engine.worst_case(asked)
            reply = await desk.engine.complete(asked)
            assert reply.usd <= desk.rows("worst_usd")[-1] and reply.usd <= estimate


async def test_a_small_models_word_on_a_hard_question_is_below_the_bar_and_says_why(tmp_path: Path) -> None:
    async with Talker(lambda _: said("Nobody knows what the lines of the map mean, and that is all there is.")) as home:
        model = model_at(home.url)
        hard = "Design a distributed architecture for a thousand star maps and prove that it never loses a system."
        async with desk_at(tmp_path, "http://127.0.0.1:9", model, memory=lambda _: Memory()) as desk:
            reply = await desk.engine.complete(task(hard, where=Where.LOCAL))
            assert reply.score < 70 and TOO_HARD in reply.score_reasons
        await model.close()
