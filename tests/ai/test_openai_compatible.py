"""The OpenAI protocol through the real SDK: what is asked, and what its replies mean. Faults: tests/ai/servers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest

from haven.ai.money.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.openai_compatible import OpenAICompatible, other_clouds
from haven.ai.task import Tier, Tool, ToolCall, ToolResult, Turn, Usage
from haven.errors import ModelError, Unavailable
from haven.settings import Cloud, OtherCloud
from tests.ai.servers.loopback import Answer, Loopback
from tests.ai.servers.wires import CLOUD_WIRE, KEY, LOOK_UP, chunk, gather, openai_end, question

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
EDITS = Tool("propose_edits", "Propose the edits.", SCHEMA)
DONE = b"data: [DONE]\n\n"


async def replied(call: Call, pieces: Sequence[bytes], *, key: str = KEY, tier: Tier = Tier.LAN) -> tuple[Any, Finish]:
    """What was asked, and the Finish."""
    async with Loopback(CLOUD_WIRE.answer(*pieces)) as server:
        provider = OpenAICompatible(server.url, "a-model", key, tier=tier)
        _, finish = await gather(provider, call)
        await provider.close()
    assert [asked.path for asked in server.asked] == ["/v1/chat/completions"]
    return server.asked[0], finish


def wants(index: int, name: str, *arguments: str, id: str = "") -> list[bytes]:
    """A tool call as it is streamed: its name first, then its input in pieces."""
    begins = {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}
    pieces = [{"index": index, "function": {"arguments": piece}} for piece in arguments]
    return [chunk({"tool_calls": [part]}) for part in (begins, *pieces)]


async def test_at_home_every_wish_is_passed_on() -> None:
    call = question("Who?", temperature=0.7, top_p=0.9, seed=5, stop=("END",), schema=SCHEMA, max_tokens=99)
    asked, finish = await replied(call, [chunk({"content": '{"title": "Vega"}'}), *openai_end("stop")])
    body = asked.body
    assert finish.data == {"title": "Vega"}
    assert body["messages"] == [{"role": "system", "content": "You are short."}, {"role": "user", "content": "Who?"}]
    assert (body["model"], body["stream"], body["stream_options"]) == ("a-model", True, {"include_usage": True})
    assert (body["max_tokens"], body["temperature"], body["top_p"]) == (99, 0.7, 0.9)
    assert (body["seed"], body["stop"]) == (5, ["END"])
    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}}


async def test_a_cloud_gets_no_temperature_because_the_newest_models_refuse_one() -> None:
    asked, _ = await replied(question(temperature=0.7), CLOUD_WIRE.whole.pieces, tier=Tier.CLOUD)
    assert asked.body["max_completion_tokens"] == 300
    assert not {"temperature", "top_p", "max_tokens", "seed", "stop"} & set(asked.body)


async def test_without_a_key_no_authorization_is_sent() -> None:
    asked, _ = await replied(question(), CLOUD_WIRE.whole.pieces, key="")
    assert "authorization" not in asked.head.lower()


async def test_a_cloud_without_a_key_is_missing_and_not_asked() -> None:
    async with Loopback(CLOUD_WIRE.whole) as server:
        provider = OpenAICompatible(server.url, "a-model", "", tier=Tier.CLOUD, name="other")
        with pytest.raises(Unavailable, match="No key for other") as caught:
            await gather(provider, question())
    assert "cloud.others" in provider.missing() and not caught.value.retry and server.asked == []


@pytest.mark.parametrize(
    ("path", "asked"), [("", "/v1/"), ("/", "/v1/"), ("/v1", "/v1/"), ("/v1beta/openai/", "/v1beta/openai/")]
)
async def test_an_address_may_be_given_with_or_without_its_path(path: str, asked: str) -> None:
    async with Loopback(CLOUD_WIRE.whole) as server:
        provider = OpenAICompatible(server.url + path, "a-model", tier=Tier.LAN)
        await gather(provider, question())
        await provider.close()
    assert server.asked[0].path == f"{asked}chat/completions"


async def test_an_address_that_the_client_refuses_is_said_in_a_sentence() -> None:
    provider = OpenAICompatible("http://\N{SNOWMAN}..x", "a-model", tier=Tier.LAN)
    with pytest.raises(Unavailable, match="can't be reached") as caught:
        await gather(provider, question())
    assert "lan.hosts" in caught.value.mend
    with pytest.raises(Unavailable, match="can't be reached"):
        await provider.models()


async def test_tools_are_offered_and_its_calls_come_back() -> None:
    pieces = [
        chunk({"role": "assistant", "content": "I look. "}),
        *wants(0, "look_up", '{"na', 'me": "Vega"}', id="call_a"),
        *wants(1, "look_up", '{"name": "Ran"}', id="call_b"),
        *openai_end("tool_calls"),
    ]
    asked, finish = await replied(question(tools=(LOOK_UP,)), pieces)
    assert asked.body["tool_choice"] == "auto"
    [offered] = asked.body["tools"]
    assert offered["function"] == {"name": "look_up", "description": "Look a system up.", "parameters": LOOK_UP.schema}
    assert (finish.stop, finish.text) == ("calls", "I look. ")
    assert finish.calls == (
        ToolCall("call_a", "look_up", {"name": "Vega"}),
        ToolCall("call_b", "look_up", {"name": "Ran"}),
    )


async def test_what_the_tools_said_is_told_in_order() -> None:
    calls = (ToolCall("a", "look_up", {"name": "Vega"}), ToolCall("b", "look_up", {"name": "x"}))
    results = (ToolResult("a", "At 1, 2, 3."), ToolResult("b", "no such", failed=True))
    turns = (
        Turn("user", "Where is Vega?"),
        Turn("assistant", "", calls=calls),
        Turn("user", "And be short.", results=results),
    )
    asked, _ = await replied(Call(turns, (), 50, tools=(LOOK_UP,)), CLOUD_WIRE.whole.pieces)
    user, assistant, *told, last = asked.body["messages"]
    assert user["content"] == "Where is Vega?" and last == {"role": "user", "content": "And be short."}
    inputs = [json.loads(one["function"]["arguments"]) for one in assistant["tool_calls"]]
    assert inputs == [{"name": "Vega"}, {"name": "x"}]
    assert [(one["role"], one["tool_call_id"], one["content"]) for one in told] == [
        ("tool", "a", "At 1, 2, 3."),
        ("tool", "b", "failed: no such"),
    ]


async def test_the_one_tool_must_be_called_once_and_its_input_is_the_reply() -> None:
    once = [*wants(0, "propose_edits", '{"title": "PNG"}'), *openai_end("tool_calls")]
    asked, finish = await replied(question(tool=EDITS), once, tier=Tier.CLOUD)
    assert asked.body["tool_choice"] == "required"
    assert (finish.stop, finish.data) == ("tool", {"title": "PNG"})
    again = wants(1, "propose_edits", '{"title": "b"}')
    with pytest.raises(ModelError, match="once"):
        await replied(question(tool=EDITS), [*once[:2], *again, *openai_end("tool_calls")], tier=Tier.CLOUD)


async def test_at_home_the_one_tool_is_made_by_its_schema_and_not_shown_as_text() -> None:
    pieces = [chunk({"content": '{"title": '}), chunk({"content": '"PNG"}'}), *openai_end("stop")]
    asked, finish = await replied(question(tool=EDITS), pieces)
    assert (finish.stop, finish.data, finish.text) == ("tool", {"title": "PNG"}, "")
    assert asked.body["response_format"]["json_schema"]["schema"] == SCHEMA and "tools" not in asked.body
    assert "Propose the edits." in asked.body["messages"][0]["content"]
    with pytest.raises(ModelError, match="without its title"):
        await replied(question(tool=EDITS), [chunk({"content": "{}"}), *openai_end("stop")])


async def test_beside_other_tools_the_one_tool_is_still_the_end() -> None:
    call = question(tool=EDITS, tools=(LOOK_UP,))
    ended = [*wants(0, "propose_edits", '{"title": "PNG"}'), *openai_end("stop")]
    asked, finish = await replied(call, ended)
    assert (finish.stop, finish.data, asked.body["tool_choice"]) == ("tool", {"title": "PNG"}, "auto")
    _, finish = await replied(call, [*wants(0, "look_up", '{"name": "Vega"}'), *openai_end("tool_calls")])
    assert finish.stop == "calls" and finish.calls[0].id


@pytest.mark.parametrize("arguments", ['{"other": 1}', "[]", "null", '{"name": NaN}', "[" * 3000, ""])
async def test_an_input_that_can_not_be_used_is_no_call(arguments: str) -> None:
    with pytest.raises(ModelError, match=r"without its name|not valid JSON"):
        await replied(question(tools=(LOOK_UP,)), [*wants(0, "look_up", arguments), *openai_end("tool_calls")])


async def test_cached_input_and_hidden_thinking_are_counted() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 64},
    }
    _, finish = await replied(question(), [chunk({"content": "Yes."}, "stop"), chunk(usage=usage), DONE])
    assert finish.usage == Usage(input=36, output=50, cache_read=64)


async def test_a_server_that_names_no_usage_is_not_free_of_charge() -> None:
    _, finish = await replied(question("word " * 100), [chunk({"content": "Yes, indeed."}, "stop"), DONE])
    assert finish.usage.input > 100 and finish.usage.output >= 3


@pytest.mark.parametrize(
    "pieces",
    [
        [chunk({"content": "I "}), *openai_end("content_filter")],
        [chunk({"refusal": "I can't help with that."}), *openai_end("stop")],
    ],
)
async def test_a_refusal_is_a_sentence(pieces: list[bytes]) -> None:
    with pytest.raises(ModelError, match="refused"):
        await replied(question(), pieces)


async def test_a_stop_that_nobody_knows_is_no_reply() -> None:
    with pytest.raises(ModelError, match="does not know"):
        await replied(question(), [chunk({"content": "I "}), *openai_end("tired")])


async def test_an_error_in_the_middle_of_a_stream_may_pass_and_was_not_free() -> None:
    told = b'data: {"error": {"message": "slot crashed", "type": "server_error", "code": 500}}\n\n'
    with pytest.raises(Unavailable, match="overloaded or has a fault") as caught:
        await replied(question(), [chunk({"content": "On"}), told])
    assert caught.value.retry and not caught.value.free


async def test_thinking_without_end_is_ended_though_it_is_no_text() -> None:
    thought = chunk({"reasoning_content": "hm " * 5000})
    with pytest.raises(ModelError, match="did not end"):
        await replied(question(), [thought] * 3)


async def test_a_key_that_gemini_refuses_with_400_is_a_wrong_key() -> None:
    body = json.dumps([{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}])
    async with Loopback(Answer((body.encode(),), status=400)) as server:
        provider = OpenAICompatible(server.url, "gemini", KEY, tier=Tier.CLOUD, name="gemini")
        with pytest.raises(Unavailable, match="does not accept the gemini key") as caught:
            await gather(provider, question())
        await provider.close()
    assert not caught.value.retry and "cloud.others" in caught.value.mend


async def test_it_says_which_models_it_has() -> None:
    listed = {"object": "list", "data": [{"id": "a-model", "object": "model", "created": 1, "owned_by": "me"}]}
    async with Loopback(Answer((json.dumps(listed).encode(),))) as server:
        provider = OpenAICompatible(server.url, "a-model", tier=Tier.LAN)
        assert await provider.models() == {"a-model"} and server.asked[0].path == "/v1/models"
        await provider.close()
    with pytest.raises(Unavailable, match="can't be reached"):
        await provider.models()
    await provider.close()


async def test_name_model_and_price_are_what_it_was_given() -> None:
    price = Prices(input=1, output=2, cache_read=1, cache_write=1)
    cloud = OpenAICompatible("https://host.invalid/v1", "a-model", KEY, tier=Tier.CLOUD, name="other", price=price)
    home = OpenAICompatible("http://host.invalid", "a-model", tier=Tier.LAN)
    assert (cloud.tier, cloud.name, cloud.model, cloud.price) == (Tier.CLOUD, "other", "a-model", price)
    assert (home.tier, home.name, home.model, home.price) == (Tier.LAN, "a-model", "a-model", None)


def test_other_clouds_come_from_the_settings_with_their_price_and_key() -> None:
    one = OtherCloud(
        name="gpt", base_url="https://host.invalid/v1", model="a-model", secret="gpt_key", input_usd=2, output_usd=8
    )
    cloud = Cloud(others=(one, one.model_copy(update={"name": "gemini", "secret": "gemini_key"})))
    gpt, gemini = other_clouds(cloud, {"gpt_key": KEY}.get)
    assert (gpt.name, gpt.model, gpt.recipient, gpt.missing()) == ("gpt", "a-model", "host.invalid", "")
    assert gpt.price is not None and gpt.price.cost(Usage(500_000, 250_000, cache_read=500_000)) == 4.0
    assert "No key for gemini" in gemini.missing()


async def test_a_reply_let_go_of_early_leaves_the_provider_usable() -> None:
    async with Loopback(CLOUD_WIRE.whole) as server:
        provider = OpenAICompatible(server.url, "a-model", tier=Tier.LAN)
        async with aclosing(provider.generate(question())) as pieces:
            await anext(pieces)
        assert (await gather(provider, question()))[1].stop == "end"
        await provider.close()
