"""Whether two questions want the same answer, told by their words: what isn't known to be the same is different.

Vectors can't tell: over the pairs of tests/ai/question_pairs.py, cosines of "nearest" and "farthest", of 3 and 5, of
other names and of the other language lie among those of true paraphrases (area under the curve .70, and 2 % recall
where no wrong pair may pass). So no vector is asked: every word, number, sign and their order has to be the same, but
for greetings, a few synonyms, and the ways of asking below. English and German.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

MAX_CHARS = 300
"""Longer questions say too much to be compared by their words."""

_TOKEN = re.compile(r"(?<!\S)[+-]\d[\d.,:]*(?<![.,:])|\w(?:[\w]|['.:,-](?=\w))*|\S")
_SAME_WORD: Mapping[str, str] = dict(
    re.findall(
        r"(\S+)=([^,\n]+)",
        """
    two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10
    zwei=2, drei=3, vier=4, fünf=5, sechs=6, sieben=7, acht=8, neun=9, zehn=10
    cannot=can not, can't=can not, won't=will not, don't=do not, doesn't=does not, didn't=did not, isn't=is not
    aren't=are not, what's=what is, whats=what is, who's=who is, where's=where is, when's=when is, how's=how is
    closest=nearest, furthest=farthest, biggest=largest, photo=picture, photos=pictures, discovered=found
    colour=color, colours=colors, summarise=summarize
    wieviele=wie viele, wieviel=wie viel, gross=groß, distanz=entfernung, bild=foto, bilder=fotos
    """,
    )
)
_ASKING = r"(?=what|who|where|when|why|how|which|by whom)"
_ORDER = r"(?=(?:explain|list|show|name|give|summarize|sum up|describe|tell)\b)"
_FRAGEND = r"(?=was|wer|wo|wann|warum|wie|welche|von wem)"
_BEFORE = re.compile(
    r"(?:(?:hey|hi|hello|hallo|please|bitte|ok|okay)(?: [,!])?"
    rf"|(?:can|could|would|will) you(?: please)?(?: {_ORDER})"
    rf"|(?:please )?(?:tell me|explain(?: to me)?|do you know|i (?:want|would like) to know)(?: {_ASKING})"
    r"|(?:kannst|könntest) du (?:mir )?(?:bitte )?(?:sagen|erklären) ,?"
    rf"|(?:sag mir|weißt du|ich möchte wissen)(?: bitte)?(?: ,)?(?: {_FRAGEND})) ?"
)
_AFTER = re.compile(r"(?: ,)? (?:please|thanks|thank you|bitte|danke)$|[ ?!.]+$")
_INDIRECT = (
    (re.compile(r"(what|who|where) (.+) (is|are|was|were)"), r"\1 \3 \2"),
    (re.compile(r"(was|wer|wo) (.+) (ist|sind|war|waren)"), r"\1 \3 \2"),
    (re.compile(r"how far (.+) is from (.+)"), r"how far is \1 from \2"),
)
"""After "tell me ..." the verb stands last."""
_TURNED = (
    (re.compile(r"how come (.+?) (is|are) (.+)"), r"why \2 \1 \3"),
    (re.compile(r"what is an? ([a-z]+(?: [a-z]+)?[a-rt-z])"), r"what are \1s"),
    (re.compile(r"what ([a-z]{4,}) (has|have|is|are) (.+)"), r"which \1 \2 \3"),
    (re.compile(r"(?:list|show|name)(?: me)?(?: all)?(?: the)? (?!the |all )(\w+s)( .+|)"), r"list \1\2"),
)

# In a way of asking, {x} takes any words; {a} and {b} up to four that don't join others; {k} up to three, a plural.
_JOINS = r"(?:from|to|and|or|of|in|on|at|via|through|with|without|than|von|und|nach|zu|in|auf|mit|ohne|über|als|,|;)"
_NAME = rf"(?:(?!{_JOINS} )\S+ ){{0,3}}?(?!{_JOINS}(?: |$))\S+"
_SLOTS = {
    "a": f"(?P<a>{_NAME})",
    "b": f"(?P<b>{_NAME})",
    "k": r"(?P<k>(?:(?!the |all )\S+ ){0,2}?\S+s)",
    "x": "(?P<x>.+)",
    # one or two words without article: what is explained is then the thing itself, not one at hand
    "n": r"(?P<n>(?!(?:the|my|our|your|this|that|it|der|die|das|den|dem|mein|dein|new)\b)\w[\w'-]+(?: \w[\w'-]+)?)",
    "are": "(?:is|are)",
    "did": "(?P<did>[a-z]+ed|built|made|led|won|lost|sold|bought)",
    "gefunden": "(?:entdeckt|gefunden)",
}
_WAYS: Mapping[str, tuple[str, ...]] = {
    "distance": (
        "how far (?:away )?is (?!it ){a} (?:away )?from {b}",
        "how far (?:away )?is it from {a} to {b}",
        "what is the distance between {a} and {b}",
        "what is the distance from {a} to {b}",
    ),
    "number": (
        "how many {k} (?:does|do) {a} have",
        "how many {k} {are} (?:there )?(?:in|on) {a}",
        "how many (?P<k>moons) {are} (?:there )?around {a}",
        "what is the number of {k} (?:in|on) {a}",
    ),
    "list": (
        "(?:which|what) {k} (?:does|do) {a} have",
        "(?:which|what) {k} are (?:there )?(?:in|on) {a}",
        "(?:which|what) are the {k} (?:of|in|on) {a}",
        "(?:list|show|name|give)(?: me)?(?: all)?(?: the)? {k} (?:of|in|on) {a}",
    ),
    "exists": ("{are} there (?:any |an? )?{a} (?:on|in) {b}", "(?:does|do) {b} have (?:any |an? )?{a}"),
    "discoverer": ("who found {x}", "by whom was {x} found", "who (?:is|was) the discoverer of {x}"),
    "doer": ("who {did} {x}", "by whom was {x} {did}", "who was {x} {did} by"),
    "found": ("when was {x} found", "when did (?:someone|somebody|anyone) (?:discover|find) {x}"),
    "leader": ("who leads {x}", "who is the leader of {x}"),
    "where": (
        "where {are} {x}(?: located| situated)",
        "where {are} {x}",
        "where (?:can|do) (?:i|we|you|one) find {x}",
        "what is the location of {x}",
    ),
    "meaning": ("what does {x} mean", "what is the meaning of {x}"),
    "most": (
        "what is the (?P<a>[a-z]+est) (?P<b>[a-z]+) (?P<c>to|from|in|on) {x}",
        "which (?P<b>[a-z]+) is (?:the )?(?P<a>[a-z]+est) (?P<c>to|from|in|on) {x}",
    ),
    "price": ("what does {x} cost", "how much does {x} cost", "how much {are} {x}", "what is the price of {x}"),
    "age": ("how old is {x}", "what is the age of {x}"),
    "size": ("how (?:large|big) is {x}", "what is the size of {x}"),
    "how to": ("how (?:do|can|could) (?:i|one) {x}", "how to {x}", "what do i have to do to {x}"),
    "summary": ("(?:summarize|sum up) {x}", "give me a summary of {x}", "write (?:me )?a summary of {x}"),
    "about": ("what {are} {n}", "explain {n}", "describe {n}", "tell me about {n}"),
    "Entfernung": (
        "wie weit ist (?!es ){a} von {b}(?: entfernt| weg)",
        "wie weit ist (?!es ){a} von {b}",
        "wie weit ist es von {a} (?:nach|bis|zu|bis nach|bis zu) {b}",
        "wie groß ist die entfernung zwischen {a} und {b}",
        "wie groß ist die entfernung von {a} (?:nach|bis|zu|bis nach|bis zu) {b}",
    ),
    "Anzahl": ("wie viele (?P<k>\\S+) hat {a}", "wie viele (?P<k>\\S+) gibt es (?:in|auf) {a}"),
    "Liste": ("welche (?P<k>\\S+) hat {a}", "welche (?P<k>\\S+) gibt es (?:in|auf) {a}"),
    "vorhanden": ("gibt es (?P<a>\\S+) (?:in|auf) (?P<b>\\S+)", "hat (?P<b>\\S+) (?P<a>\\S+)"),
    "Entdecker": ("wer hat {x} {gefunden}", "von wem wurde {x} {gefunden}", "wer entdeckte {x}"),
    "entdeckt": ("wann wurde {x} {gefunden}", "wann hat man {x} {gefunden}"),
    "wo": ("wo (?:ist|sind|liegt|liegen|befindet sich|befinden sich|finde ich) {x}", "wo kann (?:ich|man) {x} finden"),
    "Preis": ("(?:was|wie viel) (?:kostet|kosten) {x}",),
    "wie": ("wie kann (?:ich|man) {x}",),
    "Zusammenfassung": ("fasse die {x} zusammen", "gib mir eine zusammenfassung der {x}"),
    "was": ("was (?:ist|sind) {n}", "erkläre? (?:mir )?(?:bitte )?{n}", "erzähle? mir (?:etwas )?(?:von|über) {n}"),
}
_EITHER_WAY = frozenset({"distance", "Entfernung"})
"""From here to there is as far as from there to here."""


def alike(one: str, other: str) -> bool:
    """True only where the two ask the same; most paraphrases are not recognised, and that is the safe side."""
    found = essence(one)
    return bool(found) and found == essence(other)


def essence(question: str) -> tuple[str, ...]:
    """What is asked, the same for all recognised ways of asking it; empty for what is too long or has several lines."""
    if len(question) > MAX_CHARS or "\n" in question.strip():
        return ()
    text = " ".join(_words(unicodedata.normalize("NFC", question).replace("’", "'").strip()))
    text = _direct(text)
    for pattern, turned in _TURNED:
        if pattern.fullmatch(text):
            text = pattern.sub(turned, text)
    for name, pattern in _patterns():
        if match := pattern.fullmatch(text):
            said = [match[slot] for slot in sorted(match.groupdict())]
            return (name, *(sorted(said) if name in _EITHER_WAY else said))
    return ("", text) if text else ()


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (name, re.compile(re.sub(r"\{(\w+)\}", lambda slot: _SLOTS[slot[1]], way)))
        for name, ways in _WAYS.items()
        for way in ways
    )


def _words(text: str) -> Iterator[str]:
    """Words, numbers with their sign, and every other sign; capitals stay where they are more than a beginning."""
    shouted = text.isupper()
    for place, token in enumerate(_TOKEN.findall(text)):
        begins = token[1:].islower() or token == "I" or (len(token) == 1 and not place)
        long = len(token) > 2 and token.isupper()  # "PIN" is "pin"; "US" and "us" are two
        word = token.lower() if shouted or begins or long else token
        yield _SAME_WORD.get(word, word)


def _direct(text: str) -> str:
    """Without greetings, thanks and "could you tell me", its verb where a plain question has it."""
    while (shorter := _AFTER.sub("", text)) != text:
        text = shorter
    started = text
    while (found := _BEFORE.match(text)) and found.end() < len(text):
        text = text[found.end() :]
    for pattern, direct in _INDIRECT if text != started else ():
        if pattern.fullmatch(text):
            return pattern.sub(direct, text)
    return text
