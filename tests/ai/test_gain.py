"""What became of similar tasks decides whether the local model is asked first."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.ai.judging.similar import ENOUGH
from haven.ai.memory import Memory
from haven.ai.memory.outcomes import Outcomes
from haven.ai.task import Privacy, Reply, Route, Tier, Where
from haven.settings import Routing
from haven.store.database import Database
from tests.ai.desk import Desk, desk_at, model_at, task

NOBODY = "http://127.0.0.1:9"
EASY = Routing(simple_words=tuple("." * times for times in range(1, 11)))
"""Whatever is asked is judged to be simple: here only what was learned is looked at."""
QUESTION = "How many glyphs does the portal of Eissentam need?"


async def lived(desk: Desk, answered: Tier, local_score: int) -> None:
    """Some forty tasks like the question; a large model's answers, where one was asked, were good."""
    outcomes = Outcomes(desk.database)
    score = 90 if answered is Tier.CLOUD else local_score
    reply = Reply("Twelve of them.", answered, "m", "", Route((), ()), score=score)
    for number in range(ENOUGH + 10):
        like = task(f"How many glyphs does the portal number {number} of Eissentam need?")
        await outcomes.record(like, reply, pass_mark=70, prompt_tokens=20, local_score=local_score)


@pytest.mark.parametrize(
    ("answered", "local_score", "first"),
    [(Tier.CLOUD, 20, Tier.CLOUD), (Tier.LOCAL, 95, Tier.LOCAL), (Tier.LOCAL, 20, Tier.LOCAL)],
    ids=["failed here and passed there", "passed here", "failed everywhere"],
)
async def test_what_similar_tasks_taught_decides_who_is_asked_first(
    tmp_path: Path, answered: Tier, local_score: int, first: Tier
) -> None:
    def memory(database: Database) -> Memory:
        return Memory(Outcomes(database), routing=EASY)

    local = model_at(NOBODY)
    async with desk_at(tmp_path, NOBODY, local, memory=memory) as desk:
        assert (await desk.engine.route(task(QUESTION))).tiers[0] is Tier.LOCAL, "nothing is known yet"
    async with desk_at(tmp_path, NOBODY, local, memory=memory) as desk:
        await lived(desk, answered, local_score)
        route = await desk.engine.route(task(QUESTION))
        assert route.tiers == (first, Tier.LOCAL if first is Tier.CLOUD else Tier.CLOUD)
        assert ("tasks like it passed" in route.reasons[0]) is (first is Tier.CLOUD)
        assert (await desk.engine.route(task(QUESTION, privacy=Privacy.PRIVATE))).tiers == (Tier.LOCAL,)
        assert (await desk.engine.route(task(QUESTION, where=Where.LOCAL))).tiers == (Tier.LOCAL,)
    await local.close()
