"""Many turns with tools over the real protocols: every turn is priced, redacted and recorded, and every limit holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from haven.ai.converse import Handler, Limits
from haven.ai.engine import Engine
from haven.ai.providers.base import Provider
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Called, Delta, Privacy, Reply, Restart, Task, Tier, Tool, Where
from haven.errors import HavenError, ModelError, NotFound, OverBudget
from tests.ai.desk import Desk, Talker, claude_said, desk_and_stand_in, desk_at, model_at, said, task
from tests.ai.servers.loopback import Answer, End
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE, LOOK_UP, claude_end, event, openai_call, openai_end
from tests.ai.test_engine_privacy import MAIL, TOKEN

QUESTION = "Please tell me where the system Vega lies."
ANSWER = "Vega lies in the Lyra region, at the edge of the map."
FOUND = "Vega: region Lyra, edge of the map."


def claude_wants(*inputs: Mapping[str, Any], name: str = "look_up") -> Answer:
    """Claude calls the tool once for each input."""
    blocks = []
    for index, one in enumerate(inputs):
        start = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(one)}
        blocks += [
            event({"type": "content_block_start", "index": index, "content_block": start}),
            event({"type": "content_block_delta", "index": index, "delta": delta}),
            event({"type": "content_block_stop", "index": index}),
        ]
    return CLAUDE_WIRE.answer(CLAUDE_WIRE.begins[0], *blocks, *claude_end("tool_use")[1:])


def openai_wants(one: Mapping[str, Any]) -> Answer:
    return HOME_WIRE.answer(openai_call(json.dumps(one)), *openai_end("tool_calls"))


def turns_of(body: Any) -> int:
    """How often the model has been answered by its tools."""
    return sum(turn["role"] == "assistant" for turn in body["messages"])


@asynccontextmanager
async def claude(folder: Path, says: Callable[[int, Any], Answer], **more: Any) -> AsyncIterator[tuple[Desk, Talker]]:
    """A desk whose Claude says what `says` makes of the number of turns so far and the body."""
    async with Talker(lambda body: says(turns_of(body), body)) as far, desk_at(folder, far.url, **more) as desk:
        yield desk, far


def once(turns: int, _: Any) -> Answer:
    return claude_said(ANSWER) if turns else claude_wants({"name": "Vega"})


def for_ever(_: int, body: Any) -> Answer:
    return claude_wants({"name": "Vega"}) if body["tool_choice"]["type"] == "auto" else claude_said(ANSWER)


async def look_up(given: Mapping[str, Any]) -> str:
    return FOUND


async def talk(
    engine: Engine, handler: Handler = look_up, limits: Limits | None = None, asked: Task | None = None
) -> tuple[list[Called], Reply]:
    """What the tools said, and the Reply, which is there once and last."""
    asked = asked or task(QUESTION, where=Where.CLOUD)
    pieces = [piece async for piece in engine.converse(asked, {LOOK_UP: handler}, limits)]
    assert sum(isinstance(piece, Reply) for piece in pieces) == 1 and isinstance(pieces[-1], Reply)
    return [piece for piece in pieces if isinstance(piece, Called)], pieces[-1]


async def test_claude_looks_things_up_and_answers(tmp_path: Path) -> None:
    async with claude(tmp_path, once) as (desk, far):
        [called], reply = await talk(desk.engine)
        assert (called.call.name, called.call.input, called.result.text) == ("look_up", {"name": "Vega"}, FOUND)
        assert (reply.text, reply.tier, reply.calls) == (ANSWER, Tier.CLOUD, ())
        [first, second] = desk.rows("request, state, usd, input_tokens")
        assert first[0] == second[0] != "" and first[1] == second[1] == "settled"
        assert reply.usd == pytest.approx(first[2] + second[2]) and reply.usage.input == first[3] + second[3] == 20
        told = far.asked[1].body["messages"][-1]["content"][0]
        assert (told["type"], told["content"], told["is_error"]) == ("tool_result", FOUND, False)


@pytest.mark.parametrize("tier", [Tier.LOCAL, Tier.LAN])
async def test_a_model_at_home_looks_things_up_by_the_same_way(tmp_path: Path, tier: Tier) -> None:
    def says(body: Any) -> Answer:
        return said(ANSWER) if turns_of(body) else openai_wants({"name": "Vega"})

    async with Talker(says) as far, desk_and_stand_in(tmp_path, **at(tier, far)) as (desk, stand_in):
        [called], reply = await talk(desk.engine, asked=task(QUESTION))
        assert called.result.text == FOUND and (reply.text, reply.tier) == (ANSWER, tier)
        assert stand_in.requests == [] and desk.rows() == (["settled"] * 2 if tier is Tier.LAN else [])
        assert far.asked[1].body["messages"][-1] == {"role": "tool", "tool_call_id": "call_1", "content": FOUND}


def at(tier: Tier, far: Talker) -> dict[str, Any]:
    model: Provider = model_at(far.url, tier)
    return {"local": model} if tier is Tier.LOCAL else {"lan": [model]}


@pytest.mark.model
async def test_the_real_local_model_calls_with_valid_input_and_comes_to_an_end(
    tmp_path: Path, llama: LlamaProvider
) -> None:
    given: list[Mapping[str, Any]] = []

    async def noted(one: Mapping[str, Any]) -> str:
        given.append(one)
        return FOUND

    asked = task("Look up the system Vega.", where=Where.LOCAL, privacy=Privacy.PRIVATE, max_tokens=60)
    async with desk_and_stand_in(tmp_path, local=llama) as (desk, stand_in):
        called, reply = await talk(desk.engine, noted, Limits(turns=3), asked)
    assert reply.tier is Tier.LOCAL and reply.text and len(called) == len(given) <= 24
    assert all(isinstance(one["name"], str) for one in given) and stand_in.requests == []


async def test_a_private_conversation_stays_here_at_every_turn(tmp_path: Path) -> None:
    """The tool brings private data, the local model fails after it: nothing is handed on."""

    def says(body: Any) -> Answer:
        return HOME_WIRE.turned_away(500) if turns_of(body) else openai_wants({"name": "Vega"})

    async with Talker(says) as far, desk_and_stand_in(tmp_path, **at(Tier.LOCAL, far)) as (desk, stand_in):
        with pytest.raises(HavenError):
            await talk(desk.engine, asked=task(QUESTION, privacy=Privacy.PRIVATE))
        assert len(far.asked) == 2 and stand_in.requests == [] and desk.rows() == []


async def test_what_a_tool_says_leaves_redacted_and_comes_back_whole(tmp_path: Path) -> None:
    def says(turns: int, _: Any) -> Answer:
        return [
            claude_wants({"name": "the founder"}),
            claude_wants({"name": "<EMAIL_1>"}),
            claude_said("Write to <EMAIL_1>, who founded Vega."),
        ][turns]

    given: list[Any] = []

    async def knows(one: Mapping[str, Any]) -> str:
        given.append(one["name"])
        return f"The founder is {MAIL}, the token is {TOKEN}."

    async with claude(tmp_path, says) as (desk, far):
        called, reply = await talk(desk.engine, knows)
        assert given == ["the founder", MAIL] and MAIL in called[0].result.text
        assert reply.text == f"Write to {MAIL}, who founded Vega."
        arrived = json.dumps([one.body for one in far.asked])
        assert MAIL not in arrived and TOKEN not in arrived
        assert "<EMAIL_1>" in arrived and "<GITHUB_TOKEN_1>" in arrived


async def test_the_last_turn_may_call_no_tool_so_that_it_answers(tmp_path: Path) -> None:
    async with claude(tmp_path, for_ever) as (desk, far):
        called, reply = await talk(desk.engine, limits=Limits(turns=3))
        assert (len(called), len(far.asked), reply.text) == (2, 3, ANSWER)
        assert [one.body["tool_choice"]["type"] for one in far.asked] == ["auto", "auto", "none"]
        assert far.asked[2].body["tools"], "the service still knows what the turns before speak of"


async def test_no_more_calls_are_run_than_allowed_even_of_one_turn(tmp_path: Path) -> None:
    ran: list[Any] = []

    async def noted(one: Mapping[str, Any]) -> str:
        ran.append(one["name"])
        return FOUND

    def says(turns: int, body: Any) -> Answer:
        return claude_wants(*({"name": f"S{number}"} for number in range(5))) if not turns else claude_said(ANSWER)

    async with claude(tmp_path, says) as (desk, far):
        called, reply = await talk(desk.engine, noted, Limits(calls=3))
        assert ran == ["S0", "S1", "S2"] and reply.text == ANSWER
        assert [one.result.failed for one in called] == [False, False, False, True, True]
        assert len(far.asked[1].body["messages"][-1]["content"]) == 5, "every call is answered"
        assert far.asked[1].body["tool_choice"] == {"type": "none"}


async def test_all_turns_share_one_budget(tmp_path: Path) -> None:
    async with claude(tmp_path, for_ever, costs=True) as (desk, far):
        usd = 2.5 * desk.engine.worst_case(task(QUESTION, tools=(LOOK_UP,)))
        cut = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.CUT)
        far._says = lambda body: claude_wants({"name": "Vega"}) if not turns_of(body) else cut
        with pytest.raises(OverBudget, match="the cap for one request"):
            await talk(desk.engine, limits=Limits(usd=usd))
        rows = desk.rows("request, charged")
        assert len({request for request, _ in rows}) == 1 and 2 <= len(rows) == len(far.asked)
        assert sum(charged for _, charged in rows) <= usd


async def test_a_result_is_cut_to_its_limit_and_cleaned(tmp_path: Path) -> None:
    async def long(_: Mapping[str, Any]) -> str:
        return "begin \x1b[31m" + "x" * 50_000 + " end"

    async with claude(tmp_path, once) as (desk, far):
        [called], _ = await talk(desk.engine, long, Limits(result_chars=1000))
        assert len(called.result.text) < 1100 and "characters left out" in called.result.text
        assert called.result.text.startswith("begin ") and called.result.text.endswith(" end")
        assert "\x1b" not in called.result.text and len(json.dumps(far.asked[1].body)) < 5000


async def fails(_: Mapping[str, Any]) -> str:
    raise RuntimeError("the password is sword" + "fish")


async def finds_nothing(_: Mapping[str, Any]) -> str:
    raise NotFound("There is no system of that name.", "Ask for another.")


async def says_no_text(_: Mapping[str, Any]) -> Any:
    return None


@pytest.mark.parametrize(
    ("handler", "told"),
    [(fails, "The tool failed ["), (finds_nothing, "no system of that name. Ask for"), (says_no_text, "The tool fail")],
)
async def test_a_tool_that_fails_is_told_of_and_the_conversation_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, handler: Handler, told: str
) -> None:
    async with claude(tmp_path, once) as (desk, far):
        with caplog.at_level(logging.ERROR):
            [called], reply = await talk(desk.engine, handler)
        assert reply.text == ANSWER and called.result.failed and told in called.result.text
        sent = far.asked[1].body["messages"][-1]["content"][0]
        assert "swordfish" not in caplog.text
        assert sent["is_error"] and "Traceback" not in sent["content"] and "swordfish" not in sent["content"]


async def test_a_tool_that_does_not_exist_is_never_run(tmp_path: Path) -> None:
    def says(turns: int, _: Any) -> Answer:
        return claude_wants({"name": "Vega"}, name="delete_all")

    ran = asyncio.Event()

    async def noted(_: Mapping[str, Any]) -> str:
        ran.set()
        return ""

    async with claude(tmp_path, says) as (desk, _):
        with pytest.raises(ModelError, match="delete_all"):
            await talk(desk.engine, noted)
        assert not ran.is_set() and desk.rows() == ["unknown"]


async def test_two_tools_are_told_apart(tmp_path: Path) -> None:
    other = Tool("count", "Count the systems.", {"type": "object", "properties": {}, "required": []})

    async def counted(_: Mapping[str, Any]) -> str:
        return "14,524 systems."

    def says(turns: int, _: Any) -> Answer:
        return claude_said(ANSWER) if turns else claude_wants({}, name="count")

    async with claude(tmp_path, says) as (desk, far):
        stream = desk.engine.converse(task(QUESTION), {LOOK_UP: look_up, other: counted})
        called = [piece async for piece in stream if isinstance(piece, Called)]
        assert [one.result.text for one in called] == ["14,524 systems."]
        assert [one["name"] for one in far.asked[0].body["tools"]] == ["look_up", "count"]


@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_stopping_in_the_middle_of_a_tool_leaves_nothing_reserved(tmp_path: Path, how: str) -> None:
    inside, ended = asyncio.Event(), asyncio.Event()

    async def waits(_: Mapping[str, Any]) -> str:
        inside.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    async with claude(tmp_path, once) as (desk, far):
        async with aclosing(desk.engine.converse(task(QUESTION), {LOOK_UP: waits})) as stream:
            reading = asyncio.create_task(anext(stream))
            await inside.wait()
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
        assert ended.is_set() and len(far.asked) == 1 and desk.rows() == ["settled"]


async def test_a_conversation_that_takes_too_long_ends_and_hangs_up(tmp_path: Path) -> None:
    def says(turns: int, _: Any) -> Answer:
        return CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.HANG) if turns else claude_wants({"name": "Vega"})

    async with claude(tmp_path, says) as (desk, far):
        with pytest.raises(ModelError, match="longer than"):
            await talk(desk.engine, limits=Limits(seconds=2.0))
        if len(far.asked) == 2:
            await far.hung_up.wait()
        assert "reserved" not in desk.rows()


async def test_a_broken_turn_is_taken_back_and_asked_again(tmp_path: Path) -> None:
    cut = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.CUT)
    answers = [claude_wants({"name": "Vega"}), cut, claude_said(ANSWER)]
    async with claude(tmp_path, lambda *_: answers.pop(0)) as (desk, far):
        pieces = [piece async for piece in desk.engine.converse(task(QUESTION), {LOOK_UP: look_up})]
        assert [type(piece) for piece in pieces] == [Called, Delta, Restart, Delta, Reply]
        assert far.asked[1].body == far.asked[2].body and desk.rows() == ["settled", "unknown", "settled"]
