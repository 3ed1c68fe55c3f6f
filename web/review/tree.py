"""The files of a diff by folder, as a reader looks for them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath

from haven.changes.review.diffing import SAID, FileDiff


@dataclass(frozen=True)
class Leaf:
    """One file; `number` is its place in the diff."""

    number: int
    name: str
    said: str
    """What became of it; "" where it is only modified."""
    file: FileDiff


@dataclass(frozen=True)
class Folder:
    """ "" is the top one."""

    path: str
    leaves: Sequence[Leaf]


def tree(files: Sequence[FileDiff]) -> list[Folder]:
    """Each folder with its files, by name."""
    numbered = sorted(enumerate(files), key=lambda one: (_folder(one[1]), one[1].path))
    return [
        Folder(folder, [_leaf(number, file) for number, file in group])
        for folder, group in groupby(numbered, key=lambda one: _folder(one[1]))
    ]


def _leaf(number: int, file: FileDiff) -> Leaf:
    name = file.name if file.old_path else PurePosixPath(file.path).name
    return Leaf(number, name, SAID.get(file.status, ""), file)


def _folder(file: FileDiff) -> str:
    folder = str(PurePosixPath(file.path).parent)
    return "" if folder == "." else folder
