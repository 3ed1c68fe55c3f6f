"""Tools for a local model: offered in words, called by a reply whose grammar allows a call or an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haven.ai.providers.base import Call
from haven.ai.task import Tool, ToolCall, Turn

_ANSWER = re.compile(r'\{\s*"answer"\s*:\s*("(?:[^"\\]|\\["\\/bfnrt])*)')
"""What has been written of an answer in words; half an escape waits for its other half."""


def offer(tools: Sequence[Tool]) -> str:
    """The tools in words, as the last part of the system text."""
    lines = [f"- {tool.name}: {tool.description} Input: {json.dumps(tool.schema)}" for tool in tools]
    how = 'Reply as JSON: {"tool": NAME, "input": {...}} to use a tool, or {"answer": ...} to answer.'
    return "\n".join(["You can use these tools:", *lines, how])


def reply_schema(call: Call) -> Mapping[str, Any]:
    """What a reply may be: a call of one tool, or an answer (text without a bound, or what the call's schema says)."""
    ways = [_way(tool=tool.name, input=tool.schema) for tool in call.tools]
    return {"anyOf": [*ways, _way(answer=call.schema or {"type": "string", "maxLength": None})]}


def _way(**keys: Any) -> dict[str, Any]:
    properties = {key: {"const": value} if isinstance(value, str) else value for key, value in keys.items()}
    return {"type": "object", "properties": properties, "required": list(keys), "additionalProperties": False}


class AnswerStream:
    """`text`: the words of the answer in a reply that is still being written; none in a tool call."""

    def __init__(self) -> None:
        self.text, self._reply = "", ""

    def more(self, piece: str) -> str:
        """The words that this piece of the reply adds."""
        self._reply += piece
        found = _ANSWER.match(self._reply)
        before, self.text = self.text, str(json.loads(found[1] + '"')) if found else ""
        return self.text[len(before) :]


def called(reply: Mapping[str, Any], turns: Sequence[Turn]) -> tuple[ToolCall, ...]:
    """The call in a whole reply; its id is new in this conversation."""
    if "tool" not in reply:
        return ()
    number = sum(len(turn.calls) for turn in turns) + 1
    return (ToolCall(f"call-{number}", reply["tool"], reply["input"]),)


def spoken(turns: Sequence[Turn]) -> Iterator[str]:
    """Each turn as the model reads it: its text, the calls that it made, what the tools said."""
    names: dict[str, str] = {}
    for turn in turns:
        names |= {call.id: call.name for call in turn.calls}
        calls = [json.dumps({"tool": call.name, "input": call.input}, ensure_ascii=False) for call in turn.calls]
        results = [
            f"The tool {names.get(result.id, '')} {'failed' if result.failed else 'said'}:\n{result.text}"
            for result in turn.results
        ]
        yield "\n\n".join(part for part in (turn.text.strip(), *calls, *results) if part)
