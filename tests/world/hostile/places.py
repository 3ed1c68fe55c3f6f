"""Hostile files and folders, each by its name: pipes, links, devices, and what stands beside a file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from haven.errors import AccessDenied, BadInput
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.exchange import pieces
from haven.world.exchange.loading import Importer
from haven.world.exchange.pieces import read_file
from haven.world.schema import Kind
from tests.world.a_world import OLGA, STRANGER
from tests.world.hostile.acts import Act, Acts, Place, importer, into, refused
from tests.world.hostile.files import GOOD
from tests.world.hostile.made import sound

ACTS: Acts = {}
act = into(ACTS)


# Files and folders that are not what they seem.
def _no_file(make: Callable[[Path], Path], says: str, *, follow: bool = False) -> Act:
    async def work(place: Place) -> None:
        path = make(place.folder)
        with pytest.raises(BadInput, match=says):
            read_file(path, follow=follow)

    return work


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.json")
    return folder / "pipe.json"


def _link(folder: Path) -> Path:
    (folder / "a.json").write_bytes(GOOD)
    (folder / "link.json").symlink_to(folder / "a.json")
    return folder / "link.json"


def _huge(folder: Path) -> Path:
    with (folder / "huge.json").open("wb") as file:
        file.truncate(pieces.MAX_BYTES + 1)
    return folder / "huge.json"


@act("a database whose last changes lie beside it")
async def _log(place: Place) -> None:
    (place.folder / "a.db").write_bytes(sound())
    (place.folder / "a.db-wal").write_bytes(b"x" * 100)
    await refused(importer(place).bring_in(place.folder / "a.db", OLGA), "changes that are not in", BadInput)


@act("a file that another program has locked")
async def _locked(place: Place) -> None:
    (place.folder / "a.db").write_bytes(sound())
    with closing(sqlite3.connect(place.folder / "a.db", isolation_level=None)) as other:
        other.execute("begin exclusive")
        report = await importer(place).bring_in(place.folder / "a.db", OLGA)
    assert report.counts()["added"] and (place.folder / "a.db").read_bytes() == sound(), "a copy of it was read"


ACTS |= {
    "a pipe in place of a file": _no_file(_pipe, "no plain file"),
    "a link below a folder": _no_file(_link, "not followed"),
    "a device that never ends": _no_file(lambda folder: Path("/dev/zero"), "no plain file", follow=True),
    "a file that is gone": _no_file(lambda folder: folder / "gone", "can't be read"),
    "a file of more than 128 MB": _no_file(_huge, "at most 128 MB"),
    # The size that the system tells first is not the one that comes: /proc files are such files for ever.
    "a file that changes while it is read": _no_file(lambda folder: Path("/proc/self/status"), "changed", follow=True),
}


@act("a folder of lore that links to itself and out of itself")
async def _folder(place: Place) -> None:
    lore = place.folder / "lore"
    lore.mkdir()
    (lore / "a.md").write_text("---\ntitle: A\n---\n[[../../etc/passwd]] words")
    (lore / "loop").symlink_to(lore)
    (lore / "out.md").symlink_to("/etc/passwd")
    (lore / ".hidden.md").write_text("hidden")
    Path(os.fsdecode(os.fsencode(lore) + b"/bad\xff.md")).write_text("---\ntitle: Odd\n---\nx")
    report = await importer(place).bring_in(lore, OLGA)
    assert {one.name for one in await place.world.things(Kind.LORE)} == {"A", "Odd"}
    assert report.counts()["refused"] == 2 and "root:" not in str(report.as_json()), "both links"


@act("an import of a stranger's file that no one asked for")
async def _stranger_file(place: Place) -> None:
    file = place.folder / "a.json"
    file.write_bytes(GOOD)
    await importer(place).bring_in(file, STRANGER)
    [draft] = await place.drafts.list()
    assert draft.stranger and len(await place.world.things()) == 4, "it waits"
    with pytest.raises(AccessDenied):
        await Importer(place.world, Drafts(place.database, WorldSettings()), place.database).bring_in(
            file, replace(STRANGER, id="discord:5")
        )
