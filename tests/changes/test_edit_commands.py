"""Claude's text-editor commands: str_replace, create and insert become edits, view shows numbered lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.edits import apply, from_commands, view
from haven.errors import EditError


def test_the_commands_are_applied_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    calls = [
        {"command": "view", "path": "a.py"},
        {"command": "str_replace", "path": "a.py", "old_str": "\ufeffone", "new_str": "\ufeffONE"},
        {"command": "insert", "path": "a.py", "insert_line": 2, "insert_text": "three\n"},
        {"command": "insert", "path": "a.py", "insert_line": 0, "new_str": "zero"},
        {"command": "str_replace", "path": "a.py", "old_str": "two\n"},
        {"command": "create", "path": "b.py", "file_text": "b\n"},
    ]
    assert apply(tmp_path, from_commands(calls).edits).paths == ("a.py", "b.py")
    assert (tmp_path / "a.py").read_bytes() == b"\xef\xbb\xbfzero\r\nONE\r\nthree"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"command": "str_replace", "path": "a.py", "new_str": "x"}, "needs `old_str`"),
        ({"command": "create", "path": "b.py"}, "needs `file_text`"),
        ({"command": "insert", "path": "a.py", "insert_text": "x"}, "needs `insert_line`"),
        ({"command": "insert", "path": "a.py", "insert_line": True, "insert_text": "x"}, "malformed: insert_line"),
        ({"command": "insert", "path": "a.py", "insert_line": 4, "insert_text": "x"}, "the file has 3 lines"),
        ({"command": "undo_edit", "path": "a.py"}, "make the opposite edit"),
        ({"command": "view", "path": "a.py"}, "edits anything"),
        ({"command": "str_replace", "path": "a.py", "old_str": "o", "new_str": "x", "all": True}, "malformed: all"),
        ({"command": "str_replace", "path": "/a.py", "old_str": "one", "new_str": "x"}, "relative to the top"),
        ("text", "malformed"),
    ],
)
def test_what_is_refused(tmp_path: Path, call: object, words: str) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    with pytest.raises(EditError) as error:
        apply(tmp_path, from_commands([call]).edits)
    assert words in str(error.value)
    assert (tmp_path / "a.py").read_text() == "one\ntwo\nthree\n"


def test_view_shows_numbered_lines(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"one\r\n\ttwo\nthree")
    (tmp_path / "empty").touch()
    assert view(tmp_path, {"command": "view", "path": "a.py"}) == "     1\tone\n     2\t\ttwo\n     3\tthree"
    assert view(tmp_path, {"command": "view", "path": "a.py", "view_range": [2, 2]}) == "     2\t\ttwo\n"
    assert view(tmp_path, {"command": "view", "path": "a.py", "view_range": [3, -1]}) == "     3\tthree"
    assert view(tmp_path, {"command": "view", "path": "empty"}) == ""
    (tmp_path / "long").write_text("x\n" * 50_000)
    assert len(shown := view(tmp_path, {"command": "view", "path": "long"})) < 101_000 and "Cut here" in shown
    for path, numbers in (("a.py", [4, 5]), ("a.py", [2, 1]), ("../x", [1, 1]), ("gone", [1, 1]), ("a.py", [1])):
        with pytest.raises(EditError):
            view(tmp_path, {"command": "view", "path": path, "view_range": numbers})
