"""More lines around hunks: numbered on both sides, never twice, one hunk where they meet."""

from __future__ import annotations

import difflib
from random import Random

from haven.changes.review.diffing import FileDiff, files_of
from haven.changes.review.unfolding import folded, unfolded

OLD = [f"line {number}" for number in range(1, 61)]
NEW = [*OLD[:9], "ten", *OLD[10:29], "more", "and more", *OLD[29:49], *OLD[51:]]


def changed(old: list[str], new: list[str], context: int = 3) -> FileDiff:
    lines = difflib.unified_diff(old, new, "a/map.py", "b/map.py", lineterm="", n=context)
    return files_of("diff --git a/map.py b/map.py\n" + "\n".join(lines) + "\n")[0]


def text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_lines_come_before_and_after_a_hunk_until_it_meets_the_next_or_an_end() -> None:
    file = changed(OLD, NEW)
    assert [(one.of, one.is_folded) for one in unfolded(file, text(NEW), {})] == [((n,), True) for n in range(3)]
    some = unfolded(file, text(NEW), {1: 4})
    assert [one.of for one in some] == [(0,), (1,), (2,)] and some[0].hunk == file.hunks[0]
    wider = some[1].hunk
    assert (wider.new_start, wider.new_count) == (file.hunks[1].new_start - 4, file.hunks[1].new_count + 8)
    assert [(line.sign, line.text, line.old, line.new) for line in wider.lines[:2]] == [
        (" ", "line 23", 23, 23),
        (" ", "line 24", 24, 24),
    ]
    assert wider.lines[-1] == (" ", "line 36", 36, 38)
    met = unfolded(file, text(NEW), {0: 7, 1: 7})
    assert [one.of for one in met] == [(0, 1), (2,)] and met[0].is_folded
    whole = unfolded(file, text(NEW), {1: 500})
    assert [(one.of, one.is_folded) for one in whole] == [((0, 1, 2), False)]
    assert [line.text for line in whole[0].hunk.lines if line.new] == NEW


def test_whatever_is_unfolded_both_sides_stay_what_they_are() -> None:
    dice = Random(11)
    for _ in range(60):
        old = [f"{dice.randrange(9)} of {number}" for number in range(dice.randrange(0, 40))]
        new = [line for line in old if dice.random() > 0.2]
        for _ in range(dice.randrange(4)):
            new.insert(dice.randrange(len(new) + 1), f"new {dice.random()}")
        if old == new:
            continue
        file = changed(old, new, dice.randrange(4))
        found = unfolded(file, text(new), {number: dice.randrange(12) for number in range(len(file.hunks))})
        seen = [line for one in found for line in one.hunk.lines]
        for line in seen:
            assert line.old is None or old[line.old - 1] == line.text
            assert line.new is None or new[line.new - 1] == line.text
        numbers = [line.new for line in seen if line.new], [line.old for line in seen if line.old]
        assert all(one == sorted(set(one)) for one in numbers)
        assert [n for one in found for n in one.of] == [*range(len(file.hunks))]
        all_of_it = unfolded(file, text(new), dict.fromkeys(range(len(file.hunks)), 99))
        assert len(all_of_it) == 1 and [line.text for line in all_of_it[0].hunk.lines if line.old] == old


def test_another_file_than_that_of_the_diff_leaves_it_as_it_is() -> None:
    file = changed(OLD, NEW)
    for other in ("", "line 1\n", text(OLD), text(NEW[1:])):
        assert unfolded(file, other, {0: 20}) == folded(file)
    added = files_of("diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+one\n")[0]
    assert not unfolded(added, "one\n", {0: 20})[0].is_folded
