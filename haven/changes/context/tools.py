"""Read-only tools over one commit's files, for a model that needs more than it was shown: search, read, list.

Only files that the context may show can be found here; what leaves the house passes the engine's redaction like every
word of a conversation.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from haven.ai.task import Tool
from haven.changes.context import Listed, ReadMany, admitted, batches, decode
from haven.errors import BadInput
from haven.quoting import code_block

CALLS, CHARACTERS = 24, 120_000
"""Of all tools together, over one conversation."""
ANSWER_CHARACTERS = 8_000
"""Of one answer."""
HITS, FILES, LINES = 60, 200, 400
"""Of one answer: matching lines, listed files, lines of a file."""
LINE_CHARACTERS = 200
SEARCHED_BYTES = 40_000_000
"""Of the tree, by one search."""
_PATH = {"type": "string", "maxLength": 500}

SEARCH = Tool(
    "search",
    f"Find a text in the project's files: at most {HITS} lines with their path and number. Plain text, any case.",
    {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 2, "maxLength": 200, "description": "What a line must hold."},
            "folder": {**_PATH, "description": "Only below this folder; empty for everywhere."},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
)
READ = Tool(
    "read",
    f"Read one file, or a part of it: at most {LINES} lines at once.",
    {
        "type": "object",
        "properties": {
            "path": {**_PATH, "description": "As it is listed, relative to the project's root."},
            "first": {"type": "integer", "minimum": 1, "description": "The first line, from 1."},
            "last": {"type": "integer", "minimum": 1, "description": "The last line, itself included."},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)
LIST = Tool(
    "list",
    f"List the files below a folder, at most {FILES}.",
    {
        "type": "object",
        "properties": {"folder": {**_PATH, "description": "Empty for the project's root."}},
        "required": [],
        "additionalProperties": False,
    },
)

Handler = Callable[[Mapping[str, Any]], Awaitable[str]]


def tools_for(files: Sequence[Listed], read_many: ReadMany) -> dict[Tool, Handler]:
    """The three tools over the files of one commit, for one conversation. They raise BadInput in words for a model."""
    desk = _Desk(files, read_many)
    return {SEARCH: desk.search, READ: desk.read, LIST: desk.listing}


class _Desk:
    def __init__(self, files: Sequence[Listed], read_many: ReadMany) -> None:
        nobody: Counter[str] = Counter()
        self._files = {file.path: file for file in sorted(files, key=lambda one: one.path) if admitted(file, nobody)}
        self._read_many = read_many
        self._calls = 0
        self._left = CHARACTERS

    async def search(self, asked: Mapping[str, Any]) -> str:
        self._count()
        text = _text(asked, "text").strip().lower()
        if len(text) < 2:
            raise BadInput("A search needs a text of at least two characters.")
        found: list[str] = []
        searched = 0
        for batch in batches(self._below(_text(asked, "folder"))):
            data = await self._read_many([file.path for file in batch])
            found += await asyncio.to_thread(_lines_with, text, data)
            searched += sum(file.size for file in batch)
            if len(found) > HITS or searched >= SEARCHED_BYTES:
                break
        more = [f"[only the first {HITS} are shown]"] * (len(found) > HITS)
        return self._answer("\n".join(found[:HITS] + more) or "No line holds this text.")

    async def read(self, asked: Mapping[str, Any]) -> str:
        self._count()
        path = _text(asked, "path").removeprefix("./")
        if path not in self._files:
            raise BadInput(f"There is no file {path!r} that could be read.", "Use `list` or `search` to find its path.")
        text = decode((await self._read_many([path])).get(path, b"\0"))
        if text is None:
            raise BadInput(f"{path} is no text.")
        lines = text.split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        first = _number(asked, "first", 1)
        last = min(_number(asked, "last", len(lines)), len(lines), first + LINES - 1)
        if first > max(1, len(lines)) or last < first - 1:
            raise BadInput(f"{path} has {len(lines)} lines: there are none from {first} to {last}.")
        part = lines[first - 1 : last]
        while len(part) > 1 and sum(map(len, part)) + len(part) > ANSWER_CHARACTERS - 500:
            part.pop()
        block = code_block("file", "\n".join(part), path)
        return self._answer(f"Lines {first} to {first + len(part) - 1} of {len(lines)}:\n{block}")

    async def listing(self, asked: Mapping[str, Any]) -> str:
        self._count()
        below = [file.path for file in self._below(_text(asked, "folder"))]
        more = [f"[{len(below) - FILES} more are not shown: name a folder]"] * (len(below) > FILES)
        return self._answer("\n".join(below[:FILES] + more) or "There are no files.")

    def _below(self, folder: str) -> list[Listed]:
        start = folder.strip().removeprefix("./").strip("/")
        return [
            file for path, file in self._files.items() if not start or path == start or path.startswith(f"{start}/")
        ]

    def _count(self) -> None:
        self._calls += 1
        if self._calls > CALLS or self._left <= 0:
            raise BadInput("Nothing more can be looked up in this conversation.", "Answer with what you know.")

    def _answer(self, text: str) -> str:
        limit = min(ANSWER_CHARACTERS, self._left)
        said = text if len(text) <= limit else f"{text[:limit]}\n[cut here]"
        self._left -= len(said)
        return said


def _lines_with(text: str, data: Mapping[str, bytes]) -> list[str]:
    """Takes CPU: a batch is some megabytes."""
    found = []
    for path in sorted(data):
        words = decode(data[path])
        if words is None or text not in words.lower():
            continue
        for number, line in enumerate(words.split("\n"), 1):
            if text in line.lower():
                found.append(f"{path}:{number}: {line.strip()[:LINE_CHARACTERS]}")
    return found


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        raise BadInput(f"`{name}` has to be a text.")
    return value


def _number(asked: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = asked.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadInput(f"`{name}` has to be a number of a line, from 1.")
    return value
