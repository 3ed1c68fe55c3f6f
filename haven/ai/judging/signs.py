"""What the words and the look of a request say about how hard it is; the table of words is signs.toml."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

READ = 2_000
"""Characters of a request that are read, half of them at its end: what is wanted stands at either end."""
CORE_FROM = 35
"""In a request of more words, only the sentences that ask for something are read, where there are any."""
LONGEST = 4
"""Words of the longest phrase in the table."""
LONGEST_STEM = 16
"""Letters of the longest beginning of a word in it, and some more."""

Weight = tuple[float, float]
"""Logits towards medium and towards complex, beside 0 for simple."""
_NUMBERS: Mapping[str, int] = {
    word: number
    for number, words in {
        2: "two zwei deux dos due twee",
        3: "three drei trois tres",
        4: "four vier quatre cuatro",
        5: "five fünf cinq cinco",
        6: "six sechs seis",
        7: "seven sieben sept siete",
        8: "eight acht huit ocho",
        9: "nine neun neuf nueve",
        10: "ten zehn dix diez",
        12: "twelve zwölf douze doce",
        19: "fifteen nineteen",
        20: "twenty zwanzig vingt veinte thirty dreißig trente treinta forty fifty sixty",
        100: "hundred hundert cent cien",
    }.items()
    for word in words.split()
}
_WORD = re.compile(r"\w+(?:['-]\w+)*|[?,:+]|->|<=")
_SENTENCE = re.compile(r"(?<=[.!?\n])\s+")
_ASKS = re.compile(
    r"\?|\b(?:please|pls|plz|(?:could|can|would) you|i(?: woul|')d like|bitte|tell me|s'il te|por favor)\b",
    re.I,
)
_UNWANTED = re.compile(
    r"(?:^|(?<=[,.;:!]\s)|(?<=please\s)|(?<=\bI\s))(?:do not|don't|never)\b.*?(?=[.:;]|,\s(?:i|just|only)\b|$)", re.I
)
"""What a person does not want says nothing about what they want."""
_QUOTED = re.compile(r"[\"“„«»”][^\"“”„«»\n]{1,300}[\"“”»«]|(?<!\w)['‘][^'’\n]{1,80}['’](?!\w)")
_LOG_LINE = re.compile(r"^.*\b\d\d:\d\d:\d\d\b.*$", re.M)
_CODE = re.compile(
    r"```|^\s*(?:async )?def \w+\(|^\s*class \w+|Traceback \(|^[ \t]+File \"|^[ \t]+\w[\w.\[\]']* ?[+-]?= ", re.M
)
_CODE_LINE = re.compile(r"^(?:[ \t]+\S.*|\s*(?:async )?def .*|.*[;{}]\s*)$", re.M)
_SPOT = re.compile(
    r"\b\w+\.(?:py|js|ts|css|html|toml|md|json|sql|sh)\b|\bline \d+|\b[A-Z]{2,}_[A-Z_]{2,}\b|\b[a-z]+_[a-z_]+\b"
    r"|(?:^|\s)/[a-z]+"
)
_SUM = re.compile(r"\d\s*[-+*/x]\s*\d")
_CHOICE = re.compile(r"\w\s?/\s?\w+\s?/\s?\w|:\s[\w-]+(?:,\s[\w-]+){1,4}(?:,?\s(?:or|und|ou|o|oder|and)\s[\w-]+)?\s*$")
_THINGS = re.compile(
    r"\b(?:(syst[eè]m|sistem)|(plan[eè]t)|(moon|mond|lun[ae])|(photo|foto|bild)|(member|mitglied|membre|miembro|finder|who\b)"
    r"|(discover|entdeck|fund|funde|découv|descubr|find)|(lore)|(station|estaci)|(region|région)|(visit|session)|(ship|schiff)"
    r"|(event))\w*",
    re.I,
)
"""Things of the world that have tables of their own."""


Phrase = tuple[str, ...] | str
"""Words that follow one another, or the beginning of one."""


@dataclass(frozen=True)
class Table:
    """The table as it is read: which signs each phrase stands for, and what each sign weighs."""

    phrases: Mapping[Phrase, tuple[str, ...]]
    only: Mapping[str, frozenset[str]]
    """The kinds that a sign is about, where it is not about all."""
    signs: Mapping[str, Weight]
    facts: Mapping[str, Weight]
    kinds: Mapping[str, Weight]

    def without(self, phrases: Set[Phrase]) -> Table:
        """The same table as if some phrases had not come to its author's mind."""
        return replace(self, phrases={phrase: names for phrase, names in self.phrases.items() if phrase not in phrases})


@cache
def table() -> Table:
    """Read once, by the first who asks."""
    tree = tomllib.loads(files("haven.ai.judging").joinpath("signs.toml").read_text(encoding="utf-8"))
    phrases: dict[Phrase, tuple[str, ...]] = {}
    for sign in tree["sign"]:
        for words in " ".join(sign["words"].split()).split(" | "):
            phrase: Phrase = words[:-1] if words.endswith("*") else tuple(words.split())
            phrases[phrase] = (*phrases.get(phrase, ()), sign["name"])
    return Table(
        phrases,
        {sign["name"]: frozenset(sign["kinds"]) for sign in tree["sign"] if "kinds" in sign},
        {sign["name"]: tuple(sign["weight"]) for sign in tree["sign"]},
        {name: tuple(weight) for name, weight in tree["facts"].items()},
        {name: tuple(weight) for name, weight in tree["kinds"].items()},
    )


def phrases(question: str) -> set[Phrase]:
    """The phrases of the table that stand in a request."""
    return {phrase for _, phrase in _met(list(_words(_wanted(_read(question)))), table())}


def found(question: str, kind: str, table: Table) -> dict[str, float]:
    """The signs and facts of one request; 0 is left out, most are 1 and none is more than 3."""
    text = _read(question)
    wanted = _wanted(text)
    words = list(_words(wanted))
    known = _signs(words, kind, table)
    plain = sum(word[0].isalpha() for word in words)
    things = {match.lastindex for match in _THINGS.finditer(wanted)}
    parts = sum(word in (",", ":", "+", "and", "und", "et", "y", "incl", "with") for word in words)
    small = not {"one place is named", "one spot on a screen is meant"} & known.keys()
    facts = {
        "something is quoted": bool(_QUOTED.search(text)),
        "a log is pasted in": _is_log(text),
        "code is pasted in": bool(_CODE.search(text)),
        "a file, a line or a name in the code is given": bool(_SPOT.search(text)),
        "numbers are to be reckoned": bool(_SUM.search(text)),
        "the choices are named": bool(_CHOICE.search(wanted)),
        "it is a question": wanted.rstrip().endswith("?"),
        "it has hardly any words": plain <= 3,
        "a question of hardly any words": plain <= 3 and kind == "answer",
        "a wish of hardly any words": plain <= 3 and kind == "edits" and small,
        "its length": min(math.log1p(plain) / 3, 1.4),
        "it has several parts": min(parts / 4, 1.5),
        "it joins several things of the world": min(max(len(things) - 1, 0), 3) if kind == "sql" else 0,
    }
    return known | {name: float(value) for name, value in facts.items() if value}


def _read(question: str) -> str:
    if len(question) > READ:
        question = f"{question[: READ // 2]}\n{question[-READ // 2 :]}"
    return question.replace("’", "'")


def _is_log(text: str) -> bool:
    return len(_LOG_LINE.findall(text)) > 1


def _wanted(text: str) -> str:
    """What is asked for: without quotations, pasted logs and code, what is not wanted, and the story around it."""
    plain = _QUOTED.sub(" “ ", text)
    if _is_log(text):
        plain = _LOG_LINE.sub("", plain)
    if _CODE.search(text):
        plain = _CODE_LINE.sub("", plain)
    plain = _UNWANTED.sub(" ", plain.strip()).strip()
    if len(plain.split()) <= CORE_FROM:
        return plain
    return " ".join(one for one in _SENTENCE.split(plain) if _ASKS.search(one)) or plain


def _words(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text):
        yield "^"
        yield from (_sized(word) for word in _WORD.findall(sentence.lower()))


def _sized(word: str) -> str:
    if word not in _NUMBERS and not (word.isdecimal() and word.isascii()):
        return word
    number = _NUMBERS[word] if word in _NUMBERS else int(word[:9])
    return word if number < 2 else "#" if number < 20 else "##" if number < 500 else "###"


def _met(words: list[str], table: Table) -> Iterator[tuple[int, Phrase]]:
    """Every phrase of the table that stands in these words, with its place."""
    for place, word in enumerate(words):
        tried: list[Phrase] = [word[:end] for end in range(3, len(word[:LONGEST_STEM]) + 1)]
        tried += [tuple(words[place : place + size]) for size in range(1, LONGEST + 1)]
        yield from ((place, phrase) for phrase in tried if phrase in table.phrases)


def _signs(words: list[str], kind: str, table: Table) -> dict[str, float]:
    """How often each sign was met, at most twice, as its square root: the second time says less than the first."""
    places: dict[str, set[int]] = {}
    for place, phrase in _met(words, table):
        for name in table.phrases[phrase]:
            if kind in table.only.get(name, (kind,)):
                places.setdefault(name, set()).add(place)
    return {name: math.sqrt(min(len(met), 2)) for name, met in places.items()}
