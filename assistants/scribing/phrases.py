"""The fields that plain words fill: `lush, low sentinels, Emeril and gold` and the like, by the closed vocabularies."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from haven.world import vocabulary
from haven.world.exchange import defects
from haven.world.glyphs import Glyphs
from haven.world.schema import Kind
from haven.world.words import fold, is_stop, words

BODIES = (Kind.PLANET, Kind.MOON)
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
_SIZE = re.compile(
    r"\b(?P<word>small|medium|large)(?:[- ]sized)?\s+(?:\w+\s+){0,2}?(?:planet|moon|world)?\b", re.IGNORECASE
)
_NOUNS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "sentinels": (r"sentinels?(?: activity| level)?", (*BODIES, Kind.SYSTEM)),
    "flora": (r"flora", (*BODIES, Kind.SYSTEM)),
    "fauna": (r"fauna", (*BODIES, Kind.SYSTEM)),
    "star": (r"(?:star|sun)", (Kind.SYSTEM,)),
    "economy": (r"economy", (Kind.SYSTEM,)),
    "economy_level": (r"(?:economy level|wealth|economy)", (Kind.SYSTEM,)),
    "conflict": (r"conflict(?: level)?", (Kind.SYSTEM,)),
    "biome": (r"(?:planet|moon|world|biome)", BODIES),
    "weather": (r"(?:weather|climate)", BODIES),
}
"""Fields whose noun stands beside their word, and the kinds that have them."""
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?!\s|$)[^.!?\n]+)*[.!?]*")
_HEAD = "planet|moon|world|system|star|station|place|biome"
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

    def __init__(self, kind: Kind, text: str) -> None:
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
        for field, (noun, kinds) in _NOUNS.items():
            if kind in kinds:
                self._beside(field, noun)
        self._anywhere()
        self._alone()
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

    def _beside(self, field: str, noun: str) -> None:
        """`low sentinels`, `sentinels are low`: one or two words beside the noun, where the vocabulary has them."""
        before = re.compile(rf"(?P<word>[\w'’-]{{1,60}}(?:\s[\w'’-]{{1,60}})??)\s+(?P<noun>{noun})\b", re.IGNORECASE)
        two = re.compile(rf"(?P<word>[\w'’-]{{1,60}}\s[\w'’-]{{1,60}})\s+(?P<noun>{noun})\b", re.IGNORECASE)
        after = re.compile(
            rf"\b(?P<noun>{noun})(?:\s+(?:is|are|of|was|level))?\s*[:=-]?\s+(?P<word>[\w'’-]+(?:\s[\w'’-]+)?)",
            re.IGNORECASE,
        )
        for pattern in (two, before, after):
            for match in pattern.finditer(self._rest):
                kept = self._known(field, match["word"])
                if kept:
                    at = match.start("word") + match["word"].lower().rindex(kept[1].lower())
                    self._keep(field, kept[0])
                    self._blank(at, at + len(kept[1]))
                    return

    def _known(self, field: str, written: str) -> tuple[str, str] | None:
        """The form of the vocabulary for all of the words, else for the last or the first one; and those words."""
        pieces = written.split()
        for words_ in (" ".join(pieces), pieces[-1], pieces[0]):
            if kept := vocabulary.known(field, words_):
                return kept, words_
        return None

    def _anywhere(self) -> None:
        """Words that mean one thing wherever they stand: materials, lifeforms, sizes."""
        if self._kind in BODIES or self._kind is Kind.SYSTEM:
            found = []
            for match in list(_one_of("materials").finditer(self._rest)):
                found.append(vocabulary.known("materials", match[0]))
                self._blank(match.start(), match.end())
            if found:
                self._keep("materials", list(dict.fromkeys(found)))
        if self._kind in (Kind.SYSTEM, Kind.STATION) and (life := _one_of("lifeform").search(self._rest)):
            self._keep("race" if self._kind is Kind.STATION else "lifeform", vocabulary.known("lifeform", life[0]))
            self._blank(life.start(), life.end())
        if self._kind in BODIES and (size := _SIZE.search(self._rest)):
            self._keep("size", size["word"].capitalize())
            self._blank(size.start("word"), size.end("word"))

    def _alone(self) -> None:
        """Between commas a biome or a weather stands alone."""
        if self._kind not in BODIES:
            return
        for match in list(re.finditer(r"[^,.\n:]+", self._rest)):
            item = re.sub(rf"^\W*(?:is\s+|an?\s+|the\s+)*|\s+(?:{_HEAD})?\s*$", "", match[0].strip(), flags=re.I)
            for field in ("biome", "weather"):
                if field not in self.raw and (kept := vocabulary.known(field, item)):
                    self._keep(field, kept)
                    self._blank(match.start(), match.end())
                    break

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
def _one_of(field: str) -> re.Pattern[str]:
    """Any word of a vocabulary but those for nothing, the longest first."""
    some = [word for word in vocabulary.words(field) if word not in ("None", "Abandoned")]
    some += [word for word in ("Vykeen",) if field == "lifeform"]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(some, key=len, reverse=True)))})\b", re.IGNORECASE)
