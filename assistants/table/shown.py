"""A step of the Round Table as its reader may see it: of somebody else's request neither the words nor the people."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from assistants.table.transcript import TABLE, Move
from haven.store.transcripts import Said

SOMEBODY = "somebody"
TIERS = {"local": "in this house", "lan": "at home", "cloud": "in the cloud"}
HIDDEN = "Private: its words are kept nowhere."
OTHERS = "Somebody else's words."
SPOKEN = (Move.ASKS, Move.ANSWERS, Move.DRAFTS)
"""Moves that have words."""


@dataclass(frozen=True)
class Shown:
    """`theirs`: whether the request is the reader's to read."""

    said: Said
    theirs: bool

    def named(self, name: str, seats: Container[str]) -> str:
        """Who that is, for this reader: assistants and models are nobody's secret."""
        known = self.theirs or name in seats or name in (TABLE, self.said.model, "")
        return name if known else SOMEBODY

    @property
    def words(self) -> str:
        return self.said.words if self.theirs else ""

    @property
    def why(self) -> str:
        return self.said.why if self.theirs else ""

    @property
    def kept_back(self) -> str:
        """Why there are no words, where there were some."""
        if not self.theirs:
            return OTHERS
        return HIDDEN if self.said.private and not self.said.words and self.said.move in SPOKEN else ""
