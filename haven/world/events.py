"""What happened to what, when, by whom and where: read off a clause by its verb, in any order of its words.

Names are marks in the text (`⟦0⟧`). The words before a mark tell its part: `by` the doer, `in` the place, none the one
that it happened to, or who did it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from haven.world.numerals import number_of, rank_of
from haven.world.words import fold, is_stop

_TOKEN = re.compile(r"⟦(?P<mark>\d+)⟧|-?\d+(?:st|nd|rd|th)?\b|[^\W\d_]+(?:[-'’][^\W\d_]+)*|[,;:()]")
_PHRASES = (
    (re.compile(r"\bkam(?P<rest>[^.;]{0,80}?) zur Welt\b"), r"wurde\g<rest> geboren"),
    (re.compile(r"\bkam(?P<rest>[^.;]{0,80}?) ums Leben\b"), r"starb\g<rest>"),
    (
        re.compile(r"\b(?:passed away|(?:lost|gave) (?:his|her|their) (?:life|lives)|met (?:his|her) end)\b"),
        "died",
    ),
    (re.compile(r"\b(?:came|drew) to an end\b"), "ended"),
    (re.compile(r"\blaid to rest\b"), "buried"),
    (re.compile(r"\bset up\b"), "founded"),
    (re.compile(r"\b(?:came into being|came into existence)\b"), "was founded"),
    (re.compile(r"\bbroke out\b"), "began"),
    (re.compile(r"\b(?:was|were) the first (?:person )?to (?P<verb>discover|chart|sight)\b"), "discovered"),
    (re.compile(r"\b(?:was|were) the first (?:person )?to build\b"), "built"),
)
_CLAUSES = re.compile(r"[;:]|,? (?:and|but|while|und|aber|während)(?= )")
ITSELF = frozenset({"died", "born"})
"""Events that nobody does to somebody."""
ALONE = frozenset({"began", "ended", "opened"})
"""Events that also happen by themselves."""
_CONJUNCTIONS = frozenset({"after", "before", "since", "until", "till", "seit", "bis"})
_IT = frozenset({"it", "them", "es", "sie", "ihn"})
_ALSO = frozenset({"later", "then", "also", "finally", "soon", ",", "spater", "dann", "auch", "schliesslich"})
NEAR = 3
"""Tokens before a verb among which its auxiliary is."""


@dataclass(frozen=True)
class Event:
    """Numbers of marks; -1: not told."""

    name: str
    what: int
    by: int = -1
    place: int = -1
    year: int | None = None


@dataclass(frozen=True)
class _Token:
    folded: str
    mark: int = -1


@dataclass(frozen=True)
class _Said:
    """What the clauses before were about: who, what it happened to, and whether in the passive."""

    subject: int = -1
    what: int = -1
    passive: bool = False


def events(text: str) -> Iterator[Event]:
    """The events that a sentence with marks states; a clause without a subject goes on with that of the one before."""
    said = _Said()
    for clause in _clauses(_phrased(text)):
        if any(one.folded in listed("words", "open") for one in clause):
            continue
        yield from _by_noun(clause)
        verbs = [at for at, one in enumerate(clause) if one.folded in told("events")]
        for number, at in enumerate(verbs):
            start = verbs[number - 1] + 1 if number else 0
            end = verbs[number + 1] if number + 1 < len(verbs) else len(clause)
            goes_on = not any(one.mark < 0 and one.folded not in _ALSO for one in clause[start:at])
            said, event = _read(clause[start:at], clause[at], clause[at + 1 : end], said, goes_on)
            if event is not None:
                yield event
        if not verbs:
            said = replace(said, subject=next(iter(_bare(clause)), said.subject))


def _phrased(text: str) -> str:
    """With one verb for what some say in several words: `passed away`, `kam ... zur Welt`."""
    for form, verb in _PHRASES:
        text = form.sub(verb, text)
    return text


def _read(
    before: Sequence[_Token], verb: _Token, after: Sequence[_Token], said: _Said, goes_on: bool
) -> tuple[_Said, Event | None]:
    """One verb with the words on its sides: what is known from now on, and the event.

    `goes_on`: this one has only its verb, and goes on with the clause before.
    """
    name, follows = told("events")[verb.folded], after[0].folded if after else ""
    left, right = _bare(before), _bare(after)
    here = left[0] if left else said.subject if all(map(_is_small, before)) else -1
    passive = _is_passive(before, after) or (goes_on and said.passive and not left)
    if not passive and follows in listed("words", "agent"):
        passive = True  # `discovered by ⟦0⟧, ⟦1⟧ is rich`
    if not passive and not right and follows in listed("words", "place"):
        passive = verb.folded not in listed("words", "past")  # `a ship built at ...`
    now = replace(said, subject=here, passive=passive)
    if (follows in ("that", "dass") and name in ("discovered", "written")) or any(
        one.folded in listed("words", "denied") for one in (*before, *after[:1])
    ):
        return now, None
    by = _with((*before, *after), "agent")
    if name in ITSELF:
        what, by = here if here >= 0 else next(iter(right), -1), -1
    elif passive:
        what = here if left or not right else right[0]
    elif len(left) > 1 and not right and (verb.folded.endswith("te") or _is_perfect(before)):
        what, by = left[1], left[0]  # `⟦0⟧ hat ⟦1⟧ gegründet`, `der ⟦1⟧ gründete`
    elif here < 0 and len(right) > 1:
        here, what, by = right[0], right[1], right[0]  # `Im Jahr 12 gründete ⟦0⟧ ⟦1⟧`
    elif right:
        what, by = right[0], here
    elif follows in _IT:
        what, by = said.what, here
    else:
        what = here if name in ALONE else -1
    if what < 0 or what == by:
        return replace(now, subject=here), None
    place = _with((*before, *after), "place")
    event = Event(name, what, by, place if place != what else -1, _year(before, after))
    return _Said(here, what, passive), event


def _is_perfect(before: Sequence[_Token]) -> bool:
    return any(one.folded in listed("words", "perfect") for one in before)


def _is_small(token: _Token) -> bool:
    """Whether a word names nobody else: `her brother died` is not about her."""
    lists = ("passive", "passive_far", "perfect", "article", "adverb")
    return (
        token.mark >= 0
        or is_stop(token.folded, german=True)
        or not token.folded[:1].isalpha()
        or token.folded.endswith("ly")
        or any(token.folded in listed("words", name) for name in lists)
    )


def _is_passive(before: Sequence[_Token], after: Sequence[_Token]) -> bool:
    """Whether an auxiliary stands right before the verb, an aside between commas left out, or, in German, anywhere."""
    folded = [one.folded for one in before]
    if not listed("words", "passive_far").isdisjoint((*folded, *(one.folded for one in after[:2]))):
        return True
    if folded and folded[-1] == "," and folded.count(",") > 1:
        folded = folded[: len(folded) - 2 - folded[-2::-1].index(",")]
    return not listed("words", "passive").isdisjoint(folded[-NEAR:])


def _year(before: Sequence[_Token], after: Sequence[_Token]) -> int | None:
    """The year of a verb: the first one behind it, else the only one before it; None where there are several."""
    if behind := _years(after):
        return behind[0]
    first = set(_years(before))
    past = bool(before) and before[-1].folded in ("had", "hatte", "hatten")
    return first.pop() if len(first) == 1 and not past else None


def _by_noun(clause: Sequence[_Token]) -> Iterator[Event]:
    """`The founding of ⟦0⟧ in the year 12`, `⟦0⟧'s death in the year 30`."""
    end = next((number for number, one in enumerate(clause) if one.folded in told("events")), len(clause))
    for at, token in enumerate(clause):
        name = told("nouns").get(token.folded, "")
        if not name or at > end:
            continue
        owners = [one.mark for one in clause[at + 1 : at + 4] if one.mark >= 0][:1]
        follows = at + 1 < len(clause) and clause[at + 1].folded in ("of", "von", "der", "des")
        if not (follows and owners):
            owners = [one.mark for one in clause[max(at - 2, 0) : at] if one.mark >= 0][-1:]
            if not owners or clause[at - 1].folded != "s":
                continue
        years = list(dict.fromkeys(_years(clause[at + 1 : end]) or _years(clause[:end])))
        if len(years) == 1:
            yield Event(name, owners[0], year=years[0])


def _clauses(text: str) -> Iterator[list[_Token]]:
    """The tokens of each clause; `and` parts none that has no verb of its own."""
    for piece in _CLAUSES.split(text):
        found = [
            _Token("", int(match["mark"])) if match["mark"] else _Token(fold(match[0]).replace(" ", "-") or match[0])
            if not match[0].startswith("-") else _Token(match[0])
            for match in _TOKEN.finditer(piece.replace("⟧'s", "⟧ s").replace("⟧’s", "⟧ s"))
        ]  # fmt: skip
        if found:
            yield found


def _bare(tokens: Sequence[_Token]) -> list[int]:
    """The marks that no preposition stands before."""
    return [one.mark for at, one in enumerate(tokens) if one.mark >= 0 and not _preposition(tokens, at)]


def _with(tokens: Sequence[_Token], part: str) -> int:
    """The first mark that a preposition of that part stands before; -1 without."""
    found = (one.mark for at, one in enumerate(tokens) if one.mark >= 0 and _preposition(tokens, at) == part)
    return next(found, -1)


def _preposition(tokens: Sequence[_Token], at: int) -> str:
    """The part that the words before a mark give it: agent, place, other, or "" for none."""
    before = at - 1
    while before >= 0 and tokens[before].folded in listed("words", "article"):
        before -= 1
    if before < 0 or tokens[before].mark >= 0:
        return ""
    following = tokens[at + 1].folded if at + 1 < len(tokens) else ""
    if tokens[before].folded in _CONJUNCTIONS and following in listed("words", "passive") | listed("words", "perfect"):
        return ""  # `after ⟦0⟧ had been signed`
    return next((part for part in ("agent", "place", "other") if tokens[before].folded in listed("words", part)), "")


def _years(tokens: Sequence[_Token]) -> list[int]:
    """The years that are named: `in the year 12`, `in 12`, `im Jahr zwölf`, `in the twelfth year`."""
    found: list[int] = []
    for at, token in enumerate(tokens):
        if token.mark >= 0:
            continue
        before = [one.folded for one in tokens[max(at - 3, 0) : at]]
        behind = tokens[at + 1].folded if at + 1 < len(tokens) else ""
        named = bool(before) and before[-1] in ("year", "jahr", "jahre", "anno", "jahres")
        dated = bool(before) and before[-1] in ("in", "since", "from", "of", "im", "seit", "um", "by")
        if re.fullmatch(r"-?\d{1,6}", token.folded):
            if (named or dated) and (named or behind not in listed("words", "unit")):
                found.append(int(token.folded))
        elif named:
            some = [one.folded for one in tokens[at : at + 4]]
            values = (number_of(" ".join(some[:size])) for size in range(len(some), 0, -1))
            found += [value for value in values if value is not None][:1]
        elif behind in ("year", "jahr", "jahre") and at < 3 and not {"in", "im"}.isdisjoint(before):
            tens, _, last = token.folded.rpartition("-")
            follows = tokens[at + 2].folded if at + 2 < len(tokens) else ""
            rank = rank_of(last) if follows not in listed("words", "relative") else None
            found += [rank + (number_of(tens) or 0)] if rank is not None else []
    return found


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files("haven.world").joinpath("statements.toml").read_text(encoding="utf-8"))


@cache
def listed(table: str, name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(_table()[table].get(name, "").split())


@cache
def meant(table: str) -> Mapping[str, str]:
    """Each word of a table, and whose it is."""
    return {word: name for name, some in _table()[table].items() for word in (name, *some.split())}


@cache
def told(table: str) -> Mapping[str, str]:
    """The same without the names themselves."""
    return {word: name for name, some in _table()[table].items() for word in some.split()}
