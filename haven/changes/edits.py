"""Apply a set of edits to a tree of files: all of them or none, and never a byte outside that tree."""

from __future__ import annotations

import codecs
import itertools
import os
import re
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from haven.changes.edit_formats import EDIT_TOOL, TEXT_FORMAT, Edit, EditKind, Proposal, from_text, from_tool
from haven.changes.edit_match import closest, substitute
from haven.errors import EditError, RepositoryError

__all__ = ["EDIT_TOOL", "TEXT_FORMAT", "Applied", "Edit", "EditKind", "Proposal", "apply", "from_text", "from_tool"]

MAX_EDITS = 200
MAX_FILE_BYTES = 1_000_000
MAX_TOTAL_CHARACTERS = 4_000_000
MAX_PATH_BYTES = 1000
SEARCHED_FILES = 5000
"""So many names are looked through for one that the edit may have meant."""
COMPARED_PATH = 200
"""Longer paths are not compared: it would take too long."""
HINTS = 3
"""So many failures come with what may have been meant; the others with the reason alone."""
MAX_GITMODULES_BYTES = 100_000
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
OMISSION = re.compile(
    r"^[^\w\n]{0,20}(?:\.{3}|…).{0,200}\b(?:rest|existing|remaining|unchanged|same as before)\b"
    r"|^[^\w\n]{0,20}(?:the )?(?:rest of|existing|remaining|unchanged)\b.{0,200}(?:\.{3}|…)[^\w\n]{0,20}$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line such as `# ... rest of the code`, which stands for text that was left out."""
CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


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
    plan = _Plan(tree.resolve())
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
    changed = plan.changed()
    if not changed:
        raise EditError("Taken together, the edits change nothing.")
    _write(plan, changed)
    return Applied(tuple(changed), tuple(plan.notes))


def _within_limits(edits: Sequence[Edit]) -> None:
    if not edits:
        raise EditError("There are no edits.")
    if len(edits) > MAX_EDITS:
        raise EditError(f"There are {len(edits)} edits; at most {MAX_EDITS} are taken at once. Make a smaller change.")
    total = sum(len(edit.old or "") + len(edit.new or "") for edit in edits)
    if total > MAX_TOTAL_CHARACTERS:
        raise EditError(f"The edits hold {total:,} characters; at most {MAX_TOTAL_CHARACTERS:,} are taken at once.")


def _shown(path: str) -> str:
    return ascii(path)[1:-1][:200] if not path.isprintable() else path[:200]


def _same_as_git(part: str) -> bool:
    """Whether some file system would take this name for .git: case, trailing dots and blanks, streams, short names."""
    name = unicodedata.normalize("NFKC", part).split(":")[0].rstrip(". ").casefold()
    return name in (".git", ".gitmodules") or re.fullmatch(r"(git|gitmod|gi[0-9a-f]{4})~[0-9]+", name) is not None


def clean_path(path: str) -> str:
    """The path in its one plain form. Raises EditError for one that is not plainly inside a repository."""
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in path):
        raise EditError("the path holds control or invisible characters.")
    if "\\" in path:
        raise EditError("write the path with / instead of \\.")
    if not path.strip() or path.startswith(("/", "~")) or path.endswith("/") or re.match(r"[A-Za-z]:", path):
        raise EditError("the path must be that of a file, relative to the top of the repository.")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise EditError("the path leads outside the repository.")
    if any(_same_as_git(part) for part in parts):
        raise EditError("git's own files and submodules can't be edited.")
    if len(os.fsencode(path)) > MAX_PATH_BYTES or any(len(os.fsencode(part)) > 255 for part in parts):
        raise EditError("the path is too long.")
    return "/".join(parts)


@dataclass
class _Plan:
    """What the tree will hold: contents by path, None for a file that is gone; the disk is only read."""

    root: Path
    before: dict[str, bytes | None] = field(default_factory=dict)
    after: dict[str, bytes | None] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hint: bool = True

    def add(self, edit: Edit) -> None:
        path = self._load(edit.path)
        if edit.kind is not EditKind.MOVE and edit.to is not None:
            raise EditError("only a move has a `to`.")
        if (left_out := OMISSION.search(edit.new or "")) and left_out[0].strip() not in (edit.old or ""):
            raise EditError(f"`{left_out[0].strip()[:100]}` stands for text that was left out: write it out in full.")
        if edit.kind in (EditKind.DELETE, EditKind.MOVE) and (edit.old or edit.new):
            raise EditError(f"a {edit.kind.value} has no old or new text; use a replace beside it.")
        match edit.kind:
            case EditKind.CREATE:
                self._create(path, edit)
            case EditKind.REPLACE:
                self._replace(path, edit)
            case EditKind.DELETE:
                decode(self._existing(path))
                self.after[path] = None
            case EditKind.MOVE:
                self._move(path, edit)

    def changed(self) -> list[str]:
        return sorted(path for path, data in self.after.items() if data != self.before[path])

    def _create(self, path: str, edit: Edit) -> None:
        if edit.new is None or edit.old:
            raise EditError("a create has its whole content in `new` and no `old`.")
        if self.after[path]:
            raise EditError("the file exists already; replace parts of it instead.")
        self._free(path)
        self.after[path] = encode(edit.new, "utf-8", b"")

    def _replace(self, path: str, edit: Edit) -> None:
        data = self._existing(path)
        if not edit.old or edit.new is None:
            raise EditError("a replace needs `old`, the text that stands there, and `new`; for a new file use create.")
        text, encoding, mark = decode(data)
        done = substitute(text, edit.old, edit.new, hint=self.hint)
        self.after[path] = encode(done.text, encoding, mark)
        if done.note:
            self.notes.append(f"{path}: {done.note}")

    def _move(self, path: str, edit: Edit) -> None:
        data = self._existing(path)
        decode(data)
        to = self._load(edit.to or "")
        if self.after[to] is not None:
            raise EditError(f"{to} exists already.")
        self.after[path] = None
        self._free(to)
        self.after[to] = data
        self.modes[to] = self.modes.get(path, 0o644)

    def _existing(self, path: str) -> bytes:
        data = self.after[path]
        if data is None:
            raise EditError(f"there is no such file.{self._meant(path)}")
        return data

    def _load(self, given: str) -> str:
        """Check the path and read the file behind it, once."""
        path = clean_path(given)
        if path not in self.before:
            self.before[path] = self._read(path)
            self.after[path] = self.before[path]
        return path

    def _read(self, path: str) -> bytes | None:
        place = self.root
        parts = path.split("/")
        for part in parts:
            if place != self.root and os.path.lexists(place / ".git"):
                raise EditError("the path lies in a submodule.")
            place = place / part
            try:
                found = place.lstat()
            except FileNotFoundError:
                break
            except OSError as error:
                raise EditError(f"the path can't be used: {error.strerror}.") from None
            if stat.S_ISLNK(found.st_mode):
                raise EditError("the path goes through a symbolic link.")
        else:
            return self._read_file(path, place, found)
        self._outside_submodules(path)
        return None

    def _read_file(self, path: str, place: Path, found: os.stat_result) -> bytes:
        self._outside_submodules(path)
        if not stat.S_ISREG(found.st_mode):
            raise EditError("the path is a folder, not a file." if stat.S_ISDIR(found.st_mode) else "not a plain file.")
        if found.st_size > MAX_FILE_BYTES:
            raise EditError(f"the file has {found.st_size:,} bytes; at most {MAX_FILE_BYTES:,} can be edited.")
        self.modes[path] = found.st_mode & 0o777
        return place.read_bytes()

    def _outside_submodules(self, path: str) -> None:
        parts = path.split("/")
        if any("/".join(parts[:count]) in self._submodules for count in range(1, len(parts) + 1)):
            raise EditError("the path lies in a submodule.")

    @cached_property
    def _submodules(self) -> frozenset[str]:
        """Their paths, after .gitmodules."""
        file = self.root / ".gitmodules"
        if file.is_symlink() or not file.is_file():
            return frozenset()
        if (size := file.stat().st_size) > MAX_GITMODULES_BYTES:
            raise EditError(f".gitmodules has {size:,} bytes; at most {MAX_GITMODULES_BYTES:,} are read.")
        pairs = (line.partition("=") for line in file.read_text(encoding="utf-8", errors="replace").split("\n"))
        wanted = (value for key, _, value in pairs if key.rpartition("]")[2].strip().lower() == "path")
        return frozenset(value.strip().strip('"').rstrip("/") for value in wanted)

    def _free(self, path: str) -> None:
        """Refuse a new file where a folder stands, or below another file."""
        for other, data in self.after.items():
            if data is not None and (path.startswith(other + "/") or other.startswith(path + "/")):
                raise EditError(f"it can't stand beside the file {other}.")
        parts = path.split("/")
        for above in ("/".join(parts[:count]) for count in range(1, len(parts))):
            place = self.root / above
            if place.exists() and not place.is_dir():
                raise EditError(f"{above} is a file, not a folder.")

    def _meant(self, path: str) -> str:
        """A sentence with the existing paths that look most like this one, or ""."""
        if not self.hint or len(path) > COMPARED_PATH:
            return ""
        close = closest(path, self._known, count=3, cutoff=0.6)
        return f" Is {' or '.join(close)} meant?" if close else ""

    @cached_property
    def _known(self) -> list[str]:
        files = itertools.islice(_files(self.root), SEARCHED_FILES)
        return sorted(path for path in files if len(path) <= COMPARED_PATH)


def _files(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        yield from (os.path.relpath(os.path.join(folder, name), root) for name in sorted(names))


def decode(data: bytes) -> tuple[str, str, bytes]:
    """The text of a file, its encoding and its byte order mark. Raises EditError for a binary file."""
    mark, encoding = next((pair for pair in MARKS if data.startswith(pair[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        text, encoding, mark = data.decode("latin-1"), "latin-1", b""
    if "\0" in text or (encoding == "latin-1" and CONTROLS.search(text)):
        raise EditError("the file is binary; only text can be edited.")
    return text, encoding, mark


def encode(text: str, encoding: str, mark: bytes) -> bytes:
    """The bytes to write. Raises EditError where the text does not fit the file's encoding or the size limit."""
    try:
        data = mark + text.encode(encoding)
    except UnicodeEncodeError as error:
        raise EditError(f"{error.object[error.start]!a} can't be written in this file, it is {encoding}.") from None
    if "\0" in text:
        raise EditError("the new text holds a NUL character; only text can be written.")
    if len(data) > MAX_FILE_BYTES:
        raise EditError(f"the file would have {len(data):,} bytes; at most {MAX_FILE_BYTES:,} are taken.")
    return data


def _write(plan: _Plan, changed: Sequence[str]) -> None:
    """Put everything beside the tree first, then rename: going back needs no space on the disk."""
    renamed: list[tuple[Path, Path]] = []
    made: list[Path] = []
    stage: Path | None = None
    try:
        stage = Path(tempfile.mkdtemp(prefix=".haven-edit-", dir=plan.root))
        for number, path in enumerate(changed):
            if (data := plan.after[path]) is not None:
                (stage / f"new{number}").write_bytes(data)
                (stage / f"new{number}").chmod(plan.modes.get(path, 0o644))
        for number, path in enumerate(changed):
            target = plan.root / path
            if plan.before[path] is not None:
                _rename(target, stage / f"old{number}", renamed)
            if plan.after[path] is not None:
                _make_folder(target.parent, made)
                _rename(stage / f"new{number}", target, renamed)
    except BaseException as error:
        for source, target in reversed(renamed):
            target.rename(source)
        for folder in reversed(made):
            folder.rmdir()
        if isinstance(error, OSError):
            raise RepositoryError(f"The edits could not be written: {error.strerror}. Nothing was changed.") from error
        raise
    finally:
        if stage:
            shutil.rmtree(stage, ignore_errors=True)
    for path in changed:
        if plan.after[path] is None:
            _drop_empty((plan.root / path).parent, plan.root)


def _rename(source: Path, target: Path, done: list[tuple[Path, Path]]) -> None:
    source.rename(target)
    done.append((source, target))


def _make_folder(folder: Path, made: list[Path]) -> None:
    for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        missing.mkdir()
        made.append(missing)


def _drop_empty(folder: Path, root: Path) -> None:
    """Git knows no empty folders, so a deletion leaves none behind."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
