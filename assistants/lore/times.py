"""Questions that need two times: who held an office when something happened, and how old somebody was then."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from assistants.findings import Findings
from assistants.lore.evidence import Evidence
from assistants.lore.telling import line_of, source_of
from haven.world.statements import number_of

Ask = Callable[[str], Awaitable[Sequence[Evidence]]]
"""The sentences that answer a question, the best first."""

_WHEN = re.compile(r"^(?P<first>.+?)\s+(?:when|at the time (?:when|that)|als)\s+(?P<event>\S.+?)[?.!]*$", re.IGNORECASE)
_IN_YEAR = re.compile(r"^(?P<first>.+?)\s+in (?:the )?year (?P<year>-?\d{1,6})[?.!]*$", re.IGNORECASE)
_OFFICE = re.compile(r"^(?:who|wer) (?:was|were|is|war) (?:the )?(?P<office>.+)$", re.IGNORECASE)
_OLD = re.compile(r"^(?:how old|wie alt) (?:was|were|is|war) (?P<who>.+)$", re.IGNORECASE)
_PRONOUN = re.compile(r"^(?:he|she|they|it|er|sie) ", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d.,])-?\d{1,6}(?![\d.,]*\d)")
_AFTER_YEAR = re.compile(r"\b(?:in|since|of|from) (?:the )?(?:year )?(-?\d{1,6})\b(?! (?:people|ships|years|metres))")
_FROM_TO = re.compile(
    r"\bfrom (?:the )?(?:year )?(-?\d{1,6}) (?:to|until|till)\b[^.;]{0,60}?(-?\d{1,6})\b"
    r"|\b(?:since|from) (?:the )?(?:year )?(-?\d{1,6})\b"
)
_AGED = re.compile(r"\baged ([\w-]+(?: [\w-]+)?)|\bat the age of ([\w-]+)|\b([\w-]+) years old", re.IGNORECASE)


@dataclass(frozen=True)
class _Dated:
    year: int
    evidence: Evidence


async def told_by_time(question: str, ask: Ask) -> Findings | None:
    """The answer to a question of one of those forms; None for any other, and where a time isn't recorded."""
    match = _WHEN.match(question.strip()) or _IN_YEAR.match(question.strip())
    if match is None:
        return None
    first = match["first"]
    office, old = _OFFICE.match(first), _OLD.match(first)
    if office is None and old is None:
        return None
    known = match.groupdict()
    said = known.get("event", "") if old is None else _PRONOUN.sub(old["who"] + " ", known.get("event", ""))
    event = await _year_of(said, ask) if said else None
    year = event.year if event is not None else int(known["year"]) if "year" in known else None
    if year is None:
        return None
    if office is not None:
        return await _in_office(f"who was {office['office']}", year, event, ask)
    return await _age(old["who"], year, event, ask) if old is not None else None


async def _year_of(event: str, ask: Ask) -> _Dated | None:
    """When something happened, where all that answers it agrees or the entry about it says so."""
    for one in await ask(f"when {event}"):
        if one.dated and (found := _YEAR.search(one.dated)):
            return _Dated(int(found[0]), one)
        if len(years := set(_AFTER_YEAR.findall(one.sentence.text))) == 1:
            return _Dated(int(years.pop()), one)
    return None


async def _in_office(question: str, year: int, event: _Dated | None, ask: Ask) -> Findings | None:
    """Who held it for certain then; else who took it last before and is not said to have given it up."""
    last: tuple[int, Evidence] | None = None
    for one in await ask(question):
        for start, end, since in _FROM_TO.findall(one.sentence.text):
            begins = int(start or since)
            if end and begins <= year <= int(end):
                return _told(f"In the year {year}:", [one, *([event.evidence] if event else [])])
            if not end and begins <= year and (last is None or last[0] < begins):
                last = begins, one
    return None if last is None else _told(f"In the year {year}:", [last[1], *([event.evidence] if event else [])])


async def _age(who: str, year: int, event: _Dated | None, ask: Ask) -> Findings | None:
    """From a birth that is dated, or from an age at a time that is."""
    for one in (*await ask(f"when was {who} born"), *await ask(f"when did {who} die")):
        years = set(_AFTER_YEAR.findall(one.sentence.text))
        if len(years) != 1:
            continue
        then, aged = int(years.pop()), _AGED.search(one.sentence.text)
        age = number_of(next(filter(None, aged.groups()))) if aged else None
        if age is None and "born" not in one.sentence.folded:
            continue
        years_old = year - then + (age or 0)
        if years_old >= 0:
            sum_ = f"{year} - {then}" if age is None else f"{age} in the year {then}, so {then - year} years less"
            lead = f"{who.strip().title()} was {years_old} or a year less in the year {year} ({sum_}):"
            return _told(lead, [one, *([event.evidence] if event else [])])
    return None


def _told(lead: str, evidence: Sequence[Evidence]) -> Findings:
    lines = [lead, *(line_of(one) for one in evidence)]
    return Findings("\n".join(lines), tuple(source_of(one) for one in evidence), material=tuple(lines))
