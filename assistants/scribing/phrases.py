"""The fields that plain words fill: `lush, low sentinels, Emeril and gold` and the like, by the closed vocabularies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from assistants.scribing.clauses import BODIES, NOTHING, Own, spellings, taken, value_of
from assistants.scribing.doubts import doubts
from haven.world import vocabulary
from haven.world.exchange import defects
from haven.world.glyphs import Glyphs
from haven.world.schema import Kind
from haven.world.words import fold, is_everyday, is_stop, words

FREE_WORDS = 5
"""Words of a sentence that no rule understands, from which on the sentence is kept as a note."""
_N = r"[+-]?\d{1,7}(?:\.\d{1,6})?"
_XYZ = re.compile(rf"\bx\s*[:=]\s*(?P<x>{_N})[\s,;]+y\s*[:=]\s*(?P<y>{_N})[\s,;]+z\s*[:=]\s*(?P<z>{_N})", re.IGNORECASE)
_THREE = re.compile(
    rf"(?:\b(?:at|coord\w{{0,9}}|position|pos|located)\b\s*(?:at|are|is)?\s*[:=]?\s*[(\[]?|[(\[])\s*"
    rf"(?P<x>{_N})\s*[,/;\s]\s*(?P<y>{_N})\s*[,/;\s]\s*(?P<z>{_N})\s*[)\]]?(?![\d.,]*\d)",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?i:discovered|found|charted|reported|surveyed|explored|logged)\s+by\s+"
    r"(?P<name>[^\W_a-z][\w'’.-]{0,60}(?:\s[^\W_a-z][\w'’-]{0,60}){0,3})"
)
_REGION = re.compile(
    r"\b(?:in\s+)?(?:the\s+)?(?:region\s+(?:of\s+)?(?P<after>[^\W_a-z][\w'’-]{0,60}(?:\s[^\W_a-z][\w'’-]{0,60}){0,3})"
    r"|(?P<before>[^\W_a-z][\w'’-]{0,60}(?:\s[^\W_a-z][\w'’-]{0,60}){0,3})\s+(?:region|sector))\b"
)
_GALAXY = re.compile(
    r"\b(?:galaxy\s+(?P<after>[^\W_a-z][\w'’-]{0,60})|(?P<before>[^\W_a-z][\w'’-]{0,60}(?:\sDimension)?)\s+galaxy)\b"
)
_NEITHER = re.compile(
    r"\b(?:no|neither)\s+(?P<one>sentinels?|flora|fauna)\s+(?:or|nor|and)\s+(?:no\s+)?(?P<other>sentinels?|flora|fauna)\b",
    re.I,
)
_DENIED = re.compile(r"\b(?:no|not|without|lacks?|neither|nor|keine?n?|ohne)\s+(?:any\s+)?$", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?!\s|$)[^.!?\n]+)*[.!?]*")
_PLEASE = re.compile(
    r"^\W*(?:please\s+)?(?:record|log|add|enter|note|submit|register|new|(?:i|we)\s+(?:have\s+)?(?:found|discovered))\b"
    r"[: ]*(?:a new |the new |an? |new |that |this )?",
    re.IGNORECASE,
)
_MEANT = (
    "planet moon world system star sun station space biome weather climate economy conflict level sentinel sentinels"
    " flora fauna resource resources material materials rich deposit deposits activity new region galaxy found record"
    " discovered sized type class orbit orbits orbiting lies located dominant lifeform race controlled run wealth"
)
_EMPTY = frozenset(_MEANT.split(" "))
"""Words that say which field or kind is meant."""


class Phrases:
    """Takes the words of one section apart; what is understood is blanked out, so that the rest is known."""

    def __init__(self, kind: Kind, text: str, own: Own) -> None:
        self._kind = kind
        fields, rest, _ = defects.prose_fields(re.sub(r";\s*", "\n", _PLEASE.sub("", text)))
        self.raw: dict[str, Any] = {field: value for field, value in fields.items() if value}
        """What `exchange.records` makes a record of."""
        self.unread: list[str] = []
        """Words that no rule understood."""
        self._whole = self._rest = rest
        self._places()
        self._names()
        for match in list(_NEITHER.finditer(self._rest)):
            for word in (match["one"], match["other"]):
                self._keep(fold(word).rstrip("s") + "s" if fold(word).startswith("sentinel") else fold(word), "None")
            self._blank(match.start(), match.end())
        for one in taken(kind, self._rest, self.raw, own):
            self._keep(one.field, one.value)
            self._blank(one.start, one.end)
        self._anywhere(own)
        self.doubts = list(doubts(kind, self._rest, self._whole, self.raw, own))
        """Fields, and what a sentence may say of them."""
        self._left()

    def _keep(self, field: str, value: Any) -> None:
        self.raw.setdefault(field, value)

    def _blank(self, start: int, end: int) -> None:
        self._rest = self._rest[:start] + " " * (end - start) + self._rest[end:]

    def _places(self) -> None:
        if self._kind is Kind.SYSTEM:
            if glyphs := Glyphs.found_in(self._rest):
                self._keep("glyphs", glyphs.text)
                loose = "[- ]?".join(glyphs.text)
                if match := re.search(loose, self._rest, re.IGNORECASE):
                    self._blank(match.start(), match.end())
            if where := _XYZ.search(self._rest) or _THREE.search(self._rest):
                self.raw |= {axis: float(where[axis]) for axis in "xyz"}
                self._blank(where.start(), where.end())

    def _names(self) -> None:
        if match := _BY.search(self._rest):
            self._keep("discovered_by", match["name"].rstrip("."))
            self._blank(match.start(), match.end())
        if self._kind is not Kind.SYSTEM:
            return
        for field, pattern in (("region", _REGION), ("galaxy", _GALAXY)):
            if told := pattern.search(self._rest):
                name = told["after"] or told["before"]
                if not is_stop(fold(name)):
                    self._keep(field, name)
                    self._blank(told.start(), told.end())

    def _anywhere(self, own: Own) -> None:
        """Words that mean one thing wherever they stand: materials, lifeforms, sizes."""
        if self._kind in BODIES or self._kind is Kind.SYSTEM:
            found = []
            for match in list(_one_of("materials", own).finditer(self._rest)):
                if _DENIED.search(self._rest[: match.start()][-30:]):
                    continue
                found.append(vocabulary.known("materials", match[0]) or own["materials"][fold(match[0])])
                self._blank(match.start(), match.end())
            if found:
                self._keep("materials", list(dict.fromkeys(found)))
        if self._kind in (Kind.SYSTEM, Kind.STATION) and (life := _one_of("lifeform", own).search(self._rest)):
            known = vocabulary.known("lifeform", life[0]) or own["lifeform"][fold(life[0])]
            self._keep("race" if self._kind is Kind.STATION else "lifeform", known)
            self._blank(life.start(), life.end())
        for size in list(_sizes().finditer(self._rest)) if self._kind in BODIES else ():
            self._keep("size", value_of("size", size["word"]))
            self._blank(*size.span("word"))

    def _left(self) -> None:
        """Sentences that say more are kept as they were written; single words are only told."""
        notes = []
        for match in _SENTENCE.finditer(self._whole):
            some = words(self._rest[match.start() : match.end()])
            left = [one for one in some if not is_stop(one.folded) and one.folded not in _EMPTY]
            if len(left) >= FREE_WORDS:
                notes.append(" ".join(match[0].split()))
            else:
                self.unread += [one.text for one in left if not one.number]
        if notes:
            self.raw["notes"] = "\n".join(part for part in (self.raw.get("notes", ""), *notes) if part)


@cache
def _sizes() -> re.Pattern[str]:
    """A word for a size before the noun."""
    words_ = "|".join(sorted(spellings("size"), key=len, reverse=True))
    noun = r"(?:[- ]sized)?\s+(?:[\w-]+\s+){0,2}?(?:planet|moon|world|mond|welt)\b"
    return re.compile(rf"\b(?P<word>{words_})(?={noun}|[- ]sized)", re.IGNORECASE)


def _one_of(field: str, own: Own) -> re.Pattern[str]:
    """Any word of a vocabulary or of the world's own but those for nothing, the longest first."""
    return _any(field, tuple(own.get(field, {}).values()))


@lru_cache(maxsize=8)
def _any(field: str, own: Sequence[str]) -> re.Pattern[str]:
    telling = (word for word in own if not is_everyday(fold(word)))
    some = {*vocabulary.words(field), *telling, *(("Vykeen",) if field == "lifeform" else ())} - {*NOTHING}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(some, key=len, reverse=True)))})\b", re.IGNORECASE)
