"""One model's files on the disk: the weights, the file before them, what was pinned of both, and a cut download."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from haven.ai.models.weights import Arrived, Source, link_or_copy
from haven.errors import ModelError


@dataclass(frozen=True)
class Pin:
    """One file as it was installed; `published`: its source named the sha256, and it was checked against that."""

    sha256: str
    bytes: int
    source: str
    revision: str
    """The hub's commit, or "" for other sources."""
    published: bool
    when: str
    previous: Pin | None = None
    """The file before this one, if it is kept."""


def pin_of(arrived: Arrived, source: Source) -> Pin:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Pin(arrived.sha256, arrived.bytes, str(source), arrived.revision, arrived.published, when)


@dataclass(frozen=True)
class Drawer:
    """Where one model lies; all methods touch the disk, so not on the event loop."""

    folder: Path
    name: str

    @property
    def weights(self) -> Path:
        return self.folder / f"{self.name}.gguf"

    @property
    def previous(self) -> Path:
        return self.folder / f"{self.name}.previous.gguf"

    @property
    def parts(self) -> Path:
        """What a cut download left, to go on from."""
        return self.folder / ".partial" / self.name

    @property
    def _note(self) -> Path:
        return self.folder / f"{self.name}.json"

    def pin(self) -> Pin | None:
        """None where nothing was pinned. Raises ModelError for a spoilt note: it must not pass as unpinned."""
        try:
            return _pin(json.loads(self._note.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError):
            raise ModelError(
                f"{self._note} can't be read, so Haven no longer knows which file it trusted.",
                f"Run: haven models remove {self.name} && haven models install {self.name}",
            ) from None

    def pin_or_forget(self) -> Pin | None:
        """As `pin`, but a spoilt note is thrown away: for models of which the catalogue itself knows the sha256."""
        try:
            return self.pin()
        except ModelError:
            self._note.unlink()
            return None

    def put(self, arrived: Arrived, source: Source, replaced: Pin | None = None) -> Pin:
        """Rename into place, durably and read-only (others may share the bytes), and pin it.

        `replaced` is the pin of the file that lies there now, which is kept then as the previous one.
        """
        known = self.pin()
        if replaced is not None:
            self.previous.unlink(missing_ok=True)
            link_or_copy(self.weights, self.previous)
            before: Pin | None = replace(replaced, previous=None)
        else:
            before = known.previous if known else None
        arrived.file.chmod(0o444)
        arrived.file.replace(self.weights)
        pin = replace(pin_of(arrived, source), previous=before)
        self._write(pin)
        self._forget_parts()
        return pin

    def swap(self, pin: Pin) -> Pin:
        """The weights and the previous file change places; `pin` is the present one and has a previous."""
        assert pin.previous is not None
        aside = self.folder / f"{self.name}.{os.getpid()}.part"
        link_or_copy(self.weights, aside)
        self.previous.replace(self.weights)
        aside.replace(self.previous)
        now = replace(pin.previous, previous=replace(pin, previous=None))
        self._write(now)
        return now

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove; a note alone is something, because it may be spoilt."""
        return not (self.weights.is_file() or self._note.is_file() or self.parts.is_dir())

    def empty(self) -> None:
        """Everything goes."""
        for file in (self.weights, self.previous, self._note):
            file.unlink(missing_ok=True)
        self._forget_parts()

    def _forget_parts(self) -> None:
        shutil.rmtree(self.parts, ignore_errors=True)
        if self.parts.parent.is_dir() and not any(self.parts.parent.iterdir()):
            self.parts.parent.rmdir()

    def _write(self, pin: Pin) -> None:
        """Whole or not at all; the folder is synced, so that the renames before it last as well."""
        temp = self._note.with_name(f"{self._note.name}.{os.getpid()}.part")
        try:
            with temp.open("w", encoding="utf-8") as out:
                json.dump(asdict(pin), out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            temp.replace(self._note)
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            temp.unlink(missing_ok=True)


def _pin(tree: dict[str, object]) -> Pin:
    previous = tree.pop("previous", None)
    return Pin(**tree, previous=_pin(previous) if isinstance(previous, dict) else None)  # type: ignore[arg-type]
