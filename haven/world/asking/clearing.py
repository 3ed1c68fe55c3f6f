"""What stands in a question and is no part of it: asides in brackets, and turns of speech for plain words."""

from __future__ import annotations

import re

from haven.world.asking.chunk import Chunk
from haven.world.asking.chunks import chunks
from haven.world.asking.lexicon import Lexicon

_BRACKETS = re.compile(r"\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])")
_PLACED = re.compile(r"\b(zweit|dritt|viert|fünft)(?=[^\W\d_]{3,}ste)", re.IGNORECASE)
"""`zweitnächste` is the second nearest."""
_OWN = re.compile(r"\b(its|their|our|your|my|his|her|the|[^\W_]+['’]s) (?:very )?own\b", re.IGNORECASE)
_NEXT = re.compile(
    r"\bnext (system|star|station)(?:(?: would| might)? (?:be|is))? (?:over|along|door)\b", re.IGNORECASE
)
"""`the next system over` is the nearest; the next planet out is told by orbits."""
_GOT = re.compile(r"^\W*(?:have |has )?(?:(?:you|we|u|ya|anyone|anybody|someone) )?got (?:me )?(?=\w)", re.IGNORECASE)
"""`got coordinates for X?`: not X that has them."""
_ASIDE = re.compile(
    r"\b(?:leaving|leave|setting|putting|taking) (?P<one>[^,;?]{1,40}?) (?:out(?: of (?:it|this|account))?|aside)\b"
    r"|\b(?:leaving (?:out|aside)|not counting|without counting|discounting|ignoring|disregarding)"
    r" (?P<other>[^,;?]{1,40}?)(?=\s*[,;?]|$)",
    re.IGNORECASE,
)
"""`leaving the Sun out of it`."""
_SHARE = re.compile(
    r"^\W*(?:(?:what|which) (?:is the )?(?:percent(?:age)?|share|fraction|proportion|part)|how (?:many|much) percent"
    r"|(?:the |a )?(?:percent(?:age)?|share|fraction|proportion)|(?:wie ?viel|welcher) (?:prozent|anteil))"
    r" (?:of|der|aller) (?:all |the |our |your )*(?P<rest>\S.*)$",
    re.IGNORECASE,
)

_PART = re.compile(r"^\W*(?:(?:what|which) (?:is the )?|the |a )?(?:share|fraction|proportion) of\b", re.IGNORECASE)


def cleared(text: str, lexicon: Lexicon) -> str:
    """The question in plain words, without what a bracket adds that tells no records apart."""
    text = _BRACKETS.sub(
        lambda match: "" if _is_aside(match[1] or match[2] or "", text, match, lexicon) else match[0], text
    )
    text = _PLACED.sub(r"\1e ", text)
    text = _NEXT.sub(r"nearest \1", _OWN.sub(r"\1", _GOT.sub("", text)))
    return _ASIDE.sub(lambda match: f"except {match['one'] or match['other']}", text)


def _is_aside(inside: str, text: str, match: re.Match[str], lexicon: Lexicon) -> bool:
    """Whether a bracket behind a name says nothing known here, or only that no records of another kind are meant."""
    found = chunks(inside, lexicon)
    if not found or any(chunk.ids or chunk.concepts or chunk.values or chunk.number is not None for chunk in found):
        return not found
    if any(chunk.kinds for chunk in found):
        return found[0].one_of("not", "without", "except") and _other_kinds(found, text[: match.start()], lexicon)
    if any(chunk.one_of("not", "without", "except") or _measures(chunk) for chunk in found):
        return False
    before = chunks(text[: match.start()], lexicon)
    ends = not text[match.end() :].strip(" ?.!")
    return ends or bool(before and before[-1].ids)


def _measures(chunk: Chunk) -> bool:
    return any(":" in role for role in chunk.roles)


def _other_kinds(found: list[Chunk], before: str, lexicon: Lexicon) -> bool:
    """`planets (without moons)`: of another kind than the records before it, which are none of those."""
    last = next((chunk for chunk in reversed(chunks(before, lexicon)) if chunk.kinds), None)
    left_out = {kind for chunk in found for kind in chunk.kinds}
    return last is not None and left_out.isdisjoint(last.kinds)


def share_of(text: str) -> str:
    """`what percentage of planets are frozen` as `are all planets frozen`, which is counted; "" for others."""
    match = _SHARE.match(text)
    if match is None:
        return ""
    rest = re.sub(r"^(.+?) (?:is|are|was|were|have|has|ist|sind|hat|haben)\b", r"\1", match["rest"], count=1)
    verb = re.search(r"^.+? (is|are|was|were|have|has|ist|sind|hat|haben)\b", match["rest"], re.IGNORECASE)
    if verb is None:
        return ""
    having = verb[1].lower() in ("have", "has", "hat", "haben")
    return f"do all {match['rest']}" if having else f"are all {rest}"


def is_share(text: str) -> bool:
    """Whether a share of something is asked for, which no list and no field answers."""
    return _PART.match(text) is not None
