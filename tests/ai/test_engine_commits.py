"""What a question costs the card and the clock: two commits, no vector where nothing hangs on it, nothing lost."""

from __future__ import annotations

from pathlib import Path

from haven.ai.judging.embed import Embedder
from haven.ai.memory import Memory
from haven.ai.memory.cache import Cache
from haven.ai.memory.outcomes import Outcomes
from haven.ai.policy import Policy
from haven.ai.task import Reply
from haven.store.database import Database
from tests.ai.desk import claude_said, desk_at, task
from tests.ai.servers.loopback import Loopback

UNSURE = "Where is the nearest portal to Oculi 123, and who of us found it?"
ANSWER = "The nearest portal to Oculi 123 stands in the northern dunes, and Mika found it."
SMALL = "claude-haiku-5-5"


def everything(database: Database) -> Memory:
    return Memory(Outcomes(database), Cache(database), Embedder())


async def test_a_paid_question_is_two_commits_and_all_of_it_is_there_with_the_reply(tmp_path: Path) -> None:
    async with (
        Loopback(claude_said(ANSWER)) as far,
        desk_at(tmp_path, far.url, memory=everything, costs=True) as desk,
    ):
        commits = []
        desk.database.on_commit(lambda: commits.append(1), quiet=True)
        async for piece in desk.engine.stream(task(UNSURE, max_tokens=100)):
            if isinstance(piece, Reply):
                assert desk.rows("state, usd > 0") == [("settled", 1)]
                assert piece.outcome
        assert len(commits) == 2
        assert len(await desk.database.rows("select 1 from outcome, reply_cache")) == 1


async def test_an_answer_whose_cost_cannot_be_written_arrives_and_stays_charged_at_its_worst(tmp_path: Path) -> None:
    async with Loopback(claude_said(ANSWER)) as far, desk_at(tmp_path, far.url, costs=True) as desk:
        full = "create trigger full before insert on settlement begin select raise(abort, 'the disk is full'); end"
        await desk.database.write(lambda tx: tx.execute(full))
        reply = await desk.engine.complete(task(UNSURE, max_tokens=100))
        assert reply.text == ANSWER
        assert desk.rows("state, charged = worst_usd") == [("reserved", 1)]


async def test_meaning_is_asked_only_where_it_could_change_who_answers(tmp_path: Path) -> None:
    found = []
    for name, small in (("one", ""), ("two", SMALL)):
        async with (
            Loopback(claude_said(ANSWER)) as far,
            desk_at(tmp_path / name, far.url, memory=everything, policy=Policy(small_model=small)) as desk,
        ):
            await desk.engine.complete(task(UNSURE))
            row = await desk.database.row("select vector is not null from outcome")
            found.append(tuple(row or ()))
    assert found == [(0,), (1,)]
