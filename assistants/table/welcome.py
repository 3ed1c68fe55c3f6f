"""What is said to a greeting, to thanks, and to "what can you do": who sits at the table, with no model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistants.base import Assistant
from assistants.findings import Findings
from assistants.table.core import wording

_THANKS = re.compile(
    r"(?:(?:many )?thanks?(?: you)?(?: (?:so much|a lot|very much))?|thx|ty|cheers|danke\w*)", re.IGNORECASE
)
_WHO = re.compile(
    r"(?:who|what) are you(?: all)?|what (?:can|do) (?:you|i)(?: all)? (?:do|ask|help(?: me)? with)(?: here| you)?"
    r"|(?:how can you )?help(?: me)?|hilfe|(?:wer|was) (?:bist du|seid ihr)"
    r"|was (?:kannst du|könnt ihr|kann ich fragen)",
    re.IGNORECASE,
)
_TRY = (
    "Ask for instance which systems lie within 20 units of another, what is told of a person or an event, what a system"
    " lacks, or how this machine is; hand in what you found by beginning with its kind: system, planet, moon."
)


def welcome(typed: str, assistants: Sequence[Assistant]) -> Findings | None:
    """None where more is said than a greeting."""
    said = typed.strip(" ?!.,:;)(")
    if _THANKS.fullmatch(said):
        return Findings("You are welcome.", query="thanks")
    rest = wording().greeting.sub("", said).strip()
    if rest and not _WHO.fullmatch(rest):
        return None
    seats = "\n".join(f"- {one.title}: {one.job}" for one in assistants)
    return Findings(
        f"This is Haven, the helper of this community. At its table sit:\n{seats}\n{_TRY}", query="who is here"
    )
