"""What every assistant is: a name, a job, words that point to it, and a prompt of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources


@dataclass(frozen=True)
class Assistant:
    """One seat at the Round Table. `colour` is a hex colour that every face uses for it."""

    name: str
    title: str
    job: str
    colour: str
    words: tuple[str, ...]

    @cached_property
    def prompt(self) -> str:
        """The assistant's instructions, versioned in assistants/prompts/."""
        return resources.files("assistants").joinpath("prompts", f"{self.name}.md").read_text(encoding="utf-8").strip()

    def matches(self, text: str) -> list[str]:
        """The words of the text that point to this assistant, each once."""
        found = re.findall(rf"\b(?:{'|'.join(self.words)})\w*", text.lower())
        return list(dict.fromkeys(found))
