"""Read the edits out of a reply in plain text: search and replace blocks, whole new files, or a patch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from haven.changes.edits.formats import SUMMARY_CHARACTERS, TEXT_FORMAT, Edit, EditKind, Proposal
from haven.changes.edits.patches import BEGIN, diff_begins, from_patch, from_unified_diff
from haven.errors import EditError

OPENER = re.compile(r"^(\s*)(<{5,}(?= ?S)|-{5,}(?= S)) ?SEARCH>?\s*$")
CLOSER = re.compile(r"^\s*(>{5,}|\+{5,}) ?REPLACE\s*$")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^`]*)$")
TAG = re.compile(r"^</?(?:source|sourcecode|code|pre)>\w*$")
LINE_MARK = re.compile(r"^:(?:start|end)_line: ?\d+\s*$", re.MULTILINE)
"""How another tool's blocks name lines: never text of the file, so a block with one was not meant for here."""
VERB = re.compile(r"^(DELETE|MOVE) +([^\s\"]+|\"[^\"]+\")(?: +-> +([^\s\"]+|\"[^\"]+\"))?$")
LABEL = re.compile(r"^(?:#+ +|[-*] +|\d+\. +)?(?:(?:new )?(?:file|path) ?: *)?", re.IGNORECASE)


def from_text(reply: str) -> Proposal:
    """The proposal in a reply that follows TEXT_FORMAT; also takes a new file as a path line over a closed code fence.

    A reply without such blocks may hold an apply_patch text or a unified diff instead. Raises EditError for a reply
    that is cut off, malformed or holds no edits.
    """
    lines = reply.replace("\r\n", "\n").split("\n")
    if not any(OPENER.match(line) for line in lines):
        if any(line.strip() == BEGIN for line in lines):
            return from_patch(reply)
        if any(diff_begins(lines, number) or line.startswith("diff --git ") for number, line in enumerate(lines)):
            return from_unified_diff(reply)
    reader = _Reader(lines)
    edits = tuple(reader.edits())
    if not edits:
        raise EditError("The reply holds no edits. Write them in this form:\n" + TEXT_FORMAT)
    return Proposal(reader.summary[:SUMMARY_CHARACTERS], edits)


def path_in(line: str) -> str:
    """The path that a line consists of, whatever decorates it, or "" for a line of prose."""
    plain = LABEL.sub("", line.strip())
    text = plain.rstrip(": ").strip("*").rstrip(": ")
    bare = text.strip("`\"'")
    if " " in bare and bare == text and plain == line.strip():
        return ""
    return "" if bare.endswith((".", ",", "!", "?", ";")) else bare


def _text(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


@dataclass
class _Reader:
    """Walks over the lines of a reply once; `path` is that of a path line which only blanks and fences follow."""

    lines: list[str]
    at: int = 0
    path: str = ""
    path_at: int = 0
    last: str = ""
    """The path of the block before: a block without a path of its own belongs to the same file."""
    fence: str = ""
    """The code fence that is open here, outside of blocks."""
    summary: str = ""

    def edits(self) -> Iterator[Edit]:
        first = True
        while self.at < len(self.lines):
            start = self.at
            edit = self._edit(self.lines[start])
            if edit is None:
                self._look(self.lines[start])
                self.at = start + 1
                continue
            if first:
                before = self.lines[: start if edit.kind in (EditKind.DELETE, EditKind.MOVE) else self.path_at]
                self.summary = _text([line for line in before if not FENCE.match(line)]).strip()
                first = False
            yield edit

    def _edit(self, line: str) -> Edit | None:
        if opener := OPENER.match(line):
            return self._block(opener)
        if CLOSER.match(line):
            raise EditError(f"Line {self.at + 1} of the reply closes a block that was never opened.")
        if verb := VERB.match(line.strip().strip("`")):
            return self._verb(verb)
        if not self.fence and (fence := FENCE.match(line)) and self.at and self.path_at == self.at - 1:
            return self._whole_file(fence[1])
        return None

    def _look(self, line: str) -> None:
        """Keep track of fences and of the path that the next block belongs to."""
        if fence := FENCE.match(line):
            closes = self.fence and not fence[2].strip() and fence[1].startswith(self.fence)
            self.fence = "" if closes else fence[1]
        elif line.strip() and not TAG.match(line.strip()):
            self.path, self.path_at = path_in(line), self.at

    def _block(self, opener: re.Match[str]) -> Edit:
        start, signs = self.at + 1, len(opener[2])
        if opener[1]:
            raise EditError(f"The block at line {start} is indented: markers start at the beginning of the line.")
        self.path = self.path or self.last
        if not self.path:
            raise EditError(f"The block at line {start} has no path: write the file's path on the line above it.")
        self.last = self.path
        body = self._body(start, signs)
        dividers = [number for number, line in enumerate(body) if line.rstrip() == "=" * signs]
        if len(dividers) != 1:
            raise EditError(
                f"The block for {self.path} at line {start} needs exactly one line of {'=' * signs}, it has "
                f"{len(dividers)}. If the text itself holds such a line, use markers of {signs + 2} signs."
            )
        old, new = _text(body[: dividers[0]]), _text(body[dividers[0] + 1 :])
        if LINE_MARK.search(new) and not LINE_MARK.search(old):
            raise EditError(f"The block for {self.path} at line {start} holds a line number mark: leave it out.")
        if not old.strip("\n"):
            return Edit(self.path, None, new, EditKind.CREATE)
        return Edit(self.path, old, new)

    def _body(self, start: int, signs: int) -> list[str]:
        """The lines between the opening and the closing marker; leaves `at` behind the closing one."""
        for number in range(start, len(self.lines)):
            line = self.lines[number]
            if (closer := CLOSER.match(line)) and len(closer[1]) == signs:
                self.at = number + 1
                return self.lines[start:number]
            if (opener := OPENER.match(line)) and len(opener[2]) == signs:
                raise EditError(
                    f"The block for {self.path} at line {start} is not closed: another one begins at line {number + 1}."
                )
        raise EditError(
            f"The reply is cut off inside the block for {self.path} at line {start}: {'>' * signs} REPLACE is missing. "
            "Send the whole reply again, in smaller blocks if need be."
        )

    def _verb(self, verb: re.Match[str]) -> Edit:
        path, to = (part.strip('"') if part else None for part in (verb[2], verb[3]))
        if (verb[1] == "MOVE") != (to is not None):
            raise EditError(f"Line {self.at + 1}: write `DELETE path` or `MOVE path -> new path`.")
        self.at += 1
        self.path = ""
        return Edit(path or "", kind=EditKind(verb[1].lower()), to=to)

    def _whole_file(self, fence: str) -> Edit | None:
        """A new file in a fence right below its path; None where that is not what the fence holds."""
        if "." not in self.path and "/" not in self.path:
            return None
        start = self.at + 1
        for number in range(start, len(self.lines)):
            line = self.lines[number]
            if OPENER.match(line):
                return None
            inner = FENCE.match(line)
            if inner and inner[1].startswith(fence) and not inner[2].strip():
                self.at = number + 1
                return Edit(self.path, None, _text(self.lines[start:number]), EditKind.CREATE)
            if inner and inner[1].startswith(fence):
                raise EditError(
                    f"The file {self.path} at line {start} holds a code fence itself: "
                    "write it as a block with an empty SEARCH part."
                )
        raise EditError(f"The reply is cut off inside the file {self.path} that begins at line {start}. Send it again.")
