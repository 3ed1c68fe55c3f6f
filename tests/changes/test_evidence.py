"""A log that comes with a fix: what is kept of it, and where in the project it points."""

from __future__ import annotations

import secrets

import pytest

from haven.changes.rounds.evidence import MOST_KEPT, MOST_READ, Place, places, prepare, words
from haven.errors import BadInput

TRACE = """\
Traceback (most recent call last):
  File "/srv/atlas/run.py", line 12, in <module>
    main()
  File "/srv/atlas/src/atlas/viewer.py", line 88, in draw
    return json.loads(text)
  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
"""
PROJECT = ("run.py", "src/atlas/viewer.py", "src/atlas/__init__.py", "json/__init__.py", "web/app.js", "docs/viewer.md")


def test_a_traceback_of_another_machine_points_at_the_projects_own_files_the_nearest_first() -> None:
    assert places(TRACE, PROJECT) == (Place("src/atlas/viewer.py", 88), Place("run.py", 12))


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("at draw (/srv/www/web/app.js:31:7)", [Place("web/app.js", 31)]),
        ("viewer.py:5: AssertionError", [Place("src/atlas/viewer.py", 5)]),
        (r'File "C:\atlas\src\atlas\viewer.py", line 3, in draw', [Place("src/atlas/viewer.py", 3)]),
        ("GET example.com:443 failed at 12:30:01", []),
        ('File "/venv/lib/python3.11/site-packages/atlas/viewer.py", line 3', []),
        ('File "<string>", line 1, in <module>', []),
        ('File "__init__.py", line 1', []),
        ("", []),
    ],
)
def test_places_of_other_languages_and_what_is_none_of_ours(log: str, found: list[Place]) -> None:
    assert list(places(log, PROJECT)) == found


def test_a_name_that_two_files_could_be_points_nowhere() -> None:
    assert not places('File "viewer.py", line 3', ["a/viewer.py", "b/viewer.py"])


def test_no_secret_and_no_terminal_order_is_kept() -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    kept = prepare(f"\x1b[31mGET /?token={token}\x1b[0m\r\n{TRACE}")
    assert token not in kept and "\x1b" not in kept and "\r" not in kept
    assert TRACE.strip() in kept


def test_of_a_long_log_each_traceback_is_kept_once_and_the_end() -> None:
    noise = "".join(f"12:00:{number % 60:02} all is well, request {number}\n" for number in range(1_000))
    other = TRACE.replace("viewer.py", "render.py").replace("JSONDecodeError", "KeyError")
    kept = prepare(f"{noise}{other}{noise}{TRACE}{noise}{TRACE}{noise}the last line\n")
    assert len(kept) <= MOST_KEPT + 500
    assert kept.count("JSONDecodeError") == 1 and "KeyError" in kept
    assert kept.endswith("the last line") and "lines left out" in kept
    assert kept.index("KeyError") < kept.index("JSONDecodeError")


def test_a_traceback_under_the_stamps_of_a_journal_is_whole() -> None:
    stamped = "".join(f"Nov 21 12:00:01 pi haven[12]: {line}\n" for line in TRACE.splitlines())
    noise = "Nov 21 12:00:02 pi haven[12]: all is well\n" * 1_000
    kept = prepare(noise + stamped + noise)
    assert "viewer.py" in kept and "JSONDecodeError" in kept
    assert places(kept, PROJECT)[0] == Place("src/atlas/viewer.py", 88)


def test_the_error_and_the_functions_help_to_find_the_code() -> None:
    said = words(prepare(TRACE))
    assert "JSONDecodeError: Expecting value" in said and "draw" in said


@pytest.mark.parametrize("log", ["", "\n  \n", "\x1b[0m", "PK\x03\x04\0\0"])
def test_a_log_with_nothing_in_it_is_refused(log: str) -> None:
    with pytest.raises(BadInput, match="log"):
        prepare(log)


def test_one_line_without_an_end_is_cut() -> None:
    assert len(prepare("x" * 150_000)) < 1_000
    assert len(prepare("word " * 100_000 + "\nend")) < 1_000


def test_of_one_endless_line_the_end_is_kept_without_the_half_secret_where_it_was_cut() -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    filler = "word " * 60_000
    cut_in_the_token = MOST_READ - len(filler[: MOST_READ - 20])
    kept = prepare(f"{filler}{token}{filler[: MOST_READ - cut_in_the_token]}the end")
    assert kept.endswith("the end") and token[-16:] not in kept
    assert prepare(f"{filler}the end\n").endswith("the end")
