"""Which language a text is in, which words carry it, and which of its numbers and names stand nowhere else."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

LOOKED_AT = 20_000
"""Characters that are enough to tell a language."""

# Words of one letter are left out: too many languages share them. The last ones of a line are how a request begins.
_FUNCTION_WORDS = {
    "English": "the of and to is in that it for with are was this on be as not which from by or an you what how where "
    "please write give tell show make summarise summarize list",
    "German": "der die das und ist nicht ein eine mit für auf von zu den dem im wie was ich es sich auch als wird wo "
    "bitte schreib schreibe gib zeig fasse zusammen mach",
    "French": "le la les des est une un et que pour dans pas qui sur avec ce il du au plus par sont comment cette où "
    "écris donne résume fais quelle quel",
    "Spanish": "el la los las de que en un una es por con para no se del al lo como más está son qué escribe dame",
    "Italian": "il lo la gli di che è un una per non con sono della nel dei come più cosa questo alla scrivi riassumi",
    "Portuguese": "os as de que do da em um uma para não com por no na é como mais dos foi são escreva",
    "Dutch": "de het een en van is niet dat op te met voor zijn aan ook er als bij wat hoe naar deze schrijf geef",
}
_LANGUAGES = {name: frozenset(words.split()) for name, words in _FUNCTION_WORDS.items()}
_SPOKEN_IN = {
    word: tuple(name for name, known in _LANGUAGES.items() if word in known)
    for word in set().union(*_LANGUAGES.values())
}
_SCRIPTS = ("CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "ARABIC", "HEBREW", "GREEK", "THAI", "DEVANAGARI")
_EVERYDAY_WORDS = (
    "about above after again also among because been before being below between both could does done down during each "
    "else even ever every from further have here into itself just made make many more most much must near next none "
    "once only other over same should since some such than that their them then there these they this those through "
    "under until upon very want well were what when where which while whom will with within without would your "
    "please tell give write explain describe aber auch dann dass diese dieser eine einem einen einer haben noch oder "
    "sein sind über wird wurde avec cette dans elle leur mais nous plus pour sans sont vous"
)
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
_COUNTED = (
    "one two three four five six seven eight nine ten eleven twelve",
    "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "un deux trois quatre cinq six sept huit neuf dix onze douze",
)
_BY_WORD = {word: str(value) for words in _COUNTED for value, word in enumerate(words.split(), 1)}

_SOLID = re.compile(r"\S+")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,'’_\u00a0\u202f]\d+)*")
_ENUMERATION = re.compile(r"^[ \t]*(?:#+ )?\d{1,3}[.)](?=\s)|^[ \t]*#+[^\n]*", re.M)
_NAME = re.compile(r"(?<=[a-zß-ÿ,;] )[A-ZÀ-Þ][^\W\d_]{2,}")
_ROUNDED = re.compile(r"(?:about|around|nearly|almost|roughly|approximately|over|rund|etwa|fast|environ)\s+$", re.I)


def language(text: str) -> str:
    """The language of a text by its function words or its script; "" where that can't be told."""
    words = Counter(map(str.lower, WORD.findall(text[:LOOKED_AT])))
    start = text[:2_000]
    letters = [] if start.isascii() else [char for char in start if char.isalpha() and ord(char) > 0x36F]
    if letters and 3 * len(letters) > sum(map(str.isalpha, start)):
        first = unicodedata.name(letters[0], "").split(" ")[0]
        return first.title() if first in _SCRIPTS else ""
    hits = dict.fromkeys(_LANGUAGES, 0)
    for word in words.keys() & _SPOKEN_IN.keys():
        for name in _SPOKEN_IN[word]:
            hits[name] += words[word]
    name, second = sorted(hits, key=lambda one: -hits[one])[:2]
    sure = hits[name] >= 1.5 * hits[second] and len(words.keys() & _LANGUAGES[name]) >= 2
    return name if sure else ""


def content(text: str) -> list[str]:
    """The words that carry the meaning, in lower case, in order."""
    return [word for word in map(str.lower, WORD.findall(text)) if len(word) > 3 and word not in _EVERYDAY]


def stem(word: str) -> str:
    """So that `planets` is found in `planet`."""
    return word[:5] if len(word) > 5 else word.rstrip("s")


def stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in content(text))


def key_terms(text: str, most: int = 8) -> list[str]:
    """What a text is about: the stems of its most repeated words, and of the names that it speaks of."""
    counted = Counter(stem(word) for word in content(text))
    frequent = [word for word, times in counted.most_common(most) if times > 1]
    named = [stem(name.lower()) for name in dict.fromkeys(_NAME.findall(text))]
    return list(dict.fromkeys([*frequent, *named[: most // 2]]))


def named(text: str) -> list[str]:
    """Capitalised words inside sentences, each once; none in German, where every noun is one."""
    return [] if language(text) == "German" else list(dict.fromkeys(_NAME.findall(text)))


def ungrounded_numbers(text: str, known: str) -> list[str]:
    """Numbers of a text that `known` lacks, rounded ones and those of an enumeration aside."""
    said = {_digits(number) for number in _NUMBER.findall(known)}
    said |= {_BY_WORD[word] for word in map(str.lower, WORD.findall(known)) if word in _BY_WORD}
    plain = _ENUMERATION.sub("", text)
    missing = (match for match in _NUMBER.finditer(plain) if _digits(match[0]) not in said)
    return list(dict.fromkeys(match[0] for match in missing if not _rounds(match, plain, said)))


def ungrounded_names(text: str, known: str) -> list[str]:
    """Names of a text that `known` lacks in every form."""
    said = {stem(word.lower()) for word in _pieces(known)}
    return [name for name in named(_ENUMERATION.sub("", text)) if stem(name.lower()) not in said]


def before_repeat(text: str, run: int = 8) -> str | None:
    """The text up to where the same eight words come a second time, cut back to a whole sentence; None without one.

    Small models get stuck this way, and would go on to the length limit.
    """
    found = _SOLID.findall(text)
    seen: set[tuple[str, ...]] = set()
    for start in range(len(found) - run + 1):
        key = tuple(found[start : start + run])
        if key in seen:
            again = next(islice(_SOLID.finditer(text), start, None)).start()
            kept = text[:again].rstrip()
            end = max(kept.rfind(mark) for mark in ".!?")
            return kept[: end + 1] if end > 0 else kept
        seen.add(key)
    return None


def _pieces(text: str) -> Iterator[str]:
    for word in WORD.findall(text):
        yield word
        yield from re.split(r"['’-]", word)[:4]


def _digits(number: str) -> str:
    """One form for 719,938 and 719.938 and 719938, and for 5 and 5.0."""
    return re.sub(r"\D", "", re.sub(r"[.,]0$", "", number)).lstrip("0") or "0"


def _rounds(match: re.Match[str], text: str, said: Iterable[str]) -> bool:
    """Whether it is a known number to within a twentieth, and says so: `about 720,000`."""
    digits = _digits(match[0])
    if len(digits) > 15 or not _ROUNDED.search(text[max(0, match.start() - 20) : match.start()]):
        return False
    value = int(digits)
    return any(abs(int(one) - value) <= value / 20 for one in said if len(one) <= 15)
