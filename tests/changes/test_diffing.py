"""Diffs as data: the same files, lines and numbers that git means, whatever the names and contents are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.changes.review.diffing import FileDiff, files_of

PLAIN = "--- old/viewer.py\t2026-01-01 10:00:00\n+++ new/viewer.py\t2026-01-02 10:00:00\n@@ -1 +1 @@\n-a\n+b\n"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@localhost", "-c", "core.quotePath=false", *words],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8", "replace")


def committed(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x", "--allow-empty")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def diffed(tree: Path) -> tuple[FileDiff, ...]:
    committed(tree)
    return files_of(git(tree, "diff", "-M", "HEAD~1", "HEAD"))


def test_files_hunks_and_line_numbers_are_those_of_git(tree: Path) -> None:
    (tree / "a.py").write_text("".join(f"line {number}\n" for number in range(1, 41)))
    (tree / "gone.py").write_text("x = 1\n")
    (tree / "old name.py").write_text("".join(f"y = {number}\n" for number in range(20)))
    committed(tree)
    lines = (tree / "a.py").read_text().splitlines(keepends=True)
    lines[2] = "third\n"
    lines.insert(30, "new\n")
    (tree / "a.py").write_text("".join(lines))
    (tree / "gone.py").unlink()
    (tree / "old name.py").rename(tree / "new name.py")
    (tree / "run.sh").write_text("true")
    (tree / "run.sh").chmod(0o755)
    found = {file.path: file for file in diffed(tree)}
    assert {path: file.status for path, file in found.items()} == {
        "a.py": "M",
        "gone.py": "D",
        "new name.py": "R",
        "run.sh": "A",
    }
    first, second = found["a.py"].hunks
    assert (first.old_start, first.new_start, second.new_start) == (1, 1, 28)
    changed = [(line.sign, line.text, line.old, line.new) for line in first.lines if line.sign != " "]
    assert changed == [("-", "line 3", 3, None), ("+", "third", None, 3)]
    assert [line.new for line in found["a.py"].added_lines()] == [3, 31]
    assert found["new name.py"].old_path == "old name.py" and found["new name.py"].hunks == ()
    assert found["new name.py"].name == "old name.py → new name.py"
    assert (found["run.sh"].mode, found["run.sh"].added) == ("100755", 1)
    assert [line.sign for line in found["run.sh"].hunks[0].lines] == ["+", "\\"]


def test_contents_that_look_like_a_diff_begin_no_file(tree: Path) -> None:
    (tree / "sql.txt").write_text("-- old/x\n++ new/x\n@@ -1 +1 @@\nkeep\n")
    committed(tree)
    (tree / "sql.txt").write_text("keep\n++ b/evil\ndiff --git a/evil b/evil\n@@ -9 +9 @@\n")
    (file,) = diffed(tree)
    assert (file.path, file.added, file.removed) == ("sql.txt", 3, 3)


NAMES = ["with space.txt", 'quo"te.txt', "back\\slash", "tab\there", "über.txt", "a b/c", "new\nline"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_comes_out_as_it_is(tree: Path, name: str) -> None:
    committed(tree)
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_bytes(b"\0binary\0")
    (tree / f"{name}.text").write_text("text\n")
    (tree / f"{name}.empty").write_text("")
    binary, empty, text = sorted(diffed(tree), key=lambda file: (len(file.path), file.path))[:3]
    assert sorted([binary.path, empty.path, text.path]) == sorted([name, f"{name}.empty", f"{name}.text"])
    assert (binary.binary, binary.added, binary.removed) == (True, None, None)


def test_diffs_of_other_tools_and_cut_ones_are_read_as_far_as_they_go() -> None:
    (plain,) = files_of(PLAIN)
    assert (plain.path, plain.status, plain.added, plain.removed) == ("new/viewer.py", "M", 1, 1)
    (added,) = files_of("--- /dev/null\n+++ b/x.py\n@@ -0,0 +1,2 @@\n+one\n")
    assert (added.path, added.status, added.added) == ("x.py", "A", 1)
    head = "From abc\nSubject: x\n---\n x.py | 1 +\n\ndiff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n"
    (sent,) = files_of(f"{head}@@ -1 +1,2 @@\n a\n+b\n-- \n2.39\n")
    assert (sent.added, sent.removed) == (1, 0)
    assert files_of("") == () and files_of("nothing of the kind\n") == ()


@given(st.text(alphabet="-+@ \\\nadifgtb/0123456789,", max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_it_fail_or_loop(text: str) -> None:
    for file in files_of(text):
        file.to_json()


LINES = st.lists(st.text(alphabet="ab-+@ \t\f\u2028", max_size=5), max_size=12)


@given(LINES, LINES)
@settings(max_examples=25, deadline=None)
def test_the_lines_are_those_of_both_files(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("pair")
    (folder / "a").write_text("".join(f"{line}\n" for line in old), newline="")
    (folder / "b").write_text("".join(f"{line}\n" for line in new), newline="")
    made = subprocess.run(["git", "diff", "--no-index", "--", "a", "b"], cwd=folder, capture_output=True, check=False)
    found = files_of(made.stdout.decode())
    for line in (line for file in found for hunk in file.hunks for line in hunk.lines):
        if line.new is not None and line.old is None:
            assert new[line.new - 1] == line.text
        elif line.old is not None:
            assert old[line.old - 1] == line.text
    assert sum(file.added or 0 for file in found) - sum(file.removed or 0 for file in found) == len(new) - len(old)
