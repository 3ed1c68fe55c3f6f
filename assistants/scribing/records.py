"""Free text or a pasted report as records: new ones and changed ones, what was set right, and what is still missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistants.scribing.clauses import Own
from assistants.scribing.doubts import Doubt
from assistants.scribing.headings import PLACES, Heading, Section, name_that_may_be, sections
from assistants.scribing.phrases import Phrases
from haven.errors import BadInput
from haven.world import vocabulary
from haven.world.exchange.records import Records
from haven.world.exchange.report import Reading
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Discovery, Kind, Moon, Planet, Station, System, Thing, parent_of
from haven.world.words import fold

MOST_CHARS = 20_000
MOST_OWN = 40
"""Characters of a word of the world's own."""
ALIKE = 0.85
"""How alike the name of a new record must be to a known one, 0 to 1, for the question whether it is that one."""
_ABOVE = {Kind.PLANET: (Kind.SYSTEM,), Kind.STATION: (Kind.SYSTEM,), Kind.MOON: (Kind.PLANET,), Kind.DISCOVERY: PLACES}
"""What a record of each kind belongs to."""
_ASKED = {
    Kind.SYSTEM: ("glyphs", "star", "region", "galaxy", "economy", "lifeform"),
    Kind.PLANET: ("biome", "weather", "sentinels", "flora", "fauna", "materials"),
    Kind.MOON: ("biome", "weather", "sentinels", "flora", "fauna", "materials"),
    Kind.STATION: ("race",),
    Kind.DISCOVERY: ("text",),
}
"""What every record of a kind should say."""
_KIND = "star system|system|planet|moon|space station|station|discovery"
_TYPED = re.compile(
    rf"^[*• -]*name ?[:=] ?(?P<name>[^\n]+)\n[*• -]*(?:type|kind|category) ?[:=] ?(?P<kind>{_KIND})\b(?=[ ]*$)"
    rf"|^[*• -]*(?:type|kind|category) ?[:=] ?(?P<kind2>{_KIND})[ ]*\n[*• -]*name ?[:=] ?(?P<name2>[^\n]+)",
    re.IGNORECASE | re.MULTILINE,
)
_UP = re.compile(
    r"^[*• -]*(?:parent(?: system| planet)?|located in|location|orbits|in) ?[:=] ?(?P<name>[^\n]+)$",
    re.IGNORECASE | re.MULTILINE,
)
PAIRS = 3
"""`key: value` in one line, from which on it is a form."""
_KEYED = re.compile(r"^[^\W\d_][\w ]{1,24} ?[:=] ?\S")
_DASHED = re.compile(r"^(?P<key>[^\W\d_][\w ]{1,24}) [-–—] (?=\S)", re.MULTILINE)
_KEYS = {"sys": "System", "eco": "Economy", "res": "Resources", "sent": "Sentinels", "bio": "Biome", "conf": "Conflict"}
_SHORT = re.compile(rf"^(?:{'|'.join(_KEYS)})(?= ?[:=])", re.IGNORECASE)
_IN_WORDS = {"glyphs": "portal glyphs or its position", "text": "description", "materials": "resources"}


@dataclass(frozen=True)
class Report:
    """A text as records. New ones have ids that begin with `new-`; those that are there are whole, with the changes."""

    things: tuple[Thing, ...]
    notes: tuple[str, ...] = ()
    """What was set right or can't be, in words."""
    questions: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Words that no rule understood."""
    doubts: tuple[Doubt, ...] = ()
    """What a sentence may say of a field, and the rules can't tell."""


@lru_cache(maxsize=2)
def own_words(gazetteer: Gazetteer, version: int) -> Own:
    """What the world's records hold in the fields that have a vocabulary, by its folded form.

    `version` is that of the gazetteer: with a new one they are read anew.
    """
    words: dict[str, dict[str, str]] = {field: {} for field in vocabulary.fields()}
    for thing in gazetteer.things.values():
        for field, known in words.items():
            value = getattr(thing, "race" if field == "lifeform" and isinstance(thing, Station) else field, ())
            for one in (value,) if isinstance(value, str) else value:
                if 1 < len(one) <= MOST_OWN:
                    known.setdefault(fold(one), one)
    return words


class _Reader:
    """One report on its way to records."""

    def __init__(self, gazetteer: Gazetteer, source: str) -> None:
        self._gazetteer = gazetteer
        self._records = Records(source)
        self.things: dict[str, Thing] = {}
        self.notes: list[str] = []
        self.questions: list[str] = []
        self.unread: list[str] = []
        self.doubts: list[Doubt] = []
        self._places: list[Heading] = []
        self._own = own_words(gazetteer, gazetteer.version)

    def read(self, section: Section) -> None:
        heading = section.heading
        phrases = Phrases(heading.kind, section.text, self._own)
        if heading.kind is Kind.DISCOVERY:
            phrases.raw |= {"description": section.written, "notes": ""}
            phrases.unread.clear()
        parent = self._parent(heading, section.places)
        if parent is None and heading.kind is not Kind.SYSTEM and not self._there(heading, ""):
            above = " or ".join(kind.value for kind in _ABOVE[heading.kind][:2])
            self.questions.append(f"Which {above} does the {heading.kind.value} {heading.name} belong to?")
            if heading.kind is not Kind.DISCOVERY:
                self._is_it(heading.name, heading.kind)
                return
        known = self._there(heading, parent.id if parent else "")
        if len(known) > 1:
            where = ", ".join(f"{one.name} ({one.id})" for one in known[:4])
            self.questions.append(f"Which {heading.kind.value} {heading.name} is meant: {where}?")
            return
        made = self._made(heading, {**phrases.raw, "name": heading.name}, parent.id if parent else "new-0")
        if made.thing is None:
            self.notes.append(f"{heading.kind.value} {heading.name}: {made.refused}")
            return
        self.notes += [f"{heading.name}: {note.text}" for note in made.notes]
        self.unread += phrases.unread
        doubts = dict(phrases.doubts)
        thing = merged(known[0], made.thing) if known else made.thing
        if isinstance(thing, Discovery) and thing.parent == "new-0":
            thing = thing.model_copy(update={"parent": ""})
        if not known:
            self._is_it(thing.name, thing.kind)
        self.things[thing.id] = thing
        empty = {field: one for field, one in doubts.items() if not getattr(thing, field)}
        self.doubts += [replace(one, id=thing.id, record=thing.name) for one in empty.values()]
        self._ask(thing, empty)

    def _made(self, heading: Heading, raw: dict[str, object], parent: str) -> Reading:
        where = f"the report, {heading.kind.value} {heading.name}"
        if heading.kind is Kind.SYSTEM:
            return self._records.system(raw, where)
        if heading.kind is Kind.STATION:
            return self._records.station(raw, parent, where)
        if heading.kind is Kind.DISCOVERY:
            return self._records.discovery(
                {"found": heading.found or raw.get("biome") or "unknown", **raw}, parent, where
            )
        return self._records.body(heading.kind, raw, parent, where)

    def _parent(self, heading: Heading, places: Sequence[Heading]) -> Thing | None:
        """What it belongs to: the place that its own words name, else the last one of the report before it."""
        wanted = _ABOVE.get(heading.kind, ())
        self._places += places
        for place in places:
            if place.kind in wanted:
                return self._place(place)
        earlier = [one for one in self.things.values() if one.kind in wanted]
        if not earlier:  # `two planets in Venture. Planet Ash is ... Planet Elm is ...`
            before = (self._place(one) for one in reversed(self._places) if one.kind in wanted)
            earlier = [one for one in before if one is not None][:1]
        if heading.kind is Kind.DISCOVERY:
            return earlier[-1] if earlier else None
        return earlier[-1] if earlier and not self._there(heading, "") else None

    def _place(self, place: Heading) -> Thing | None:
        """A place that is only named: of this report, of the world, or, for a system, a new one."""
        own = [one for one in self.things.values() if one.kind is place.kind and fold(one.name) == fold(place.name)]
        known = own or self._there(place, "")
        if len(known) == 1:
            return known[0]
        if known or place.kind is not Kind.SYSTEM:
            return None
        made = self._records.system({"name": place.name}, f"the report, system {place.name}")
        if made.thing is None:
            return None
        self.things[made.thing.id] = made.thing
        self._is_it(made.thing.name, Kind.SYSTEM)
        self._ask(made.thing)
        return made.thing

    def _there(self, heading: Heading, parent: str) -> list[Thing]:
        """The records of that kind and name; of that parent, where it is known."""
        ids = dict.fromkeys(one.id for one in self._gazetteer.names.exact(fold(heading.name)))
        things = [self._gazetteer.things[id] for id in ids]
        found = [one for one in things if one.kind is heading.kind]
        if parent:
            return [one for one in found if parent_of(one) == parent]
        return found

    def _is_it(self, name: str, kind: Kind) -> None:
        """Ask whether a new name is a known one with a slip."""
        for spelling, likeness in self._gazetteer.names.near(fold(name), 5):
            if spelling.kind is kind and likeness >= ALIKE:
                meant = f"{spelling.title} ({spelling.id})"
                self.questions.append(f"No {kind.value} is called {name!r}, so it would be new: or is it {meant}?")
                return

    def _ask(self, thing: Thing, without: Collection[str] = ()) -> None:
        empty = [field for field in _ASKED[thing.kind] if not getattr(thing, field) and field not in without]
        if isinstance(thing, System) and thing.position is not None:
            empty = [field for field in empty if field != "glyphs"]
        if isinstance(thing, (Planet, Moon)) and fold(thing.biome) == "gas giant":
            empty = [field for field in empty if field not in ("flora", "fauna")]
        if empty:
            words = [_IN_WORDS.get(field, field) for field in empty]
            said = " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
            self.questions.append(f"{thing.name}: what is known of its {said}?")


def read_report(text: str, gazetteer: Gazetteer, source: str) -> Report:
    """Read a report by rules and closed vocabularies; `source` says whose it is. Nothing is written.

    Raises BadInput where it is too long or names no record.
    """
    if len(text) > MOST_CHARS:
        raise BadInput(f"This report has more than {MOST_CHARS:,} characters.", "Hand it in in parts.")
    reader = _Reader(gazetteer, source)
    found = sections(_narrow(text), gazetteer)
    if not found:
        raise _nameless(_narrow(text), gazetteer)
    for section in found:
        reader.read(section)
    named = {fold(word) for one in found for word in one.heading.name.split()}
    unread = tuple(dict.fromkeys(word for word in reader.unread if fold(word) not in named))
    told = tuple(note for note in reader.notes if not re.search(r": no tags in the source", note))
    things = tuple(one for one in reader.things.values() if gazetteer.things.get(one.id) != one)
    return Report(things, told, tuple(dict.fromkeys(reader.questions)), unread, tuple(reader.doubts))


def _nameless(text: str, gazetteer: Gazetteer) -> BadInput:
    """What to say where no name was found: which word may be it, where only one can."""
    if maybe := name_that_may_be(text, gazetteer):
        kind, name = maybe
        return BadInput(
            f"This text speaks of a {kind.value}, and does not say plainly what it is called.",
            f"If it is {name}, write: {kind.value} {name}, and the rest as it was.",
        )
    return BadInput(
        "No system, planet, moon, station or discovery is named in this text.",
        "Name it first, as in: planet Meridian in the Venture system: lush, low sentinels, Emeril and gold",
    )


def _narrow(text: str) -> str:
    """Without runs of blanks and empty lines, without marks of layout, and `Name: X`, `Type: planet` as `planet: X`."""
    text = re.sub(r"\*\*|^#+[^\S\n]+", "", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    text = re.sub(r"[^\S\n]+", " ", text)
    if len(_DASHED.findall(text)) >= PAIRS:
        text = _DASHED.sub(r"\g<key>: ", text)
    text = "\n".join(map(_in_lines, text.split("\n")))
    text = re.sub(r"\n\s+", lambda match: "\n\n" if match[0].count("\n") > 1 else "\n", text)
    return _UP.sub(lambda match: f"{_noun_of(match)}{match['name']}", _TYPED.sub(_titled, text))


def _in_lines(line: str) -> str:
    """A line of several `key: value` as so many lines, with short keys in full."""
    for mark in ";/|,":
        parts = [part.strip() for part in line.split(mark)]
        if len(parts) >= PAIRS and all(_KEYED.match(part) for part in parts if part):
            return "\n".join(_SHORT.sub(lambda match: _KEYS[match[0].casefold()], part) for part in parts)
    return line


def _titled(match: re.Match[str]) -> str:
    return f"{match['kind'] or match['kind2']}: {match['name'] or match['name2']}"


def _noun_of(match: re.Match[str]) -> str:
    """What a record lies in, by what it is: `Parent: Venture` of a planet is a system."""
    earlier = re.findall(r"\b(moon|planet)\b", match.string[: match.start()], re.IGNORECASE)
    return "Planet: " if earlier and earlier[-1].casefold() == "moon" else "System: "


def merged(there: Thing, new: Thing) -> Thing:
    """The record that is there with all that a newer report says; lists and notes grow, nothing is emptied."""
    update: dict[str, object] = {}
    for field in type(there).model_fields:
        old, said = getattr(there, field), getattr(new, field, None)
        if field in ("id", "kind", "name", "source", "parent") or not said:
            continue
        if isinstance(old, dict):
            update[field] = {**old, **said}
        elif isinstance(old, tuple):
            has = {fold(one) for one in old}
            update[field] = (*old, *(one for one in said if fold(one) not in has))
        elif field in ("notes", "text") and old:
            update[field] = old if said in old else f"{old}\n{said}"
        else:
            update[field] = said
    return there.model_copy(update=update)
