"""The lines of a diff beside each other."""

from __future__ import annotations

from haven.changes.review.aligning import beside, blocks, partners, stretches
from haven.changes.review.diffing import files_of

DIFF = """diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,5 +1,6 @@
 one
-two
-three
+TWO
+THREE
+more
 four
-five
\\ No newline at end of file
+FIVE
\\ No newline at end of file
"""


def test_what_was_changed_stands_beside_what_it_became() -> None:
    (file,) = files_of(DIFF)
    (hunk,) = file.hunks
    sides = [tuple(hunk.lines[at].text if at is not None else "" for at in pair) for pair in beside(hunk)]
    assert sides[:4] == [("one", "one"), ("two", "TWO"), ("three", "THREE"), ("", "more")]
    assert sides[4:6] == [("four", "four"), ("five", "FIVE")]
    assert [one.same for one in blocks(hunk)] == [True, False, True, False, True]
    assert partners(hunk) == {1: 3, 2: 4, 3: 1, 4: 2, 7: 9, 9: 7}
    assert stretches([file]) == [(0, 0, 1), (0, 0, 7)]
