"""Words that nobody knows: which may be left out of a question, because what is asked is the same without them.

`which temperature does the book ... for X` is complete without its verb. A noun that is asked for, an adjective before
records, a name or a verb of a count change the answer: with one of those nothing is answered.
"""

from __future__ import annotations

from haven.world.asking.query import Query, Want
from haven.world.asking.scene import Scene

GENERIC = frozenset(
    {"colour", "color", "type", "kind", "class", "sort", "farbe", "art", "price", "prices", "percentage", "rate"}
    | {"date", "year", "period", "state", "shape", "conditions", "surface", "place", "source", "elements", "goods"}
)
"""Words for anything's colour or kind: beside a noun that nobody knows they are about that noun."""
ARTICLES = frozenset(
    {"the", "a", "an", "its", "their", "his", "her", "your", "this", "that", "these", "those", "any", "no"}
    | {"der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "sein", "ihr", "kein"}
)
LONGEST = 3
"""Words in a row that may be left out."""


def may_be_left_out(scene: Scene) -> bool:
    """Whether the unknown words that come next are neither a name, nor what is asked for, nor tell records apart."""
    stream = scene.stream
    chunk, after = stream.chunks[stream.at], stream.peek()
    before = stream.chunks[stream.at - 1] if stream.at else None
    if len(chunk.text.split()) > LONGEST or any(one.isdigit() for one in chunk.text):
        return False
    if chunk.capital and stream.at > 0:
        return False
    joined = after is not None and after.start - chunk.end <= 1
    if joined and after is not None and (after.kinds or after.concepts or after.values or after.one_of("genitive")):
        return False
    if after is not None and after.one_of("of") and after.text.lower() in ("of", "von", "des", "der"):
        return False
    if before is None:
        return True
    if before.text.lower() in ARTICLES or before.genitive or before.one_of("genitive"):
        return False
    if before.one_of("of", "from", "by", "before", "after", "since", "until") and after is None:
        return False  # `in winter`: when or where it is asked of
    if before.one_of("not", "without", "list", "count", "called", "who", "why"):
        return False
    described = before.values or before.part("superlative") or before.part("comparative")
    return not described or scene.comparing


def is_sure(query: Query, scene: Scene) -> bool:
    """Whether what was understood is a whole question by itself, whatever the words left out may say."""
    subject = query.subject
    if query.want in (Want.DISTANCE, Want.ROUTE, Want.COMPARE):
        return True
    if "when" in scene.flags or ("who" in scene.flags and "discovered" not in scene.flags):
        return False
    if query.want is Want.VALUE:
        return not scene.generic and not scene.yes_no
    if query.want is Want.LIST:
        return subject.order is not None or subject.near is not None
    return query.want is Want.WHERE
