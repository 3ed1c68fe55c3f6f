"""What a kind of change promises: refactorings change no test, fixes show their fault, docs change no statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest

from haven.changes.checking.comparison import TestClass
from haven.changes.kinds import Verdict, documented, judge, lay_over, refactored, without_docs

CODE = '''"""A module."""
import os

LIMIT = 3
"""The most."""


class Star:
    """Shines."""

    def light(self) -> int:
        """How much."""
        return LIMIT  # a number
'''
REWORDED = CODE.replace("A module.", "Stars.").replace("How much.", "In lux.").replace("a number", "lux")


class Versions:
    """Two commits by name, as the repository gives them."""

    def __init__(self, **commits: Mapping[str, str]) -> None:
        self.commits = commits

    async def read_many(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        return {path: text.encode() for path, text in self.commits[commit].items() if path in paths}


async def nobody(files: Mapping[str, bytes], tests: Collection[str]) -> frozenset[str]:
    raise AssertionError("no test had to be tried on the base")


async def verdict(
    kind: str, classes: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]
) -> Verdict:
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return await judge(kind, {"classes": classes}, paths, Versions(a=before, b=after), "a", "b", nobody)


def test_a_refactoring_that_leaves_every_test_as_it_was_is_fine() -> None:
    same = {
        "t::a": TestClass.PASSING,
        "t::b": TestClass.IDLE,
        "t::c": TestClass.FAILING_BEFORE,
        "t::d": TestClass.FLAKY,
    }
    assert refactored(same, ["star.py", "docs/star.md"]) == Verdict()


@pytest.mark.parametrize(
    "found", [kind for kind in TestClass if kind not in {"passing", "idle", "failing_before", "flaky"}]
)
def test_a_refactoring_is_red_where_a_test_changes_its_class_even_for_the_better(found: TestClass) -> None:
    red = refactored({"tests/test_a.py::test_one": found}, ["star.py"]).red
    assert "tests/test_a.py::test_one" in red and found.replace("_", " ") in red


def test_a_refactoring_is_red_where_it_touches_a_test() -> None:
    red = refactored({"tests/test_a.py::test_one": TestClass.PASSING}, ["star.py", "tests/test_a.py"]).red
    assert "tests/test_a.py" in red and "star.py" not in red


async def test_a_red_verdict_takes_the_green_away_and_says_why() -> None:
    red = await verdict("refactor", {"t::a": "fixed"}, {"star.py": "1\n"}, {"star.py": "2\n"})
    tests = red.added_to({"classes": {"t::a": "fixed"}, "green": True, "one_line": "1 fixed"})
    assert tests["green"] is False and "t::a" in tests["problem"] and tests["one_line"].startswith("1 fixed (")
    assert Verdict(notes=("so",)).added_to({"green": True}) == {"green": True, "kind_notes": ["so"]}


async def test_docs_may_change_docstrings_comments_and_documents() -> None:
    before = {"star.py": CODE, "README.md": "old\n"}
    assert (
        await verdict("docs", {}, before, {"star.py": REWORDED, "README.md": "new\n", "docs/a.rst": "a\n"}) == Verdict()
    )


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("star.py", CODE, CODE.replace("LIMIT = 3", "LIMIT = 4")),
        ("star.py", CODE, "def broken(:\n"),
        ("new.py", None, '"""A new module."""\n'),
        ("gone.py", CODE, None),
        ("requirements.txt", "a\n", "b\n"),
        ("style.css", "a {}\n", "b {}\n"),
    ],
)
def test_docs_that_change_more_are_told(path: str, before: str | None, after: str | None) -> None:
    was, now = ({path: text.encode()} if text is not None else {} for text in (before, after))
    (note,) = documented([path, "README.md"], was, now).notes
    assert path in note and "README.md" not in note


def test_strings_that_are_values_are_code() -> None:
    assert without_docs(b'x = "a"\n') != without_docs(b'x = "b"\n')
    assert without_docs(b'"a"\nx = 1  # one\n') == without_docs(b"x = 1\n")
    assert without_docs(b"(" * 5_000 + b")" * 5_000) is None


async def test_a_fix_names_the_test_that_was_mended() -> None:
    said = await verdict("fix", {"tests/test_a.py::test_one": "fixed"}, {"star.py": "1\n"}, {"star.py": "2\n"})
    assert "tests/test_a.py::test_one" in said.notes[0] and not said.red


async def test_a_fix_without_a_test_is_told_and_not_red() -> None:
    said = await verdict("fix", {"tests/test_a.py::test_one": "passing"}, {"star.py": "1\n"}, {"star.py": "2\n"})
    assert "No test shows the fault" in said.notes[0] and not said.red


async def test_new_and_changed_tests_of_a_fix_are_tried_on_the_base() -> None:
    tried: list[Collection[str]] = []

    async def failing(files: Mapping[str, bytes], tests: Collection[str]) -> frozenset[str]:
        assert files == {"tests/test_a.py": b"new\n"}
        tried.append(sorted(tests))
        return frozenset({"tests/test_a.py::test_two"})

    classes = {
        "tests/test_a.py::test_one": "passing",
        "tests/test_a.py::test_two": "new",
        "tests/test_b.py::test_three": "passing",
    }
    after = {"star.py": "2\n", "tests/test_a.py": "new\n"}
    said = await judge(
        "fix", {"classes": classes}, sorted(after), Versions(a={"star.py": "1\n"}, b=after), "a", "b", failing
    )
    assert tried == [["tests/test_a.py::test_one", "tests/test_a.py::test_two"]]
    assert "test_two" in said.notes[0] and "test_one" not in said.notes[0]


async def test_a_feature_promises_nothing_more() -> None:
    assert await verdict("feature", {"t::a": "fixed"}, {"tests/test_a.py": "1"}, {"tests/test_a.py": "2"}) == Verdict()


def test_files_laid_over_a_tree_never_leave_it(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    tree.mkdir()
    outside.mkdir()
    (outside / "kept.py").write_text("kept")
    (tree / "tests").symlink_to(outside)
    (tree / "file").write_text("a file")
    (tree / "link.py").symlink_to(outside / "kept.py")
    lay_over(tree, {"tests/kept.py": b"bad", "file/x.py": b"bad", "link.py": b"new", "deep/er/test_a.py": b"ok"})
    assert (outside / "kept.py").read_text() == "kept" and (tree / "file").read_text() == "a file"
    assert (tree / "link.py").read_text() == "new" and not (tree / "link.py").is_symlink()
    assert (tree / "deep/er/test_a.py").read_text() == "ok"
