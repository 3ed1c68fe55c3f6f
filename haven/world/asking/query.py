"""The typed query: what a question in plain language was understood as. It is shown with every answer."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from haven.world.lengths import written
from haven.world.schema import Kind


class Want(StrEnum):
    """What is asked about the selection."""

    LIST = "list"
    COUNT = "count"
    EXISTS = "is there"
    EVERY = "every"
    """Whether the last condition is so of all for which the others are."""
    SHARE = "share"
    """Of how many of these the last condition is so."""
    VALUE = "value"
    WHERE = "where"
    ABOUT = "about"
    DISTANCE = "distance"
    COMPARE = "compare"
    CHECK = "check"
    """Whether what is said of a named record is so."""
    SAME = "same"
    ROUTE = "route"
    AVERAGE = "average"
    MEDIAN = "median"
    TOTAL = "total"
    PAIR = "pair"
    """The two systems that are the closest to each other, or the farthest apart."""
    GROUP = "by value"
    """The values of a field and how many records have each."""
    CLUSTERS = "clusters"


class Relation(StrEnum):
    IS = "="
    IS_NOT = "is not"
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    BETWEEN = "between"
    RECORDED = "recorded"
    """There is some, whatever it is; `without` turns it round."""
    HAS = "has"
    """So many records below it fit `other`."""
    MORE = "has more"
    """It has more records that fit `other` than `than` has, or than it has that fit `than`."""
    FEWER = "has fewer"
    AS_MANY = "has as many"
    FITS = "is one of"
    """It is one of those that `other` means."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Part):
    """One thing that must be so. `concepts` are alternatives: one of them must fit."""

    concepts: tuple[str, ...] = ()
    test: Relation = Relation.IS
    words: tuple[str, ...] = ()
    """Values, one of which it must be."""
    exact: bool = True
    """False: the value must only contain the word."""
    number: float | None = None
    upper: float | None = None
    unit: str = ""
    negated: bool = False
    other: Selection | None = None
    """Whose value it is compared with; for HAS, what is counted."""
    than: Selection | None = None
    """For MORE, FEWER and AS_MANY: whose count, or the count of what."""


class Order(Part):
    """Which come first. `concept` is a field, `distance`, `spacing`, or `count` of `counted`.

    In a comparison by distance `counted` is where it is measured from.
    """

    concept: str
    descending: bool = False
    counted: Selection | None = None
    alike: bool = False
    """In a comparison: whether it is the same of all is asked, and not who has most."""


class Selection(Part):
    """Some records: of these ids, or of a kind, with what belongs to what, conditions, and an order."""

    kinds: tuple[Kind, ...] = ()
    ids: tuple[str, ...] = ()
    name: str = ""
    """How the person wrote the name of the ids."""
    of: tuple[Selection, ...] = ()
    """Each must hold or be held by them."""
    conditions: tuple[Condition, ...] = ()
    near: Selection | None = None
    radius: float | None = None
    beyond: float | None = None
    unit: str = ""
    without: tuple[str, ...] = ()
    """Ids that are not meant."""
    linked: bool = False
    """Those that `near` has a link to, or that have one to it."""
    order: Order | None = None
    limit: int | None = None
    nth: int | None = None
    """Of the order only this one: 2 for the second."""


class Query(Part):
    want: Want
    subject: Selection = Selection()
    others: tuple[Selection, ...] = ()
    concepts: tuple[str, ...] = ()
    """The fields asked for; `a|b`: a word that may mean either, the first that the records have."""
    order: Order | None = None
    number: float | None = None
    """Jump range, or length of a cluster."""
    unit: str = ""
    by_links: bool = False
    """A route over links, whatever a jump may reach."""
    yes_no: bool = False
    """It is asked so that `yes` or `no` answers it."""
    read_as: tuple[str, ...] = ()
    """Names that were read for slips of typing: what was typed, and the name."""

    def __str__(self) -> str:
        return " ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield self.want.value
        if self.concepts:
            yield "or ".join(f"{concept} " for concept in self.concepts[:3]).strip() + " of"
        yield _selection(self.subject)
        for other in self.others:
            yield f"and {_selection(other)}"
        if self.order:
            yield _order(self.order)
        if self.number is not None:
            yield f"by {written(self.number, self.unit or 'units of the map')}"


def _selection(one: Selection) -> str:
    name = one.name or (" or ".join(one.ids) if one.ids else "")
    parts = [name or " and ".join(kind.value for kind in one.kinds) or "anything"]
    parts += [f"of ({_selection(holder)})" for holder in one.of]
    if one.near is not None:
        parts.append(_near(one, one.near))
    elif one.radius is not None or one.beyond is not None:
        parts.append(_near(one, Selection(name="the middle of the map")))
    if one.conditions:
        parts.append("where " + " and ".join(_condition(condition) for condition in one.conditions))
    if one.without:
        parts.append(f"without {', '.join(one.without)}")
    if one.order:
        parts.append(_order(one.order))
    if one.nth is not None:
        parts.append(f"number {one.nth}")
    elif one.limit is not None:
        parts.append(f"first {one.limit}")
    return " ".join(parts)


def _near(one: Selection, near: Selection) -> str:
    if one.linked:
        return f"linked with ({_selection(near)})"
    if one.radius is not None and one.beyond is not None:
        unit = one.unit or "units of the map"
        return f"between {one.beyond:g} and {written(one.radius, unit)} of ({_selection(near)})"
    if one.radius is not None:
        return f"within {written(one.radius, one.unit or 'units of the map')} of ({_selection(near)})"
    if one.beyond is not None:
        return f"beyond {written(one.beyond, one.unit or 'units of the map')} of ({_selection(near)})"
    return f"measured from ({_selection(near)})"


def _condition(one: Condition) -> str:
    field = " or ".join(one.concepts)
    if one.test is Relation.HAS and one.other is not None:
        least = f">= {one.number:g} " if one.number is not None else ""
        text = (
            f"it has {least}({_selection(one.other)})"
            if one.upper is None
            else (f"it has {one.number or 0:g} to {one.upper:g} ({_selection(one.other)})")
        )
    elif one.than is not None and one.other is not None:
        text = f"it {one.test.value} ({_selection(one.other)}) {joining(one.test)} ({_selection(one.than)})"
    elif one.test is Relation.FITS and one.other is not None:
        text = f"it is one of ({_selection(one.other)})"
    elif one.test is Relation.RECORDED:
        text = f"{field} is recorded"
    elif one.test is Relation.BETWEEN:
        text = f"{field} between {one.number:g} and {one.upper:g} {one.unit}".strip()
    elif one.other is not None:
        text = f"{field} {one.test.value} that of ({_selection(one.other)})"
    elif one.number is not None:
        text = f"{field} {one.test.value} {one.number:g} {one.unit}".strip()
    else:
        text = f"{field} {one.test.value if one.exact else 'contains'} {' or '.join(one.words)}"
    return f"not ({text})" if one.negated else text


def joining(test: Relation) -> str:
    """`more than`, `as many as`."""
    return "as" if test is Relation.AS_MANY else "than"


def _order(order: Order) -> str:
    by = order.concept if order.counted is None else f"number of ({_selection(order.counted)})"
    return f"by {by}, {'most' if order.descending else 'least'} first"


Condition.model_rebuild()
Order.model_rebuild()
Selection.model_rebuild()
