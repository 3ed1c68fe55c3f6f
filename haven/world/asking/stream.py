"""The chunks of a question as they are read, what was understood so far, and what nobody understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from haven.world.asking.chunk import Chunk
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.query import Condition, Order, Selection
from haven.world.schema import Kind


class NotUnderstood(Exception):
    """Words of a question that mean nothing here. `slot`: where they stand, a property, a name, or just words."""

    def __init__(self, words: str, slot: str = "words") -> None:
        super().__init__(words)
        self.words = words
        self.slot = slot


class Unmeasurable(Exception):
    """A distance that nobody can give, with the reason as a sentence."""


@dataclass
class Draft:
    """A selection while it is read."""

    kinds: tuple[Kind, ...] = ()
    ids: tuple[str, ...] = ()
    name: str = ""
    of: list[Selection] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    near: Selection | None = None
    radius: float | None = None
    beyond: float | None = None
    unit: str = ""
    without: tuple[str, ...] = ()
    linked: bool = False
    order: Order | None = None
    limit: int | None = None
    nth: int | None = None
    genitive: bool = False

    @property
    def empty(self) -> bool:
        return not (self.kinds or self.ids or self.of or self.conditions or self.near or self.order)

    @property
    def bare(self) -> bool:
        """Nothing but the name of something."""
        return bool(self.ids) and not (self.conditions or self.of or self.near or self.order)

    def frozen(self) -> Selection:
        return Selection(
            kinds=self.kinds,
            ids=self.ids,
            name=self.name,
            of=tuple(self.of),
            conditions=tuple(self.conditions),
            near=self.near,
            radius=self.radius,
            beyond=self.beyond,
            unit=self.unit,
            without=self.without,
            linked=self.linked,
            order=self.order,
            limit=self.limit,
            nth=self.nth,
        )


@dataclass
class Stream:
    """`at` is the next chunk to read."""

    chunks: Sequence[Chunk]
    lexicon: Lexicon
    at: int = 0
    asked: list[str] = field(default_factory=list)
    """Concepts that are asked for."""
    flags: set[str] = field(default_factory=set)
    """Roles that were met and say something about the whole question."""
    unit: str = ""
    """The unit that the answer is wanted in."""

    @property
    def next(self) -> Chunk | None:
        return self.chunks[self.at] if self.at < len(self.chunks) else None

    def peek(self, ahead: int = 1) -> Chunk | None:
        place = self.at + ahead
        return self.chunks[place] if place < len(self.chunks) else None

    def take(self, *roles: str) -> Chunk | None:
        """The next chunk where it has one of the roles, and step over it."""
        chunk = self.next
        if chunk is None or not chunk.one_of(*roles):
            return None
        self.at += 1
        return chunk

    def skip(self, *roles: str) -> None:
        """Step over what says nothing, and over these."""
        while self.take("skip", "be", *roles):
            pass

    def before(self) -> Chunk | None:
        """The chunk before, without what says nothing."""
        place = self.at - 1
        while place >= 0 and self.chunks[place].one_of("skip") and not self.chunks[place].ids:
            place -= 1
        return self.chunks[place] if place >= 0 else None

    def not_understood(self) -> NotUnderstood:
        """About the next chunk: what it would have to be, by what stands around it."""
        chunk = self.chunks[self.at]
        if not chunk.unknown:
            return NotUnderstood(chunk.text)
        after, before = self.peek(), self.before()
        slot = "words"
        if (
            before is not None and before.one_of("of", "from", "to", "near", "than", "between", "called", "and", "or")
        ) or (chunk.capital and self.at > 0):
            slot = "name"
        elif (after is not None and (after.kinds or after.part("found"))) or (after is not None and after.one_of("of")):
            slot = "property"
        return NotUnderstood(chunk.text, slot)
