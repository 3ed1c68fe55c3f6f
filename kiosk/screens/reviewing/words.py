"""The pages of a review in words: what matters first, the files by folder, the tests by class."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from textual.content import Content

from haven.changes.review import BAD, MEANING, Confirm, Review, by_class, class_said, why_red
from haven.changes.review.diffing import SAID, FileDiff
from haven.changes.review.text import fact_lines
from haven.changes.states import State
from kiosk.plain import code, line, plain
from kiosk.widgets.diff_rows import counted
from kiosk.widgets.outline import Item

LEVELS = {"ok": "$fine", "note": "$note", "alert": "bold $wrong"}
TAKES = {"tap": "", "two taps": "\ntwo taps", "type the id": "\ntype the id"}
"""What an approval takes, under its button."""
MAX_TESTS = 400
"""Names shown of a class; the counts tell of all."""
MAX_SAID = 60
"""Lines shown of what a test said."""
QUIET = frozenset({"passing", "idle", "deselected"})
"""Classes that are folded until they are tapped."""


def facts(review: Review, width: int, private: str = "") -> Content:
    """What matters most stands first, and in its colour; last, private notes for whoever may read them."""
    lines = [*fact_lines(review, width)]
    if private:
        told = ("", "Private notes, which stay in this house:", *plain(private).splitlines())
        lines += [(None, one) for one in told]
    return Content("\n").join(Content.styled(text, LEVELS.get(level or "", "")) for level, text in lines)


def approve_said(state: str, confirm: Confirm, review: Review | None) -> str:
    """What stands on the button."""
    if state == State.AWAITING_PLAN:
        return "Go on"
    if review is not None and review.people > 1 and confirm != "type the id":
        return f"Approve\n{len(review.approved_by)} of {review.people} people"
    return f"Approve{TAKES[confirm]}"


def tests_verdict(tests: Mapping[str, Any]) -> str:
    """The tests in two or three words."""
    if not tests:
        return "none yet"
    if not why_red(tests):
        return "✓ in order"
    bad = [f"{len(found)} {name.replace('_', ' ')}" for name, found in by_class(tests).items() if found and name in BAD]
    return f"✗ {bad[0] if bad else 'untested' if tests.get('untested', True) else 'not in order'}"


def file_items(files: Sequence[FileDiff]) -> list[Item]:
    """Each folder, and below it its files with their counts; a key is the number of a file."""
    if not files:
        return [Item("This round changed nothing.", ink="quiet")]
    found: list[Item] = []
    numbered = sorted(enumerate(files), key=lambda one: (_folder(one[1]), one[1].path))
    for folder, group in groupby(numbered, key=lambda one: _folder(one[1])):
        inside = list(group)
        added, removed = (sum(getattr(file, name) or 0 for _, file in inside) for name in ("added", "removed"))
        count = f"{len(inside)} file{'s' * (len(inside) != 1)}"
        where = f"{line(code(folder), 200)}/" if folder != "." else "the top folder"
        found.append(Item(f"▾ {where}  {count}  +{added} -{removed}", ink="title"))
        found += [_file_item(number, file) for number, file in inside]
    return found


def test_items(review: Review, opened: Collection[str]) -> list[Item]:
    """Every test by class, the bad ones first; what is in `opened` (a class, or a test) is unfolded."""
    tests = review.tests
    found = [Item(code(str(tests.get("one_line") or "There is no test run yet.")), ink="title")]
    found += [Item(code(str(problem)), ink="wrong")] if (problem := tests.get("problem")) else []
    classes = sorted(by_class(tests).items(), key=lambda one: one[0] in QUIET)
    for name, ids in classes:
        if not ids:
            continue
        ink = "wrong" if name in BAD else "note" if name in MEANING else "quiet" if name in QUIET else "fine"
        key = f"class {name}"
        is_open = (key in opened) is (name in QUIET)  # a tap folds what is unfolded by itself
        found += [Item(""), Item(f"{'▾' if is_open else '▸'} {len(ids)} {class_said(name)}", key=key, ink=ink)]
        for test in ids[:MAX_TESTS] if is_open else ():
            found += _test(tests, test, opened)
        found += [Item(f"  … {len(ids) - MAX_TESTS} more")] * (is_open and len(ids) > MAX_TESTS)
    return found


def _test(tests: Mapping[str, Any], test: str, opened: Collection[str]) -> Iterator[Item]:
    said = _said(tests, test)
    if not said:
        yield Item(f"  {code(test)}")
        return
    is_open = test in opened
    yield Item(f"  {'▾' if is_open else '▸'} {code(test)}", "" if is_open else "what it said", key=test)
    lines = said.splitlines() if is_open else []
    yield from (Item(f"      {code(one)}", ink="quiet") for one in lines[:MAX_SAID])
    if len(lines) > MAX_SAID:
        yield Item(f"      … {len(lines) - MAX_SAID} more lines", ink="quiet")


def _said(tests: Mapping[str, Any], test: str) -> str:
    """Why it has its class, and what it said."""
    return "\n".join(filter(None, (str(dict(tests.get(key) or {}).get(test, "")) for key in ("notes", "said"))))


def _file_item(number: int, file: FileDiff) -> Item:
    name = PurePosixPath(file.path).name if not file.old_path else file.name
    what = f"{SAID[file.status]}  " if file.status in SAID else ""
    return Item(f"   {line(code(name), 300)}", f"{what}{counted(file)} ", key=str(number))


def _folder(file: FileDiff) -> str:
    return str(PurePosixPath(file.path).parent)
