"""A question about lore, taken apart: what kind of answer it wants, the names in it, and the words that matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from haven.world.mentions import KIND_WORDS, Mention
from haven.world.schema import Kind, Thing
from haven.world.words import Word, fold, implied, is_everyday, is_german, is_stop, word_set, words


class Asks(StrEnum):
    """What an answer must hold."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    WHY = "why"
    COUNT = "how many"
    MEASURE = "how much"
    ABOUT = "about"
    """Whatever is recorded of a name."""
    WHAT = "what"
    """What the other words say, and nothing more."""


_ASKS: tuple[tuple[Asks, re.Pattern[str]], ...] = (
    (Asks.WHEN, re.compile(r"\b(when|wann|(what|which) (year|date|day|time)|since when|seit wann|in welchem jahr)\b")),
    (Asks.COUNT, re.compile(r"\b(how many|wie ?viele|(what|which) number of|number of)\b")),
    (
        Asks.MEASURE,
        re.compile(
            r"\b(how (long|far|old|tall|big|large|deep|high|heavy|wide|fast|often|much|thick|strong)"
            r"|wie (lange?|alt|hoch|gro(ss|ß)|weit|tief|schwer|schnell|oft))\b"
        ),
    ),
    (Asks.WHY, re.compile(r"\b(why|how come|what (is|was) the (reason|cause)|warum|wieso|weshalb)\b")),
    (Asks.WHO, re.compile(r"\b(who|whom|whose|wer|wem|wen|wessen)\b")),
    (
        Asks.WHERE,
        re.compile(r"\b(where|wo|wohin|woher|(what|which) (place|system|planet|moon|station|world|region))\b"),
    ),
    (Asks.WHAT, re.compile(r"\b(what|which|how|was|did|does|is|welch\w+)\b")),
)
_FRAME = word_set("""
    happen happened happens lore story stories history tell described describe explain exactly originally ever called
    canon according quote cite passage entry entries text sources source question wonder wondering remember
    heard hear mention mentions mentioned speak speaks anyone actual exact famous real true full passiert geschah
    geschehen geschichte erzahl bekannt special interesting important unusual remarkable notable besonders""")
"""Words of asking: what is asked for is not in them."""
_OF_KIND: dict[Asks, frozenset[str]] = {
    Asks.WHEN: word_set("year date day time jahr datum"),
    Asks.WHERE: word_set("place located location system planet moon station world region ort liegt lie lies"),
    Asks.WHY: word_set("reason cause grund"),
    Asks.COUNT: word_set("number many amount anzahl"),
    Asks.MEASURE: word_set("""
        long far old tall big large deep high heavy wide fast often much thick strong lange lang alt hoch gross
        weit tief schwer schnell oft aged"""),
    Asks.WHO: word_set("person people"),
}
"""Words that only say what kind of answer is wanted."""
_ABOUT_IT = re.compile(r"\b(?:written|recorded|said|told|known) (?:down )?about\b", re.IGNORECASE)
_WHO_ACTS = re.compile(r"\bwho (\w+)")
_HELPING = word_set(
    "is are was were has have had did does do can could will would should shall may might be been else exactly the all"
    " really knows know also"
)
"""After `who` these are no deed of somebody's; any other word is, and must be in the answer: `who named it`."""
_SPEECH = re.compile(r"\b(?:did|had|have|has) .*\b(?:say|said)\b")
"""What somebody said is asked for; what an entry says is just what stands in it."""
_NAMESAKE = re.compile(r"\bnamed (after|for|by)\b")


@dataclass(frozen=True)
class Term:
    """What an answer must speak of: a name in any of its spellings (folded, in pieces), or one word."""

    text: str
    spellings: tuple[tuple[str, ...], ...]
    ids: tuple[str, ...] = ()
    """The records that it names; empty for a word, and for a name that no record bears."""
    name: bool = False
    weak: frozenset[tuple[str, ...]] = frozenset()
    """Spellings of one word that an entry bears beside its own name: in the name of another they mean that one."""


@dataclass(frozen=True)
class Question:
    text: str
    asks: Asks
    names: tuple[Term, ...]
    words: tuple[Term, ...]


def plainly(text: str) -> str:
    """The question without words that ask for what is written rather than for what is so."""
    return _ABOUT_IT.sub("about", text)


def read(text: str, mentions: Sequence[Mention], things: dict[str, Thing]) -> Question:
    """Take a question apart; `mentions` are the names in it, `things` the records that these name."""
    german = is_german(text)
    folded = " ".join(text.casefold().split())
    asked = [(match.start(), kind) for kind, pattern in _ASKS if (match := pattern.search(folded))]
    asks = min(asked, key=lambda one: one[0], default=(0, Asks.WHAT))[1]  # of those that begin alike, the first
    names = [_named(one, [things[id] for id in one.ids if id in things]) for one in mentions]
    inside = [(one.start, one.end) for one in mentions]
    rest = [one for one in words(text) if not any(start <= one.start < end for start, end in inside)]
    names += [] if german else _unknown(text, rest)  # in German every noun has a capital
    taken = {piece for one in names if not one.ids for piece in one.spellings[0]}
    kinds = {things[id].kind for one in mentions for id in one.ids if id in things}
    mere = _FRAME | _OF_KIND.get(asks, frozenset()) | {word for word, kind in KIND_WORDS.items() if kind in kinds}
    telling = [one for one in rest if one.bare not in taken and one.bare not in mere and not is_stop(one.bare, german)]
    acts = _WHO_ACTS.search(folded)
    if _NAMESAKE.search(folded) or (acts and acts[1] not in _HELPING and acts[1] not in mere):
        verb = acts[1] if acts and acts[1] not in _HELPING else "named"
        telling += [one for one in rest if one.folded in ("named", verb) and one not in telling]
    if Kind.PERSON in kinds and _SPEECH.search(folded):
        telling += [one for one in rest if one.folded in ("say", "said") and one not in telling]
    said_as = implied([one.folded for one in rest])
    phrases = word_set(" ".join(said_as.values()))
    terms = {one.bare: Term(one.text, ((one.bare,),)) for one in telling if one.folded not in phrases}
    terms |= {word: Term(phrase, ((word,),)) for word, phrase in said_as.items()}
    if names and not terms and (asks is Asks.WHAT or (asks is Asks.WHO and all(one.ids for one in names))):
        asks = Asks.ABOUT
    return Question(text, asks, tuple(names), tuple(terms.values()))


def _named(mention: Mention, things: Sequence[Thing]) -> Term:
    """A name with all the spellings of its records, since a text may call them by another."""
    spelt = {mention.text: None} | {name: None for thing in things for name in (thing.name, *thing.aliases)}
    spellings = {tuple(_pieces(one)): None for one in spelt}
    for thing in things:
        if thing.kind == "person" and len(pieces := _pieces(thing.name)) > 1:
            spellings[(pieces[-1],)] = None  # people are called by their last name
    aliases = {tuple(_pieces(one)) for thing in things if thing.kind == "lore" for one in thing.aliases}
    weak = frozenset(one for one in aliases if len(one) == 1)
    return Term(mention.text, tuple(one for one in spellings if one), mention.ids, name=True, weak=weak)


def _pieces(name: str) -> list[str]:
    pieces = fold(name).split()
    return pieces[1:] if len(pieces) > 1 and pieces[0] in ("the", "a", "an", "der", "die", "das") else pieces


def _unknown(text: str, rest: Sequence[Word]) -> list[Term]:
    """Runs of words with capitals inside a sentence: names that no record bears.

    Where every word has one, as in a title, a capital says nothing.
    """
    telling = [one for one in rest if not is_stop(one.bare) and not one.number]
    if len(telling) > 3 and all(one.capital for one in telling):
        return []
    runs: list[list[Word]] = []
    for one in rest:
        first = not text[: one.start].strip(" \"'“„(") or text[: one.start].rstrip(" \"'“„(")[-1:] in ".!?:"
        if one.capital and not is_stop(one.bare) and not (first and not runs):
            if runs and not text[runs[-1][-1].end : one.start].strip():
                runs[-1].append(one)
            else:
                runs.append([one])
    return [
        Term(text[run[0].start : run[-1].end], (tuple(one.bare for one in run),), name=True)
        for run in runs
        if len(run[0].bare) > 1 and not (len(run) == 1 and is_everyday(run[0].bare))
    ]
