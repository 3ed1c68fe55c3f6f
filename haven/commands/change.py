"""`haven change ...`: ask for a change, look at it, decide."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from assistants.table.proposing import change_kind
from assistants.table.request import Request
from haven.app import House
from haven.changes import private_notes
from haven.changes.looked_at import with_files
from haven.changes.proposal import Kind, clean
from haven.changes.review.pr_body import pr_body
from haven.changes.review.text import render
from haven.changes.rounds.evidence import MOST_GIVEN
from haven.changes.states import OPEN, State
from haven.commands import change_context, landing
from haven.commands.rounds import back, compare
from haven.commands.session import Json, Ticker, err, follow, in_house, out, owner, print_json, read_end, read_text
from haven.errors import BadInput, Unavailable
from haven.quoting import visible
from haven.store.changes import Change

app = typer.Typer(no_args_is_help=True, help="Changes: ask, look, approve, tweak, reject.")
app.command()(compare)
app.command()(back)
MOST_WRONG = 12
"""Lines of what a round had wrong; the prompt has them all."""
Id = Annotated[str, typer.Argument(help="The change's id, as `haven change list` shows it.")]
Confirm = Annotated[str, typer.Option("--confirm", help="Type the change's id to merge what is untested or red.")]
Plan = Annotated[str, typer.Option("--plan", help="The plan that you read, as it is numbered: no other one goes on.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once; a running Haven does the work.")]
app.command("context")(change_context.context)


@app.command()
def new(
    text: Annotated[str, typer.Argument(help="What you would like, in a sentence or two.")],
    kind: Annotated[Kind | None, typer.Option(help="What kind of change it is; otherwise the words tell.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="A log or traceback that shows the fault (a fix); - for standard input.")
    ] = None,
    file: Annotated[list[str] | None, typer.Option(help="A file to look at first; several times for several.")] = None,
    private: Annotated[
        str, typer.Option(help="Notes that stay in this house: for you and those who decide, and for no model.")
    ] = "",
    assistant: Annotated[str | None, typer.Option(help="Who should own it; otherwise the Round Table picks.")] = None,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Ask for a code change and follow it to its review."""
    evidence = _text_of(log, MOST_GIVEN) if log else None

    async def work(house: House) -> None:
        meant = kind or (Kind.FIX if log else change_kind(clean(text)) or Kind.FEATURE)
        words = with_files(text, " ".join(file or []))
        request = Request(words, owner(), assistant=assistant, evidence=evidence, private_notes=private)
        change = await house.round_table.propose(request, meant)
        if not as_json:
            err.print(f"Change {change.id}: {change.title}\n  {change.assistant}: {'; '.join(change.reasons)}")
        await _finish(house, change, as_json=as_json, no_wait=no_wait)

    in_house(work)


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: Json = False,
) -> None:
    """The changes, newest first."""

    async def work(house: House) -> None:
        found = await house.changes.list([] if all_ else [*(state.value for state in OPEN), State.FAILED.value])
        if as_json:
            print_json([asdict(change) for change in found])
            return
        for change in found:
            out.print(f"{change.id}  {change.state:<13} {change.kind:<8} {change.title}  ({change.requester_name})")
        if not found:
            out.print("No changes." if all_ else "No open changes. `haven change list --all` shows the closed ones.")

    in_house(work)


@app.command()
def show(
    id: Id,
    pr: Annotated[
        Path | None, typer.Option(help="Write it as the body of a pull request to this file; - for standard output.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The whole review of one change."""

    async def work(house: House) -> None:
        review = await house.changes.review(id)
        if pr is not None:
            if as_json and str(pr) == "-":
                print_json({"id": review.id, "body": pr_body(review)})
                return
            await landing.write_body(review, pr)
            if as_json:
                print_json({"id": review.id, "file": str(pr)})
            elif str(pr) != "-":
                out.print(f"The pull request's body is in {pr}")
            return
        print_json(review.to_json()) if as_json else out.print(render(review, out.width))
        if not as_json and (notes := await private_notes.read(house.database, await house.changes.get(id), owner())):
            out.print(f"\nPrivate notes, which stay in this house:\n{visible(notes)}")

    in_house(work)


@app.command()
def diff(id: Id, as_json: Json = False) -> None:
    """The diff alone, fit for `git apply`."""

    async def work(house: House) -> None:
        review = await house.changes.review(id)
        if as_json:
            print_json({"id": review.id, "diff": review.diff})
        else:  # to a pipe as it is; to a terminal so that nothing in it can steer it
            print(visible(review.diff) if sys.stdout.isatty() else review.diff, end="")

    in_house(work)


@app.command()
def approve(
    id: Id,
    confirm: Confirm = "",
    commit: Annotated[
        str, typer.Option(help="The commit that you looked at: where it is another one by now, nothing is merged.")
    ] = "",
    plan: Plan = "",
    as_json: Json = False,
) -> None:
    """Merge a reviewed change, or let a planned one go on."""

    async def work(house: House) -> None:
        review = await house.changes.review(id)
        typed = confirm
        if review.confirm == "two taps" and not confirm:
            if as_json:
                raise BadInput(review.second_look, f"To approve it all the same, add: --confirm {review.id}")
            typer.confirm(visible(review.second_look), abort=True, err=True)
            typed = "two taps"
        # Who names a plan has read no commit, and the other way round: what was not named can't be approved by it.
        seen = review.commit if not plan and review.commit.startswith(commit.lower()) else commit
        planned = plan.lower() or ("" if commit else review.plan_id)
        change = await house.changes.approve(id, owner(), round=review.round, commit=seen, plan=planned, confirm=typed)
        if change.state == State.REVIEW:  # it takes a second person
            review = await house.changes.review(id)
            print_json(review.to_json()) if as_json else out.print(visible(review.people_said))
            return
        await _finish(house, change, as_json=as_json)

    in_house(work)


@app.command()
def tweak(
    id: Id,
    words: Annotated[str, typer.Argument(help="What should be different.")],
    at: Annotated[str, typer.Option("--at", help="The line it is about, as path:line of the round shown.")] = "",
    as_json: Json = False,
) -> None:
    """Another round with your words; where a plan waits, another plan."""

    async def work(house: House) -> None:
        before = await house.changes.get(id)
        change = await house.changes.tweak(id, owner(), words, round=before.round, at=at)
        await _finish(house, change, as_json=as_json)

    in_house(work)


@app.command()
def reject(id: Id, why: Annotated[str, typer.Option(help="For the record.")] = "", as_json: Json = False) -> None:
    """Close a change; its branch is kept for some days."""

    async def work(house: House) -> None:
        before = await house.changes.get(id)
        change = await house.changes.reject(id, owner(), round=before.round, why=why)
        _say(change, as_json)

    in_house(work)


@app.command()
def skip(id: Id, plan: Plan = "", as_json: Json = False) -> None:
    """Let a change go on without the plan that was written for it."""

    async def work(house: House) -> None:
        review = await house.changes.review(id)
        change = await house.changes.skip(id, owner(), round=review.round, plan=plan.lower() or review.plan_id)
        await _finish(house, change, as_json=as_json)

    in_house(work)


@app.command()
def stop(id: Id, as_json: Json = False) -> None:
    """End the work on a change now, and look at its best round so far; without one, the change is cancelled."""

    async def work(house: House) -> None:
        await house.changes.stop(id, owner())
        await _finish(house, await house.changes.get(id), as_json=as_json, again=True)

    in_house(work)


@app.command()
def cancel(id: Id, as_json: Json = False) -> None:
    """Put a change away, whatever was made of it."""
    in_house(lambda house: _cancel(house, id, as_json))


@app.command()
def undo(id: Id, no_wait: NoWait = False, as_json: Json = False) -> None:
    """Take a merged change back: a commit that git makes, tested like any change, and merged where it is green."""

    async def work(house: House) -> None:
        change = await landing.take_back(house, id)
        if not as_json:
            err.print(f"Change {change.id}: {change.title}")
        await _finish(house, change, as_json=as_json, no_wait=no_wait)

    in_house(work)


async def _cancel(house: House, id: str, as_json: bool) -> None:
    _say(await house.changes.cancel(id, owner()), as_json)


@app.command()
def resume(id: Id, as_json: Json = False) -> None:
    """Try a waiting change again now."""

    async def work(house: House) -> None:
        await house.changes.resume(id, owner())
        await _finish(house, await house.changes.get(id), as_json=as_json, again=True)

    in_house(work)


@app.command()
def prompt(id: Id, as_json: Json = False) -> None:
    """Write the redacted prompt to a file, to paste into any chat."""

    async def work(house: House) -> None:
        if house.by_hand is None:
            raise Unavailable(house.repository_error, retry=False)
        file = await house.by_hand.prompt(id, owner())
        if as_json:
            print_json({"id": id, "file": str(file)})
        else:
            out.print(
                f"The prompt is in {file}\nPaste it into a chat, save the answer, then: haven change reply {id} FILE"
            )

    in_house(work)


@app.command()
def reply(
    id: Id, file: Annotated[Path, typer.Argument(help="The saved answer; - for standard input.")], as_json: Json = False
) -> None:
    """Take a chat's answer through the same edits, sandbox and review."""
    text = _text_of(file)

    async def work(house: House) -> None:
        if house.by_hand is None:
            raise Unavailable(house.repository_error, retry=False)
        change = await house.by_hand.reply(id, text, owner())
        await _finish(house, change, as_json=as_json)

    in_house(work)


def _text_of(file: Path, most: int = 0) -> str:
    try:
        return read_end(file, most) if most else read_text(file)
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror}.") from None


async def _finish(
    house: House, change: Change, *, as_json: bool = False, no_wait: bool = False, again: bool = False
) -> None:
    """Follow the change to where it rests, and show it there; exit status 1 where it failed."""
    if not no_wait:
        with Ticker(quiet=as_json) as tell:
            change = await follow(house, change.id, tell, past_waiting=again)
    if change.state in {State.REVIEW, State.AWAITING_PLAN} and not as_json:
        out.print(render(await house.changes.review(change.id), out.width))
        acts = "approve|tweak|skip|reject" if change.state == State.AWAITING_PLAN else "approve|tweak|reject"
        out.print(f"\nDecide with: haven change {acts} {change.id}")
        return
    if not as_json and change.state == State.WAITING:
        await _say_what_came_back(house, change)
    _say(change, as_json)
    if change.state == State.FAILED:
        raise typer.Exit(1)


async def _say_what_came_back(house: House, change: Change) -> None:
    """Where a repair round waits: how the round before it ended, and what was wrong."""
    *before, current = (await house.changes.review(change.id)).rounds
    if current.cause != "repair" or not before:
        return
    past, wrong = before[-1], current.instruction.strip().splitlines()
    left = len(wrong) - MOST_WRONG
    more = [f"and {left} line{'s' * (left != 1)} more"] if left > 0 else []
    out.print(
        visible(f"Round {past.number}: {past.ended}{f': {past.tests}' if past.tests else ''}. The next prompt says:")
    )
    out.print("\n".join(f"  {visible(line)}" for line in [*wrong[:MOST_WRONG], *more]))


def _say(change: Change, as_json: bool) -> None:
    if as_json:
        print_json(asdict(change))
        return
    facts: list[Any] = [f"Change {change.id} is {change.state}."]
    if change.merged:
        facts.append(f"Merged as {change.merged[:12]} into {change.target}.")
    if change.reason:
        facts.append(change.reason)
    waits = change.state == State.WAITING and change.resume == State.EDITING
    if change.base and (waits or change.state == State.FAILED):
        facts.append(f"To carry the prompt to a chat by hand: haven change prompt {change.id}")
    out.print("\n".join(facts))
