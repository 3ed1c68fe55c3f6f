"""From turns to tokens: a model's own chat template, people's words never read as its control words, cut to fit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from haven.ai.providers.llama_native import NativeModel
from haven.ai.providers.llama_tools import spoken
from haven.ai.task import Turn
from haven.errors import ModelError

log = logging.getLogger("haven.llama")

CUT_MARK = "\n[... the middle was cut to fit this model ...]\n"
LEAST_KEPT = 32
"""Tokens of a turn that cutting leaves at least."""


@dataclass(frozen=True)
class ChatTemplate:
    """How a model was taught to read a conversation: `{role}` is who speaks, `{text}` what they said."""

    turn: str
    reply: str
    """What makes the model answer."""
    system: str = "system"
    """Its word for the system's role; "" where it has none: the system text then begins the first turn."""
    assistant: str = "assistant"
    """Its word for its own role."""


CHATML = ChatTemplate("<|im_start|>{role}\n{text}<|im_end|>\n", "<|im_start|>assistant\n")


@dataclass(frozen=True)
class Prompt:
    """`stable`: how many of the tokens, from the first, are Haven's own words: its first system part."""

    tokens: list[int]
    stable: int


def encode(
    model: NativeModel, template: ChatTemplate, system: Sequence[str], turns: Sequence[Turn], room: int
) -> Prompt:
    """At most `room` tokens: the system text whole, the longest turns cut in the middle, visibly.

    Only the template's own words become control tokens. Raises ModelError where cutting is not enough.
    """
    told = [model.tokenize(part) for part in _parts(system)]
    said = [model.tokenize(text) for text in spoken(turns)]
    roles = [template.assistant if turn.role == "assistant" else turn.role for turn in turns]
    rules = [token for part in told for token in part]
    if system and template.system:
        said, roles = [rules, *said], [template.system, *roles]
    frames = _frames(model, template, roles)
    leading = [] if template.system or not system else [*rules, *model.tokenize("\n\n")]
    reply = model.tokenize(template.reply, special=True)
    fixed = sum(len(start) + len(end) for start, end in frames) + len(leading) + len(reply)
    if (excess := fixed + sum(map(len, said)) - room) > 0:
        log.info("the prompt is %d tokens too long for a room of %d: its longest turn is cut", excess, room)
        _cut(said[1:] if system and template.system else said, excess, model.tokenize(CUT_MARK))
    if said:
        said[0] = leading + said[0]
    whole = [token for (start, end), text in zip(frames, said, strict=True) for token in (*start, *text, *end)]
    stable = len(frames[0][0]) + len(told[0]) if system and frames else 0
    if len(system) == 1 and template.system and turns:  # what the template says up to the person's first word
        stable += len(frames[0][1]) + len(frames[1][0])
    return Prompt(whole + reply, stable)


def _parts(system: Sequence[str]) -> list[str]:
    """Each a text of its own, so that the first one's tokens never depend on what follows it."""
    return [part.strip() if number == 0 else "\n\n" + part.strip() for number, part in enumerate(system)]


def _frames(model: NativeModel, template: ChatTemplate, roles: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    before, _, after = template.turn.partition("{text}")
    end = model.tokenize(after, special=True)
    return [
        (model.tokenize(before.format(role=role), special=True, first=number == 0), end)
        for number, role in enumerate(roles)
    ]


def _cut(said: list[list[int]], excess: int, mark: list[int]) -> None:
    """Take the middle out of the longest turns, in place, until `excess` tokens are gone."""
    while excess > 0:
        longest = max(said, key=len, default=[])
        keep = max(LEAST_KEPT, len(longest) - excess - len(mark))
        gone = len(longest) - keep - len(mark)
        if gone <= 0:
            raise ModelError(
                "The request is too long for the local model.", "Shorten it, or raise models.context_tokens."
            )
        longest[keep // 2 : len(longest) - (keep - keep // 2)] = mark
        excess -= gone
