"""The protocols that Haven speaks with models, as their servers write them, and a provider for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from haven.ai.money.prices import Prices
from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Call, Finish, Provider
from haven.ai.providers.ollama import Ollama
from haven.ai.providers.openai_compatible import OpenAICompatible
from haven.ai.task import Delta, Tier, Tool, Turn
from tests.ai.servers.loopback import Answer, End

KEY = "a-key-that-nobody-has"
CLAUDE = "claude-sonnet-5-5"
LOOK_UP = Tool(
    "look_up",
    "Look a system up.",
    {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
)


def question(words: str = "What is the Round Table?", **more: Any) -> Call:
    return Call((Turn("user", words),), ("You are short.",), more.pop("max_tokens", 300), **more)


async def gather(provider: Provider, call: Call) -> tuple[str, Finish]:
    """The text as it was streamed, and the one Finish at its end."""
    pieces = [piece async for piece in provider.generate(call)]
    *deltas, finish = pieces
    assert isinstance(finish, Finish) and not any(isinstance(piece, Finish) for piece in deltas)
    return "".join(piece.text for piece in deltas if isinstance(piece, Delta)), finish


def event(data: dict[str, Any]) -> bytes:
    """One of Claude's events."""
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def chunk(delta: dict[str, Any] | None = None, stop: str | None = None, **more: Any) -> bytes:
    """One chunk of the OpenAI protocol; without a delta it has no choice, as the one with the usage."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": stop}]
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "a-model", "choices": choices}
    return f"data: {json.dumps(body | more)}\n\n".encode()


def line(content: str = "", **more: Any) -> bytes:
    """One line of Ollama's."""
    message = {"role": "assistant", "content": content} | more.pop("message", {})
    return json.dumps({"model": "a-model", "message": message, "done": False} | more).encode() + b"\n"


@dataclass(frozen=True)
class Wire:
    """How one protocol's server says things. The last of `begins` is the text `Once upon `."""

    name: str
    make: Callable[..., Provider]
    kind: str
    begins: tuple[bytes, ...]
    more: bytes
    """`on and on `"""
    ends: tuple[bytes, ...]
    ends_at_limit: tuple[bytes, ...]
    begins_tool: tuple[bytes, ...]
    """A call of `look_up` whose input ends in the middle."""
    ends_tool: tuple[bytes, ...]
    not_json: bytes
    nothing: bytes
    """What keeps a connection alive and says nothing."""
    error: Callable[[str], bytes]

    def answer(self, *pieces: bytes, end: End = End.CLEAN) -> Answer:
        return Answer(pieces, self.kind, end=end)

    @property
    def whole(self) -> Answer:
        return self.answer(*self.begins, *self.ends)

    def turned_away(self, status: int, said: str = "no", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer((self.error(said),), status=status, headers=named)


def _claude(url: str, **more: Any) -> Provider:
    return AnthropicProvider(KEY, model=CLAUDE, base_url=url, **more)


def _cloud(url: str, **more: Any) -> Provider:
    price = Prices(input=1, output=2, cache_read=1, cache_write=1)
    return OpenAICompatible(url, "a-model", KEY, tier=Tier.CLOUD, name="other", price=price, **more)


def _home(url: str, **more: Any) -> Provider:
    return OpenAICompatible(url, "a-model", KEY, tier=Tier.LAN, **more)


def _ollama(url: str, **more: Any) -> Provider:
    return Ollama(url, "a-model", KEY, **more)


def claude_block(start: dict[str, Any], *deltas: dict[str, Any]) -> tuple[bytes, ...]:
    usage = {"input_tokens": 10, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": CLAUDE, "content": [], "usage": usage}
    return (
        event({"type": "message_start", "message": message}),
        event({"type": "content_block_start", "index": 0, "content_block": start}),
        *(event({"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas),
    )


def claude_end(stop: str, **more: Any) -> tuple[bytes, ...]:
    delta = {"stop_reason": stop, "stop_sequence": None, **more}
    return (
        event({"type": "content_block_stop", "index": 0}),
        event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}}),
        event({"type": "message_stop"}),
    )


def openai_call(arguments: str) -> bytes:
    function = {"name": "look_up", "arguments": arguments}
    return chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})


def openai_end(stop: str) -> tuple[bytes, ...]:
    usage = {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}
    return chunk({}, stop), chunk(usage=usage), b"data: [DONE]\n\n"


def ollama_end(reason: str) -> tuple[bytes, ...]:
    return (line(done=True, done_reason=reason, prompt_eval_count=10, eval_count=7),)


def _openai(name: str, make: Callable[..., Provider]) -> Wire:
    return Wire(
        name,
        make,
        "text/event-stream",
        begins=(chunk({"role": "assistant", "content": ""}), chunk({"content": "Once upon "})),
        more=chunk({"content": "on and on "}),
        ends=openai_end("stop"),
        ends_at_limit=openai_end("length"),
        begins_tool=(openai_call('{"na'),),
        ends_tool=openai_end("tool_calls"),
        not_json=b"data: {this is not json\n\n",
        nothing=b": a comment\n\n",
        error=lambda said: json.dumps({"error": {"message": said, "type": "an_error", "code": None}}).encode(),
    )


WIRES = (
    Wire(
        "claude",
        _claude,
        "text/event-stream",
        begins=claude_block({"type": "text", "text": ""}, {"type": "text_delta", "text": "Once upon "}),
        more=event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "on and on "}}),
        ends=claude_end("end_turn"),
        ends_at_limit=claude_end("max_tokens"),
        begins_tool=claude_block(
            {"type": "tool_use", "id": "t", "name": "look_up", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"na'},
        ),
        ends_tool=claude_end("tool_use"),
        not_json=b"event: content_block_delta\ndata: {this is not json\n\n",
        nothing=b"event: ping\ndata: {}\n\n",
        error=lambda said: json.dumps({"type": "error", "error": {"type": "an_error", "message": said}}).encode(),
    ),
    _openai("another cloud", _cloud),
    _openai("openai at home", _home),
    Wire(
        "ollama",
        _ollama,
        "application/x-ndjson",
        begins=(line(), line("Once upon ")),
        more=line("on and on "),
        ends=ollama_end("stop"),
        ends_at_limit=ollama_end("length"),
        # A tool call comes in one line: one whose input ends in the middle is an object without what it needs.
        begins_tool=(line(message={"tool_calls": [{"function": {"name": "look_up", "arguments": {}}}]}),),
        ends_tool=ollama_end("stop"),
        not_json=b'{"model": "a-model", "mess\n',
        nothing=line(),
        error=lambda said: json.dumps({"error": said}).encode(),
    ),
)
CLAUDE_WIRE, CLOUD_WIRE, HOME_WIRE, OLLAMA_WIRE = WIRES
