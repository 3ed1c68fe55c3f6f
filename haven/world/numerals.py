"""Numbers in digits and in words, English and German: `one hundred and three`, `the twelfth`, `einundzwanzig`."""

from __future__ import annotations

import re

from haven.world.words import is_stop, words

_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
)
_GERMAN = (
    "null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn"
    " achtzehn neunzehn zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig"
)
_ORDINAL = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
    "twentieth": 20,
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
    "sixtieth": 60,
    "erste": 1,
    "dritte": 3,
    "siebte": 7,
    "achte": 8,
}
NUMBERS = {
    word: at if at <= 20 else 10 * (at - 18) for some in (_ENGLISH, _GERMAN) for at, word in enumerate(some.split())
}
_OTHERS = {"ein": 1, "eine": 1, "einem": 1, "einen": 1, "zwo": 2, "dozen": 12, "dutzend": 12, "score": 20, "couple": 2}
_COMPOSED = re.compile(r"(?P<one>[a-z]+?)und(?P<ten>[a-z]+zig|dreissig)$")
_HUNDREDS = re.compile(r"(?P<many>[a-z]*?)(?P<what>hundert|tausend)(?:und)?(?P<rest>[a-z]*)$")


def number_of(text: str) -> int | None:
    """A number in digits or in words up to the thousands; None where it is none."""
    total = current = 0
    pieces = [one.folded for one in words(text.replace("-", " "))]
    if not pieces:
        return None
    for piece in pieces:
        if (value := value_of(piece)) is not None:
            current += value
        elif piece == "hundred":
            current = max(current, 1) * 100
        elif piece == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        elif not is_stop(piece) or piece in ("a", "an"):
            return None
    return total + current if any(not is_stop(one) for one in pieces) else None


def value_of(folded: str) -> int | None:
    """The value of one folded word; None for one that is no number by itself, as `hundred` is not."""
    if folded.isdigit():
        return int(folded)
    if folded in NUMBERS:
        return NUMBERS[folded]
    if match := _COMPOSED.match(folded):
        one, ten = value_of(match["one"]) or _OTHERS.get(match["one"]), NUMBERS.get(match["ten"])
        return ten + one if one and ten else None
    if match := _HUNDREDS.match(folded):
        many = value_of(match["many"]) or _OTHERS.get(match["many"]) if match["many"] else 1
        rest = value_of(match["rest"]) if match["rest"] else 0
        return many * (100 if match["what"] == "hundert" else 1000) + rest if many and rest is not None else None
    return None


def counted(folded: str) -> int | None:
    """The same where a noun follows, as in `a dozen ships` and `ein Mond`."""
    return _OTHERS.get(folded, value_of(folded))


def rank_of(folded: str) -> int | None:
    """The number of an ordinal: `twelfth`, `21st`, `zwölften`; None for anything else."""
    bare = re.sub(r"(?<=te)[nrsm]$", "", folded)
    if bare in _ORDINAL:
        return _ORDINAL[bare]
    for ending in ("st", "nd", "rd", "th", "ste", "te"):
        stem = bare.removesuffix(ending)
        if stem != bare and (value := value_of(stem)) is not None:
            return value
    return None
