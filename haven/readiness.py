"""Whether a running Haven can do its work: what must stand first, and that it ends, each in one word."""

from __future__ import annotations

PARTS = ("clock", "models")
"""The scheduler ticks; the models that the plan keeps were loaded, as far as they can be."""
STOPPING = "stopping"


class Readiness:
    """One for the house, whose database is open and migrated before it is there."""

    def __init__(self) -> None:
        self._missing = dict.fromkeys(PARTS)
        self._ends = False

    def stands(self, part: str) -> None:
        """One of PARTS is there from now on."""
        self._missing.pop(part, None)

    def end(self) -> None:
        """Nothing new is begun any more."""
        self._ends = True

    @property
    def lacks(self) -> str:
        """The word for what keeps it from being ready; "" where nothing does."""
        return STOPPING if self._ends else next(iter(self._missing), "")
