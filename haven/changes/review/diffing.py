"""A unified diff as data: files, hunks, numbered lines. Pure; reads what git, diff and people's tools write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

GIT = "diff --git "
NOWHERE = "/dev/null"
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
STATUS = {"new file mode ": "A", "deleted file mode ": "D", "rename from ": "R", "copy from ": "C"}
"""Lines of git's header that tell more than "modified"."""
SAID = {"A": "new", "D": "removed", "R": "moved", "C": "copied"}
"""What became of a file, for people, where it is not only modified."""


class Line(NamedTuple):
    """One line of a hunk. `sign` is `+`, `-`, a space, or `\\` for "no newline at the end of the file"."""

    sign: str
    text: str
    old: int | None
    """Its number before the change; None for an added line."""
    new: int | None
    """Its number after the change; None for a removed line."""


@dataclass(frozen=True)
class Hunk:
    """One stretch of a file; starts and counts are those of its `@@` line."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str
    """What git says after the `@@`: the function around it, mostly."""
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class FileDiff:
    """What happened to one file."""

    path: str
    old_path: str = ""
    """Where it was before it moved or was copied."""
    status: str = "M"
    """A, M, D, R (moved) or C (copied)."""
    mode: str = ""
    """The new mode where that is new, such as `100755`, or `120000` for a symbolic link."""
    binary: bool = False
    hunks: tuple[Hunk, ...] = ()

    @cached_property
    def added(self) -> int | None:
        """Lines; None for a binary file."""
        return None if self.binary else self._count("+")

    @cached_property
    def removed(self) -> int | None:
        """Lines; None for a binary file."""
        return None if self.binary else self._count("-")

    @property
    def name(self) -> str:
        """For people: both places of a moved file."""
        return f"{self.old_path} → {self.path}" if self.old_path else self.path

    def _count(self, sign: str) -> int:
        return sum(line.sign == sign for hunk in self.hunks for line in hunk.lines)

    def added_lines(self) -> list[Line]:
        return [line for hunk in self.hunks for line in hunk.lines if line.sign == "+"]

    def to_json(self) -> dict[str, Any]:
        hunks = [{**vars(hunk), "lines": [line._asdict() for line in hunk.lines]} for hunk in self.hunks]
        named = {name: getattr(self, name) for name in ("path", "old_path", "status", "mode", "binary")}
        return {**named, "added": self.added, "removed": self.removed, "hunks": hunks}


def files_of(diff: str) -> tuple[FileDiff, ...]:
    """Every file of the diff, in its order; a diff that ends in the middle gives what there is of it."""
    lines = diff.split("\n")  # not splitlines: a form feed or U+2028 ends no line of a diff
    found, at = [], 0
    while at < len(lines):
        if lines[at].startswith(GIT) or _is_plain_head(lines, at):
            file, at = _file(lines, at)
            found.append(file)
        else:
            at += 1
    return tuple(found)


def _is_plain_head(lines: Sequence[str], at: int) -> bool:
    return lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ ")


def _file(lines: Sequence[str], at: int) -> tuple[FileDiff, int]:
    """The file whose header begins at `at`, and where the next thing begins."""
    begin = at
    while at < len(lines) and not (at > begin and lines[at].startswith(GIT)) and not lines[at].startswith("@@ "):
        at += 1
        if lines[at - 1].startswith("+++ "):
            break
    facts = _header(lines[begin:at])
    hunks = []
    while at < len(lines) and (match := HUNK.match(lines[at])):
        hunk, at = _hunk(match, lines, at + 1)
        hunks.append(hunk)
    return FileDiff(**facts, hunks=tuple(hunks)), at


def _header(lines: Sequence[str]) -> Mapping[str, Any]:
    """The fields of a FileDiff that its header tells."""
    said: dict[str, str] = {}
    for line in lines:
        for word in ("--- ", "+++ ", "rename to ", "copy to ", "new mode ", *STATUS):
            if line.startswith(word):
                said.setdefault(word, line.removeprefix(word))
    is_git = lines[0].startswith(GIT)
    both = _both_sides(lines[0].removeprefix(GIT)) if is_git else ""
    old, new = (_side(said.get(word, ""), is_git) for word in ("--- ", "+++ "))
    status = next((letter for word, letter in STATUS.items() if word in said), "M")
    if status == "M" and NOWHERE in (old, new):
        status = "A" if old == NOWHERE else "D"
    moved_to = _unquoted(said.get("rename to ", said.get("copy to ", "")))
    moved_from = _unquoted(said.get("rename from ", said.get("copy from ", "")))
    path = moved_to or (new if new != NOWHERE else old) or both
    return {
        "path": path,
        "old_path": moved_from,
        "status": status,
        "mode": said.get("new file mode ", said.get("new mode ", "")),
        "binary": any(line.startswith(("Binary files ", "GIT binary patch")) for line in lines),
    }


def _hunk(match: re.Match[str], lines: Sequence[str], at: int) -> tuple[Hunk, int]:
    """Its lines are counted, as its head says, so that a removed line that reads `-- x` begins no file."""
    old, old_count, new, new_count = (int(number) if number else 1 for number in match.groups()[:4])
    old_end, new_end = old + old_count, new + new_count
    found, old_at, new_at = [], old, new
    while at < len(lines):
        sign, text = lines[at][:1] or " ", lines[at][1:]
        if sign == "\\":
            found.append(Line(sign, text.strip(), None, None))
        elif (old_at >= old_end and new_at >= new_end) or sign not in "+- ":
            break
        else:
            found.append(Line(sign, text, old_at if sign != "+" else None, new_at if sign != "-" else None))
            old_at, new_at = old_at + (sign != "+"), new_at + (sign != "-")
        at += 1
    return Hunk(old, old_count, new, new_count, match[5], tuple(found)), at


def _side(name: str, is_git: bool) -> str:
    """The path of a `---` or `+++` line, without git's `a/` or `b/` and without a time."""
    path = _unquoted(name if name.startswith('"') else name.partition("\t")[0])
    return path[2:] if path[:2] in {"a/", "b/"} or (is_git and path[1:2] == "/" and path != NOWHERE) else path


def _both_sides(names: str) -> str:
    """The path of `a/x b/x`, for files whose header names them nowhere else: there both are the same."""
    if names.startswith('"'):
        return _unquoted(names[: (len(names) - 1) // 2])[2:]
    half = (len(names) - 1) // 2
    return names[half + 1 :][2:]


def _unquoted(name: str) -> str:
    """git puts names with control characters or quotes in quotes, as C would."""
    if len(name) < 2 or not name.startswith('"') or not name.endswith('"'):
        return name
    short = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}

    def plain(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8) & 255]) if len(code) == 3 else short.get(code, code)

    return re.sub(rb"\\([0-7]{3}|.)", plain, name[1:-1].encode()).decode("utf-8", "replace")
