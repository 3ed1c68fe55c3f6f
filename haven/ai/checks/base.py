"""What every check is handed and what it gives back: a draft in, findings out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from haven.ai.checks.parsed import Unreadable, json_of
from haven.ai.task import Task

FATAL, FAILS, BAD, SLIGHT = 100, 40, 25, 10
"""Points taken from 100: it is no such thing at all; not usable as it is; two of them are too many; a blemish."""

_TAG = re.compile(r"</?(?:request|instruction|question|material|draft)>")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the points that it costs, and a short phrase for a person."""

    points: int
    reason: str


@dataclass(frozen=True)
class Block:
    """A fenced block of a reply; `line` is the line of the reply on which its content begins."""

    language: str
    text: str
    line: int
    closed: bool


@dataclass(frozen=True)
class Draft:
    """A reply under test, with the task that it is for."""

    task: Task
    text: str
    data: object
    stop: str

    @cached_property
    def question(self) -> str:
        """The person's words without the tags around them."""
        return plain(self.task.question)

    @cached_property
    def material(self) -> str:
        return "\n".join(self.task.material)

    @cached_property
    def known(self) -> str:
        """Everything that the model was told: what stands here was not made up."""
        task = self.task
        looked_up = (result.text for turn in task.turns for result in turn.results)
        return "\n".join((*task.system, *task.material, task.words, *(turn.text for turn in task.turns), *looked_up))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return fenced(self.text)

    @cached_property
    def structure(self) -> Any:
        """The reply's data; read from its text where the provider gave none; None where there is none."""
        if self.data is not None:
            return self.data
        block = next((one.text for one in self.blocks if one.language in ("", "json")), self.text)
        try:
            return json_of(block)
        except Unreadable:
            return None

    def asked(self, pattern: re.Pattern[str]) -> bool:
        """Whether the person's words fit a pattern."""
        return pattern.search(self.question) is not None


Check = Callable[[Draft], Iterator[Finding]]


def fenced(text: str) -> tuple[Block, ...]:
    """The fenced blocks of a Markdown text, in order; one that is never closed reaches to the end."""
    found: list[Block] = []
    mark, language, start, inside = "", "", 0, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        fence = _FENCE.match(line)
        if not mark:
            if fence:
                mark, language, start, inside = fence[1], fence[2].lower(), number + 1, []
        elif fence and fence[1].startswith(mark) and not line[fence.end() :].strip() and not fence[2]:
            found.append(Block(language, "\n".join(inside), start, closed=True))
            mark = ""
        else:
            inside.append(line)
    if mark:
        found.append(Block(language, "\n".join(inside), start, closed=False))
    return tuple(found)


def plain(asked: str) -> str:
    """A person's words without the tags around them."""
    return _TAG.sub("", asked).strip()


def short(text: str, most: int = 40) -> str:
    """A piece of the reply, cut so that it can stand in a reason."""
    flat = " ".join(text[: 4 * most].split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def listed(names: list[str], most: int = 3) -> str:
    """`a, b and 4 more`."""
    shown = ", ".join(short(name, 30) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
