"""Read patches: the apply_patch form ("*** Begin Patch") and unified diffs, as git, diff and models write them.

Where tools disagree on apply_patch, Haven decides so: a file that is added, or the target of a move, must not exist
yet; a hunk must fit in one place only, unless a line after @@ says where; every updated file ends in a line end, since
the form can't say otherwise; lines added with nothing around them go to the end, or below the line after @@. Of a
unified diff the line numbers count only if the counts beside them are right, and only between places that fit alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from haven.changes.edits.formats import SUMMARY_CHARACTERS, Edit, EditKind, Hunk, Proposal
from haven.errors import EditError

BEGIN, END, END_OF_FILE = "*** Begin Patch", "*** End Patch", "*** End of File"
HEADER = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)$")
MOVE_TO = "*** Move to: "
RANGE = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
NOWHERE = "/dev/null"
HEADING = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|similarity index|dissimilarity index|index) (.*)$"
)
SAME_PATH = re.compile(r"diff --git a/(.+) b/\1$")
PLAIN_FILE = "100644"
SIGNATURE = "-- "
"""The line that git puts between a mailed patch and its version number."""


def from_patch(reply: str) -> Proposal:
    """The proposal in an apply_patch text, with or without prose or a here-document around it; raises EditError."""
    lines = reply.replace("\r\n", "\n").split("\n")
    marks = [line.strip() for line in lines]
    if BEGIN not in marks:
        raise EditError(f"The patch does not begin: a line `{BEGIN}` is missing.")
    start = marks.index(BEGIN)
    if END not in marks[start:]:
        raise EditError(f"The patch is cut off: the line `{END}` is missing. Send the whole patch again.")
    stop = marks.index(END, start)
    if not any(marks[start + 1 : stop]):
        raise EditError("The patch is empty: it changes no file.")
    top = next(number for number in range(start + 1, stop) if marks[number])
    # Only the first may be indented: an indented one further down is a line of the file that is patched.
    sections = [number for number in range(top, stop) if HEADER.match(marks[top] if number == top else lines[number])]
    if top not in sections:
        raise EditError(
            f"Line {top + 1} of the patch is none of `*** Add File: path`, `*** Update File: path`, "
            "`*** Delete File: path`."
        )
    edits: list[Edit] = []
    for first, last in zip(sections, [*sections[1:], stop], strict=True):
        edits += _section(marks[first], lines[first + 1 : last])
    return Proposal("\n".join(lines[:start]).strip().removesuffix("```").strip()[:SUMMARY_CHARACTERS], tuple(edits))


def _section(header: str, lines: list[str]) -> list[Edit]:
    found = HEADER.match(header)
    assert found
    verb, path = found[1], found[2].strip()
    if verb == "Update":
        return _update(path, lines)
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if verb == "Delete":
        if lines:
            raise EditError(f"The patch for {path}: a deleted file has no lines, but there is `{lines[0][:100]}`.")
        return [Edit(path, kind=EditKind.DELETE)]
    for line in lines:
        if not line.startswith("+"):
            raise EditError(f"The patch for {path}: lines of a new file begin with +, but there is `{line[:100]}`.")
    return [Edit(path, None, "".join(line[1:] + "\n" for line in lines), EditKind.CREATE)]


def _update(path: str, lines: list[str]) -> list[Edit]:
    move: list[Edit] = []
    if lines and lines[0].strip().startswith(MOVE_TO.strip()):
        to = lines[0].strip().removeprefix(MOVE_TO.strip()).strip()
        move = [Edit(path, kind=EditKind.MOVE, to=to)]
        lines = lines[1:]
    hunks = _patch_hunks(path, lines)
    if not hunks and not move:
        raise EditError(f"The patch for {path} is empty: an updated file needs at least one line to add or remove.")
    return [Edit(path, kind=EditKind.PATCH, hunks=tuple(hunks)), *move] if hunks else move


@dataclass
class _Open:
    """A hunk while it is read."""

    anchors: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    at_end: bool = False

    def closed(self, path: str) -> Hunk:
        lines = _without_blank_end(self.lines)
        if not lines:
            raise EditError(f"The patch for {path} has a part after @@ without any lines.")
        signed = tuple((sign or " ", text) for sign, text in lines)
        return Hunk(signed, tuple(self.anchors), self.at_end, final_newline=True)


def _patch_hunks(path: str, lines: Sequence[str]) -> list[Hunk]:
    hunks: list[Hunk] = []
    now = _Open()
    for line in lines:
        if line.rstrip() == "@@" or line.startswith("@@ "):
            if now.lines or now.at_end:
                hunks.append(now.closed(path))
                now = _Open()
            if anchor := line[3:].strip().removesuffix("@@").strip():
                now.anchors.append(anchor)
        elif line.strip() == END_OF_FILE:
            now.at_end = True
        elif now.at_end and line.strip():
            raise EditError(f"The patch for {path} goes on behind `{END_OF_FILE}`; begin a new part with @@.")
        elif not now.at_end:
            now.lines.append(_signed(path, line))
    if now.lines and (now.at_end or now.anchors or _without_blank_end(now.lines)):
        hunks.append(now.closed(path))
    elif now.anchors:
        raise EditError(f"The patch for {path} has a part after @@ without any lines.")
    return hunks


def _signed(path: str, line: str) -> tuple[str, str]:
    """The sign and the text; "" is the sign of a line that is wholly empty, which may be context or nothing."""
    if not line:
        return "", ""
    if line[0] not in " +-":
        raise EditError(f"The patch for {path}: a line begins with a blank, + or -, but there is `{line[:100]}`.")
    return line[0], line[1:]


def _without_blank_end(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = list(lines)
    while kept and not kept[-1][0]:
        kept.pop()
    return kept


def diff_begins(lines: Sequence[str], at: int) -> bool:
    """Whether the two lines that name the files of a unified diff stand here, and a hunk below them."""
    names = lines[at : at + 2]
    return (
        len(names) == 2
        and names[0].startswith("--- ")
        and names[1].startswith("+++ ")
        and at + 2 < len(lines)
        and lines[at + 2].startswith("@@")
    )


def from_unified_diff(reply: str) -> Proposal:
    """The proposal in a unified diff, with or without prose and fences around it; raises EditError."""
    lines = reply.replace("\r\n", "\n").split("\n")
    reader = _Diff(lines)
    edits: list[Edit] = []
    while reader.at < len(lines):
        edits += reader.step()
    if not edits:
        raise EditError("The diff changes no file: it needs a line `--- path`, a line `+++ path` and parts after @@.")
    before = [line for line in lines[: reader.first] if not line.startswith(("```", "diff ", "index "))]
    return Proposal("\n".join(before).strip()[:SUMMARY_CHARACTERS], tuple(edits))


def _name(line: str) -> str:
    """The path in `--- a/path` or `+++ b/path`, without the time that diff puts behind a tab."""
    name = line[4:].split("\t")[0].strip().strip('"')
    return name[2:] if name.startswith(("a/", "b/")) else name


@dataclass
class _Diff:
    """Walks over the lines of a diff once."""

    lines: list[str]
    at: int = 0
    first: int = 0
    """Where the first file begins."""

    def step(self) -> list[Edit]:
        line = self.lines[self.at]
        if diff_begins(self.lines, self.at):
            self.first = self.first or self.at
            return self._file()
        self.at += 1
        if line.startswith("diff --git "):
            self.first = self.first or self.at - 1
            return self._header(line)
        if line.startswith(("GIT binary patch", "Binary files ")):
            raise EditError("The diff changes a binary file; only text can be edited.")
        if line.startswith(("@@ -", "@@ ...")):
            raise EditError(f"Line {self.at}: a part of the diff has no file: write `--- path`, `+++ path` above it.")
        return []

    def _header(self, named: str) -> list[Edit]:
        """What git says of a file above its hunks: renamed, or an empty file that is new or gone."""
        said: dict[str, str] = {}
        while self.at < len(self.lines) and (line := HEADING.match(self.lines[self.at])):
            said[line[1]] = line[2].strip().strip('"')
            self.at += 1
        if "new mode" in said or "copy from" in said or said.get("new file mode", PLAIN_FILE) != PLAIN_FILE:
            raise EditError("The diff changes the mode of a file, links or copies one; only text can be edited.")
        if "rename from" in said and "rename to" in said:
            return [Edit(said["rename from"], kind=EditKind.MOVE, to=said["rename to"])]
        same = SAME_PATH.match(named)
        if not same or diff_begins(self.lines, self.at):
            return []
        if "deleted file mode" in said:
            return [Edit(same[1], kind=EditKind.DELETE)]
        return [Edit(same[1], None, "", EditKind.CREATE)] if "new file mode" in said else []

    def _file(self) -> list[Edit]:
        raw = [self.lines[self.at + number][4:].split("\t")[0].strip() for number in (0, 1)]
        old, new = _name(self.lines[self.at]), _name(self.lines[self.at + 1])
        self.at += 2
        hunks: list[Hunk] = []
        while self.at < len(self.lines) and self.lines[self.at].startswith("@@"):
            hunks.append(self._hunk(new if raw[1] != NOWHERE else old))
        if raw[0] == NOWHERE:
            return [Edit(new, None, _whole(new, hunks), EditKind.CREATE)]
        if any(hunk.line is None and all(sign == "+" for sign, _ in hunk.lines) for hunk in hunks):
            raise EditError(f"The diff for {new} adds lines without any around them: begin with lines that are there.")
        patch = Edit(old, kind=EditKind.PATCH, hunks=tuple(hunks))
        if raw[1] == NOWHERE:
            gone = replace(patch, hunks=(*hunks[:-1], replace(hunks[-1], at_end=True)))
            return [gone, Edit(old, kind=EditKind.DELETE)]
        # Git names a renamed file by its old path in ---, but the move came before the hunks. Other tools put
        # anything into ---, such as original.py: +++ names the file.
        return [replace(patch, path=new)]

    def _hunk(self, path: str) -> Hunk:
        """Read one part; the counts in its head only tell where it ends if they are right, so they decide little."""
        head = RANGE.match(self.lines[self.at])
        self.at += 1
        lines: list[tuple[str, str]] = []
        counts = 0, 0
        ends: dict[str, bool] = {}
        while self.at < len(self.lines) and not self._over(counts, head):
            line = self.lines[self.at]
            if line.startswith("\\"):
                ends |= dict.fromkeys("+-" if lines and lines[-1][0] == " " else (lines[-1][0] if lines else ""), False)
            else:
                lines.append(_signed(path, line))
                more = _counted(lines[-1:])
                counts = counts[0] + more[0], counts[1] + more[1]
            self.at += 1
        signed = tuple((sign or " ", text) for sign, text in _without_blank_end(lines))
        if not signed:
            raise EditError(f"The diff for {path} has a part after @@ without any lines.")
        if head and _counted(signed) != (int(head[2] or 1), int(head[3] or 1)):
            head = None  # the counts are wrong, so that the number of the line is no more than a guess
        final = False if "+" in ends else (True if "-" in ends else None)
        return Hunk(signed, line=_line(head), final_newline=final)

    def _over(self, counts: tuple[int, int], head: re.Match[str] | None) -> bool:
        """Whether the part ends before the line that is next; `counts` are its old and new lines so far."""
        line = self.lines[self.at]
        if line.startswith(("@@", "diff --git ", "```", "~~~", "Index: ")):
            return True
        full = head is not None and counts >= (int(head[2] or 1), int(head[3] or 1))
        if line.rstrip() == SIGNATURE.rstrip() and full:
            return True
        return diff_begins(self.lines, self.at) or (full and not line.strip())


def _counted(lines: Sequence[tuple[str, str]]) -> tuple[int, int]:
    return sum(sign != "+" for sign, _ in lines), sum(sign != "-" for sign, _ in lines)


def _line(head: re.Match[str] | None) -> int | None:
    """For a part without old lines the head names the line above it."""
    return None if head is None else int(head[1]) + (head[2] == "0")


def _whole(path: str, hunks: Sequence[Hunk]) -> str:
    lines = [line for hunk in hunks for line in hunk.lines]
    if any(sign != "+" for sign, _ in lines):
        raise EditError(f"The diff for {path} makes a new file, so that every line of it begins with +.")
    text = "".join(text + "\n" for _, text in lines)
    return text.removesuffix("\n") if hunks and hunks[-1].final_newline is False else text
