"""`haven performance` and `haven costs` with the real command, over outcomes that are there before."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from haven.ai.memory.outcomes import Outcomes, Tried
from haven.ai.models.registry import Registry
from haven.ai.task import Reply, Route, Tier, Usage
from haven.demo.stand_in import StandIn
from haven.store.database import opened
from tests.ai.desk import MEMBER, task
from tests.ai.test_costs import Books
from tests.e2e.command import configured, give_key, haven

LOCAL = Reply("word " * 40, Tier.LOCAL, "smollm2-135m", "v1", Route((), ()), Usage(10, 40), seconds=2.0, score=80)
CLOUD = replace(LOCAL, tier=Tier.CLOUD, model="claude-sonnet-5-5", usd=0.01, seconds=3.0, score=95)


async def lived_in(home: Path) -> None:
    """Some answers, many disliked; and stories whose local drafts never pass."""
    async with opened(home / "state/haven.db") as database:
        book = Outcomes(database)
        for _ in range(20):
            id = await book.record(task(), LOCAL, pass_mark=70, prompt_tokens=12, local_score=80)
            await book.verdict(id, MEMBER, -1)
        tried = (Tried(Tier.LOCAL, "smollm2-135m", 20), Tried(Tier.CLOUD, "claude-sonnet-5-5", 95))
        for _ in range(12):
            await book.record(task(kind="story"), CLOUD, pass_mark=70, prompt_tokens=12, tried=tried, local_score=20)
        assert await book.learn()


async def test_what_was_answered_is_counted_and_what_was_learned_is_seen_and_reset(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    nothing, none = await asyncio.gather(
        haven(home, "performance", "metrics"), haven(home, "performance", "metrics", "--json")
    )
    assert nothing.out == "No answers were given in the last 30 days.\n" and none.data["figures"] == []
    await lived_in(home)
    told, shown = await asyncio.gather(
        haven(home, "performance", "metrics", "--json"), haven(home, "performance", "metrics")
    )
    rows = {(row["kind"], row["tier"]): row for row in told.data["figures"]}
    assert rows["answer", "local"]["n"] == 20 and rows["answer", "local"]["down"] == 20
    assert rows["answer", "local"]["tokens_per_s"] > 10 and rows["answer", ""]["local_share"] == 1
    assert rows["story", "cloud"]["fallbacks"] == 12 and rows["story", ""]["local_share"] == 0
    [step] = told.data["learned"]
    assert step["kind"] == "answer" and step["shift"] > 0 and "disliked 20 of 20" in step["reason"]
    assert "local: smollm2-135m" in shown.out and f"stands {step['shift']:+d} from the settings" in shown.out
    reset = await haven(home, "performance", "metrics", "--reset", "answer", "--json")
    assert reset.data["learned"] == [] and "is what the settings say" in reset.err
    assert (await haven(home, "performance", "metrics", "--reset", "nope")).status == 1


async def test_what_each_person_spent_has_room_in_80_columns(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    mika = replace(MEMBER, id="discord:2814749767106561234")
    async with opened(home / "state/haven.db") as database:
        books = Books(database, time.time())
        for usd, who in ((0.4, mika), (0.1, MEMBER)):
            await books.call(usd, 1_234_567, asked=task(principal=who))
    lines = (await haven(home, "costs", "analyze", COLUMNS="80")).out.splitlines()
    [line] = [line for line in lines if line.startswith(mika.id)]
    assert "0.4000" in line and "█" * 8 in line and max(map(len, lines)) <= 80


async def test_what_to_change_comes_with_its_figures(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    calm = await haven(home, "performance", "optimize")
    assert calm.out.startswith("Nothing to suggest: 0 answers")
    await lived_in(home)
    told, shown = await asyncio.gather(
        haven(home, "performance", "optimize", "--json"), haven(home, "performance", "optimize")
    )
    [advice] = told.data["suggestions"]
    assert "story: 12 of 12 local drafts did not pass" in advice["text"] and 'kind == "story"' in advice["change"]
    assert advice["text"] in shown.out and "[[routing.rules]]" in shown.out
    (home / "haven.toml").write_text(f"{(home / 'haven.toml').read_text()}\n{advice['change']}\n", encoding="utf-8")
    way = await haven(home, "tasks", "route", "--prompt", "Tell it", "--kind", "story", "--json")
    assert any("rule: kind" in reason for reason in way.data["reasons"]), "it can be pasted as it is"


async def test_every_view_of_the_money_is_there(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    views = ("analyze", "savings", "project", "optimize")
    ran = await asyncio.gather(*(haven(home, "costs", view, "--json") for view in views))
    assert all(one.status == 0 and isinstance(one.data, dict) for one in ran)


async def test_two_models_that_cost_money_are_compared_only_after_a_yes(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"')
        give_key(home)
        words = ("performance", "compare", "claude-sonnet-5-5", "claude-haiku-5-5")
        unasked, silent, unknown = await asyncio.gather(
            haven(home, *words), haven(home, *words, "--json"), haven(home, *words[:3], "nope")
        )
        assert unasked.status == 1 and "may cost up to 0." in unasked.err
        assert silent.status == 1 and "--yes" in silent.err and unknown.status == 1 and stand_in.requests == []
        told, shown = await asyncio.gather(haven(home, *words, "--yes", "--json"), haven(home, *words, "--yes"))
        assert set(told.data) == set(words[2:]) and len(stand_in.requests) == 28
        for one in told.data.values():
            assert 0 < one["overall"]["usd"] < 0.1 and all(run["text"] for run in one["prompts"] if not run["error"])
        assert "claude-haiku-5-5" in shown.out and "tok/s" in shown.out and "diagram" in shown.out
        spent = (await haven(home, "costs", "analyze", "--json")).data["total"]
        assert (spent["calls"], spent["unknown"]) == (28, 4), "the stand-in makes no records: those are charged as lost"


@pytest.mark.model
async def test_threads_are_measured_now(tmp_path: Path) -> None:
    home = await configured(tmp_path, local=True)
    await Registry(home / "state").install("smollm2-135m")
    ran = await haven(home, "performance", "optimize", "--measure", "--json")
    assert ran.status == 0, ran.err
    for advice in ran.data["suggestions"]:
        assert "measured now" in advice["text"] and advice["change"].startswith("[models]\nthreads = ")
