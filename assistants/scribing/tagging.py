"""Tags from a closed list, never invented: by the words that say them, and by what a text means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from haven.ai.judging.embed import Embedder
from haven.errors import SettingsError, Unavailable
from haven.settings.plain import wrong_value
from haven.world.schema import MAX_NAME, Discovery, Lore, Thing
from haven.world.words import fold, plain, words

MOST = 4
"""Tags of one entry."""
HINT = 0.45
"""What a word that only hints is worth, where one that says it is worth 1; learned on the dev half, as all below."""
MOST_HINTS = 2
NEAR = 0.15
"""What a tag's meaning adds for each standard deviation by which it is nearer to a text than tags are on average."""
ENOUGH = 0.8
"""The score from which on a tag is given."""
BESIDE = 0.4
"""The share of the best tag's score that every other one must reach."""
MOST_CHARS = 4_000
"""Of a text: its beginning says what it is about."""


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
        self._vectors: npt.NDArray[np.float32] | None = None

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
        some = words(text[:MOST_CHARS])
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

    async def by_meaning(self, text: str, embedder: Embedder) -> dict[str, float]:
        """How many standard deviations each tag's meaning is nearer to a text than tags are on average.

        Raises Unavailable.
        """
        if self._vectors is None:
            meanings = [f"{name}: {tag.meaning}" for name, tag in self.tags.items()]
            self._vectors = await embedder.vectors(meanings, query=False)
        cosines = self._vectors @ (await embedder.vectors([text]))[0]
        spread = float(cosines.std()) or 1.0
        return {name: float(one - cosines.mean()) / spread for name, one in zip(self.tags, cosines, strict=True)}


def _forms(text: str) -> tuple[str, ...]:
    return tuple(plain(one.bare) for one in words(text))


async def tags_of(text: str, vocabulary: Vocabulary, embedder: Embedder | None = None) -> list[Given]:
    """The tags of a text, the surest first; by its words alone where nothing makes vectors."""
    scores = {name: (score, said) for name, (score, said) in vocabulary.by_words(text).items()}
    if embedder is not None and text.strip() and vocabulary.tags:
        try:
            near = await vocabulary.by_meaning(text, embedder)
        except Unavailable:
            near = {}
        for name, deviations in near.items():
            score, said = scores.get(name, (0.0, ()))
            scores[name] = (score + NEAR * max(0.0, deviations), said)
    least = max(ENOUGH, BESIDE * max((score for score, _ in scores.values()), default=0.0))
    found = [Given(name, round(score, 2), said) for name, (score, said) in scores.items() if score >= least]
    return sorted(found, key=lambda one: (-one.score, one.tag))[:MOST]


def text_of(thing: Thing) -> str:
    """What a record says in words: its name first, as that tells the most."""
    body = thing.text if isinstance(thing, (Discovery, Lore)) else thing.notes
    return f"{thing.name}. {body}"


def without_tags(things: Sequence[Thing]) -> list[Discovery | Lore]:
    """Records that can have tags and have none."""
    return [one for one in things if isinstance(one, (Discovery, Lore)) and not one.tags and fold(text_of(one))]
