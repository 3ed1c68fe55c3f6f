"""The closed vocabulary of one world: the values that its records have, by the words that people say for them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from haven.world import vocabulary
from haven.world.asking.fields import PROPERTIES, PROSE, SCHEMA, Fields, values
from haven.world.asking.phrases import Phrase, phrases
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Found
from haven.world.words import fold, is_stop, plain

LONGEST = 5
"""Words of a value that is looked for in a question."""
ENDINGS = ("ic", "y", "ish", "al", "s", "es", "en", "e", "er", "ed", "ous")
"""What makes another form of the same value: ocean, oceanic."""


@dataclass(frozen=True)
class Value:
    """A value of a concept. `exact` is false where only a word of it was said."""

    concept: str
    text: str
    exact: bool = True
    used: bool = True
    """False: the vocabulary knows it, and no record has it."""


class Lexicon:
    """Values, fields and names of a gazetteer as it is now."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.version = gazetteer.version
        self.fields = Fields(gazetteer)
        self._exact: dict[Phrase, set[Value]] = defaultdict(set)
        self._part: dict[str, set[Value]] = defaultdict(set)
        self.firsts: set[str] = set()
        distinct: dict[str, set[str]] = defaultdict(set)
        for thing in gazetteer.things.values():
            for key in (*(key for key in SCHEMA if key not in PROSE), *(PROPERTIES + key for key in thing.properties)):
                for value in values(thing, key):
                    if isinstance(value, str):
                        distinct[key].add(value)
        distinct["found"] |= {found.value for found in Found}
        for key, texts in distinct.items():
            concept = next((one for one in self.fields.concepts if any(f.key == key for f in self.fields.of(one))), key)
            for text in texts:
                self._learn(self._named(key, concept), text)

    def _named(self, key: str, concept: str) -> str:
        """A schema field is its own concept; a property goes by the first concept that it belongs to."""
        return concept if key.startswith(PROPERTIES) else key

    def _learn(self, concept: str, text: str) -> None:
        pieces = tuple(fold(text).split())
        if not pieces or len(pieces) > LONGEST:
            return
        self._exact[pieces].add(Value(concept, text))
        self.firsts.add(pieces[0])
        if len(pieces) > 1:
            for piece in pieces:
                if len(piece) > 2 and not is_stop(piece) and not piece.isdigit():
                    self._part[piece].add(Value(concept, piece, exact=False))

    def exact(self, phrase: Phrase) -> tuple[Value, ...]:
        """Values that are exactly these words, or that other words for them stand for."""
        found = set(self._exact.get(phrase, ()))
        for word in phrases().same.get(phrase, ()):
            found |= self._exact.get(tuple(word.split()), set())
        return tuple(sorted(found, key=lambda one: (one.concept, one.text)))

    def meant(self, phrase: Phrase) -> tuple[Value, ...]:
        """Values that these words stand for in another form, as part of a longer value, or by the vocabulary."""
        found = set(self._exact.get((*phrase[:-1], plain(phrase[-1])), ()))
        if len(phrase) == 1:
            found |= self._forms(phrase[0])
            found = found or set(self._part.get(phrase[0], ())) or set(self._part.get(plain(phrase[0]), ()))
        return tuple(sorted(found or self._unused(phrase), key=lambda one: (one.concept, one.text)))

    def _forms(self, piece: str) -> set[Value]:
        found: set[Value] = set()
        bases = {plain(piece), *(piece.removesuffix(ending) for ending in ENDINGS if piece.endswith(ending))}
        for base in bases | {piece + ending for ending in ("s", "e", "y")}:
            if len(base) > 2:
                found |= self._exact.get((base,), set())
        return found

    def _unused(self, phrase: Phrase) -> set[Value]:
        """Words of the vocabulary that no record of this world has."""
        text = " ".join(phrase)
        known = {field: vocabulary.known(field, text) for field in vocabulary.fields()}
        return {Value(field, word, used=False) for field, word in known.items() if word}
