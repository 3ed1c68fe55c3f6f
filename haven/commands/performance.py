"""`haven performance ...`: how good and how fast the answers were, two models side by side, and what to change."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from haven.access import Act, check
from haven.ai import kinds
from haven.ai.memory.outcomes import Figures, figures
from haven.app import House
from haven.commands.session import Json, err, in_house, out, owner, print_json, print_table
from haven.errors import BadInput, NotFound
from haven.performance import (
    SAMPLES,
    Measured,
    advise,
    advise_threads,
    bench,
    door_to,
    overall,
    speeds,
    thread_speeds,
    worst_usd,
)
from haven.quoting import visible
from haven.store.outcomes import Learned, Seen, seen

app = typer.Typer(no_args_is_help=True, help="How well and how fast models answer, and what would make it better.")
Days = Annotated[int, typer.Option(min=1, max=36_500, help="Of the last so many days.")]


@app.command()
def metrics(
    days: Days = 30,
    reset: Annotated[str, typer.Option(help="Put this kind's pass mark back to what the settings say.")] = "",
    as_json: Json = False,
) -> None:
    """Answers by kind and model: how many, how good, how fast, how many here; and what was learned from them."""

    async def work(house: House) -> None:
        if reset:
            await _reset(house, reset)
        past = await _seen(house, days)
        rows, speed = figures(past), speeds(past)
        learned = await _learned(house)
        if as_json:
            told = [{**asdict(row), "tokens_per_s": speed.get((row.kind, row.tier, row.model))} for row in rows]
            print_json({"days": days, "figures": told, "learned": [asdict(step) for step in learned]})
            return
        print_table(_drawn(rows, speed)) if rows else out.print(f"No answers were given in the last {days} days.")
        for step in learned:
            out.print(f"{step.kind}: the pass mark stands {step.shift:+d} from the settings: {step.reason}")

    in_house(work)


async def _reset(house: House, kind: str) -> None:
    check(owner(), Act.SETTINGS)
    if kind not in kinds.KINDS:
        raise NotFound(f"There is no kind {kind!r}.", f"There are: {', '.join(kinds.KINDS)}.")
    moved = await house.outcomes.reset(kind)
    err.print(f"{kind}: the pass mark is what the settings say{'' if moved else ', as it was'}.")


async def _seen(house: House, days: int) -> list[Seen]:
    now = time.time()
    return await seen(house.database, now - days * 86_400, now + 1)


async def _learned(house: House) -> list[Learned]:
    """The newest step of each kind whose mark is moved."""
    newest: dict[str, Learned] = {}
    for step in await house.outcomes.learned():
        newest.setdefault(step.kind, step)
    return [step for step in newest.values() if step.shift]


def _drawn(rows: Sequence[Figures], speed: dict[tuple[str, str, str], float]) -> Table:
    columns = ("n", "score", "p50 s", "p90 s", "tok/s", "local", "cached", "fallbacks", "thumbs", "USD")
    table = Table("kind", "model", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        rate = speed.get((row.kind, row.tier, row.model))
        table.add_row(
            "" if row.tier else row.kind,
            f"{row.tier}: {row.model}" if row.tier else "all",
            f"{row.n:,}",
            f"{row.median_score:.0f}",
            f"{row.seconds_p50:.1f}",
            f"{row.seconds_p90:.1f}",
            f"{rate:.1f}" if rate else "-",
            "" if row.tier else f"{row.local_share:.0%}",
            f"{row.cached:,}",
            f"{row.fallbacks:,}",
            f"+{row.up} -{row.down}",
            f"{row.usd:.4f}",
        )
    return table


@app.command()
def compare(
    one: Annotated[str, typer.Argument(help="A model of `haven models list`, or one that the settings name.")],
    other: Annotated[str, typer.Argument(help="Another one.")],
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what it may cost.")] = False,
    as_json: Json = False,
) -> None:
    """The same prompts through two models, side by side."""

    async def work(house: House) -> None:
        runs: list[list[Measured]] = []
        async with door_to(house, [one, other]) as (door, providers):
            price = worst_usd(providers, owner())
            if price and not yes:
                said = f"The {len(SAMPLES)} prompts may cost up to {price:.4f} USD."
                if as_json:
                    raise BadInput(said, "Say --yes to agree.")
                typer.confirm(f"{said} Go on?", abort=True, err=True)
            for provider in providers:
                with err.status(f"{provider.name} answers {len(SAMPLES)} prompts"):
                    runs.append([run async for run in bench(door, provider, owner())])
        if as_json:
            print_json({name: _told(found) for name, found in zip((one, other), runs, strict=True)})
        else:
            print_table(_side_by_side((one, other), runs))

    in_house(work)


def _told(runs: Sequence[Measured]) -> dict[str, Any]:
    return {"overall": overall(runs), "prompts": [asdict(run) for run in runs]}


def _side_by_side(names: tuple[str, str], runs: Sequence[Sequence[Measured]]) -> Table:
    table = Table("", box=None)
    for name in names:
        for above, what in ((name, "score"), ("", "tok/s"), ("", "first s")):
            table.add_column(f"{above}\n{what}", no_wrap=True)
    for pair in zip(*runs, strict=True):
        cells = [_cells(run.score, run.tokens_per_s, run.first_token_s) for run in pair]
        table.add_row(pair[0].kind, *cells[0], *cells[1])
    sums = [overall(found) for found in runs]
    cells = [_cells(one["score"], one["tokens_per_s"], one["first_token_s"]) for one in sums]
    table.add_row("all", *cells[0], *cells[1], style="bold")
    errors = {run.error for found in runs for run in found if run.error}
    table.caption = visible(" ".join(errors)) if errors else None
    return table


def _cells(score: float | None, speed: float | None, first: float | None) -> tuple[str, str, str]:
    return f"{score or 0:.0f}", f"{speed:.1f}" if speed else "-", f"{first:.2f}" if first is not None else "-"


@app.command()
def optimize(
    days: Days = 30,
    measure: Annotated[bool, typer.Option("--measure", help="Try other numbers of threads now: a minute.")] = False,
    as_json: Json = False,
) -> None:
    """What to change in the settings, each with the measured figures that speak for it."""

    async def work(house: House) -> None:
        past = await _seen(house, days)
        found = advise(figures(past), past, await _marks(house))
        if measure:
            found += await _threads(house)
        if as_json:
            print_json({"days": days, "answers": len(past), "suggestions": [asdict(one) for one in found]})
            return
        for advice in found:
            out.print(f"{visible(advice.text)}\n{visible(advice.change)}\n" if advice.change else visible(advice.text))
        if not found:
            out.print(f"Nothing to suggest: {len(past):,} answers of the last {days} days speak for no change.")

    in_house(work)


async def _marks(house: House) -> dict[str, int]:
    """The pass mark of each kind as it is in force."""
    shifts, default = await house.outcomes.marks(), house.settings.routing.pass_mark
    return {kind: house.engine.roster.pass_mark(kind, default) + shifts.get(kind, 0) for kind in kinds.KINDS}


async def _threads(house: House) -> list[Any]:
    models, cores = house.settings.models, len(os.sched_getaffinity(0))
    now = models.threads or max(1, cores - 1)
    counts = sorted({*range(1, cores), now})  # one core stays free, or everything else on the machine waits
    with err.status(f"{models.default} answers with {', '.join(map(str, counts))} threads"):
        speed = await thread_speeds(house, models.default, counts, owner())
    advice = advise_threads(speed, now)
    return [advice] if advice else []
