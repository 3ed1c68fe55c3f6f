"""What a person sees and decides about a change: data for every face, and plain text for the terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from haven.quoting import visible

STAND_IN = "stand-in, not Claude"
IN_REVIEW = "review"
BAD = ("regressed", "new_failing", "no_result", "removed", "skipped")
"""Classes of tests that a person must know of before merging."""
LABEL = 12
"""Width of the left column."""

Confirm = Literal["tap", "two taps", "type the id"]


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
class PastRound:
    """One round so far. `cause` is request, repair or tweak; `ended` says why it stopped."""

    number: int
    cause: str
    tests: str
    ended: str = ""


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
    files: tuple[Stat, ...]
    diff: str
    tests: Mapping[str, Any]
    risk_marks: tuple[str, ...]
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
    reason: str = ""
    """Why it waits, failed or came back."""
    notes: tuple[str, ...] = ()
    """Where an edit matched only roughly."""

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

    def to_json(self) -> dict[str, Any]:
        """A plain dict, with the verdict."""
        fields = {name: value for name, value in vars(self).items() if name not in {"files", "sent", "rounds"}}
        return {
            **{name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()},
            "files": [_stat(file) for file in self.files],
            "sent": [asdict(one) for one in self.sent],
            "rounds": [asdict(one) for one in self.rounds],
            "mergeable": self.mergeable,
            "why_not": self.why_not,
            "confirm": self.confirm,
        }


def why_red(tests: Mapping[str, Any]) -> str:
    """Why the tests don't allow a merge, in a sentence; "" where they are green. Unclear results count as untested."""
    problem = str(tests.get("problem") or "").strip().rstrip(".")
    if not tests or tests.get("untested", True):
        return f"It is untested: {problem}." if problem else "It is untested."
    classes = by_class(tests)
    if tests.get("green") is True and not any(classes[name] for name in BAD[:3]):
        return ""
    found = [f"{len(classes[name])} {name.replace('_', ' ')}" for name in BAD if classes[name]]
    examples = [test for name in BAD for test in classes[name]][:3]
    if found:
        return f"Its tests are not in order: {', '.join(found)} ({', '.join(examples)})."
    return f"Its tests are not in order: {problem or 'there is no clear result'}."


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


def render(review: Review, width: int = 80) -> str:
    """The whole review as plain text, `width` cells wide but for the diff, which comes last.

    Nothing in it can steer a terminal: control and direction characters are shown by their numbers.
    """
    width = max(40, width)
    head = f"Change {review.id} · {review.kind} · {review.state} · round {review.round}"
    lines = [visible(head), *textwrap.wrap(_flat(review.title), width), "═" * width]
    if review.stand_in:
        lines += [f"!! The answer came from a {STAND_IN}.", ""]
    for label, paragraphs in _sections(review):
        lines += _column(label, paragraphs, width)
    lines += ["", "─" * width, *(visible(review.diff).rstrip("\n").split("\n") if review.diff else ["(no diff)"])]
    return "\n".join(lines) + "\n"


def _sections(review: Review) -> Iterator[tuple[str, list[str]]]:
    by = review.summary.get("by", "rules")
    written = "by rules" if by == "rules" else f"written by {by}, a model: check it against the diff"
    yield "Summary", [f"{review.summary.get('text', '')} ({written})", review.summary.get("facts", "")]
    yield "Asked", [f"{review.requester}: {review.request}" if review.request else review.requester]
    yield "Assistant", [f"{review.assistant}: {'; '.join(review.reasons)}" if review.reasons else review.assistant]
    yield "Why here", [review.reason]
    yield "Branch", [_branch(review)]
    yield "Tests", [_first_line(review.tests), *_test_lines(review.tests)]
    yield "Files", [_file_line(file) for file in review.files]
    yield "Risk", list(review.risk_marks)
    yield "Notes", list(review.notes)
    yield "Route", [_route_line(review), *map(str, review.route.get("reasons", ()))]
    yield "Cost", [f"{review.cost_usd:.4f} USD, worst case {review.worst_usd:.4f} USD{_tokens(review.route)}"]
    yield "Left house", [_sent_line(one) for one in review.sent] or ["nothing"]
    yield "Rounds", [_round_line(one) for one in review.rounds]
    yield "Decide", [_decide_line(review)]


def _column(label: str, paragraphs: Sequence[str], width: int) -> list[str]:
    """A label, and beside it the paragraphs; nothing at all where there are none."""
    wrapper = textwrap.TextWrapper(width - LABEL, subsequent_indent="  ")
    lines = [line for text in paragraphs for line in wrapper.wrap(_flat(text))]
    return [f"{label if number == 0 else '':<{LABEL}}{line}" for number, line in enumerate(lines)]


def _flat(text: str) -> str:
    return " ".join(visible(text).split())


def _branch(review: Review) -> str:
    if not review.commit:
        return f"{review.branch or 'no branch yet'}, no commit"
    into = f", to be merged into {review.target}" if review.target else ""
    return f"{review.branch} {review.commit[:12]} on {review.base[:12]}{into}".strip()


def _first_line(tests: Mapping[str, Any]) -> str:
    line = str(tests.get("one_line") or "untested")
    return f"UNTESTED: {tests.get('problem') or line}" if tests.get("untested", True) else line


def _test_lines(tests: Mapping[str, Any]) -> Iterator[str]:
    """The tests that changed, by class; those that pass as before are only counted."""
    for name, found in by_class(tests).items():
        if found and name not in {"passing", "idle"}:
            more = f" and {len(found) - 8} more" if len(found) > 8 else ""
            yield f"{name.replace('_', ' ')}: {', '.join(found[:8])}{more}"


def by_class(tests: Mapping[str, Any]) -> dict[str, list[str]]:
    """Test ids by class, the bad ones first."""
    found: dict[str, list[str]] = {name: [] for name in BAD}
    for test, name in sorted(dict(tests.get("classes") or {}).items()):
        found.setdefault(str(name), []).append(test)
    return found


def _file_line(file: Stat) -> str:
    lines = "binary" if file.added is None else f"+{file.added} -{file.removed or 0}"
    return f"{file.path} ({file.status}, {lines})"


def _route_line(review: Review) -> str:
    if not review.route:
        return "no model was asked yet"
    named = f"{review.route.get('tier', '?')}: {review.route.get('model', '?')}"
    return f"{named} ({STAND_IN})" if review.stand_in else named


def _tokens(route: Mapping[str, Any]) -> str:
    usage = route.get("usage") or {}
    counted = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in usage.items() if count)
    return f"; tokens: {counted}" if counted else ""


def _sent_line(one: Sent) -> str:
    hidden = ", ".join(f"{count} {kind}" for kind, count in sorted(one.redacted.items())) or "nothing"
    return f"{one.what}, to {one.to}: {one.usd:.4f} USD, taken out: {hidden}"


def _round_line(one: PastRound) -> str:
    ended = f"; {one.ended}" if one.ended else ""
    return f"{one.number} ({one.cause}): {one.tests or 'no tests yet'}{ended}"


def _decide_line(review: Review) -> str:
    if review.state != IN_REVIEW or not review.commit:
        return review.why_not
    if review.confirm == "type the id":
        return f"{review.why_not} Approving takes typing the id {review.id}; or tweak it, or reject it."
    if review.confirm == "two taps":
        return "Approve with two taps, because of the risk; or tweak it, or reject it."
    return "Approve, tweak or reject."


def _verb(file: Stat) -> str:
    verbs = {"A": "adds", "D": "removes", "R": "moves"}
    return verbs.get(file.status[:1].upper(), "changes")


def _and(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _stat(file: Stat) -> dict[str, Any]:
    return {"path": file.path, "added": file.added, "removed": file.removed, "status": file.status}
