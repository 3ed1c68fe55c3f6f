"""Rows of a diff as they are drawn: beside each other, in colours, within the bounds of a page."""

from __future__ import annotations

from haven.changes.review.diffing import FileDiff, files_of
from web.review.rows import MOST, MOST_OF_LINE, sheet, sheets
from web.review.tree import tree

DIFF = """diff --git a/a/b.py b/a/b.py
--- a/a/b.py
+++ b/a/b.py
@@ -1,3 +1,3 @@ def zoom():
 import os
-scale = 1  # evil
+scale = 22  # \u202eevil
 done = True
"""


def new(path: str, *lines: str) -> FileDiff:
    body = "".join(f"+{line}\n" for line in lines)
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return files_of(f"{head}@@ -0,0 +1,{len(lines)} @@\n{body}")[0]


def test_words_that_differ_are_marked_and_hidden_characters_shown() -> None:
    (hunk,) = sheet(0, files_of(DIFF)[0]).hunks
    assert hunk.heading == "def zoom():"
    same, changed, after = hunk.rows
    assert [rows.same for rows in hunk.rows] == [True, False, True]
    assert [(line.look, line.old, line.new) for line in changed.lines] == [("d", 2, ""), ("a", "", 2)]
    old, added = changed.lines
    assert [piece.text for piece in old.pieces if "w" in piece.look.split()] == ["1"]
    assert "22" in [piece.text for piece in added.pieces if "w" in piece.look.split()]
    assert "".join(piece.text for piece in added.pieces) == "scale = 22  # <U+202E>evil"
    assert same.lines[0].pieces[0] == ("import", "k") and after.lines[0].new == 3


def test_a_page_holds_what_a_browser_can_and_says_what_it_leaves_out() -> None:
    files = [new(f"m{number}.py", *["x = 1"] * (MOST // 3)) for number in range(4)]
    found = sheets(files)
    assert [one.here for one in found] == [True, True, True, False]
    assert [one.open for one in found] == [True, False, False, False] and not found[0].coloured
    (line,) = sheet(0, new("long.js", "y" * 50_000)).hunks[0].rows[0].lines
    text = "".join(piece.text for piece in line.pieces)
    assert len(text) < MOST_OF_LINE + 60 and text.endswith("[... 46,000 more characters]")
    wide = sheets([new("first.js", "y"), new("wide.js", *["y" * 9_000] * 100)])
    assert not wide[1].here


def test_files_stand_by_folder() -> None:
    files = [new("z.py", "x"), new("a/b/c.py", "x"), new("a/b/a.py", "x")]
    assert [(folder.path, [(leaf.name, leaf.number) for leaf in folder.leaves]) for folder in tree(files)] == [
        ("", [("z.py", 0)]),
        ("a/b", [("a.py", 2), ("c.py", 1)]),
    ]
