"""What an edit is, and the two ways in which a model or a person may write a set of them down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from haven.ai.task import Tool
from haven.errors import EditError

SUMMARY_CHARACTERS = 2000


class EditKind(StrEnum):
    REPLACE = "replace"
    CREATE = "create"
    DELETE = "delete"
    MOVE = "move"


@dataclass(frozen=True)
class Edit:
    """One step: `replace` uses old and new, `create` new, `move` to; `delete` only the path."""

    path: str
    old: str | None = None
    new: str | None = None
    kind: EditKind = EditKind.REPLACE
    to: str | None = None


@dataclass(frozen=True)
class Proposal:
    """What came back: one or more edits and a sentence or two on what they do."""

    summary: str
    edits: tuple[Edit, ...]


def _nullable(description: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description}


EDIT_TOOL = Tool(
    name="propose_edits",
    description=(
        "Propose the complete change to the repository as a list of edits. They are applied in the order given, all of "
        "them or none. For `replace`, `old` is copied character for character from the file as shown (indentation and "
        "blank lines included, line numbers left out), with just enough surrounding lines that it stands in that file "
        "exactly once; `new` is what stands there instead. Prefer several small replacements over one large one, and "
        "never leave anything out with a comment such as 'rest unchanged'. `create` makes a new file whose whole "
        "content is `new`. `delete` removes the file. `move` renames `path` to `to`; further edits use the new path. "
        "Set the fields that a kind does not use to null. Paths are relative to the top of the repository."
    ),
    schema={
        "type": "object",
        "properties": {
            "summary": {"type": "string", "description": "What the change does and why, in one to four sentences."},
            "edits": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "path": {"type": "string", "description": "The file, such as src/map/view.py."},
                        "kind": {"type": "string", "enum": [kind.value for kind in EditKind]},
                        "old": _nullable("replace: the exact text that stands in the file once."),
                        "new": _nullable("replace: the text instead of it; create: the whole file."),
                        "to": _nullable("move: the new path."),
                    },
                    "required": ["path", "kind", "old", "new", "to"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["summary", "edits"],
        "additionalProperties": False,
    },
)

TEXT_FORMAT = """\
Begin with one short paragraph that says what the change does. Then write the edits, and nothing that looks like one.

To change a file: its path alone on a line, then a block. SEARCH holds lines copied exactly from the file, enough of
them that they stand there only once; REPLACE holds what stands there instead. Prefer several small blocks to a big one.

src/example.py
```python
<<<<<<< SEARCH
def greet():
    return "hello"
=======
def greet(name: str) -> str:
    return f"hello {name}"
>>>>>>> REPLACE
```

To create a file: the same with an empty SEARCH part. To remove or rename one, a line of its own:

DELETE src/old.py
MOVE src/old.py -> src/new.py

The three marker lines start at the beginning of the line and have the same number of signs: seven, or more if the text
itself holds such a line (<<<<<<<<< SEARCH, =========, >>>>>>>>> REPLACE). Paths are relative to the top of the
repository. Write every block out to its end; never shorten with "rest unchanged". All edits are applied, in order, or
none is.
"""


class _ToolEdit(BaseModel):
    model_config = ConfigDict(extra="forbid")
    path: str
    kind: EditKind
    old: str | None = None
    new: str | None = None
    to: str | None = None


class _ToolInput(BaseModel):
    model_config = ConfigDict(extra="forbid")
    summary: str = ""
    edits: list[_ToolEdit]


def from_tool(data: Any) -> Proposal:
    """The proposal in the input of `propose_edits`. Raises EditError where it does not have the tool's form."""
    try:
        given = _ToolInput.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the input"
        raise EditError(f"The input of {EDIT_TOOL.name} is malformed: {where}: {first['msg']}.") from None
    if not given.edits:
        raise EditError(f"The input of {EDIT_TOOL.name} holds no edits: list at least one.")
    edits = tuple(Edit(edit.path, edit.old, edit.new, edit.kind, edit.to) for edit in given.edits)
    return Proposal(given.summary.strip()[:SUMMARY_CHARACTERS], edits)


OPENER = re.compile(r"^(\s*)(<{5,}) ?SEARCH\s*$")
CLOSER = re.compile(r"^\s*(>{5,}) ?REPLACE\s*$")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^`]*)$")
TAG = re.compile(r"^</?(?:source|sourcecode|code|pre)>\w*$")
VERB = re.compile(r"^(DELETE|MOVE) +([^\s\"]+|\"[^\"]+\")(?: +-> +([^\s\"]+|\"[^\"]+\"))?$")
LABEL = re.compile(r"^(?:#+ +|[-*] +|\d+\. +)?(?:(?:new )?(?:file|path) ?: *)?", re.IGNORECASE)


def from_text(reply: str) -> Proposal:
    """The proposal in a reply that follows TEXT_FORMAT; also takes a new file as a path line over a closed code fence.

    Raises EditError for a reply that is cut off, malformed or holds no edits.
    """
    reader = _Reader(reply.replace("\r\n", "\n").split("\n"))
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
