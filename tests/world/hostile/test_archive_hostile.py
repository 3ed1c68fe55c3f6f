"""Archives that mean harm are refused with a sentence while they are unpacked, and sound ones are read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from haven.errors import BadInput
from haven.world.exchange import archives, formats
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Reading
from haven.world.schema import System
from tests.world.exchange.sources import ENTRY, OEC, SYSTEM

ZEROS = 12 * 1024 * 1024
GOOD = json.dumps({"Diamond": SYSTEM}).encode()


def read(name: str, data: bytes) -> list[Reading]:
    return formats.read_file(Piece(name, data))


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members:
            packed.writestr(name, data)
    return out.getvalue()


def tarred(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packed:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                packed.addfile(member)
                continue
            about = tarfile.TarInfo(member[0])
            about.size = len(member[1])
            packed.addfile(about, io.BytesIO(member[1]))
    return out.getvalue()


def odd(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, target
    return about


def lied() -> bytes:
    """A zip whose index says that a large member is small."""
    data = bytearray(zipped(("a.json", b" " * ZEROS)))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("bomb.zip", lambda: zipped(("a.json", b" " * ZEROS))),
        ("many.zip", lambda: zipped(*((f"{number}.json", b" " * 8_000_000) for number in range(2)))),
        ("bomb.json.gz", lambda: gzip.compress(b" " * ZEROS)),
        ("bomb.json.bz2", lambda: bz2.compress(b" " * ZEROS)),
        ("bomb.json.xz", lambda: lzma.compress(b" " * ZEROS)),
        ("bomb.tar.xz", lambda: lzma.compress(tarred(("a.json", b" " * ZEROS)))),
        ("liar.zip", lied),
    ],
)
def test_bombs_are_found_while_they_are_unpacked(name: str, make: Callable[[], bytes]) -> None:
    with pytest.raises(BadInput, match=r"as bombs do|can't be unpacked"):
        read(name, make())


def test_an_archive_of_too_many_files_is_not_read() -> None:
    headers = tarred(odd("a.json", tarfile.REGTYPE))[:512] * (archives.MAX_MEMBERS + 1)
    with pytest.raises(BadInput, match=r"holds more than 20,000 files"):
        read("many.tar", headers)


def test_an_xz_that_asks_for_gigabytes_of_memory_is_not_unpacked() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(GOOD, filters=filters))
    at = data.find(b"\x21\x01", 12)
    data[at + 2] = 38  # a dictionary of 3 GB, in a block header whose checksum is made to fit
    size = (data[12] + 1) * 4
    data[12 + size - 4 : 12 + size] = zlib.crc32(bytes(data[12 : 12 + size - 4])).to_bytes(4, "little")
    with pytest.raises(BadInput, match="needs too much memory"):
        read("greedy.json.xz", bytes(data))


def test_paths_links_devices_and_nested_archives_of_an_archive_lead_nowhere(tmp_path: Path) -> None:
    data = tarred(
        ("../../etc/cron.d/evil.json", GOOD),
        ("/etc/shadow.json", GOOD),
        odd("link.json", tarfile.SYMTYPE, "/etc/passwd"),
        odd("hard.json", tarfile.LNKTYPE, "/etc/passwd"),
        odd("device", tarfile.CHRTYPE),
        odd("pipe", tarfile.FIFOTYPE),
        ("inner.zip", zipped(("a.json", GOOD))),
    )
    before = sorted(tmp_path.rglob("*"))
    found = read("evil.tar", data)
    assert len([one for one in found if isinstance(one.thing, System)]) == 2, "read in memory, under whatever name"
    refused = {one.name: one.refused for one in found if one.refused}
    assert set(refused) == {"link.json", "hard.json", "device", "pipe", "inner.zip"}
    assert "not opened" in refused["inner.zip"] and sorted(tmp_path.rglob("*")) == before


def test_encrypted_and_linked_members_of_a_zip_are_said() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("locked.json", GOOD)
    data = bytearray(out.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rfind(mark) + offset] |= 1
    refused = {one.name: one.refused for one in read("a.zip", bytes(data))}
    assert "link" in refused["link.json"] and "encrypted" in refused["locked.json"]


@pytest.mark.parametrize("cut", [10, 200])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz"])
def test_a_cut_archive_is_a_sentence(name: str, cut: int) -> None:
    packed = {"a.zip": zipped(("a.json", GOOD * 20)), "a.tar.gz": gzip.compress(tarred(("a.json", GOOD * 20)))}
    data = packed.get(name) or lzma.compress(tarred(("a.json", GOOD * 20)))
    with pytest.raises(BadInput, match="can't be unpacked"):
        read(name, data[:-cut])


def test_sound_files_still_come_through_the_same_doors() -> None:
    packed = zipped(("lore/sleep.md", ENTRY.encode()), ("k.xml", OEC.encode()), ("d.json", GOOD))
    names = {one.name for one in read("all.zip", packed) if one.thing}
    assert {"The Grey Sleep", "Kepler-16", "Diamond"} <= names
    for data in (gzip.compress(GOOD), bz2.compress(GOOD), lzma.compress(GOOD), gzip.compress(tarred(("d.json", GOOD)))):
        assert "Diamond" in {one.name for one in read("d.json.x", data)}
