"""Tools of Claude: how they are offered, what it wants of them, and how it is told what they said."""

from __future__ import annotations

from typing import Any

import pytest

from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Call, Finish
from haven.ai.task import Tool, ToolCall, ToolResult, Turn
from haven.demo.stand_in import StandIn
from haven.errors import ModelError
from tests.ai.servers.loopback import Loopback
from tests.ai.servers.wires import CLAUDE, CLAUDE_WIRE, KEY, LOOK_UP, claude_end, event, gather

TOOL = Tool(
    "propose_edits",
    "Propose the edits.",
    {
        "type": "object",
        "properties": {"summary": {"type": "string"}, "edits": {"type": "array", "items": {"type": "string"}}},
        "required": ["summary", "edits"],
    },
)
VEGA = ToolCall("toolu_1", "look_up", {"name": "Vega"})


def wants(index: int, *inputs: str, name: str = "look_up") -> bytes:
    """A tool call as it is streamed."""
    start = {"type": "tool_use", "id": f"toolu_{index + 1}", "name": name, "input": {}}
    pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in inputs]
    return b"".join(
        [
            event({"type": "content_block_start", "index": index, "content_block": start}),
            *(event({"type": "content_block_delta", "index": index, "delta": delta}) for delta in pieces),
            event({"type": "content_block_stop", "index": index}),
        ]
    )


async def with_calls(call: Call, *blocks: bytes) -> tuple[Any, Finish]:
    """The body that was sent, and the Finish of a reply that calls tools."""
    begins = CLAUDE_WIRE.begins[0]
    answer = CLAUDE_WIRE.answer(begins, *blocks, *claude_end("tool_use")[1:])
    async with Loopback(answer) as server:
        provider = AnthropicProvider(KEY, model=CLAUDE, base_url=server.url)
        try:
            _, finish = await gather(provider, call)
        finally:
            await provider.close()
    return server.asked[0].body, finish


async def test_tools_are_offered_and_all_its_calls_come_back() -> None:
    call = Call((Turn("user", "Where are they?"),), (), 300, tools=(LOOK_UP,))
    body, finish = await with_calls(call, wants(0, '{"na', 'me": "Vega"}'), wants(1, '{"name": "Ran"}'))
    assert finish.stop == "calls"
    assert finish.calls == (VEGA, ToolCall("toolu_2", "look_up", {"name": "Ran"}))
    [tool] = body["tools"]
    assert (tool["name"], tool["input_schema"]) == ("look_up", LOOK_UP.schema)
    assert tool["cache_control"] == {"type": "ephemeral"}  # no system text whose mark would cover it
    assert body["tool_choice"] == {"type": "auto"}


async def test_what_the_tools_said_is_told_before_the_words() -> None:
    turns = (
        Turn("user", "Where is Vega?"),
        Turn("assistant", "I look.", calls=(VEGA,)),
        Turn("user", "And be short.", results=(ToolResult("toolu_1", "no such", failed=True),)),
    )
    async with StandIn() as stand_in:
        provider = AnthropicProvider(KEY, model=CLAUDE, base_url=stand_in.base_url)
        await gather(provider, Call(turns, ("Rules.",), 300, tools=(LOOK_UP,)))
        await provider.close()
    body = stand_in.requests[0]
    _, assistant, user = body["messages"]
    assert assistant["content"] == [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"name": "Vega"}},
    ]
    assert user["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no such", "is_error": True},
        {"type": "text", "text": "And be short."},
    ]
    assert "cache_control" not in body["tools"][0] and "cache_control" in body["system"][0]


@pytest.mark.parametrize("text", ['{"other": 1}', '{"name": ', "[]", '{"name": NaN}', ""])
async def test_an_input_that_can_not_be_used_is_no_call(text: str) -> None:
    with pytest.raises(ModelError):
        await with_calls(Call((Turn("user", "Where?"),), (), 300, tools=(LOOK_UP,)), wants(0, text))


async def test_beside_other_tools_the_one_tool_is_still_the_end() -> None:
    call = Call((Turn("user", "Do it."),), (), 300, tool=TOOL, tools=(LOOK_UP,))
    body, finish = await with_calls(call, wants(0, '{"summary": "s", "edits": []}', name=TOOL.name))
    assert (finish.stop, finish.data) == ("tool", {"summary": "s", "edits": []})
    assert [tool["name"] for tool in body["tools"]] == ["look_up", TOOL.name]
    _, finish = await with_calls(call, wants(0, '{"name": "Vega"}'))
    assert (finish.stop, finish.calls) == ("calls", (VEGA,))
    with pytest.raises(ModelError, match="not given"):
        await with_calls(call, wants(0, '{"name": "Vega"}'), wants(1, '{"summary": "s", "edits": []}', name=TOOL.name))
