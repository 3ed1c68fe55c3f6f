"""For any tree and any edits the result is what the edits say, or an error with the tree untouched.

200 random cases; EDIT_CASES=10000 in the environment runs as many.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from haven.changes.edits import Edit, EditKind, apply
from haven.changes.edits.formats import Hunk
from haven.errors import EditError
from tests.changes.test_edits import contents

CASES = int(os.environ.get("EDIT_CASES", "200"))
PATHS = ["a.txt", "b.txt", "d/c.txt"]
NAMES = st.sampled_from([*PATHS, "d", "d/e/f.txt", "A.TXT", "../x", ".git/x", "/x"])
LINES = ["x = 1\n", "class A:\n", "    def go(a, b):  \n", "\treturn “a”\r\n", "  y = [1, 2]\n", "é = '…'\n", "...\n"]
PIECES = st.sampled_from([*"abcdefghij", *"\n\n\r\t ", "\r\n", "“", '"', "é", "  ", *LINES])
TEXTS = st.lists(PIECES, max_size=8).map("".join)
CONTENTS = st.lists(PIECES, max_size=16).map("".join)
MARKS = st.sampled_from(["", "", "", "\ufeff"])
FILES = st.dictionaries(st.sampled_from(PATHS), st.tuples(MARKS, CONTENTS).map("".join), min_size=1)
LINE_END = re.compile(r"\r\n|\n|\r")
PLAIN_SIGNS = str.maketrans("“", '"')


def plain(text: str) -> str:
    """Line ends follow the file that is edited, so they are compared as plain ones."""
    return LINE_END.sub("\n", text)


def bare(text: str) -> str:
    """What no forgiving match may overlook: everything but blanks, line ends and typographic quotes."""
    return re.sub(r"\s", "", text.translate(PLAIN_SIGNS))


@st.composite
def patches(draw: st.DrawFn, path: str, text: str) -> Edit:
    """A patch of one hunk, made of lines of the file and lines that are not."""
    lines = plain(text).split("\n")
    start = draw(st.integers(0, len(lines) - 1))
    signs = st.sampled_from(" -+")
    signed = [(draw(signs), line) for line in lines[start : start + draw(st.integers(1, 4))]]
    hunk = Hunk(tuple(signed), line=draw(st.none() | st.integers(1, 9)), final_newline=draw(st.none() | st.booleans()))
    return Edit(path, kind=EditKind.PATCH, hunks=(hunk,))


@st.composite
def loosened(draw: st.DrawFn, path: str, text: str) -> Edit:
    """A replacement whose old text is some lines of the file, written in another way."""
    lines = text.splitlines(keepends=True) or ["\n"]
    start = draw(st.integers(0, len(lines) - 1))
    old = "".join(lines[start : start + draw(st.integers(1, 3))])
    new = draw(TEXTS)
    match draw(st.integers(0, 4)):
        case 0:
            old = re.sub(r"[ \t]+$", "", old, flags=re.MULTILINE)
        case 1:
            old, new = (re.sub(r"^(?=[^\n])", "  ", each, flags=re.MULTILINE) for each in (old, new))
        case 2:
            old = old.translate(PLAIN_SIGNS)
        case 3:
            old = old.replace("=", " =  ")
        case 4:
            old = "\n" + old
    return Edit(path, old, new)


@st.composite
def edits_for(draw: st.DrawFn, files: dict[str, str]) -> Edit:
    """Most of them of a sensible form, some nonsense."""
    known = st.sampled_from(sorted(files))
    path = draw(st.one_of(known, known, known, NAMES))
    text = files.get(path, "").removeprefix("\ufeff")
    start = draw(st.integers(0, max(0, len(text) - 2)))
    part = text[start : draw(st.integers(start + 1, start + 8))]
    edit: Edit = draw(
        st.one_of(
            loosened(path, plain(text)),
            st.builds(Edit, st.just(path), st.just(part), TEXTS),
            st.builds(Edit, st.just(path), st.just(part), TEXTS, every=st.booleans()),
            st.builds(lambda more: Edit(path, part, part + more), TEXTS),
            st.builds(lambda new: Edit(path, None, new, EditKind.CREATE), TEXTS),
            st.just(Edit(path, kind=EditKind.DELETE)),
            st.builds(lambda to: Edit(path, kind=EditKind.MOVE, to=to), NAMES | st.just("moved.txt")),
            st.builds(lambda new, line: Edit(path, None, new, EditKind.INSERT, line=line), TEXTS, st.integers(-1, 9)),
            patches(path, text),
            st.builds(Edit, st.just(path), TEXTS, st.none(), st.sampled_from(EditKind), st.none() | NAMES),
        )
    )
    return edit


@st.composite
def trees_and_edits(draw: st.DrawFn) -> tuple[dict[str, str], list[Edit]]:
    files = draw(FILES)
    return files, draw(st.lists(edits_for(files), min_size=1, max_size=draw(st.integers(1, 3))))


def said_by(files: dict[str, str], edit: Edit) -> dict[str, str] | None:
    """The tree after one edit, read literally with plain line ends; None where it can't be read so."""
    text = files.get(edit.path)
    rest = {path: other for path, other in files.items() if path != edit.path}
    fills = edit.kind is EditKind.REPLACE and (text or "") == "" == edit.old
    if edit.kind is EditKind.CREATE or fills:
        return {**rest, edit.path: plain(edit.new or "")}
    if text is None:
        return None
    if edit.kind is EditKind.DELETE:
        return rest
    if edit.kind is EditKind.MOVE:
        return {**rest, edit.to or "": text}
    changed = changed_by(text.removeprefix("\ufeff"), edit)
    return None if changed is None else {**rest, edit.path: "\ufeff" * text.startswith("\ufeff") + changed}


def changed_by(text: str, edit: Edit) -> str | None:
    if edit.kind is EditKind.INSERT:
        return inserted(text, edit.line or 0, plain(edit.new or ""))
    if edit.kind is EditKind.PATCH:
        return patched(text, edit.hunks[0])
    old, new = plain(edit.old or ""), plain(edit.new or "")
    if old.endswith("\n") and not text.endswith("\n"):
        changed = (text + "\n").replace(old, new) if (text + "\n").count(old) else None
        return changed and changed.removesuffix("\n")
    return text.replace(old, new) if old and (edit.every or text.count(old) == 1) else None


def inserted(text: str, line: int, new: str) -> str:
    lines = text.splitlines(keepends=True)
    if line == len(lines) and text and not text.endswith("\n"):
        return f"{text}\n{new.removesuffix(chr(10))}"
    return "".join([*lines[:line], new if new.endswith("\n") or not text else new + "\n", *lines[line:]])


def patched(text: str, hunk: Hunk) -> str | None:
    """The tree is small enough to try every place; None where the text around it has to decide."""
    lines = text.removesuffix("\n").split("\n") if text else []
    old = [line for sign, line in hunk.lines if sign != "+"]
    new = [line for sign, line in hunk.lines if sign != "-"]
    places = [at for at in range(len(lines) - len(old) + 1) if lines[at : at + len(old)] == old]
    if not old or (len(places) != 1 and hunk.line not in [at + 1 for at in places]):
        return None
    at = places[0] if len(places) == 1 else (hunk.line or 1) - 1
    kept = [*lines[:at], *new, *lines[at + len(old) :]]
    ends = text.endswith("\n") if hunk.final_newline is None else hunk.final_newline
    return "\n".join(kept) + "\n" * (ends and bool(kept))


def outside_is_untouched(before: str, after: str, edit: Edit) -> bool:
    """Whether the bytes before and behind the only place of an exact replacement are the same as before."""
    parts = [re.escape(part) for part in plain(edit.old or "").split("\n")]
    body = before.removeprefix("\ufeff")
    places = [found.span() for found in re.finditer("(?=(" + r"(?:\r\n|\n|\r(?!\n))".join(parts) + "))", body)]
    if len(places) != 1:
        return True
    found = re.compile(r"(?:\r\n|\n|\r(?!\n))".join(parts)).search(body)
    assert found
    start, stop = found.span()
    return after.removeprefix("\ufeff").startswith(body[:start]) and after.endswith(body[stop:])


def forgiven(before: str, after: str, edit: Edit) -> bool:
    """Whether, blanks and quotes aside, just the old text became the new one."""
    text, old, new, now = bare(before), bare(edit.old or ""), bare(edit.new or ""), bare(after)
    places = range(len(text) - len(old) + 1)
    return any(text.startswith(old, at) and text[:at] + new + text[at + len(old) :] == now for at in places)


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees_and_edits())
def test_either_exactly_what_the_edits_say_or_nothing_at_all(case: tuple[dict[str, str], list[Edit]]) -> None:
    files, edits = case
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        root.mkdir()
        for path, text in files.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(text.encode())
        before = contents(root)
        try:
            done = apply(root, edits)
        except EditError:
            event("refused")
            assert contents(root) == before and os.listdir(folder) == ["tree"]
            return
        event("forgiving" if done.notes else "exact")
        now = {path: data.decode() for path, (data, _) in contents(root).items()}
        assert os.listdir(folder) == ["tree"]
        assert done.paths == tuple(sorted(path for path in {*files, *now} if files.get(path) != now.get(path)))
        judged(files, edits, now, forgiving=bool(done.notes))


def judged(files: dict[str, str], edits: list[Edit], now: dict[str, str], *, forgiving: bool) -> None:
    first = edits[0]
    if len(edits) == 1 and first.kind is EditKind.REPLACE and first.path in files and first.old:
        if not forgiving and not first.every:
            assert outside_is_untouched(files[first.path], now[first.path], first)
        if forgiving and "..." not in first.old:
            assert forgiven(files[first.path], now[first.path], first)
    if forgiving:
        return
    expected: dict[str, str] | None = {path: plain(text) for path, text in files.items()}
    for edit in edits:
        expected = said_by(expected, edit) if expected is not None else None
    if expected is not None:
        assert {path: plain(text) for path, text in now.items()} == expected
