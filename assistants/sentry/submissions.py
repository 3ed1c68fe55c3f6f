"""What people submit, by known thresholds (FIELD_NOTES part 4): too much, the same again, and what nobody decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from assistants.sentry.alerts import Sign
from assistants.sentry.lines import StatusLine
from haven.quoting import clean
from haven.store.events import Event
from haven.store.submissions import Submission

SUBMISSION = "submission"
"""The subject of alerts about submissions."""
DAY_S = 86_400.0
QUIET_DAYS = 14
QUIET_A_DAY = 0.5
MANY_A_DAY = 20
SAME, SAME_CHARACTERS, SHORT = 3, 100, 20
"""The same first 100 characters more often than 3 times; shorter texts than 20 are names, which may be alike."""
BACKLOG = 50
QUEUE = "See them: haven world drafts"


def signs_of_submissions(lately: Iterable[Submission], waiting: int, leaks: Iterable[Event], at: float) -> list[Sign]:
    """What to tell of at the moment `at`; `lately`: a week's submissions, `leaks`: a day's events of masked secrets."""
    there = list(lately)
    return [*_floods(there, at), *_copies(there), *_backlog(waiting), *_leaks(leaks)]


def liveliness(lately: int, first: float | None, at: float) -> list[StatusLine]:
    """How many discoveries come in; said to be quiet only where there was time for more."""
    if first is None:
        return []
    days = min(QUIET_DAYS, max(1.0, (at - first) / DAY_S))
    rate = lately / days
    quiet = days >= QUIET_DAYS and rate < QUIET_A_DAY
    text = f"{rate:.1f} a day in the last {days:.0f} days{': it is quiet' if quiet else ''}"
    return [StatusLine("Discoveries", text, "note" if quiet else "ok")]


def _floods(there: list[Submission], at: float) -> list[Sign]:
    names = {one.by_id: one.by for one in there}
    counts = Counter(one.by_id for one in there if one.at > at - DAY_S)
    return [
        Sign(f"{SUBMISSION}:many {by}", f"{names[by]} has submitted {count} records within a day.", mend=QUEUE)
        for by, count in counts.items()
        if count > MANY_A_DAY
    ]


def _copies(there: list[Submission]) -> list[Sign]:
    by_text: dict[str, list[Submission]] = defaultdict(list)
    for one in there:
        start = " ".join(clean(one.text).casefold().split())[:SAME_CHARACTERS]
        if len(start) >= SHORT:
            by_text[start].append(one)
    signs = []
    for copies in by_text.values():
        if len(copies) > SAME:
            people = sorted({one.by for one in copies})
            by = ", ".join(people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
            said = f"The same text was submitted {len(copies)} times within a week, by {by}."
            first = min(copies, key=lambda one: one.at)
            signs.append(Sign(f"{SUBMISSION}:same {first.by_id} {first.at:.0f}", said, mend=QUEUE))
    return signs


def _backlog(waiting: int) -> list[Sign]:
    if waiting <= BACKLOG:
        return []
    said = f"{waiting} drafts wait for a decision."
    return [Sign(f"{SUBMISSION}:backlog", said, mend="Decide several at once: haven world approve")]


def _leaks(leaks: Iterable[Event]) -> list[Sign]:
    """The secret itself is gone; what it was, and that its owner should replace it, is told."""
    return [
        Sign(
            f"{SUBMISSION}:secret {event.subject}",
            f"What {event.data.get('by', 'somebody')} handed in ({event.subject}) held a secret"
            f" ({', '.join(event.data.get('kinds', ()))}). It was masked before it was kept.",
            mend="Whoever it belongs to should replace it: it was typed where others may have seen it.",
        )
        for event in leaks
    ]
