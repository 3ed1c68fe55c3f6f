"""A piece of a question, with everything that it may be."""

from __future__ import annotations

from dataclasses import dataclass

from haven.world.asking.lexicon import Value
from haven.world.schema import Kind


@dataclass(frozen=True)
class Chunk:
    """What stands at `text[start:end]`, with everything that it may be."""

    text: str
    start: int
    end: int
    roles: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    ids: tuple[str, ...] = ()
    number: float | None = None
    unit: str = ""
    """As a length (`pc`) or the unit of a measure (`jupiter`)."""
    genitive: bool = False
    slip: str = ""
    """The name that was read for a slip of typing."""
    capital: bool = False

    def one_of(self, *roles: str) -> bool:
        return not set(roles).isdisjoint(self.roles)

    def part(self, section: str) -> str:
        """What a role such as `kind:planet` says after the colon; "" where there is none of the section."""
        return next((role.partition(":")[2] for role in self.roles if role.startswith(section + ":")), "")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        named = [role.partition(":")[2] for role in self.roles if role.startswith("kind:")]
        return (Kind.PLANET, Kind.MOON) if "body" in named else tuple(Kind(one) for one in named)

    @property
    def unknown(self) -> bool:
        return not (self.roles or self.concepts or self.values or self.ids or self.number is not None)
