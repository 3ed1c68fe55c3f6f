"""How much one visitor may ask for: so many a second, with some in reserve."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from haven.errors import Unavailable

MOST_KEPT = 5_000
NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all that share them, and could ask from another each time."""
AT_ONCE = "That is too much at once."


class TooMuch(Unavailable):
    """Somebody asks faster than they may; `after` is when to ask again."""


@dataclass
class _Bucket:
    left: float
    at: float


class Limit:
    """Buckets that fill up again, one a key; the ones that were used least lately are forgotten, full or not."""

    def __init__(self, per_s: float, reserve: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._reserve = reserve
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, sentence: str = AT_ONCE) -> None:
        """Raises TooMuch, with the seconds to wait in `after`, where nothing is left."""
        moment = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._reserve, moment))
        self._buckets.move_to_end(key)
        bucket.left = min(self._reserve, bucket.left + (moment - bucket.at) * self._per_s)
        bucket.at = moment
        if bucket.left < 1:
            wait = max(1.0, (1 - bucket.left) / self._per_s)
            raise TooMuch(sentence, "Wait a moment and try again.", after=wait)
        bucket.left -= 1
        if len(self._buckets) > MOST_KEPT:
            self._buckets.popitem(last=False)

    def give_back(self, key: str) -> None:
        """One that was taken, but need not count."""
        if (bucket := self._buckets.get(key)) is not None:
            bucket.left = min(self._reserve, bucket.left + 1)


def place_of(address: str) -> str:
    """Whose requests are counted together with those of this address; what is no address stands for itself."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv4Address):
        return str(number)
    if number.ipv4_mapped is not None:  # so IPv4 comes to a port that listens for both
        return str(number.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(number), NETWORK_BITS), strict=False))


def is_among(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Whether it lies in one of these; what is no address lies in none."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(number in one for one in networks)
