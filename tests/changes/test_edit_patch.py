"""Patches, of the apply_patch form and as unified diffs: applied where they say, or refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from haven.changes.edits import EditKind, apply, from_text
from haven.errors import EditError


def patched(root: Path, reply: str) -> tuple[str, ...]:
    return apply(root, from_text(reply).edits).notes


def update(*lines: str, path: str = "a.py") -> str:
    return "\n".join(["*** Begin Patch", f"*** Update File: {path}", *lines, "*** End Patch"])


PATCH = """\
Here is what I changed.

*** Begin Patch
*** Add File: docs/new.md
+# New
+
*** Update File: a.py
*** Move to: src/b.py
@@ def two():
-    return 1
+    return 2
*** Delete File: old.txt
*** End Patch
"""


def test_a_patch_adds_moves_updates_and_deletes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def one():\n    return 1\n\n\ndef two():\n    return 1\n")
    (tmp_path / "old.txt").write_text("old\n")
    proposal = from_text(PATCH)
    assert proposal.summary == "Here is what I changed."
    assert apply(tmp_path, proposal.edits).paths == ("a.py", "docs/new.md", "old.txt", "src/b.py")
    assert (tmp_path / "src/b.py").read_text() == "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
    assert (tmp_path / "docs/new.md").read_text() == "# New\n\n"


@pytest.mark.parametrize(
    ("data", "lines", "expected"),
    [
        (b"a\r\nb", ["-a", "+A"], b"A\r\nb\r\n"),
        (b"a\rb\nc\r\nd\r\n", [" a", "-b", "+B", " c"], b"a\rB\r\nc\r\nd\r\n"),
        (b"same\r\nsame\n", ["-same", " same"], b"same\n"),
        (b"\xef\xbb\xbfa\nb\n", [" a", "+x"], b"\xef\xbb\xbfa\nx\nb\n"),
        (b"\xef\xbb\xbfa\nb\n", [" \ufeffa", "-b", "+x"], b"\xef\xbb\xbfa\nx\n"),
        (b"a\nb\n", ["@@", "+last"], b"a\nb\nlast\n"),
        (b"x\ny\nx\nz\n", ["@@", "-x", "+X", "*** End of File"], None),
        (b"m\ne\nm\ne\n", ["@@", "-m", " e", "*** End of File"], b"m\ne\ne\n"),
        (b"class A:\n def f():\n  x\nclass B:\n def f():\n  x\n", ["@@ class B:", "@@  def f():", "-  x", "+  y"],
         b"class A:\n def f():\n  x\nclass B:\n def f():\n  y\n"),
        (b"a\nb\n", ["@@", " a", "-b", "+c", " "], b"a\nc\n"),
        (b"a\n", ["@@", "-a"], b""),
        (b"\tif x:\n\t\tgo()\n", ["@@", "   if x:", "-    go()", "+    stop()"], b"\tif x:\n\t\tstop()\n"),
    ],
    ids=["crlf", "mixed", "which-of-two", "bom", "bom-copied", "append", "not-at-end", "at-end",
         "anchors", "blank", "all", "tabs"],
)  # fmt: skip
def test_what_a_hunk_does_to_the_bytes(tmp_path: Path, data: bytes, lines: list[str], expected: bytes | None) -> None:
    (tmp_path / "a.py").write_bytes(data)
    if expected is None:
        with pytest.raises(EditError):
            patched(tmp_path, update(*lines))
        expected = data
    else:
        patched(tmp_path, update(*lines))
    assert (tmp_path / "a.py").read_bytes() == expected


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (update("@@", "-x", "+y"), "more than one place (lines 1, 3)"),
        (update("@@", "-zzzz", "+y"), "does not fit"),
        (update("@@", "-y", "+Y", "@@", " x", " y", "+z"), "does not fit behind the part before it"),
        (update("@@ def gone():", "-x", "+y"), "`def gone():`, is not there"),
        (update("@@", " x", " y"), "changes nothing"),
        (update("@@", "-y", "+y"), "changes nothing"),
        (update("@@", "*x"), "begins with a blank, + or -"),
        (update(), "is empty"),
        (update("@@", "+# ... rest of the code unchanged"), "left out"),
        (update("@@", "+a\rb"), "line end in its middle"),
        (update("@@", "-y", "+z", path="../a.py"), "outside the repository"),
        ("*** Begin Patch\n*** Update File: a.py\n@@\n-y\n", "cut off"),
        ("*** Begin Patch\n*** Rename File: a.py\n*** End Patch", "none of"),
        ("*** Begin Patch\n\n*** End Patch", "changes no file"),
        ("*** Begin Patch\n*** Add File: a.py\n+x\n*** End Patch", "exists already"),
        ("*** Begin Patch\n*** Add File: b.py\nx\n*** End Patch", "begin with +"),
        ("*** Begin Patch\n*** Update File: a.py\n*** Move to: c.py\n@@\n-y\n+z\n*** End Patch", "c.py exists already"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused_as_a_whole(tmp_path: Path, reply: str, words: str) -> None:
    for name in ("a.py", "c.py"):
        (tmp_path / name).write_text("x\ny\nx\n")
    with pytest.raises(EditError) as error:
        patched(tmp_path, reply)
    assert words in str(error.value)
    assert [(tmp_path / name).read_text() for name in ("a.py", "c.py")] == ["x\ny\nx\n"] * 2


OLD = {
    "keep.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "twice.txt": "x\n" * 30, "gone.txt": "bye\n", "empty.txt": "",
    "name.txt": "a\nb\nc\nd\ne\nf\n", "dash.sql": "a\n-- old\nb\n", "open.txt": "end", "closed.txt": "end\n",
}  # fmt: skip
NEW = {
    "keep.txt": "1\nzwei\n3\n4\n5\n6\n7\n8\n9\n10\n", "twice.txt": "x\n" * 20 + "y\n" + "x\n" * 10, "fresh.txt": "hi",
    "moved/name.txt": "a\nb\nC\nd\ne\nf\n", "dash.sql": "a\n-- new\n\nb\n", "open.txt": "end\nmore",
    "closed.txt": "end", "blank.txt": "",
}  # fmt: skip


@pytest.mark.parametrize("context", [0, 1, 3])
def test_what_git_diff_writes_is_read_to_the_byte(tmp_path: Path, context: int) -> None:
    for name, files in (("old", OLD), ("new", NEW)):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
    git = ["git", "-c", "core.quotepath=off", "diff", "--no-index", "-M", "--no-prefix", f"-U{context}", "old", "new"]
    diff = subprocess.run(git, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    diff = diff.replace(" old/", " a/").replace(" new/", " b/").replace("rename from a/", "rename from ")
    diff = diff.replace("rename to b/", "rename to ")
    patched(tmp_path / "old", f"I did it.\n\n```diff\n{diff}```\n")
    now = {str(file.relative_to(tmp_path / "old")): file for file in (tmp_path / "old").rglob("*") if file.is_file()}
    assert {path: file.read_text() for path, file in now.items()} == NEW


def test_a_diff_with_wrong_numbers_still_finds_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    patched(tmp_path, "--- old/whatever.py\n+++ a.py\n@@ -90,7 +90,9 @@ def f():\n one\n-two\n+TWO\n three\n")
    assert (tmp_path / "a.py").read_text() == "one\nTWO\nthree\n"


@pytest.mark.parametrize(
    ("diff", "words"),
    [
        ("--- a.py\n+++ a.py\n@@ -90,7 +90,9 @@\n-x\n+y\n", "more than one place"),
        ("--- a.py\n+++ a.py\n@@ ... @@\n+y\n", "without any around them"),
        ("--- a.py\n+++ a.py\n@@ -1 +1 @@\nx\n-y\n", "begins with a blank, + or -"),
        ("--- a.py\n+++ a.py\n@@ -1 +1 @@\n", "without any lines"),
        ("diff --git a/a.py b/a.py\nold mode 100644\nnew mode 100755\n", "changes the mode"),
        ("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n", "links"),
        ("diff --git a/a.png b/a.png\nindex 1..2 100644\nBinary files a/a.png and b/a.png differ\n", "binary"),
        ("--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n", "does not fit"),
        ("--- /dev/null\n+++ ../a.py\n@@ -0,0 +1 @@\n+y\n", "outside the repository"),
    ],
)
def test_a_diff_that_does_not_fit_is_refused(tmp_path: Path, diff: str, words: str) -> None:
    (tmp_path / "a.py").write_text("x\ny\nx\n")
    with pytest.raises(EditError) as error:
        patched(tmp_path, diff)
    assert words in str(error.value)
    assert (tmp_path / "a.py").read_text() == "x\ny\nx\n"


def test_a_long_part_of_a_diff_is_read_in_one_go(tmp_path: Path) -> None:
    count = 30_000
    (tmp_path / "a.py").write_text("x\n" * count)
    patched(tmp_path, f"--- a/a.py\n+++ b/a.py\n@@ -1,{count} +1,{count} @@\n" + "-x\n+y\n" * count)
    assert (tmp_path / "a.py").read_text() == "y\n" * count


def test_a_block_may_hold_a_patch_as_its_text() -> None:
    body = update("@@", "-x", "+y")
    edits = from_text(f"notes.md\n<<<<<<< SEARCH\n=======\n{body}\n>>>>>>> REPLACE\n").edits
    assert [(edit.kind, edit.path) for edit in edits] == [(EditKind.CREATE, "notes.md")]
