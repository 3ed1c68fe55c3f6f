"""What became of tasks: kept, judged, counted and learned from, and nothing kept of what is private but figures."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haven.access import Principal, Role
from haven.ai.memory.cache import Cache
from haven.ai.memory.learning import BOUND, ENOUGH, STEP, decide
from haven.ai.memory.outcomes import Outcomes, Tried, figures
from haven.ai.task import Complexity, Judgement, Privacy, Reply, Route, Task, Tier, Usage
from haven.errors import AccessDenied, BadInput, NotFound
from haven.store import changes
from haven.store.changes import Change
from haven.store.database import Database, opened
from haven.store.outcomes import Seen
from tests.ai.desk import MEMBER, STRANGER, task

OTHER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")
SECRET_WORDS = "where did I hide the amulet of Zephyria"
ROUTE = Route((), (), judgement=Judgement(Complexity.MEDIUM, 0.4, ("it is long",)))
LOCAL = Reply("Forty-two.", Tier.LOCAL, "smollm2-135m", "v1", ROUTE, Usage(10, 3), seconds=1.0, score=80)
CLOUD = replace(LOCAL, tier=Tier.CLOUD, model="claude-sonnet-5-5", usd=0.01, seconds=3.0, score=90)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "db" / "haven.db") as ready:
        yield ready


async def record(book: Outcomes, reply: Reply = LOCAL, asked: Task | None = None, **more: Any) -> int:
    return await book.record(asked or task(), reply, **{"pass_mark": 70, "prompt_tokens": 12} | more)


async def test_the_history_of_a_kind_is_what_was_open_and_really_answered(database: Database) -> None:
    book = Outcomes(database)
    vector = np.arange(4, dtype=np.float32)
    await record(book, CLOUD, task("What is a glyph? Ask mika@example.org"), vector=vector, local_score=40)
    await record(book, replace(LOCAL, cached="yesterday"))
    await record(book, replace(LOCAL, stand_in=True))
    await record(book, LOCAL, task("Short, please", kind="summary"))
    [seen] = await book.history("answer")
    assert seen.words.startswith("What is a glyph?") and "mika@example.org" not in seen.words
    assert (seen.hardness, seen.tier, seen.score, seen.local_score, seen.pass_mark) == (0.4, "cloud", 90, 40, 70)
    assert seen.vector is not None and np.array_equal(np.frombuffer(seen.vector, "<f4"), vector)


async def test_nothing_of_a_private_task_is_kept_but_figures(database: Database, tmp_path: Path) -> None:
    book = Outcomes(database)
    private = task(SECRET_WORDS, privacy=Privacy.PRIVATE)
    reply = replace(LOCAL, text=SECRET_WORDS, score_reasons=(f"it says {SECRET_WORDS}",))
    await record(book, reply, private, vector=np.ones(4, dtype=np.float32))
    assert await book.history("answer") == []
    row = (await book.statistics(0, math.inf))[0]
    assert (row.kind, row.n, row.local_share) == ("answer", 1, 1.0)
    written = b"".join(file.read_bytes() for file in (tmp_path / "db").iterdir())
    assert b"amulet" not in written and np.ones(4, dtype=np.float32).tobytes() not in written


async def test_a_verdict_is_a_persons_newest_word(database: Database) -> None:
    book = Outcomes(database)
    id = await record(book)
    for who, value in ((MEMBER, -1), (MEMBER, 1), (OTHER, -1), (OTHER, 0)):
        await book.verdict(id, who, value)
    row = (await book.statistics(0, math.inf))[0]
    assert (row.up, row.down) == (1, 0)


async def test_a_verdict_on_what_one_may_not_see_is_refused(database: Database) -> None:
    book = Outcomes(database)
    id = await record(book, LOCAL, task(privacy=Privacy.PRIVATE))
    with pytest.raises(AccessDenied):
        await book.verdict(id, STRANGER, 1)
    for who, of in ((OTHER, id), (MEMBER, id + 1)):
        with pytest.raises(NotFound):
            await book.verdict(of, who, 1)
    with pytest.raises(BadInput):
        await book.verdict(id, MEMBER, 2)
    await book.verdict(id, MEMBER, 1)


async def test_a_merged_change_speaks_for_its_edits_and_a_rejected_one_against_them(database: Database) -> None:
    book = Outcomes(database)
    for id, state in (("aaa111", "merged"), ("bbb222", "rejected"), ("ccc333", "review")):
        change = Change(id, id, "fix", "A fix", "Fix it", "scribe", [], MEMBER.id, "Mika", "bot", state, "main")
        await database.write(lambda tx, change=change: changes.insert(tx, change))  # type: ignore[misc]
        await record(book, CLOUD, task(kind="edits", change=id))
    edits = (await book.statistics(0, math.inf))[0]
    assert (edits.n, edits.up, edits.down) == (3, 1, 1)


async def test_statistics_tell_kinds_and_models_apart_and_leave_the_stand_in_out(database: Database) -> None:
    book = Outcomes(database)
    tried = [Tried(Tier.LOCAL, "smollm2-135m", 40), Tried(Tier.CLOUD, "claude-sonnet-5-5", 90)]
    for score in (60, 80, 100):
        await record(book, replace(LOCAL, score=score), tried=tried[:1])
    await record(book, CLOUD, tried=tried, local_score=40)
    await record(book, replace(LOCAL, cached="yesterday"))
    await record(book, replace(CLOUD, stand_in=True, usd=9.0))
    kind, local, cloud = await book.statistics(0, math.inf)
    assert (kind.tier, kind.n, kind.cached, kind.fallbacks, kind.local_share) == ("", 5, 1, 1, 0.75)
    assert (local.model, local.n, local.median_score) == ("smollm2-135m", 4, 80)
    assert (cloud.n, cloud.usd, cloud.seconds_p50, cloud.mean_score) == (1, 0.01, 3.0, 90)
    assert kind.usd == pytest.approx(0.01) and kind.seconds_p90 == 3.0


async def test_a_draft_that_its_own_model_mended_is_no_fallback(database: Database) -> None:
    book = Outcomes(database)
    mended = [Tried(Tier.LOCAL, "smollm2-135m", 40), Tried(Tier.LOCAL, "smollm2-135m", 80)]
    await record(book, tried=mended)
    assert {row.fallbacks for row in await book.statistics(0, math.inf)} == {0}
    await record(book, CLOUD, tried=[*mended, Tried(Tier.CLOUD, "claude-sonnet-5-5", 90)])
    assert (await book.statistics(0, math.inf))[0].fallbacks == 1


async def test_disliked_answers_raise_the_mark_once_and_a_reset_takes_it_back(database: Database) -> None:
    clock = [1000.0]
    book = Outcomes(database, lambda: clock[0])
    for _ in range(ENOUGH):
        await book.verdict(await record(book), MEMBER, -1)
    assert await book.marks() == {}
    clock[0] += 1
    [step] = await book.learn()
    assert await book.marks() == {"answer": STEP}
    assert "disliked 20 of 20" in step.reason and "+5" in step.reason
    assert await book.learn() == [], "the same evidence counts once"
    assert await book.reset("summary") == []
    assert await book.reset() == ["answer"]
    assert (await book.marks())["answer"] == 0
    assert [row.shift for row in await book.learned()] == [0, STEP], "every step stays to be seen"


async def test_drafts_as_good_as_what_replaced_them_lower_the_mark(database: Database) -> None:
    clock = [1000.0]
    book = Outcomes(database, lambda: clock[0])
    for number in range(ENOUGH):
        await record(book, replace(CLOUD, score=66 if number % 2 else 90), local_score=65)
        await book.verdict(await record(book, replace(LOCAL, score=60)), MEMBER, 1)
    clock[0] += 1
    [step] = await book.learn()
    assert step.shift == -4 and "30 of 40 local drafts" in step.reason
    await record(book, replace(CLOUD, stand_in=True), local_score=65)
    assert await book.learn() == []


PLAIN = Seen(1, 0.0, "answer", False, False, "local", "m", 1, 80, 70, None, 0.0, 10, 10, 1.0, False, 0, 0)
SEEN = st.builds(
    Seen,
    **{name: st.just(value) for name, value in vars(PLAIN).items()}
    | {
        "tier": st.sampled_from(["local", "cloud"]),
        "score": st.integers(0, 100),
        "local_score": st.one_of(st.none(), st.integers(0, 100)),
        "up": st.integers(0, 2),
        "down": st.integers(0, 2),
    },
)


@given(st.lists(st.lists(SEEN, max_size=60), max_size=6))
def test_a_mark_moves_in_small_steps_and_stays_within_its_bounds(rounds: list[list[Seen]]) -> None:
    shift = 0
    for seen in rounds:
        found = decide(seen, shift)
        if found is not None:
            assert len(seen) >= ENOUGH and found[1]
            assert 0 < abs(found[0] - shift) <= STEP and abs(found[0]) <= BOUND
            shift = found[0]


def many(one: Seen, times: int, **other: Any) -> list[Seen]:
    return [replace(one, **other)] * times


@pytest.mark.parametrize(
    ("seen", "shift", "wanted"),
    [
        (many(PLAIN, 19, down=1), 0, None),
        (many(PLAIN, 20), 0, None),
        (many(PLAIN, 16) + many(PLAIN, 4, down=1), 0, None),
        (many(PLAIN, 20, down=1), 12, 15),
        (many(PLAIN, 20, down=1), 15, None),
        (many(PLAIN, 12, up=1) + many(PLAIN, 8, down=1), 0, 2),
        (many(PLAIN, 20, tier="cloud", local_score=60, score=95), 0, None),
        (many(PLAIN, 20, tier="cloud", local_score=60, score=65), 3, -2),
        (many(PLAIN, 20, tier="cloud", local_score=60, score=65), -15, None),
        (many(PLAIN, 20, tier="cloud", local_score=60, score=65) + many(PLAIN, 20, down=1), 0, None),
    ],
)
def test_what_moves_a_mark(seen: Sequence[Seen], shift: int, wanted: int | None) -> None:
    found = decide(seen, shift)
    assert (found and found[0]) == wanted


def test_no_outcomes_are_no_figures() -> None:
    assert figures([]) == []


async def test_a_poor_answer_is_not_used_again(database: Database) -> None:
    book, cache = Outcomes(database), Cache(database)
    asked = task("Where is Pell?")
    await cache.keep(asked, ROUTE, replace(LOCAL, score=90), 24)
    id = await record(book, LOCAL, asked)
    await book.verdict(id, MEMBER, 1)
    assert await cache.find(asked, ROUTE) is not None
    await book.verdict(id, OTHER, -1)
    assert await cache.find(asked, ROUTE) is None
