"""`haven review` as CI and editors call it: exit statuses, pipes, annotations; no haven.toml, no database."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from haven.changes.review.diff_rules import Finding, Severity
from haven.cli import app
from haven.commands.review import annotation

FINE = "--- /dev/null\n+++ b/star.py\n@@ -0,0 +1 @@\n+x = 1\n"
LOG = "--- /dev/null\n+++ b/star.js\n@@ -0,0 +1 @@\n+console.log(1)\n"
STOPS = "--- /dev/null\n+++ b/star.py\n@@ -0,0 +1,2 @@\n+x = 1\n+breakpoint()\n"


def review(*words: str, given: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["review", *words], input=given)
    return done.exit_code, done.output


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_clean_is_zero_findings_are_one_and_wrong_usage_is_two() -> None:
    assert review("--diff", "-", given=FINE)[0] == 0
    status, said = review("--diff", "-", given=STOPS)
    assert status == 1 and "star.py:2: high:" in said
    assert review("--diff", "-", given="hello\n")[0] == 2
    assert review("--diff", "main..HEAD")[0] == 2
    assert review("--diff", "-", "--fail-on", "no", given=FINE)[0] == 2


def test_what_fails_is_the_callers_choice() -> None:
    assert review("--diff", "-", given=LOG)[0] == 0
    assert review("--diff", "-", "--fail-on", "low", given=LOG)[0] == 1


def test_a_missing_model_is_said_and_no_reason_to_fail() -> None:
    status, said = review("--diff", "-", given=FINE)
    assert status == 0 and "nothing found" in said and "No model looked" in said


def test_a_file_and_json(elsewhere: Path) -> None:
    (elsewhere / "my.diff").write_text(STOPS)
    status, said = review("--diff", "my.diff", "--json")
    told = json.loads(said)
    assert (status, told["failed"], told["fail_on"]) == (1, True, "high")
    (finding,) = told["findings"]
    assert (finding["path"], finding["line"], finding["severity"], finding["by"]) == ("star.py", 2, "high", "rules")


def test_a_pipe_of_the_shell_is_a_file(elsewhere: Path) -> None:
    os.mkfifo(elsewhere / "pipe")
    writing = Thread(target=(elsewhere / "pipe").write_text, args=(STOPS,))
    writing.start()
    assert review("--diff", "pipe")[0] == 1
    writing.join()
    assert review("--diff", "x" * 5_000)[0] == 2


def test_a_range_of_the_repository_one_stands_in(elsewhere: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "one"]):
        (elsewhere / "star.py").write_text("x = 1\n")
        subprocess.run(["git", *words], cwd=elsewhere, check=True)
    assert "nothing to review" in review()[1]
    (elsewhere / "star.py").write_text("x = \n")
    status, said = review()
    assert status == 1 and "star.py:1: high: can't be parsed" in said
    (elsewhere / "star.py").write_text("x = 1\n")
    (elsewhere / "new.py").write_text("breakpoint()\n")
    status, said = review()
    assert status == 0 and "not looked at (git add): new.py" in said and "nothing to review" in said


def test_nothing_is_left_behind(elsewhere: Path, own_folders: Path) -> None:
    review("--diff", "-", given=STOPS)
    assert not list(elsewhere.iterdir())
    assert not (own_folders / "state").exists() and not (own_folders / "config").exists()


def test_settings_that_cant_be_read_leave_the_rules(own_folders: Path) -> None:
    (own_folders / "config/haven").mkdir(parents=True)
    (own_folders / "config/haven/haven.toml").write_text("nonsense = [\n")
    status, said = review("--diff", "-", given=STOPS)
    assert status == 1 and "star.py:2" in said and "haven.toml" in said


def test_annotations_are_one_line_each_whatever_a_path_or_a_message_holds() -> None:
    one = annotation(Finding("a,b:c.py", 3, "50% is\n::error::wrong, yes", Severity.MEDIUM))
    assert one == "::warning file=a%2Cb%3Ac.py,line=3,title=Haven::50%25 is%0A::error::wrong, yes"
    status, said = review("--diff", "-", "--format", "github", given=STOPS)
    assert (status, said.count("\n")) == (1, 1) and said.startswith("::error file=star.py,line=2,")
