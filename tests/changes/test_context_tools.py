"""The read-only tools: what they find, what they never show, and where they stop."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import jsonschema
import pytest

from haven.changes.context import tools
from haven.changes.context.tools import LIST, READ, SEARCH, Handler, tools_for
from haven.errors import BadInput

PROJECT = {
    "atlas/map.py": b"import os\n\n\ndef zoom(level: int) -> int:\n    return level * 2\n",
    "atlas/render.py": b"from atlas.map import zoom\n\nprint(zoom(3))\n",
    ".env": b"ZOOM_KEY=very-secret\n",
    "deploy/server.key": b"zoom\n",
    "map.png": b"\0zoom",
    "odd.txt": b"zoom \xff\n",
}


@dataclass(frozen=True)
class File:
    path: str
    blob: str
    size: int
    mode: str = "100644"


def desk(project: dict[str, bytes]) -> tuple[Handler, Handler, Handler]:
    async def read(paths: list[str]) -> dict[str, bytes]:
        return {path: project[path] for path in paths}

    files = [File(path, hashlib.sha1(data).hexdigest(), len(data)) for path, data in project.items()]
    found = tools_for([*files, File("link.py", "1", 4, "120000")], read)
    for tool in found:
        jsonschema.Draft202012Validator.check_schema(dict(tool.schema))
    return found[SEARCH], found[READ], found[LIST]


async def test_search_gives_paths_and_numbers() -> None:
    search, _, _ = desk(PROJECT)
    assert (await search({"text": "ZOOM("})).split("\n") == [
        "atlas/map.py:4: def zoom(level: int) -> int:",
        "atlas/render.py:3: print(zoom(3))",
    ]
    assert await search({"text": "zoom(", "folder": "atlas/map.py"}) == "atlas/map.py:4: def zoom(level: int) -> int:"
    assert await search({"text": "very-secret"}) == "No line holds this text."


async def test_read_gives_a_part() -> None:
    _, read, _ = desk(PROJECT)
    assert await read({"path": "atlas/map.py", "first": 4, "last": 99}) == (
        'Lines 4 to 5 of 5:\n<file path="atlas/map.py">\ndef zoom(level: int) -> int:\n    return level * 2\n</file>'
    )


async def test_list_shows_what_may_be_read() -> None:
    _, _, listing = desk(PROJECT)
    assert await listing({}) == "atlas/map.py\natlas/render.py\nodd.txt"
    assert await listing({"folder": "./atlas/"}) == "atlas/map.py\natlas/render.py"
    assert await listing({"folder": "at"}) == "There are no files."


@pytest.mark.parametrize(
    "path", [".env", "deploy/server.key", "link.py", "../etc/passwd", "/etc/passwd", "odd.txt", ""]
)
async def test_what_is_not_shown_is_not_read(path: str) -> None:
    _, read, _ = desk(PROJECT)
    with pytest.raises(BadInput):
        await read({"path": path})


@pytest.mark.parametrize(
    "asked", [{"path": "atlas/map.py", "first": 0}, {"path": "atlas/map.py", "first": 9}, {"path": 3}, {}]
)
async def test_odd_wishes_are_refused_in_words(asked: dict[str, object]) -> None:
    _, read, _ = desk(PROJECT)
    with pytest.raises(BadInput):
        await read(asked)


async def test_answers_and_calls_have_an_end() -> None:
    project = {f"many/part_{n:03}.py": b"zoom\n" * 901 for n in range(300)}
    search, read, listing = desk(project)
    assert len((await search({"text": "zoom"})).split("\n")) == tools.HITS + 1
    assert (await listing({})).endswith("[100 more are not shown: name a folder]")
    assert (await read({"path": "many/part_000.py"})).startswith("Lines 1 to 400 of 901:")
    with pytest.raises(BadInput, match="Nothing more"):
        for _ in range(tools.CALLS + 1):
            await listing({})
