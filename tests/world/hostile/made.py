"""How hostile files are made: archives, databases, and indexes that lie."""

from __future__ import annotations

import io
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

from tests.world.exchange.sources import database

ZEROS = b" " * (12 * 1024 * 1024)


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
    """A link, a device or a pipe."""
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, target
    return about


def lied() -> bytes:
    """A zip whose index says that a large member is small."""
    data = bytearray(zipped(("a.json", ZEROS)))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def greedy() -> bytes:
    """An xz with a dictionary of 3 GB, in a block header whose checksum is made to fit."""
    data = bytearray(lzma.compress(b"{}", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
    at = data.find(b"\x21\x01", 12)
    data[at + 2] = 38
    size = (data[12] + 1) * 4
    data[12 + size - 4 : 12 + size] = zlib.crc32(bytes(data[12 : 12 + size - 4])).to_bytes(4, "little")
    return bytes(data)


def linked_and_locked(good: bytes) -> bytes:
    """A zip with a symbolic link and an encrypted member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("locked.json", good)
    data = bytearray(out.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rfind(mark) + offset] |= 1
    return bytes(data)


def tables(script: str) -> bytes:
    """A database that a script has made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(f"pragma synchronous=off; {script}")
        return path.read_bytes()


def sound(more: str = "", *, torn: tuple[int, bytes] = (0, b"")) -> bytes:
    """A database as the real programs write it, with some more SQL; `torn`: what a table's page is from this byte."""
    with tempfile.TemporaryDirectory() as folder:
        data = bytearray(database(Path(folder), more=more).read_bytes())
    at, wrong = torn
    data[4096 + at : 4096 + at + len(wrong)] = wrong
    return bytes(data)
