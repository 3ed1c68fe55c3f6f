"""A review as plain text, for the terminal and the kiosk's sheet.

Nothing in it can steer a terminal: control and direction characters are shown by their numbers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from haven.changes.review import BAD, NAMED, STAND_IN, Level, PastRound, Review, RoundPair, Sent, by_class, class_said
from haven.changes.review.diffing import FileDiff
from haven.quoting import visible

LABEL = 14
"""Width of the left column."""
SEEN_BEFORE = frozenset({"passing", "idle"})
"""Classes of tests that are only counted."""
MOST_TESTS = 20
"""Named where two rounds differ."""
MOST_HEARD, HEARD_LINES = 5, 12
"""Bad tests whose words are shown, and the last lines of each."""
SIGNS: Mapping[Level, str] = {"ok": "✓", "note": "!", "alert": "✗"}


def render(review: Review, width: int = 80) -> str:
    """The whole review, `width` cells wide but for the diff, which comes last."""
    width = max(40, width)
    head = f"Change {review.id} · {review.kind} · {review.state} · round {review.round}"
    lines = [visible(head), *textwrap.wrap(_flat(review.title), width), "═" * width, facts(review, width)]
    return "\n".join([*lines, *_heard_lines(review.tests), "", "─" * width, *_diff_lines(review.diff)]) + "\n"


def facts(review: Review, width: int) -> str:
    """Everything but the title and the diff; what matters most comes first."""
    return "\n".join(line for _, line in fact_lines(review, width))


def fact_lines(review: Review, width: int) -> Iterator[tuple[Level | None, str]]:
    """The lines of `facts`, each with how good it is where it is part of the first look."""
    if review.stand_in:
        yield "note", f"!! The answer came from a {STAND_IN}."
    for level, label, paragraphs in _first(review):
        yield from ((level, line) for line in _column(label, paragraphs, width))
    yield None, ""
    for label, told in _details(review):
        yield from ((None, line) for line in _column(label, told, width))


def render_pair(pair: RoundPair, width: int = 80) -> str:
    """Two rounds side by side, then what leads from the first to the second."""
    width = max(40, width)
    return "\n".join([pair_facts(pair, width), "", "─" * width, *_diff_lines(pair.diff)]) + "\n"


def pair_facts(pair: RoundPair, width: int) -> str:
    """Two rounds side by side, and which tests and files differ; without the diff."""
    half = (width - LABEL - 2) // 2
    lines = [visible(f"Change {pair.id} · round {pair.first.number} and round {pair.second.number}"), "═" * width]
    for label, left, right in zip(_ROUND_LABELS, _round_facts(pair.first), _round_facts(pair.second), strict=True):
        sides = [textwrap.wrap(_flat(text), half) or [""] for text in (left, right)]
        for number in range(max(map(len, sides)) if left or right else 0):
            cells = [side[number] if number < len(side) else "" for side in sides]
            lines.append(f"{label if number == 0 else '':<{LABEL}}{cells[0]:<{half}}  {cells[1]}".rstrip())
    moved = [f"{test}: {_class(first)} → {_class(second)}" for test, first, second in pair.tests[:MOST_TESTS]]
    moved += [f"and {len(pair.tests) - MOST_TESTS} more"] * (len(pair.tests) > MOST_TESTS)
    lines += ["", *_column("Tests differ", moved or ["in nothing"], width)]
    lines += _column("Files differ", [_file_line(file) for file in pair.files] or ["in nothing"], width)
    return "\n".join(lines)


def round_line(one: PastRound, shown: int = 0) -> str:
    """One round on a line; `shown` is the number of the one that the review is of."""
    parts = [one.tests or "no tests yet"]
    if one.commit:
        parts.append(f"{len(one.files)} file{'s' * (len(one.files) != 1)}")
    parts += [f"{one.usd:.4f} USD"] * bool(one.usd) + [f"{one.seconds:.0f} s"] * (one.seconds >= 1)
    here = ", shown here" if one.number == shown else ""
    ended = f"; {one.ended}" if one.ended else ""
    return f"{one.number} ({one.cause}{here}): {', '.join(parts)}{ended}"


def _class(name: str) -> str:
    return name.replace("_", " ") or "not there"


_ROUND_LABELS = ("", "Asked", "Tests", "Files", "Cost", "Commit", "Ended")


def _round_facts(one: PastRound) -> tuple[str, ...]:
    asked = textwrap.shorten(_flat(one.instruction), 200, placeholder=" …") if one.instruction else "the request"
    more = ", …" if len(one.files) > 6 else ""
    files = f"{len(one.files)}: {', '.join(one.files[:6])}{more}" if one.files else "none"
    return (
        f"Round {one.number} ({one.cause})",
        asked,
        one.tests or "no tests yet",
        files,
        f"{one.usd:.4f} USD, {one.seconds:.0f} s",
        one.commit[:12] or "none",
        one.ended,
    )


def _first(review: Review) -> Iterator[tuple[Level | None, str, list[str]]]:
    """What a person sees first: what was changed, why it stands here, tests, risk, what can be pressed."""
    by = review.summary.get("by", "rules")
    written = "by rules" if by == "rules" else f"written by {by}, a model: check it against the diff"
    yield None, "Summary", [f"{review.summary.get('text', '')} ({written})"]
    yield None, "Why here", [review.reason]
    yield None, "Queue", [review.queue_said]
    yield None, "Plan", [*review.plan, *([review.decision, f"This plan is {review.plan_id}."] if review.plan else [])]
    for look in review.first_look:
        yield look.level, look.about, [f"{SIGNS[look.level]} {look.said}"]


def _details(review: Review) -> Iterator[tuple[str, Sequence[str]]]:
    yield "Look twice", review.risk_marks if len(review.risk_marks) > NAMED else ()  # fewer stand above
    yield "Notes", [*review.risk_notes, *review.notes]
    yield "Files", [review.summary.get("facts", ""), *map(_file_line, review.files)]
    yield "By class", [_first_line(review.tests), *_test_lines(review.tests)]
    yield "Asked", [f"{review.requester}: {review.request}" if review.request else review.requester]
    yield "Rounds", [round_line(one, review.round) for one in review.rounds]
    yield "Route", [_route_line(review), *map(str, review.route.get("reasons", ()))]
    yield "Cost", [f"{review.cost_usd:.4f} USD, worst case {review.worst_usd:.4f} USD{_tokens(review.tokens)}"]
    yield "Left house", [_sent_line(one) for one in review.sent] or ["nothing"]
    yield "Assistant", [f"{review.assistant}: {'; '.join(review.reasons)}" if review.reasons else review.assistant]
    yield "Branch", [_branch(review)]


def _column(label: str, paragraphs: Sequence[str], width: int) -> list[str]:
    """A label, and beside it the paragraphs; nothing at all where there are none."""
    wrapper = textwrap.TextWrapper(width - LABEL, subsequent_indent="  ")
    lines = [line for text in paragraphs for line in wrapper.wrap(_flat(text))]
    return [f"{label if number == 0 else '':<{LABEL}}{line}" for number, line in enumerate(lines)]


def _flat(text: str) -> str:
    return " ".join(visible(text).split())


def _diff_lines(diff: str) -> list[str]:
    return visible(diff).rstrip("\n").split("\n") if diff else ["(no diff)"]


def _branch(review: Review) -> str:
    if not review.commit:
        return f"{review.branch or 'no branch yet'}, no commit"
    into = f", to be merged into {review.target}" if review.target else ""
    return f"{review.branch} {review.commit[:12]} on {review.base[:12]}{into}".strip()


def _first_line(tests: Mapping[str, Any]) -> str:
    line = str(tests.get("one_line") or "no test has run yet")
    return f"UNTESTED: {tests.get('problem') or line}" if tests.get("untested", True) else line


def _test_lines(tests: Mapping[str, Any]) -> Iterator[str]:
    """The tests that changed, by class; those that pass as before are only counted."""
    for name, found in by_class(tests).items():
        if found and name not in SEEN_BEFORE:
            more = f" and {len(found) - 8} more" if len(found) > 8 else ""
            yield f"{class_said(name)}: {', '.join(found[:8])}{more}"
    yield from test_notes(tests)[:MOST_TESTS]


def test_notes(tests: Mapping[str, Any]) -> list[str]:
    """Why a test has its class, such as what it no longer checks."""
    return [f"{test}: {said}" for test, said in sorted(dict(tests.get("notes") or {}).items())]


def _heard_lines(tests: Mapping[str, Any]) -> list[str]:
    """What bad tests said, line by line: the end says what was wrong."""
    said = dict(tests.get("said") or {})
    loud = [test for kind in BAD for test in by_class(tests)[kind] if test in said]
    lines = []
    for test in loud[:MOST_HEARD]:
        heard = visible(said[test]).splitlines()[-HEARD_LINES:]
        lines += ["", f"{_flat(test)} said:", *(f"  {line}" for line in heard)]
    more = len(loud) - MOST_HEARD
    return [*lines, *([f"and {more} more test{'s' * (more != 1)}"] if more > 0 else [])]


def _file_line(file: FileDiff) -> str:
    lines = "binary" if file.added is None else f"+{file.added} -{file.removed or 0}"
    return f"{file.name} ({file.status}, {lines})"


def _route_line(review: Review) -> str:
    if not review.route:
        return "no model was asked yet"
    named = f"{review.route.get('tier', '?')}: {review.route.get('model', '?')}"
    return f"{named} ({STAND_IN})" if review.stand_in else named


def _tokens(tokens: Mapping[str, int]) -> str:
    if not any(tokens.values()):
        return ""
    fresh, cached, written = (f"{tokens.get(name, 0):,}" for name in ("fresh", "cached", "written"))
    return f"; tokens: {fresh} read afresh, {cached} read from the cache, {written} written"


def _sent_line(one: Sent) -> str:
    hidden = ", ".join(f"{count} {kind}" for kind, count in sorted(one.redacted.items())) or "nothing"
    return f"{one.what}, to {one.to}: {one.usd:.4f} USD, taken out: {hidden}"
