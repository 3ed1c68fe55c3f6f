"""Archives, read member by member in memory: zip, tar, and tar or one file under gzip, bzip2 or xz.

A bomb is found while it is unpacked, by the bytes that have come out, never by what its own index claims.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

from haven.errors import BadInput
from haven.world.exchange.pieces import MAX_BYTES, MAX_TOGETHER, Piece

MAX_MEMBERS = 20_000
"""The Open Exoplanet Catalogue has 4,081."""
MANY = f"At most {MAX_MEMBERS:,} files are read of one archive: unpack it, and import the folder."
MAX_RATIO = 500
"""Unpacked to packed, above 10 MB: text shrinks to a tenth, tables of zeros and bombs to a thousandth."""
RATIO_FROM = 10 * 1024 * 1024
XZ_MEMORY = 128 * 1024 * 1024
"""What an xz file may ask for to be unpacked."""
MAX_STREAMS = 100
"""Of one xz file."""

ZIP, XZ, GZIP, BZIP2 = b"PK\x03\x04", b"\xfd7zXZ\x00", b"\x1f\x8b", b"BZh"
BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError),
    *(NotImplementedError, ValueError, RuntimeError),
)


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def is_archive(data: bytes) -> bool:
    """Whether the bytes are an archive that is read here."""
    return data.startswith((ZIP, XZ, GZIP, BZIP2)) or data[257:262] == b"ustar"


def members(archive: Piece) -> Iterator[Piece]:
    """Its plain files; what is none comes as refused. Raises BadInput where a bound is passed or it is broken."""
    try:
        if archive.data.startswith(ZIP):
            yield from _zip(archive)
        else:
            yield from _packed(archive)
    except BadInput:
        raise
    except BROKEN as error:
        raise BadInput(f"{archive.name} can't be unpacked: {error}.", "Pack it again, or unpack it first.") from None


class _Bounded(io.RawIOBase):
    """A stream that stops a bomb: it counts what comes out."""

    def __init__(self, inner: Readable, packed: int, name: str) -> None:
        self._inner = inner
        self._packed = max(packed, 1)
        self._name = name
        self._out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        self._out += len(data)
        stop_bomb(self._name, self._out, self._packed)
        buffer[: len(data)] = data
        return len(data)


class _Xz:
    """An xz file may ask for 4 GB to be unpacked: this decoder says no before it takes them, at every block."""

    def __init__(self, data: bytes, name: str) -> None:
        self._rest = data
        self._name = name
        self._streams = 0
        self._decoder = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def read(self, size: int = -1, /) -> bytes:
        while True:
            if self._decoder.eof and not self._next():
                return b""
            try:
                data = self._decoder.decompress(self._rest, size)
            except lzma.LZMAError as error:
                if "emory" not in str(error):
                    raise
                mend = "Pack it again with a smaller dictionary."
                raise BadInput(f"{self._name} needs too much memory to be unpacked.", mend) from None
            self._rest = b""
            if data:
                return data
            if self._decoder.needs_input and not self._decoder.eof:
                raise EOFError("it ends too early")

    def _next(self) -> bool:
        """Whether another stream follows; several may stand in one file."""
        self._rest = self._decoder.unused_data.lstrip(b"\0")
        self._streams += 1
        if self._streams > MAX_STREAMS:
            raise BadInput(f"{self._name} is packed in more than {MAX_STREAMS} pieces.", "Pack it again.")
        self._decoder = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
        return bool(self._rest)


def stop_bomb(name: str, unpacked: int, packed: int) -> None:
    """Raises BadInput where so much came out of so little."""
    if unpacked > MAX_TOGETHER:
        limit = MAX_TOGETHER // (1024 * 1024)
        raise BadInput(f"{name} unpacks to more than {limit} MB, so it is not read.", "Unpack and split it yourself.")
    if unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed:
        raise BadInput(
            f"{name} grows more than {MAX_RATIO} times when it is unpacked, as bombs do, so it is not read.",
            "If you trust it, unpack it yourself and import what is in it.",
        )


def _packed(archive: Piece) -> Iterator[Piece]:
    raw = _opened(archive)
    stream = io.BufferedReader(_Bounded(raw, len(archive.data), archive.name))
    if stream.peek(512)[257:262] == b"ustar":
        yield from _tar(stream, archive.name)
        while stream.read(1 << 16):
            pass  # to the end: only there its checksum stands
        return
    inner = archive.name.rsplit(".", 1)[0]
    yield Piece(inner, _whole(stream, archive.name))


def _opened(archive: Piece) -> Readable:
    raw = io.BytesIO(archive.data)
    if archive.data.startswith(GZIP):
        return gzip.GzipFile(fileobj=raw)
    if archive.data.startswith(BZIP2):
        return bz2.BZ2File(raw)
    if not archive.data.startswith(XZ):
        return raw
    return _Xz(archive.data, archive.name)


def _tar(stream: IO[bytes], name: str) -> Iterator[Piece]:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for count, member in enumerate(tar, 1):
            if count > MAX_MEMBERS:
                raise BadInput(f"{name} holds more than {MAX_MEMBERS:,} files.", MANY)
            if member.isdir():
                continue
            if not member.isreg():
                yield Piece(member.name, refused="is a link or a device, which is not read")
                continue
            file = tar.extractfile(member)
            yield Piece(member.name, _whole(file, member.name) if file else b"")


def _zip(archive: Piece) -> Iterator[Piece]:
    out = 0
    if archive.data.count(b"PK\x01\x02") > 2 * MAX_MEMBERS:  # before an object is made for each entry
        raise BadInput(f"{archive.name} holds more than {MAX_MEMBERS:,} files.", MANY)
    with zipfile.ZipFile(io.BytesIO(archive.data)) as packed:
        infos = packed.infolist()
        if len(infos) > MAX_MEMBERS:
            raise BadInput(f"{archive.name} holds more than {MAX_MEMBERS:,} files.", MANY)
        for info in infos:
            if info.is_dir():
                continue
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                yield Piece(info.filename, refused="is a link, which is not read")
            elif info.flag_bits & 1:
                yield Piece(info.filename, refused="is encrypted, so it can't be read")
            else:
                with packed.open(info) as file:
                    bounded = io.BufferedReader(_Bounded(file, max(info.compress_size, 1), archive.name))
                    data = _whole(bounded, info.filename)
                out += len(data)
                stop_bomb(archive.name, out, len(archive.data))
                yield Piece(info.filename, data)


def _whole(file: IO[bytes], name: str) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadInput(f"{name} is larger than {MAX_BYTES // (1024 * 1024)} MB.", "Split it.")
    return data
