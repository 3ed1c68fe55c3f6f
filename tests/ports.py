"""Ports for the servers of tests."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import chain, cycle
from pathlib import Path

LOWEST = 12_000


def _candidates() -> Iterator[int]:
    """Below those that the machine gives to connections: one of them may take a port that was free a moment ago. Each
    process of the tests begins elsewhere, and takes none twice soon."""
    first_of_connections = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    there = range(LOWEST, max(first_of_connections, LOWEST + 10_000))
    begin = os.getpid() * 1_009 % len(there)
    return cycle(chain(there[begin:], there[:begin]))


_next = _candidates()


def unused_port() -> int:
    """One that nobody listens at."""
    for port in _next:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("a cycle has no end")
