"""The three logs that Sentinel reads: the machine's journal, Haven's own, and the log of logins; all of it bounded."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

MOST_BYTES = 4_000_000
"""Of the end of a file, and of what the journal says."""
MOST_LINES = 5_000
MOST_LOGIN_BYTES = 64_000_000
"""Of the end of a log of logins: it is read line by line, and only OpenSSH's are kept."""
MOST_TEXT = 2_000
JOURNAL_S = 20
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,__REALTIME_TIMESTAMP"
SSH = ("sshd", "sshd-session", "sshd-auth")
"""The names under which OpenSSH's server writes; the second and third from 9.8 and 10.0 on."""
ENTERED, FAILED = "Accepted ", ("Failed ", "message repeated ")
"""How the lines of logins begin. Who fails may write any number of them: they never push out those of who got in."""
MOST_FAILED = 100_000

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
                return _filed(self._own, since)
            case Kind.JOURNAL:
                return self._journal(source, since, "--priority=warning")
            case Kind.AUTH:
                found = _logins([self._auth.with_name(f"{self._auth.name}.1"), self._auth], since)
                return found if found is not None else self._journal_of_logins(since)

    def _journal_of_logins(self, since: float) -> list[Line] | None:
        """The newest lines of OpenSSH's server; where these are not all, those of who got in before as well."""
        by_ssh = [f"--identifier={name}" for name in SSH]
        found = self._journal(Kind.AUTH, since, *by_ssh)
        if not found or len(found) < MOST_LINES:
            return found
        entered = self._journal(Kind.AUTH, since, *by_ssh, f"--grep=^{ENTERED}") or []
        return [*(line for line in entered if line.at < found[0].at), *found]

    def _journal(self, source: Kind, since: float, *only: str) -> list[Line] | None:
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
        found = (_journal_line(line, source) for line in done.stdout[-MOST_BYTES:].splitlines())
        return sorted((line for line in found if line is not None), key=lambda line: line.at)


def _filed(file: Path, since: float) -> list[Line] | None:
    text = _end(file)
    if text is None:
        return None
    read = (_own_line(line[:MOST_TEXT]) for line in text.splitlines())
    found = [line for line in read if line is not None and line.at >= since]
    if len(found) > MOST_LINES:  # what is well never pushes out what is not
        found = [line for line in found if line.level != "info"]
    return found[-MOST_LINES:]


def _logins(files: Sequence[Path], since: float) -> list[Line] | None:
    """Of what OpenSSH's server wrote, who got in and who failed, each with a bound of its own."""
    entered, failed, readable = deque[Line](maxlen=MOST_LINES), deque[Line](maxlen=MOST_FAILED), False
    for file in files:
        with suppress(OSError), file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - MOST_LOGIN_BYTES))
            readable = True
            while raw := stream.readline(MOST_BYTES):
                line = _syslog_line(raw[:MOST_TEXT].decode("utf-8", "replace").rstrip()) if b" sshd" in raw else None
                if line is not None and line.unit in SSH and line.at >= since:
                    if line.text.startswith(ENTERED):
                        entered.append(line)
                    elif line.text.startswith(FAILED):
                        failed.append(line)
    return sorted((*entered, *failed), key=lambda line: line.at) if readable else None


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
