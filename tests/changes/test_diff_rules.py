"""What rules find in a diff, at which line, and what they leave in peace."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Mapping

import pytest

from haven.changes.review.diff_rules import Finding, Given, Severity, find
from haven.changes.review.diffing import files_of

TESTS = "def test_one():\n    assert one() == 1\n    assert two() == 2\n\n\ndef test_two():\n    assert two() == 2\n"


SEARCH = "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n"
CLASH = "<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> theirs\n"


def given(before: Mapping[str, str], after: Mapping[str, str]) -> Given:
    """The diff between two trees, and both of them."""
    parts = []
    for path in sorted({*before, *after}):
        old, new = (side.get(path, "").splitlines() for side in (before, after))
        names = f"a/{path}" if path in before else "/dev/null", f"b/{path}" if path in after else "/dev/null"
        parts += [f"diff --git a/{path} b/{path}", *difflib.unified_diff(old, new, *names, lineterm="")]
    sides = ({path: text.encode() for path, text in side.items()} for side in (before, after))
    return Given(files_of("\n".join(parts)), *sides)


def found(before: Mapping[str, str], after: Mapping[str, str]) -> list[Finding]:
    return find(given(before, after))


def added(path: str, text: str) -> list[Finding]:
    return found({}, {path: text})


def test_a_sound_change_has_no_findings() -> None:
    before = {"star.py": "def light():\n    return 1\n", "tests/test_star.py": TESTS, "notes.md": "# Stars\n=======\n"}
    after = {
        "star.py": 'def light(lux: int) -> int:\n    """In lux."""\n    print(lux)\n    return lux\n',
        "tests/test_star.py": TESTS + "\n\ndef test_three():\n    assert three() == 3\n",
        "notes.md": "# Stars\n=======\nMore.\n",
    }
    assert found(before, after) == []


def test_a_secret_is_named_by_kind_and_line_and_never_shown() -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    (one,) = added("star.py", f"import os\n\nTOKEN = '{token}'\n")
    assert (one.line, one.severity) == (3, Severity.HIGH) and "secret" in one.what and token not in one.what


def test_two_secrets_are_two_findings() -> None:
    lines = [f"A{number} = 'ghp_{secrets.token_hex(18)}'\n" for number in range(2)]
    assert [one.line for one in added("star.py", "".join(lines))] == [1, 2]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("star.py", "x = 1\n<<<<<<< HEAD\n", 2),
        ("star.css", "a {}\n<<<<<<< HEAD\nb {}\n=======\nc {}\n>>>>>>> theirs\n", 2),
        ("star.js", "<<<<<<< ours\n<<<<<<< HEAD\n||||||| base\n=======\n>>>>>>> a1b2c3 (Title)\n", 2),
        ("../star.py", "x = 1\n", None),
        ("a/.Git/hooks/post-merge", "true\n", None),
        ("star.py", "def f():\n    breakpoint()\n", 2),
        ("star.py", "import pdb; pdb.set_trace()\n", 1),
        ("star.ts", "const a = 1\ndebugger;\n", 2),
        ("star.rb", "binding.pry\n", 1),
        ("star.py", "level = 'user\u202e'\n", 1),
        ("star.py", "def f(:\n    return 1\n", 1),
        ("star.toml", "a = \n", 1),
    ],
)
def test_what_must_not_be_merged_is_high(path: str, text: str, line: int | None) -> None:
    assert (line, Severity.HIGH) in [(one.line, one.severity) for one in added(path, text)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("star.md", "Call `breakpoint()` there.\n\nTitle\n=======\n"),
        ("star.py", "note = 'call breakpoint() here'\n"),
        ("star.py", "\ufeffx = 1\n"),
        ("tsconfig.json", "{\n  // with comments\n}\n"),
        ("star.js", "// console.log is not used\n"),
        ("star.py", f'EDIT = """\n{SEARCH}"""\n'),
        ("star.py", f'CONFLICT = """\n{CLASH}"""\n'),
        ("edits.golden", SEARCH),
        ("star.md", f"Git writes:\n\n{CLASH}"),
        ("star.css", "=======\n>>>>>>> theirs\n<<<<<<< HEAD\n"),
    ],
)
def test_words_about_it_are_no_fault(path: str, text: str) -> None:
    assert [one for one in added(path, text) if one.severity is not Severity.LOW] == []


def test_syntax_is_said_only_where_the_change_broke_it() -> None:
    assert found({"a.py": "def f(:\n"}, {"a.py": "def f(:\n    pass\n"}) == []
    (one,) = found({"a.json": '{"a": 1}\n'}, {"a.json": '{"a": 1,\n}\n'})
    assert (one.path, one.severity) == ("a.json", Severity.HIGH)


def test_a_weakened_test_is_found_at_its_line() -> None:
    (one,) = found({"tests/test_a.py": TESTS}, {"tests/test_a.py": TESTS.replace("    assert one() == 1\n", "")})
    assert (one.path, one.line, one.severity) == ("tests/test_a.py", 1, Severity.MEDIUM) and "test_one" in one.what


def test_tests_that_are_gone_are_found_and_a_renamed_one_is_not() -> None:
    fewer = TESTS.partition("\n\n\n")[0] + "\n"
    (one,) = found({"tests/test_a.py": TESTS}, {"tests/test_a.py": fewer})
    assert "test_two" in one.what and one.severity is Severity.MEDIUM
    assert found({"tests/test_a.py": TESTS}, {"tests/test_a.py": TESTS.replace("test_two", "test_both")}) == []
    assert "test_one" in found({"tests/test_a.py": TESTS}, {})[0].what


def test_a_path_that_deserves_a_second_look_is_said_and_low() -> None:
    (one,) = added(".github/workflows/ci.yml", "on: push\n")
    assert (one.path, one.severity) == (".github/workflows/ci.yml", Severity.LOW)


def test_the_worst_comes_first() -> None:
    after = {"conftest.py": "x = 1\n", "star.py": "breakpoint()\n", "star.js": "console.log(1)\n"}
    assert [one.severity for one in found({}, after)] == [Severity.HIGH, Severity.LOW, Severity.LOW]
