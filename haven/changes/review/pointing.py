"""A place in a change that a person points at: `path:line`, with the text that stands there in the very commit."""

from __future__ import annotations

import re
import textwrap

from haven.changes.git.repository import Repository
from haven.errors import BadInput

MOST_QUOTED = 300
"""Characters of the line that go along with the words."""
_POINTED = re.compile(r"In .*, line \d+(?:, which reads `.*`| \(empty\)):\n")


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
    """What the person said, without the line of code that was quoted before it: that line may be a model's."""
    return _POINTED.sub("", instruction, count=1) if _POINTED.match(instruction) else instruction


def _parsed(at: str) -> tuple[str, int]:
    path, _, number = at.strip().rpartition(":")
    if not path or not number.isascii() or not number.isdigit() or len(number) > 7:
        raise BadInput(f"{at!r} names no line.", "Write it as path:line, such as src/viewer.py:12.")
    return path.removeprefix("./"), int(number)
