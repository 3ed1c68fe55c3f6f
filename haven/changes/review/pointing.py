"""Places in a change that a person points at: `path:line`, with the text that stands there in the very commit."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from haven.changes.git.repository import Repository
from haven.errors import BadInput

MOST_QUOTED = 300
"""Characters of the line that go along with the words."""
MOST_REMARKS, MOST_SAID = 30, 8_000
"""Of one tweak: remarks, and characters of them together."""
_POINTED = re.compile(r"^In .*, line \d+(?:, which reads `.*`| \(empty\)):\n", re.MULTILINE)


class Remark(NamedTuple):
    """What a person says, and the line that they point at; "" for the change as a whole."""

    words: str
    at: str = ""


async def told(repository: Repository, commit: str, remarks: Sequence[Remark]) -> str:
    """All of it in words for the model. Raises BadInput where it is too much, or a line is not there."""
    if len(remarks) > MOST_REMARKS or sum(len(one.words) for one in remarks) > MOST_SAID:
        raise BadInput(
            f"A tweak takes {MOST_REMARKS} remarks and {MOST_SAID:,} characters at the most.",
            "Send some of them, and the others with the next round.",
        )
    places = [await pointed_at(repository, commit, one.at) if one.at else "" for one in remarks]
    return "\n\n".join(place + one.words for place, one in zip(places, remarks, strict=True))


async def pointed_at(repository: Repository, commit: str, at: str) -> str:
    """`path:line` and what that line says in `commit`, for the model. Raises BadInput where there is no such line."""
    path, number = _parsed(at)
    if not commit:
        raise BadInput("This round has no edits yet, so there is no line to point at.", "Say it in words alone.")
    content = await repository.read(commit, path)
    if content is None:
        raise BadInput(f"There is no file {path} in this round.", "Give it as the diff does.")
    lines = content.decode("utf-8", "replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    if not 1 <= number <= len(lines):
        raise BadInput(f"{path} has {len(lines)} lines in this round; {number} is none of them.")
    text = textwrap.shorten(lines[number - 1].strip(), MOST_QUOTED, placeholder=" …")
    return f"In {path}, line {number}, which reads `{text}`:\n" if text else f"In {path}, line {number} (empty):\n"


def own_words(instruction: str) -> str:
    """What the person said, without the lines of code that were quoted with it: those may be a model's."""
    return _POINTED.sub("", instruction)


def _parsed(at: str) -> tuple[str, int]:
    path, _, number = at.strip().rpartition(":")
    if not path.isprintable() or not path or not number.isascii() or not number.isdigit() or len(number) > 7:
        raise BadInput(f"{at!r} names no line.", "Write it as path:line, such as src/viewer.py:12.")
    return path.removeprefix("./"), int(number)
