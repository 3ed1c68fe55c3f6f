"""As many of something as another has: read as `more ... than`, and turned into the question whether it is the same."""

from __future__ import annotations

import re

from haven.world.asking.lexicon import Lexicon
from haven.world.asking.query import Condition, Query, Relation, Selection, Want
from haven.world.asking.reading import read
from haven.world.asking.stream import NotUnderstood

_AS = r"(?:exactly |just |precisely |genau )?"
_AS_MANY = re.compile(
    rf"\b{_AS}(?:(?:as|equally|genauso|ebenso|so|gleich) (?:many|viele?)|ebensoviele?"
    r"|(?:the )?(?:same|equal) (?:number|count|amount) of|(?:dieselbe|die gleiche) (?:an)?zahl (?:von |an )?)"
    r" ?(?P<what>[^?,;]{2,60}?) (?:as|like|than|wie)\b",
    re.IGNORECASE,
)
"""`as many planets as`, `the same number of moons as`, `so viele Monde wie`."""


def equalled(question: str, lexicon: Lexicon) -> Query | None:
    """The query of such a question; None for any other. Raises NotUnderstood where it can't be read as one."""
    match = _AS_MANY.search(question)
    if match is None:
        return None
    query = read(question[: match.start()] + f"more {match['what']} than" + question[match.end() :], lexicon)
    if query is None:
        return None
    if query.want is Want.COMPARE and query.yes_no and query.order is not None and query.order.concept == "count":
        return query.model_copy(update={"order": query.order.model_copy(update={"alike": True})})
    subject = _turned(query.subject)
    if subject == query.subject:
        raise NotUnderstood(match[0])
    return query.model_copy(update={"subject": subject})


def _turned(one: Selection) -> Selection:
    return one.model_copy(update={"conditions": tuple(map(_as_many, one.conditions))})


def _as_many(one: Condition) -> Condition:
    return one.model_copy(update={"test": Relation.AS_MANY}) if one.test is Relation.MORE else one
