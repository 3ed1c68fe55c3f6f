"""Apply a set of edits to a tree of files: all of them or none, and never a byte outside that tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from haven.changes.edits.commands import from_commands, view
from haven.changes.edits.formats import EDIT_TOOL, TEXT_FORMAT, Edit, EditKind, Hunk, Proposal, from_tool
from haven.changes.edits.hunks import insert, patch
from haven.changes.edits.match import Substitution, substitute
from haven.changes.edits.text import from_text
from haven.changes.edits.tree import Tree, alike, decode, encode
from haven.changes.edits.writing import Outcome, write
from haven.errors import EditError, NoChange

__all__ = [
    "EDIT_TOOL",
    "TEXT_FORMAT",
    "Applied",
    "Edit",
    "EditKind",
    "Hunk",
    "Proposal",
    "apply",
    "from_commands",
    "from_text",
    "from_tool",
    "view",
]

MAX_EDITS = 200
MAX_TOTAL_CHARACTERS = 4_000_000
HINTS = 3
"""So many failures come with what may have been meant; the others with the reason alone."""
OMISSION = re.compile(
    r"^[^\w\n]{0,20}(?:\.{3}|…).{0,200}\b(?:rest|existing|remaining|unchanged|same as before)\b"
    r"|^[^\w\n]{0,20}(?:the )?(?:rest of|existing|remaining|unchanged)\b.{0,200}(?:\.{3}|…)[^\w\n]{0,20}$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line such as `# ... rest of the code`, which stands for text that was left out."""
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Applied:
    paths: tuple[str, ...]
    """Every path that is different now, sorted."""
    notes: tuple[str, ...]
    """Where a forgiving match was used, and which."""


def apply(tree: Path, edits: Sequence[Edit]) -> Applied:
    """Apply the edits in their order, or leave the tree byte for byte as it was.

    Line ends, byte order mark, encoding, missing final newline and mode of a changed file stay. Blocks: run it in a
    thread. Raises EditError with every edit that can't be applied and why; RepositoryError where the disk refuses.
    """
    _within_limits(edits)
    plan = _Plan(Tree(tree.resolve()))
    failures: list[str] = []
    spoiled: set[str | None] = set()
    for number, edit in enumerate(edits, 1):
        if edit.path in spoiled:
            continue
        try:
            plan.add(edit)
        except EditError as error:
            failures.append(f"Edit {number} ({edit.kind.value} {_shown(edit.path)}): {error}")
            plan.hint = len(failures) < HINTS
            spoiled |= {edit.path, edit.to}
    if failures:
        rest = "The edit was not applied" if len(edits) == 1 else "None of the edits was applied"
        raise EditError(f"{rest}.\n" + "\n".join(failures))
    outcomes = plan.outcomes()
    if not outcomes:
        raise NoChange("Taken together, the edits change nothing.")
    write(plan.tree.root, outcomes)
    return Applied(tuple(outcomes), tuple(plan.notes))


def _within_limits(edits: Sequence[Edit]) -> None:
    if not edits:
        raise EditError("There are no edits.")
    if len(edits) > MAX_EDITS:
        raise EditError(f"There are {len(edits)} edits; at most {MAX_EDITS} are taken at once. Make a smaller change.")
    total = sum(len(edit.old or "") + len(edit.new or "") for edit in edits)
    total += sum(len(line) for edit in edits for hunk in edit.hunks for _, line in hunk.lines)
    if total > MAX_TOTAL_CHARACTERS:
        raise EditError(f"The edits hold {total:,} characters; at most {MAX_TOTAL_CHARACTERS:,} are taken at once.")


def _shown(path: str) -> str:
    return ascii(path)[1:-1][:200] if not path.isprintable() else path[:200]


@dataclass
class _Plan:
    """What the tree will hold: contents by path, None for a file that is gone; the disk is only read."""

    tree: Tree
    before: dict[str, bytes | None] = field(default_factory=dict)
    after: dict[str, bytes | None] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hint: bool = True

    def add(self, edit: Edit) -> None:
        path = self._load(edit.path)
        _of_one_form(edit)
        match edit.kind:
            case EditKind.CREATE:
                self._create(path, edit.new)
            case EditKind.REPLACE if not edit.old and edit.old is not None and not self.after[path]:
                self._create(path, edit.new)
            case EditKind.REPLACE | EditKind.INSERT | EditKind.PATCH:
                self._change(path, edit)
            case EditKind.DELETE:
                decode(self._existing(path))
                self.after[path] = None
            case EditKind.MOVE:
                self._move(path, edit)

    def outcomes(self) -> dict[str, Outcome]:
        """Every path that will be different, in order."""
        changed = sorted(path for path, data in self.after.items() if data != self.before[path])
        return {path: Outcome(self.before[path], self.after[path], self.modes.get(path, 0o644)) for path in changed}

    def _create(self, path: str, new: str | None) -> None:
        if new is None:
            raise EditError("a create has its whole content in `new` and no `old`.")
        if self.after[path]:
            raise EditError("the file exists already; replace parts of it instead.")
        self._free(path)
        self.after[path] = encode(new, "utf-8", b"")

    def _change(self, path: str, edit: Edit) -> None:
        text, encoding, mark = decode(self._existing(path))
        done = self._changed(text, edit, bool(mark))
        self.after[path] = encode(done.text, encoding, mark)
        if done.note:
            self.notes.append(f"{path}: {done.note}")

    def _changed(self, text: str, edit: Edit, marked: bool) -> Substitution:
        if marked:
            edit = _without_mark(edit)
        old, new = edit.old, edit.new
        if edit.kind is EditKind.PATCH:
            return patch(text, edit.hunks, hint=self.hint)
        if edit.kind is EditKind.INSERT:
            if edit.line is None or not new:
                raise EditError("an insert needs the text and the number of the line to put it behind.")
            return Substitution(insert(text, edit.line, new), "")
        if not old or new is None:
            raise EditError("a replace needs `old`, the text that stands there, and `new`; for a new file use create.")
        return substitute(text, old, new, every=edit.every, hint=self.hint)

    def _move(self, path: str, edit: Edit) -> None:
        data = self._existing(path)
        decode(data)
        to = self._load(edit.to or "")
        if self.after[to] is not None:
            raise EditError(f"{to} exists already.")
        self.after[path] = None
        try:
            self._free(to)
        except EditError:
            self.after[path] = data
            raise
        self.after[to] = data
        self.modes[to] = self.modes.get(path, 0o644)

    def _existing(self, path: str) -> bytes:
        data = self.after[path]
        if data is None:
            raise EditError(f"there is no such file.{self.tree.meant(path) if self.hint else ''}")
        return data

    def _load(self, given: str) -> str:
        """Check the path and read the file behind it, once."""
        read = self.tree.read(given)
        if read.path not in self.before:
            self.before[read.path] = self.after[read.path] = read.data
            self.modes[read.path] = read.mode
        return read.path

    def _free(self, path: str) -> None:
        """Refuse a new file where a folder stands, or below another file."""
        for other, data in self.after.items():
            if data is not None and (path.startswith(other + "/") or other.startswith(path + "/")):
                raise EditError(f"it can't stand beside the file {other}.")
            if data is not None and _twins(path, other):
                raise EditError(f"{other} is there already; the names differ only in case.")
        self.tree.refuse_taken(path, frozenset(other for other, data in self.after.items() if data is None))


def _twins(path: str, other: str) -> bool:
    """Whether the first folder, or the file itself, in which two paths part has names that only look different."""
    parted = next(((one, two) for one, two in zip(path.split("/"), other.split("/"), strict=False) if one != two), None)
    return parted is not None and alike(*parted)


def _without_mark(edit: Edit) -> Edit:
    """A file's byte order mark is kept beside its text, but git's diffs and some models copy it along."""
    old, new = (text and text.removeprefix(BYTE_ORDER_MARK) for text in (edit.old, edit.new))
    hunks = (
        replace(hunk, lines=tuple((sign, line.removeprefix(BYTE_ORDER_MARK)) for sign, line in hunk.lines))
        for hunk in edit.hunks
    )
    return replace(edit, old=old, new=new, hunks=tuple(hunks))


def _of_one_form(edit: Edit) -> None:
    """Refuse an edit with fields that its kind does not use, or with text that stands for text left out."""
    if edit.kind is EditKind.REPLACE and edit.old == edit.new:
        raise EditError("old and new are the same text: the edit changes nothing.")
    if edit.kind is not EditKind.MOVE and edit.to is not None:
        raise EditError("only a move has a `to`.")
    if edit.kind is not EditKind.REPLACE and (edit.every or edit.old):
        raise EditError(f"a {edit.kind.value} has no `old` text and no `every`; use a replace beside it.")
    if edit.kind in (EditKind.DELETE, EditKind.MOVE) and edit.new:
        raise EditError(f"a {edit.kind.value} has no old or new text; use a replace beside it.")
    added = edit.new or "\n".join(text for hunk in edit.hunks for sign, text in hunk.lines if sign == "+")
    there = edit.old or "\n".join(text for hunk in edit.hunks for sign, text in hunk.lines if sign != "+")
    for found in OMISSION.finditer(added):
        if (left_out := found[0].strip()) not in there:
            raise EditError(f"`{left_out[:100]}` stands for text that was left out: write it out in full.")
