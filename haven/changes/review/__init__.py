"""What a person sees and decides about a change: data for every face (`text.py` makes it plain text)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from haven.changes.review.diffing import FileDiff
from haven.quoting import ended

STAND_IN = "stand-in, not Claude"
IN_REVIEW = "review"
BAD = ("regressed", "new_failing", "no_result", "removed", "skipped", "xfailed", "weakened")
"""Classes of tests that a person must know of before merging."""
MEANING = {
    "regressed": "passed before, fails now",
    "new_failing": "new, and fails",
    "no_result": "the run ended before their turn",
    "removed": "ran before, gone now",
    "skipped": "ran before, skipped now",
    "xfailed": "ran before, expected to fail now",
    "weakened": "checks less than before",
    "flaky": "fails only now and then",
    "failing_before": "failed already before the change",
}
"""Classes of tests in words for people who don't program; the others are plain."""
NO_MARK = "The rules for risk found nothing in it to look at twice."
NAMED = 3
"""Tests and risk marks that the first look names."""

Confirm = Literal["tap", "two taps", "type the id"]
Level = Literal["ok", "note", "alert"]


class Stat(Protocol):
    """One file of the diff; the numbers of lines are None for a binary file."""

    @property
    def path(self) -> str: ...
    @property
    def added(self) -> int | None: ...
    @property
    def removed(self) -> int | None: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True)
class Sent:
    """One call that left the house: what for, to whom, how many values of each kind were taken out, US dollars."""

    what: str
    to: str
    redacted: Mapping[str, int]
    usd: float


@dataclass(frozen=True)
class Look:
    """One of the things that a person sees first: what it is about, how good it is, and a sentence."""

    about: Literal["Tests", "Risk", "Decide"]
    level: Level
    said: str


@dataclass(frozen=True)
class PastRound:
    """One round so far. `cause` is request, repair, tweak, conflict or undo; `ended` says why it stopped."""

    number: int
    cause: str
    tests: str
    """One line."""
    ended: str = ""
    commit: str = ""
    """"" where it gave no edits that could be used: there is nothing to go back to."""
    files: tuple[str, ...] = ()
    """Paths that differ from the base."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Tests by class."""
    usd: float = 0.0
    seconds: float = 0.0
    instruction: str = ""
    """The person's words, or what was red."""


@dataclass(frozen=True)
class RoundPair:
    """Two rounds of a change side by side: the diff leads from the first to the second."""

    id: str
    first: PastRound
    second: PastRound
    diff: str
    files: tuple[FileDiff, ...]
    tests: tuple[tuple[str, str, str], ...]
    """Tests of another class: its id, the class in the first and in the second; "" where it is not there."""

    def to_json(self) -> dict[str, Any]:
        named = [dict(zip(("test", "first", "second"), one, strict=True)) for one in self.tests]
        rounds = {"first": asdict(self.first), "second": asdict(self.second)}
        return {"id": self.id, **rounds, "tests": named, "files": [f.to_json() for f in self.files], "diff": self.diff}


@dataclass(frozen=True)
class Review:
    """Everything that a decision needs. `tests` is a Comparison as JSON, `route` that of the shown round."""

    id: str
    title: str
    kind: str
    state: str
    round: int
    commit: str
    base: str
    requester: str
    assistant: str
    reasons: tuple[str, ...]
    """Why this assistant owns it."""
    summary: Mapping[str, str]
    """`text`, `by` (a model's name, or `rules`), and `facts` where a model wrote the text."""
    files: tuple[FileDiff, ...]
    diff: str
    tests: Mapping[str, Any]
    risk_marks: tuple[str, ...]
    """What takes a second tap."""
    route: Mapping[str, Any]
    """tier, model, reasons, usage (tokens), stand_in."""
    cost_usd: float
    worst_usd: float
    sent: tuple[Sent, ...]
    rounds: tuple[PastRound, ...]
    stand_in: bool
    request: str = ""
    branch: str = ""
    target: str = ""
    worded_by: str = ""
    """The id of the person whose words this round goes by, where that is somebody else than who asked first."""
    reason: str = ""
    """Why it waits, failed or came back."""
    notes: tuple[str, ...] = ()
    """Where an edit matched only roughly."""
    risk_notes: tuple[str, ...] = ()
    """What is worth knowing, and takes no second tap."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """Of all calls that left the house: `fresh` and `cached` were read, `written` came back."""
    plan: tuple[str, ...] = ()
    """What a person decides on before edits are asked for, a line each; empty where no plan waits."""
    plan_id: str = ""
    """Stands for exactly this plan: a word about it is bound to it, as an approval is to its commit."""
    ahead: int | None = None
    """How many changes come before it in the queue; None where it does not wait for its turn."""
    approved_by: tuple[str, ...] = ()
    """Who has approved this very commit so far, an entry a person."""
    people: int = 1
    """How many different people it takes."""

    @property
    def why_not(self) -> str:
        """Why the normal button must not merge it, in a sentence; "" where it may."""
        if self.state != IN_REVIEW:
            return f"It is in the state {self.state!r}, so there is nothing to approve."
        if not self.commit:
            return "This round has no edits that could be merged."
        return why_red(self.tests)

    @property
    def mergeable(self) -> bool:
        """Whether the normal button (one tap, or two with risk marks) may merge it."""
        return not self.why_not

    @property
    def confirm(self) -> Confirm:
        """What an approval takes."""
        if why_red(self.tests):
            return "type the id"
        return "two taps" if self.risk_marks else "tap"

    @property
    def second_look(self) -> str:
        """What is asked between two taps."""
        return f"Merge it all the same? {_marked(self.risk_marks)}"

    @property
    def people_said(self) -> str:
        """Who has approved and who must still; "" where one person is enough."""
        if self.people < 2 or self.state != IN_REVIEW:
            return ""
        names = ", ".join(self.approved_by)
        so_far = f"{names} approved this commit. " if names else ""
        more = self.people - len(self.approved_by)
        who = "another person" if names else "different people"
        return f"{so_far}Its risk takes {more} {'more approval by ' + who if names else 'approvals by ' + who}."

    @property
    def first_look(self) -> tuple[Look, ...]:
        """Whether the tests are fine, whether there is a risk, and what can be decided."""
        decide = Look("Decide", "ok" if self.confirm == "tap" else "note", self.decision)
        decided = (decide,) if self.state == IN_REVIEW else ()
        if not self.commit:
            return decided
        red = why_red(self.tests, named=False)
        in_order = Look("Tests", "ok", f"The tests are in order: {self.tests.get('one_line', '')}.")
        return (
            Look("Tests", "alert", red) if red else in_order,
            Look("Risk", "note", _marked(self.risk_marks)) if self.risk_marks else Look("Risk", "ok", NO_MARK),
            *decided,
        )

    @property
    def queue_said(self) -> str:
        """Its place in the queue, in a sentence; "" where it is in none."""
        if self.ahead is None:
            return ""
        one = self.ahead == 1
        return f"{self.ahead} change{'' if one else 's'} come{'s' * one} before it." if self.ahead else "It is next."

    @property
    def decision(self) -> str:
        """What can be decided now and what it takes, in a sentence or two."""
        if self.plan:
            return "Approve the plan, say in words what should be different, skip it, or reject the change."
        if self.state != IN_REVIEW:
            return self.why_not
        if not self.commit:
            return f"{self.why_not} Tweak it in words, or reject it."
        into = f"merges it into {self.target}" if self.target else "merges it"
        takes = {"tap": into, "two taps": f"{into} and takes two taps, because of the risk"}
        said = takes.get(self.confirm, f"{into} only after typing the id {self.id}")
        return " ".join([f"Approve {said}; tweak it for another round, or reject it.", self.people_said]).strip()

    def to_json(self) -> dict[str, Any]:
        """A plain dict, with the verdict."""
        fields = {name: value for name, value in vars(self).items() if name not in {"files", "sent", "rounds"}}
        return {
            **{name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()},
            "files": [file.to_json() for file in self.files],
            "sent": [asdict(one) for one in self.sent],
            "rounds": [asdict(one) for one in self.rounds],
            "first_look": [asdict(one) for one in self.first_look],
            "mergeable": self.mergeable,
            "why_not": self.why_not,
            "confirm": self.confirm,
        }


def why_red(tests: Mapping[str, Any], *, named: bool = True) -> str:
    """Why the tests don't allow a merge, in a sentence; "" where they are green. Unclear results count as untested.

    Some tests are `named`, else it is said what their class means.
    """
    problem = str(tests.get("problem") or "").strip()
    if not tests or tests.get("untested", True):
        return f"It is untested: {ended(problem)}" if problem else "It is untested."
    classes = by_class(tests)
    if tests.get("green") is True and not any(classes[name] for name in BAD[:3]):
        return ""
    found = {name: classes[name] for name in BAD if classes[name]}
    said = ", ".join(
        f"{len(tests)} {name.replace('_', ' ') if named else class_said(name)}" for name, tests in found.items()
    )
    if found:
        lost = [test for tests in found.values() for test in tests]
        examples = f" ({', '.join(lost[:NAMED])}{', …' if len(lost) > NAMED else ''})" if named else ""
        return f"Its tests are not in order: {said}{examples}."
    return f"Its tests are not in order: {ended(problem or 'there is no clear result')}"


def class_said(name: str) -> str:
    """A class of tests by its name, and what it means where that isn't plain."""
    return name.replace("_", " ") + (f" ({MEANING[name]})" if name in MEANING else "")


def _marked(marks: Sequence[str]) -> str:
    more = f"; and {len(marks) - NAMED} more" if len(marks) > NAMED else ""
    return f"Look twice: {'; '.join(marks[:NAMED])}{more}."


def by_class(tests: Mapping[str, Any]) -> dict[str, list[str]]:
    """Test ids by class, the bad ones first."""
    found: dict[str, list[str]] = {name: [] for name in BAD}
    for test, name in sorted(dict(tests.get("classes") or {}).items()):
        found.setdefault(str(name), []).append(test)
    return found


def summary_fallback(files: Sequence[Stat], tests: str) -> str:
    """One paragraph by rules, for when no model is there; `tests` is the one line of the comparison."""
    if not files:
        return "It changes no files."
    added, removed = (sum(getattr(file, name) or 0 for file in files) for name in ("added", "removed"))
    verbs = Counter(_verb(file) for file in files)
    parts = [f"{verb} {count} file{'s' * (count > 1)}" for verb, count in sorted(verbs.items())]
    largest = sorted(files, key=lambda file: (-(file.added or 0) - (file.removed or 0), file.path))[:4]
    named = ", ".join(file.path for file in largest) + (f" and {len(files) - 4} more" if len(files) > 4 else "")
    text = f"It {_and(parts)} ({named}): {added} lines added, {removed} removed."
    if not any("test" in file.path for file in files):
        text += " No test is touched."
    return f"{text} Tests: {tests}." if tests else text


def _verb(file: Stat) -> str:
    verbs = {"A": "adds", "D": "removes", "R": "moves", "C": "copies"}
    return verbs.get(file.status[:1].upper(), "changes")


def _and(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
