"""The log or traceback that comes with a fix: made safe to keep and to quote, and read for the places it names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from haven.changes.proposal import ESCAPES
from haven.errors import BadInput
from haven.quoting import clean
from haven.redact import redact

MOST_GIVEN = 1_000_000
"""Characters or bytes of a log that a face hands over; of a longer one only the end is worth reading."""
MOST_READ = 200_000
HALF_A_SECRET = 4_000
"""Characters of an endless line that are left out where it was cut."""
MOST_KEPT = 12_000
"""Characters that are kept with the change and shown to the model."""
MOST_LINE = 600
MOST_FILES = 8
"""Files of the project that a log brings into the prompt."""
TRACE = "Traceback (most recent call last)"
GAP = "[... {} lines left out ...]"

_PLACE = re.compile(
    r'File "(?P<python>[^"\n]{1,400})", line (?P<at>\d{1,7})'
    r"|(?P<path>(?:[A-Za-z]:)?[\w@.+/\\-]{1,300}\.[A-Za-z]\w{0,5}):(?P<line>\d{1,7})"
)
_FOREIGN = re.compile(r"(^|/)(site-packages|dist-packages|node_modules)/|/lib/python\d|^/usr/(lib|share)/|^<")
_FUNCTION = re.compile(r'", line \d+, in (\w+)')


class Place(NamedTuple):
    """A line of a file that a log names."""

    path: str
    line: int


def prepare(text: str) -> str:
    """What is kept of a log: without secrets and control characters, and where it is long, its tracebacks (each one
    once) and its end. Takes CPU: about a second for a long log. Raises BadInput where there is nothing in it.
    """
    if "\0" in text:
        raise BadInput("The log is no text.", "Give a log or a traceback as plain text.")
    if len(text) > MOST_READ:
        end = text[-MOST_READ:]
        _, _, whole = end.partition("\n")  # what may be half a secret goes with its line
        text = whole if whole.strip() else end[HALF_A_SECRET:]
    lines = [_short(line.rstrip()) for line in redact(clean(ESCAPES.sub("", text))).split("\n")]
    kept = "\n".join(_worth(lines)).strip("\n")
    if not kept.strip():
        raise BadInput("The log is empty.", "Give the lines around the fault, or leave the log out.")
    return kept


def words(log: str) -> str:
    """What the log says that helps to find the code: its last errors, and the functions on the way to them."""
    lines = log.split("\n")
    errors = [lines[span[-1]][:200] for span in _tracebacks(lines)][-3:] or [line[:200] for line in lines[-3:]]
    return "\n".join([*errors, " ".join(dict.fromkeys(_FUNCTION.findall(log)))])


def places(log: str, paths: Iterable[str]) -> tuple[Place, ...]:
    """Where the log points into a project of these paths: the last place, which is nearest to the fault, first.

    A path may come from another machine (`/srv/app/src/x.py`): the longest end that is a file of the project counts.
    """
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_name[PurePosixPath(path).name].append(path)
    found: dict[str, Place] = {}
    for named, line in reversed(list(_named(log))):
        path = _own(named, by_name[PurePosixPath(named).name])
        if path and path not in found and len(found) < MOST_FILES:
            found[path] = Place(path, line)
    return tuple(found.values())


def _named(log: str) -> Iterator[Place]:
    for match in _PLACE.finditer(log):
        path = (match["python"] or match["path"]).replace("\\", "/").removeprefix("./")
        if not _FOREIGN.search(path):
            yield Place(path, int(match["at"] or match["line"]))


def _own(named: str, candidates: Sequence[str]) -> str:
    """The project's file that is meant; "" where none is, or where several could be."""
    ends = [path for path in candidates if f"/{named}".endswith(f"/{path}")]
    if ends:
        return max(ends, key=len)
    longer = [path for path in candidates if f"/{path}".endswith(f"/{named}")]
    return longer[0] if len(longer) == 1 else ""


def _short(line: str) -> str:
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE // 2]} ... {line[-MOST_LINE // 2 :]}"


def _worth(lines: Sequence[str]) -> Iterator[str]:
    """The lines worth keeping, in their order, and one for each gap."""
    kept: set[int] = set()
    seen: set[str] = set()
    room = MOST_KEPT
    for span in reversed(list(_tracebacks(lines))):
        start = lines[span[0]].find(TRACE)
        text = "\n".join(lines[number][start:] for number in span)
        if text not in seen and len(text) + len(span) * start <= room * 2 // 3:
            kept.update(span)
            room -= sum(len(lines[number]) + 1 for number in span)
        seen.add(text)
    for number in range(len(lines) - 1, -1, -1):
        cost = 0 if number in kept else len(lines[number]) + 1
        if cost > room:
            break
        kept.add(number)
        room -= cost
    missing = 0
    for number, line in enumerate(lines):
        if number in kept:
            if missing:
                yield GAP.format(missing)
            yield line
        missing = 0 if number in kept else missing + 1


def _tracebacks(lines: Sequence[str]) -> Iterator[range]:
    """The line numbers of each Python traceback, its error included; all its lines may begin with the same stamp."""
    number = 0
    while number < len(lines):
        start = lines[number].find(TRACE)
        begin, number = number, number + 1
        if start < 0:
            continue
        while number < len(lines) and lines[number][start : start + 1].isspace():
            number += 1
        yield range(begin, min(number + 1, len(lines)))
