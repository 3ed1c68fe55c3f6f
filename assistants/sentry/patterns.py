"""Log lines in groups: one template a group, known troubles by rules, and what was never there before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistants.sentry.alerts import Level, Sign
from assistants.sentry.logs import Kind, Line
from assistants.sentry.masking import program, template, worded

FLOOD = 200
"""Errors of one template within the time that is looked at."""


@dataclass(frozen=True)
class Known:
    """A trouble that a line tells of beyond doubt: one that `units` wrote, since a user's name may hold any words."""

    name: str
    units: tuple[str, ...]
    words: re.Pattern[str]
    means: str
    level: Level = "warning"
    mend: str = ""


_KERNEL, _SYSTEMD, _OURS = ("kernel",), ("systemd", "systemd-coredump", "kernel"), ("haven",)


def _known(
    name: str, units: tuple[str, ...], words: str, means: str, mend: str = "", level: Level = "warning"
) -> Known:
    return Known(name, units, re.compile(words, re.I), means, level, mend)


KNOWN = (
    _known(
        "card",
        _KERNEL,
        r"\bI/O error\b.*\b(mmcblk|sd[a-z]|nvme)|\bmmc\d\b.*\b(timeout|error)|EXT4-fs error|Buffer I/O error",
        "The card or disk fails to read or write.",
        "Make a backup, copy it away from this machine, and replace the card: haven backup make",
        "urgent",
    ),
    _known(
        "read-only",
        _KERNEL,
        r"remounting filesystem read-only|Read-only file system",
        "The disk takes no more writes.",
        "Start the machine anew; where it comes back, replace the card.",
        "urgent",
    ),
    _known(
        "database",
        _OURS,
        r"database disk image is malformed|file is not a database",
        "A database is damaged.",
        "Put a backup in its place: haven backup restore",
        "urgent",
    ),
    _known(
        "memory",
        _KERNEL,
        r"out of memory: killed process|oom[-_]kill|invoked oom-killer",
        "The machine ran out of memory, and a program was ended for it.",
        "See which models are loaded: haven models list",
    ),
    _known("power", _KERNEL, r"under-?voltage detected", "The power supply does not hold its voltage."),
    _known("crash", _SYSTEMD, r"\bsegfault at\b|core dumped|dumped core", "A program crashed."),
    _known(
        "unit",
        _SYSTEMD,
        r"failed to start|entered failed state|failed with result",
        "A service does not start, or has ended.",
        "See which: systemctl --failed",
    ),
)


@dataclass(frozen=True)
class Group:
    """Lines that differ in values alone, for the owner's eyes: `unit` and `template` may still hold a name."""

    id: str
    source: Kind
    unit: str
    template: str
    level: str
    count: int
    first: float
    last: float
    known: Known | None = None
    is_new: bool = False

    @property
    def public(self) -> str:
        """Who wrote it and what, for everybody's eyes: known programs and words alone."""
        return f"{program(self.source, self.unit)}: {worded(self.template)}"


def subject(source: Kind) -> str:
    """The subject of alerts that come from that log."""
    return f"{source} log"


def groups(lines: Iterable[Line]) -> list[Group]:
    """Warnings, errors and known troubles, the gravest and most frequent first."""
    found: dict[tuple[Kind, str, str], list[Line]] = {}
    troubles: dict[tuple[Kind, str, str], Known] = {}
    for line in lines:
        known = _trouble(line)
        if known is not None or line.level != "info":
            key = line.source, line.unit, template(line.text)
            found.setdefault(key, []).append(line)
            if known is not None:
                troubles.setdefault(key, known)
    made = [
        Group(
            id=hashlib.sha256("\0".join(key).encode()).hexdigest()[:6],
            source=key[0],
            unit=key[1],
            template=key[2],
            level="error" if any(line.level == "error" for line in of_it) else of_it[0].level,
            count=len(of_it),
            first=of_it[0].at,
            last=of_it[-1].at,
            known=troubles.get(key),
        )
        for key, of_it in found.items()
    ]
    return sorted(made, key=lambda one: (one.known is None, one.level != "error", -one.count))


def _trouble(line: Line) -> Known | None:
    """Of Haven's own log the part before the first dot says that Haven wrote it."""
    unit = line.unit.partition(".")[0]
    return next((one for one in KNOWN if unit in one.units and one.words.search(line.text)), None)


def signs_of_groups(there: Iterable[Group]) -> list[Sign]:
    """Known troubles, and errors that come in a flood; a template that is new is shown, not told."""
    signs = []
    for group in there:
        if group.known is not None:
            known = group.known
            said = f"{known.means} The {group.source} log says so ({group.count} times): {group.public}"
            signs.append(Sign(f"{subject(group.source)}:{known.name}", said, known.level, known.mend))
        elif group.level == "error" and group.count >= FLOOD:
            said = f"{group.count} errors of one kind in the {group.source} log: {group.public}"
            signs.append(
                Sign(
                    f"{subject(group.source)}:flood {group.id}",
                    said,
                    mend=f"Look at them: haven logs check {group.source}",
                )
            )
    return signs
