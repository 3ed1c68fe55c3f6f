"""One way into the API as data, from which it is served, checked and described; and one call of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from haven.access import Act, Principal
from haven.store.accounts import Token
from web.api.answering import Answering
from web.handed import Handed

BASE = "/api/v1"
MOST_BYTES = 256 * 1024
"""Of a body."""


class Scope(StrEnum):
    """What a token may be used for; whoever it speaks for must be allowed to do it, too."""

    READ = "read"
    ASK = "ask"
    REQUEST = "request"
    DECIDE = "decide"
    WORLD = "world"


MEANS = {
    Scope.READ: ("see status, changes, the world and costs", Act.READ),
    Scope.ASK: ("ask the assistants, in your name and on your account", Act.ASK),
    Scope.REQUEST: ("request changes, say yours in other words, and take them back", Act.REQUEST),
    Scope.DECIDE: ("approve, tweak, reject, stop and undo changes as you", Act.DECIDE),
    Scope.WORLD: ("decide drafts of the world and take back records as you", Act.PROPOSE),
}
"""Each scope in words, and what its owner must be allowed to do."""


class Shape(BaseModel):
    """What goes out."""

    model_config = ConfigDict(from_attributes=True)


class Given(BaseModel):
    """What comes in: nothing that nobody knows."""

    model_config = ConfigDict(extra="forbid")


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""For a whole number, which JSON may write as `2.0` as well."""


class Nothing(Given):
    """No fields."""


G = TypeVar("G", bound=Given)


@dataclass(frozen=True)
class Call:
    """What an endpoint works with."""

    house: Handed
    person: Principal
    token: Token
    parts: dict[str, str]
    """Of the path."""
    given: Given
    """The body, or the query where there is no body, as the endpoint's `takes` checked it."""
    answering: Answering

    def take(self, kind: type[G]) -> G:
        """What was given, as what the endpoint takes."""
        assert isinstance(self.given, kind)
        return self.given


Do: TypeAlias = Callable[[Call], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Endpoint:
    """`path` is below BASE. Whoever calls needs one of the `scopes`, and their person must be allowed `act`."""

    method: str
    path: str
    do: Do
    scopes: tuple[Scope, ...]
    act: Act
    gives: type[BaseModel]
    takes: type[Given] = Nothing
    status: int = 200
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The JSON schema of each part of the path."""

    @property
    def name(self) -> str:
        return self.do.__name__

    @property
    def summary(self) -> str:
        """The first sentence of what the function says of itself."""
        return (self.do.__doc__ or "").strip().split("\n")[0]
