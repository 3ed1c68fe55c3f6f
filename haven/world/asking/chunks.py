"""A question cut into chunks: names, values, fields, numbers with units and phrases, the longest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from haven.world.asking.chunk import Chunk
from haven.world.asking.fields import PROSE, SCHEMA
from haven.world.asking.lexicon import Lexicon, Value
from haven.world.asking.narrowing import narrowed
from haven.world.asking.phrases import Phrase, phrases
from haven.world.lengths import WORDS as LENGTHS
from haven.world.name_index import is_slip
from haven.world.schema import Kind
from haven.world.words import fold, is_stop

LONGEST = 14
LARGEST = 1e15
"""A larger number counts and measures nothing here."""
MOST_PIECES = 120
"""A longer question is cut: no question about places needs more words."""
ARTICLES = frozenset({"the", "a", "an", "der", "die", "das"})
ADJECTIVES = frozenset(SCHEMA) - PROSE - {"discovered_by", "region", "galaxy", "place", "race", "lifeform", "tags"}
"""Fields whose values stand before a kind; a word that is also a name is meant as the value only there."""
LETTERS = tuple("bcdefghijk")
"""What planets are called by."""
LEADING = frozenset({"of", "on", "in", "at", "from", "to", "for", "near", "von", "auf", "bei", "nach"})
"""After these a word that says nothing elsewhere may be the name of a place: `weather on rest`."""
_NAMELIKE = re.compile(r"[^\W\d_]+(-| )?\d[\w.+-]*( [A-Za-z])?\b")
_PIECE = re.compile(r"\d+|[^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*['’]?|['’]s\b|[<>]=?|=")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*(?:e[+-]?\d+\b)?", re.IGNORECASE)
_COMPOUND = re.compile(r"(planeten|planet|welten|welt|systemen|systeme|system|monden|monde|mond|stationen|station)$")
_SIGNS = {">": "beyond", "<": "within", ">=": "beyond", "<=": "within", "=": "be"}
_NUMBERS = {
    **{
        word: number
        for number, word in enumerate(
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
        )
    },
    **{
        word: number
        for number, word in enumerate(
            ["null", "eins", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn"]
        )
    },
    "eleven": 11,
    "twelve": 12,
    "dozen": 12,
    "fifteen": 15,
    "twenty": 20,
    "fifty": 50,
    "hundred": 100,
}


@dataclass(frozen=True)
class _Piece:
    text: str
    start: int
    end: int
    folded: str
    base: str
    """Without a genitive 's; "" where it has none."""


def chunks(text: str, lexicon: Lexicon) -> list[Chunk]:
    """The chunks in order; neighbours that nothing is known about are one."""
    pieces = list(_pieces(text))[:MOST_PIECES]
    found: list[Chunk] = []
    at = 0
    while at < len(pieces):
        chunk, size = _chunk(text, pieces, at, lexicon)
        at += size
        chunk = _sibling(found, chunk, lexicon)
        before = found[-1] if found else None
        if before and _one_name(text, before, chunk):
            found[-1] = Chunk(text[before.start : chunk.end], before.start, chunk.end, capital=True)
        elif chunk.unknown and before and before.unknown and not re.search(r"[,;:]", text[before.end : chunk.start]):
            found[-1] = Chunk(text[before.start : chunk.end], before.start, chunk.end, capital=before.capital)
        else:
            found.append(chunk)
    return narrowed(_lettered(found, lexicon), lexicon.gazetteer)


def _lettered(found: list[Chunk], lexicon: Lexicon) -> list[Chunk]:
    """`TRAPPIST-1: is b or c larger`: letters beside each other are those of the system that was named before."""
    named = next((chunk for chunk in found if chunk.ids), None)
    lettered = 0
    for at, chunk in enumerate(found):
        beside = (found[place] for place in (at - 1, at + 1) if 0 < place < len(found))
        if (
            named is None
            or chunk.ids
            or chunk.text not in LETTERS
            or not any(one.one_of("or", "and") for one in beside)
        ):
            continue
        spellings = lexicon.gazetteer.names.exact(f"{fold(named.text)} {chunk.text}")
        if spellings and named.start < chunk.start:
            ids = tuple(one.id for one in spellings)
            found[at] = Chunk(chunk.text, chunk.start, chunk.end, ids=ids)
            lettered += 1
    either = any(chunk.one_of("or") for chunk in found)
    if named is not None and lettered > 1 and either:  # it only said whose they are
        found[found.index(named)] = Chunk(named.text, named.start, named.end, ("skip",))
    return found


def _sibling(found: Sequence[Chunk], chunk: Chunk, lexicon: Lexicon) -> Chunk:
    """`TRAPPIST-1 d or h`: a letter behind a name that ends with one stands for another of the same."""
    if len(found) < 2 or len(chunk.text) != 1 or not chunk.text.isalpha() or not found[-1].one_of("or", "and"):
        return chunk
    stem, _, letter = fold(found[-2].text).rpartition(" ")
    if not found[-2].ids or len(letter) != 1:
        return chunk
    spellings = lexicon.gazetteer.names.exact(f"{stem} {fold(chunk.text)}")
    ids = tuple(one.id for one in spellings)
    return Chunk(chunk.text, chunk.start, chunk.end, ids=ids) if ids else chunk


def _one_name(text: str, before: Chunk, chunk: Chunk) -> bool:
    """Whether what follows a name, or a name that follows, makes another name of it: `Kepler-186 z`, `Aster Prime`."""
    between = text[before.end : chunk.start]
    if between not in (" ", "-", "") or before.genitive:
        return False
    if before.ids and between == " " and len(chunk.text) == 1 and chunk.text.isalpha() and chunk.text != "a":
        return True  # `TRAPPIST-1 i`, a planet that nobody knows
    if before.ids and not before.roles:
        if between == "-" and chunk.number is not None:
            return True
        return chunk.unknown and (chunk.capital or len(chunk.text) == 1 or between == "-")
    return before.unknown and before.capital and before.start > 0 and bool(chunk.ids) and chunk.capital


def _pieces(text: str) -> Iterator[_Piece]:
    for match in _PIECE.finditer(text):
        word, start = match[0].rstrip("'’"), match.start()
        folded = fold(word) if word[:1] not in "<>='’" else word
        possessive = re.search(r"['’]s?$", match[0]) if len(match[0]) > 2 else None
        base = fold(match[0][: possessive.start()]) if possessive else ""
        compound = _COMPOUND.search(folded)
        if compound and compound.start() > 2 and " " not in folded and (folded,) not in phrases().roles:
            cut = start + compound.start()
            yield _Piece(text[start:cut], start, cut, folded[: compound.start()], "")
            yield _Piece(text[cut : match.end()], cut, match.end(), compound[0], "")
            continue
        for piece in folded.split() or [folded]:
            yield _Piece(match[0], start, match.end(), piece, base)


def _chunk(text: str, pieces: Sequence[_Piece], at: int, lexicon: Lexicon) -> tuple[Chunk, int]:
    if pieces[at].text in _SIGNS:
        return Chunk(pieces[at].text, pieces[at].start, pieces[at].end, (_SIGNS[pieces[at].text],)), 1
    if pieces[at].text in ("'s", "’s"):
        return Chunk(pieces[at].text, pieces[at].start, pieces[at].end, ("genitive", "be")), 1
    if pieces[at].folded in ARTICLES and _name_behind(pieces, at, lexicon):
        return Chunk(pieces[at].text, pieces[at].start, pieces[at].end, ("skip",)), 1
    for size in range(min(LONGEST, len(pieces) - at), 0, -1):
        for genitive in (False, True):
            last = pieces[at + size - 1]
            if genitive and not last.base:
                continue
            phrase = (*(one.folded for one in pieces[at : at + size - 1]), last.base if genitive else last.folded)
            led = at > 0 and pieces[at - 1].folded in LEADING
            chunk = _known(text, pieces[at : at + size], phrase, lexicon, genitive, led)
            if chunk is not None:
                return chunk, size
    if numbered := _number(text, pieces, at):
        beyond = pieces[at + 1 : at + 3] if pieces[at].folded in _NUMBERS and not numbered[0].unit else []
        for size in range(len(beyond), 0, -1):
            if chunk := _slip(text, pieces[at : at + 1 + size], lexicon):
                return chunk, 1 + size  # `nine candels`
        return numbered
    return _guess(text, pieces, at, lexicon)


def _name_behind(pieces: Sequence[_Piece], at: int, lexicon: Lexicon) -> bool:
    """Whether a longer name, or a value of the world, begins behind an article that may itself begin a name.

    `the Compact Hall` is no hall of `the Compact`, and `the Tarn` are those who live somewhere.
    """
    words = [piece.folded for piece in pieces[at : at + LONGEST + 1]]
    names = lexicon.gazetteer.names
    sizes = [size for size in range(len(words), 1, -1) if names.exact(" ".join(words[:size]))]
    if not sizes:
        return False
    own = names.exact(" ".join(words[: sizes[0]]))
    if any(names.exact(" ".join(words[1:size])) for size in range(len(words), sizes[0], -1)):
        return True
    return bool(lexicon.exact(tuple(words[1 : sizes[0]]))) and all(one.kind is Kind.LORE for one in own)


def _known(
    text: str, some: Sequence[_Piece], phrase: Phrase, lexicon: Lexicon, genitive: bool, led: bool = False
) -> Chunk | None:
    """The chunk of exactly these words; None where nobody knows them. `led`: after a word that leads to a place."""
    table = phrases()
    start, end = some[0].start, some[-1].end
    capital = any(one.text[:1].isupper() for one in some)
    roles = table.roles.get(phrase, ())
    if length := LENGTHS.get(" ".join(phrase)):
        roles = (*roles, f"length:{length}")
    if measure := table.units.get(phrase):
        roles = (*roles, f"unit:{measure}")
    own = () if roles else _own(lexicon, phrase)  # a property of this world may be called `list`
    concepts = (*own, *table.concepts.get(phrase, ()))
    unit = len(phrase[0]) == 1 and not capital and any(role.startswith("unit:") for role in roles)
    values = () if "skip" in roles or unit else lexicon.exact(phrase)  # `a` is no star of class A, nor `k` of K
    values = _rather(values, compound=text[end : end + 1].isalpha())
    led = led and not concepts and roles in ((), ("skip",))
    otherwise = bool(roles or concepts or values) and not led and phrase not in table.named
    ids = _names(some, phrase, lexicon, otherwise)
    if ids and (roles or concepts or values) and _only_lore(ids, lexicon):
        ids = ()
    if ids and phrase in table.named:
        concepts = ()  # `sun` where the Sun has a record
    if ids:
        values = tuple(value for value in values if value.concept in ADJECTIVES)
    if not (roles or concepts or values or ids):
        return None
    return Chunk(text[start:end], start, end, roles, concepts, values, ids, genitive=genitive, capital=capital)


def _rather(values: tuple[Value, ...], *, compound: bool) -> tuple[Value, ...]:
    """Of a material and what else it may stand for: `Eisplaneten` are frozen, and `Planeten mit Eis` have ice."""
    return tuple(value for value in values if (value.concept == "materials") is not compound) or values


def _own(lexicon: Lexicon, phrase: Phrase) -> tuple[str, ...]:
    own = lexicon.fields.own_words.get(phrase)
    return (own,) if own and own not in phrases().concepts.get(phrase, ()) else ()


def _names(some: Sequence[_Piece], phrase: Phrase, lexicon: Lexicon, otherwise: bool) -> tuple[str, ...]:
    """Records of that name, where the words are meant as one: `rest` with a small letter is none."""
    phrase = tuple(phrases().names.get(phrase, " ".join(phrase)).split())
    if not lexicon.gazetteer.names.longest(phrase[0]):
        return ()
    if len(phrase) == 1:
        everyday = is_stop(phrase[0]) or otherwise
        if phrase[0].isdigit() or len(phrase[0]) < 2 or (everyday and not some[0].text[:1].isupper()):
            return ()
    elif all(is_stop(piece) for piece in phrase) and not some[-1].text[:1].isupper():
        return ()
    names = lexicon.gazetteer.names
    found = names.exact(" ".join(phrase))
    places = [one for one in found if one.kind is not Kind.LORE]
    if found and not places and phrase[0] in ARTICLES:  # `The Humming Gate` is a story, and Humming Gate its place
        places = [one for one in names.exact(" ".join(phrase[1:])) if one.kind is not Kind.LORE]
    if found and not places:  # a story may be called as a place is by its other name
        places = [one for one in names.every(" ".join(phrase)) if one.kind is not Kind.LORE]
    return tuple(dict.fromkeys(one.id for one in places or found))


def _only_lore(ids: Sequence[str], lexicon: Lexicon) -> bool:
    return all(lexicon.gazetteer.things[id].kind is Kind.LORE for id in ids)


def _number(text: str, pieces: Sequence[_Piece], at: int) -> tuple[Chunk, int] | None:
    """A number and the unit behind it."""
    piece = pieces[at]
    start, end, size = piece.start, piece.end, 1
    if piece.folded.isdigit():
        sign = start > 0 and text[start - 1] == "-" and (start < 2 or text[start - 2].isspace())
        match = _NUMBER.match(text, start - sign)
        number = _value(match[0]) if match else None
        end = match.end() if match else end
        while at + size < len(pieces) and pieces[at + size].start < end:
            size += 1
    else:
        number = float(_NUMBERS[piece.folded]) if piece.folded in _NUMBERS else None
        after = pieces[at + 1].folded if at + 1 < len(pieces) else ""
        listed = {"links", "materials", "aliases"} & set(phrases().concepts.get((after,), ()))
        if piece.folded == "one" and not listed and not phrases().roles.get((after,), ("",))[0].startswith("kind:"):
            return Chunk(piece.text, start, end, ("skip",)), 1
    if number is None:
        return None
    for length in range(min(4, len(pieces) - at - size), 0, -1):
        phrase = tuple(one.folded for one in pieces[at + size : at + size + length])
        unit = LENGTHS.get(" ".join(phrase)) or phrases().units.get(phrase)
        if unit:
            stop = pieces[at + size + length - 1].end
            return Chunk(text[start:stop], start, stop, number=number, unit=unit), size + length
    return Chunk(text[start:end], start, end, number=number), size


def _value(written: str) -> float | None:
    """`1,000` is a thousand, `2,5` two and a half."""
    plain = re.sub(r",(?=\d{3}(\D|$))", "", written).replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if abs(number) < LARGEST else None


def _guess(text: str, pieces: Sequence[_Piece], at: int, lexicon: Lexicon) -> tuple[Chunk, int]:
    """What the words mean in another form, or with a slip of typing; else a chunk of nothing known."""
    if named := _named(text, pieces, at, lexicon):
        return named
    for size in range(min(4, len(pieces) - at), 0, -1):
        some = pieces[at : at + size]
        phrase = tuple(one.folded for one in some)
        if found := lexicon.meant(phrase):
            return Chunk(text[some[0].start : some[-1].end], some[0].start, some[-1].end, values=found), size
    for size in range(min(5, len(pieces) - at), 0, -1):
        if chunk := _slip(text, pieces[at : at + size], lexicon):
            return chunk, size
    piece = pieces[at]
    if similar := _misspelt(piece):
        phrase = (similar,)
        found_roles = tuple(role for role in phrases().roles.get(phrase, ()) if role != "skip")
        return Chunk(piece.text, piece.start, piece.end, found_roles, phrases().concepts.get(phrase, ())), 1
    return Chunk(piece.text, piece.start, piece.end, capital=piece.text[:1].isupper()), 1


def _named(text: str, pieces: Sequence[_Piece], at: int, lexicon: Lexicon) -> tuple[Chunk, int] | None:
    """A word with a number, as `Kepler-9999 b`, is meant as a name, known or not."""
    match = _NAMELIKE.match(text, pieces[at].start)
    if match is None or (match[1] != "-" and not pieces[at].text[:1].isupper()):
        return None
    size = sum(1 for piece in pieces[at:] if piece.start < match.end())
    for shorter in range(size, 0, -1):
        if chunk := _slip(text, pieces[at : at + shorter], lexicon):
            return chunk, shorter
    return Chunk(match[0], match.start(), match.end(), capital=True), size


def _slip(text: str, some: Sequence[_Piece], lexicon: Lexicon) -> Chunk | None:
    """A record whose name was written with one slip of typing."""
    last = some[-1]
    numbered = len(some) > 1 and all(piece.folded.isdigit() or len(piece.folded) == 1 for piece in some[1:])
    if numbered and lexicon.gazetteer.names.longest(some[0].folded):
        return None  # its word is right, and a slip is never looked for in a number
    for genitive, typed in ((False, last.folded), (True, last.base)):
        folded = " ".join([*(one.folded for one in some[:-1]), typed]).strip()
        if not typed or len(folded) < 4 or (len(some) == 1 and not folded.isalpha()):
            continue
        for spelling, _ in lexicon.gazetteer.names.near(folded, 3):
            if is_slip(folded, fold(spelling.name)):
                ids = tuple(one.id for one in lexicon.gazetteer.names.exact(fold(spelling.name)))
                start, end = some[0].start, last.end
                return Chunk(text[start:end], start, end, ids=ids, slip=spelling.name, genitive=genitive)
    return None


def _misspelt(piece: _Piece) -> str:
    """The one word of the phrases that differs by one slip from a long word; "" where there is none or several."""
    if len(piece.folded) < 4 or piece.text[:1].isupper():
        return ""
    same = [word for word in _words() if word[0] == piece.folded[0] and abs(len(word) - len(piece.folded)) < 2]
    found = [word for word in same if OSA.distance(word, piece.folded) == 1]
    slips = [word for word in found if is_slip(piece.folded, word)]
    return slips[0] if slips else found[0] if len(found) == 1 and len(piece.folded) > 5 else ""


@cache
def _words() -> tuple[str, ...]:
    table = phrases()
    return tuple(
        sorted({phrase[0] for phrase in (*table.roles, *table.concepts) if len(phrase) == 1 and len(phrase[0]) > 4})
    )
