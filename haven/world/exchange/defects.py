"""The eleven defects of real worlds, a function each: what is set right, and the note that says so.

Every function is pure, takes the value as it was written, and gives the value as it is kept with its notes.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from haven.world import vocabulary
from haven.world.exchange.report import Defect, Note
from haven.world.exchange.texts import whole_text
from haven.world.words import fold

NOTHING = frozenset(
    {"", "n/a", "na", "none", "null", "nil", "[]", "{}", "-", "--", "?", "tbd", "n/a for now", "unknown"}
)
LEVELS = frozenset({"sentinels", "flora", "fauna", "economy", "economy_level", "conflict", "lifeform"})
"""Fields in which None is an answer: there are none."""
CERTAIN = 0.2
"""The share of a file's places on a diagonal from which on they are placeholders."""
MOST_LINES = 300
"""Lines of one text in which fields are looked for."""
MOST_MATERIALS = 200
_TYPED: Mapping[str, tuple[str, ...]] = {
    "region": ("region",),
    "galaxy": ("galaxy",),
    "lifeform": ("lifeform", "primary lifeform", "dominant lifeform"),
    "economy": ("economy",),
    "conflict": ("conflict", "conflict level"),
    "discovered_by": ("discovered by",),
    "star": ("star", "star type", "star class", "stellar class"),
    "weather": ("weather",),
    "biome": ("biome", "type"),
    "sentinels": ("sentinel", "sentinels"),
    "flora": ("flora",),
    "fauna": ("fauna",),
    "materials": ("materials", "resources"),
    "notes": ("notes", "other notes"),
    "distance_from_core_ly": ("distance from core",),
    "glyphs": ("glyphs", "portal glyphs"),
    "reality": ("reality",),
    "size": ("size",),
}
KEYS: dict[str, str] = {key: field for field, keys in _TYPED.items() for key in keys}
"""The keys that people type, folded, and the field that each one means."""
_PAIR = re.compile(r"^\s*(?P<key>[A-Za-z][A-Za-z ]{1,30}?)\s*(?::|\s[-–—=]\s|\s//\s)\s*(?P<value>.*)$")
_NUMBER = r"[+-]?\d{1,3}(?:\.\d+)?"
_TO = r"\w{0,10}\s{0,4}[:=]?\s{0,4}"
"""From the word to its number; bounded, as everything here is: a hostile text must not make a search slow."""
_NAMED_PLACE = re.compile(
    rf"\blat{_TO}(?P<lat>{_NUMBER})?[\s,;]{{0,4}}(?:and )?lon{_TO}(?P<lon>{_NUMBER})?", re.IGNORECASE
)
_NAMED_PLACE_TURNED = re.compile(
    rf"\blon{_TO}(?P<lon>{_NUMBER})?[\s,;]{{0,4}}(?:and )?lat{_TO}(?P<lat>{_NUMBER})?", re.IGNORECASE
)
_BARE_PLACE = re.compile(
    r"(?:\(|\bloc\w{0,8}|\bcoord\w{0,9}|\bposition)\s{0,3}[:=-]?\s{0,3}"
    r"(?P<lat>[+-]?\d{1,2}\.\d{1,6}),\s{0,3}(?P<lon>[+-]?\d{1,3}\.\d{1,6})(?!\s{0,3},?\s{0,3}[+-]?\d)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"[\n,;•|]|\s//\s|\s/\s")
_LEAD = re.compile(r"^\s*(?:resources?|materials?)\s*:\s*", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”«»]")
_HANDLE = re.compile(r"\s*\((?P<inside>[^()]{1,60})\)\s*$")


def nothing(value: Any, field: str = "") -> tuple[str, tuple[Note, ...]]:
    """(6) The many spellings of nothing become empty, but for None where that is an answer; Mid becomes Medium."""
    if value is None or (isinstance(value, (list, tuple, dict)) and not value):
        return "", ()
    text = whole_text(str(value)).strip()
    if field in LEVELS and text.casefold() == "none":
        return "None", ()
    if text.casefold() in NOTHING:
        said = (Note(Defect.NOTHING, f"{field or 'a field'}: {text!r} means nothing", True),) if text else ()
        return "", said
    kept = vocabulary.known(field, text) if field else ""
    if kept and kept.casefold() != text.casefold():
        return kept, (Note(Defect.NOTHING, f"{field}: {text!r} is kept as {kept!r}", True),)
    return kept or text, ()


def level(value: Any, field: str) -> tuple[str, str, float | None, tuple[Note, ...]]:
    """(6) A level with what was typed behind it: level, rest, and the count where it is a bare number."""
    text, notes = nothing(value, field)
    if re.fullmatch(r"\d+(?:\.0)?", text):
        return (
            "",
            "",
            float(text),
            (*notes, Note(Defect.NOTHING, f"{field}: the number {text} is kept as a count", True)),
        )
    head, dash, rest = (part.strip() for part in text.partition(" - "))
    if dash and (kept := vocabulary.known(field, head)):
        return (
            kept,
            rest,
            None,
            (*notes, Note(Defect.NOTHING, f"{field}: {head!r} with the words {rest!r} apart", True)),
        )
    if text and vocabulary.words(field) and not vocabulary.known(field, text):
        notes = (*notes, Note(Defect.NOTHING, f"{field}: {text!r} is no word of the vocabulary; kept as written"))
    return text, "", None, notes


def prose_fields(text: str) -> tuple[dict[str, str], str, tuple[Note, ...]]:
    """(3) Lines of `Key: value`, with drifting keys and separators: fields, the prose that is left, and notes."""
    fields: dict[str, str] = {}
    rest: list[str] = []
    notes: list[Note] = []
    lines = text.splitlines()
    for line in lines[:MOST_LINES]:
        match = _PAIR.match(line)
        key = _key(match["key"]) if match else ""
        if not match or not key:
            rest.append(line.rstrip())
            continue
        value = match["value"].strip().strip("[]").strip()
        fields[key] = value
        notes.append(Note(Defect.PROSE_FIELDS, f"{match['key'].strip()!r} in the text is kept as {key}", True))
    rest += lines[MOST_LINES:]
    for field, second in (("economy", "economy_level"), ("conflict", "conflict_number")):
        first, slash, after = (part.strip() for part in re.sub(r"\s*//?\s*", "/", fields.get(field, "")).partition("/"))
        if slash:
            fields[field] = first
            fields.setdefault(second, after)
    return fields, "\n".join(rest).strip(), tuple(notes)


@lru_cache(maxsize=4096)
def _key(typed: str) -> str:
    folded = fold(typed)
    if folded in KEYS:
        return KEYS[folded]
    near = difflib.get_close_matches(folded, KEYS, n=1, cutoff=0.88)
    return KEYS[near[0]] if near and abs(len(near[0]) - len(folded)) < 3 else _free_key(folded)


def _free_key(folded: str) -> str:
    """A key that no field has is kept as a property, where it reads like one."""
    return folded if folded in {"system identifier", "in game name", "class", "civilization", "black hole"} else ""


def galaxy_in_region(region: str, galaxy: str, fields: Mapping[str, str]) -> tuple[str, str, tuple[Note, ...]]:
    """(1) A region that is the name of a galaxy: region and galaxy as they are; the true region stands in the prose."""
    told_galaxy = re.sub(r"\s+galaxy$", "", fields.get("galaxy", ""), flags=re.IGNORECASE)
    galaxy = galaxy or vocabulary.known("galaxy", told_galaxy) or told_galaxy
    found = vocabulary.known("galaxy", re.sub(r"\s+galaxy$", "", region, flags=re.IGNORECASE))
    if not found:
        return region or fields.get("region", ""), galaxy, ()
    true = fields.get("region", "")
    said = f"the region {region!r} is a galaxy; " + (f"the region {true!r} stood in the text" if true else "no region")
    return true, galaxy or found, (Note(Defect.GALAXY, said, True),)


def placeholders(points: Sequence[tuple[float, float, float] | None]) -> tuple[tuple[Note, ...], ...]:
    """(2) Whole numbers on a diagonal (5, 5, 0): dropped where a good part of a file lies on it, else only said.

    A few of many may truly lie there: of whole numbers drawn at random, one in a thousand does.
    """
    marked = [point is not None and _diagonal(point) for point in points]
    certain = sum(marked) > 1 and sum(marked) >= CERTAIN * sum(point is not None for point in points)
    told: list[tuple[Note, ...]] = []
    for point, mark in zip(points, marked, strict=True):
        if not mark or point is None:
            told.append(())
            continue
        where = ", ".join(f"{value:g}" for value in point)
        end = "so it has no position" if certain else "kept, but look at it"
        told.append((Note(Defect.PLACEHOLDER, f"({where}) looks like a placeholder; {end}", certain),))
    return tuple(told)


def _diagonal(point: tuple[float, float, float]) -> bool:
    x, y, z = point
    return x == y and all(value == int(value) for value in point) and (z in (0, x) or z == x / 2)


def place_in_text(coordinates: str, text: str) -> tuple[str, tuple[Note, ...]]:
    """(4) A latitude and longitude typed in the description, where the field for them says nothing."""
    if coordinates:
        return coordinates, ()
    for pattern in (_NAMED_PLACE, _NAMED_PLACE_TURNED, _BARE_PLACE):
        for match in pattern.finditer(text):
            lat, lon = match["lat"], match["lon"]
            if lat and lon and abs(float(lat)) <= 90 and abs(float(lon)) <= 180:
                kept = f"{float(lat):+g}, {float(lon):+g}"
                return kept, (Note(Defect.PLACE_IN_TEXT, f"coordinates {kept} taken from the text", True),)
    if re.search(r"\b(?:latitude|longitude)\w*\b", text, re.IGNORECASE):
        return "", (Note(Defect.PLACE_IN_TEXT, "the text begins to give coordinates and stops: ask whoever was there"),)
    return "", ()


def materials(value: Any) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """(5) Materials by newline, comma or after "Resources:", each once; misspellings as the vocabulary has them."""
    typed = value if isinstance(value, (list, tuple)) else [value or ""]
    parts = [part for one in typed for part in _SPLIT.split(_LEAD.sub("", str(one)))]
    kept: list[str] = []
    heads = dict.fromkeys(match[0].strip() for one in typed if (match := _LEAD.match(str(one))))
    notes = [Note(Defect.MATERIALS, f"{head!r} before the materials is left out", True) for head in heads]
    if len(parts) > MOST_MATERIALS:
        notes.append(Note(Defect.MATERIALS, f"{len(parts):,} materials: the first {MOST_MATERIALS} are kept"))
    for part in parts[:MOST_MATERIALS]:
        text, said = nothing(re.sub(r"\s+", " ", str(part)).strip(" ."), "")
        if not text:
            notes += said
            continue
        form = vocabulary.known("materials", text)
        if not form and (near := vocabulary.nearest("materials", text)):
            notes.append(Note(Defect.MATERIALS, f"the material {text!r} is spelt {near!r}", True))
            form = near
        elif not form:
            notes.append(Note(Defect.MATERIALS, f"the material {text!r} is not in the vocabulary; kept as written"))
        elif form.casefold() != text.casefold():
            notes.append(Note(Defect.MATERIALS, f"the material {text!r} is kept as {form!r}", True))
        kept.append(form or text)
    return tuple(dict.fromkeys(kept)), tuple(notes)


def kind_of_discovery(value: Any) -> tuple[str, str, tuple[Note, ...]]:
    """(8) Emoji, word or slug: one of the ten kinds or "", the word as written where it says more, and notes."""
    text = whole_text(str(value or "")).strip()
    kept = vocabulary.known(vocabulary.FOUND, text) or vocabulary.known(vocabulary.FOUND, text.replace("_", " "))
    if not kept:
        return "", text, ()
    if fold(kept) == fold(text):
        return kept, "", ()
    word = text if any(letter.isalpha() for letter in text) else ""
    return kept, word, (Note(Defect.KIND, f"the kind {text!r} is kept as {kept!r}", True),)


def confidence(value: Any) -> tuple[float | None, tuple[Note, ...]]:
    """(9) A share between 0 and 1; 1.256 is the most there is, 87 is a percentage, the rest is nothing."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None, ()
    if not math.isfinite(number) or number < 0 or number > 100:
        return None, (Note(Defect.CONFIDENCE, f"a confidence of {value} means nothing", True),)
    if number <= 1:
        return number, ()
    kept = number / 100 if number > 2 else 1.0
    return kept, (Note(Defect.CONFIDENCE, f"a confidence of {number:g} is kept as {kept:g}", True),)


def tags(value: Any) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """(10) Tags as a list, as a list in a text, or by comma; where there are none, that is said."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = ast.literal_eval(value.strip()[:10_000])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = value.strip("[] ")
    parts = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    found = [nothing(part)[0].strip("#\"' ") for part in parts if isinstance(part, (str, int, float))]
    kept = tuple(dict.fromkeys(tag for tag in found if tag))
    return kept, () if kept else (Note(Defect.TAGS, "no tags in the source: the Scribe can suggest some"),)


def persons(names: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """(7) Each name as written: the name it is kept under, and the other spellings and names of the same person.

    Two spellings are one person where only case differs, or one letter of a long name, and no digit; and where one is
    what stands in brackets behind the other.
    """
    counted = Counter(name for name in names if name)
    groups: list[list[str]] = []
    by_spelling: dict[tuple[str, str], list[str]] = {}
    for name in sorted(counted, key=lambda name: (not person_name(name)[1], -counted[name])):
        digits, spellings = _digits(name), _spellings(name)
        homes = (by_spelling.get((digits, spelling)) for spelling in spellings)
        home = next((group for group in homes if group is not None), None) or by_spelling.get(("", name.casefold()))
        if home is None:
            groups.append(home := [])
        home.append(name)
        for spelling in spellings:
            by_spelling.setdefault((digits, spelling), home)
        if second := person_name(name)[1]:
            by_spelling.setdefault(("", second.casefold()), home)
    made: dict[str, tuple[str, tuple[str, ...]]] = {}
    for group in groups:
        kept = person_name(group[0])[0]
        others = [alias for name in group for alias in person_name(name) if alias and alias != kept]
        made |= {name: (kept, tuple(dict.fromkeys(others))) for name in group}
    return made


def person_name(written: str) -> tuple[str, str]:
    """`PinkPlasma6083 (XB6083 in-game)` is a name and a second one."""
    match = _HANDLE.search(written)
    if not match or match.start() == 0:
        return written.strip(), ""
    return written[: match.start()].strip(), re.sub(r"\s*in[- ]game$", "", match["inside"]).strip()


def _spellings(name: str) -> list[str]:
    """The name without case, and where it is long enough, with each letter left out: one slip apart, two share one."""
    plain = person_name(name)[0].casefold()
    if not 7 <= len(plain) <= 60:
        return [plain]
    return [plain, *(plain[:at] + plain[at + 1 :] for at in range(len(plain)))]


def _digits(name: str) -> str:
    """Explorer_7 and Explorer_8 are two people; what stands in brackets may be left out."""
    return "".join(filter(str.isdigit, person_name(name)[0]))


def quotable(text: str) -> bool:
    """(11) Whether prose is worth an entry of its own: somebody's words, or a few sentences."""
    sentences = [part for part in re.split(r"[.!?]+[\"”»]?(?:\s|$)", text)[:-1] if len(part) >= 12]
    return len(text) >= 60 and (len(sentences) >= 2 or len(_QUOTED.findall(text)) >= 2)
