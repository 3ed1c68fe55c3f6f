"""The closed vocabulary of one world: the values that its records have, by the words that people say for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from haven.world import vocabulary
from haven.world.asking.fields import PROPERTIES, Fields, closed_fields, concept_of
from haven.world.asking.phrases import Phrase, phrases
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Found, Thing
from haven.world.words import fold, is_stop, plain

LONGEST = 5
"""Words of a value that is looked for in a question."""
UNUSED = frozenset({"biome", "star", "economy", "lifeform", "materials"})
"""Fields whose vocabulary is understood even where no record has the word."""
BINDING = frozenset({"or", "and", "called", "skip", "be", "of", "with", "from", "to", "than"})
"""Parts of a question that no German form of a value takes the place of."""
ENDINGS = ("ic", "y", "ish", "al", "s", "es", "en", "e", "er", "ed", "ous")
"""What makes another form of the same value: ocean, oceanic."""


@dataclass(frozen=True)
class Value:
    """A value of a concept. `exact` is false where only a word of it was said."""

    concept: str
    text: str
    exact: bool = True
    quality: bool = False
    """An adjective that stands for it before a system."""
    used: bool = True
    """False: the vocabulary knows it, and no record has it."""


class Lexicon:
    """Values, fields and names of a gazetteer as it is now."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.fields = Fields(gazetteer.things.values())
        self._exact: dict[Phrase, set[Value]] = defaultdict(set)
        self._part: dict[str, set[Value]] = defaultdict(set)
        self._known: dict[str, set[str]] = defaultdict(set)
        self._read = len(gazetteer.taken)
        for found in Found:
            self._learn("found", found.value)
        self._take(gazetteer.things.values())

    def refresh(self) -> None:
        """Take in what was written since. A value that no record has any more is still understood."""
        fresh = self.gazetteer.taken[self._read :]
        self._read += len(fresh)
        self.fields.take(fresh)
        self._take(fresh)

    def _take(self, things: Iterable[Thing]) -> None:
        for thing in things:
            for key in closed_fields(thing.kind):
                if (found := getattr(thing, key)) and found != "":
                    self._note(key, found)
            for name, text in thing.properties.items():
                self._note(PROPERTIES + name, text)

    def _note(self, key: str, found: str | tuple[str, ...]) -> None:
        known = self._known[key]
        for text in (found,) if isinstance(found, str) else found:
            if text not in known:
                known.add(text)
                self._learn(concept_of(key), text)

    def _learn(self, concept: str, text: str) -> None:
        pieces = tuple(fold(text).split())
        if not pieces or len(pieces) > LONGEST or all(piece.isdigit() for piece in pieces):
            return
        self._exact[pieces].add(Value(concept, text))
        if len(pieces) > 1:
            for piece in pieces:
                if len(piece) > 2 and not is_stop(piece) and not piece.isdigit():
                    self._part[piece].add(Value(concept, piece, exact=False))

    def exact(self, phrase: Phrase) -> tuple[Value, ...]:
        """Values that are exactly these words, or that other words for them stand for."""
        found = set(self._exact.get(phrase, ()))
        for word in phrases().same.get(phrase, ()):
            found |= self._exact.get(tuple(word.split()), set())
        found |= self._german(phrase)
        if quality := phrases().qualities.get(phrase):
            known = self._exact.get(tuple(fold(quality[1]).split()), set())
            found |= {replace(one, quality=True) for one in known if one.concept == quality[0]}
        return tuple(sorted(found, key=lambda one: (one.concept, one.text)))

    def meant(self, phrase: Phrase) -> tuple[Value, ...]:
        """Values that these words stand for in another form, as part of a longer value, or by the vocabulary."""
        found = set(self._exact.get((*phrase[:-1], plain(phrase[-1])), ()))
        if len(phrase) == 1:
            found |= set(self.exact((phrase[0].removesuffix("s"),)))  # `Handels-system`
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

    def _german(self, phrase: Phrase) -> set[Value]:
        """Values of this world that German words stand for, where these are not words of questions: `oder`."""
        if {role.partition(":")[0] for role in phrases().roles.get(phrase, ())} & BINDING:
            return set()
        meant = vocabulary.german().get(" ".join(phrase), ())
        known = ((field, one) for field, word in meant for one in self._exact.get(tuple(fold(word).split()), ()))
        return {one for field, one in known if field in ("", one.concept)}

    def _unused(self, phrase: Phrase) -> set[Value]:
        """Words of the vocabulary that no record of this world has."""
        text = " ".join(phrase)
        known = {field: vocabulary.known(field, text) for field in vocabulary.fields() if field in UNUSED}
        known |= {field: word for field, word in vocabulary.german().get(text, ()) if field in UNUSED}
        return {Value(field, word, used=False) for field, word in known.items() if word}
