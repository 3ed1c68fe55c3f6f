"""From turns to tokens: a model's own chat template, people's words never read as its control words, cut to fit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from haven.ai.providers.llama_native import NativeModel
from haven.ai.task import Turn
from haven.errors import ModelError

log = logging.getLogger("haven.llama")

CUT_MARK = "\n[... the middle was cut to fit this model ...]\n"
LEAST_KEPT = 32
"""Tokens of a turn that cutting leaves at least."""


@dataclass(frozen=True)
class ChatTemplate:
    """How a model was taught to read a conversation: `{role}` is system, user or assistant, `{text}` what they said."""

    turn: str
    reply: str
    """What makes the model answer."""


CHATML = ChatTemplate("<|im_start|>{role}\n{text}<|im_end|>\n", "<|im_start|>assistant\n")


def encode(
    model: NativeModel, template: ChatTemplate, system: Sequence[str], turns: Sequence[Turn], room: int
) -> list[int]:
    """At most `room` tokens: the system text whole, the longest turns cut in the middle, visibly.

    Only the template's own words become control tokens. Raises ModelError where cutting is not enough.
    """
    before, _, after = template.turn.partition("{text}")
    spoken = [Turn("system", "\n\n".join(system)), *turns] if system else list(turns)
    said = [model.tokenize(turn.text.strip()) for turn in spoken]
    frames = [
        (
            model.tokenize(before.format(role=turn.role), special=True, first=number == 0),
            model.tokenize(after, special=True),
        )
        for number, turn in enumerate(spoken)
    ]
    reply = model.tokenize(template.reply, special=True)
    excess = sum(map(len, said)) + sum(len(start) + len(end) for start, end in frames) + len(reply) - room
    if excess > 0:
        log.info("the prompt is %d tokens too long for a room of %d: its longest turn is cut", excess, room)
        _cut(said[1:] if system else said, excess, model.tokenize(CUT_MARK))
    whole = [token for (start, end), text in zip(frames, said, strict=True) for token in (*start, *text, *end)]
    return whole + reply


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
