"""Questions that take two dates: how long after or between, which came first, how long something lasted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from assistants.findings import Findings
from assistants.lore.evidence import Evidence
from assistants.lore.paraphrase import likeness
from assistants.lore.telling import line_of, source_of
from haven.world.words import fold, is_german, is_stop, word_set, words

Ask = Callable[[str], Awaitable[Sequence[Evidence]]]
"""The sentences that answer a question, the best first."""

_YEAR = re.compile(r"(?<![\d.,])-?\d{1,6}(?![\d.,]*\d)")
AFTER_YEAR = re.compile(r"\b(?:in|since|of|from) (?:the )?(?:year )?(-?\d{1,6})\b(?! (?:people|ships|years|metres))")
FROM_TO = re.compile(
    r"\bfrom (?:the )?(?:year )?(-?\d{1,6}) (?:to|until|till)\b[^.;]{0,60}?(-?\d{1,6})\b"
    r"|\b(?:since|from) (?:the )?(?:year )?(-?\d{1,6})\b"
)
_ENDS = re.compile(r"\b(?:end|ends|ended|over|finish\w*|conclu\w*|ceased?|endete|beendet|ende)\b", re.IGNORECASE)
_DOES = re.compile(
    r"^(?:(?:did|does|do|was|were|is|had|has|wurde|wurden|war|hat)\s+)?(?:(?:dem|den|der|das|des|die)\s+)?",
    re.IGNORECASE,
)

_EVENT_OF = re.compile(r"^(?!(?:The|A)\b)[A-ZÄÖÜ][\w]+ (?=(?:von|vom|bei|um|auf)\b)")
"""A German noun, which is no name: `Frieden von Meridian`."""
_AGO = r"(?:how many years|how much time|how long|wie viele jahre|wie lange)"
_HELPS = r"(?:did|was|were|does|is|had|wurde|starb|begann)"
_FORMS = tuple(
    re.compile(form + r"\W*$", re.IGNORECASE)
    for form in (
        rf"^{_AGO} (?:after|before|nach|vor) (?P<one>.+?),? (?P<two>{_HELPS} .+?)",
        rf"^{_AGO}\b.*?\b(?:between|zwischen) (?P<one>.+?) (?:and|und) (?P<two>.+?)(?: (?:pass|elapse|lie|verg)\w*)?",
        rf"^{_AGO} (?P<two>{_HELPS} .+?) (?:after|before|nach|vor) (?P<one>.+?)",
        rf"^{_AGO} separates? (?P<one>.+?) (?:and|from) (?P<two>.+?)",
        rf"^how (?:much|many years) (?:later|earlier) (?P<two>{_HELPS} .+?) than (?P<one>.+?)",
        rf"^how (?:much|many years) (?:later|earlier) than (?P<one>.+?) (?P<two>{_HELPS} .+?)",
        rf"^by how many years (?P<two>{_HELPS} .+?) (?:later|earlier|older|younger) than (?P<one>.+?)",
    )
)
_WAY = (
    r"(?P<way>first|earlier|before|older|oldest|earliest|later|last|younger|newer|zuerst|fr(?:ü|u)her|(?:ä|a)lter"
    r"|sp(?:ä|a)ter)\b"
)
_WHICH = r"(?:which|what|who|whose|welche[rs]?|wer|was)\b"
_FIRST = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"^{_WHICH}(?P<verb>.*?)\b{_WAY}(?:(?P<more>[^,:;–]*)[,:;–-]\s*|\s+)"
        r"(?P<one>\S.*?),? (?:or|oder) (?P<two>.+?)\W*$",
        rf"^(?P<one>\S.*?),? (?:or|and|oder|und) (?P<two>.+?)[,:;–-]+\s*{_WHICH}(?P<verb>.*?)\b{_WAY}(?P<more>.*?)\W*$",
    )
)
_OFFICE = re.compile(r"\b(?:was|were|is|became|war|wurde) (?:the |der |die )?[A-Z]\w+")
_SAYS_NO_DEED = word_set("came come comes one ones two other others happened kam geschah person people event")
_LATER = ("later", "last", "younger", "newer", "später", "spater")
_BEFORE = re.compile(
    r"^(?:did|was|were|is|does|has) (?P<one>.+?)"
    r" (?P<way>before or after|after or before|before|after|earlier than|later than|older than|younger than)"
    r" (?P<two>.+?)\W*$",
    re.IGNORECASE,
)
_LASTED = re.compile(
    r"^(?:(?:for )?how (?:long|many years)|wie (?:lange|viele jahre))"
    r" (?:did |was |were |has |dauerte |war )?(?P<one>.+?)"
    r"(?: (?:last|go on|take|rage|run|continue)\w*)?\W*$",
    re.IGNORECASE,
)
_OF_A_DEED = re.compile(
    r"\b(?:sign|found|buil|open|born|die|discover|writ|lost|begin|beg[au]n|end|launch|lit|destroy)\w*", re.IGNORECASE
)
_OF_A_LIFE = re.compile(r"\b(?:born|dies?|died|death|geboren|starb|gestorben)$", re.IGNORECASE)
"""What the entry of something else, in which it is told, is no date of."""
_CAME_TO_BE = ("built", "founded", "born")
"""What makes a thing or somebody old, where no other deed is named."""


@dataclass(frozen=True)
class Dated:
    year: int
    evidence: Evidence


async def told_by_dates(question: str, ask: Ask) -> Findings | None:
    """The answer to a question of one of those forms; None for any other, and where a date isn't recorded."""
    question = " ".join(question.split())
    if match := next(filter(None, (form.match(question) for form in _FORMS)), None):
        return await _between(match["one"], match["two"], ask)
    if match := next(filter(None, (form.match(question) for form in _FIRST)), None):
        verb = f"{match['verb']} {match['more'] or ''}"
        verb = _german_noun(verb) if is_german(question) else verb
        return await _first(match["one"], match["two"], verb, match["way"].lower() in _LATER, ask)
    if match := _BEFORE.match(question):
        return await _order(match["one"], match["two"], match["way"].lower(), ask)
    if match := _LASTED.match(question):
        return await _lasted(match["one"], ask)
    return None


async def year_of(event: str, ask: Ask) -> Dated | None:
    """When something happened: by what a sentence says, first one of the entry about it, or by that entry's own date.

    A bare name is dated by its own entry alone: what else happened to it is another event.
    """
    event = _EVENT_OF.sub(lambda one: one[0].lower(), _DOES.sub("", event.strip(" ,?.")))
    found = await ask(f"when {event}")
    about = sorted((one for one in found if _is_about(one, event)), key=_place)
    bare = any(_is(one, event) for one in about) or not any(word.islower() for word in _telling(event))
    for one in () if bare else (*about, *found):
        if (year := _said(one, event)) is not None and (one in about or not about):
            return Dated(year, one)
    for one in about if about or bare or _OF_A_LIFE.search(event) else found:
        if year_of_its_own := _YEAR.search(getattr(one.thing, "when", "")):
            return Dated(int(year_of_its_own[0]), one)
    return next((Dated(year, one) for one in found if not bare and (year := _said(one, event)) is not None), None)


def _place(one: Evidence) -> tuple[bool, int]:
    """What names the year of its entry comes first, then what stands first."""
    year = _YEAR.search(getattr(one.thing, "when", ""))
    return year is None or year[0] not in one.sentence.folded, one.sentence.number


def _said(one: Evidence, event: str) -> int | None:
    """The year that a sentence tells of what happened: the one behind its verb, of a span the beginning or the end."""
    deeds = [word.casefold() for word in _telling(event) if word.islower()]
    text = one.sentence.words
    for at in (at for at, word in enumerate(text) if any(likeness(word, deed) for deed in deeds)):
        if years := AFTER_YEAR.findall(one.sentence.text[text[at].start :].partition(";")[0]):
            return int(years[0])
    if (span := FROM_TO.search(one.sentence.text)) and span[2]:
        return int(span[2] if _ENDS.search(event) else span[1])
    if any(_OF_A_DEED.match(deed) for deed in deeds):
        return None
    told_years = set(AFTER_YEAR.findall(one.sentence.text))
    return int(told_years.pop()) if len(told_years) == 1 else None


def _telling(event: str) -> list[str]:
    return [word.text for word in words(event) if not is_stop(word.folded)]


def _is(one: Evidence, event: str) -> bool:
    said = fold(event).removeprefix("the ")
    return any(fold(name).removeprefix("the ") == said for name in (one.thing.name, *one.thing.aliases))


def _is_about(one: Evidence, event: str) -> bool:
    """Whether the entry bears the name that the event begins with."""
    said = f"{fold(event).removeprefix('the ')} "
    return any(said.startswith(f"{fold(name).removeprefix('the ')} ") for name in (one.thing.name, *one.thing.aliases))


async def _with_deed(name: str, deeds: Sequence[str], ask: Ask, *, own: bool = False) -> Dated | None:
    """When something was done to a name; where that is not told (`own`: by its entry), when the name is dated."""
    for deed in () if _OF_A_DEED.search(name) else deeds:
        date = await year_of(f"{name} {deed}", ask)
        if date is not None and (not own or _is_about(date.evidence, name)):
            return date
    return await year_of(name, ask)


async def _between(one: str, two: str, ask: Ask) -> Findings | None:
    first, second = await year_of(one, ask), await year_of(two, ask)
    if first is None or second is None:
        return None
    years = abs(second.year - first.year)
    lead = f"{years} {'year' if years == 1 else 'years'}: the years {first.year} and {second.year}."
    return told(lead, [first.evidence, second.evidence])


async def _first(one: str, two: str, verb: str, later: bool, ask: Ask) -> Findings | None:
    match = _OF_A_DEED.search(verb)
    said = [] if match else [one for one in _telling(_OFFICE.sub(_small, verb)) if fold(one) not in _SAYS_NO_DEED]
    deeds = (match[0],) if match else (" ".join(said),) if said else _CAME_TO_BE
    dated = [(name, await _with_deed(name, deeds, ask, own=not (match or said))) for name in (one, two)]
    known = [(name, date) for name, date in dated if date is not None]
    if len(known) < 2 or known[0][1].year == known[1][1].year:
        return None
    known.sort(key=lambda one: one[1].year, reverse=later)
    (name, date), (other, then) = known
    lead = f"{name[:1].upper()}{name[1:]}: the year {date.year}; {other}: the year {then.year}."
    return told(lead, [date.evidence, then.evidence])


def _german_noun(verb: str) -> str:
    """What was done, in a German question: a capital makes no name there, and the helping verbs say nothing."""
    return " ".join(one.text.lower() for one in words(verb) if not is_stop(one.folded, german=True))


def _small(office: re.Match[str]) -> str:
    """An office without the capital that would make a name of it."""
    return office[0].lower()


async def _order(one: str, two: str, way: str, ask: Ask) -> Findings | None:
    match = _OF_A_DEED.search(one)
    first, second = await year_of(one, ask), await _with_deed(two, (match[0],) if match else (), ask)
    if first is None or second is None or first.year == second.year:
        return None
    before = first.year < second.year
    asked = way in ("before", "earlier than", "older than")
    word = ("Before" if before else "After") if " or " in way else "Yes" if before == asked else "No"
    lead = f"{word}: the year {first.year}, {'before' if before else 'after'} the year {second.year}."
    return told(lead, [first.evidence, second.evidence])


async def _lasted(event: str, ask: Ask) -> Findings | None:
    """From the sentence that says from when to when."""
    for one in (*await ask(f"when {event} begin"), *await ask(f"when {event}")):
        if (span := FROM_TO.search(one.sentence.text)) and span[2]:
            years = int(span[2]) - int(span[1])
            return told(f"{years} years, from the year {span[1]} to the year {span[2]}.", [one])
    return None


def told(lead: str, evidence: Sequence[Evidence]) -> Findings:
    """The computed words, and the sentences that they rest on."""
    lines = list(dict.fromkeys((lead, *(line_of(one) for one in evidence))))
    return Findings("\n".join(lines), tuple(dict.fromkeys(map(source_of, evidence))), material=tuple(lines))
