"""Claude's Messages protocol as a server speaks it: checks of a request, events of a stream, honest usage."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BYTES_A_TOKEN = 4
"""A plain estimate for the bill that the stand-in writes; Haven's own counter is meant to be higher."""
LEAST_CACHED = 512
"""Below this many tokens the API caches nothing and says nothing (Claude Sonnet 5.5)."""
CACHE_MARKS = 4
JSON_PIECE = 120


class Refused(Exception):
    """A request that the API would refuse: status, type, message, and the wait in seconds that it names."""

    def __init__(self, status: int, kind: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = () if retry_after_s is None else (f"retry-after: {retry_after_s:g}",)
        self.body = error_body(kind, message)


def error_body(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}


def check(body: Any, *, counting: bool) -> dict[str, Any]:
    """The body, where Claude's newest models would take it; raises Refused with what they say."""
    if not isinstance(body, dict):
        raise _invalid("the body must be a JSON object")
    for key in ("model", "messages") if counting else ("model", "messages", "max_tokens"):
        if not body.get(key):
            raise _invalid(f"{key}: Field required")
    for key in ("temperature", "top_p", "top_k"):
        if key in body:
            raise _invalid(f"`{key}` is not supported by this model")
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        raise _invalid("tool_choice: forced tool use is not supported by this model")
    blocks = [*blocks_of(body.get("system")), *body.get("tools", [])]
    blocks += [block for message in body["messages"] for block in blocks_of(message["content"])]
    if sum("cache_control" in block for block in blocks) > CACHE_MARKS:
        raise _invalid(f"A maximum of {CACHE_MARKS} blocks with cache_control may be provided")
    if any(block.get("type") == "text" and not block["text"].strip() for block in blocks):
        raise _invalid("text content blocks must be non-empty")
    return body


def blocks_of(content: Any) -> list[dict[str, Any]]:
    """Content as blocks; a plain string is one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content or [])


def text_of(content: Any) -> str:
    return "\n".join(block["text"] for block in blocks_of(content) if block.get("type") == "text")


def wanted(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reply in JSON has to hold, by name; empty where words are wanted."""
    found: Mapping[str, Any] = body.get("output_config", {}).get("format", {}).get("schema", {}).get("properties", {})
    return found


def tokens(value: Any) -> int:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_A_TOKEN)


def input_tokens(body: Mapping[str, Any]) -> int:
    parts = [*body.get("tools", []), *(block.get("text", "") for block in blocks_of(body.get("system")))]
    return sum(map(tokens, [*parts, *(text_of(message["content"]) for message in body["messages"])]))


@dataclass
class PromptCache:
    """Remembers byte-exact prefixes up to each mark, as the API does: tools, then system."""

    _seen: set[str] = field(default_factory=set)

    def usage(self, body: Mapping[str, Any]) -> dict[str, int]:
        """What this request reads from the cache, writes to it, and pays in full."""
        total, read, written = 0, 0, 0
        prefix = hashlib.sha256(str(body["model"]).encode())
        for block in [*body.get("tools", []), *blocks_of(body.get("system"))]:
            total += tokens(block.get("text", block))
            bare = {key: value for key, value in block.items() if key != "cache_control"}
            prefix.update(json.dumps(bare, sort_keys=True).encode())
            if "cache_control" in block and total >= LEAST_CACHED:
                if prefix.hexdigest() in self._seen:
                    read = total
                written = total
                self._seen.add(prefix.hexdigest())
        return {
            "input_tokens": input_tokens(body) - max(read, written),
            "cache_creation_input_tokens": written - read,
            "cache_read_input_tokens": read,
        }


def message(
    model: str, content: list[dict[str, Any]], stop_reason: str | None, usage: Mapping[str, int]
) -> dict[str, Any]:
    """One whole message, as a call without streaming gets it."""
    return {
        "id": f"msg_standin_{secrets.token_hex(8)}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": sum(tokens(block.get("text") or block.get("input")) for block in content)},
    }


def events(whole: Mapping[str, Any], *, broken_json: bool = False) -> Iterator[dict[str, Any]]:
    """The same message as the events of a stream; with `broken_json` a tool's input ends in the middle."""
    yield {
        "type": "message_start",
        "message": {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}},
    }
    for index, block in enumerate(whole["content"]):
        empty: dict[str, Any] = {"text": ""} if block["type"] == "text" else {"input": {}}
        yield {"type": "content_block_start", "index": index, "content_block": {**block, **empty}}
        for delta in _deltas(block, broken_json):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": whole["usage"]["output_tokens"]},
    }
    yield {"type": "message_stop"}


def _deltas(block: Mapping[str, Any], broken_json: bool) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in re.findall(r"\s*\S+|\s+$", block["text"]):
            yield {"type": "text_delta", "text": piece}
        return
    raw = json.dumps(block["input"])
    if broken_json:
        raw = raw[: len(raw) // 2]
    for at in range(0, len(raw), JSON_PIECE):
        yield {"type": "input_json_delta", "partial_json": raw[at : at + JSON_PIECE]}


def _invalid(message: str) -> Refused:
    return Refused(400, "invalid_request_error", message)
