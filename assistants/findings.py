"""What an assistant has found out by itself: the computed answer, and where each fact of it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Nature(StrEnum):
    FACT = "fact"
    QUOTATION = "quotation"
    NOT_RECORDED = "not recorded"
    ASK_BACK = "ask back"
    """The question can be meant in several ways: the text asks the person which."""


@dataclass(frozen=True)
class Source:
    """A record that a fact comes from. `where` says in words for people which part of it."""

    id: str
    name: str
    where: str = ""
    quote: str = ""
    """Its own words, verbatim; empty where a field and no text is the source."""

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(part for part in (self.id, self.where) if part)})"


_ID = re.compile(r"\(([^(),]+)(?:,[^()]*)?\)$")
"""How a source ends, in words: the id of its record, and which part of it."""


def ids_of(sources: Sequence[str]) -> tuple[str, ...]:
    """The records that the sources of an answer name, each once."""
    found = [match[1] for source in sources if (match := _ID.search(source))]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Findings:
    """A computed answer. It is useful as it stands, with no model at all."""

    text: str
    sources: tuple[Source, ...] = ()
    kind: Nature = Nature.FACT
    query: str = ""
    """The typed query it was computed by, shown with the answer."""
    complete: bool = True
    """False: a model may say more in its own words, and only from `material`."""
    free: bool = False
    """A story is asked for: the model may go beyond `material`, and its words are marked as its own."""
    material: tuple[str, ...] = ()
    picture: bytes | None = None
    """A PNG that belongs to the answer, as a map does."""
