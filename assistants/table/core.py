"""What a person asks, out of all that was typed: the clause that asks, with the names that it only points at put in.

"Maw's Edge sounds dreadful! Could you tell me which system is its closest neighbour, please?" asks "which system is
Maw's Edge's closest neighbour". Greetings, politeness and the reason for asking say nothing about the answer.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from assistants.table.repairs import mended
from haven.world.schema import Kind
from haven.world.words import is_stop, words

MOST_CHARS = 600
"""A longer text is no question with a reason but something to read; it stays as it is."""
LEAST_WORDS = 3
"""Of a question; with fewer, what stands behind a comma belongs to it."""
Naming = Callable[[str], Sequence["Named"]]
"""The names of the world in a text, in its order."""

_LETTER = re.compile(
    r"\b(?:the )?(?:planets? )?([b-k])(?= or | and | oder | und )|(?<=or )(?:planet )?([b-k])\b", re.IGNORECASE
)
_OF_THESE = re.compile(r"\b(?:the two|these|those|them|both|which|whose|whether|welche[rs]?|wessen)\b", re.IGNORECASE)
_MARKS = re.compile(r"([,;:–—-])(?:\s*[,;:–—-])+")
"""Marks one after another, which say no more than the first."""
_WHOSE_NAME = re.compile(r"\b(?:his|her|its|their) names?\b", re.IGNORECASE)
"""Of somebody who is not the one that was named before: "she lost a brother; what was his name"."""
_CALLED = re.compile(r"\b(?:system|planet|moon|station)(?: called| named)? ((?-i:[A-Z])[\w'’-]+)", re.IGNORECASE)
_HOW_FAR = re.compile(r"\b(?:how far|what distance|the distance|wie weit)\b", re.IGNORECASE)
_PICTURES = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f]+")
"""Small pictures, which ask nothing."""
_NEARER = re.compile(r"\b(?:shorter|nearer|closer|quicker|näher|kürzer(?:e[rs]?)?)\b", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|to|than|of|von|zu|als)\b", re.IGNORECASE)
_TAKEN = re.compile(
    r"^(?:take|consider|pick|choose|think of|look at|nimm|nehmt|nehmen wir) ((?:the|den|die|das) [^\n]+?)[\s.!]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""What is spoken of, described rather than named: `take the heaviest planet of Oculi`."""
_THAT = re.compile(r"\b(?:it|that one|this one|that|this|er|sie|es)\b", re.IGNORECASE)
_CAPITAL = re.compile(r"\s[A-Z]")
"""Before a ship's name: of somebody who may be meant, such as its captain."""
_SHIP = re.compile(r"she|her", re.IGNORECASE)
_AMONG = re.compile(r"(?:out )?of |among(?:st)? |from |in |on |von |unter |aus ", re.IGNORECASE)
_COMMA = re.compile(r",\s+")
_CLEFT = re.compile(r"\b(who|what|which|where|when|whom) (?:it (?:is|was)|is it|was it) that\b", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """A name of the world as it stands in a text, and what kinds of records bear it."""

    text: str
    kinds: frozenset[Kind]


@dataclass(frozen=True)
class Point:
    """Words that point at something named before."""

    words: re.Pattern[str]
    put: str
    person: bool


@dataclass(frozen=True)
class Wording:
    """The expressions of core.toml."""

    asking: re.Pattern[str]
    word: re.Pattern[str]
    sentence_end: re.Pattern[str]
    turn: re.Pattern[str]
    colon: re.Pattern[str]
    correction: re.Pattern[str]
    """What was said by mistake, with the words that take it back."""
    greeting: re.Pattern[str]
    lead: re.Pattern[str]
    trailing: re.Pattern[str]
    reason: re.Pattern[str]
    echo: re.Pattern[str]
    aside: re.Pattern[str]
    padding: re.Pattern[str]
    scene: re.Pattern[str]
    empty_it: re.Pattern[str]
    points: tuple[Point, ...]


def core(text: str, naming: Naming, earlier: str = "") -> str:
    """The question alone; the text itself where nothing is to be left out. `earlier`: what was asked before it."""
    plain = " ".join(_PICTURES.sub(" ", text).split())
    if not plain or len(plain) > MOST_CHARS:
        return text
    plain = mended(wording().correction.sub("", _MARKS.sub(r"\1", plain)), naming)
    said = [piece for sentence in wording().sentence_end.split(plain) for piece in _clauses(sentence, naming) if piece]
    if not said:
        return text
    asked = [_stripped(one, naming) for one in said]
    at = max(range(len(said)), key=lambda one: (_weight(said[one], asked[one], naming), one))
    found = _filled(asked[at], "\n".join((*said[:at], *said[at + 1 :], earlier)), naming)
    return found if _says_something(found, naming) else text


def _says_something(asked: str, naming: Naming) -> bool:
    """Whether a word is left that is neither a name nor one of those that say nothing."""
    for one in naming(asked):
        asked = asked.replace(one.text, " ")
    return any(not is_stop(one.bare) for one in words(asked))


def opened(text: str) -> str:
    """The text without the greeting that it begins with."""
    return wording().greeting.sub("", text.strip()) or text


def _clauses(sentence: str, naming: Naming) -> list[str]:
    """A sentence in two where its first part only tells why the second is asked; or names nothing, before a colon."""
    sentence = wording().greeting.sub("", sentence.strip())
    if not wording().scene.match(sentence):
        colon = wording().colon.search(sentence)
        if colon is None or naming(sentence[: colon.start()]):
            return [sentence]
        return [sentence[: colon.start()], sentence[colon.end() :]]
    turn = wording().turn.search(sentence) or (_COMMA.search(sentence) if sentence.endswith("?") else None)
    return [sentence[: turn.start()], sentence[turn.end() :]] if turn else [sentence]


def _stripped(clause: str, naming: Naming) -> str:
    """The clause without what leads to its question, stands behind it, or is put in between.

    What the choice is among stays, behind it: "out of the planets of Oculi find me the warmest".
    """
    rules, before = wording(), ""
    clause = clause.strip()
    while clause != before:
        before = clause
        clause = rules.greeting.sub("", clause)
        lead = rules.lead.search(clause)
        if lead and clause[lead.end() :].strip(" ?.!") and not rules.word.match(clause[: lead.start()]):
            among = clause[: lead.start()].strip(" ,") if _AMONG.match(clause) else ""
            clause = clause[lead.end() :].rstrip(" ?.!") + f" {among}?" if naming(among) else clause[lead.end() :]
        clause = rules.echo.sub("", rules.trailing.sub("", clause))
        clause = _without_reason(clause)
    clause = rules.padding.sub("", rules.aside.sub(" ", clause))
    return " ".join(_CLEFT.sub(r"\1", clause).split())


def _without_reason(clause: str) -> str:
    """The clause up to the comma behind which only the reason for asking stands."""
    reason = wording().reason.search(clause)
    if reason is None or "?" in clause[: reason.start()] or len(clause[: reason.start()].split()) < LEAST_WORDS:
        return clause
    return clause[: reason.start()] + "?" * clause.endswith("?")


def _weight(said: str, asked: str, naming: Naming) -> int:
    """How surely a clause is the one that asks: by its beginning, its mark, what leads to it, and what it names."""
    rules = wording()
    begins = 4 if rules.word.match(asked) else 3 if rules.asking.match(asked) else 0
    led = 2 if rules.lead.search(said) else 0
    return begins + led + 3 * ("?" in said) + bool(naming(asked))


def _filled(asked: str, said: str, naming: Naming) -> str:
    """The question with names that were `said` around it, where it points at them or names nothing itself."""
    own = naming(asked)
    if not own and (taken := _TAKEN.search(said)) and _THAT.search(asked):
        return _THAT.sub(lambda _: taken[1], asked, count=1)
    others = [one for one in naming(said) if one.text not in {name.text for name in own}]
    if not others or _WHOSE_NAME.search(asked) or _speaks_of_another(said, others):
        return asked
    if not own and len({one.text for one in others}) == 1 and _LETTER.search(asked):
        return _LETTER.sub(lambda match: f"{others[0].text} {match[1] or match[2]}", asked)
    names, bare = list(dict.fromkeys(one.text for one in others)), asked.rstrip(" ?.!")
    if not own and len(names) == 2 and (way := _way(said, names)):
        return f"{bare} {way}?"
    if not own and len(names) == 2 and _HOW_FAR.search(asked):
        return f"how far is {names[0]} from {names[1]}?"
    if len(own) == 2 and len(names) == 1 and _NEARER.search(asked) and not _FROM.search(asked):
        return f"which is closer to {names[0]}, {own[0].text} or {own[1].text}?"
    if not own and len(names) > 1 and _OF_THESE.search(asked):
        return f"{bare}, {' or '.join(names)}?"
    pointed = _pointed(asked, others, said)
    return pointed if pointed != asked or own else f"{bare} of {names[0]}?"


def _speaks_of_another(said: str, others: Sequence[Named]) -> bool:
    """Whether a kind is followed by a name that nobody knows: "a planet Saltfather", which is what is pointed at."""
    known = " ".join(one.text for one in others)
    return any(match[1] not in known for match in _CALLED.finditer(said))


def _way(said: str, names: Sequence[str]) -> str:
    """`from A to B`, where the context says that of the two."""
    way = f"from {names[0]} to {names[1]}"
    return way if way in said else ""


def _pointed(asked: str, others: Sequence[Named], said: str) -> str:
    """Each word that points put right: the first with the name, one behind it with `the`."""
    empty = wording().empty_it.search(asked)
    for point in wording().points:
        match = point.words.search(asked)
        meant = None if match is None else _meant(point, match[0], others, said)
        if meant is None or match is None or (empty and empty.start() <= match.start() < empty.end()):
            continue
        rest = asked[match.end() :]
        rest = re.sub(r"\bits\b", "the", rest, flags=re.IGNORECASE)
        return asked[: match.start()] + point.put.format(name=meant.text) + rest
    return asked


def _meant(point: Point, word: str, others: Sequence[Named], said: str) -> Named | None:
    """Which of the names a word points at: he and she are people, and she may be a ship, of which a text tells."""
    people = [one for one in others if not point.person or Kind.PERSON in one.kinds]
    ships = [
        one
        for one in others
        if not {Kind.LORE, Kind.DISCOVERY}.isdisjoint(one.kinds) and not _CAPITAL.search(said.partition(one.text)[0])
    ]
    return next(iter(people or (ships if _SHIP.fullmatch(word) else [])), None)


@cache
def wording() -> Wording:
    read = tomllib.loads(resources.files("assistants.table").joinpath("core.toml").read_text(encoding="utf-8"))
    shared = {"{you}": read["you"], "{tell}": read["tell"]}

    def one_of(name: str) -> str:
        joined = "|".join(read[name])
        for mark, line in shared.items():
            joined = joined.replace(mark, line.replace("{you}", read["you"]))
        return f"(?:{joined})"

    def made(expression: str) -> re.Pattern[str]:
        return re.compile(expression, re.IGNORECASE)

    asks, verbs = rf"{one_of('asks')}\b", rf"{one_of('verbs')}\b"
    points = (Point(made(rf"\b(?:{one['words']})\b"), one["put"], one.get("person", False)) for one in read["points"])
    return Wording(
        asking=made(rf"{asks}|{verbs}"),
        word=made(asks),
        sentence_end=made(
            r"(?<=[!?])\s+|\s*[:;]-?[()DPp]+\s+|;\s+"
            r"|(?<![ .](?-i:[A-Z]))(?<!\bSt)(?<!\bDr)(?<!\bvs)(?<!\bod)(?<!\bbzw)(?<!\bca)(?<!\bNr)"
            r"(?<!\be\.g)(?<!\bi\.e)[.…]\s+(?=\W?\w)"
        ),
        turn=made(
            r"(?:[,;](?: but| so| now| then| well| aber| also| nun)?(?: here goes:)?|:| [–—-])"
            rf"\s*(?={asks}|{verbs})|:\s+"
        ),
        colon=made(rf":\s+(?={asks}|{verbs})"),
        correction=made(rf"^.*?(?:\.\.+|[,;–-])\s*(?:(?:no|sorry|or),? )*(?:i mean|ich meine),?\s+(?={asks})"),
        greeting=made(rf"^(?:{one_of('greetings')}\b[\s,:!.–-]*)+"),
        lead=made(rf"\b{one_of('leads')}\b[,:]?(?: (?:if|whether|ob|that is)\b)?(?: (?:please|bitte)\b)?[,:]?\s+"),
        trailing=made(rf"[\s,–-]+{one_of('trailing')}(?=[\s?.!]*$)"),
        reason=made(rf",\s*{one_of('reasons')}\b"),
        echo=made(rf",\s*{one_of('echoes')}(?=\W*$)"),
        aside=made(rf",\s*{one_of('asides')}\s*(?:,|(?=[?.!]*$))"),
        padding=made(rf"\s*\b{one_of('padding')}\b"),
        scene=made(rf"{one_of('scenes')}\b|for [^,:?]{{3,40}}:"),
        empty_it=made(one_of("empty_it")),
        points=tuple(points),
    )
