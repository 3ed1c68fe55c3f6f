"""Claude's own text-editor commands: view, str_replace, create and insert, as it is trained to call them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from haven.changes.edits.formats import Edit, EditKind, Proposal
from haven.changes.edits.lines import plain, split
from haven.changes.edits.tree import Tree, decode
from haven.errors import EditError

SHOWN_CHARACTERS = 100_000


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    command: str
    path: str
    old_str: str | None = None
    new_str: str | None = None
    file_text: str | None = None
    insert_line: int | None = None
    insert_text: str | None = None
    view_range: list[int] | None = Field(None, min_length=2, max_length=2)


def _command(data: Any) -> _Command:
    try:
        return _Command.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the input"
        raise EditError(f"The text-editor command is malformed: {where}: {first['msg']}.") from None


def from_commands(calls: Sequence[Any], summary: str = "") -> Proposal:
    """The proposal in the inputs of such calls, in their order; those that only view are passed over.

    A missing `new_str` of str_replace is "", `insert_text` may be called `new_str`. Raises EditError for a call that
    does not have the form, for one that can't be done here (undo_edit), and where no call edits anything.
    """
    commands = [command for command in map(_command, calls) if command.command != "view"]
    if not commands:
        raise EditError("None of the text-editor commands edits anything.")
    return Proposal(summary, tuple(_edit(command) for command in commands))


def _edit(given: _Command) -> Edit:
    match given.command:
        case "str_replace":
            if given.old_str is None:
                raise EditError("str_replace needs `old_str`.")
            return Edit(given.path, given.old_str, given.new_str or "")
        case "create":
            if given.file_text is None:
                raise EditError("create needs `file_text`.")
            return Edit(given.path, None, given.file_text, EditKind.CREATE)
        case "insert":
            text = given.new_str if given.insert_text is None else given.insert_text
            if given.insert_line is None or text is None:
                raise EditError("insert needs `insert_line` and `insert_text`.")
            return Edit(given.path, None, text, EditKind.INSERT, line=given.insert_line)
    raise EditError(
        f"There is no command {given.command[:50]!a} here; use view, str_replace, create or insert. "
        "To take an edit back, make the opposite edit."
    )


def view(tree: Path, call: Any) -> str:
    """What the view command shows: the numbered lines of a file, cut where they would be too many.

    Raises EditError for a path outside the tree, a file that is not there or not text, and a range that does not fit.
    """
    given = _command(call)
    read = Tree(tree.resolve()).read(given.path)
    if read.data is None:
        raise EditError(f"There is no file {read.path}.")
    lines = split(decode(read.data)[0])
    first, last = given.view_range or (1, -1)
    last = len(lines) if last == -1 else last
    if not 1 <= first <= max(1, len(lines)) or last < first - (not lines):
        raise EditError(f"The range {first} to {last} does not fit: the file has {len(lines)} lines.")
    shown = "".join(f"{number:6}\t{plain(line)}" for number, line in enumerate(lines[first - 1 : last], first))
    if len(shown) > SHOWN_CHARACTERS:
        return shown[:SHOWN_CHARACTERS] + "\n(Cut here: view a smaller range.)"
    return shown
