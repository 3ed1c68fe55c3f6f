"""Tools for the local model: what comes back is always a valid call or an answer in words, never anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.llama_native import NativeModel
from haven.ai.providers.llama_prompt import CHATML, ChatTemplate, encode
from haven.ai.providers.llama_tools import AnswerStream, called, spoken
from haven.ai.task import Delta, Tool, ToolCall, ToolResult, Turn
from haven.errors import ModelError

DISTANCE = Tool(
    "distance",
    "How far two systems are from each other.",
    {
        "type": "object",
        "properties": {"start": {"type": "string", "maxLength": 20}, "end": {"type": "string", "maxLength": 20}},
        "required": ["start", "end"],
    },
)
COUNT = Tool("count", "How many there are.", {"type": "object", "properties": {"of": {"enum": ["stars", "moons"]}}})


async def reply(provider: LlamaProvider, call: Call) -> tuple[str, Finish]:
    *pieces, last = [item async for item in provider.generate(call)]
    assert isinstance(last, Finish)
    return "".join(piece.text for piece in pieces if isinstance(piece, Delta)), last


@pytest.mark.model
@pytest.mark.parametrize("text", ["How far is it from Ember to Frost?", "Good morning!", 'Say {"answer"} ü "quoted"'])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
async def test_a_reply_is_a_valid_call_or_an_answer(llama: LlamaProvider, text: str, temperature: float) -> None:
    call = Call((Turn("user", text),), ("Help.",), 80, temperature, tools=(DISTANCE, COUNT), seed=4)
    try:
        said, finish = await reply(llama, call)
    except ModelError as error:
        assert "cut off" in str(error)
        return
    assert said == finish.text
    if finish.stop == "calls":
        (wanted,) = finish.calls
        assert (said, wanted.id) == ("", "call-1")
        if wanted.name == "distance":
            assert {"start", "end"} <= set(wanted.input)
        else:
            assert wanted.name == "count" and wanted.input.get("of", "stars") in ("stars", "moons")
    else:
        assert finish.stop in ("end", "length") and not finish.calls


@pytest.mark.model
async def test_a_conversation_with_results_goes_on(llama: LlamaProvider) -> None:
    call = ToolCall("call-1", "distance", {"start": "Ember", "end": "Frost"})
    turns = (
        Turn("user", "How far is it from Ember to Frost?"),
        Turn("assistant", "", calls=(call,)),
        Turn("user", "", results=(ToolResult("call-1", "12 light years"),)),
    )
    said, finish = await reply(llama, Call(turns, ("Help.",), 100, tools=(DISTANCE,)))
    assert (finish.stop in ("end", "length") and said == finish.text) or finish.calls[0].id == "call-2"


@pytest.mark.model
async def test_an_answer_can_have_a_format_of_its_own(llama: LlamaProvider) -> None:
    schema = {"type": "object", "properties": {"big": {"type": "boolean"}}, "required": ["big"]}
    call = Call((Turn("user", "Is the sun big?"),), (), 60, schema=schema, tools=(COUNT,))
    said, finish = await reply(llama, call)
    assert said == finish.text
    if finish.stop == "end":
        assert json.loads(said) == finish.data == {"big": finish.data["big"]}


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_an_answer_streams_without_its_json(size: int) -> None:
    text = 'A "star" \\ and\na ü moon\t{"answer": "x"}'
    reply = json.dumps({"answer": text}, ensure_ascii=False)
    stream = AnswerStream()
    pieces = [stream.more(reply[start : start + size]) for start in range(0, len(reply), size)]
    assert "".join(pieces) == stream.text == text
    assert AnswerStream().more('{"tool": "count", "input": {"answer": "none"}}') == ""


def test_turns_with_calls_and_results_are_plain_words() -> None:
    turns = (
        Turn("assistant", "Let me see.", calls=(ToolCall("a", "count", {"of": "stars"}), ToolCall("b", "count", {}))),
        Turn("user", "And then?", results=(ToolResult("a", "7"), ToolResult("b", "no such thing", failed=True))),
    )
    wanted, told = spoken(turns)
    assert "Let me see." in wanted and '{"tool": "count", "input": {"of": "stars"}}' in wanted
    assert "count said:\n7" in told and "count failed:\nno such thing" in told and "And then?" in told
    (call,) = called({"tool": "count", "input": {}}, turns)
    assert call.id not in ("a", "b")


@pytest.mark.model
def test_a_model_without_a_system_role_reads_the_rules_first(model_path: Any) -> None:
    native = NativeModel(model_path, threads=1, context_tokens=512)
    try:
        gemma = ChatTemplate("<{role}>{text}</{role}>\n", "<model>", system="", assistant="model")
        turns = [Turn("user", "Hello."), Turn("assistant", "Hi."), Turn("user", "Bye.")]
        prompt = encode(native, gemma, ("Be kind.", "Be short."), turns, 400)
        text = b"".join(map(native.piece, prompt.tokens)).decode()
        assert text.startswith("<user>Be kind.\n\nBe short.\n\nHello.")
        assert "<model>Hi." in text and "system" not in text and text.endswith("<model>")
        for template in (gemma, CHATML):
            first = encode(native, template, ("Be kind.", "Be short."), turns, 400)
            other = encode(native, template, ("Be kind.",), [Turn("user", "Else.")], 400)
            assert other.stable >= first.stable > 0
            assert first.tokens[: first.stable] == other.tokens[: first.stable]
            for prompt in (first, other):
                stable = b"".join(map(native.piece, prompt.tokens[: prompt.stable])).decode()
                assert "Be kind." in stable and not any(word in stable for word in ("short", "Hello", "Else"))
    finally:
        native.close()
