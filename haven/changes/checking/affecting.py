"""Which test files a change most likely touches, by following imports; only the order of testing depends on it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

MOST_FILES = 5_000
MOST_BYTES = 500_000
"""Files beyond these are not looked at."""
SHARE = 3
"""At most one in so many of the test files comes first: with more of them all might as well run."""
ROOTS = ("src/", "lib/", "")
LEFT_OUT = re.compile(r"\.|node_modules$|__pycache__$")
IMPORT = re.compile(
    r"(?m)^[ \t]*(?:from[ \t]+(?P<base>[.\w]+)[ \t]+import[ \t]*(?:\((?P<many>[^()]*)\)|(?P<some>[^\n#]*))"
    r"|import[ \t]+(?P<plain>[^\n#]*))"
)


def is_test(path: str) -> bool:
    """By pytest's own naming rule."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def read_python(tree: Path) -> dict[str, str]:
    """The Python files of an exported tree, by path; symbolic links are not followed. Blocks."""
    found: dict[str, str] = {}
    for place, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if not LEFT_OUT.match(name))
        for name in sorted(names):
            file = Path(place, name)
            if name.endswith(".py") and file.is_file() and not file.is_symlink() and file.stat().st_size <= MOST_BYTES:
                found[file.relative_to(tree).as_posix()] = file.read_text(encoding="utf-8", errors="replace")
                if len(found) >= MOST_FILES:
                    return found
    return found


def affected(files: Mapping[str, str], changed: Collection[str]) -> tuple[str, ...]:
    """The test files nearest to `changed`: changed themselves, importing it, importing what imports it, and so on.

    Nothing where that is nearly every test file, or where no test file can be told apart from the others.
    """
    importers = _importers(files)
    distance = dict.fromkeys((path for path in changed if path in files), 0)
    ring = list(distance)
    while ring:
        further = sorted({user for path in ring for user in importers.get(path, ()) if user not in distance})
        distance |= dict.fromkeys(further, distance[ring[0]] + 1)
        ring = further
    near = sorted((path for path in distance if is_test(path)), key=lambda path: (distance[path], path))
    stems = {PurePosixPath(path).stem for path in changed if not is_test(path)}
    namesakes = [path for path in files if is_test(path) and _subject(path) in stems and path not in near]
    most = sum(map(is_test, files)) // SHARE
    return tuple([*namesakes, *near][:most])


def _subject(path: str) -> str:
    """What `test_x.py` or `x_test.py` is about."""
    return PurePosixPath(path).stem.removeprefix("test_").removesuffix("_test")


def _importers(files: Mapping[str, str]) -> dict[str, set[str]]:
    """By file: the files that import it."""
    modules = {name: path for path in files for name in reversed(_names(path))}
    importers: dict[str, set[str]] = {}
    for path, text in files.items():
        for name in _imports(path, text):
            if (target := modules.get(name)) and target != path:
                importers.setdefault(target, set()).add(path)
    return importers


def _names(path: str) -> list[str]:
    """Every module name that a file may be imported by."""
    bare = path.removesuffix(".py").removesuffix("/__init__")
    return [bare.removeprefix(root).replace("/", ".") for root in ROOTS if bare.startswith(root)]


def _imports(path: str, text: str) -> Iterator[str]:
    package = _names(path)[0].split(".")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    for found in IMPORT.finditer(text):
        if found["plain"]:
            yield from (part.split()[0] for part in found["plain"].split(",") if part.split())
            continue
        base = found["base"].lstrip(".")
        if dots := len(found["base"]) - len(base):
            base = ".".join([*package[: len(package) - dots + 1], *([base] if base else [])])
        yield base
        wanted = found["many"] or found["some"] or ""
        yield from (f"{base}.{word}" for part in wanted.split(",") for word in part.split()[:1])
