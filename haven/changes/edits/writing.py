"""Write the outcome of a set of edits into a tree: all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from haven.errors import RepositoryError


@dataclass(frozen=True)
class Outcome:
    """What becomes of one path: its bytes before and after, None for no file, and its mode."""

    before: bytes | None
    after: bytes | None
    mode: int = 0o644


def write(root: Path, outcomes: Mapping[str, Outcome]) -> None:
    """Put everything beside the tree first, then rename: going back needs no space on the disk.

    Raises RepositoryError where the disk refuses; the tree is then as it was.
    """
    renamed: list[tuple[Path, Path]] = []
    made: list[Path] = []
    stage: Path | None = None
    try:
        stage = Path(tempfile.mkdtemp(prefix=".haven-edit-", dir=root))
        for number, outcome in enumerate(outcomes.values()):
            if outcome.after is not None:
                (stage / f"new{number}").write_bytes(outcome.after)
                (stage / f"new{number}").chmod(outcome.mode)
        for number, (path, outcome) in enumerate(outcomes.items()):
            target = root / path
            if outcome.before is not None:
                _rename(target, stage / f"old{number}", renamed)
            if outcome.after is not None:
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
    for path, outcome in outcomes.items():
        if outcome.after is None:
            _drop_empty((root / path).parent, root)


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
