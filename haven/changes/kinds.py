"""What a kind of change promises beyond green tests: said to the model beforehand, and checked afterwards."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from haven.changes.checking.comparison import TestClass
from haven.changes.proposal import Kind
from haven.changes.review.risk import is_test, risky_paths

RULES: Mapping[str, str] = {
    Kind.FIX: (
        "This is a fix. Find the cause before you change anything, and mend the cause, not the symptom. First write a "
        "test that fails on the code as it is and passes with your fix, and propose both together; Haven runs it on "
        "both. Where no test can show the fault, say why in the summary."
    ),
    Kind.DOCS: (
        "This is documentation: change only docstrings, comments and documents, and no statement of the code. Write "
        "what the code does, as you read it there, not what its names promise. Where the two differ, say so in the "
        "summary."
    ),
    Kind.REFACTOR: (
        "This is a refactoring: the code behaves afterwards exactly as before. No test may change its result, and no "
        "test file is touched, so keep every name that tests or other files use."
    ),
}
"""For the last turn of the prompt, by kind; a feature has no rules of its own."""
UNCHANGED = frozenset({TestClass.PASSING, TestClass.IDLE, TestClass.FAILING_BEFORE, TestClass.FLAKY})
"""What a test may be after a refactoring."""
RUNS = frozenset({TestClass.PASSING, TestClass.NEW})
DOCUMENTS = frozenset(
    {".md", ".markdown", ".rst", ".txt", ".adoc", ".org", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}
)
MOST_TESTS = 200
"""Tests that are tried on the base."""
NAMED = 5

Failing = Callable[[Mapping[str, bytes], Collection[str]], Awaitable[frozenset[str]]]
"""Those of the tests (second) that fail on the base with these files (first) laid over it."""


class Reads(Protocol):
    """The repository, as far as it is read here."""

    async def read_many(self, commit: str, paths: Sequence[str]) -> Mapping[str, bytes]: ...


@dataclass(frozen=True)
class Verdict:
    """`red`, a sentence, forbids the normal button and goes back to the model; `notes` are for the person."""

    red: str = ""
    notes: tuple[str, ...] = ()

    def added_to(self, tests: Mapping[str, Any]) -> dict[str, Any]:
        """The Comparison as JSON, with the verdict in it."""
        said: dict[str, Any] = {**tests, "kind_notes": list(self.notes)}
        if not self.red:
            return said
        return {**said, "green": False, "problem": self.red, "one_line": f"{tests.get('one_line', '')} ({self.red})"}


async def judge(
    kind: str,
    tests: Mapping[str, Any],
    paths: Sequence[str],
    repository: Reads,
    base: str,
    commit: str,
    failing: Failing,
) -> Verdict:
    """Whether the change keeps its kind's promise; `tests` is a Comparison as JSON, `paths` all that it touches.

    Raises as `failing` and the repository do.
    """
    classes = {name: TestClass(found) for name, found in dict(tests.get("classes") or {}).items()}
    if kind == Kind.REFACTOR and classes:
        return refactored(classes, paths)
    if kind == Kind.DOCS:
        return documented(paths, await repository.read_many(base, paths), await repository.read_many(commit, paths))
    if kind == Kind.FIX and classes:
        return await _fixed(classes, paths, repository, commit, failing)
    return Verdict()


async def _fixed(
    classes: Mapping[str, TestClass],
    paths: Sequence[str],
    repository: Reads,
    commit: str,
    failing: Failing,
) -> Verdict:
    shown = [name for name, found in classes.items() if found is TestClass.FIXED]
    touched = {path for path in paths if is_test(path)}
    candidates = [name for name, found in classes.items() if found in RUNS and name.partition("::")[0] in touched]
    if not shown and candidates and len(candidates) <= MOST_TESTS:
        overlay = await repository.read_many(commit, sorted(touched))
        shown = sorted(await failing(overlay, candidates))
    if shown:
        verb = "fail" if len(shown) > 1 else "fails"
        return Verdict(notes=(f"The fault is shown by {_named(shown)}: {verb} on the code as it was, passing now.",))
    return Verdict(notes=("No test shows the fault: none fails on the code as it was and passes now.",))


def refactored(classes: Mapping[str, TestClass], paths: Iterable[str]) -> Verdict:
    """Red where a test changed its class, or a test file was touched: then nothing shows that behaviour stayed."""
    touched = sorted(path for path in paths if is_test(path))
    moved = [f"{name} ({found.replace('_', ' ')})" for name, found in sorted(classes.items()) if found not in UNCHANGED]
    said = []
    if touched:
        said.append(f"A refactoring leaves the tests as they are, and this one changes {_named(touched)}.")
    if moved:
        said.append(f"A refactoring changes the result of no test, and here it differs for {_named(moved)}.")
    return Verdict(red=" ".join(said))


def documented(paths: Iterable[str], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Verdict:
    """A note naming the files in which more changed than docstrings, comments and documents."""
    more = [path for path in sorted(paths) if not (_is_document(path) or _same_code(path, before, after))]
    if not more:
        return Verdict()
    return Verdict(notes=(f"More than docstrings, comments and documents may have changed in {_named(more)}.",))


def lay_over(tree: Path, files: Mapping[str, bytes]) -> None:
    """Write files of one commit into the exported tree of another; what would leave the tree, or not fit, is left."""
    for path, content in files.items():
        target = tree / path
        if not target.parent.resolve().is_relative_to(tree.resolve()):
            continue
        with suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)  # a link would be written through
            target.write_bytes(content)


def _is_document(path: str) -> bool:
    """By its ending; a list of packages to install is none, whatever it ends in."""
    return PurePosixPath(path).suffix.lower() in DOCUMENTS and not risky_paths([path])


def _same_code(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> bool:
    if not path.endswith(".py") or path not in before or path not in after:
        return False
    was, now = without_docs(before[path]), without_docs(after[path])
    return was is not None and was == now


def without_docs(source: bytes) -> str | None:
    """What the code does, apart from its texts: its tree without comments and strings that stand alone; None where
    it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the project's code is written like is its own affair
            tree = ast.parse(source)
        return ast.dump(_Bare().visit(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Bare(ast.NodeTransformer):
    """Drops every string that stands alone as a statement: docstrings, and those of attributes."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node


def _named(found: Sequence[str]) -> str:
    return ", ".join(found[:NAMED]) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
