"""Questions whether somebody lived to see something, or whether one thing had been when another came: two dates."""

from __future__ import annotations

import re

from assistants.findings import Findings
from assistants.lore.dates import Ask, Dated, told, year_of
from assistants.lore.telling import not_recorded

_EVENT = r"(?P<event>\S.+?)"
_OR_NOT = re.compile(r",? (?:or|oder) (?:was|were|had|did|is|not|already|nicht|war|schon)\b[^,]*$", re.IGNORECASE)
"""The other way round, said as well: `or was he dead by then`."""
_WHEN = (
    r"(?:when|at the time (?:when|of|that)|during|while|by the time(?: of| that)?|as|before|by|in|at|for"
    r"|als|bei[m]?|während|zur zeit|vor)"
)
_HOW = r"(?:(?:still|even|ever|actually|personally|also|yet|noch|je|selbst|auch|überhaupt) )*"
_ALIVE = r"(?:alive|living|around|among the living|with us|am leben|lebendig)"
_ALREADY = r"(?:already|yet|schon|bereits|long|lange|längst)"
_LIVED = tuple(
    re.compile(form + r"\W*$", re.IGNORECASE)
    for form in (
        rf"^(?:did|does|could) (?P<who>.+?) {_HOW}(?:live|last|survive|hold on|make it) (?:long enough )?"
        rf"(?:to (?:see|witness|experience|hear of|learn of|know)|until|till|through|past) {_EVENT}",
        rf"^did (?P<who>.+?) {_HOW}(?:see|witness|experience|live through|outlive|survive) {_EVENT}",
        rf"^(?:was|were|is) (?P<who>.+?) {_HOW}{_ALIVE} {_WHEN} {_EVENT}",
        rf"^(?:war|lebte) (?P<who>.+?) noch,? (?:{_ALIVE},? )?{_WHEN} {_EVENT}",
        rf"^(?:hat|erlebte) (?P<who>.+?) (?P<event>(?:das|die|den|der) \S.+?) {_HOW}(?:mit)?(?:erlebt|gesehen)",
    )
)
_HAD_BEEN = re.compile(
    rf"^(?:was|were|had|has|did|is|war|wurde|hatte) (?P<who>.+?) {_ALREADY} (?:been )?(?P<deed>[\w ]+?),? {_WHEN}"
    rf" {_EVENT}\W*$",
    re.IGNORECASE,
)
_DEAD = re.compile(
    rf"^(?:was|were|had|is|war) (?P<who>.+?) (?P<deed>dead|died|gone|buried|born|tot|gestorben) {_WHEN} {_EVENT}\W*$",
    re.IGNORECASE,
)
_DEATH = re.compile(r"^(?:dead|gone|died|passed|tot|gestorben)\b", re.IGNORECASE)
_OUTLIVED = re.compile(r"^did (?P<who>.+?) (?:outlive|survive) (?P<other>(?:[A-Z]\S* ?){1,4})\W*$", re.IGNORECASE)
_YEAR = re.compile(r"(?:the year )?(?P<year>-?\d{1,6})\W*$")


async def told_by_lives(question: str, ask: Ask) -> Findings | None:
    """Yes or no with the two dates; None for any other question, and where one of the dates isn't recorded."""
    question = _OR_NOT.sub("", " ".join(question.split()).rstrip(" ?.!"))
    if (match := _OUTLIVED.match(question)) and (other := await year_of(f"{match['other']} die", ask)):
        return await _compared(f"{match['who']} die", other, ask, yes_before=False)
    if match := next(filter(None, (form.match(question) for form in _LIVED)), None):
        event = await _event(match["event"], ask)
        return None if event is None else await _compared(f"{match['who']} die", event, ask, yes_before=False)
    if (match := _HAD_BEEN.match(question) or _DEAD.match(question)) is None:
        return None
    event = await _event(match["event"], ask)
    deed = "die" if _DEATH.match(match["deed"]) else match["deed"]
    return None if event is None else await _compared(f"{match['who']} {deed}", event, ask, yes_before=True)


async def _event(said: str, ask: Ask) -> Dated | int | None:
    match = _YEAR.match(said)
    return int(match["year"]) if match else await year_of(said, ask)


async def _compared(one: str, other: Dated | int, ask: Ask, *, yes_before: bool) -> Findings | None:
    """Whether `one` was before the other date, or after it."""
    first = await year_of(one, ask)
    if first is None:
        return None
    year = other if isinstance(other, int) else other.year
    proofs = [first.evidence, *([] if isinstance(other, int) else [other.evidence])]
    if first.year == year:
        return not_recorded([one], f"Both are told of the year {year}; which came first is not.", proofs)
    before = first.year < year
    answer = "Yes" if before == yes_before else "No"
    return told(f"{answer}: the year {first.year}, {'before' if before else 'after'} the year {year}.", proofs)
