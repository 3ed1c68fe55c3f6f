"""A machine's clock that stands, for pictures that are the same whenever they are taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

AT = datetime(2026, 11, 21, 20, 14, tzinfo=UTC).timestamp()


class Still:
    """The machine's clock: it stands at `at`."""

    at = AT

    def __call__(self) -> float:
        return self.at

    def before(self, minutes: float) -> None:
        """So long before the pictures are taken."""
        self.at = AT - 60 * minutes


@contextmanager
def standing() -> Iterator[Still]:
    """In UTC, wherever this is."""
    clock = Still()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        patch.setattr(time, "time", clock)
        yield clock
    time.tzset()
