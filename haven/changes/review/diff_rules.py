"""What rules alone find in a diff: secrets, hidden characters, broken syntax, weakened tests, what was left behind."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from haven.changes.checking.weakening import weakened
from haven.changes.review.diffing import FileDiff
from haven.changes.review.risk import MOST_SEARCHED, hidden_in, is_test, risky_paths, secrets_in

RULES = "rules"
MOST_PARSED = 2_000_000
"""Bytes of a file whose syntax is checked."""


Broken = tuple[int | None, str] | None


class Severity(StrEnum):
    """In rising order: worth a look, probably wrong, wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `line` is a number of the new file, None where no line shows it."""

    path: str
    line: int | None
    what: str
    severity: Severity
    by: str = RULES
    """`rules`, or the model that says so."""


@dataclass(frozen=True)
class Given:
    """A diff, and both versions of its files as far as they are known, by their (new) path."""

    files: tuple[FileDiff, ...]
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    unseen: tuple[str, ...] = ()
    """Files that are there and in no diff: git does not know them."""


LEFT_BEHIND: tuple[tuple[re.Pattern[str], re.Pattern[str], str, Severity], ...] = tuple(
    (re.compile(rf"\.({endings})$"), re.compile(pattern), what, severity)
    for endings, pattern, what, severity in (
        ("py", r"^\s*breakpoint\(\)", "a breakpoint was left behind", Severity.HIGH),
        ("py", r"^\s*(import (i?pdb|pudb)\b|(i?pdb|pudb)\.set_trace\()", "a debugger was left behind", Severity.HIGH),
        ("[cm]?[jt]sx?|vue|svelte", r"^\s*debugger\s*;?\s*$", "a breakpoint was left behind", Severity.HIGH),
        ("[cm]?[jt]sx?|vue|svelte", r"^\s*console\.(log|debug)\(", "a debugging line was left behind", Severity.LOW),
        ("[cm]?[jt]sx?", r"\b(describe|it|test)\.only\(", "only this test will run", Severity.MEDIUM),
        ("rb", r"^\s*(binding\.(pry|irb)|byebug)\b", "a breakpoint was left behind", Severity.HIGH),
    )
)
"""By a file's ending: what an added line must not hold."""
CONFLICT = re.compile(r"(<{7}|={7}|>{7})(?= (?!SEARCH|REPLACE|ORIGINAL|UPDATED)|$)")
"""Git's marks, not those in which models write edits."""
DOCUMENTS = frozenset({".md", ".rst", ".txt", ".adoc"})
"""Here such marks may be shown on purpose."""


def find(given: Given) -> list[Finding]:
    """Everything that the rules say, the worst first. Takes CPU: not on the loop."""
    found = [finding for file in given.files for finding in _in_file(file, given)]
    found += _in_tests(given)
    return sorted(found, key=lambda one: (-one.severity.rank, one.path, one.line or 0))


def _in_file(file: FileDiff, given: Given) -> Iterator[Finding]:
    added = file.added_lines()
    for mark in risky_paths({file.path, file.old_path} - {""}):
        path, _, reason = mark.rpartition(": ")
        yield Finding(path, None, f"look twice: it {reason}", Severity.LOW)
    if sum(len(line.text) for line in added) > MOST_SEARCHED:
        yield Finding(file.path, None, "too much is added to search it for secrets", Severity.MEDIUM)
    else:
        for kind, number in secrets_in(added):
            yield Finding(file.path, number, f"holds what looks like a secret ({kind})", Severity.HIGH)
    if (number := hidden_in(added)) is not None:
        what = "has hidden characters: it may read differently from what it does"
        yield Finding(file.path, number, what, Severity.HIGH)
    if (place := _conflict(file, given)) is not None:
        severity = Severity.LOW if PurePosixPath(file.path).suffix in DOCUMENTS else Severity.HIGH
        yield Finding(file.path, place, "a conflict was left unresolved", severity)
    if {"..", ".git"} & {part.lower() for part in PurePosixPath(file.path).parts}:
        yield Finding(file.path, None, "leads out of the repository, or into git's own folder", Severity.HIGH)
    for line in added:
        for ending, pattern, what, severity in LEFT_BEHIND:
            if ending.search(file.path) and pattern.search(line.text):
                yield Finding(file.path, line.new, what, severity)
    yield from _syntax(file, given)


def _conflict(file: FileDiff, given: Given) -> int | None:
    """The line where the marks of a conflict begin, all three in their order; in Python that can be parsed, they are
    text. A mark that stands alone is a line of something else more often."""
    source = given.after.get(file.path)
    if file.path.endswith(".py") and source is not None and len(source) <= MOST_PARSED and _python(source) is None:
        return None
    begun, wanted = None, "<"
    for line in file.added_lines():
        mark = CONFLICT.match(line.text)
        if mark is None or mark[0][0] not in {"<", wanted}:
            continue
        if mark[0][0] == ">":
            return begun
        begun, wanted = (line.new, "=") if mark[0][0] == "<" else (begun, ">")
    return None


def _syntax(file: FileDiff, given: Given) -> Iterator[Finding]:
    """Said only where the change broke it: not of a file that was broken before, or is not known whole."""
    suffix = PurePosixPath(file.path).suffix
    source, was = given.after.get(file.path), given.before.get(file.path)
    if suffix not in PARSERS or source is None or len(source) > MOST_PARSED:
        return
    # A new .json file may be of the kind with comments.
    was_right = suffix != ".json" if was is None else PARSERS[suffix](was) is None
    if was_right and (broken := PARSERS[suffix](source)):
        yield Finding(file.path, broken[0], f"can't be parsed: {broken[1]}", Severity.HIGH)


def _python(source: bytes) -> Broken:
    """As this interpreter knows Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the project's code is written like is its own affair
            ast.parse(source)
    except SyntaxError as error:
        return error.lineno, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return None, str(error) or type(error).__name__
    return None


def _json(source: bytes) -> Broken:
    try:
        json.loads(source)
    except json.JSONDecodeError as error:
        return error.lineno, error.msg
    except (ValueError, RecursionError) as error:
        return None, str(error)
    return None


def _toml(source: bytes) -> Broken:
    try:
        tomllib.loads(source.decode())
    except (ValueError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        return int(line[1]) if line else None, str(error)
    return None


PARSERS: Mapping[str, Callable[[bytes], Broken]] = {
    ".py": _python,
    ".json": _json,
    ".toml": _toml,
}
"""By ending: the line and the reason where a file is broken, None where it is not."""


def _in_tests(given: Given) -> Iterator[Finding]:
    """Tests that check less than before, and those that are gone where no others came."""
    before, after = ({p: s for p, s in side.items() if is_test(p)} for side in (given.before, given.after))
    for name, what in weakened(before, after).items():
        path, _, function = name.partition("::")
        line = _line_of(after[path], function.rpartition("::")[2])
        yield Finding(path, line, f"{function} checks less than before. {what}", Severity.MEDIUM)
    was, now = (_test_names(side) for side in (before, after))
    if sum(map(len, now.values())) < sum(map(len, was.values())):
        for path, names in sorted(was.items()):
            if gone := sorted(names - now.get(path, set())):
                yield Finding(path, None, f"tests are gone: {_listed(gone)}", Severity.MEDIUM)


def _test_names(sources: Mapping[str, bytes]) -> dict[str, set[str]]:
    return {path: {name.decode() for name in _TEST.findall(source)} for path, source in sources.items()}


_TEST = re.compile(rb"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+(test\w*)")


def _line_of(source: bytes, function: str) -> int | None:
    match = re.search(rf"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+{re.escape(function)}\b".encode(), source)
    return source.count(b"\n", 0, match.start()) + 1 if match else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
