"""What a tale may rest on: what canon says of the names in a request, in order of time, and the community's voice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from assistants.findings import Findings, Nature
from assistants.lore.evidence import Evidence, about
from assistants.lore.question import Question
from assistants.lore.telling import line_of, source_of
from haven.errors import BadInput
from haven.quoting import clean, cut_middle
from haven.world.passages import is_draft
from haven.world.schema import Thing

MOST_FACTS = 24
MOST_OF_A_RECORD = 4
MAX_VOICE = 8_000
"""Characters of a persona file that go along; it travels with every tale."""
_ASKED = re.compile(
    r"^\W*(?:please |pls |bitte |can you |could you |kannst du |i'd like you to )?"
    r"(?:(?:write|compose|narrate|invent|draft|schreib\w*|verfass\w*|dicht\w*|erfinde)\b"
    r".{0,60}?\b(?:stor(?:y|ies)|tale|narrative|legend|ballad|poem|song|saga|epic|chronicle|scene|letter|myth|chapter|lore"
    r"|erz[äa]hlung|geschichte|gedicht|lied|sage)\b"
    r"|(?:tell|erz[äa]hl\w*)(?: me| us| mir| uns)? (?:an?|eine?) (?:\w+ ){0,3}?(?:story|tale|saga|geschichte)\b)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"-?\d{1,6}")


def is_asked(text: str) -> bool:
    """Whether a tale is to be written, rather than one told that is recorded."""
    return bool(_ASKED.search(" ".join(text.split())))


def outline(asked: Question, things: Sequence[Thing], voice: str) -> Findings:
    """The facts in order of time, each with its source: what a model may write from, and an answer without one."""
    facts = _facts(asked, [one for one in things if not is_draft(one)])
    if not facts:
        lead = "No record speaks of what you ask for, so there are no facts to tell it by."
        return Findings(lead, kind=Nature.FACT, complete=False, free=True, material=_voiced((), voice))
    lead = "What is recorded, in order of time; a tale may rest on it:"
    lines = [line_of(one) for one in facts]
    sources = tuple(dict.fromkeys(source_of(one) for one in facts))
    text = "\n".join((lead, *(f"- {line}" for line in lines)))
    return Findings(text, sources, Nature.FACT, complete=False, free=True, material=_voiced(lines, voice))


def _facts(asked: Question, things: Sequence[Thing]) -> list[Evidence]:
    """The sentences about each name: first those of its own records, then what others say of it."""
    found: dict[tuple[str, int], Evidence] = {}
    for term in asked.names:
        one_name = Question(asked.text, asked.asks, (term,), ())
        taken: dict[str, int] = {}
        for one in about(one_name, things, MOST_FACTS):
            taken[one.thing.id] = taken.get(one.thing.id, 0) + 1
            if taken[one.thing.id] <= MOST_OF_A_RECORD:
                found.setdefault((one.thing.id, one.sentence.number), one)
    return sorted(list(found.values())[:MOST_FACTS], key=_in_time)


def _in_time(one: Evidence) -> tuple[float, str, int]:
    """By the year that the sentence or its entry names; what is not dated comes first, as the ground of it."""
    year = _YEAR.search(str(getattr(one.thing, "when", "")))
    return (float(year[0]) if year else float("-inf"), one.thing.id, one.sentence.number)


def _voiced(lines: Sequence[str], voice: str) -> tuple[str, ...]:
    facts = ("The facts, which a tale must not contradict:\n" + "\n".join(lines),) if lines else ()
    return (*facts, *((f"The community's voice, to write in:\n{voice}",) if voice else ()))


def voice_of(persona: Path | None) -> str:
    """What the persona file says, at most MAX_VOICE characters; "" without one. It blocks: for a thread.

    Raises BadInput where it can't be read.
    """
    if persona is None:
        return ""
    try:
        with persona.open(encoding="utf-8", errors="replace") as file:
            return cut_middle(clean(file.read(4 * MAX_VOICE)), MAX_VOICE)
    except OSError as error:
        raise BadInput(
            f"The persona file {persona} can't be read: {error.strerror or error}.", "See `persona` under [world]."
        ) from error
