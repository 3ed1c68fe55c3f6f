"""Every field of every record of the real files: kept, or said, or its key is named as left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from haven.errors import BadInput
from haven.store.foreign import MAGIC, read_tables
from haven.world.exchange import defects
from haven.world.exchange.haven_json import SHIFTED
from haven.world.exchange.pieces import Piece
from haven.world.words import fold
from tests.world.exchange.mdev import FILES, NEWEST, blob, git, needed, read, remarks

pytestmark = needed
CHILDREN = ("planets", "moons", "space_station", "discoveries")
TABLES = ("systems", "planets", "moons", "space_stations", "discoveries", "patterns")


def written(piece: Piece) -> Iterator[dict[str, Any]]:
    """Every record of a file as it stands there, without what belongs to it."""
    if piece.data.startswith(MAGIC):
        for rows in read_tables(piece.data, piece.name, TABLES)[0].values():
            yield from rows
        return
    data = json.loads(piece.data)
    systems = data.get("data") or {key: one for key, one in data.items() if key not in ("_meta", "haven_exports")}
    waiting: list[Any] = list(systems.values()) if isinstance(systems, dict) else list(systems)
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            yield {"name": one}
        else:
            waiting += [inner for child in CHILDREN if (inner := one.get(child))]
            moved = re.fullmatch(r"\d{19}", str(one.get("type", "")))
            yield {SHIFTED.get(key, key) if moved else key: value for key, value in one.items() if key not in CHILDREN}


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            value = json.loads(value)
        except ValueError:
            value = value.strip("[]")
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def words(text: str) -> set[str]:
    plain = re.sub(r"(?<=\d),(?=\d{3})|(?<=:\d\d)\.\d+|(?<=\d)Z\b", "", text.replace("\\n", " "))
    return set(re.findall(r"[^\W_]+", re.sub(r"(?<=\d)T(?=\d)", " ", plain).casefold()))


def test_no_field_of_any_file_is_swallowed() -> None:
    """Each word of each field stands in the record that it became, or in a note of it, or its key is named."""
    listing = git("ls-tree", "-r", NEWEST) or b""
    paths = {line.split()[2]: line.split("\t")[1] for line in listing.decode().splitlines() if "\t" in line}
    worlds = re.compile(r"(?!\.).*\.(?:db|json)(?:[._].*)?")
    paths = {hash: path for hash, path in paths.items() if worlds.fullmatch(path) and "load_test" not in path}
    records = 0
    for path, commit in [*((path, NEWEST) for path in paths.values()), *FILES]:
        if git("cat-file", "-e", f"{commit}:{path}") is None:  # a partial clone has not every file
            continue
        piece = blob(path, commit)
        try:
            found = read(path, commit)
        except BadInput as error:
            assert error.full, path
            continue
        left = set(re.findall(r"[:,] ([^:,(]+) \([\d,]+\)", remarks(found)))
        names = {one.thing.id: one.name for one in found if one.thing}
        there: dict[str, list[set[str]]] = {}
        for one in found:
            if one.thing:
                about = [note.text for note in one.notes] + [names.get(getattr(one.thing, "parent", ""), "")]
                text = " ".join([*about, *leaves(one.thing.model_dump(mode="json"))])
                for name in (fold(one.name), one.thing.kind.value):
                    there.setdefault(name, []).append(words(text))
        for row in written(piece):
            records += 1
            name = fold(str(row.get("name") or row.get("pattern_name") or row.get("region", "")))
            wanted = [
                words(leaf)
                for key, value in row.items()
                if key not in left
                for leaf in leaves(value)
                if defects.nothing(leaf)[0]
            ]
            candidates = there.get(name) or there["discovery"]
            fewest = min((set().union(*(one - has for one in wanted)) for has in candidates), key=len)
            assert not fewest, (path, row, fewest)
    assert records >= 772
