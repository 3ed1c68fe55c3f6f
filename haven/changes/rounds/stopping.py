"""When a change stops asking for more edits, and why: pure functions from its rounds to a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from haven.store.changes import Round
from haven.store.ledger import Entry

RED = ("regressed", "new_failing")
OPENS = ("request", "tweak", "conflict", "undo")
"""Causes of rounds after which there are as many repairs again; a repair is none of them."""
_EXCEPTION = re.compile(r"\b(?:[a-zA-Z_]\w*\.)*([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Failed))\b")
_VARIES = re.compile(r"0x[0-9a-f]+|/(?:tmp|project)/\S+|\d+(?:\.\d+)?")
"""What differs from run to run: addresses, folders, numbers."""

Signature = frozenset[str]


@dataclass(frozen=True)
class Limits:
    """The most that one request, or one tweak of a person, may take."""

    rounds: int
    tokens: int
    minutes: float


def why_stop(rounds: Sequence[Round], failures: str, limits: Limits, entries: Iterable[Entry]) -> str:
    """Why another repair would not help or is not allowed, in a sentence; "" where it may follow.

    `rounds` are all of the change up to the one at hand, `failures` what went wrong in that one, and `entries` the
    change's calls that left the house.
    """
    now = since_word(rounds)
    if now and (twin := _seen_before(now, failures)) is not None:
        return f"The same failures came back as in round {twin.number}, so another try would be like it."
    if sum(not one.route.get("small") for one in now) >= limits.rounds:
        return f"All {limits.rounds} rounds that the setting changes.rounds allows are used."
    first = now[0].number if now else 1
    tokens = sum(tokens_of(entry) for entry in entries if entry.round >= first)
    if tokens >= limits.tokens:
        return f"It has used {tokens:,} tokens, and changes.most_tokens allows {limits.tokens:,}."
    minutes = minutes_of(now)
    if minutes >= limits.minutes:
        return f"It has worked for {minutes:.0f} minutes, and changes.most_minutes allows {limits.minutes:.0f}."
    return ""


def since_word(rounds: Sequence[Round]) -> list[Round]:
    """The rounds since a person's last word, that word's own first."""
    starts = [place for place, one in enumerate(rounds) if one.cause in OPENS]
    return list(rounds[starts[-1] :]) if starts else list(rounds)


def signature(one: Round, failures: str) -> Signature:
    """What a failure is known by: the red tests and the kinds of error; without red tests the words themselves."""
    red = {test for test, found in (one.tests.get("classes") or {}).items() if found in RED}
    if red:
        return frozenset(red) | {f"raises {name}" for name in _EXCEPTION.findall(failures)}
    return frozenset(line for line in map(_steady, failures.split("\n")) if line)


def minutes_of(rounds: Iterable[Round]) -> float:
    """Minutes of work: calls and test runs, without what was waited for."""
    return sum(sum(one.seconds.values()) for one in rounds) / 60


def tokens_of(entry: Entry) -> int:
    return entry.input_tokens + entry.output_tokens + entry.cache_read + entry.cache_write


def outcome(why: str, best: int, last: int) -> str:
    """What stands on the review where a change stopped before its tests were green."""
    said = f"{why} " if why else ""
    return f"{said}Shown is round {best}: round {best} is the best of {last}." if best != last else said.strip()


def _seen_before(rounds: Sequence[Round], failures: str) -> Round | None:
    """An earlier round that failed in the same way. What went wrong in a round stands in the repair after it."""
    *earlier, current = rounds
    now = signature(current, failures)
    for one, repair in zip(earlier, rounds[1:], strict=True):
        if now and signature(one, repair.instruction) == now:
            return one
    return None


def _steady(line: str) -> str:
    return " ".join(_VARIES.sub("#", line).split())
