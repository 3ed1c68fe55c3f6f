"""What a change did to every test: both runs put side by side, each test in exactly one class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from haven.changes.checking.testreport import Case, TestReport


class TestClass(StrEnum):
    """What a change did to one test."""

    __test__ = False
    PASSING = "passing"
    FIXED = "fixed"
    NEW = "new"
    REGRESSED = "regressed"
    NEW_FAILING = "new_failing"
    FAILING_BEFORE = "failing_before"
    FLAKY = "flaky"
    """Failed once and passed when run again with the same files, those of the base or those of the change."""
    SKIPPED = "skipped"
    """Ran before, and is skipped now."""
    XFAILED = "xfailed"
    """Ran before, and is expected to fail now."""
    WEAKENED = "weakened"
    """Passes, but checks less than before."""
    REMOVED = "removed"
    IDLE = "idle"
    """Skipped now, and nothing is lost by it: it was before, or it is new."""
    NO_RESULT = "no_result"
    """The run ended before its turn."""


RED = frozenset({TestClass.REGRESSED, TestClass.NEW_FAILING})
LOST = frozenset({TestClass.SKIPPED, TestClass.XFAILED, TestClass.WEAKENED, TestClass.REMOVED})
ALWAYS_SAID = (TestClass.PASSING, TestClass.NEW, TestClass.REGRESSED)
HEARD = (
    *(TestClass.REGRESSED, TestClass.NEW_FAILING, TestClass.FLAKY, TestClass.SKIPPED, TestClass.XFAILED),
    TestClass.FAILING_BEFORE,
)
"""Classes whose tests have said something that a person may want to read, what matters most first."""
MOST_HEARD, MOST_KEPT = 1_500, 60_000
"""Characters kept of one test, and of all of a round together."""


@dataclass(frozen=True)
class Comparison:
    """Every test's class. `problem` says why the run after the change is a part only, or not to be relied on."""

    classes: Mapping[str, TestClass] = field(default_factory=dict)
    problem: str = ""
    untested: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    """Why a test has its class, in a sentence, where that isn't plain: what a weakened test no longer checks."""
    asked: tuple[str, ...] = ()
    """Tests that are lost because the person asked for it."""
    said: Mapping[str, str] = field(default_factory=dict)
    """The end of what a test printed when it failed, or why it was skipped: data, without secrets."""

    @property
    def counts(self) -> Mapping[TestClass, int]:
        return Counter(self.classes.values())

    @property
    def green(self) -> bool:
        """May be merged by the normal button: something was tested, nothing got worse and no test was lost."""
        asked = set(self.asked)
        bad = RED | LOST | {TestClass.NO_RESULT}
        worse = any(kind in bad and not (kind in LOST and name in asked) for name, kind in self.classes.items())
        return not self.untested and not self.problem and not worse

    def of(self, kinds: Collection[TestClass]) -> list[str]:
        """The tests of these classes, by name."""
        return sorted(name for name, kind in self.classes.items() if kind in kinds)

    def one_line(self) -> str:
        """Such as "41 passing, 2 new, 0 regressed"; other classes are named where there are any."""
        if self.untested:
            return f"untested: {self.problem}" if self.problem else "untested"
        counts = self.counts
        others = [kind for kind in TestClass if kind not in ALWAYS_SAID and counts[kind]]
        parts = [f"{counts[kind]} {kind.replace('_', ' ')}" for kind in (*ALWAYS_SAID, *others)]
        return ", ".join(parts) + (f" ({self.problem})" if self.problem else "")

    def to_json(self) -> dict[str, Any]:
        """A plain dict; counts, verdict and line are there for readers and are worked out again by `from_json`."""
        counts = {str(kind): count for kind, count in self.counts.items()}
        return {**asdict(self), "counts": counts, "green": self.green, "one_line": self.one_line()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        classes = {name: TestClass(kind) for name, kind in data["classes"].items()}
        asked, said = tuple(data["asked"]), data.get("said", {})  # older rounds kept nothing of it
        return cls(classes, data["problem"], data["untested"], data["notes"], asked, said)


def compare(before: TestReport, after: TestReport, *, weakened: Mapping[str, str] | None = None) -> Comparison:
    """Class every test of both runs. With tens of thousands of tests it takes a good part of a second.

    `weakened` says by function ("file::Class::test") what it no longer checks. Where the base is flaky a failure of the
    change counts as a regression.
    """
    classes: dict[str, TestClass] = {}
    broken = after.broken_files
    for name in sorted({*before.cases, *after.cases}):
        was, now = before.cases.get(name), after.cases.get(name)
        if now is not None:
            classes[name] = _class(was, now, name in before.flaky, name in after.flaky)
        elif was is not None and file_of(name) in broken:
            classes[name] = _class(was, Case("error"), name in before.flaky, name in after.flaky)
        else:
            classes[name] = TestClass.NO_RESULT if after.problem else TestClass.REMOVED
    tested = {file_of(name) for name in after.cases if "::" in name}
    classes |= {file: TestClass.FIXED for file in before.broken_files & tested if file not in after.cases}
    notes = _weaken(classes, weakened or {})
    problem = after.problem or _doubtful(before, after)
    return Comparison(classes, problem, after.untested, notes, said=_heard(classes, after))


def _heard(classes: Mapping[str, TestClass], after: TestReport) -> dict[str, str]:
    """What the tests of the change said, by their names, within bounds."""
    kept, room = dict[str, str](), MOST_KEPT
    loud = [(HEARD.index(kind), name) for name, kind in classes.items() if kind in HEARD and name in after.cases]
    for _, name in sorted(loud):
        words = after.cases[name].message.strip()
        if words and room > 0:
            kept[name] = _tail(words, min(MOST_HEARD, room))
            room -= len(kept[name])
    return kept


def _tail(text: str, most: int) -> str:
    """Its last lines, as many whole ones as fit; a last line that is too long keeps its own end."""
    if len(text) <= most:
        return text
    cut = text[-most:]
    return cut.partition("\n")[2] or cut


def _doubtful(before: TestReport, after: TestReport) -> str:
    """Why the results are not to be relied on, where that was not so on the base, or ""."""
    if after.untested:
        return ""
    if altered := sorted(set(after.altered) - set(before.altered)):
        more = f" and {len(altered) - 3} more" if len(altered) > 3 else ""
        return f"The run changed the project's own test files: {', '.join(altered[:3])}{more}."
    if _contradicts(after) and not _contradicts(before):
        return f"The test run ended with exit code {after.exit_code}, although no test failed."
    return ""


def _contradicts(report: TestReport) -> bool:
    """Whether the run says that it failed, and no test of it does."""
    return bool(report.exit_code) and not any(case.bad for case in report.cases.values())


def function_of(name: str) -> str:
    """A test's id without its parameters."""
    return name.partition("[")[0]


def file_of(name: str) -> str:
    """The file that a test stands in."""
    return name.partition("::")[0]


def unsettled(before: TestReport | None, report: TestReport) -> list[str]:
    """The failures of a run that running again may clear up: all but those that fail on the base each time."""
    earlier = before.cases if before else {}
    settled = {name for name, case in earlier.items() if case.bad} - (before.flaky if before else set())
    broken = report.broken_files
    lost = {name for name in earlier.keys() - report.cases.keys() if file_of(name) in broken}
    return sorted(({name for name, case in report.cases.items() if case.bad} | lost) - settled)


def _class(was: Case | None, now: Case, flaky_before: bool, flaky_now: bool) -> TestClass:
    if flaky_now:
        return TestClass.FLAKY
    if now.bad:
        if was is not None and was.bad and not flaky_before:
            return TestClass.FAILING_BEFORE
        return TestClass.REGRESSED if was is not None and not was.skipped else TestClass.NEW_FAILING
    if now.skipped:
        lost = TestClass.XFAILED if now.outcome == "xfailed" else TestClass.SKIPPED
        return TestClass.IDLE if was is None or was.skipped else lost
    if was is None:
        return TestClass.NEW
    if flaky_before:
        return TestClass.FLAKY
    return TestClass.FIXED if was.bad else TestClass.PASSING


def _weaken(classes: dict[str, TestClass], weakened: Mapping[str, str]) -> dict[str, str]:
    """Move what passes by checking less to its own class; the notes for it and for what is lost otherwise."""
    passes = {TestClass.PASSING, TestClass.FIXED, TestClass.FLAKY}
    notes = {name: weakened[function_of(name)] for name in classes if function_of(name) in weakened}
    for name in notes:
        if classes[name] in passes:
            classes[name] = TestClass.WEAKENED
    return notes
