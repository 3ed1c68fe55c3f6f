"""The texts of a record as sentences that can be quoted: word for word, each with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from haven.world.schema import Discovery, Kind, Lore, Thing
from haven.world.words import Word, implied, words

_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]|!?\[([^\[\]]*)\]\([^()\s]*\)")
_LINE_START = re.compile(r"^[ \t]*(?:>[ \t]?)+|^[ \t]*#{1,6}[ \t]+", re.MULTILINE)
_STRONG = re.compile(r"(\*{1,3}|_{2,3})(?=\S)(.{1,500}?)(?<=\S)\1")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_STOP = re.compile(r"(?<![.!?…])[.!?…]+[\"”“»«’')\]]*(?=\s+[\"“„«»‘'(\[]*[^\W_a-z])")
_SHORT = re.compile(r"(?:\b(?:al|approx|ca|cf|dr|fig|mr|mrs|ms|mt|no|nr|prof|st|vgl|vs|bzw|usw)|\b[^\W\d_])\.$", re.I)
"""Full stops that end no sentence: after a short form or a single letter."""
LONGEST = 2_000
"""Characters of one sentence: what is quoted fits on a page, and no text of one sentence takes minutes to read."""
_PIECE = re.compile(rf"\S(?:.{{0,{LONGEST - 2}}}\S)?(?!\S)|\S{{{LONGEST}}}", re.DOTALL)


@dataclass(frozen=True)
class Sentence:
    """`text` stands so in the record, save for marks of links and layout. `paragraph` counts from 1."""

    thing: Thing
    text: str
    paragraph: int
    number: int
    """Its place in the record, from 0."""

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return tuple(words(self.text))

    @cached_property
    def folded(self) -> tuple[str, ...]:
        return tuple(one.folded for one in self.words)

    @cached_property
    def implied(self) -> tuple[str, ...]:
        """Folded words for what several of its words say together."""
        return tuple(implied(self.folded))

    @property
    def where(self) -> str:
        """For people: what kind of text it is, and which paragraph."""
        if isinstance(self.thing, Lore):
            return f"{'canon' if self.thing.canon else 'a draft, not canon'}, paragraph {self.paragraph}"
        return f"{self.thing.kind}, paragraph {self.paragraph}"


def readable(text: str) -> str:
    """A text without the marks of wiki links and of Markdown's layout."""
    unlinked = _LINK.sub(lambda match: match[1] if match[1] is not None else match[2], text)
    return _STRONG.sub(r"\2", _LINE_START.sub("", unlinked))


def sentences(thing: Thing) -> list[Sentence]:
    """All that a record says in prose: its text, then its notes."""
    text = thing.text if isinstance(thing, (Lore, Discovery)) else ""
    whole = readable("\n\n".join(filter(None, (text, thing.notes))))
    found: list[Sentence] = []
    paragraphs = [one.strip() for one in _PARAGRAPH.split(whole) if one.strip()]
    for number, paragraph in enumerate(paragraphs, 1):
        for sentence in split(paragraph):
            found.append(Sentence(thing, sentence, number, len(found)))
    return found


def split(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph; a quotation inside of one may hold several and isn't torn."""
    start = 0
    for match in _STOP.finditer(paragraph):
        sentence = paragraph[start : match.end()].strip()
        if len(sentence) <= LONGEST and (_SHORT.search(sentence[-12:]) or _opened(sentence)):
            continue
        yield from _within(sentence)
        start = match.end()
    yield from _within(paragraph[start:].strip())


def _within(sentence: str) -> Iterator[str]:
    """The sentence; one that nobody could read in one breath in pieces, between words."""
    if len(sentence) <= LONGEST:
        yield from [sentence] if sentence else []
    else:
        yield from _PIECE.findall(sentence)


def _opened(sentence: str) -> bool:
    """Whether a quotation is still open at its end; one that is never closed holds up nothing for long."""
    return len(sentence) < 600 and (sentence.count('"') % 2 == 1 or sentence.count("“") > sentence.count("”"))


def is_verbatim(quote: str, thing: Thing) -> bool:
    """Whether these words stand so in the record (spaces and line ends aside)."""
    text = thing.text if isinstance(thing, (Lore, Discovery)) else ""
    return " ".join(quote.split()) in _in_one_line(f"{text}\n\n{thing.notes}")


@lru_cache(maxsize=16)
def _in_one_line(text: str) -> str:
    return " ".join(readable(text).split())


def is_draft(thing: Thing) -> bool:
    """Whether nobody is quoted from it as the truth."""
    return thing.kind is Kind.LORE and isinstance(thing, Lore) and not thing.canon
