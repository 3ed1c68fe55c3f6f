"""Records out of plain data, whatever dialect it came in: one place where the defects are met and a record is made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from haven.errors import BadInput
from haven.world import vocabulary
from haven.world.exchange import defects
from haven.world.exchange.fields import (
    LINKED,
    MAX_LINE,
    by_field,
    line,
    lines,
    moment,
    number,
    others,
    point,
    what_is_wrong,
)
from haven.world.exchange.report import MAX_NOTES, Defect, Note, Reading, new_id
from haven.world.glyphs import Glyphs
from haven.world.schema import CLASSES, Discovery, Kind, Lore, Person, Region, Thing
from haven.world.words import fold

Raw = Mapping[str, Any]
WORDS = ("galaxy", "reality", "star", "economy", "economy_level", "conflict", "lifeform", "weather", "size")
PLAIN = ("region", "base", "photo", "race", "condition", "period", "significance", "place", "source")
_BODY = re.compile(r"\s+(?:planet|moon)$", re.IGNORECASE)
GRADED = ("economy", "economy_level", "conflict")
"""Fields with many words for few grades: the word itself is kept beside the grade."""
MAX_FIELDS = 300
"""Of one record, beside those that the schema has."""
MAX_LEFT = 40
"""Keys that were left out, in one sentence."""
MAX_TYPED = 200_000
"""Characters of one value that are looked into at all."""


class Records:
    """Makes the records of one file, which `source` names."""

    def __init__(self, source: str, people: Iterable[Any] = ()) -> None:
        """`people`: every discoverer that the file names, so that two spellings of one are seen."""
        self._source = source
        self._people = defects.persons(line(one)[:MAX_LINE] for one in people)
        self._told: set[str] = set()
        self._left: Counter[str] = Counter()
        self._discoveries: dict[str, str] = {}
        self.extra: list[Reading] = []
        """Lore that came out of prose, after the record that it was typed into."""

    def system(self, raw: Raw, where: str, mark: Sequence[Note] = (), frame: str = "map") -> Reading:
        """A system; `mark`: what was found about its position beside those of the others."""
        known, values, notes = self._read(raw, Kind.SYSTEM)
        notes += mark
        place = point(known)
        if any(note.repaired for note in mark) and place is not None:
            values["properties"]["coordinates as written"] = ", ".join(f"{value:g}" for value in place)
            place = None
        elif place is None and (written := [one for axis in "xyz" if (one := _told(known.get(axis)))]):
            values["properties"]["coordinates as written"] = ", ".join(written)[:MAX_LINE]
            notes.append(Note(Defect.OTHER, "its coordinates are no three numbers: they are kept as written"))
        self._glyphs(values, line(known.get("glyphs")), notes)
        if values.get("glyphs"):
            spot = Glyphs.parse(values["glyphs"])
            galaxy = values.get("galaxy") or "unknown"
            values["position"] = {"x": spot.x, "y": spot.y, "z": spot.z, "frame": f"galaxy:{galaxy}", "unit": "voxels"}
        elif place is not None:
            frame = line(known.get("frame")) or frame
            unit = line(known.get("unit")) or ("pc" if frame == "sun" else "units")
            values["position"] = {**dict(zip("xyz", place, strict=True)), "frame": frame, "unit": unit}
        return self._made(Kind.SYSTEM, values, notes, where)

    def body(self, kind: Kind, raw: Raw | str, parent: str, where: str) -> Reading:
        """A planet or moon; a bare text is its name."""
        _, values, notes = self._read({"name": raw} if isinstance(raw, str) else raw, kind)
        values["parent"] = parent
        return self._made(kind, values, notes, where)

    def station(self, raw: Raw | str, parent: str, where: str) -> Reading:
        known, values, notes = self._read({"name": raw} if isinstance(raw, str) else raw, Kind.STATION)
        values["parent"] = parent
        for field in ("sell_percent", "buy_percent"):
            values[field] = number(known.get(field))
            if field in known and values[field] is None:
                values["properties"][field.replace("_", " ")] = line(known[field])[:MAX_LINE]
        return self._made(Kind.STATION, values, notes, where)

    def discovery(self, raw: Raw, parent: str, where: str) -> Reading:
        """A discovery; without a parent it is looked for by the names of places."""
        known, values, notes = self._read(raw, Kind.DISCOVERY)
        text = str(known.get("description") or "")
        found, word, notes_of_kind = defects.kind_of_discovery(known.get("found"))
        if not found:
            ten = ", ".join(vocabulary.words(vocabulary.FOUND))
            why = f"its kind {word[:60]!r} is none of the ten ({ten})"
            return Reading(where, line(known.get("name")) or text[:60], refused=why)
        notes += notes_of_kind
        values["found"] = found
        values["parent"] = parent
        if word:
            values["properties"]["kind as written"] = word
        place = line(values.get("place"))
        values.setdefault("name", f"{found.capitalize()} at {place}"[:120] if place else found.capitalize())
        typed = defects.nothing(known.get("coordinates"))[0]
        values["coordinates"], said = defects.place_in_text(typed[:MAX_LINE], text[:MAX_TYPED])
        notes += said
        values["mystery"] = self._mystery(known.get("mystery"), notes)
        values["confidence"], said = defects.confidence(known.get("confidence"))
        notes += said
        values["tags"], said = defects.tags(known.get("tags"))
        notes += said
        values["when"] = moment(known["when"]) if "when" in known else ""
        made = self._made(Kind.DISCOVERY, values, notes, where, places=() if parent else _places(known, values))
        if made.thing and raw.get("id") is not None:
            self._discoveries[str(raw["id"])] = made.thing.id
        return made

    def other(self, kind: Kind, raw: Raw, where: str) -> Reading:
        """Lore, a person or a region."""
        known, values, notes = self._read(raw, kind)
        if kind is Kind.LORE:
            if "\\n" in values["text"]:
                values["text"] = values["text"].replace("\\n", "\n")
                notes.append(Note(Defect.OTHER, "line breaks written as \\n are line breaks again", True))
            values["tags"], said = defects.tags(known.get("tags"))
            notes += said
            values["canon"] = line(known.get("canon")).casefold() in ("true", "yes", "1", "canon")
            values["when"] = line(known.get("when"))
            values["sources"] = lines(known.get("sources")) or (where,)
            values["links"] = tuple(
                self._discoveries[str(id)] for id in raw.get(LINKED) or () if str(id) in self._discoveries
            )
            share, said = defects.confidence(known.get("confidence"))
            notes += said
            if share is not None:
                values["measures"]["confidence"] = share
        return self._made(kind, values, notes, where)

    def people(self) -> Iterator[Reading]:
        """Everybody who was named as a discoverer, each once, with the other spellings as aliases."""
        written: dict[str, list[str]] = {}
        for name, (kept, _) in self._people.items():
            written.setdefault(kept, []).append(name)
        for kept, names in written.items():
            if kept not in self._told:
                continue
            aliases = self._people[names[0]][1]
            notes: list[Note] = []
            if len(names) > 1:
                notes.append(Note(Defect.PERSON, f"{' and '.join(names[:4])} are kept as one person, {kept}", True))
            values = {"name": kept, "aliases": aliases, "properties": {}, "measures": {}, "source": self._source}
            yield self._made(Kind.PERSON, values, notes, f"{self._source}, discoverers")

    def left_out(self) -> Iterator[Reading]:
        """What of the file was kept nowhere, if there was anything: its keys, and in how many records."""
        if self._left:
            told = ", ".join(f"{key} ({count:,})" for key, count in sorted(self._left.items())[:MAX_LEFT])
            more = f" and {len(self._left) - MAX_LEFT:,} more" if len(self._left) > MAX_LEFT else ""
            said = (
                f"not kept, for it says nothing of the world (accounts, other programs' numbers, n/a, no): {told}{more}"
            )
            yield Reading(self._source, "the file", notes=(Note(Defect.OTHER, said),))

    def _read(self, raw: Raw, kind: Kind) -> tuple[dict[str, Any], dict[str, Any], list[Note]]:
        """What is known by field, what every kind has of it, with the prose taken apart first, and the notes so far."""
        known, rest, left = by_field(raw, kind)
        properties, measures, long, off = others(rest)
        self._left.update([*left, *off])
        values: dict[str, Any] = {"properties": properties, "measures": measures, "source": self._source}
        notes: list[Note] = []
        left = self._prose(known, values, notes)
        self._levels(known, values, notes)
        self._lines(known, values, notes, left)
        values["materials"], said = defects.materials(_cut(known.get("materials")))
        notes += said
        if kind is Kind.SYSTEM:
            typed = {field: line(known.get(f".{field}")) for field in ("galaxy", "region")}
            values["region"], values["galaxy"], said = defects.galaxy_in_region(
                values.get("region", ""), values.get("galaxy", ""), typed
            )
            notes += said
        self._biome(known, values, left, notes)
        self._discoverer(known, values, notes)
        if name := line(known.get("name")):
            values["name"] = name
        values["aliases"] = lines(known.get("aliases"))
        text = str(known.get("description") or "")
        if kind in (Kind.DISCOVERY, Kind.LORE):
            values["text"] = text
        elif text:
            left.insert(0, text)
        values["notes"] = "\n".join(part for part in (*left, *long) if part)
        if known.get("recorded"):
            properties["recorded"] = moment(known["recorded"])
        return known, values, notes

    def _prose(self, known: dict[str, Any], values: dict[str, Any], notes: list[Note]) -> list[str]:
        """Fields typed as prose fill what is empty; what is left of the prose."""
        left: list[str] = []
        for field in ("prose", "notes"):
            if field not in known:
                continue
            text = known.pop(field)
            if isinstance(text, (list, tuple, dict)):
                text = line(text)
            text = defects.nothing(str(text)[:MAX_TYPED])[0]
            typed, rest, said = defects.prose_fields(text)
            notes += said
            for key, value in typed.items():
                if key == "notes":
                    rest = f"{value}\n{rest}".strip()
                elif key == "distance_from_core_ly":
                    if (distance := number(value)) is not None:
                        values["measures"][key] = distance
                elif key in ("galaxy", "region"):
                    known[f".{key}"] = value
                elif key in defects.KEYS.values() or key == "economy_level":
                    if not known.get(key):
                        known[key] = value
                    elif fold(line(known[key])) != fold(value) and value:
                        values["properties"][f"{key} as typed"] = value[:MAX_LINE]
                elif value:
                    values["properties"][key.replace("_", " ")] = value[:MAX_LINE]
            left.append(rest)
        return left

    def _lines(self, known: dict[str, Any], values: dict[str, Any], notes: list[Note], left: list[str]) -> None:
        """Fields of one line, as the vocabulary has them; what is too long for a line is left for the notes."""
        for field in (*WORDS, *PLAIN):
            if field not in known:
                continue
            written = line(known[field])[:MAX_TYPED]
            text, said = defects.nothing(written, field)
            notes += said
            if field in GRADED and fold(text) != fold(written) and text:
                values["properties"][f"{field.replace('_', ' ')} as written"] = written[:MAX_LINE]
            if len(text) > MAX_LINE:
                left.append(f"{field}: {text}")
            elif text:
                values[field] = text

    def _levels(self, known: dict[str, Any], values: dict[str, Any], notes: list[Note]) -> None:
        for field in ("sentinels", "flora", "fauna"):
            if field not in known:
                continue
            text, rest, amount, said = defects.level(_cut(known[field]), field)
            notes += said
            values[field] = text[:MAX_LINE]
            if rest:
                values["properties"][f"{field} in words"] = rest[:MAX_LINE]
            if amount is not None:
                values["measures"][f"{field}_count"] = amount

    def _biome(self, known: dict[str, Any], values: dict[str, Any], left: list[str], notes: list[Note]) -> None:
        """Also where the biome was typed alone in the field for properties: `Capped Planet`."""
        given = defects.nothing(line(known.get("biome"))[:MAX_LINE])[0]
        for text in (given, left[0] if left else ""):
            short = _BODY.sub("", text)
            if kept := vocabulary.known("biome", short):
                values["biome"] = kept
                if text != given:
                    left[0] = ""
                if text.casefold() != kept.casefold() or text != given:
                    notes.append(Note(Defect.PROSE_FIELDS, f"{text!r} is kept as the biome {kept!r}", True))
                break
        else:
            values["biome"] = given
        if subtype := line(known.get("biome_subtype")):
            values["properties"]["biome subtype"] = subtype[:MAX_LINE]

    def _discoverer(self, known: dict[str, Any], values: dict[str, Any], notes: list[Note]) -> None:
        written = defects.nothing(line(known.get("discovered_by"))[:MAX_LINE])[0]
        if not written:
            return
        kept = self._people.get(written, (defects.person_name(written)[0], ()))[0]
        values["discovered_by"] = kept
        self._told.add(kept)
        if kept != written:
            notes.append(Note(Defect.PERSON, f"{written!r} is the same person as {kept!r}", True))

    def _mystery(self, written: Any, notes: list[Note]) -> int:
        tier = int(number(written) or 0)
        kept = max(0, min(5, tier))
        if kept != tier or (written is not None and number(written) is None):
            notes.append(Note(Defect.OTHER, f"a mystery tier of {line(written)[:60]!r} is kept as {kept}", True))
        return kept

    def _glyphs(self, values: dict[str, Any], written: str, notes: list[Note]) -> None:
        if not written or written.casefold() in defects.NOTHING:
            return
        try:
            values["glyphs"] = Glyphs.parse(written[:60]).text
        except BadInput as error:
            values["properties"]["glyphs as written"] = written[:MAX_LINE]
            notes.append(Note(Defect.OTHER, f"the glyphs are left out: {error}"))

    def _made(
        self, kind: Kind, values: dict[str, Any], notes: Sequence[Note], where: str, places: tuple[str, ...] = ()
    ) -> Reading:
        """The record, checked by the schema, or why it is refused."""
        cls = CLASSES[kind]
        name = str(values.get("name") or "")
        kept = {key: value for key, value in values.items() if key in cls.model_fields}
        lost = [key for key, value in values.items() if value and key not in cls.model_fields]
        for key in lost:
            kept["properties"].setdefault(key.replace("_", " "), line(values[key])[:MAX_LINE])
        if not name:
            return Reading(where, "", refused="it has no name")
        if (fields := len(kept["properties"]) + len(kept["measures"])) > MAX_FIELDS:
            return Reading(
                where, name[:120], refused=f"it has {fields:,} fields of its own, and {MAX_FIELDS} are the most"
            )
        try:
            thing: Thing = cls(id=new_id(), **kept)  # type: ignore[assignment]
        except ValidationError as error:
            return Reading(where, name, refused=what_is_wrong(error))
        found = Reading(where, thing.name, thing, tuple(notes)[:MAX_NOTES], place_names=places)
        self._lore_of(found)
        return found

    def _lore_of(self, found: Reading) -> None:
        """(11) Prose worth quoting becomes a draft entry of its own, linked to the record it was typed into."""
        thing = found.thing
        text = thing.text if isinstance(thing, Discovery) else thing.notes if thing else ""
        if thing is None or isinstance(thing, (Lore, Person, Region)) or not defects.quotable(text[:MAX_TYPED]):
            return
        title = f"{thing.name}: {' '.join(text.split()[:6])}"[:120]
        note = Note(Defect.LORE, f"words typed into {thing.name} are an entry of their own, linked to it", True)
        entry = Lore(
            id=new_id(), name=title, text=text, links=(thing.id,), sources=(found.source[:MAX_LINE],),
            source=self._source[:MAX_LINE], discovered_by=thing.discovered_by,
        )  # fmt: skip
        self.extra.append(Reading(found.source, title, entry, (note,)))


def _places(known: Raw, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of where a discovery was made, the nearest first; those that no field holds become properties."""
    names = (line(known.get(field))[:MAX_LINE] for field in ("place", "planet_of", "system_name"))
    place, planet, system = (defects.nothing(name)[0] for name in names)
    for key, name in (("planet", planet), ("system", system)):
        if name and fold(name) != fold(place):
            values["properties"].setdefault(key, name)
    return tuple(dict.fromkeys(name for name in (place, planet, system) if name))


def _told(value: Any) -> str:
    """What stands there, if anything does."""
    written = line(value)
    return "" if written.casefold() in defects.NOTHING else written


def _cut(value: Any) -> Any:
    return value[:MAX_TYPED] if isinstance(value, (str, list)) else value
