"""What a step of day one is, where it puts its answers, and how a person is asked."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.prompt import Confirm, Prompt
from rich.text import Text

from haven.settings import Settings, load, toml_file


class Answers(BaseModel):
    """The answers to one step; what is left out keeps its earlier value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Desk:
    """Where the answers go: haven.toml, the secrets, and the screen."""

    def __init__(self, file: Path, console: Console) -> None:
        self.file = file
        self.console = console
        self.settings: Settings = load(file)

    def keep(self, **sections: dict[str, Any]) -> None:
        """Write these values to haven.toml; the settings here are the new ones from then on."""
        self.settings = toml_file.change(self.file, sections)

    def say(self, sentence: str) -> None:
        """Plain text; a link is not broken over lines, so that it can be copied."""
        self.console.print(sentence, markup=False, highlight=False, soft_wrap="://" in sentence)

    def download(self, title: str) -> tuple[Progress, Callable[[int, int | None], None]]:
        """A progress bar, to be entered with `with`, and what moves it (bytes done, bytes in all)."""
        columns = TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        bar = Progress(*columns, TimeRemainingColumn(), console=self.console)
        task = bar.add_task(title, total=None)
        return bar, lambda done, total: bar.update(task, completed=done, total=total)


class Person:
    """Questions on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def text(self, question: str, default: str = "") -> str:
        return Prompt.ask(Text(question), console=self._console, default=default, show_default=bool(default)).strip()

    def secret(self, question: str) -> str:
        """Not shown while it is typed."""
        return getpass.getpass(f"{question}: ").strip()

    def yes(self, question: str, default: bool = True) -> bool:
        return Confirm.ask(Text(question), console=self._console, default=default)


@dataclass(frozen=True)
class Step:
    """One step: asking and applying are apart, so that answers from a file go the same way as typed ones."""

    name: str
    title: str
    why: str
    answers: type[Answers]
    ask: Callable[[Person, Desk], dict[str, Any]]
    """The answers, unchecked: they are validated like those of a file."""
    apply: Callable[[Any, Desk], Coroutine[Any, Any, tuple[str, ...]]]
    """Check, then keep; returns what to tell the person. Raises HavenError, and then nothing was kept."""
    known: Callable[[Settings], str]
    """What is set already; "" where nothing is."""
    optional: bool = False
    """Most people don't need it: a person who just presses Enter goes on."""
    unasked: bool = False
    """It needs no answer: where answers from a file don't name it, it is done as for a person who presses Enter."""
