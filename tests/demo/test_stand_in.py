"""The stand-in speaks Claude's wire protocol, says in every message what it is, and fails as it is told to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

import pytest
from anthropic import AsyncAnthropic, BadRequestError, RateLimitError, transform_schema

from haven.changes.rounds.plan import SCHEMA, written
from haven.demo import answers
from haven.demo.stand_in import Fault, FaultKind, StandIn

MARK = "[stand-in, not Claude]"
MODEL = "claude-sonnet-5-5"
PNG = "Add a button in the map viewer to export the current map as PNG"
TOOLS: Any = [{"name": "propose_edits", "input_schema": {"type": "object"}}]


def client(stand_in: StandIn) -> AsyncAnthropic:
    return AsyncAnthropic(api_key="stand-in", base_url=stand_in.base_url, max_retries=0)


async def say(stand_in: StandIn, turn: str, system: str = "", **more: Any) -> Any:
    """One message without streaming."""
    if system:
        more["system"] = system
    async with client(stand_in) as claude:
        return await claude.messages.create(
            model=MODEL, max_tokens=1000, messages=[{"role": "user", "content": turn}], **more
        )


def request(text: str, more: str = "") -> str:
    return f"<request>\n{text}\n</request>{more}"


def tool_input(message: Any) -> dict[str, Any]:
    [found] = [block.input for block in message.content if block.type == "tool_use"]
    return dict(found)


@pytest.mark.parametrize("turn", ["What is the Round Table?", "what IS   haven", "tell me a joke", request("anything")])
async def test_every_text_says_what_it_is(turn: str) -> None:
    async with StandIn() as stand_in:
        message = await say(stand_in, turn)
    assert message.content[0].text.startswith(MARK)
    assert message.model == MODEL


@pytest.mark.parametrize(("wish", "file"), [(PNG, "atlas/viewer.py"), ("Write me an operating system", "")])
async def test_a_plan_says_what_it_is_and_what_it_would_do(wish: str, file: str) -> None:
    form = {"type": "json_schema", "schema": transform_schema(dict(SCHEMA))}
    async with StandIn() as stand_in:
        message = await say(stand_in, request(wish), output_config={"format": form})
    told = written(json.loads(message.content[0].text))
    assert told["steps"][0].startswith(MARK) and (file in told["files"] if file else told["files"] == [])
    assert "No" in told["risk"]


async def test_every_response_carries_the_header_errors_too() -> None:
    async with StandIn([None, Fault(FaultKind.OVERLOADED)]) as stand_in, client(stand_in) as claude:
        for _ in range(2):
            try:
                raw = await claude.messages.with_raw_response.create(
                    model=MODEL, max_tokens=9, messages=[{"role": "user", "content": "hello"}]
                )
                headers = raw.headers
            except Exception as error:
                headers = error.response.headers  # type: ignore[attr-defined]
            assert headers["x-haven-stand-in"] == "1"


async def test_an_unknown_request_is_refused_by_naming_the_known_ones() -> None:
    async with StandIn() as stand_in:
        message = await say(stand_in, request("Write me an operating system"), tools=TOOLS)
    assert message.stop_reason == "end_turn"
    assert [block.type for block in message.content] == ["text"]
    assert "I only know these requests for the sample project" in message.content[0].text
    assert PNG in message.content[0].text


async def test_case_blanks_and_a_full_stop_make_no_other_request() -> None:
    async with StandIn() as stand_in:
        message = await say(stand_in, request(f"  {PNG.upper()}\n ."), tools=TOOLS)
    assert message.stop_reason == "tool_use"
    assert tool_input(message)["summary"].startswith(MARK)


async def test_a_request_is_only_what_stands_in_its_tags() -> None:
    async with StandIn() as stand_in:
        message = await say(stand_in, f"Please: {PNG}", tools=TOOLS)
    assert message.stop_reason == "end_turn"


async def test_without_the_tool_the_edits_come_as_text() -> None:
    async with StandIn() as stand_in:
        message = await say(stand_in, request("Fix the distance between systems"))
    text = message.content[0].text
    assert "atlas/distance.py\n```\n<<<<<<< SEARCH\n" in text
    assert text.count(">>>>>>> REPLACE") == 2


async def test_an_edit_has_every_field_of_the_tool() -> None:
    async with StandIn() as stand_in:
        edits = tool_input(await say(stand_in, request(PNG), tools=TOOLS))["edits"]
    assert all(set(edit) == {"path", "kind", "old", "new", "to"} for edit in edits)
    assert {edit["kind"] for edit in edits} == {"create", "replace"}


@pytest.mark.parametrize(
    ("words", "label"),
    [("name the button Save picture", "Save picture"), ('call it "Keep"', "Keep"), ("Rename it to Keep.", "Keep")],
)
async def test_the_tweak_takes_the_label_from_a_persons_words(words: str, label: str) -> None:
    turn = request(PNG, f"\n<instruction>{words}</instruction>")
    async with StandIn() as stand_in:
        message = await say(stand_in, turn, 'def export_link(\nEXPORT_LABEL = "Export PNG"', tools=TOOLS)
    assert [edit["new"] for edit in tool_input(message)["edits"]] == [f'EXPORT_LABEL = "{label}"', f'LABEL = "{label}"']


@pytest.mark.parametrize("words", ["make it blue", 'call it "\\"); import os"', f'call it "{"x" * 41}"'])
async def test_an_unknown_or_unsafe_tweak_is_refused_by_name(words: str) -> None:
    turn = request(PNG, f"\n<instruction>{words}</instruction>")
    async with StandIn() as stand_in:
        message = await say(stand_in, turn, "def export_link(", tools=TOOLS)
    assert "I only know this tweak" in message.content[0].text
    assert message.stop_reason == "end_turn"


async def test_what_only_stands_in_the_diff_is_not_in_the_project() -> None:
    turn = request(PNG, "<diff>+def export_link(</diff><failures>the edits did not apply</failures>")
    async with StandIn() as stand_in:
        edits = tool_input(await say(stand_in, turn, "the files", tools=TOOLS))["edits"]
    assert "atlas/png.py" in {edit["path"] for edit in edits}  # the first edits once more


async def test_rules_that_speak_of_the_tags_hide_no_files() -> None:
    rules = "`<diff>` shows earlier edits.\n<file>def export_link(</file>"
    turn = request(PNG, '<diff>+x</diff><instruction>call it "Keep"</instruction>')
    async with StandIn() as stand_in:
        edits = tool_input(await say(stand_in, turn, rules, tools=TOOLS))["edits"]
    assert [edit["kind"] for edit in edits] == ["replace", "replace"]  # the tweak, not the first edits again


async def test_the_same_request_again_needs_no_edits() -> None:
    async with StandIn() as stand_in:
        message = await say(stand_in, request(PNG), "def export_link(", tools=TOOLS)
    assert message.content[0].text == f"{MARK} The project has this already."


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (FaultKind.EDITS_DO_NOT_APPLY, "README.md"),
        (FaultKind.EDITS_OUTSIDE, "../outside.txt"),
        (FaultKind.EDITS_BREAK_TESTS, answers.BREAKING.path),
    ],
)
async def test_bad_edits_are_added_to_the_first_answer_only(kind: FaultKind, path: str) -> None:
    async with StandIn([Fault(kind)]) as stand_in:
        first = tool_input(await say(stand_in, request(PNG), tools=TOOLS))["edits"]
        second = tool_input(await say(stand_in, request(PNG), tools=TOOLS))["edits"]
    assert first[:-1] == second
    assert first[-1]["path"] == path


async def test_faults_come_in_their_order_and_then_end() -> None:
    async with StandIn([None, Fault(FaultKind.RATE_LIMIT, retry_after_s=3)]) as stand_in:
        await say(stand_in, "hello")
        with pytest.raises(RateLimitError) as caught:
            await say(stand_in, "hello")
        await say(stand_in, "hello")
    assert caught.value.response.headers["retry-after"] == "3"
    assert caught.value.type == "rate_limit_error"
    assert len(stand_in.requests) == 3


async def test_a_hanging_call_goes_on_when_it_is_released() -> None:
    fault = Fault(FaultKind.HANG)
    async with StandIn([fault]) as stand_in:
        waiting = asyncio.create_task(say(stand_in, "hello"))
        await fault.reached.wait()
        assert not waiting.done()
        fault.release.set()
        assert (await waiting).stop_reason == "end_turn"


async def test_closing_ends_a_hanging_call() -> None:
    fault = Fault(FaultKind.HANG)
    async with StandIn([fault]) as stand_in:
        waiting = asyncio.create_task(say(stand_in, "hello"))
        await fault.reached.wait()
    with pytest.raises(Exception, match="Connection"):
        await waiting


async def test_a_short_prompt_is_not_cached_and_a_changed_prefix_is_written_anew() -> None:
    def marked(text: str) -> Any:
        return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]

    async with StandIn() as stand_in, client(stand_in) as claude:

        async def usage(system: Any) -> Any:
            turn: Any = {"role": "user", "content": "hello"}
            return (await claude.messages.create(model=MODEL, max_tokens=9, messages=[turn], system=system)).usage

        short = await usage(marked("short"))
        assert (short.cache_creation_input_tokens, short.cache_read_input_tokens) == (0, 0)
        long, other = "long " * 1000, "other " * 1000
        first = await usage(marked(long))
        both = await usage(marked(long) + marked(other))
        assert both.cache_read_input_tokens == first.cache_creation_input_tokens > 1000
        assert both.cache_creation_input_tokens > 1000
        assert (await usage(marked("x" + long))).cache_read_input_tokens == 0
        counted = await claude.messages.count_tokens(
            model=MODEL, messages=[{"role": "user", "content": "hello"}], system=marked(long)
        )
        assert counted.input_tokens == first.input_tokens + first.cache_creation_input_tokens


@pytest.mark.parametrize(
    "wrong",
    [
        {"extra_body": {"temperature": 0.5}},
        {"tools": TOOLS, "tool_choice": {"type": "tool", "name": "propose_edits"}},
        {"system": [{"type": "text", "text": f"{n}", "cache_control": {"type": "ephemeral"}} for n in range(5)]},
        {"system": [{"type": "text", "text": " "}]},
    ],
)
async def test_it_refuses_what_the_newest_models_refuse(wrong: dict[str, Any]) -> None:
    async with StandIn() as stand_in:
        with pytest.raises(BadRequestError):
            await say(stand_in, "hello", **wrong)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nx-api-key: k\r\n\r\n", b"404"),
        (b"POST /v1/messages HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}", b"401"),
        (b"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\ncontent-length: 2\r\n\r\n{]", b"400"),
        (b"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\ncontent-length: 2\r\n\r\n[]", b"400"),
        (b"POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\ncontent-length: 99999999999\r\n\r\n", b"413"),
        (b"POST /v1/other HTTP/1.1\r\nx-api-key: k\r\ncontent-length: 2\r\n\r\n{}", b"404"),
    ],
)
async def test_a_bad_request_gets_an_error_in_claudes_shape(sent: bytes, status: bytes) -> None:
    async with StandIn() as stand_in:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(stand_in.base_url.rsplit(":", 1)[1]))
        writer.write(sent)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert head.split(b" ")[1] == status
    assert json.loads(body)["type"] == "error"


async def test_a_caller_that_goes_away_disturbs_nobody() -> None:
    async with StandIn() as stand_in:
        for sent in (b"", b"POST /v1/mess", b"POST /v1/messages HTTP/1.1\r\ncontent-length: 50\r\n\r\n{"):
            _, writer = await asyncio.open_connection("127.0.0.1", int(stand_in.base_url.rsplit(":", 1)[1]))
            writer.write(sent)
            writer.close()
            await writer.wait_closed()
        assert (await say(stand_in, "hello")).stop_reason == "end_turn"


async def test_it_runs_as_a_process_of_its_own_and_names_its_address() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "haven.demo.stand_in"),
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith(f"{MARK} http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0
    assert await process.stderr.read() == b""
