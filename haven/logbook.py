"""The newest records of the log in memory, redacted as in its file: what the faces show of it."""

from __future__ import annotations

import logging
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

from haven.quoting import visible
from haven.redact import redact

KEPT, TAIL_BYTES = 2_000, 50_000
"""Records that are kept in memory, and the end of the file that they begin with."""
MOST_CHARS = 4_000
"""Of one record in memory: a traceback is whole in the file."""
_BEGINS = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} ([A-Z]+) (\S+) ", re.M)


class RedactingFormatter(logging.Formatter):
    """Takes secrets out of the finished line, traceback included; what could steer a terminal is shown by number."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(redact(super().format(record)))


@dataclass(frozen=True, slots=True)
class Line:
    """One record as it stands in the log: redacted, hidden characters by number; a traceback has line ends."""

    number: int
    """Grows by one with each record."""
    at: float
    """Seconds since 1970."""
    level: int
    name: str
    text: str


class Recent(logging.Handler):
    """The newest records in memory, wherever the log itself goes; records come from any thread."""

    def __init__(self, keep: int = KEPT) -> None:
        super().__init__()
        self._lines: deque[Line] = deque(maxlen=keep)
        self.count = 0
        """How many ever came: whoever looks again sees by it whether there is more."""
        self.setFormatter(RedactingFormatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._add(record.created, record.levelno, record.name, self.format(record))
        except Exception:
            self.handleError(record)

    def lines(self, level: int = logging.NOTSET, words: str = "") -> list[Line]:
        """The oldest first: of at least that level, and with all of these words in them, whatever their case."""
        wanted = words.casefold().split()
        there = self._lines.copy()  # in one go: a record from another thread would end a loop over it
        return [one for one in there if one.level >= level and _has(one, wanted)]

    def begin_with(self, file: Path) -> None:
        """What the log's file ends with, from before this start. Reads the disk."""
        with suppress(OSError), file.open("rb") as opened:
            opened.seek(0, 2)
            opened.seek(max(0, opened.tell() - TAIL_BYTES))
            texts = opened.read().decode(errors="backslashreplace")
            starts = [one for one in _BEGINS.finditer(texts) if _moment(one[1]) is not None]
            for one, after in zip_longest(starts, starts[1:]):
                end = after.start() if after else len(texts)
                level = logging.getLevelNamesMapping().get(one[2], logging.INFO)
                self._add(_moment(one[1]) or 0.0, level, one[3], texts[one.end() : end].rstrip("\n"))

    def _add(self, at: float, level: int, name: str, text: str) -> None:
        self.count += 1
        self._lines.append(Line(self.count, at, level, name, text[:MOST_CHARS]))


RECENT = Recent()
"""Of this process."""


def _moment(written: str) -> float | None:
    """Seconds since 1970; None for what only looks like a time, as in words of people that were logged."""
    try:
        return datetime.fromisoformat(written).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _has(line: Line, wanted: list[str]) -> bool:
    if not wanted:
        return True
    text = f"{line.name} {line.text}".casefold()
    return all(word in text for word in wanted)
