"""What a question wants to know of the records themselves: grades, gaps, what is odd, what to do, what is new.

Words are read in any order. Each must say something here, or nothing at all: a question with a word that nobody here
knows asks for something else as well, and is left to others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from haven.world.gazetteer import Gazetteer
from haven.world.mentions import mentions
from haven.world.numerals import number_of
from haven.world.quality.finding import Oddity
from haven.world.schema import Kind, Person, Region, Thing
from haven.world.words import Word, fold, is_stop, plain, words

MOST_CHARS = 300
"""Of such a question; what is longer asks for more."""
KINDS = {
    Kind.SYSTEM: "system systems star stars sonnensystem systeme systemen",
    Kind.PLANET: "planet planets planeten",
    Kind.MOON: "moon moons mond monde monden",
    Kind.STATION: "station stations stationen",
    Kind.DISCOVERY: "discovery discoveries entdeckung entdeckungen",
    Kind.LORE: "lore story stories legend legends geschichte geschichten",
    Kind.REGION: "region regions sector sectors regionen sektor sektoren",
}
PLACES = (Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION)
_LETTER = re.compile(
    r"\b(?:[Gg]rade[sd]?|[Nn]ote|[Rr]ated|[Rr]ating|[Ll]etter)(?: (?:of|is|as|an?|the|von|=))* ?[\"“'‘]?([SABC])\b"
    r"|\b([SABC])[- ](?:[Gg]rade|[Rr]ated|[Nn]ote)"
)
_WE = re.compile(
    r"\b(?:what|which|where|who|whom|was|welche\w?|wo|woran|worum)\b.*\b(?:should|could|can|shall|must"
    r"|(?:would|might)(?! the\b)|soll\w*"
    r"|konnt\w*|konn\w*|kann|muss\w*|ought|lohnt)\b(?! you\b| du\b)",
    re.IGNORECASE,
)
_NEEDS = re.compile(
    r"\b(?:needs?|needing|requires?|deserves?|braucht|brauchen|lets|lass|(?:left|remains?|still|more) to)\b",
    re.IGNORECASE,
)
_TO_DO = re.compile(r"\bto-dos?\b|\bto do (?:list|items?)\b", re.IGNORECASE)
_SCALE = re.compile(r"\b(?:from )?[SABC] (?:to|bis|through) [A-F]\b")
_DAYS = re.compile(r"\b(\d{1,3}) (?:days?|tage[n]?)\b|\b(\d{1,2}) (?:weeks?|wochen)\b")


class Aim(StrEnum):
    GRADE = "grade"
    GAPS = "gaps"
    AUDIT = "audit"
    TODO = "to-do"
    NEWS = "news"


@dataclass(frozen=True)
class Look:
    """One question about the records. What is empty means all of them."""

    aim: Aim
    places: tuple[Thing, ...] = ()
    """The systems, planets, moons and stations that it names."""
    region: str = ""
    person: str = ""
    kinds: tuple[Kind, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    letter: str = ""
    most: bool | None = None
    """True: the highest first; False: the lowest; None: it does not say."""
    limit: int | None = None
    days: float = 7


_CONFLICT = re.compile(r"\b(?:conflict|konflikt)\b", re.IGNORECASE)
"""A field of places, where nothing speaks of what is written."""
_LACKS = re.compile(r"\b(?:lack\w*|miss\w*) (?:an? |any )?(?:stations?|moons?|planets?)\b", re.IGNORECASE)
"""What a place has not, rather than its record."""
_OF_RECORDS = re.compile(
    r"\b(?:records?|entr(?:y|ies)|data|statements?|fields?|notes?|angaben|eintr(?:ag|äge))\b", re.IGNORECASE
)


def look_in(question: str, gazetteer: Gazetteer) -> Look | None:
    """The question as it is understood; None where a word of it is not."""
    of_places = _CONFLICT.search(question) or _LACKS.search(question)
    if len(question) > MOST_CHARS or (of_places and not _OF_RECORDS.search(question)):
        return None
    text, letters = _without_letter(_SCALE.sub(" ", _TO_DO.sub("todo", question)))
    named = _Named(text, gazetteer)
    if named.others:
        return None
    said = _said(named.left)
    if said is None:
        return None
    found, numbers = said
    aim = _aim(found, fold(question), whole=not (named.places or named.region or named.person))
    if aim is None or (aim is Aim.NEWS and not named.nothing):
        return None
    days = _days(found, fold(question))
    if numbers and aim is Aim.NEWS and not _DAYS.search(fold(question)):
        return None
    kinds = tuple(kind for kind in KINDS if kind.value in found and not (kind is Kind.REGION and named.region))
    return Look(
        aim,
        named.places,
        named.region,
        named.person,
        kinds,
        tuple(one for one in Oddity if one.value in found),
        letters,
        True if "most" in found else False if "least" in found else None,
        next((number for number in numbers if 0 < number <= 100), None),
        days,
    )


class _Named:
    """The records that a text names, and the words that are left."""

    def __init__(self, text: str, gazetteer: Gazetteer) -> None:
        self.places: tuple[Thing, ...] = ()
        self.region = self.person = ""
        self.others = False
        """Whether it names what has no grade: a lore entry, a discovery."""
        spans: list[tuple[int, int]] = []
        for one in mentions(text, gazetteer.names, loose=True):
            if all(known(word.folded) for word in words(one.text)) and not (one.start and one.text[0].isupper()):
                continue  # of a world with a record called `Gap`, gaps are meant rather than that
            spans.append((one.start, one.end))
            self._take([gazetteer.things[id] for id in one.ids])
        self.left = [word for word in words(text) if not any(start <= word.start < end for start, end in spans)]
        folded = f" {' '.join(word.folded for word in self.left)} "
        for region in sorted({fold(one.region): one.region for one in gazetteer.systems if one.region}.items()):
            if f" {region[0]} " in folded and not self.region:
                self.region = region[1]
                gone = set(region[0].split())
                self.left = [word for word in self.left if word.folded not in gone]

    def _take(self, things: Sequence[Thing]) -> None:
        for kind in (*PLACES, Kind.REGION, Kind.PERSON):
            chosen = next((one for one in things if one.kind is kind), None)
            if isinstance(chosen, Region):
                self.region = chosen.name
            elif isinstance(chosen, Person):
                self.person = chosen.name
            elif chosen is not None:
                self.places = (*self.places, chosen)
            if chosen is not None:
                return
        self.others = True

    @property
    def nothing(self) -> bool:
        return not (self.places or self.region or self.person)


def _without_letter(question: str) -> tuple[str, str]:
    """The question without the letter of a grade, and that letter."""
    match = _LETTER.search(question)
    if match is None:
        return question, ""
    number = 1 if match[1] else 2
    return question[: match.start(number)] + " " + question[match.end(number) :], match[number]


def _said(left: Sequence[Word]) -> tuple[Collection[str], list[int]] | None:
    """What the words that are left say together, and the numbers among them; None where one is unknown."""
    found: set[str] = set()
    numbers: list[int] = []
    for word in left:
        if word.number:
            numbers.append(int(word.folded) if word.folded.isdigit() else 0)
        elif not known(word.bare) and word.bare != "one" and (number := number_of(word.bare)):
            numbers.append(number)
        elif concepts := known(word.bare):
            found |= concepts
        elif not is_stop(word.bare, german=True):
            return None
        else:
            found |= _small(word.bare)
    return found, numbers


def _small(folded: str) -> frozenset[str]:
    return frozenset({"most"}) if folded == "most" else frozenset({"least"}) if folded == "least" else frozenset()


def known(folded: str) -> frozenset[str]:
    """What a word asks for; empty where it says nothing here."""
    return _concepts().get(folded, frozenset()) or _concepts().get(plain(folded), frozenset())


@cache
def _concepts() -> dict[str, frozenset[str]]:
    text = resources.files("assistants.scribing").joinpath("looks.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text) | {kind.value: some for kind, some in KINDS.items()}
    found: dict[str, frozenset[str]] = {}
    for concept, some in listed.items():
        for word in some.split():
            for form in {word, plain(word)}:
                found[form] = found.get(form, frozenset()) | {concept}
    return found


def _aim(found: Collection[str], folded: str, whole: bool) -> Aim | None:
    """What is asked for, the surest sign first."""
    odd = {"audit", *(one.value for one in Oddity)} & set(found)
    named = {"records", "numbers", *(kind.value for kind in KINDS if kind is not Kind.SYSTEM)} & set(found)
    odd |= {"odd"} & set(found) if named or not whole else set()
    work = "todo" in found or ({"work", "order"} & set(found) and _WE.search(folded)) or _NEEDS.search(folded)
    if odd:
        return Aim.AUDIT
    if "todo" in found or (work and {"work", "order"} & set(found)):
        return Aim.TODO
    if "numbers" in found:
        return None
    if "lack" in found or ("need" in found and ("records" in found or not whole)):
        return Aim.GAPS
    if "news" in found or ("came" in found and {"day", "week", "month"} & set(found)):
        return Aim.NEWS
    if "grade" in found or {"measure", "records"} <= set(found):
        return Aim.GRADE
    return (
        Aim.NEWS
        if whole and re.fullmatch(r"(?:hey |so )*(?:whats|what is) new|was gibt?s?(?: es)? neues", folded)
        else None
    )


def _days(found: Collection[str], folded: str) -> float:
    if match := _DAYS.search(folded):
        return float(match[1] or 7 * int(match[2]))
    return 1 if "day" in found else 30 if "month" in found else 7
