"""The frames between a display and the service: a kind, a length, a payload. Standard library only."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

VERSION = 1
HEADER = struct.Struct(">cI")
SIZE = struct.Struct(">HH")
MAX_PAYLOAD = 64 * 1024
"""Bytes. A larger frame is not ours."""

HELLO, DATA, RESIZE, LIGHT, END = b"H", b"D", b"R", b"L", b"E"
"""A light is one byte: how bright the panel shall be, in percent."""

# Exit codes of sysexits.h, so that a service manager can tell them apart.
UNAVAILABLE, FAILED, AGAIN, PROTOCOL, FORBIDDEN = 69, 70, 75, 76, 77


@dataclass(frozen=True)
class Hello:
    """What a display says first; sizes in cells."""

    columns: int
    rows: int
    colours: str = "256"
    """`truecolor`, `256` or `standard`."""
    version: int = VERSION


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """One frame, or several where the payload is long."""
    if len(payload) <= MAX_PAYLOAD:
        return HEADER.pack(kind, len(payload)) + payload
    parts = (payload[start : start + MAX_PAYLOAD] for start in range(0, len(payload), MAX_PAYLOAD))
    return b"".join(HEADER.pack(kind, len(part)) + part for part in parts)


def hello(columns: int, rows: int, colours: str) -> bytes:
    return frame(HELLO, json.dumps(asdict(Hello(columns, rows, colours))).encode())


def read_hello(payload: bytes) -> Hello:
    """Raises ValueError where it is none."""
    try:
        said = json.loads(payload)
        return Hello(int(said["columns"]), int(said["rows"]), str(said["colours"]), int(said["version"]))
    except (LookupError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not a hello") from error


def end(code: int, sentence: str) -> bytes:
    """The last frame of the service: the exit code for the client, and what to print."""
    return frame(END, bytes([code]) + sentence.encode()[: MAX_PAYLOAD - 1])


class Frames:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The frames that are whole now. Raises ValueError on a length that can't be ours."""
        self._buffer += data
        found = []
        while len(self._buffer) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._buffer)
            if length > MAX_PAYLOAD:
                raise ValueError(f"a frame of {length} bytes")
            if len(self._buffer) < HEADER.size + length:
                break
            found.append((kind, bytes(self._buffer[HEADER.size : HEADER.size + length])))
            del self._buffer[: HEADER.size + length]
        return found
