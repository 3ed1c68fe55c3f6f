"""A proposed change, finished and handed in: what is asked, of which kind, by whom, and why this assistant."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from haven import quoting
from haven.errors import BadInput

MAX_REQUEST = 8_000
"""Characters. Longer requests are documents: they belong in the repository."""


ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
"""A terminal's orders (ECMA-48: CSI, OSC and two-character escapes)."""


class Kind(StrEnum):
    FEATURE = "feature"
    FIX = "fix"
    DOCS = "docs"
    REFACTOR = "refactor"


@dataclass(frozen=True)
class Proposal:
    """`key` makes handing in twice the same as once (a Discord interaction id, say); empty: always new."""

    kind: Kind
    title: str
    request: str
    assistant: str
    reasons: tuple[str, ...]
    key: str = ""
    evidence: str | None = None
    """A log or traceback, as it was given."""
    private_notes: str = field(default="", repr=False)
    """What stays beside it in this house: no model, card, commit or export is given it."""


def clean(text: str, limit: int = MAX_REQUEST, what: str = "request") -> str:
    """The text as people meant it: nothing hidden, folded edges. Raises BadInput where it can't be used."""
    text = quoting.clean(ESCAPES.sub("", text))
    kept = "".join(c for c in text if unicodedata.category(c) != "Cs").strip()
    if not kept:
        raise BadInput(f"The {what} is empty.", "Say in a sentence what you would like.")
    if len(kept) > limit:
        raise BadInput(
            f"The {what} has {len(kept):,} characters; {limit:,} is the most.",
            "Say it shorter, or put the long part in a file.",
        )
    return kept


def plain_title(request: str, limit: int = 72) -> str:
    """The first sentence or line of the request, cut at a word."""
    first = re.split(r"(?<=[.!?])\s|\n", " ".join(request.split(" ")).strip(), maxsplit=1)[0].strip().rstrip(".")
    first = re.sub(r"\s+", " ", first)
    return first if len(first) <= limit else first[: limit - 1].rsplit(" ", 1)[0] + "…"
