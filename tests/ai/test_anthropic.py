"""Claude through the real SDK: against the stand-in, and against llmock for the faults of a wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Call, Finish
from haven.ai.task import Delta, Tier, Tool, Turn
from haven.demo.stand_in import Fault, FaultKind, StandIn
from haven.errors import HavenError, ModelError, SettingsError, Unavailable

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

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


async def gather(provider: AnthropicProvider, call: Call) -> tuple[str, Finish]:
    """The text as it was streamed, and the one Finish at its end."""
    pieces = [piece async for piece in provider.generate(call)]
    finish = pieces[-1]
    assert isinstance(finish, Finish)
    text = "".join(piece.text for piece in pieces[:-1] if isinstance(piece, Delta))
    assert len([piece for piece in pieces if isinstance(piece, Finish)]) == 1
    return text, finish


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


def sent(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def block(start: dict[str, Any], *deltas: dict[str, Any]) -> tuple[bytes, bytes]:
    """The beginning of a reply, and the piece that never ends."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": MODEL, "content": [], "usage": usage}
    first = sent({"type": "message_start", "message": message})
    begun = sent({"type": "content_block_start", "index": 0, "content_block": start})
    *some, last = (sent({"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas)
    return b"".join([first, begun, *some]), last


TEXT = block({"type": "text", "text": ""}, {"type": "text_delta", "text": "on and on "})
NOTHING = block({"type": "text", "text": ""}, {"type": "text_delta", "text": ""})
INPUT = block(
    {"type": "tool_use", "id": "t", "name": TOOL.name, "input": {}},
    {"type": "input_json_delta", "partial_json": '{"summary": "'},
    {"type": "input_json_delta", "partial_json": "on and on " * 50},
)


@pytest.mark.parametrize(
    ("begins", "goes_on", "says"),
    [
        (*TEXT, "did not end within its 300 tokens"),
        (*NOTHING, "did not end within its 300 tokens"),
        (*INPUT, "did not end within its 300 tokens"),
        (b"", b"event: ping\ndata: {}\n\n", "took longer than"),
        (b"", b": a comment\n\n", "took longer than"),
    ],
    ids=["text", "empty pieces", "tool input", "pings", "comments"],
)
async def test_a_reply_that_never_ends_is_ended_and_its_connection_closed(
    begins: bytes, goes_on: bytes, says: str
) -> None:
    closed = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + begins)
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(goes_on)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()
        closed.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    provider = AnthropicProvider(KEY, model=MODEL, base_url=url, longest_s=60.0 if "tokens" in says else 0.2)
    with pytest.raises(ModelError, match=says) as error:
        await gather(provider, question())
    assert error.value.mend
    await closed.wait()
    await provider.close()
    server.close()
    await server.wait_closed()


async def test_nobody_at_the_address_is_out_of_reach() -> None:
    async with StandIn() as stand_in:
        base_url = stand_in.base_url
    async with provider_at(base_url) as provider:
        with pytest.raises(Unavailable, match="can't be reached") as caught:
            await gather(provider, question())
    assert caught.value.retry


async def test_without_a_key_nothing_is_sent_and_the_way_to_one_is_named() -> None:
    async with StandIn() as stand_in, provider_at(stand_in.base_url, key="") as provider:
        assert "haven setup" in provider.missing()
        with pytest.raises(Unavailable, match="No Claude key") as caught:
            await gather(provider, question())
        assert not caught.value.retry and stand_in.requests == []


def test_with_a_key_nothing_is_missing() -> None:
    provider = AnthropicProvider(KEY, model=MODEL)
    assert (provider.missing(), provider.tier, provider.model) == ("", Tier.CLOUD, MODEL)


def test_a_stand_in_without_an_address_never_falls_back_to_the_real_one() -> None:
    with pytest.raises(SettingsError, match=r"cloud\.stand_in"):
        AnthropicProvider(KEY, model=MODEL, stand_in=True)


async def test_nothing_of_the_environment_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-api-key")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "canary-token")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/canary-url")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x-canary: canary-header")
    monkeypatch.setenv("ANTHROPIC_PROFILE", "canary-profile")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for stand_in, expected in ((False, KEY.encode()), (True, b"stand-in")):
        provider = AnthropicProvider(KEY, model=MODEL, base_url=url, stand_in=stand_in)
        with pytest.raises(Unavailable):
            await gather(provider, question())
        await provider.close()
        assert expected in received[-1] and b"canary" not in received[-1].lower()
    assert KEY.encode() not in received[-1]
    server.close()
    await server.wait_closed()


async def test_closing_twice_is_harmless() -> None:
    async with StandIn() as stand_in:
        provider = AnthropicProvider(KEY, model=MODEL, base_url=stand_in.base_url)
        await gather(provider, question())
        await provider.close()
        await provider.close()


@pytest.mark.parametrize("after", [0, 1, 4])
async def test_llmock_a_stream_that_breaks_anywhere_is_no_reply(llmock: LLMock, after: int) -> None:
    async with provider_at(llmock.base_url("anthropic")) as provider:
        for fault, error in ((llmock.disconnect, Unavailable), (llmock.truncate, ModelError)):
            fault(after_chunks=after)
            with pytest.raises(error):
                await gather(provider, question())
        llmock.corrupt(after_chunks=after)
        with pytest.raises(HavenError):
            await gather(provider, question())


@pytest.mark.parametrize("kind", ["malformed_arguments", "unknown_tool"])
async def test_llmock_a_broken_tool_call_is_no_reply(llmock: LLMock, kind: str) -> None:
    llmock.call_tool("propose_edits", {"summary": "s", "edits": []}).break_tool_call(kind)
    async with provider_at(llmock.base_url("anthropic")) as provider:
        with pytest.raises(ModelError):
            await gather(provider, change())


@pytest.mark.parametrize(
    ("status", "error", "retry"),
    [
        (400, ModelError, None),
        (401, Unavailable, False),
        (403, Unavailable, False),
        (404, Unavailable, False),
        (413, ModelError, None),
        (422, ModelError, None),
        (500, Unavailable, True),
        (503, Unavailable, True),
        (529, Unavailable, True),
    ],
)
async def test_llmock_each_status_says_whether_waiting_helps(
    llmock: LLMock, status: int, error: type[HavenError], retry: bool | None
) -> None:
    llmock.fail(status)
    async with provider_at(llmock.base_url("anthropic")) as provider:
        with pytest.raises(error) as caught:
            await gather(provider, question())
    assert getattr(caught.value, "retry", None) is retry
    assert KEY not in caught.value.full and "\n" not in caught.value.full
    if status == 404:
        assert MODEL in str(caught.value)
