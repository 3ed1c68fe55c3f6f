"""What was spent, saved and expected, on a real ledger and real outcomes; and the command that shows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from haven.ai.memory.outcomes import Outcomes
from haven.ai.money import costs, thrift, tokens
from haven.ai.money.ledger import Ledger
from haven.ai.task import Privacy, Tier, Usage
from haven.commands.costs import app
from haven.errors import NotFound
from haven.store.database import Database, opened
from tests.ai.desk import MEMBER, task
from tests.ai.test_ledger import DAY, NOON, OTHER, caps
from tests.ai.test_outcomes import CLOUD, LOCAL

SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-5-5"


class Books:
    """Ledger and outcomes of one house, at a time that the test sets."""

    def __init__(self, database: Database, at: float = NOON) -> None:
        self.database = database
        self.at = at
        self.ledger = Ledger(database, caps(), "p", lambda: self.at)
        self.outcomes = Outcomes(database, lambda: self.at)

    async def call(self, usd: float | None, input: int = 100, asked: Any = None, **more: Any) -> None:
        told = {"tier": Tier.CLOUD, "model": SONNET, "recipient": "r", "sent": "text", "redacted": {}} | more
        id = await self.ledger.reserve(asked or task(), worst_usd=max(usd or 0.0, 0.5), **told)
        if usd is not None:
            await self.ledger.settle(id, usd, Usage(input, 10), 1.0)

    async def came_out(self, reply: Any, asked: Any = None, **more: Any) -> None:
        await self.outcomes.record(asked or task(), reply, **{"pass_mark": 70, "prompt_tokens": 1000} | more)

    async def optimized(self) -> list[thrift.Suggestion]:
        return await thrift.optimize(self.database, NOON - 30 * DAY, NOON + 1)


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    async with opened(tmp_path / "db" / "haven.db") as database:
        yield Books(database)


async def test_calls_are_added_up_by_what_they_have_in_common(books: Books) -> None:
    await books.call(0.2)
    await books.call(0.3, asked=task(kind="summary", principal=OTHER), model=HAIKU)
    await books.call(9.0, stand_in=True)
    await books.ledger.by_hand(task(change="abc"), "text", {})
    books.at += DAY
    await books.call(None)
    found = await costs.analyze(books.database, NOON, NOON + 2 * DAY)
    assert (found.total.calls, found.total.unknown, found.total.input_tokens) == (3, 1, 200)
    assert found.total.usd == pytest.approx(1.0)
    assert [(line.name, round(line.usd, 6)) for line in found.days] == [("2026-11-21", 0.5), ("2026-11-22", 0.5)]
    assert [(line.name, line.calls) for line in found.people] == [(MEMBER.id, 2), (OTHER.id, 1)]
    assert [(line.name, line.calls) for line in found.kinds] == [("answer", 2), ("summary", 1)]
    assert [(line.name, line.calls) for line in found.models] == [(SONNET, 2), (HAIKU, 1)]
    assert (found.stand_in.calls, found.stand_in.usd) == (1, 0.0)
    early = await costs.analyze(books.database, NOON - DAY, NOON)
    assert early.total.calls == 0 and early.days == ()


async def test_savings_count_what_could_have_gone_to_the_named_model(books: Books) -> None:
    text = "A glyph is one of sixteen signs."
    for reply in (
        replace(LOCAL, text=text),
        replace(LOCAL, text=text, tier=Tier.LAN, model="qwen3:4b"),
        replace(CLOUD, text=text, cached="yesterday", usd=0.0),
        CLOUD,
        replace(CLOUD, stand_in=True),
    ):
        await books.came_out(reply)
    await books.came_out(LOCAL, task(privacy=Privacy.PRIVATE))
    await books.came_out(LOCAL, task(kind="title"))
    found = await costs.savings(books.database, SONNET, NOON, NOON + 1)
    assert (found.local, found.lan, found.cached, found.cloud, found.private, found.stand_in) == (1, 1, 1, 1, 1, 1)
    assert found.saved_usd == pytest.approx(3 * (1000 * 2 + tokens.count(text) * 10) / 1e6)
    assert (found.baseline, found.spent_usd) == (SONNET, 0.0)
    with pytest.raises(NotFound, match="no price"):
        await costs.savings(books.database, "a model of nobody", NOON, NOON + 1)


async def test_a_month_is_projected_from_whole_days_only(books: Books) -> None:
    assert await costs.project(books.database, NOON, 5.0) is None
    books.at = NOON - 2 * DAY
    await books.call(0.2)
    assert await costs.project(books.database, NOON - DAY, 5.0) is None, "one day is no trend"
    books.at = NOON - DAY
    await books.call(0.4)
    books.at = NOON
    await books.call(0.1)
    found = await costs.project(books.database, NOON, 2.0)
    assert found is not None
    assert (found.days, round(found.spent, 6), round(found.a_day, 6)) == (2, 0.7, 0.3)
    assert found.expected == pytest.approx(0.7 + 0.3 * 9.5), "today's other half and nine days are left"
    assert found.low < found.expected < found.high
    assert found.cap_on == date(2026, 11, 25)


@given(
    st.lists(st.floats(0, 10), min_size=2, max_size=14), st.floats(0, 50), st.floats(0, 400 * DAY), st.floats(0, 100)
)
def test_a_projection_is_never_below_what_is_spent(daily: list[float], spent: float, later: float, cap: float) -> None:
    found = costs.projected(daily, spent, NOON + later, cap)
    assert spent <= found.low <= found.expected + 1e-9 and found.expected <= found.high
    if found.cap_on is not None:
        at = datetime.fromtimestamp(NOON + later, UTC).date()
        assert found.expected > cap and at <= found.cap_on <= (at.replace(day=1) + timedelta(days=31))


async def test_nothing_seen_is_nothing_to_suggest(books: Books) -> None:
    assert await books.optimized() == []
    await books.call(0.5, stand_in=True)
    await books.came_out(replace(CLOUD, stand_in=True), local_score=69)
    assert await books.optimized() == []


async def test_drafts_that_nearly_passed_are_a_saving(books: Books) -> None:
    for number in range(12):
        await books.came_out(CLOUD, task(f"question {number}"), local_score=62 + number % 3)
    [found] = await books.optimized()
    assert (found.what, found.kind, found.measured) == ("local", "answer", True)
    assert found.usd_a_month == pytest.approx(0.12, rel=0.01)
    assert "12 of 12" in found.text and "pass_mark = 62" in found.text and "+27" in found.text


async def test_a_kind_that_is_done_well_at_home_and_leaves_all_the_same_is_named(books: Books) -> None:
    for number in range(10):
        await books.came_out(LOCAL, task(f"question {number}"))
    await books.came_out(replace(CLOUD, usd=0.04))
    [found] = await books.optimized()
    assert (found.what, found.measured) == ("local", False) and "median score of 80" in found.text


async def test_questions_that_were_paid_for_again_are_a_saving(books: Books) -> None:
    for text in ("What is a glyph?", "what is a glyph? ", "WHAT IS A GLYPH?", "Something else"):
        await books.came_out(CLOUD, task(text))
    await books.came_out(CLOUD, task("what is a glyph?", privacy=Privacy.PRIVATE))
    [found] = await books.optimized()
    assert (found.what, found.kind) == ("cache", "answer") and "2 'answer' tasks repeated 1" in found.text
    assert found.usd_a_month == pytest.approx(0.02, rel=0.01)


async def test_prompts_far_longer_than_the_others_are_a_saving(books: Books) -> None:
    for _ in range(9):
        await books.call(0.0021, input=1000, model=HAIKU)
    await books.call(0.0101, input=100_000, model=HAIKU)
    found = [one for one in await books.optimized() if one.what == "prompt"]
    assert found == [], "under a cent a month is not worth a sentence"
    await books.call(0.2001, input=100_000)
    [found_one] = [one for one in await books.optimized() if one.what == "prompt"]
    assert found_one.usd_a_month == pytest.approx(0.192 + 0.0097, rel=0.02) and "4,000 tokens" in found_one.text


@pytest.mark.parametrize(
    ("other_score", "measured", "offered"), [(88, True, True), (60, True, False), (None, False, True)]
)
async def test_a_cheaper_model_is_offered_unless_it_was_worse_here(
    books: Books, other_score: int | None, measured: bool, offered: bool
) -> None:
    for number in range(10):
        await books.call(0.0021, input=1000)
        await books.came_out(replace(CLOUD, usd=0.0021), task(f"question {number}"))
        if other_score is not None:
            reply = replace(CLOUD, model=HAIKU, usd=0.0, score=other_score)
            await books.came_out(reply, task(f"other {number}"))
    found = [one for one in await books.optimized() if one.what == "model"]
    assert bool(found) is offered
    if offered:
        assert found[0].measured is measured and HAIKU in found[0].text
        assert found[0].usd_a_month == pytest.approx(10 * (0.0021 - 0.000105), rel=0.02)
        assert ("not measured" in found[0].text) is not measured


@contextmanager
def house_with(folder: Path) -> Iterator[Any]:
    """Settings of a house in the test's folder, and a runner that asks it."""
    file = folder / "haven.toml"
    file.write_text(f'[paths]\nstate_dir = "{folder}/state"\nconfig_dir = "{folder}"\n[models]\nlocal = false\n')
    runner = CliRunner(env={"HAVEN_CONFIG": str(file)})
    yield lambda *arguments: runner.invoke(app, list(arguments), catch_exceptions=False)


@pytest.mark.parametrize("command", ["analyze", "savings", "project", "optimize"])
def test_an_empty_house_says_so_plainly_and_as_json(tmp_path: Path, command: str) -> None:
    with house_with(tmp_path) as haven:
        assert haven(command).exit_code == 0
        assert isinstance(json.loads(haven(command, "--json").stdout), dict)
        if command == "project":
            assert "No data" in haven(command).stdout


def test_the_tables_show_what_was_spent_without_colours_off_a_terminal(tmp_path: Path) -> None:
    async def spend() -> None:
        async with opened(tmp_path / "state" / "haven.db") as database:
            books = Books(database)
            await books.call(0.25, asked=task(purpose="[bold]the [/] log"))
            await books.call(1.0, stand_in=True)
            await books.came_out(LOCAL)

    asyncio.run(spend())
    with house_with(tmp_path) as haven:
        between = ("--from", "2026-11-21", "--to", "2026-11-21")
        shown = haven("analyze", *between).stdout
        assert "1 call, 0.2500 USD" in shown and "█" in shown and "[bold]the [/] log" in shown
        assert "stand-in, not Claude, had 1 more" in shown and "\x1b" not in shown
        data = json.loads(haven("analyze", *between, "--json").stdout)
        assert data["total"]["usd"] == 0.25 and data["stand_in"]["calls"] == 1
        saved = json.loads(haven("savings", *between, "--baseline", HAIKU, "--json").stdout)
        assert (saved["local"], saved["baseline"], saved["estimate"]) == (1, HAIKU, True)
        assert "estimate" in haven("savings", *between).stdout
        assert json.loads(haven("analyze", "--to", "2026-11-19", "--json").stdout)["total"]["calls"] == 0


def test_the_last_days_of_the_calendar_and_unknown_models_are_no_accident(tmp_path: Path) -> None:
    with house_with(tmp_path) as haven:
        assert haven("analyze", "--to", "9999-12-31").exit_code == 0
        with pytest.raises(NotFound, match="no price for 'gpt-9'"):
            haven("savings", "--baseline", "gpt-9")
