"""The world as files that other programs read: complete, or not there at all."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from haven.errors import BadInput, Unavailable
from haven.world.exchange import map_json, markdown, table, whole
from haven.world.exchange.merging import RANK
from haven.world.schema import Kind, Thing
from haven.world.world import World

Writer = Callable[[Sequence[Thing]], Iterator[str]]
WRITERS: dict[str, Writer] = {"json": whole.write, "csv": table.write, "map": map_json.write}
FORMATS = (*WRITERS, "markdown")
ENDINGS = {".json": "json", ".csv": "csv"}


@dataclass(frozen=True)
class Exported:
    """What was written: the path, how many records, how many files."""

    path: Path
    records: int
    files: int


async def export(world: World, path: Path, format: str = "", kinds: Sequence[Kind] = ()) -> Exported:
    """Write the records of these kinds (of every kind where none is named); without a format, by the file's ending.

    Raises BadInput for an unknown format or a Markdown folder that holds something, Unavailable where the disk says no.
    """
    format = format or _by_ending(path)
    if format not in FORMATS:
        raise BadInput(f"There is no format {format!r} to export to.", f"There are: {', '.join(FORMATS)}.")
    things = sorted(await world.things(*kinds), key=lambda thing: (RANK[thing.kind], thing.name, thing.id))
    try:
        if format == "markdown":
            files = await asyncio.to_thread(_write_folder, path, markdown.write(things))
            return Exported(path, len(things), files)
        await asyncio.to_thread(_write_file, path, WRITERS[format](things))
    except OSError as error:
        raise Unavailable(f"{path} can't be written: {error.strerror}.", "Name another place.", retry=False) from None
    return Exported(path, len(things), 1)


def _by_ending(path: Path) -> str:
    """What a file of that name is expected to hold. Raises BadInput."""
    ending = path.suffix.casefold()
    if ending and ending not in ENDINGS:
        raise BadInput(
            f"What {path.name} should hold can't be seen by its ending.", f"Say --format: {', '.join(FORMATS)}."
        )
    return ENDINGS.get(ending, "json")


def _write_file(path: Path, pieces: Iterable[str]) -> None:
    """In one go: a reader finds the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_folder(path: Path, files: Iterable[tuple[str, str]]) -> int:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BadInput(f"{path} is there already and is no empty folder.", "Name a new folder.")
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}.", dir=path.parent) as beside:
        complete = Path(beside, "complete")
        complete.mkdir()
        for name, text in files:
            file = complete / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            written += 1
        complete.replace(path)
    return written
