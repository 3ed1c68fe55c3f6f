"""`haven costs ...`: what was spent, what it saved, where the month is going, and where money could be saved."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from haven.ai.money import costs, thrift
from haven.ai.money.costs import Analysis, Line, Projection
from haven.app import House
from haven.commands.session import Json, in_house, out, print_json

app = typer.Typer(no_args_is_help=True, help="Money: what was spent and saved, and where the month is going.")
DATE = ["%Y-%m-%d"]
From = Annotated[
    datetime | None, typer.Option("--from", formats=DATE, help="First day (UTC); otherwise the last 30 days.")
]
To = Annotated[datetime | None, typer.Option("--to", formats=DATE, help="Last day (UTC); otherwise today.")]
Baseline = Annotated[str, typer.Option(help="The model to count against; otherwise `cloud.model`.")]
BAR = 12
"""Columns of the longest bar: beside it a Discord id has room in 80."""


@app.command()
def analyze(first: From = None, last: To = None, as_json: Json = False) -> None:
    """What left the house and what it cost, by day, person, kind, purpose and model."""

    async def work(house: House) -> None:
        period = costs.period(first, last)
        found = await costs.analyze(house.database, *period)
        print_json({"period": costs.days_of(period), **asdict(found)}) if as_json else _show(found, period)

    in_house(work)


@app.command()
def savings(baseline: Baseline = "", first: From = None, last: To = None, as_json: Json = False) -> None:
    """What local, lan and cached answers would have cost with a named model: an estimate."""

    async def work(house: House) -> None:
        period = costs.period(first, last)
        found = await costs.savings(house.database, baseline or house.settings.cloud.model, *period)
        if as_json:
            figures = asdict(found) | {"saved_usd": found.saved_usd, "estimate": True}
            print_json({"period": costs.days_of(period), **figures})
            return
        out.print(_between(period))
        table = _table("answered by", "answers", "")
        for name, count, note in (
            ("the local model", found.local, ""),
            ("models at home (lan)", found.lan, ""),
            ("the cache", found.cached, ""),
            ("a cloud", found.cloud, "nothing saved"),
            ("the local model, private", found.private, "not counted: it could not have left"),
            ("the stand-in, not Claude", found.stand_in, "not counted"),
        ):
            table.add_row(name, f"{count:,}", note)
        _print(table)
        out.print(
            f"With {found.baseline} (prices of {found.prices_as_of}) the first three would have cost about"
            f" {found.baseline_usd:.4f} USD; they did cost {found.spent_usd:.4f}. That saved about"
            f" {found.saved_usd:.4f} USD."
        )
        out.print("This is an estimate: tokens are counted by Haven's own rule, which rather counts too many.")

    in_house(work)


@app.command()
def project(as_json: Json = False) -> None:
    """What this month will have cost at its end, from the last 7 and 14 days."""

    async def work(house: House) -> None:
        at, cap = time.time(), house.settings.cloud.monthly_usd
        found = {f"last {days} days": await costs.project(house.database, at, cap, days) for days in (7, 14)}
        if as_json:
            print_json({name: asdict(one) if one else None for name, one in found.items()})
            return
        if not any(found.values()):
            out.print("No data: there are fewer than two whole days of calls to go by.")
            return
        table = _table("by the", "days seen", "a day", "spent", "expected", "80 % range")
        for name, one in found.items():
            if one is not None:
                table.add_row(name, *_projection(one))
        _print(table)
        for name, one in found.items():
            if one is not None and one.cap_on is not None:
                out.print(f"At the pace of the {name} this month's cap of {cap:.2f} USD is reached on {one.cap_on}.")

    in_house(work)


@app.command()
def optimize(first: From = None, last: To = None, as_json: Json = False) -> None:
    """Where money could be saved, each with its figures."""

    async def work(house: House) -> None:
        period = costs.period(first, last)
        found = await thrift.optimize(house.database, *period)
        if as_json:
            print_json({"period": costs.days_of(period), "suggestions": [asdict(one) for one in found]})
            return
        if not found:
            out.print("Nothing to suggest: nothing was seen here that would save a cent a month.")
        for one in found:
            doubt = "" if one.measured else ", effect on quality unknown"
            out.print(f"{one.usd_a_month:.2f} USD a month ({one.what}{doubt}): {one.text}\n")

    in_house(work)


def _show(found: Analysis, period: tuple[float, float]) -> None:
    calls = f"{found.total.calls:,} call{'s' * (found.total.calls != 1)}"
    out.print(f"{_between(period)}: {calls}, {found.total.usd:.4f} USD")
    if found.total.unknown:
        out.print(f"{found.total.unknown:,} of them are charged at their worst case: how they ended is not known.")
    if found.stand_in.calls:
        out.print(f"The stand-in, not Claude, had {found.stand_in.calls:,} more; they count nothing.")
    if not found.total.calls:
        return
    groups = (("day", found.days), ("person", found.people), ("kind", found.kinds))
    for title, lines in (*groups, ("purpose", found.purposes), ("model", found.models)):
        table = _table(title, "calls", "USD", "tokens in", "tokens out", "")
        most = max(line.usd for line in lines)
        for line in lines:
            table.add_row(line.name, *_figures(line), _bar(line.usd, most))
        _print(table)


def _figures(line: Line) -> tuple[str, ...]:
    return f"{line.calls:,}", f"{line.usd:.4f}", f"{line.input_tokens:,}", f"{line.output_tokens:,}"


def _bar(value: float, most: float) -> str:
    """A bar in eighths of a column."""
    eighths = round(8 * BAR * value / most) if most else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _projection(one: Projection) -> tuple[str, ...]:
    amounts = (f"{one.a_day:.4f}", f"{one.spent:.4f}", f"{one.expected:.4f}", f"{one.low:.4f} to {one.high:.4f}")
    return str(one.days), *amounts


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        left = place == 0 or not name
        table.add_column(name, justify="left" if left else "right", no_wrap=place > 0, overflow="fold")
    return table


def _print(table: Table) -> None:
    out.print(table)
    out.print()


def _between(period: tuple[float, float]) -> str:
    return "{from} to {to}".format(**costs.days_of(period))
