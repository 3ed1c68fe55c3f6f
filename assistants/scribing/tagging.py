"""Tags from a closed list, never invented: by the words that say them, and by what a text means.

The shipped tags have weights that were learned from examples (learned.py); one of somebody's own has its words and its
meaning.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistants.scribing import learned
from assistants.scribing.learned import MAX_CHARS
from assistants.weights import Floats, Weights
from haven.ai.judging.embed import Embedder
from haven.errors import SettingsError, Unavailable
from haven.settings.plain import wrong_value
from haven.world.mentions import Mention
from haven.world.schema import MAX_NAME, Discovery, Kind, Lore, Thing, kind_of
from haven.world.words import fold, plain, words

PLACES = frozenset({Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.STATION, Kind.REGION})
PLACE = "there"
"""What stands for the name of a place."""
FINDER = re.compile(
    r"\b(?i:(first )?(discovered|found|seen|spotted|reported|submitted|recorded|logged|uploaded|added|entdeckt|gefunden"
    r"|eingereicht|gemeldet) (by|von)):? [^\W\d_a-zà-ÿ][\w'’-]*( [^\W\d_a-zà-ÿ][\w'’-]*)*"
)
"""Who handed something in says nothing of what it is."""
MOST = 3
"""Tags of one entry."""
HINT = 0.45
"""What a word that only hints is worth, where one that says it is worth 1."""
MOST_HINTS = 2
NEAR = 0.15
"""What a tag's meaning adds for each standard deviation by which it is nearer to a text than tags are on average."""
UNLEARNED = 0.4
"""What the words and the meaning of a tag without examples count, so that they are on the scale of the learned ones."""
ENOUGH = 0.33
"""The score from which on a tag is given, learned as all these by judging each set with weights from the others."""
BEST = 0.27
"""The same for the best tag of an entry: most entries have one."""
BESIDE = 0.68
"""The share of the best tag's score that every other one must reach."""


class Tag(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    meaning: Annotated[str, Field(min_length=1, max_length=300)]
    words: Annotated[str, Field(max_length=10_000)] = ""
    """By comma: what says it."""
    hints: Annotated[str, Field(max_length=10_000)] = ""


@dataclass(frozen=True)
class Given:
    """A tag with its score, and the words of the text that it was given for."""

    tag: str
    score: float
    because: tuple[str, ...]


class Vocabulary:
    """A closed list of tags."""

    def __init__(self, tags: Mapping[str, Tag]) -> None:
        self.tags = dict(tags)
        self._vectors: Floats | None = None

    @classmethod
    def load(cls, file: Path | None = None) -> Vocabulary:
        """The shipped list, or an owner's. Raises SettingsError with what is wrong in the file."""
        try:
            text = file.read_text("utf-8") if file else (resources.files("assistants") / "tags.toml").read_text("utf-8")
            return cls({name[:MAX_NAME]: Tag.model_validate(one) for name, one in tomllib.loads(text).items()})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"The list of tags {file} can't be read: {error}.", "See [world] tags.") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise SettingsError(
                f"The list of tags {file}, {where}: {wrong_value(first)}.", "See [world] tags."
            ) from None

    @cached_property
    def _said(self) -> dict[tuple[str, ...], list[tuple[str, float]]]:
        """Each word or run of words in its plain form: the tags that it speaks for, and how much it is worth."""
        found: dict[tuple[str, ...], list[tuple[str, float]]] = {}
        for name, tag in self.tags.items():
            for text, worth in ((f"{name},{tag.words}", 1.0), (tag.hints, HINT)):
                for phrase in dict.fromkeys(_forms(one) for one in text.split(",")):
                    if phrase:
                        found.setdefault(phrase, []).append((name, worth))
        return found

    def by_words(self, text: str) -> dict[str, tuple[float, tuple[str, ...]]]:
        """The score of every tag that a word speaks for, and those words; the same word counts once."""
        some = words(text[:MAX_CHARS])
        forms = [plain(one.bare) for one in some]
        scores: dict[str, dict[tuple[str, ...], float]] = {}
        shown: dict[tuple[str, ...], str] = {}
        longest = max(map(len, self._said), default=0)
        for at in range(len(forms)):
            for size in range(1, min(longest, len(forms) - at) + 1):
                phrase = tuple(forms[at : at + size])
                for name, worth in self._said.get(phrase, ()):
                    scores.setdefault(name, {})[phrase] = worth
                    shown.setdefault(phrase, text[some[at].start : some[at + size - 1].end])
        made = {}
        for name, hits in scores.items():
            sure = sum(worth for worth in hits.values() if worth == 1)
            hints = min(MOST_HINTS, sum(worth < 1 for worth in hits.values())) * HINT
            made[name] = (sure + hints, tuple(shown[phrase] for phrase in hits))
        return made

    async def by_meaning(self, vector: Floats, embedder: Embedder) -> dict[str, float]:
        """How many standard deviations each tag's meaning is nearer to a text than tags are on average.

        Raises Unavailable.
        """
        if self._vectors is None:
            meanings = [f"{name}: {tag.meaning}" for name, tag in self.tags.items()]
            self._vectors = await embedder.vectors(meanings, query=False)
        cosines = self._vectors @ vector
        spread = float(cosines.std()) or 1.0
        return {name: float(one - cosines.mean()) / spread for name, one in zip(self.tags, cosines, strict=True)}

    @cached_property
    def unlearned(self) -> frozenset[str]:
        """The tags that no weights were learned for: those that mean something else than the shipped ones."""
        shipped = shipped_tags().tags
        return frozenset(name for name, tag in self.tags.items() if shipped.get(name, tag).meaning != tag.meaning) | (
            self.tags.keys() - shipped.keys()
        )


@cache
def shipped_tags() -> Vocabulary:
    """The list that Haven comes with, read once."""
    return Vocabulary.load()


def _forms(text: str) -> tuple[str, ...]:
    return tuple(plain(one.bare) for one in words(text))


async def tags_of(
    text: str, vocabulary: Vocabulary, embedder: Embedder | None = None, weights: Weights | None = None
) -> list[Given]:
    """The tags of a text, the surest first; by its words alone where nothing makes vectors.

    `weights`: others than those that Haven comes with.
    """
    said = vocabulary.by_words(text)
    scores = {name: UNLEARNED * said.get(name, (0.0, ()))[0] for name in vocabulary.unlearned}
    vector = await _vector(text, embedder)
    if vector is not None and embedder is not None and scores:
        near = await vocabulary.by_meaning(vector, embedder)
        scores = {name: score + UNLEARNED * NEAR * max(0.0, near[name]) for name, score in scores.items()}
    if len(scores) < len(vocabulary.tags) and text.strip():
        of_shipped = {name: score for name, (score, _) in shipped_tags().by_words(text).items()}
        known = learned.scores(text, of_shipped, vector, weights or learned.shipped())
        scores |= {name: known[name] for name in vocabulary.tags.keys() - vocabulary.unlearned}
    best = max(scores.values(), default=0.0)
    least = max(ENOUGH, BESIDE * best)
    found = [
        Given(name, round(score, 2), said.get(name, (0.0, ()))[1])
        for name, score in scores.items()
        if score >= least or score == best >= BEST
    ]
    return sorted(found, key=lambda one: (-one.score, one.tag))[:MOST]


async def _vector(text: str, embedder: Embedder | None) -> Floats | None:
    if embedder is None or not text.strip():
        return None
    try:
        found = await embedder.vectors([text])
    except Unavailable:
        return None
    vector: Floats = found[0]
    return vector


def text_of(thing: Thing) -> str:
    """What a record says in words: its name first, as that tells the most."""
    body = thing.text if isinstance(thing, (Discovery, Lore)) else thing.notes
    return f"{thing.name}. {body}"


def without_names(text: str, met: Sequence[Mention], own: str = "") -> str:
    """The text without the names of places, and without who found it: what `Aurora Prime` is called is no weather.

    `met` are the names of the world in it; the record's `own` name stays.
    """
    bare, at = "", 0
    for one in met:
        if own not in one.ids and all(kind_of(id) in PLACES for id in one.ids):
            bare, at = f"{bare}{text[at : one.start]}{PLACE}", one.end
    return FINDER.sub(" ", bare + text[at:])


def without_tags(things: Sequence[Thing]) -> list[Discovery | Lore]:
    """Records that can have tags and have none."""
    return [one for one in things if isinstance(one, (Discovery, Lore)) and not one.tags and fold(text_of(one))]
