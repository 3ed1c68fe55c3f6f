"""Claude through the real SDK, against the stand-in. Tools: test_anthropic_tools; the faults of a wire: servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Call, Finish
from haven.ai.task import Delta, Tier, Tool, Turn
from haven.demo.stand_in import Fault, FaultKind, StandIn
from haven.errors import HavenError, ModelError, SettingsError, Unavailable
from tests.ai.servers.loopback import Answer, End, Loopback
from tests.ai.servers.wires import CLAUDE_WIRE, claude_block, gather

MODEL = "claude-sonnet-5-5"
KEY = "a-key-that-nobody-has"
TOOL = Tool(
    "propose_edits",
    "Propose the edits.",
    {
        "type": "object",
        "properties": {
            "summary": {"type": "string", "maxLength": 200},
            "edits": {"type": "array", "items": {"type": "object", "properties": {"to": {"type": ["string", "null"]}}}},
        },
        "required": ["summary", "edits"],
    },
)
PNG = "<request>\nAdd a button in the map viewer to export the current map as PNG\n</request>"


def change(words: str = PNG) -> Call:
    return Call((Turn("user", words),), ("The rules. " * 300, "The files. " * 300), 16000, tool=TOOL)


def question(words: str = "What is the Round Table?", max_tokens: int = 300) -> Call:
    return Call((Turn("user", words),), (), max_tokens)


@contextlib.asynccontextmanager
async def provider_at(base_url: str, timeout_s: float = 20.0, key: str = KEY) -> AsyncIterator[AnthropicProvider]:
    provider = AnthropicProvider(key, model=MODEL, base_url=base_url, timeout_s=timeout_s)
    try:
        yield provider
    finally:
        await provider.close()


async def with_faults(faults: Sequence[Fault | None], call: Call) -> tuple[str, Finish]:
    async with StandIn(faults) as stand_in, provider_at(stand_in.base_url) as provider:
        return await gather(provider, call)


async def test_a_text_is_streamed_in_pieces_and_finished_once() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        pieces = [piece async for piece in provider.generate(question())]
    assert len(pieces) > 10
    text, finish = "".join(piece.text for piece in pieces[:-1] if isinstance(piece, Delta)), pieces[-1]
    assert isinstance(finish, Finish)
    assert (finish.text, finish.stop, finish.model) == (text, "end", MODEL)
    assert text.startswith("[stand-in, not Claude] The Round Table is where every request")
    assert finish.usage.input > 0 and finish.usage.output > 10


async def test_edits_come_as_the_input_of_the_tool() -> None:
    text, finish = await with_faults([], change())
    assert finish.stop == "tool"
    assert finish.data["summary"].startswith("[stand-in, not Claude]") and text.startswith("[stand-in, not Claude]")
    assert {edit["path"] for edit in finish.data["edits"]} >= {"atlas/png.py", "atlas/viewer.py"}


async def test_the_request_is_what_the_newest_models_accept() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        await gather(provider, change())
        await gather(provider, question())
    first, second = stand_in.requests
    assert "temperature" not in first and first["stream"] is True
    assert first["tool_choice"]["type"] == "auto"  # a forced tool is an error 400
    [tool] = first["tools"]
    assert tool["strict"] is True
    assert tool["input_schema"]["additionalProperties"] is False
    assert "maxLength" not in tool["input_schema"]["properties"]["summary"]  # strict schemas refuse it
    edit = tool["input_schema"]["properties"]["edits"]["items"]
    assert edit["properties"]["to"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert [block["cache_control"] for block in first["system"]] == [{"type": "ephemeral"}] * 2
    assert second["output_config"] == {"effort": "low"}  # thinking must not eat a short answer's tokens


async def test_more_parts_than_cache_marks_are_sent_with_four_marks_and_empty_ones_left_out() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        await gather(provider, Call((Turn("user", "Who are you?"),), ("a", " ", "b", "c", "d", "e"), 300))
    marked = ["cache_control" in block for block in stand_in.requests[0]["system"]]
    assert marked == [False, True, True, True, True]


async def test_the_same_prefix_is_written_to_the_cache_once_and_read_afterwards() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        _, first = await gather(provider, change())
        _, second = await gather(provider, change(PNG + '<instruction>call it "Save"</instruction>'))
    assert first.usage.cache_write > 1000 and first.usage.cache_read == 0
    assert second.usage.cache_read == first.usage.cache_write and second.usage.cache_write == 0


async def test_a_reply_by_schema_is_parsed_or_refused() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        with pytest.raises(ModelError, match="not valid JSON"):
            await gather(provider, Call((Turn("user", "A title, please"),), (), 300, schema=schema))
    assert stand_in.requests[0]["output_config"]["format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        (FaultKind.CUT, Unavailable, "broke before"),
        (FaultKind.BROKEN_JSON, ModelError, "not valid JSON"),
        (FaultKind.REFUSAL, ModelError, "refused"),
        (FaultKind.MAX_TOKENS, ModelError, "cut off at 16000"),
        (FaultKind.NO_STOP_REASON, ModelError, "cut off before"),
        (FaultKind.SERVER_ERROR, Unavailable, "overloaded or has a fault"),
        (FaultKind.OVERLOADED, Unavailable, "overloaded or has a fault"),
        (FaultKind.UNAUTHORIZED, Unavailable, "does not accept the Claude key"),
    ],
)
async def test_each_fault_is_one_sentence(kind: FaultKind, error: type[HavenError], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        await with_faults([Fault(kind)], change())
    assert caught.value.mend
    if isinstance(caught.value, Unavailable):
        assert caught.value.retry is (kind is not FaultKind.UNAUTHORIZED)


@pytest.mark.parametrize(("asked", "believed"), [(7.5, 7.5), (1e9, 3600.0), (0, 0.0)])
async def test_a_rate_limit_names_the_wait_and_a_year_is_not_believed(asked: float, believed: float) -> None:
    with pytest.raises(Unavailable, match="rate limit") as caught:
        await with_faults([Fault(FaultKind.RATE_LIMIT, retry_after_s=asked)], question())
    assert (caught.value.retry, caught.value.after) == (True, believed)


@pytest.mark.parametrize("kind", [FaultKind.OVERLOADED, FaultKind.CUT, FaultKind.RATE_LIMIT])
async def test_the_provider_never_calls_again_by_itself(kind: FaultKind) -> None:
    async with StandIn([Fault(kind)]) as stand_in, provider_at(stand_in.base_url) as provider:
        with pytest.raises(Unavailable):
            await gather(provider, change())
        assert len(stand_in.requests) == 1
        assert (await gather(provider, change()))[1].stop == "tool"  # and it is usable afterwards


async def test_a_text_cut_at_its_limit_is_kept_and_marked() -> None:
    text, finish = await with_faults([Fault(FaultKind.MAX_TOKENS)], question())
    assert finish.stop == "length" and finish.text == text != ""


async def test_closing_the_stream_lets_go_of_the_connection() -> None:
    fault = Fault(FaultKind.SLOW, pause_s=0.01)
    async with StandIn([fault]) as stand_in, provider_at(stand_in.base_url) as provider:
        stream = provider.generate(question())
        assert isinstance(await anext(stream), Delta)
        await stream.aclose()
        assert (await gather(provider, question()))[1].stop == "end"


async def test_cancelling_a_call_that_hangs_returns_at_once() -> None:
    fault = Fault(FaultKind.HANG)
    async with StandIn([fault]) as stand_in, provider_at(stand_in.base_url) as provider:
        waiting = asyncio.create_task(gather(provider, question()))
        await fault.reached.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_silence_longer_than_the_limit_is_out_of_reach() -> None:
    async with StandIn([Fault(FaultKind.HANG)]) as stand_in, provider_at(stand_in.base_url, 0.05) as provider:
        with pytest.raises(Unavailable, match="in time"):
            await gather(provider, question())


async def test_stop_words_are_passed_on() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        await gather(provider, Call((Turn("user", "Who are you?"),), (), 300, stop=("END",)))
    assert stand_in.requests[0]["stop_sequences"] == ["END"]


async def test_the_api_counts_what_would_be_sent() -> None:
    call = replace(change(), stop=("END",))
    async with StandIn() as stand_in, provider_at(stand_in.base_url) as provider:
        counted = await provider.count(call)
        _, finish = await gather(provider, call)
    billed = finish.usage.input + finish.usage.cache_write
    assert counted == billed > 1000
    count, asked = stand_in.requests
    assert count == {key: asked[key] for key in count} and "max_tokens" not in count


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (CLAUDE_WIRE.turned_away(429, retry_after="3"), "rate limit"),
        (Answer(end=End.SILENT), "in time"),
        (Answer(end=End.DROPPED), "broke"),
    ],
)
async def test_a_count_that_fails_is_out_of_reach(answer: Answer, says: str) -> None:
    async with Loopback(answer) as server, provider_at(server.url, timeout_s=0.2) as provider:
        with pytest.raises(Unavailable, match=says):
            await provider.count(question())
    assert server.asked[0].path == "/v1/messages/count_tokens"


NOTHING = claude_block({"type": "text", "text": ""}, {"type": "text_delta", "text": ""})
INPUT = claude_block(
    {"type": "tool_use", "id": "t", "name": TOOL.name, "input": {}},
    {"type": "input_json_delta", "partial_json": '{"summary": "'},
    {"type": "input_json_delta", "partial_json": "on and on " * 50},
)


@pytest.mark.parametrize("pieces", [NOTHING, INPUT], ids=["empty pieces", "tool input"])
async def test_a_reply_that_never_ends_is_ended_though_it_is_no_text(pieces: tuple[bytes, ...]) -> None:
    async with Loopback(CLAUDE_WIRE.answer(*pieces, end=End.ENDLESS)) as server, provider_at(server.url) as provider:
        with pytest.raises(ModelError, match="did not end within its 300 tokens") as error:
            await gather(provider, question())
        assert error.value.mend
        await server.hung_up.wait()


async def test_without_a_key_nothing_is_sent_and_the_way_to_one_is_named() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url, key="") as provider:
        assert "haven setup" in provider.missing()
        with pytest.raises(Unavailable, match="No Claude key") as caught:
            await gather(provider, question())
        assert not caught.value.retry and stand_in.requests == []


def test_with_a_key_nothing_is_missing() -> None:
    provider = AnthropicProvider(KEY, model=MODEL)
    assert (provider.missing(), provider.tier, provider.model, provider.name) == ("", Tier.CLOUD, MODEL, MODEL)
    assert provider.price is not None and provider.price.worst_case(1000, 1000) > 0


def test_a_model_without_a_price_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="no price"):
        AnthropicProvider(KEY, model="claude-that-nobody-knows")


def test_a_stand_in_without_an_address_never_falls_back_to_the_real_one() -> None:
    with pytest.raises(SettingsError, match=r"cloud\.stand_in"):
        AnthropicProvider(KEY, model=MODEL, stand_in=True)


async def test_a_stand_in_never_gets_the_key() -> None:
    async with Loopback(CLAUDE_WIRE.whole) as server:
        provider = AnthropicProvider(KEY, model=MODEL, base_url=server.url, stand_in=True)
        await gather(provider, question())
        await provider.close()
    assert KEY not in server.asked[0].head and "stand-in" in server.asked[0].head
