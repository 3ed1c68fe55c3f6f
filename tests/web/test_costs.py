"""Costs: everybody's to a reviewer, one's own to a member, the same as a file; nothing of others leaks."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

from haven.access import Role
from haven.ai.money.costs import day_name
from haven.store import accounts as table
from haven.store import ledger
from haven.store.database import Transaction, now
from haven.store.ledger import DAY_S, Entry
from tests.web.dashboard import Browser, dashboard


async def spend(tx: Transaction, who: str, usd: float, days_ago: int, model: str = "claude-sonnet-5-5") -> None:
    """One call that has ended."""
    at = now() - days_ago * DAY_S
    entry = Entry("p", who, "asked", "cloud", model, "anthropic", "", 3, usd, kind="answer")
    id = await ledger.insert(tx, entry, "", at)
    await ledger.settle(tx, id, at, state="settled", usd=usd, input_tokens=1000, output_tokens=50)


async def rows(browser: Browser, path: str = "/costs.csv") -> list[dict[str, str]]:
    got = await browser.get(path)
    assert got.status == 200 and "attachment" in got.headers["Content-Disposition"]
    return [*csv.DictReader(io.StringIO(got.html))]


def costs_path(first: int, last: int) -> str:
    """Days ago."""
    today = int(now() // DAY_S)
    return f"/costs.csv?from={day_name(today - first)}&to={day_name(today - last)}"


async def test_a_reviewer_sees_everybodys_and_a_member_only_their_own(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, mika = await here.owner(), await here.person("Mika", Role.MEMBER)
        database = here.house.database
        account = await table.named(database, "Mika")
        assert account is not None
        for who, usd, days in ((account.principal_id, 0.25, 1), ("discord:8", 0.5, 2), ("discord:8", 0.125, 40)):
            await database.write(partial(spend, who=who, usd=usd, days_ago=days))
        all_ = await owner.get("/costs")
        assert "All of it: 2 calls, $0.75" in all_.text and "discord:8" in all_.text and "Mika" in all_.text
        assert "against claude-sonnet-5-5" in all_.text and "At the end of the month" in all_.text
        mine = await mika.get("/costs")
        assert "Your own: 1 call, $0.25" in mine.text and "discord:8" not in mine.html and "0.5000" not in mine.html

        found = await rows(owner)
        assert [(one["person"], float(one["usd"])) for one in found] == [
            ("discord:8", 0.5),
            (account.principal_id, 0.25),
        ]
        assert [one["person"] for one in await rows(mika)] == [account.principal_id]
        long_ago = costs_path(50, 30)
        assert [float(one["usd"]) for one in await rows(owner, long_ago)] == [0.125]
        assert "$0.12" in (await owner.get(long_ago.replace(".csv", ""))).text


async def test_what_somebody_calls_a_model_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        for name in ('=HYPERLINK("http://elsewhere.example")', "@SUM(1)", "+1", "-1", "\tx", "plain=1"):
            await here.house.database.write(partial(spend, who="discord:8", usd=0.1, days_ago=1, model=name))
        found = {one["model"] for one in await rows(owner)}
        assert found == {'\'=HYPERLINK("http://elsewhere.example")', "'@SUM(1)", "'+1", "'-1", "'\tx", "plain=1"}


async def test_what_is_no_day_or_no_model_is_said(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        assert "fewer than two whole days" in (await owner.get("/costs")).text
        for wrong, status in (("from=soon", 400), ("from=2026-02-01&to=2026-01-01", 400), ("baseline=gpt", 404)):
            assert (await owner.get(f"/costs?{wrong}")).status == status, wrong
        assert (await owner.get("/costs?from=0001-01-01&to=9999-12-31")).status == 200
        assert "claude-haiku-5-5" in (await owner.get("/costs?baseline=claude-haiku-5-5")).text
