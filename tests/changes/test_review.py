"""The review: what may be merged and how, and what a person reads before deciding."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from haven.changes.review import PastRound, Review, RoundPair, Sent, summary_fallback
from haven.changes.review.diffing import FileDiff, files_of
from haven.changes.review.text import render, render_pair

GREEN: dict[str, Any] = {
    "classes": {"tests/test_a.py::test_old": "passing", "tests/test_a.py::test_export": "new"},
    "counts": {"passing": 1, "new": 1},
    "green": True,
    "one_line": "1 passing, 1 new, 0 regressed",
    "problem": "",
    "untested": False,
}
RED = {
    **GREEN,
    "classes": {**GREEN["classes"], "tests/test_b.py::test_zoom": "regressed"},
    "green": False,
    "one_line": "1 passing, 1 new, 1 regressed",
}
UNTESTED = {**GREEN, "classes": {}, "green": False, "untested": True, "problem": "bubblewrap is missing."}


DIFF = """\
diff --git a/atlas/viewer.py b/atlas/viewer.py
--- a/atlas/viewer.py
+++ b/atlas/viewer.py
@@ -7 +7,2 @@ class Viewer:
-old
+new
+more
diff --git a/docs/shot.png b/docs/shot.png
new file mode 100644
Binary files /dev/null and b/docs/shot.png differ
"""


@dataclass(frozen=True)
class Stat:
    path: str
    added: int | None
    removed: int | None
    status: str


REVIEW = Review(
    id="a1b2c3",
    title="Export the map as PNG",
    kind="feature",
    state="review",
    round=2,
    commit="1234567890abcdef",
    base="fedcba0987654321",
    requester="Ada",
    assistant="Cartographer",
    reasons=("it owns the map viewer",),
    summary={"text": "Adds an export button.", "by": "rules"},
    files=files_of(DIFF),
    diff=DIFF,
    tests=GREEN,
    risk_marks=(),
    route={"tier": "cloud", "model": "claude-x", "reasons": ["code is written by Claude"], "usage": {"input": 1200}},
    cost_usd=0.0123,
    worst_usd=0.2,
    sent=(Sent("edits for change a1b2c3", "Anthropic", {"EMAIL": 2}, 0.0123),),
    rounds=(
        PastRound(1, "request", "1 regressed", "tests failed", "a" * 40, ("atlas/viewer.py",), usd=0.01, seconds=41.2),
        PastRound(2, "repair", "1 passing, 1 new", commit="b" * 40, files=("atlas/viewer.py", "docs/shot.png")),
    ),
    stand_in=False,
    request="Add a button that exports the map",
    branch="haven/change-a1b2c3-export",
    target="main",
    tokens={"fresh": 1200, "cached": 800, "written": 90},
)


def test_green_takes_one_tap_and_a_risk_mark_two() -> None:
    assert (REVIEW.mergeable, REVIEW.confirm, REVIEW.why_not) == (True, "tap", "")
    risky = replace(REVIEW, risk_marks=("conftest.py: decides how tests run",))
    assert (risky.mergeable, risky.confirm) == (True, "two taps")


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (RED, "1 regressed (tests/test_b.py::test_zoom)"),
        (UNTESTED, "untested: bubblewrap is missing."),
        ({}, "untested"),
        ({"green": True}, "untested"),
        ({**RED, "green": True}, "1 regressed"),
        ({**GREEN, "green": False, "problem": "timed out after 600 s"}, "timed out after 600 s"),
        ({**GREEN, "green": False, "classes": {"t::a": "removed", "t::b": "skipped"}}, "1 removed, 1 skipped"),
        ({**GREEN, "green": False}, "no clear result"),
    ],
)
def test_untested_and_red_take_the_typed_id_and_say_why(tests: dict[str, Any], said: str) -> None:
    review = replace(REVIEW, tests=tests, risk_marks=("risky",))
    assert not review.mergeable and review.confirm == "type the id"
    assert said in review.why_not
    assert "typing the id a1b2c3" in " ".join(render(review, 100).split())


def test_tests_that_a_person_asked_to_remove_do_not_stop_a_merge() -> None:
    asked = {**GREEN, "classes": {**GREEN["classes"], "t::gone": "removed"}, "green": True}
    review = replace(REVIEW, tests=asked)
    assert review.mergeable
    assert "removed (ran before, gone now): t::gone" in render(review, 100)


def test_only_a_change_in_review_with_edits_can_be_approved() -> None:
    assert "'merged'" in replace(REVIEW, state="merged").why_not
    assert "no edits" in replace(REVIEW, commit="").why_not
    assert not replace(REVIEW, state="testing").mergeable


def test_the_json_is_plain_and_whole() -> None:
    data = json.loads(json.dumps(replace(REVIEW, tests=RED).to_json()))
    assert (data["mergeable"], data["confirm"]) == (False, "type the id")
    viewer, shot = data["files"]
    assert (shot["path"], shot["added"], shot["status"], shot["binary"]) == ("docs/shot.png", None, "A", True)
    assert viewer["hunks"][0]["heading"] == "class Viewer:"
    assert viewer["hunks"][0]["lines"][1] == {"sign": "+", "text": "new", "old": None, "new": 7}
    assert data["rounds"][0]["commit"] == "a" * 40 and data["rounds"][0]["files"] == ["atlas/viewer.py"]
    assert data["sent"][0]["redacted"] == {"EMAIL": 2}
    assert data["rounds"][0]["ended"] == "tests failed"
    assert data["diff"] == REVIEW.diff


def test_the_terminal_shows_all_that_a_decision_needs_and_the_diff_last() -> None:
    text = render(REVIEW, 72)
    for part in (
        *("Change a1b2c3", "round 2", "Adds an export button. (by rules)", "Ada: Add a button"),
        *("1 passing, 1 new, 0 regressed", "new: tests/test_a.py::test_export", "atlas/viewer.py (M, +2 -1)"),
        *("0.0123 USD, worst case 0.2000 USD", "1,200 read afresh, 800 read from the cache", "2 EMAIL", "to Anthropic"),
        *("1 (request): 1 regressed, 1 file, 0.0100 USD, 41 s; tests failed", "2 (repair, shown here)"),
        *("1234567890ab on fedcba098765", "Approve merges it into main; tweak it", "Cartographer: it owns", "binary"),
    ):
        assert part in " ".join(text.split()), part
    assert text.endswith(DIFF)
    above = text.split("─" * 72)[0]
    assert max(len(line) for line in above.splitlines()) <= 72
    assert "stand-in" not in text


def test_the_first_look_says_what_matters_before_anything_else() -> None:
    looks = {look.about: look for look in REVIEW.first_look}
    assert {look.level for look in looks.values()} == {"ok"} and "1 passing, 1 new" in looks["Tests"].said
    marks = tuple(f"{name}.yml: runs on the build server" for name in "abcde")
    red = replace(REVIEW, tests=RED, risk_marks=marks, reason="round 2 is the best of 3", request="word " * 900)
    shown = {look.about: (look.level, look.said) for look in red.first_look}
    assert shown["Tests"] == ("alert", "Its tests are not in order: 1 regressed (passed before, fails now).")
    assert shown["Risk"][0] == "note" and shown["Risk"][1].endswith("c.yml: runs on the build server; and 2 more.")
    assert "only after typing the id a1b2c3" in shown["Decide"][1]
    top = render(red, 88).split("\n\n")[0].splitlines()[3:]
    assert [line.split()[0] for line in top if line[:1].strip()] == ["Summary", "Why", "Tests", "Risk", "Decide"]
    assert red.to_json()["first_look"][0]["level"] == "alert"


def test_the_first_look_without_edits_or_after_the_decision_offers_nothing_to_merge() -> None:
    (look,) = replace(REVIEW, commit="").first_look
    assert look.said == "This round has no edits that could be merged. Tweak it in words, or reject it."
    assert [look.about for look in replace(REVIEW, state="merged").first_look] == ["Tests", "Risk"]


def test_what_a_weakened_test_no_longer_checks_is_said() -> None:
    notes = {"t::a": "it has 1 assertion instead of 4"}
    text = render(replace(REVIEW, tests={**RED, "classes": {"t::a": "weakened"}, "notes": notes}), 100)
    assert "weakened (checks less than before): t::a" in text and "t::a: it has 1 assertion instead of 4" in text


def test_what_bad_tests_said_stands_between_the_facts_and_the_diff() -> None:
    names = {f"t::{name}": "regressed" for name in "abcdefg"} | {"t::old": "failing_before"}
    said = {name: "\n".join([*(f"line {number}" for number in range(30)), "E   assert 1 == 2"]) for name in names}
    above, below = render(replace(REVIEW, tests={**RED, "classes": names, "said": said}), 100).split("─" * 100)
    assert "t::a said:\n  line 19\n" in above and "line 18" not in above and "t::old said" not in above
    assert above.count("  E   assert 1 == 2") == 5 and "and 2 more tests" in above and "assert" not in below


def test_the_stand_in_is_named_wherever_the_model_is() -> None:
    text = render(replace(REVIEW, stand_in=True))
    assert "came from a stand-in, not Claude" in text
    assert "claude-x (stand-in, not Claude)" in text


def test_a_summary_by_a_model_says_so_and_stands_beside_the_facts() -> None:
    summary = {"text": "Makes it nicer.", "by": "smollm2-135m", "facts": "It changes 1 file."}
    text = " ".join(render(replace(REVIEW, summary=summary), 100).split())
    assert "written by smollm2-135m, a model" in text and "It changes 1 file." in text


@pytest.mark.parametrize("width", [1, 40, 80, 200])
def test_hostile_text_can_not_steer_the_terminal(width: int) -> None:
    nasty = "evil\x1b]0;title\x07\u202egnp.exe\x9b31m\rover"
    hostile = replace(
        REVIEW,
        title=nasty,
        request=nasty,
        diff=f"+{nasty}\n",
        files=(FileDiff(nasty),),
        tests={**RED, "classes": {nasty: "regressed"}, "one_line": nasty, "said": {nasty: nasty}},
        summary={"text": nasty, "by": nasty},
        risk_marks=(nasty,),
        risk_notes=(nasty,),
        approved_by=(nasty,),
        people=2,
        rounds=(PastRound(1, "request", nasty, nasty, "a" * 40, (nasty,), instruction=nasty),),
        route={"model": nasty, "reasons": [nasty]},
    )
    pair = RoundPair("a1b2c3", *(hostile.rounds * 2), hostile.diff, hostile.files, ((nasty, nasty, ""),))
    text = render(hostile, width) + render_pair(pair, width)
    assert not set("\x1b\x07\x9b\r\u202e") & set(text)
    assert "<U+202E>" in text and "<U+001B>" in text


def test_the_summary_by_rules_counts_and_names() -> None:
    files = [*(Stat(f"a/{i}.py", i, 0, "A") for i in range(5)), Stat("b.py", 3, 9, "M"), Stat("c.png", None, None, "D")]
    text = summary_fallback(files, "41 passing, 2 new, 0 regressed")
    assert text.startswith("It adds 5 files, changes 1 file and removes 1 file (b.py, a/4.py, a/3.py, a/2.py and 3 ")
    assert "13 lines added, 9 removed. No test is touched. Tests: 41 passing" in text
    assert summary_fallback([], "") == "It changes no files."
    assert "No test is touched" not in summary_fallback([Stat("tests/test_a.py", 1, 0, "M")], "")


def test_two_people_are_named_and_counted_while_it_waits() -> None:
    risky = replace(REVIEW, risk_marks=("conftest.py: decides how tests run",), people=2)
    assert risky.people_said == "Its risk takes 2 approvals by different people."
    once = replace(risky, approved_by=("Rena",))
    assert once.people_said == "Rena approved this commit. Its risk takes 1 more approval by another person."
    assert once.people_said in " ".join(render(once, 100).split()) and once.to_json()["approved_by"] == ["Rena"]
    assert replace(once, state="merged").people_said == "" == REVIEW.people_said


def test_two_rounds_stand_side_by_side() -> None:
    moved = (("tests/test_b.py::test_zoom", "regressed", "passing"), ("tests/test_b.py::test_new", "", "new"))
    pair = RoundPair("a1b2c3", *REVIEW.rounds, DIFF, REVIEW.files, moved)
    text = render_pair(pair, 90)
    assert text.endswith(DIFF)
    for line in text.splitlines():
        if line.startswith("Tests  "):
            assert "1 regressed" in line and "1 passing, 1 new" in line
    flat = " ".join(text.split())
    assert "test_zoom: regressed → passing" in flat and "test_new: not there → new" in flat
    assert json.loads(json.dumps(pair.to_json()))["tests"][0]["second"] == "passing"
