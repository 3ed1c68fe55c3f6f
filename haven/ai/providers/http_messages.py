"""How a conversation and its tools are written down for servers of the OpenAI protocol, and partly for Ollama."""

from __future__ import annotations

import json
from typing import Any

from haven.ai.providers.base import Call
from haven.ai.task import Tool, Turn


def offered(tool: Tool) -> dict[str, Any]:
    """A tool as this protocol, and Ollama's, describe it."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)}
    return {"type": "function", "function": function}


def in_words(tool: Tool) -> str:
    """For the system text, where the reply is the tool's input by its schema."""
    schema = json.dumps(tool.schema, default=dict)
    return f"{tool.description}\nReply with JSON alone, by this schema:\n{schema}"


def messages(call: Call, by_schema: Tool | None = None) -> list[dict[str, Any]]:
    """The conversation in the OpenAI protocol. One system message, because many chat templates take no second one."""
    parts = (*call.system, in_words(by_schema) if by_schema else "")
    system = "\n\n".join(part for part in parts if part.strip())
    told: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for turn in call.turns:
        told += _from_turn(turn)
    return told


def _from_turn(turn: Turn) -> list[dict[str, Any]]:
    """Each result is a message of its own, before what the person says."""
    told: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": result.id, "content": f"{'failed: ' * result.failed}{result.text}"}
        for result in turn.results
    ]
    if turn.calls:
        calls = [
            {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": json.dumps(dict(one.input))}}
            for one in turn.calls
        ]
        told.append({"role": turn.role, "content": turn.text or None, "tool_calls": calls})
    elif turn.text or not told:
        told.append({"role": turn.role, "content": turn.text})
    return told
