"""`haven chat`: a conversation at the terminal."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from assistants.round_table import Request
from assistants.table.before import Before, earlier
from assistants.waiting import Choice
from haven import logs, settings
from haven.ai.task import Where
from haven.app import House, open_house
from haven.commands.ask import Assistant, Private, Shown, WhereTo, choose, tell_if_down, to_json
from haven.commands.session import err, out, owner, print_json
from haven.errors import HavenError, NotFound

log = logging.getLogger("haven.chat")

Run = Callable[[Coroutine[Any, Any, None]], None]
JsonLines = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each question, and nothing else.")]
HISTORY_LINES = 500
BEFORE_A_QUESTION = (*(where.value for where in Where), "private", "open", "clear")
"""Words after one of them are a question, which is asked once it is done."""
HELP = """\
/who [NAME|auto]           who answers
/local /lan /cloud /auto   where the next answers are made
/private /open             private: nothing of it leaves this house, and none of it goes along later
/clear                     forget what was said
                           (words after one of these, /who aside, are asked next)
/quit                      leave; so does Ctrl+D. Ctrl+C stops an answer."""


@dataclass
class Talk:
    """What the person has set, and what was said so far."""

    request: Request
    said: list[Before] = field(default_factory=list)

    @property
    def stays(self) -> bool:
        return self.request.private or self.request.where is Where.LOCAL

    def ask(self, text: str) -> Request:
        """The next question with what was said before, as far as it may go along and is not too long."""
        return replace(self.request, text=text, earlier=earlier(self.said, stays=self.stays))

    def heard(self, question: str, answer: str) -> None:
        self.said.append(Before(question, answer, self.stays))

    def told(self, line: str, names: list[str]) -> str:
        """Do what a line that begins with `/` says; the sentence for the person. Raises NotFound."""
        word, rest = parted(line)
        match word:
            case "local" | "lan" | "cloud" | "auto":
                self.request = replace(self.request, where=Where(word))
            case "private" | "open":
                self.request = replace(self.request, private=word == "private")
            case "clear":
                self.said.clear()
                return "What was said is forgotten."
            case "who":
                return self._who(rest.lower(), names)
            case "help":
                return HELP
            case _:
                raise NotFound(f"There is no /{word} here.", "See /help.")
        return self.state

    @property
    def state(self) -> str:
        privacy = "private" if self.request.private else "open"
        kept = "" if self.stays or not any(one.stays for one in self.said) else "; what was private or local stays here"
        return f"{privacy}, {self.request.where.value}, {self.request.assistant or 'whoever fits'} answers{kept}"

    def _who(self, name: str, names: list[str]) -> str:
        if name and name != "auto" and name not in names:
            raise NotFound(f"There is no assistant {name!r}.", f"Choose one of: {', '.join(names)}, auto.")
        if name:
            self.request = replace(self.request, assistant=None if name == "auto" else name)
        return f"{self.request.assistant or 'Whoever fits'} answers. There are: {', '.join(names)}."


def parted(line: str) -> tuple[str, str]:
    """The word of a line that begins with `/`, and what follows it."""
    word, *rest = line[1:].split(maxsplit=1) or [""]
    return word, "".join(rest)


def chat(
    assistant: Assistant = None, where: WhereTo = Where.AUTO, private: Private = False, as_json: JsonLines = False
) -> None:
    """Talk with an assistant; what was said before goes along. /help lists what can be set on the way."""
    loaded = settings.load()
    logs.start(loaded)
    talk = Talk(Request("", owner(), assistant=assistant, where=where, private=private))
    stack = AsyncExitStack()
    # One loop, run for one answer at a time: while a line is typed, the terminal belongs to the line alone.
    with asyncio.Runner() as runner:
        house = runner.run(stack.enter_async_context(open_house(loaded)))
        try:
            talk.told(f"/who {assistant or 'auto'}", _names(house))
            _converse(house, talk, runner.run, as_json)
        finally:
            runner.run(stack.aclose())


def _converse(house: House, talk: Talk, run: Run, as_json: bool) -> None:
    lines = Lines(house.settings.paths.state_dir / "chat_history", asks=sys.stdin.isatty() and not as_json)
    if not as_json:
        err.print(f"{talk.state}. /help lists what can be set; Ctrl+D leaves.", style="dim")
    while (line := lines.next(keep=not talk.request.private)) is not None:
        try:
            if line == "/quit":
                return
            if line.startswith("/"):
                err.print(talk.told(line, _names(house)), style="dim")
                word, rest = parted(line)
                line = rest if word in BEFORE_A_QUESTION else ""
            if line:
                _ask(house, talk, line, run, as_json)
        except HavenError as error:
            err.print(f"{error.full} [{error.id}]", style="red")
        except KeyboardInterrupt:
            err.print("\n[stopped]", style="yellow")


def _ask(house: House, talk: Talk, question: str, run: Run, as_json: bool) -> None:
    """Every question has its line in JSON, also one that failed: then `error` stands in it."""
    shown = Shown(as_json)
    try:
        run(shown.follow(house.round_table.ask(talk.ask(question))))
        held = shown.held
        if held is not None and (choice := _chosen(held.choices, as_json)):
            run(shown.follow(house.round_table.decide(held.id, choice, talk.request.principal)))
    except HavenError as error:
        if not as_json:
            raise
        log.info("[%s] %s", error.id, error)
        print_json(to_json(shown) | {"error": error.full})
        return
    if as_json:
        print_json(to_json(shown))
    elif shown.held is not None:
        tell_if_down(house)
    if shown.reply is not None:
        talk.heard(question, shown.reply.text)


def _chosen(choices: tuple[Choice, ...], as_json: bool) -> Choice | None:
    """Ctrl+C there cancels the question, never the conversation."""
    try:
        return choose(choices, as_json)
    except typer.Abort:
        err.print("\n[cancelled]", style="yellow")
        return Choice.CANCEL


def _names(house: House) -> list[str]:
    return [one.name for one in house.round_table.assistants]


class Lines:
    """Typed lines with their history, which is kept in a file that only the owner can read."""

    def __init__(self, file: Path, *, asks: bool) -> None:
        self._file = file
        self._prompt = "> " if asks else ""
        self._readline: Any = None
        with suppress(ImportError):  # some Pythons are built without it: then there is no history
            import readline

            readline.set_auto_history(False)
            self._readline = readline
            for line in self._kept():
                readline.add_history(line)

    def next(self, *, keep: bool) -> str | None:
        """The next line, or None at the end; `keep` false: it is not written down.

        Nor is one that begins with `/`, right or mistyped: what follows may be private.
        """
        while True:
            try:
                line = input(self._prompt).strip()
            except EOFError:
                if self._prompt:
                    out.print()
                return None
            except KeyboardInterrupt:
                out.print()
                continue
            if line and self._readline is not None:
                self._readline.add_history(line)
                if keep and self._prompt and not line.startswith("/"):
                    self._write(line)
            return line

    def _kept(self) -> list[str]:
        """The newest lines; the file is cut to them."""
        try:
            lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        if len(lines) > 2 * HISTORY_LINES:
            self._file.write_text("\n".join(lines[-HISTORY_LINES:]) + "\n", encoding="utf-8")
        return lines[-HISTORY_LINES:]

    def _write(self, line: str) -> None:
        with suppress(OSError):  # a full disk must not end the conversation
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(line + "\n")
