"""What the local model says of a request that the rules can't place: one word of a closed list."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from haven.ai.judging.classify import NEVER_SIMPLE
from haven.ai.task import Complexity, Judgement, Privacy, Task, Turn, Where
from haven.errors import HavenError
from haven.quoting import cut_middle, data_block

MIDDLE = {Complexity.SIMPLE: 0.2, Complexity.MEDIUM: 0.5, Complexity.COMPLEX: 0.8}
WEIGHT = 0.35
"""How much a small model's word counts beside the rules' score."""
SHOWN = 1200
INSTRUCTIONS = """\
Say how hard the request is.
simple: one short step, or a fact that only has to be worded.
medium: several steps, or a page of well-ordered text.
complex: broad knowledge, long reasoning, many files.
Answer as JSON."""


async def second_opinion(task: Task, judgement: Judgement, ask: Callable[[Task], Awaitable[str]]) -> Judgement:
    """The rules' judgement, moved towards the local model's word; as it was where the model has none."""
    asked = Task(
        kind="complexity",
        turns=(Turn("user", data_block("request", cut_middle(task.question, SHOWN))),),
        principal=task.principal,
        purpose="how hard is this request?",
        system=(INSTRUCTIONS,),
        privacy=Privacy.PRIVATE,
        where=Where.LOCAL,
        schema={"type": "object", "properties": {"level": {"enum": list(Complexity)}}, "required": ["level"]},
        max_tokens=16,
    )
    try:
        said = Complexity(json.loads(await ask(asked))["level"])
    except (HavenError, ValueError, KeyError, TypeError):
        return judgement
    score = round((1 - WEIGHT) * judgement.score + WEIGHT * MIDDLE[said], 3)
    nearest = min(MIDDLE, key=lambda level: abs(MIDDLE[level] - score))
    same = said is judgement.complexity
    keeps = same or (nearest is Complexity.SIMPLE and task.kind in NEVER_SIMPLE)
    level = judgement.complexity if keeps else nearest
    reasons = (*judgement.reasons, f"the local model finds it {said}")
    return replace(judgement, complexity=level, score=score, reasons=reasons, sure=same)
