"""What one test run showed: a case for every test, or the sentence why there is none; read from pytest's JUnit XML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from xml.parsers import expat

from haven.quoting import clean
from haven.redact import redact

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed"]
WORST_LAST: tuple[Outcome, ...] = ("passed", "xfailed", "skipped", "failed", "error")
MOST_CASES = 50_000
MOST_NAME = 400
MOST_READ = 40_000
MOST_MESSAGE = 2_000
MOST_MESSAGES = 400_000
"""Characters: of one name, of one message as it is read and as it is kept, of all messages of a report together."""
COLLECTION = "collection failure"


@dataclass(frozen=True)
class Case:
    """One test. `seconds` counts set-up, call and tear-down; `message` is pytest's short traceback."""

    outcome: Outcome
    message: str = ""
    seconds: float = 0.0

    @property
    def bad(self) -> bool:
        return self.outcome in ("failed", "error")

    @property
    def skipped(self) -> bool:
        return self.outcome in ("skipped", "xfailed")


@dataclass(frozen=True)
class TestReport:
    """One run. The cases come from a file that the code under test could have forged: they are evidence, not proof.

    `problem` says in a sentence why there is no result or only a part of one; `untested` is true where no test gave
    one. A module that can't be imported is a case of its own, named by its file alone.
    """

    __test__ = False
    cases: Mapping[str, Case] = field(default_factory=dict)
    exit_code: int | None = None
    output: str = ""
    problem: str = ""
    seconds: float = 0.0
    untested: bool = False
    flaky: frozenset[str] = frozenset()
    """Failed here, and passed when run again with the same files."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Where no test ran: the files that don't compile or can't be imported, each with the reason."""
    altered: tuple[str, ...] = ()
    """Test files that the run itself changed or removed."""

    @property
    def broken_files(self) -> frozenset[str]:
        """Files that could not be imported."""
        return frozenset(name for name, case in self.cases.items() if case.bad and "::" not in name)

    def passed(self, name: str) -> bool:
        """Whether that test ran and passed; of a file: whether it could be imported."""
        if "::" not in name:
            return name not in self.cases and any(test.startswith(f"{name}::") for test in self.cases)
        case = self.cases.get(name)
        return case is not None and case.outcome == "passed"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "flaky": sorted(self.flaky)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TestReport:
        cases = {name: Case(**case) for name, case in data["cases"].items()}
        altered = tuple(data.get("altered", ()))
        return cls(**{**data, "cases": cases, "flaky": frozenset(data["flaky"]), "altered": altered})


def read_junit(data: bytes) -> dict[str, Case]:
    """Cases by test id ("tests/test_a.py::TestB::test_c[d]"). Raises ValueError, in words, on what is not a result."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"they are not well-formed XML ({error})") from None
    return _without_secrets(reader.cases)


def _without_secrets(cases: dict[str, Case]) -> dict[str, Case]:
    """Parameters are part of a test's name, and may hold anything. Where two names become one, the worst case stays."""
    names = "\n".join(cases)
    if redact(names) == names:
        return cases
    worst = sorted(cases.items(), key=lambda named: WORST_LAST.index(named[1].outcome))
    return {redact(name): case for name, case in worst}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]}\n...\n{text[-most // 2 :]}"


def _refuse(*_: object) -> None:
    raise ValueError("they define a document type, which pytest never does")


class _Reader:
    """Collects cases as expat walks by; a test that fails in its call and in its tear-down comes twice, worst wins."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self._case: dict[str, str] | None = None
        self._outcome: Outcome = "passed"
        self._message: list[str] = []
        self._inside = False
        self._room = MOST_MESSAGES

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            self._case, self._outcome, self._message = attributes, "passed", []
        elif self._case is not None and tag in ("failure", "error", "skipped"):
            self._inside = True
            reason = attributes.get("message", "")
            if tag == "skipped":
                self._outcome = "xfailed" if attributes.get("type") == "pytest.xfail" else "skipped"
                self._message = [reason]
            else:
                self._outcome = "failed" if tag == "failure" else "error"
                self._message = [] if tag == "failure" or reason == COLLECTION else [reason + "\n"]

    def text(self, data: str) -> None:
        if self._inside and self._outcome in ("failed", "error"):
            self._message.append(data)

    def end(self, tag: str) -> None:
        if tag in ("failure", "error", "skipped"):
            self._inside = False
        elif tag == "testcase" and self._case is not None:
            # pytest leaves a case without a name for the test that was interrupted.
            if name := _test_id(self._case):
                self._add(name, self._case.get("time", ""))
            self._case = None

    def _add(self, name: str, seconds: str) -> None:
        before = self.cases.get(name)
        if before is None and len(self.cases) >= MOST_CASES:
            raise ValueError(f"there are more than {MOST_CASES} tests")
        took = _seconds(seconds) + (before.seconds if before else 0.0)
        if before and WORST_LAST.index(before.outcome) >= WORST_LAST.index(self._outcome):
            self.cases[name] = Case(before.outcome, before.message, took)
            return
        # Redacted before the last cut, which could leave half of a secret that nothing recognises.
        message = _cut(redact(clean(_cut("".join(self._message).strip(), MOST_READ))), MOST_MESSAGE)[: self._room]
        self._room -= len(message)
        self.cases[name] = Case(self._outcome, message, took)


def _test_id(attributes: Mapping[str, str]) -> str:
    """The node id as pytest writes it, from the attributes of xunit1."""
    file, classname, name = (attributes.get(key, "") for key in ("file", "classname", "name"))
    module = file.removesuffix(".py").replace("/", ".")
    if file and name == module and not classname:
        whole = file
    elif file and (classname + ".").startswith(module + "."):
        classes = [part for part in classname[len(module) + 1 :].split(".") if part]
        whole = "::".join((file, *classes, name))
    else:
        whole = "::".join(part for part in (file, classname, name) if part)
    whole = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in whole)
    if len(whole) <= MOST_NAME:
        return whole
    return f"{whole[: MOST_NAME - 20]}...{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if 0.0 <= seconds < 1e6 else 0.0
