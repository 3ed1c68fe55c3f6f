"""Questions that need two times: who held an office when something happened, and how old somebody was then."""

from __future__ import annotations

import re

from assistants.findings import Findings
from assistants.lore.dates import AFTER_YEAR, FROM_TO, Ask, Dated, told, year_of
from assistants.lore.evidence import Evidence
from assistants.lore.telling import not_recorded
from haven.world.numerals import number_of, rank_of
from haven.world.words import fold

_WHEN = re.compile(
    r"^(?P<first>.+?)\s+(?:when|during|at the time (?:when|that|of)|als|während|zur Zeit)\s+(?P<event>\S.+?)[?.!]*$",
    re.IGNORECASE,
)
_IN_YEAR = re.compile(r"^(?P<first>.+?)\s+in (?:the )?year (?P<year>-?\d{1,6})[?.!]*$", re.IGNORECASE)
_AT = re.compile(
    r"^(?P<first>(?:how old|wie alt) .+?)\s+(?:at|by|on|bei|beim)\s+(?P<event>\S.+?)[?.!]*$", re.IGNORECASE
)
_NEXT = re.compile(
    r"^(?:who|wer) (?:was|were|is|became|kept|held|war|wurde) (?:the )?(?P<office>.+?) (?P<way>before|after|vor|nach)"
    r" (?P<who>\S.+?)[?.!]*$",
    re.IGNORECASE,
)
_AS = re.compile(
    r"^(?:who|wer) "
    r"(?P<way>came (?:before|after)|succeeded|followed|replaced|preceded|folgte(?: auf)?|kam (?:vor|nach))"
    r" (?P<who>\S.+?)(?: \w+)? (?:as|als) (?:the |der |die )?(?P<office>\S.+?)[?.!]*$",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"^(?:who|wer) (?P<is>is|was|ist|war) (?:at present |currently |now |jetzt |derzeit |heute )?"
    r"(?:the |der |die |das )?(?P<office>\S.+?)"
    r"(?: (?P<now>now|today|at present|at the moment|currently|these days|jetzt|heute|derzeit))?[?.!]*$",
    re.IGNORECASE,
)
_NOW = re.compile(r"^(?:current|present|acting|today s|today's|aktuelle\w*|jetzige\w*|derzeitige\w*) ", re.IGNORECASE)
_LAST = re.compile(r"^(?:last|latest|newest|most recent|letzte\w*|neueste\w*) ", re.IGNORECASE)
_NTH = re.compile(r"^(?P<nth>\w+) (?P<office>\S.+)$")
LEAST_TERMS = 2
"""Of an office that was held by one after another."""
_OFFICE = re.compile(r"^(?:who|wer) (?:was|were|is|war) (?:the )?(?P<office>.+)$", re.IGNORECASE)
_OLD = re.compile(r"^(?:how old|wie alt) (?:was|were|is|war) (?P<who>.+)$", re.IGNORECASE)
_PRONOUN = re.compile(r"^(?:he|she|they|it|er|sie) ", re.IGNORECASE)
_AGED = re.compile(r"\baged ([\w-]+(?: [\w-]+)?)|\bat the age of ([\w-]+)|\b([\w-]+) years old", re.IGNORECASE)


async def told_by_time(question: str, ask: Ask) -> Findings | None:
    """The answer to a question of one of those forms; None for any other, and where a time isn't recorded."""
    question = question.strip()
    if (turn := _NEXT.match(question) or _AS.match(question)) and (
        answer := await _beside(turn["office"], turn["who"], turn["way"].casefold(), ask)
    ):
        return answer
    if (holds := _HOLDS.match(question)) and (answer := await _in_turn(holds, ask)):
        return answer
    match = _IN_YEAR.match(question) or _WHEN.match(question) or _AT.match(question)
    if match is None:
        return None
    first = match["first"]
    office, old = _OFFICE.match(first), _OLD.match(first)
    if office is None and old is None:
        return None
    known = match.groupdict()
    said = known.get("event", "") if old is None else _PRONOUN.sub(old["who"] + " ", known.get("event", ""))
    event = await year_of(said, ask) if said else None
    year = event.year if event is not None else int(known["year"]) if "year" in known else None
    if year is None:
        return None
    if office is not None:
        return await _in_office(f"who was {office['office']}", year, event, ask)
    return await _age(old["who"], year, event, ask) if old is not None else None


async def _terms(office: str, ask: Ask) -> list[tuple[int, int | None, Evidence]]:
    """Who held an office, as far as a sentence says from when: the first year, the last one, and the sentence."""
    return [
        (int(start or since), int(end) if end else None, one)
        for one in await ask(f"who was {office}")
        for start, end, since in FROM_TO.findall(one.sentence.text)
    ]


async def _in_turn(asked: re.Match[str], ask: Ask) -> Findings | None:
    """The first, the last, the second or the present of those who held an office one after another."""
    office, nth = asked["office"], None
    now = bool(asked["now"] or _NOW.match(office) or asked["is"].casefold() in ("is", "ist"))
    last = bool(_LAST.match(office))
    office = _NOW.sub("", _LAST.sub("", office))
    if not last and (ranked := _NTH.match(office)) and (nth := rank_of(fold(ranked["nth"]))) is not None:
        office = ranked["office"]
    if not (now or last or nth):
        return None
    by_start: dict[int, tuple[int | None, Evidence]] = {}
    for start, end, one in await _terms(office, ask):
        if start not in by_start or by_start[start][0] is None:
            by_start[start] = (end, one) if end or start not in by_start else by_start[start]
    terms = sorted(by_start.items())
    if len(terms) < LEAST_TERMS:
        return None
    if nth is not None:
        if nth > len(terms):
            return not_recorded([office], f"{len(terms)} are told of.")
        start, (_, one) = terms[nth - 1]
        return told(f"From the year {start}, number {nth} of the {len(terms)} that are told of:", [one])
    start, (end, one) = terms[-1]
    if end is not None and not last:
        return not_recorded([office], f"The last that is told of held it until the year {end}.")
    return told(
        f"{'Since' if end is None else 'From'} the year {start}, the last of the {len(terms)} that are told of:", [one]
    )


async def _beside(office: str, who: str, way: str, ask: Ask) -> Findings | None:
    """Who held an office next to somebody who held it from a year to a year; where that is the first, nobody before."""
    terms = await _terms(office, ask)
    last = fold(who).split()[-1]
    own = [one for one in terms if last in (*one[2].sentence.folded, *fold(one[2].thing.name).split())]
    if not own:
        return None if not terms else not_recorded([office, who], f"When {who} was {office} is not told.")
    before = way.endswith(("before", "vor", "preceded"))
    start, end, _ = own[0]
    near = [one for one in terms if (one[1] == start if before else end is not None and one[0] == end)]
    if not near:
        return not_recorded([office, who], f"Nobody is told of who was it {'before' if before else 'after'} {who}.")
    return told(f"{'Until' if before else 'From'} the year {start if before else end}:", [near[0][2], own[0][2]])


async def _in_office(question: str, year: int, event: Dated | None, ask: Ask) -> Findings | None:
    """Who held it for certain then; else who took it last before and is not said to have given it up."""
    last: tuple[int, Evidence] | None = None
    for one in await ask(question):
        for start, end, since in FROM_TO.findall(one.sentence.text):
            begins = int(start or since)
            if end and begins <= year <= int(end):
                return told(f"In the year {year}:", [one, *([event.evidence] if event else [])])
            if not end and begins <= year and (last is None or last[0] < begins):
                last = begins, one
    return None if last is None else told(f"In the year {year}:", [last[1], *([event.evidence] if event else [])])


async def _age(who: str, year: int, event: Dated | None, ask: Ask) -> Findings | None:
    """From a birth that is dated, or from an age at a time that is."""
    for one in (*await ask(f"when was {who} born"), *await ask(f"when did {who} die")):
        years = set(AFTER_YEAR.findall(one.sentence.text))
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
            return told(lead, [one, *([event.evidence] if event else [])])
    return None
