"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from haven.settings import Settings


@dataclass(frozen=True)
class Check:
    """`ok`: True, False, or None for what is not set up or was not checked; `mend` is one line, "" where nothing is."""

    name: str
    ok: bool | None
    sentence: str
    mend: str = ""


Finding = tuple[bool | None, str] | tuple[bool | None, str, str]
Look = Callable[[Settings], Finding | list[Finding] | Awaitable[Finding | list[Finding]]]
"""Several findings where each has a mend of its own."""
