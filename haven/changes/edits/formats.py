"""What an edit is, and the strict tool call by which a model writes a set of them down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from haven.ai.task import Tool
from haven.errors import EditError

SUMMARY_CHARACTERS = 2000


class EditKind(StrEnum):
    REPLACE = "replace"
    CREATE = "create"
    DELETE = "delete"
    MOVE = "move"
    INSERT = "insert"
    PATCH = "patch"


@dataclass(frozen=True)
class Hunk:
    """One place of a patch: its lines without line ends, each after its sign (" " stays, "-" goes, "+" comes)."""

    lines: tuple[tuple[str, str], ...]
    anchors: tuple[str, ...] = ()
    """Lines that stand above it, in this order."""
    at_end: bool = False
    """Whether it must be the end of the file."""
    line: int | None = None
    """The number of its first old line when the patch was made; decides only between places that fit alike."""
    final_newline: bool | None = None
    """Whether the file ends in a line end afterwards; None: as it did."""


@dataclass(frozen=True)
class Edit:
    """One step: `replace` uses old and new, `create` new, `move` to, `insert` new and line, `patch` hunks."""

    path: str
    old: str | None = None
    new: str | None = None
    kind: EditKind = EditKind.REPLACE
    to: str | None = None
    every: bool = False
    """For `replace`: every place, not the only one; the text must then stand there exactly."""
    line: int | None = None
    """For `insert`: the number of the line to put it behind, 0 for the top."""
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What came back: one or more edits and a sentence or two on what they do."""

    summary: str
    edits: tuple[Edit, ...]


TOOL_KINDS = (EditKind.REPLACE, EditKind.CREATE, EditKind.DELETE, EditKind.MOVE)


def _nullable(description: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description}


EDIT_TOOL = Tool(
    name="propose_edits",
    description=(
        "Propose the complete change to the repository as a list of edits. They are applied in the order given, all of "
        "them or none. For `replace`, `old` is copied character for character from the file as shown (indentation and "
        "blank lines included, line numbers left out), with just enough surrounding lines that it stands in that file "
        "exactly once; `new` is what stands there instead. With `every` true, all places where `old` stands are "
        "replaced. Prefer several small replacements over one large one, and never leave anything out with a comment "
        "such as 'rest unchanged'. `create` makes a new file whose whole content is `new`. `delete` removes the file. "
        "`move` renames `path` to `to`; further edits use the new path. Set the fields that a kind does not use to "
        "null. Paths are relative to the top of the repository."
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
                        "kind": {"type": "string", "enum": [kind.value for kind in TOOL_KINDS]},
                        "old": _nullable("replace: the exact text that stands in the file once."),
                        "new": _nullable("replace: the text instead of it; create: the whole file."),
                        "to": _nullable("move: the new path."),
                        "every": {"type": "boolean", "description": "replace: every occurrence; otherwise false."},
                    },
                    "required": ["path", "kind", "old", "new", "to", "every"],
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
    kind: Literal[EditKind.REPLACE, EditKind.CREATE, EditKind.DELETE, EditKind.MOVE]
    old: str | None = None
    new: str | None = None
    to: str | None = None
    every: bool = False


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
    edits = tuple(Edit(edit.path, edit.old, edit.new, edit.kind, edit.to, edit.every) for edit in given.edits)
    return Proposal(given.summary.strip()[:SUMMARY_CHARACTERS], edits)
