"""`haven roundtable ...`: the transcript of the Round Table, as a list, one request, again in its own time, or live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from assistants.table.transcript import FASTEST, SLOWEST, Move, costs
from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json, print_table
from haven.quoting import visible
from haven.store.transcripts import Said, Talk

app = typer.Typer(help="The Round Table: who asked whom for what, live, again, and what left the house.")
Assistant = Annotated[str, typer.Option(help="Only what this assistant took.")]
Person = Annotated[str, typer.Option(help="Only this person's requests, by id, as discord:7 or unix:1000.")]
Tier = Annotated[str, typer.Option(help="Only steps on this tier: local, lan or cloud; of a list: requests with one.")]
Id = Annotated[str, typer.Argument(help="The request, or the beginning of its id.")]
WORDS = 60


@app.callback(invoke_without_command=True)
def roundtable(context: typer.Context, as_json: Json = False) -> None:
    """Without a command: the list."""
    if context.invoked_subcommand is None:
        talks(as_json=as_json)


@app.command("list")
def talks(
    assistant: Assistant = "",
    person: Person = "",
    tier: Tier = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """The newest requests: when, who asked, who took it, by which tiers, and what it cost."""

    async def work(house: House) -> None:
        chosen = {"assistant": assistant, "person": person, "tier": tier}
        found = await house.round_table.transcript.talks(owner(), limit, **chosen)
        if as_json:
            print_json([asdict(talk) for talk in found])
        elif found:
            print_table(_table(found))
        else:
            out.print("Nobody has asked anything yet." if not any(chosen.values()) else "There is no such request.")

    in_house(work)


@app.command()
def show(id: Id, assistant: Assistant = "", tier: Tier = "", as_json: Json = False) -> None:
    """Every step of one request: who to whom, why, tokens, cost, and what left the house."""

    async def work(house: House) -> None:
        transcript = house.round_table.transcript
        if assistant or tier:
            steps = await transcript.steps(owner(), request=id, assistant=assistant, tier=tier)
        else:
            steps = await transcript.whole(owner(), id)
        if as_json:
            print_json([asdict(said) for said in steps])
            return
        for said in steps:
            _draw(house, said)
        if spent := costs(steps):
            out.print(f"It cost {spent:.4f} USD.")

    in_house(work)


@app.command()
def replay(
    id: Id,
    speed: Annotated[float, typer.Option(min=SLOWEST, max=FASTEST, help="How many times as fast.")] = 1.0,
    as_json: Json = False,
) -> None:
    """One request again, in its own time; long silences are shortened."""
    in_house(lambda house: _each(house, house.round_table.transcript.replay(owner(), id, speed), as_json))


@app.command()
def follow(
    assistant: Assistant = "",
    person: Person = "",
    tier: Tier = "",
    as_json: Json = False,
) -> None:
    """What is said at the table from now on, in every process of this Haven; Ctrl+C ends it."""
    chosen: dict[str, Any] = {"assistant": assistant, "person": person, "tier": tier}
    with suppress(KeyboardInterrupt):
        in_house(lambda house: _each(house, house.round_table.transcript.follow(owner(), **chosen), as_json))


async def _each(house: House, steps: AsyncIterator[Said], as_json: bool) -> None:
    async for said in steps:
        print_json(asdict(said)) if as_json else _draw(house, said)


def _draw(house: House, said: Said) -> None:
    """A message: who to whom in the assistant's colour, then the words, then why and by which way."""
    seat = house.round_table.seat(said.who)
    head = Text(f"{datetime.fromtimestamp(said.at):%H:%M:%S} ", style="dim")
    head.append(visible(seat.title if seat else said.who), style=f"bold {seat.colour}" if seat else "bold")
    head.append(f" {visible(said.move)} {visible(said.whom)}")
    out.print(head)
    for line in visible(_words(said)).splitlines():
        out.print(Text(f"    {line}"))
    if about := _about(said):
        out.print(Text(f"    {visible(about)}", style="dim"))


def _words(said: Said) -> str:
    hidden = said.private and not said.words and said.move in (Move.ASKS, Move.ANSWERS)
    return "(private: its words are not kept)" if hidden else said.words


def _about(said: Said) -> str:
    tokens = f"{said.input_tokens:,} tokens in, {said.output_tokens:,} out" if said.input_tokens else ""
    cost = f"{said.usd:.4f} USD" if said.usd else ""
    time = f"{said.seconds:.1f} s" if said.seconds else ""
    by = f"{said.tier}: {said.model}" if said.model else said.tier
    return " · ".join(filter(None, (by, said.sent, tokens, cost, time, said.why)))


def _table(found: list[Talk]) -> Table:
    table = Table("request", "when", "who", "assistant", "asked", "steps", "tiers", "USD", box=None)
    for talk in found:
        words = "(private)" if talk.private else " ".join(talk.words.split())
        table.add_row(
            *(talk.request, f"{datetime.fromtimestamp(talk.at):%d %b %H:%M}", talk.person, talk.assistant),
            *(words if len(words) <= WORDS else f"{words[:WORDS]}…", str(talk.steps), talk.tiers),
            f"{talk.usd:.4f}" if talk.usd else "",
        )
    return table
