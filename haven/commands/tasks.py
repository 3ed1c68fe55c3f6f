"""`haven tasks ...`: single tasks: how hard, which way they would go, what waits, what was good."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from assistants.round_table import FOUR
from assistants.table.asking import ANSWER_TOKENS
from assistants.waiting import Choice, choices_of
from haven.access import Principal, Role
from haven.ai import kinds
from haven.ai.money import tokens
from haven.ai.outgoing import call_of, worst_case
from haven.ai.task import Privacy, Route, Task, Tier, Turn, Where
from haven.app import House
from haven.changes.proposal import clean
from haven.commands.ask import NOT_ANSWERED, Shown, reply_line, tell_if_down, to_json
from haven.commands.session import Json, err, in_house, out, owner, print_json, print_table
from haven.errors import BadInput, NotFound, Unavailable
from haven.performance import SAMPLES, Measured, bench, door_to
from haven.quoting import data_block, visible
from haven.store.waiting import Waiting

app = typer.Typer(no_args_is_help=True, help="Single tasks: how hard, which way, what waits, what was good.")
Kind = Annotated[str, typer.Option(help=f"The kind of output: {', '.join(kinds.KINDS)}.")]
PERSON = re.compile(r"(discord|unix):[0-9]{1,19}|panel")
LARGEST_ID = 2**63 - 1
"""Of the database."""
Id = Annotated[str, typer.Argument(help="The request's id, as `haven tasks waiting` shows it.")]


class Thumb(StrEnum):
    UP = "up"
    DOWN = "down"


@app.command()
def classify(
    text: Annotated[str, typer.Argument(help="What would be asked.")], kind: Kind = "answer", as_json: Json = False
) -> None:
    """How hard a request is: simple, medium or complex, with the reasons."""

    async def work(house: House) -> None:
        task = _task(text, kind, owner())
        started = time.perf_counter()
        found = await house.engine.judge(task)
        seconds = time.perf_counter() - started
        if as_json:
            print_json({**asdict(found), "seconds": round(seconds, 6)})
            return
        doubt = "" if found.sure else " (not sure)"
        out.print(f"{found.complexity.value}{doubt}, {found.score:.2f} of 1, in {seconds * 1000:.1f} ms")
        out.print("\n".join(f"  {visible(reason)}" for reason in found.reasons))

    in_house(work)


@app.command()
def route(
    prompt: Annotated[str, typer.Option("--prompt", help="What would be asked.")],
    kind: Kind = "answer",
    private: Annotated[bool, typer.Option("--private", help="As if it were marked private.")] = False,
    person: Annotated[str, typer.Option(help="As if this member asked, such as discord:7; otherwise you.")] = "",
    where: Annotated[Where, typer.Option(help="As if the person had chosen this.")] = Where.AUTO,
    count: Annotated[
        bool, typer.Option("--count", help="Send it to be counted by the cloud's service (free).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Which model would be asked, which ones after it, why, and what it could cost at the most.

    Nothing is sent without --count.
    """
    who = _member(person) if person else owner()
    task = _task(prompt, kind, who, private=private, where=where)

    async def work(house: House) -> None:
        found = await house.engine.route(task)
        steps = await asyncio.to_thread(_priced, house, found, task)
        counted = await house.engine.count(task) if count else None
        if as_json:
            print_json(_route_told(found, steps) | ({"input_tokens": counted} if count else {}))
        elif found.refused:
            out.print(found.refused)
        else:
            for number, step in enumerate(steps):
                price = f", at most {step['worst_usd']:.4f} USD" if step["worst_usd"] else ""
                out.print(f"{'then ' if number else ''}{step['tier']}: {step['model']}{price}")
            out.print("\n".join(f"  {visible(reason)}" for reason in found.reasons))
            if count:
                out.print(f"  {'no service counts it' if counted is None else f'{counted} input tokens'}")

    in_house(work)


def _member(id: str) -> Principal:
    if not PERSON.fullmatch(id):
        raise BadInput(f"{visible(id)!r} is no person's id.", "Give one such as discord:7 or unix:1000.")
    return Principal(id, id, Role.MEMBER, "cli")


def _priced(house: House, found: Route, task: Task) -> list[dict[str, Any]]:
    call = call_of(task)
    prices = [house.engine.roster.get(step).price for step in found.steps]
    return [
        {"tier": step.tier.value, "model": step.model, "worst_usd": worst_case(call, price)}
        for step, price in zip(found.steps, prices, strict=True)
    ]


def _route_told(found: Route, steps: list[dict[str, Any]]) -> dict[str, Any]:
    first = steps[0] if steps else {"tier": None, "model": None}
    return {
        "tier": first["tier"],
        "model": first["model"],
        "fallbacks": steps[1:],
        "hybrid": found.hybrid,
        "judgement": asdict(found.judgement) if found.judgement else None,
        "reasons": list(found.reasons),
        "refused": found.refused,
        "worst_usd": max((step["worst_usd"] for step in steps), default=0.0),
    }


def _task(text: str, kind: str, who: Principal, *, private: bool = False, where: Where = Where.AUTO) -> Task:
    """As it would be asked; of an answer, with the longest prompt that an assistant has: its price is the worst case.

    Raises NotFound for a kind that Haven does not know, and BadInput for what `haven ask` would not take.
    """
    if kind not in kinds.KINDS:
        raise NotFound(f"There is no kind {kind!r}.", f"There are: {', '.join(kinds.KINDS)}.")
    privacy = Privacy.PRIVATE if private else Privacy.OPEN
    text = clean(text)
    turns = (Turn("user", data_block("question", text)),)
    task = Task(kind, turns, who, "asked which way it would go", words=text, privacy=privacy, where=where)
    if kind != "answer":
        return task
    return replace(task, system=(max((one.prompt for one in FOUR), key=tokens.count),), max_tokens=ANSWER_TOKENS)


@app.command()
def benchmark(
    names: Annotated[list[str] | None, typer.Argument(help="Models; otherwise every local one that is there.")] = None,
    as_json: Json = False,
) -> None:
    """A small set of prompts through the local models: tokens per second, first token, score by kind."""

    async def work(house: House) -> None:
        local = house.engine.roster.on(Tier.LOCAL)
        chosen = names or [one.name for one in local if not one.missing()]
        if not chosen:
            raise Unavailable(local[0].missing() if local else "The local model is switched off.", retry=False)
        found: dict[str, list[Measured]] = {}
        async with door_to(house, chosen) as (door, providers):
            for name, provider in zip(chosen, providers, strict=True):
                with err.status(f"{name} answers {len(SAMPLES)} prompts"):
                    found[name] = [one async for one in bench(door, provider, owner())]
        if as_json:
            print_json({name: [asdict(one) for one in runs] for name, runs in found.items()})
            return
        for name, runs in found.items():
            out.print(f"{name}, loaded in {runs[0].load_s:.1f} s")
            print_table(_benchmarked(runs))

    in_house(work)


def _benchmarked(runs: list[Measured]) -> Table:
    table = Table("kind", "score", "tokens/s", "first token", "whole", "", box=None, pad_edge=False)
    for one in runs:
        speed = f"{one.tokens_per_s:.1f}" if one.tokens_per_s else "-"
        times = (f"{seconds:.2f} s" if seconds is not None else "-" for seconds in (one.first_token_s, one.seconds))
        table.add_row(one.kind, f"{one.score}", speed, *times, visible(one.error or ", ".join(one.reasons[:2])))
    return table


@app.command()
def waiting(as_json: Json = False) -> None:
    """The requests that only the cloud could answer while it was away; the newest first."""

    async def work(house: House) -> None:
        found = await house.waiting.list(owner())
        if as_json:
            print_json([_told(one) for one in found])
            return
        for one in found:
            out.print(f"{one.id}  {one.state:<9} {datetime.fromtimestamp(one.at):%d %b %H:%M}  {_question(one)[:80]}")
        if not found:
            out.print("Nothing waits.")

    in_house(work)


@app.command()
def show(id: Id, as_json: Json = False) -> None:
    """One request that waits or waited: why, until when, and its answer."""

    async def work(house: House) -> None:
        one = await house.waiting.get(id, owner())
        reply = house.waiting.reply(one)
        if as_json:
            print_json({**_told(one), "text": reply.text if reply else None})
            return
        out.print(f"{one.id} is {one.state}: {_question(one)}\n{visible(one.reason)}")
        if choices := choices_of(one):
            out.print(f"Decide with: haven tasks decide {one.id} {'|'.join(choices)}")
        if one.retry_at:
            out.print(f"It is tried next at {datetime.fromtimestamp(one.retry_at):%H:%M}.")
            tell_if_down(house)
        if reply is not None:
            out.print(f"\n{visible(reply.text)}\n{reply_line(reply)}")

    in_house(work)


def _told(one: Waiting) -> dict[str, Any]:
    kept = ("id", "principal", "face", "state", "reason", "at", "retry_at", "attempts")
    told = {key: value for key, value in asdict(one).items() if key in kept}
    return {"question": _question(one), **told, "choices": list(choices_of(one))}


def _question(one: Waiting) -> str:
    return " ".join(visible(str(json.loads(one.task)["words"])).split())


@app.command()
def decide(
    id: Id, choice: Annotated[Choice, typer.Argument(help="What to do with it.")], as_json: Json = False
) -> None:
    """Wait for the cloud, take the local model's answer now, or cancel. Exit status 4: there is no answer yet."""

    async def work(house: House) -> None:
        shown = Shown(as_json)
        await shown.follow(house.round_table.decide(id, choice, owner()))
        if as_json:
            print_json(to_json(shown))
        elif choice is Choice.CANCEL:
            out.print("Cancelled.")
        elif shown.held is not None:
            tell_if_down(house)
        if shown.held is not None:
            raise typer.Exit(NOT_ANSWERED)

    in_house(work)


@app.command()
def thumb(
    id: Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="The number under the answer.")],
    value: Annotated[Thumb, typer.Argument(help="Was it good?")],
    as_json: Json = False,
) -> None:
    """Say whether an answer was good: the pass marks learn from it."""

    async def work(house: House) -> None:
        await house.outcomes.verdict(id, owner(), 1 if value is Thumb.UP else -1)
        print_json({"id": id, "thumb": value.value}) if as_json else out.print(f"Noted: thumb {value.value}.")

    in_house(work)
