"""The same faults on every wire, through the clients that Haven ships: each ends as one error with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from haven.ai.providers.base import Call, Provider
from haven.ai.task import Delta, Tool
from haven.errors import HavenError, ModelError, Unavailable
from tests.ai.servers.loopback import Answer, End, Loopback
from tests.ai.servers.wires import KEY, LOOK_UP, OLLAMA_WIRE, WIRES, Wire, gather, question

pytestmark = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
NO_LIMIT_S = 60.0
SOON_S = 0.05


@asynccontextmanager
async def at(wire: Wire, url: str, timeout_s: float = NO_LIMIT_S, **more: float) -> AsyncIterator[Provider]:
    provider = wire.make(url, timeout_s=timeout_s, **more)
    try:
        yield provider
    finally:
        await provider.close()


async def fault(wire: Wire, answer: Answer, call: Call | None = None, timeout_s: float = NO_LIMIT_S) -> HavenError:
    """The error of one call; it was asked once, and the next call on the same provider is answered."""
    async with Loopback(answer, wire.whole) as server, at(wire, server.url, timeout_s) as provider:
        with pytest.raises(HavenError) as caught:
            await gather(provider, call or question())
        assert len(server.asked) == 1
        assert (await gather(provider, question()))[0] == "Once upon "
    said = caught.value.full
    assert KEY not in said and "\n" not in said and len(said) < 600 and "<html" not in said
    assert said[0].isupper() or said.startswith(("127.0.0.1:", "other"))
    return caught.value


async def test_a_text_is_streamed_and_finished_once(wire: Wire) -> None:
    async with Loopback(wire.whole) as server, at(wire, server.url) as provider:
        text, finish = await gather(provider, question())
    assert text == finish.text == "Once upon "
    assert (finish.stop, finish.usage.input, finish.usage.output) == ("end", 10, 7)
    assert KEY in server.asked[0].head and KEY not in str(server.asked[0].body)
    assert provider.missing() == ""


@pytest.mark.parametrize(
    ("header", "believed"),
    [
        (None, None),
        ("7.5", 7.5),
        ("0", 0.0),
        ("31536000", 3600.0),
        ("-5", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2999 07:28:00 GMT", 3600.0),
    ],
)
async def test_a_rate_limit_names_the_wait_it_was_told_within_reason(
    wire: Wire, header: str | None, believed: float | None
) -> None:
    told = {"retry_after": header} if header is not None else {}
    error = await fault(wire, wire.turned_away(429, **told))
    assert isinstance(error, Unavailable) and "rate limit" in str(error)
    assert (error.retry, error.after, error.free) == (True, believed, True)


async def test_a_date_in_retry_after_is_seconds_from_now(wire: Wire) -> None:
    then = datetime.now(UTC) + timedelta(minutes=20)
    error = await fault(wire, wire.turned_away(503, retry_after=format_datetime(then, usegmt=True)))
    assert isinstance(error, Unavailable) and error.after is not None and 0 < error.after <= 1200


@pytest.mark.parametrize(
    ("status", "retry"),
    [(401, False), (402, False), (403, False), (404, False), (408, True), (500, True), (503, True), (529, True)],
)
async def test_out_of_reach_says_whether_waiting_helps(wire: Wire, status: int, retry: bool) -> None:
    error = await fault(wire, wire.turned_away(status))
    assert isinstance(error, Unavailable) and error.mend
    assert (error.retry, error.free) == (retry, True)


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_request_that_is_not_accepted_is_not_sent_again(wire: Wire, status: int) -> None:
    assert isinstance(await fault(wire, wire.turned_away(status, "max_tokens is too large")), ModelError)


async def test_an_account_without_money_is_not_a_rate_limit(wire: Wire) -> None:
    error = await fault(wire, wire.turned_away(429, "You exceeded your quota, check your billing details."))
    assert isinstance(error, Unavailable) and not error.retry and "no money" in str(error)


async def test_an_unknown_model_is_named(wire: Wire) -> None:
    error = await fault(wire, wire.turned_away(404, "there is no such model"))
    assert "does not know the model" in str(error) and "there is no such model" in str(error)


async def test_what_an_error_repeats_of_secrets_is_not_shown(wire: Wire) -> None:
    made_up = "aB3x" * 8
    said = f"Wrong key {KEY}; you sent sk-ant-api03-{made_up} and password=hunter2hunter2 from db://u:pa55word@host"
    error = await fault(wire, wire.turned_away(401, said))
    assert not any(secret in error.full for secret in (KEY, made_up, "hunter2", "pa55word"))


@pytest.mark.parametrize("status", [200, 502])
async def test_a_page_of_html_is_no_reply(wire: Wire, status: int) -> None:
    await fault(wire, Answer((b"<html><body>Sign in to the Wi-Fi</body></html>",), "text/html", status))


@pytest.mark.parametrize("status", [301, 307, 308])
async def test_a_redirect_is_not_followed(wire: Wire, status: int) -> None:
    async with Loopback(wire.whole) as elsewhere:
        away = Answer((b"{}",), status=status, headers={"location": f"{elsewhere.url}/v1/anything"})
        error = await fault(wire, away)
        assert elsewhere.asked == []
    assert isinstance(error, Unavailable) and not error.retry and "another address" in str(error)


@pytest.mark.parametrize("end", [End.DROPPED, End.CUT, End.CLEAN])
async def test_a_stream_that_ends_early_is_no_reply(wire: Wire, end: End) -> None:
    error = await fault(wire, wire.answer(*wire.begins, end=end))
    assert isinstance(error, Unavailable | ModelError) and not error.free
    if end is not End.CLEAN:
        assert isinstance(error, Unavailable) and error.retry and "broke" in str(error)


async def test_a_stream_cut_before_its_first_word_is_no_reply(wire: Wire) -> None:
    assert isinstance(await fault(wire, wire.answer(end=End.CUT)), Unavailable)
    assert isinstance(await fault(wire, wire.answer()), ModelError)


@pytest.mark.parametrize("end", [End.CUT, End.CLEAN])
async def test_a_tool_call_cut_in_its_input_is_no_reply(wire: Wire, end: End) -> None:
    call = question(tools=(LOOK_UP,))
    assert isinstance(await fault(wire, wire.answer(*wire.begins_tool, end=end), call), Unavailable | ModelError)
    whole_stream = wire.answer(*wire.begins_tool, *wire.ends_tool)
    assert isinstance(await fault(wire, whole_stream, call), ModelError)


async def test_a_tool_that_was_not_given_is_not_called(wire: Wire) -> None:
    other = Tool("other", "Another tool.", {"type": "object", "properties": {}})
    error = await fault(wire, wire.answer(*wire.begins_tool, *wire.ends_tool), question(tools=(other,)))
    assert isinstance(error, ModelError) and "not given (look_up)" in str(error)


@pytest.mark.parametrize("end", [End.SILENT, End.HANG])
async def test_silence_longer_than_the_limit_is_out_of_reach(wire: Wire, end: End) -> None:
    error = await fault(wire, wire.answer(*wire.begins, end=end), timeout_s=SOON_S)
    assert isinstance(error, Unavailable) and error.retry and "in time" in str(error) and not error.free


async def test_what_is_not_json_is_malformed(wire: Wire) -> None:
    error = await fault(wire, wire.answer(*wire.begins, wire.not_json, *wire.ends))
    assert isinstance(error, ModelError) and "malformed" in str(error)


async def test_json_of_another_shape_is_malformed(wire: Wire) -> None:
    odd = b'{"message": 7}\n' if wire is OLLAMA_WIRE else b'data: {"choices": [7], "type": "content_block_delta"}\n\n'
    assert isinstance(await fault(wire, wire.answer(*wire.begins, odd)), ModelError)


async def test_an_empty_reply_is_no_reply(wire: Wire) -> None:
    error = await fault(wire, wire.answer(*wire.begins[:-1], *wire.ends))
    assert isinstance(error, ModelError) and "empty" in str(error)


async def test_a_reply_by_schema_must_be_json(wire: Wire) -> None:
    error = await fault(wire, wire.whole, question(schema={"type": "object"}))
    assert isinstance(error, ModelError) and "not valid JSON" in str(error)


async def test_a_text_cut_at_its_limit_is_kept_and_marked_and_nothing_else_is(wire: Wire) -> None:
    answer = wire.answer(*wire.begins, *wire.ends_at_limit)
    async with Loopback(answer) as server, at(wire, server.url) as provider:
        text, finish = await gather(provider, question())
    assert (text, finish.text, finish.stop) == ("Once upon ", "Once upon ", "length")
    assert isinstance(await fault(wire, answer, question(schema={"type": "object"})), ModelError)


async def test_a_reply_that_never_ends_is_ended_and_its_connection_closed(wire: Wire) -> None:
    endless = wire.answer(*wire.begins, wire.more, end=End.ENDLESS)
    async with Loopback(endless) as server, at(wire, server.url) as provider:
        with pytest.raises(ModelError, match="did not end within its 300 tokens"):
            await gather(provider, question())
        await server.hung_up.wait()


async def test_a_stream_that_says_nothing_for_ever_is_ended_by_the_clock(wire: Wire) -> None:
    endless = wire.answer(wire.nothing, end=End.ENDLESS)
    async with Loopback(endless) as server, at(wire, server.url, longest_s=SOON_S) as provider:
        with pytest.raises(ModelError, match="took longer than"):
            await gather(provider, question())
        await server.hung_up.wait()


async def test_nobody_at_the_address_costs_nothing(wire: Wire) -> None:
    async with Loopback(wire.whole) as server:
        pass
    async with at(wire, server.url) as provider:
        with pytest.raises(Unavailable, match="can't be reached") as caught:
            await gather(provider, question())
    assert caught.value.retry and caught.value.free


async def test_a_name_that_leads_nowhere_costs_nothing(wire: Wire) -> None:
    async with at(wire, "http://haven-host.invalid:9") as provider:
        with pytest.raises(Unavailable, match="can't be reached") as caught:
            await gather(provider, question())
    assert caught.value.free


async def test_closing_the_reply_hangs_up(wire: Wire) -> None:
    async with Loopback(wire.answer(*wire.begins, end=End.HANG)) as server, at(wire, server.url) as provider:
        async with aclosing(provider.generate(question())) as pieces:
            assert isinstance(await anext(pieces), Delta)
        await server.hung_up.wait()


async def test_cancelling_a_call_hangs_up(wire: Wire) -> None:
    async with Loopback(wire.answer(end=End.SILENT)) as server, at(wire, server.url) as provider:
        waiting = asyncio.create_task(gather(provider, question()))
        await server.reached.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await server.hung_up.wait()


async def test_nothing_of_the_environment_goes_out(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC", "OPENAI", "OLLAMA"):
        for what in ("API_KEY", "AUTH_TOKEN", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
            monkeypatch.setenv(f"{name}_{what}", "canary")
        monkeypatch.setenv(f"{name}_CUSTOM_HEADERS", "x-canary: canary")
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    for proxy in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    async with Loopback(wire.whole) as server, at(wire, server.url) as provider:
        await gather(provider, question())
    asked = server.asked[0]
    assert "canary" not in f"{asked.head}{asked.body}"


async def test_closing_twice_is_harmless(wire: Wire) -> None:
    async with Loopback(wire.whole) as server, at(wire, server.url) as provider:
        await gather(provider, question())
        await provider.close()
