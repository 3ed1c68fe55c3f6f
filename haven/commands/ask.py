"""`haven ask`, and how an answer is drawn on a terminal."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from assistants.round_table import Request, Seat
from assistants.waiting import Choice, Held
from assistants.wording import UNRECORDED
from haven.ai.task import Delta, Queued, Reply, Restart, Where
from haven.app import House
from haven.commands.session import Json, err, in_house, owner, print_json
from haven.errors import BadInput
from haven.lock import is_up
from haven.quoting import visible

NOT_ANSWERED = 4
"""Exit status where there is no answer yet: it waits, or somebody must decide."""
Assistant = Annotated[str | None, typer.Option(help="Otherwise the Round Table picks.")]
WhereTo = Annotated[Where, typer.Option(help="Where it may be answered.")]
Private = Annotated[bool, typer.Option("--private", help="It never leaves this house.")]
Picture = Annotated[Path | None, typer.Option(help="Where to save the picture of an answer that has one, as a PNG.")]
IfAway = Annotated[Choice | None, typer.Option(help="What to do where only the cloud would do and it is away.")]


class Shown:
    """One answer as it comes: drawn on the terminal unless `quiet`; what it ended with is kept."""

    def __init__(self, quiet: bool = False) -> None:
        self.seat: Seat | None = None
        self.reply: Reply | None = None
        self.held: Held | None = None
        self._quiet = quiet
        self._text = ""

    async def follow(self, pieces: AsyncIterator[Seat | Delta | Queued | Restart | Reply | Held]) -> None:
        """Draw every piece; a second stream (after a choice) takes the place of what the first ended with."""
        self.held = None
        async for piece in pieces:
            match piece:
                case Seat():
                    self.seat = piece
                    self._say(f"{piece.assistant.title} ({visible('; '.join(piece.reasons))})", "bold")
                case Delta() if not self._quiet:
                    self._text += piece.text
                    print(visible(piece.text), end="", flush=True)
                case Restart():
                    self._say(f"\n[draft, replaced by {piece.next.tier.value}: {visible(piece.reason)}]", "yellow")
                    self._text = ""
                case Reply():
                    self._end(piece)
                case Held():
                    self.held = piece
                    self._say(f"\n{held_line(piece)}" if self._text else held_line(piece), "yellow")

    def _end(self, reply: Reply) -> None:
        self.reply = reply
        if not self._quiet:
            print(_rest(self._text, reply.text), flush=True)  # before the line on standard error
        for source in reply.sources:
            self._say(f"  from {visible(source)}", "dim")
        self._say(reply_line(reply), "dim")

    def _say(self, line: str, style: str) -> None:
        if not self._quiet:
            err.print(line, style=style)


def _rest(shown: str, whole: str) -> str:
    """What is still to be printed after the text as it came: the whole reply only where it is another text."""
    if shown.strip() == whole.strip():
        return ""
    if whole.strip() and shown.strip().startswith(whole.strip()):
        return " [cut here: it began to repeat itself]"
    return f"\n{visible(whole)}"


def reply_line(reply: Reply) -> str:
    """Where an answer comes from and what it is worth, in one line."""
    facts = [f"{reply.tier.value}: {'stand-in, not Claude' if reply.stand_in else reply.model}"]
    if reply.usd and not reply.stand_in:
        facts.append(f"{reply.usd:.4f} USD")
    facts += [f"{reply.seconds:.1f} s", f"score {reply.score}"]
    facts += [f"asked as: {visible(reply.query)}"] if reply.query else []
    facts += [UNRECORDED] if reply.unrecorded else []
    facts += [visible(reply.cached)] if reply.cached else []
    facts += [f"prepared here: {visible(reply.prepared)}"] if reply.prepared else []
    facts += [f"instead of the cloud: {visible(reply.instead.rstrip('.'))}"] if reply.instead else []
    if reply.outcome:
        facts.append(f"was it good? haven tasks thumb {reply.outcome} up|down")
    return ", ".join(facts)


def held_line(held: Held) -> str:
    """Why there is no answer yet, and what happens now."""
    reason = visible(held.reason)
    if held.choices:
        return f"{reason}\nNot answered yet. Decide with: haven tasks decide {held.id} {'|'.join(held.choices)}"
    when = f" It is tried next at {datetime.fromtimestamp(held.retry_at):%H:%M}." if held.retry_at else ""
    return f"{reason}\nIt waits and goes on by itself.{when} Look with: haven tasks show {held.id}"


def to_json(shown: Shown) -> dict[str, Any]:
    """What an answer ended with: a reply, `held`, or neither (cancelled)."""
    seat, reply, held = shown.seat, shown.reply, shown.held
    data: dict[str, Any] = {"assistant": seat.assistant.name if seat else None, "answered": reply is not None}
    reasons = list(seat.reasons) if seat else []
    if reply is not None:
        data |= {
            "text": reply.text,
            "tier": reply.tier.value,
            "model": reply.model,
            "score": reply.score,
            "score_reasons": list(reply.score_reasons),
            "usd": reply.usd,
            "stand_in": reply.stand_in,
            "seconds": round(reply.seconds, 3),
            "cached": reply.cached,
            "prepared": reply.prepared,
            "instead": reply.instead,
            "outcome": reply.outcome,
            "sources": list(reply.sources),
            "query": reply.query,
            "unrecorded": reply.unrecorded,
            "picture": reply.picture is not None,
        }
        reasons += reply.route.reasons
    if held is not None:
        draft = held.draft.text if held.draft else None
        told = {"id": held.id, "reason": held.reason, "choices": list(held.choices), "retry_at": held.retry_at}
        data["held"] = told | {"draft": draft}
    return data | {"reasons": reasons}


def ask(
    text: Annotated[str, typer.Argument(help="Your question.")],
    assistant: Assistant = None,
    where: WhereTo = Where.AUTO,
    private: Private = False,
    if_away: IfAway = None,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Ask an assistant; the answer streams. Exit status 4: there is no answer yet, and it says what to do."""
    request = Request(text, owner(), assistant=assistant, where=where, private=private)
    in_house(lambda house: _answer(house, request, if_away, picture, as_json))


async def _answer(house: House, request: Request, if_away: Choice | None, picture: Path | None, as_json: bool) -> None:
    shown = Shown(as_json)
    await shown.follow(house.round_table.ask(request))
    asked = shown.held
    if asked is not None and (choice := _chosen(asked, if_away, as_json)):
        await shown.follow(house.round_table.decide(asked.id, choice, request.principal))
        if choice is Choice.CANCEL and not as_json:
            err.print("Cancelled.")
    if shown.reply is not None and shown.reply.picture is not None:
        await _save(shown.reply.picture, picture, as_json)
    if as_json:
        print_json(to_json(shown))
    elif shown.held is not None:
        tell_if_down(house)
    if shown.reply is None:
        raise typer.Exit(NOT_ANSWERED)


async def _save(png: bytes, file: Path | None, quiet: bool) -> None:
    """The picture of an answer into its file, or a word that there is one. Raises BadInput for a file that can't be."""
    if file is None:
        if not quiet:
            err.print("A picture belongs to it; save it with: --picture FILE.png", style="dim")
        return
    try:
        await asyncio.to_thread(file.write_bytes, png)
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}.") from None


def tell_if_down(house: House) -> None:
    """What waits goes on in a running Haven alone."""
    if not is_up(house.settings):
        err.print("Haven does not run now; what waits goes on when it does: haven up")


def _chosen(held: Held, if_away: Choice | None, as_json: bool) -> Choice | None:
    return if_away if if_away in held.choices else choose(held.choices, as_json)


def choose(choices: tuple[Choice, ...], as_json: bool) -> Choice | None:
    """What the person at the terminal chooses; None where there is nothing to choose, or nobody there to ask.

    Raises typer.Abort at Ctrl+C and Ctrl+D.
    """
    if not choices or as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    question = f"{', '.join(choices[:-1])} or {choices[-1]}"

    def one_of_them(word: str) -> Choice:
        if word.strip().lower() not in choices:
            raise typer.BadParameter(f"Choose {question}.")  # and it is asked again
        return Choice(word.strip().lower())

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio's own would let the prompt wait on
    try:
        chosen: Choice = typer.prompt(question, value_proc=one_of_them, default=choices[0].value, err=True)
        return chosen
    finally:
        signal.signal(signal.SIGINT, before)
