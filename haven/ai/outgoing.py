"""A task as the call that a model gets; and, where that leaves the house, redacted, priced, and made whole again."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from haven.ai.money import tokens
from haven.ai.money.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.task import Task, Tool, ToolCall, ToolResult, Turn, Usage
from haven.quoting import data_block
from haven.redact import HALF_PLACEHOLDER, Redaction

OWN_TOKENS = 800
"""Input tokens that the API may add by itself: for tools it was 346 (Anthropic, tool use), schemas cost some too."""


def call_of(task: Task) -> Call:
    """What a provider is handed: the material stands before the last turn's words, as data."""
    turns = task.turns
    if task.material:
        blocks = "\n\n".join(data_block("material", text) for text in task.material)
        turns = (*turns[:-1], replace(turns[-1], text=f"{blocks}\n\n{turns[-1].text}"))
    return Call(
        turns,
        task.system,
        task.max_tokens,
        task.temperature,
        task.schema,
        task.tool,
        tools=task.tools,
        past_tools=task.past_tools,
        stop=task.stop,
        top_p=task.top_p,
        seed=task.seed,
        priority=int(task.background),
    )


def count(call: Call) -> int:
    """Tokens that the call may be billed as input, at most. Counts about 20 MB a second."""
    return tokens.count(text_of(call)) + OWN_TOKENS


def worst_case(call: Call, price: Prices | None) -> float:
    """US dollars that the call may cost at the most; 0 without a price."""
    return price.worst_case(count(call), call.max_tokens) if price else 0.0


def text_of(call: Call) -> str:
    """Exactly the words that leave, for the record."""
    said = (f"[{turn.role}]\n{_said(turn)}" for turn in call.turns)
    forms = map(_form, (*call.tools, *call.past_tools, *([call.tool] if call.tool else [])))
    schema = [json.dumps(call.schema, ensure_ascii=False)] if call.schema is not None else []
    return "\n\n".join([*call.system, *forms, *schema, *call.stop, *said])


def _said(turn: Turn) -> str:
    calls = (f"{call.id} {call.name}({json.dumps(call.input, ensure_ascii=False)})" for call in turn.calls)
    return "\n".join([turn.text, *calls, *(result.text for result in turn.results)]).strip("\n")


def _form(tool: Tool) -> str:
    return f"[tool {tool.name}] {tool.description}\n{json.dumps(tool.schema, ensure_ascii=False)}"


@dataclass
class Outgoing:
    """One call on its way out, and what has come back of it."""

    call: Call
    redaction: Redaction
    price: Prices | None
    worst_usd: float
    usage: Usage | None = field(default_factory=Usage)
    """What the call used; None where it has ended and nobody knows."""
    started: float = field(default_factory=time.monotonic)
    held: str = ""
    """The end of the text so far where it may be half a placeholder."""

    @classmethod
    def of(cls, task: Task, price: Prices | None) -> Outgoing:
        """Redacted, then priced as it leaves; takes a while for a long prompt, so it runs in a thread."""
        redaction = Redaction()
        call = _redacted(call_of(task), redaction)
        return cls(call, redaction, price, worst_case(call, price))

    @property
    def usd(self) -> float:
        if self.usage is None:
            return self.worst_usd
        return self.price.cost(self.usage) if self.price else 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def came_in(self, text: str) -> str:
        """The next piece with its values put back; half a placeholder waits for its other half."""
        text = self.held + text
        half = HALF_PLACEHOLDER.search(text) if self.redaction.values else None
        whole = text[: half.start()] if half else text
        self.held = text[len(whole) :]
        return self.redaction.restore(whole)

    def restored(self, finish: Finish) -> Finish:
        """The end of the call with its values put back, in text, data and the input of tools."""
        calls = tuple(ToolCall(one.id, one.name, self._whole(one.input)) for one in finish.calls)
        text = self.redaction.restore(finish.text)
        return replace(finish, text=text, data=self._whole(finish.data), calls=calls)

    def _whole(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.redaction.restore(data)
        if isinstance(data, dict):
            return {self._whole(key): self._whole(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self._whole(value) for value in data]
        return data


def _redacted(call: Call, redaction: Redaction) -> Call:
    def hidden(data: Any) -> Any:
        if isinstance(data, str):
            return redaction.apply(data)
        if isinstance(data, Mapping):
            return {hidden(key): hidden(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [hidden(value) for value in data]
        if isinstance(data, int) and (said := redaction.apply(str(data))) != str(data):
            return said  # such as a Discord id
        return data

    def tool(one: Tool) -> Tool:
        return Tool(one.name, redaction.apply(one.description), hidden(one.schema))

    turns = tuple(
        Turn(
            turn.role,
            redaction.apply(turn.text),
            tuple(ToolCall(one.id, one.name, hidden(one.input)) for one in turn.calls),
            tuple(ToolResult(one.id, redaction.apply(one.text), one.failed) for one in turn.results),
        )
        for turn in call.turns
    )
    return replace(
        call,
        turns=turns,
        system=tuple(redaction.apply(part) for part in call.system),
        schema=hidden(call.schema),
        tool=tool(call.tool) if call.tool else None,
        tools=tuple(map(tool, call.tools)),
        past_tools=tuple(map(tool, call.past_tools)),
        stop=tuple(map(redaction.apply, call.stop)),
    )
