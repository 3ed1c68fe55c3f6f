"""What every assistant is: a name, a job, words that point to it, and a prompt of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Protocol

from assistants.findings import Findings
from haven.access import Principal
from haven.ai.task import Where


@dataclass(frozen=True)
class Assistant:
    """One seat at the Round Table. `colour` is a hex colour that every face uses for it."""

    name: str
    title: str
    job: str
    colour: str
    words: tuple[str, ...]
    instructions: str = ""
    """Of an assistant that the owner has added; the four have theirs in assistants/prompts/, versioned."""
    private: bool = False
    """What it is asked never leaves this house."""
    reach: Where = Where.AUTO
    """How far what it is asked may go: LOCAL, LAN, or AUTO for anywhere."""

    @cached_property
    def prompt(self) -> str:
        """What a model is told that speaks for this assistant."""
        if self.instructions:
            return self.instructions
        return resources.files("assistants").joinpath("prompts", f"{self.name}.md").read_text(encoding="utf-8").strip()

    @property
    def is_own(self) -> bool:
        """Whether the owner has added it."""
        return bool(self.instructions)

    def where(self, wanted: Where) -> Where:
        """Where a question may be answered: as the person wants, and no further than this assistant's reach."""
        if self.reach is Where.AUTO or wanted is Where.LOCAL:
            return wanted
        return self.reach

    def matches(self, text: str) -> list[str]:
        """The words of the text that point to this assistant, each once."""
        found = re.findall(rf"\b(?:{'|'.join(self.words)})\w*", text.lower())
        return list(dict.fromkeys(found))


class Answerer(Protocol):
    """What an assistant can find out by itself, with no model."""

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """None: it is not mine to compute. Raises AccessDenied."""
