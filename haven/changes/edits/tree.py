"""Read the files of a tree that edits may touch: never outside it, never git's own, never binary or huge ones."""

from __future__ import annotations

import codecs
import itertools
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from haven.changes.edits.near import closest
from haven.errors import EditError
from haven.quoting import clean

MAX_FILE_BYTES = 1_000_000
MAX_PATH_BYTES = 1000
SEARCHED_FILES = 5000
"""So many names are looked through for one that the edit may have meant."""
COMPARED_PATH = 200
"""Longer paths are not compared: it would take too long."""
MAX_GITMODULES_BYTES = 100_000
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def _same_as_git(part: str) -> bool:
    """Whether some file system would take this name for .git: case, trailing dots and blanks, streams, short names."""
    name = unicodedata.normalize("NFKC", part).split(":")[0].rstrip(". ").casefold()
    return name in (".git", ".gitmodules") or re.fullmatch(r"(git|gitmod|gi[0-9a-f]{4})~[0-9]+", name) is not None


def clean_path(path: str) -> str:
    """The path in its one plain form. Raises EditError for one that is not plainly inside a repository."""
    if clean(path) != path or any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in path):
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


@dataclass(frozen=True)
class Read:
    """What stands at a path: its plain form, the bytes or None, and the mode."""

    path: str
    data: bytes | None = None
    mode: int = 0o644


@dataclass
class Tree:
    """The files below `root`; nothing is written here."""

    root: Path

    def read(self, given: str) -> Read:
        """The file behind a path; raises EditError for a path or a file that edits may not touch."""
        path = clean_path(given)
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
            if stat.S_ISDIR(found.st_mode) and self._holds_nothing(place):
                raise EditError("the path lies in a submodule.")
        else:
            return self._read_file(path, place, found)
        self._outside_submodules(path)
        return Read(path)

    def _holds_nothing(self, folder: Path) -> bool:
        """Whether this is what git leaves for a submodule, also one that .gitmodules does not name: git itself knows
        no empty folders."""
        return os.path.lexists(self.root / ".git") and not os.listdir(folder)

    def _read_file(self, path: str, place: Path, found: os.stat_result) -> Read:
        self._outside_submodules(path)
        if not stat.S_ISREG(found.st_mode):
            raise EditError("the path is a folder, not a file." if stat.S_ISDIR(found.st_mode) else "not a plain file.")
        if found.st_size > MAX_FILE_BYTES:
            raise EditError(f"the file has {found.st_size:,} bytes; at most {MAX_FILE_BYTES:,} can be edited.")
        return Read(path, place.read_bytes(), found.st_mode & 0o777)

    def refuse_taken(self, path: str, gone: frozenset[str]) -> None:
        """Refuse a new file below another file, or one whose name differs from another's only in case.

        On some file systems the two would be one. `gone` are the paths that will no longer be there.
        """
        place, above = self.root, ""
        for part in path.split("/"):
            if not place.exists():
                return
            if not place.is_dir():
                raise EditError(f"{above.rstrip('/')} is a file, not a folder.")
            names = os.listdir(place)
            if part not in names:
                twin = next((name for name in names if alike(name, part) and above + name not in gone), None)
                if twin:
                    raise EditError(f"{above}{twin} is there already; the names differ only in case.")
            place, above = place / part, f"{above}{part}/"

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

    def meant(self, path: str) -> str:
        """A sentence with the existing paths that look most like this one, or ""."""
        if len(path) > COMPARED_PATH:
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


def alike(name: str, other: str) -> bool:
    """Whether some file system would take two names for one."""
    return unicodedata.normalize("NFKC", name).casefold() == unicodedata.normalize("NFKC", other).casefold()


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
