"""Suspicious logins, by rules. Addresses and names stay on this machine: what is told of holds counts alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from assistants.sentry.alerts import Sign
from assistants.sentry.logs import Line, of_ssh

LOGIN = "login"
"""The subject of alerts about logins."""
BURST, BURST_S = 10, 3_600.0
"""Failures within an hour that are told of."""
BEFORE = 5
"""Failures of one address, within an hour before it gets in, that make this a break-in."""
DAY_S = 86_400.0
USUAL = 5
"""Logins of a person from which on an unusual hour or address can be told."""
NIGHT = range(5)
"""Hours of the day at which hardly anybody works."""
DETAILS = "Who and from where, on this machine alone: haven logs logins"

# OpenSSH, auth.c:auth_log. A name may hold anything, blanks and " from " too: what counts stands at the line's end.
_ENDED = re.compile(
    r"(?P<how>Accepted|Failed) (?P<method>\S+) for (?P<invalid>invalid user )?(?P<user>.*) from (?P<address>\S+)"
    r" port \d+(?: ssh\d)?(?:: .*)?"
)
_REPEATED = re.compile(r"message repeated (\d{1,4}) times: \[ (.*)\]")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login or failure; `user` and `address` as the log has them."""

    at: float
    user: str
    address: str
    succeeded: bool
    is_unknown: bool
    """There is no such user."""
    method: str


@dataclass(frozen=True)
class Finding:
    """One rule that holds. `said` is for everybody; `details` names people and addresses: for the owner alone."""

    rule: str
    said: str
    details: tuple[str, ...]
    is_urgent: bool = False

    @property
    def sign(self) -> Sign:
        return Sign(f"{LOGIN}:{self.rule}", self.said, "urgent" if self.is_urgent else "warning", DETAILS)


@dataclass(frozen=True)
class Looked:
    """What is suspicious, and over which logins that was looked for."""

    found: tuple[Finding, ...]
    read: str


def attempts(lines: list[Line]) -> list[Attempt]:
    """Every login and failure of OpenSSH's server."""
    found = []
    for line in of_ssh(lines):
        repeated = _REPEATED.fullmatch(line.text)
        times, text = (int(repeated[1]), repeated[2]) if repeated else (1, line.text)
        match = _ENDED.fullmatch(text.strip())
        if match is not None:
            got_in, unknown = match["how"] == "Accepted", bool(match["invalid"])
            one = Attempt(line.at, match["user"], match["address"], got_in, unknown, match["method"])
            found += [one] * times
    return found


def looked(lines: list[Line], at: float) -> Looked:
    """Look through what a log of logins holds, at the moment `at`."""
    there = attempts(lines)
    parts = [_read("successful", there, True), _read("failed", there, False)]
    return Looked(tuple(suspicious(there, at)), f"{' and '.join(parts)} were read")


def _read(what: str, there: Iterable[Attempt], succeeded: bool) -> str:
    """How many and since when: a log that is cut or turned over holds less than what is looked for."""
    moments = [one.at for one in there if one.succeeded is succeeded]
    first = datetime.fromtimestamp(min(moments)) if moments else None
    some = f"{len(moments):,} {what} {'login' if len(moments) == 1 else 'logins'}"
    return f"{some} since {first.day} {first:%B}" if first else f"no {what} logins"


def suspicious(all_of_them: Iterable[Attempt], at: float) -> list[Finding]:
    """What is suspicious at the moment `at`: failures of the last hour, successes of the last day."""
    there = sorted(all_of_them, key=lambda one: one.at)
    entries = [one for one in there if one.succeeded]
    recent = [one for one in entries if one.at > at - DAY_S]
    found = [_failures([one for one in there if not one.succeeded and at - BURST_S < one.at <= at])]
    guessed = [one for one in recent if len(_failed_before(one, there)) >= BEFORE]
    found.append(_entries("guessed", "got in after many failures from the same address", guessed, urgent=True))
    found.append(_entries("root", "was as root", [one for one in recent if one.user == "root"]))
    found.append(_entries("new address", "came from an address that was never used", _from_new(recent, entries)))
    found.append(_entries("odd hour", "was at an hour at which that person never comes", _at_night(recent, entries)))
    return [one for one in found if one is not None]


def _failures(failed: list[Attempt]) -> Finding | None:
    if len(failed) < BURST:
        return None
    addresses, names = Counter(one.address for one in failed), Counter(one.user for one in failed)
    unknown = sum(one.is_unknown for one in failed)
    of_these = f", {unknown} of them for users that don't exist" if unknown else ""
    said = f"{len(failed)} logins failed within an hour, from {len(addresses)} addresses{of_these}."
    details = [f"{count} from {address}" for address, count in addresses.most_common(10)]
    details += [f"{count} as {name}" for name, count in names.most_common(10)]
    return Finding("failures", said, tuple(details))


def _entries(rule: str, what: str, entries: list[Attempt], *, urgent: bool = False) -> Finding | None:
    if not entries:
        return None
    details = (f"{datetime.fromtimestamp(one.at):%d %b %H:%M} {one.user} from {one.address}" for one in entries[-10:])
    many = f" ({len(entries)} times)" if len(entries) > 1 else ""
    return Finding(rule, f"A login of the last day {what}{many}.", tuple(details), urgent)


def _failed_before(entry: Attempt, there: list[Attempt]) -> list[Attempt]:
    return [
        one
        for one in there
        if not one.succeeded and one.address == entry.address and entry.at - BURST_S <= one.at <= entry.at
    ]


def _earlier(entry: Attempt, entries: list[Attempt]) -> list[Attempt]:
    return [one for one in entries if one.user == entry.user and one.at < entry.at]


def _from_new(recent: list[Attempt], entries: list[Attempt]) -> list[Attempt]:
    earlier = [(one, _earlier(one, entries)) for one in recent]
    return [one for one, past in earlier if len(past) >= USUAL and one.address not in {two.address for two in past}]


def _at_night(recent: list[Attempt], entries: list[Attempt]) -> list[Attempt]:
    by_night = [one for one in recent if _hour(one) in NIGHT]
    earlier = [(one, _earlier(one, entries)) for one in by_night]
    return [one for one, past in earlier if len(past) >= USUAL and not any(_hour(two) in NIGHT for two in past)]


def _hour(one: Attempt) -> int:
    return datetime.fromtimestamp(one.at).hour
