"""The three logs that Sentinel reads: the machine's journal, Haven's own, and the log of logins; all of it bounded."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

MOST_BYTES = 4_000_000
"""Of the end of a file, and of what the journal says."""
MOST_LINES = 5_000
MOST_TEXT = 2_000
JOURNAL_S = 20
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,__REALTIME_TIMESTAMP"
SSH = ("sshd", "sshd-session", "sshd-auth")
"""The names under which OpenSSH's server writes; the second and third from 9.8 and 10.0 on."""

# haven.logs.FORMAT; a traceback follows its line without such a beginning.
_OWN = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) (\S+) (.*)")
# rsyslog: RFC 3339 from Debian 12 on, before that without a year.
_SYSLOG = re.compile(r"(\d{4}-\d\d-\d\dT\S+|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) \S+ ([\w./-]+)(?:\[\d+\])?: (.*)")


class Kind(StrEnum):
    JOURNAL = "journal"
    OWN = "own"
    AUTH = "auth"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `level` is `error`, `warning` or `info`; `at` is seconds since 1970; `unit` is who wrote it."""

    at: float
    level: str
    source: Kind
    unit: str
    text: str


class Logs:
    """Where they are; every call blocks: run it in a thread."""

    def __init__(self, own: Path, auth: Path = Path("/var/log/auth.log"), journalctl: str = "journalctl") -> None:
        self._own = own
        self._auth = auth
        self._journalctl = journalctl

    def read(self, source: Kind, since: float) -> list[Line] | None:
        """Entries from the moment `since` on, oldest first; None where it can't be read here."""
        match source:
            case Kind.OWN:
                return _filed([self._own], since, _own_line)
            case Kind.JOURNAL:
                return self._journal(since, "--priority=warning")
            case Kind.AUTH:
                older = self._auth.with_name(f"{self._auth.name}.1")
                found = _filed([older, self._auth], since, _syslog_line)
                return found if found is not None else self._journal(since, *(f"--identifier={name}" for name in SSH))

    def _journal(self, since: float, *only: str) -> list[Line] | None:
        program = shutil.which(self._journalctl)
        if program is None:
            return None
        bounds = (f"--since=@{int(since)}", f"--lines={MOST_LINES}", f"--output-fields={FIELDS}")
        command = [program, "--output=json", "--no-pager", "--quiet", *bounds, *only]
        try:
            done = subprocess.run(command, capture_output=True, timeout=JOURNAL_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
        source = Kind.AUTH if len(only) > 1 else Kind.JOURNAL
        found = (_journal_line(line, source) for line in done.stdout[-MOST_BYTES:].splitlines())
        return sorted((line for line in found if line is not None), key=lambda line: line.at)


def _filed(files: list[Path], since: float, parse: Callable[[str], Line | None]) -> list[Line] | None:
    texts = [text for file in files if (text := _end(file)) is not None]
    if not texts:
        return None
    found = (parse(line[:MOST_TEXT]) for text in texts for line in text.splitlines())
    return [line for line in found if line is not None and line.at >= since][-MOST_LINES:]


def _end(file: Path) -> str | None:
    with suppress(OSError), file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - MOST_BYTES))
        return stream.read(MOST_BYTES).decode("utf-8", "replace")
    return None


def _own_line(line: str) -> Line | None:
    match = _OWN.match(line)
    if match is None:
        return None
    level = {"ERROR": "error", "CRITICAL": "error", "WARNING": "warning"}.get(match[2], "info")
    return Line(datetime.fromisoformat(match[1]).timestamp(), level, Kind.OWN, match[3], match[4])


def _syslog_line(line: str) -> Line | None:
    match = _SYSLOG.match(line)
    if match is None:
        return None
    with suppress(ValueError):
        return Line(_moment(match[1]), "info", Kind.AUTH, match[2], match[3])
    return None


def _moment(text: str) -> float:
    """Without a year it is the last such day: a log of December is read in January."""
    if text[0].isdigit():
        return datetime.fromisoformat(text).timestamp()
    today = datetime.now()
    moment = datetime.strptime(f"{today.year} {text}", "%Y %b %d %H:%M:%S")
    return (moment if moment <= today + timedelta(days=1) else moment.replace(year=today.year - 1)).timestamp()


def _journal_line(raw: bytes, source: Kind) -> Line | None:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        entry = json.loads(raw)
        said = entry["MESSAGE"]
        # What is no UTF-8, or holds control characters, comes as a list of bytes.
        text = said if isinstance(said, str) else bytes(said).decode("utf-8", "replace")
        priority = int(entry.get("PRIORITY", 6))
        level = "error" if priority <= 3 else "warning" if priority == 4 else "info"
        unit = entry.get("SYSLOG_IDENTIFIER") or entry.get("_SYSTEMD_UNIT") or ""
        return Line(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, level, source, str(unit), text[:MOST_TEXT])
    return None


def of_ssh(lines: list[Line]) -> Iterator[Line]:
    """What OpenSSH's server itself wrote: anybody may write a line that only looks like its."""
    return (line for line in lines if line.unit in SSH)
