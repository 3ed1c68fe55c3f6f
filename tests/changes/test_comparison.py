"""What pytest's XML is read as, and what a change did to every test: pure functions, hostile input."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haven.changes.checking.comparison import (
    LOST,
    MOST_HEARD,
    MOST_KEPT,
    Comparison,
    TestClass,
    compare,
    unsettled,
)
from haven.changes.checking.testreport import MOST_CASES, MOST_MESSAGES, Case, Outcome, TestReport, read_junit

OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "error", "skipped", "xfailed")


def report(problem: str = "", **outcomes: Outcome) -> TestReport:
    return TestReport({f"t.py::{name}": Case(outcome) for name, outcome in outcomes.items()}, problem=problem)


@pytest.mark.parametrize(
    ("was", "now", "expected", "green"),
    [
        ("passed", "passed", TestClass.PASSING, True),
        ("failed", "passed", TestClass.FIXED, True),
        ("error", "failed", TestClass.FAILING_BEFORE, True),
        ("passed", "failed", TestClass.REGRESSED, False),
        ("passed", "error", TestClass.REGRESSED, False),
        ("passed", "skipped", TestClass.SKIPPED, False),
        ("passed", "xfailed", TestClass.XFAILED, False),
        ("failed", "xfailed", TestClass.XFAILED, False),
        ("skipped", "xfailed", TestClass.IDLE, True),
        ("skipped", "skipped", TestClass.IDLE, True),
        ("skipped", "passed", TestClass.PASSING, True),
        ("xfailed", "failed", TestClass.NEW_FAILING, False),
        ("passed", None, TestClass.REMOVED, False),
        ("failed", None, TestClass.REMOVED, False),
        (None, "passed", TestClass.NEW, True),
        (None, "failed", TestClass.NEW_FAILING, False),
        (None, "skipped", TestClass.IDLE, True),
    ],
)
def test_every_pair_of_outcomes_has_its_class(
    was: Outcome | None, now: Outcome | None, expected: TestClass, green: bool
) -> None:
    before = report(other="passed", **({"it": was} if was else {}))
    after = report(other="passed", **({"it": now} if now else {}))
    compared = compare(before, after)
    assert compared.classes == {"t.py::it": expected, "t.py::other": TestClass.PASSING}
    assert compared.green is green


def test_the_line_says_what_matters() -> None:
    before = report(a="passed", b="passed", c="failed", d="passed")
    compared = compare(before, report(a="passed", b="failed", c="passed", e="passed"))
    assert compared.one_line() == "1 passing, 1 new, 1 regressed, 1 fixed, 1 removed"
    assert compare(report(a="passed"), report(a="passed", b="passed")).one_line() == "1 passing, 1 new, 0 regressed"


def test_a_flaky_test_is_neither_regressed_nor_hidden() -> None:
    before, after = report(a="passed", b="passed"), report(a="failed", b="failed", c="failed")
    assert unsettled(before, after) == ["t.py::a", "t.py::b", "t.py::c"]
    half = compare(before, replace(after, flaky=frozenset({"t.py::a", "t.py::c"})))
    assert half.counts == {TestClass.FLAKY: 2, TestClass.REGRESSED: 1} and not half.green
    flaky = compare(before, replace(after, flaky=frozenset(after.cases)))
    assert flaky.green and flaky.one_line() == "0 passing, 0 new, 0 regressed, 3 flaky"


def test_a_base_that_failed_by_chance_hides_no_regression() -> None:
    before = replace(report(a="failed", b="failed"), flaky=frozenset({"t.py::a"}))
    broken = report(a="failed", b="failed")
    assert unsettled(before, broken) == ["t.py::a"], "what fails on the base each time needs no second look"
    compared = compare(before, broken)
    assert compared.classes == {"t.py::a": TestClass.REGRESSED, "t.py::b": TestClass.FAILING_BEFORE}
    assert not compared.green
    assert compare(before, replace(broken, flaky=before.flaky)).classes["t.py::a"] is TestClass.FLAKY
    passed = compare(before, report(a="passed", b="passed"))
    assert passed.classes == {"t.py::a": TestClass.FLAKY, "t.py::b": TestClass.FIXED}, "chance fixes nothing"
    no_import = TestReport({"t.py": Case("error")})
    assert unsettled(before, no_import) == ["t.py", "t.py::a"]
    assert compare(before, no_import).classes["t.py::a"] is TestClass.REGRESSED


def test_a_test_that_passes_by_checking_less_is_weakened_and_says_how() -> None:
    before, after = report(a="passed", b="failed"), report(a="passed", b="passed")
    less = {"t.py::a": "It checks 1 things where it checked 2.", "t.py::gone": "never shown"}
    compared = compare(before, after, weakened=less)
    assert compared.classes == {"t.py::a": TestClass.WEAKENED, "t.py::b": TestClass.FIXED}
    assert compared.notes == {"t.py::a": less["t.py::a"]} and not compared.green
    assert compared.one_line() == "0 passing, 0 new, 0 regressed, 1 fixed, 1 weakened"
    red = compare(before, report(a="failed", b="passed"), weakened=less)
    assert red.classes["t.py::a"] is TestClass.REGRESSED


def test_removals_are_green_where_a_person_asked_for_them() -> None:
    compared = compare(report(a="passed", b="passed", c="passed"), report(a="passed"))
    assert not compared.green and compared.of(LOST) == ["t.py::b", "t.py::c"]
    assert not replace(compared, asked=("t.py::b",)).green
    assert replace(compared, asked=("t.py::b", "t.py::c")).green


def test_tests_of_a_module_that_no_longer_imports_are_regressed() -> None:
    after = TestReport({"t.py": Case("error", "SyntaxError"), "u.py::x": Case("passed")})
    compared = compare(report(a="passed", b="failed"), after)
    assert compared.classes["t.py::a"] is TestClass.REGRESSED
    assert compared.classes["t.py::b"] is TestClass.FAILING_BEFORE
    back = compare(TestReport({"t.py": Case("error")}), report(a="passed"))
    assert back.classes == {"t.py": TestClass.FIXED, "t.py::a": TestClass.NEW}


def test_tens_of_thousands_of_tests_under_new_names_are_compared_in_one_pass() -> None:
    """Looking at all tests again for each one that is missing took most of a minute."""
    counted = _Counted({f"t.py::new[{number}]": Case("passed") for number in range(20_000)})
    before = TestReport({f"t.py::old[{number}]": Case("passed") for number in range(20_000)})
    compared = compare(before, TestReport(counted))
    assert compared.counts == {TestClass.REMOVED: 20_000, TestClass.NEW: 20_000}
    assert counted.walks < 10


class _Counted(dict[str, Case]):
    """Counts how often all of it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return super().__iter__()

    def items(self) -> Any:
        self.walks += 1
        return super().items()


def test_a_run_that_ended_early_is_never_green() -> None:
    compared = compare(report(a="passed", b="passed"), report("The tests timed out.", a="passed"))
    assert compared.classes["t.py::b"] is TestClass.NO_RESULT
    assert not compared.green and "The tests timed out." in compared.one_line()


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ({"exit_code": 0}, {"exit_code": 1}, "exit code 1, although no test failed"),
        ({"exit_code": 0}, {"exit_code": -9}, "exit code -9"),
        ({"exit_code": 1}, {"exit_code": 1}, ""),
        ({}, {"altered": ("tests/test_b.py",)}, "changed the project's own test files: tests/test_b.py."),
        ({}, {"altered": ("a", "b", "c", "d", "e")}, "a, b, c and 2 more"),
        ({"altered": ("tests/test_b.py",)}, {"altered": ("tests/test_b.py",)}, ""),
    ],
)
def test_results_that_contradict_the_run_are_not_green(was: dict[str, Any], now: dict[str, Any], said: str) -> None:
    compared = compare(replace(report(a="passed"), **was), replace(report(a="passed"), **now))
    assert compared.green is (not said) and said in compared.one_line()


def test_a_failing_run_with_failing_tests_needs_no_more_words() -> None:
    after = replace(report(a="failed"), exit_code=1)
    assert compare(report(a="failed"), after).problem == ""


def test_no_tests_at_all_is_untested_and_not_green() -> None:
    compared = compare(TestReport(untested=True), TestReport(untested=True, problem="No tests were collected."))
    assert not compared.green and compared.one_line() == "untested: No tests were collected."


@given(
    st.dictionaries(st.text(), st.sampled_from(OUTCOMES)),
    st.dictionaries(st.text(), st.sampled_from(OUTCOMES)),
    st.text(),
)
def test_any_pair_of_reports_is_classed_and_survives_storage(
    was: dict[str, Outcome], now: dict[str, Outcome], problem: str
) -> None:
    before, after = (TestReport({name: Case(outcome) for name, outcome in run.items()}) for run in (was, now))
    after = TestReport(after.cases, 1, "out", problem, 2.5, not now, altered=("t.py",))
    compared = compare(before, after)
    assert set(compared.classes) >= {*was, *now}
    assert Comparison.from_json(json.loads(json.dumps(compared.to_json()))) == compared
    assert TestReport.from_json(json.loads(json.dumps(after.to_json()))) == after


def test_of_tests_that_fail_the_end_of_what_they_said_is_kept_within_bounds() -> None:
    told = "\n".join(f"line {number} of {'a long story' * 4}" for number in range(60)) + "\nE   assert 1 == 2"
    before = report(bad="passed", fine="passed", away="passed", old="failed")
    now = {"bad": Case("failed", told), "old": Case("failed", told), "fine": Case("passed", told)}
    now["away"] = Case("skipped", "slow")
    said = compare(before, TestReport({f"t.py::{name}": case for name, case in now.items()})).said
    assert said["t.py::away"] == "slow" and said.keys() == {"t.py::bad", "t.py::old", "t.py::away"}
    assert said["t.py::bad"].startswith("line ") and said["t.py::bad"].endswith("story\nE   assert 1 == 2")
    assert len(said["t.py::bad"]) <= MOST_HEARD
    many = {f"t.py::{number:03}": Case("failed", "x" * 5_000) for number in range(200)}
    crowd = compare(TestReport({"t.py::000": Case("failed")}), TestReport(many)).said
    assert sum(map(len, crowd.values())) <= MOST_KEPT and "t.py::199" not in crowd
    assert "t.py::000" not in crowd, "what failed before comes last"


def test_a_round_that_was_stored_before_outputs_were_kept_is_read() -> None:
    stored = compare(report(a="passed"), report(a="failed")).to_json()
    del stored["said"]
    assert Comparison.from_json(stored).said == {}


def xml(cases: str) -> bytes:
    return f'<?xml version="1.0"?><testsuites><testsuite name="pytest">{cases}</testsuite></testsuites>'.encode()


def test_ids_are_those_that_pytest_prints() -> None:
    cases = read_junit(
        xml(
            '<testcase classname="tests.test_a.TestB" name="test_c[x::y]" file="tests/test_a.py" time="1.5"/>'
            '<testcase classname="" name="tests.test_b" file="tests/test_b.py"><error message="collection failure">'
            "No module named nope</error></testcase>"
        )
    )
    assert cases == {
        "tests/test_a.py::TestB::test_c[x::y]": Case("passed", "", 1.5),
        "tests/test_b.py": Case("error", "No module named nope"),
    }


def test_failing_in_the_call_and_in_the_tear_down_is_one_case() -> None:
    one = '<testcase classname="t" name="a" file="t.py" time="1">'
    cases = read_junit(
        xml(f'{one}<failure message="f">first</failure></testcase>{one}<error message="e">second</error></testcase>')
    )
    assert cases == {"t.py::a": Case("error", "e\nsecond", 2.0)}


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
)


@pytest.mark.parametrize(
    "data",
    [
        (BOMB + ']><testsuites><testcase name="&m;"/></testsuites>').encode(),
        ('<?xml version="1.0" encoding="utf-16"?>' + BOMB + "]><x>&m;</x>").encode("utf-16"),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"",
        b"\x00\xff",
        b"<testsuites><testcase></testsuites>",
        xml("".join(f'<testcase name="n{number}"/>' for number in range(MOST_CASES + 1))),
    ],
    ids=["bomb", "bomb in UTF-16", "file", "empty", "noise", "cut", "too many"],
)
def test_hostile_xml_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"they|there"):
        read_junit(data)


@pytest.mark.parametrize("failing", [0, 1])
def test_a_failure_is_not_lost_behind_a_test_whose_name_differs_in_a_secret_alone(failing: int) -> None:
    bodies = ["", ""]
    bodies[failing] = '<failure message="no">it broke</failure>'
    tokens = [f"ghp_{secrets.token_hex(18)}" for _ in bodies]
    named = zip(tokens, bodies, strict=True)
    rows = (f'<testcase file="t.py" classname="t" name="test_a[{one}]">{body}</testcase>' for one, body in named)
    ((name, case),) = read_junit(xml("".join(rows))).items()
    assert case.outcome == "failed" and not any(token in name for token in tokens)


def test_no_secret_of_a_failing_test_is_kept() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    body = f'<failure message="m">{"x" * 960} assert key == {token}{" y" * 20_000}</failure>'
    cases = read_junit(xml(f'<testcase file="t.py" classname="t" name="test_a[{token}]">{body}</testcase>'))
    ((name, case),) = cases.items()
    assert token[:12] not in name + case.message and name.startswith("t.py::test_a[") and "assert key" in case.message


def test_no_message_steers_a_terminal_or_hides_what_it_says() -> None:
    body = "<failure>E \u202e\u009b31m\x7f assert\u2066 0</failure>"
    (case,) = read_junit(xml(f'<testcase file="t.py" classname="t" name="test_a">{body}</testcase>')).values()
    assert case.message == "E 31m assert 0"


def test_forged_sizes_and_names_are_cut() -> None:
    name, message = "n" * 10_000 + "&#10;\u202e", "m" * 10_000
    many = "".join(
        f'<testcase file="t.py" classname="t" name="{number}{name}" time="nan"><failure>{message}</failure></testcase>'
        for number in range(300)
    )
    cases = read_junit(xml(many))
    assert len(cases) == 300 and max(map(len, cases)) <= 400
    assert sum(len(case.message) for case in cases.values()) <= MOST_MESSAGES
    assert all(case.seconds >= 0 for case in cases.values())


def test_an_interrupted_test_leaves_no_case() -> None:
    assert read_junit(xml('<testcase time="1.0"/>')) == {}


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        read_junit(data)
    except ValueError:
        pass
