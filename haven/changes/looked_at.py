"""The files that whoever asks wants looked at: a line of the request, which every face can write and show."""

from __future__ import annotations

import re
from collections.abc import Iterable

LINE = "Files to look at: "
MOST = 20
"""Files that are brought in; a name without its folder may mean many."""
_LINE = re.compile(rf"^{LINE.strip()}[ \t]*(.+)$", re.MULTILINE)


def with_files(request: str, files: str) -> str:
    """The request with these files, given with commas, blanks or line ends between; as it was where there are none."""
    named = ", ".join(_names(files))
    return f"{request}\n\n{LINE}{named}" if named and request else request


def files_of(request: str) -> tuple[str, ...]:
    """As they were named, each once."""
    return tuple(dict.fromkeys(name for line in _LINE.findall(request) for name in _names(line)))


def found(request: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Of these paths those that it wants looked at, in its order; a name alone means each file that is called so."""
    names = files_of(request)
    if not names:
        return ()
    every = [*paths]
    return tuple(dict.fromkeys(path for name in names for path in every if _means(name, path)))[:MOST]


def is_among(name: str, paths: Iterable[str]) -> bool:
    """Whether one of these paths is what was named."""
    return any(_means(name, path) for path in paths)


def _means(name: str, path: str) -> bool:
    return path == name or ("/" not in name and path.rpartition("/")[2] == name)


def _names(text: str) -> list[str]:
    return [one.removeprefix("./") for one in re.split(r"[\s,]+", text) if one not in ("", "./")]
