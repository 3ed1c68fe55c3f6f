"""Ollama's own protocol: what is asked, what its replies mean, which models it has. Faults: tests/ai/servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haven.ai.providers.base import Call, Finish
from haven.ai.providers.ollama import Ollama
from haven.ai.task import Tier, Tool, ToolCall, ToolResult, Turn, Usage
from haven.errors import ModelError, Unavailable
from tests.ai.servers.loopback import Answer, End, Loopback
from tests.ai.servers.wires import LOOK_UP, OLLAMA_WIRE, gather, line, ollama_end, question

SCHEMA = {
    "type": "object",
    "properties": {"title": {"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}]}},
    "required": ["title"],
    "additionalProperties": False,
}
EDITS = Tool("propose_edits", "Propose the edits.", SCHEMA)


async def replied(call: Call, *pieces: bytes) -> tuple[Any, str, Finish]:
    """The body that was sent, the text as it was streamed, and the Finish."""
    async with Loopback(OLLAMA_WIRE.answer(*pieces)) as server:
        provider = Ollama(server.url, "qwen3:4b")
        text, finish = await gather(provider, call)
        await provider.close()
    assert [asked.path for asked in server.asked] == ["/api/chat"]
    return server.asked[0].body, text, finish


async def test_every_wish_is_passed_on() -> None:
    call = question("Who?", temperature=0.7, top_p=0.9, seed=5, stop=("END",), schema=SCHEMA, max_tokens=99)
    body, text, finish = await replied(call, line('{"title": '), line('"Vega"}'), *ollama_end("stop"))
    assert finish.data == {"title": "Vega"} and text == finish.text
    assert finish.usage == Usage(input=10, output=7)
    assert (body["model"], body["stream"], body["format"]) == ("qwen3:4b", True, SCHEMA)
    assert body["messages"] == [{"role": "system", "content": "You are short."}, {"role": "user", "content": "Who?"}]
    wishes = {"num_predict": 99, "temperature": 0.7, "top_p": 0.9, "seed": 5, "stop": ["END"], "num_ctx": 4096}
    assert body["options"] == wishes


async def test_a_long_prompt_gets_a_context_that_holds_it() -> None:
    body, _, _ = await replied(question("word " * 9000), *OLLAMA_WIRE.whole.pieces)
    assert body["options"]["num_ctx"] >= 9000 + 300
    assert body["options"]["num_ctx"].bit_count() == 1  # few sizes: each other size loads the model anew


async def test_tools_are_offered_whole_and_its_calls_come_back() -> None:
    calls = [{"function": {"name": "look_up", "arguments": {"name": name}}} for name in ("Vega", "Ran")]
    tool = Tool("look_up", "Look a system up.", SCHEMA | {"required": ["name"]})
    body, _, finish = await replied(question(tools=(tool,)), line(message={"tool_calls": calls}), *ollama_end("stop"))
    assert body["tools"][0]["function"]["parameters"] == tool.schema  # bounds and unions included
    assert finish.stop == "calls" and [one.input for one in finish.calls] == [{"name": "Vega"}, {"name": "Ran"}]
    assert len({one.id for one in finish.calls}) == 2


async def test_what_the_tools_said_is_told_with_their_names() -> None:
    turns = (
        Turn("user", "Where is Vega?"),
        Turn("assistant", "I look.", calls=(ToolCall("a", "look_up", {"name": "Vega"}),)),
        Turn("user", "", results=(ToolResult("a", "no such", failed=True),)),
    )
    body, _, _ = await replied(Call(turns, (), 50, tools=(LOOK_UP,)), *OLLAMA_WIRE.whole.pieces)
    _, assistant, result = body["messages"]
    assert assistant["tool_calls"] == [{"function": {"name": "look_up", "arguments": {"name": "Vega"}}}]
    assert result == {"role": "tool", "tool_name": "look_up", "content": "failed: no such"}


async def test_the_one_tool_is_made_by_its_schema_and_not_shown_as_text() -> None:
    body, text, finish = await replied(question(tool=EDITS), line('{"title": "PNG"}'), *ollama_end("stop"))
    assert body["format"] == SCHEMA and "tools" not in body
    assert "Propose the edits." in body["messages"][0]["content"]
    assert (finish.stop, finish.data, text) == ("tool", {"title": "PNG"}, "")
    with pytest.raises(ModelError, match="without its title"):
        await replied(question(tool=EDITS), line("{}"), *ollama_end("stop"))


async def test_a_reply_all_eaten_by_thinking_is_no_reply() -> None:
    with pytest.raises(ModelError, match="cut off at 300"):
        await replied(question(), line(message={"thinking": "hm"}), *ollama_end("length"))


async def test_an_error_in_the_middle_of_a_stream_may_pass() -> None:
    with pytest.raises(Unavailable, match="overloaded or has a fault") as caught:
        await replied(question(), line("On"), b'{"error": "llama runner process has terminated"}\n')
    assert caught.value.retry


async def test_it_knows_which_models_it_has() -> None:
    tags = json.dumps({"models": [{"name": "qwen3:4b"}, {"name": "phi3:latest"}]}).encode()
    async with Loopback(Answer((tags[:20], tags[20:]))) as server:
        provider = Ollama(server.url, "phi3")
        models = await provider.models()
        await provider.close()
    assert models == {"qwen3:4b", "phi3:latest"} and server.asked[0].path == "/api/tags"
    assert provider.lacks(models) == "" and Ollama(server.url, "qwen3:4b").lacks(models) == ""
    assert "does not have the model 'qwen3'" in Ollama(server.url, "qwen3").lacks(models)


async def test_a_host_that_does_not_say_what_it_has_is_out_of_reach() -> None:
    async with Loopback(Answer(end=End.SILENT)) as server:
        provider = Ollama(server.url, "phi3", timeout_s=0.05)
        with pytest.raises(Unavailable, match="in time"):
            await provider.models()
        await provider.close()


PULL = (
    b'{"status": "pulling manifest"}\n',
    b'{"status": "pulling a", "digest": "a", "total": 100}\n',
    b'{"status": "pulling a", "digest": "a", "total": 100, "completed": 60}\n',
    b'{"status": "pulling b", "digest": "b", "total": 50, "completed": 50}\n',
)


async def pulled(*pieces: bytes) -> tuple[Any, list[tuple[str, int, int]]]:
    told: list[tuple[str, int, int]] = []
    async with Loopback(OLLAMA_WIRE.answer(*pieces)) as server:
        provider = Ollama(server.url, "qwen3:4b")
        try:
            await provider.pull(lambda *progress: told.append(progress))
        finally:
            await provider.close()
    return server.asked[0], told


async def test_a_pull_tells_how_far_it_is() -> None:
    asked, told = await pulled(*PULL, b'{"status": "success"}\n')
    assert (asked.path, asked.body) == ("/api/pull", {"model": "qwen3:4b", "stream": True})
    assert told == [
        ("pulling manifest", 0, 0),
        ("pulling a", 0, 100),
        ("pulling a", 60, 100),
        ("pulling b", 110, 150),
        ("success", 110, 150),
    ]


async def test_a_pull_that_fails_or_breaks_off_says_so() -> None:
    with pytest.raises(Unavailable):
        await pulled(*PULL, b'{"error": "pull model manifest: file does not exist"}\n')
    with pytest.raises(Unavailable, match="broke"):
        await pulled(*PULL)


def test_it_costs_nothing_and_needs_nothing() -> None:
    provider = Ollama("http://host.invalid", "qwen3:4b")
    assert (provider.tier, provider.name, provider.price, provider.missing()) == (Tier.LAN, "qwen3:4b", None, "")
