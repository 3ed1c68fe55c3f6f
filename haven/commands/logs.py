"""`haven logs ...`: what went wrong by the logs, in groups, and suspicious logins; none of it leaves this machine."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from assistants.sentinel import SENTINEL
from assistants.sentry import explaining
from assistants.sentry.logs import Kind
from assistants.sentry.patterns import Group
from haven.app import House
from haven.commands.session import Json, in_house, out, owner, print_json

app = typer.Typer(no_args_is_help=True, help="The logs: what went wrong, in groups, and suspicious logins.")
Source = Annotated[Kind | None, typer.Option(help="Only this log; otherwise the journal and Haven's own.")]
Hours = Annotated[float, typer.Option(min=0.1, max=24 * 30, help="How far back.")]


@app.command()
def check(source: Source = None, hours: Hours = 24.0, as_json: Json = False) -> None:
    """What went wrong: one line a group, known troubles first; addresses, numbers and known names are taken out."""

    async def work(house: House) -> None:
        found: dict[str, list[Group] | None] = {}
        for one in [source] if source else [Kind.JOURNAL, Kind.OWN]:
            found[one.value] = await house.sentinel.patrol.problems(one, hours * 3600)
        if as_json:
            told = {name: None if those is None else [_told(one) for one in those] for name, those in found.items()}
            print_json(told)
            return
        for name, those in found.items():
            _show(name, those)

    in_house(work)


@app.command()
def logins(as_json: Json = False) -> None:
    """Suspicious logins of this machine, with who and from where."""

    async def work(house: House) -> None:
        found = await house.sentinel.patrol.logins()
        if as_json:
            print_json(None if found is None else asdict(found))
        elif found is None:
            out.print("No log of logins can be read here: neither auth.log nor the journal.")
        else:
            for one in found.found:
                out.print(f"{'!' if one.is_urgent else '·'} {one.said}")
                for detail in one.details:
                    out.print(f"    {detail}")
            out.print(f"{'' if found.found else 'Nothing is suspicious about the logins: '}{found.read}.")

    in_house(work)


@app.command()
def explain(
    group: Annotated[str, typer.Argument(help="The six digits of a group, as in haven logs check.")],
    cloud: Annotated[
        bool, typer.Option("--cloud", help="Ask the cloud: only known words of the pattern and its count leave.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What a group may mean: by rules, else by the local model; `--cloud` or `alerts.explain` asks the cloud."""

    async def work(house: House) -> None:
        found = await house.sentinel.patrol.group(group)
        beyond = cloud or house.settings.alerts.explain == "cloud"
        told = await explaining.explain(found, house.engine, SENTINEL.prompt, owner(), cloud=beyond)
        if as_json:
            reply = told.reply and {"text": told.reply.text, "tier": told.reply.tier, "usd": told.reply.usd}
            print_json({"said": told.said, "reply": reply, "why": told.why})
            return
        out.print(told.said)
        if told.reply is not None:
            out.print(f"A guess of {told.reply.model} ({told.reply.tier}), not a fact:\n{told.reply.text}")
        elif told.why:
            out.print(f"No model could be asked: {told.why}")

    in_house(work)


def _show(name: str, those: list[Group] | None) -> None:
    if those is None:
        out.print(f"The {name} log can't be read here.")
    elif not those:
        out.print(f"Nothing went wrong by the {name} log.")
    for one in those or []:
        mark = "!" if one.known else "·"
        last = f"{datetime.fromtimestamp(one.last):%d %b %H:%M}"
        out.print(
            f"{mark} {one.id}  {one.count:>5} x  {last}  {one.unit}: {one.template}{'  (new)' if one.is_new else ''}"
        )
        if one.known:
            out.print(f"    {one.known.means} {one.known.mend}".rstrip())


def _told(one: Group) -> dict[str, Any]:
    known = one.known and {"name": one.known.name, "means": one.known.means, "mend": one.known.mend}
    plain = {
        name: getattr(one, name) for name in ("id", "source", "unit", "template", "level", "count", "first", "last")
    }
    return {**plain, "is_new": one.is_new, "known": known}
