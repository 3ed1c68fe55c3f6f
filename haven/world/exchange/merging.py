"""What was read, beside what is there: which records are new, which are known, and where their references lead."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from haven.world.exchange.duplicates import PLACES, Known
from haven.world.exchange.report import LOOK, Entry, Note, Outcome, Reading
from haven.world.exchange.whole import OWN_ID, note_of_link
from haven.world.rules import PARENTS
from haven.world.schema import Discovery, Kind, Lore, Moon, Planet, Station, System, Thing, parent_of
from haven.world.vocabulary import misspelt

RANK = {kind: rank for rank, kind in enumerate((*PLACES, Kind.PERSON, Kind.REGION, Kind.DISCOVERY, Kind.LORE))}
"""Parents before what belongs to them."""
KEPT = frozenset({"id", "kind", "source", "links"})
"""Fields that an import never fills in a record that is there."""


@dataclass
class Plan:
    """What one file would do to the world."""

    things: list[Thing] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    """The ids of those that are new."""
    same_name: bool = False
    """A new system bears the name of another one, with other glyphs."""

    @property
    def refused(self) -> int:
        return sum(entry.outcome is Outcome.REFUSED for entry in self.entries)


class Merging:
    """One file's records on their way in. `update`: what is there is filled in, or replaced where the ids agree."""

    def __init__(self, known: Known, update: bool = False, gone: Collection[str] = ()) -> None:
        """`gone`: the ids of what was removed."""
        self._known = known
        self._gone = gone
        self._update = update
        self._leads: dict[str, str] = {}
        """Where each id of the file leads: to the id that it is given, or to the record that is there."""
        self._fresh: set[str] = set()
        """What this file adds."""

    def plan(self, found: Sequence[Reading]) -> Plan:
        """The plan for all of them; what is new is known from then on."""
        plan = Plan()
        entries: dict[int, Entry] = {}
        kept: dict[int, tuple[Thing, Outcome, list[str]]] = {}
        for number in sorted(range(len(found)), key=lambda number: _rank(found[number])):
            one = found[number]
            if one.thing is None:
                entries[number] = _said(one)
                continue
            told = [_told(note) for note in sorted(one.notes, key=lambda note: note.weight)]
            told += [_slip(*slip) for slip in misspelt(one.thing)]
            thing = self._removed(one.thing) or self._placed(one.thing, one.place_names, told)
            if isinstance(thing, str):
                entries[number] = Entry(one.source, Outcome.REFUSED, one.thing.kind.value, one.name, (thing,))
                continue
            plan.same_name = plan.same_name or (self._known.twin(thing) is None and self._known.namesake(thing))
            thing, outcome = self._beside(thing, one.link_names, told)
            if outcome is Outcome.ADDED and any(note.repaired for note in one.notes):
                outcome = Outcome.REPAIRED
            kept[number] = (thing, outcome, told)
        for number, (thing, outcome, told) in kept.items():
            if outcome is not Outcome.SKIPPED:
                plan.things.append(self._linked(thing, found[number].link_names, told))
            entries[number] = Entry(found[number].source, outcome, thing.kind.value, thing.name, tuple(told))
        plan.fresh = self._fresh
        plan.entries = [entries[number] for number in range(len(found))]
        return plan

    def _removed(self, thing: Thing) -> str:
        """Why a record that somebody took away does not come back by itself; "" for all others."""
        if thing.id not in self._gone or self._known.twin(thing):
            return ""
        return f"it was removed; bring it back with all below it: haven world undo {thing.id}"

    def _placed(self, thing: Thing, names: Sequence[str], told: list[str]) -> Thing | str:
        """With the parent that it will have, or the sentence why it can have none."""
        parent = parent_of(thing)
        if isinstance(thing, Discovery) and not parent:
            return self._at(thing, names, told)
        if not isinstance(thing, (Planet, Moon, Station, Discovery)):
            return thing
        above = self._known.get(self._leads.get(parent, parent))
        if above is None:
            there = self._known.get(thing.id)
            if there is not None and parent_of(there) == parent:
                return thing  # its place was removed before, and it stayed
            if parent in self._gone:
                return f"it belongs to {parent!r}, which was removed; bring that back: haven world undo {parent}"
            return f"it belongs to {parent!r}, which is neither in the file nor in the world"
        if above.kind not in PARENTS[thing.kind]:
            kinds = " or ".join(kind.value for kind in PARENTS[thing.kind])
            return f"it belongs to {above.name!r}, a {above.kind.value}; a {thing.kind.value} belongs to a {kinds}"
        return thing.model_copy(update={"parent": above.id})

    def _at(self, thing: Discovery, names: Sequence[str], told: list[str]) -> Discovery:
        """At the first of these places that one record alone bears the name of."""
        for name in names:
            found = self._known.named(name, *PLACES)
            if len(found) == 1:
                return thing.model_copy(update={"parent": found[0].id})
            if found:
                told.append(f"{len(found)} places are called {name!r}, so it is linked to none of them")
        if names:
            told.append(f"no place of the world is called {' or '.join(map(repr, names[:3]))}")
        return thing

    def _beside(self, thing: Thing, names: Sequence[Sequence[str]], told: list[str]) -> tuple[Thing, Outcome]:
        """The record as it will be, beside the one that is there already, if there is one."""
        there = self._known.twin(thing)
        if there is None or (there.id in self._fresh and _other_text(there, thing)):
            id = thing.id if OWN_ID.fullmatch(thing.id) else f"{thing.kind.value}-{secrets.token_hex(5)}"
            self._leads[thing.id] = id
            self._fresh.add(id)
            thing = thing.model_copy(update={"id": id})
            self._known.add(thing)
            return thing, Outcome.ADDED
        self._leads[thing.id] = there.id
        if there.id in self._fresh:
            unlike = _unlike(there, thing)
            other = f", not this one's {unlike}" if unlike else ""
            told.append(f"{LOOK if unlike else ''}it stands twice in the source; the first one counts{other}")
            return there, Outcome.SKIPPED
        merged = self._merged(there, thing, names)
        fields = [name for name in type(there).model_fields if getattr(merged, name) != getattr(there, name)]
        if not fields:
            told.append(f"it is there already: {there.id}")
            return there, Outcome.SKIPPED
        what = ", ".join(fields)
        if not self._update:
            told.append(f"{LOOK}it is there already: {there.id}; the file would change {what} (--update does)")
            return there, Outcome.SKIPPED
        told.append(f"changed: {what}")
        self._known.add(merged)
        return merged, Outcome.CHANGED

    def _merged(self, there: Thing, thing: Thing, names: Sequence[Sequence[str]]) -> Thing:
        """The record of the file where the ids agree; else what is there, with what it lacks."""
        if there.id == thing.id and OWN_ID.fullmatch(thing.id):
            return self._linked(thing, names, [])
        update: dict[str, object] = {}
        for name, about in type(there).model_fields.items():
            old, new = getattr(there, name), getattr(thing, name, None)
            if name in KEPT or not new:
                continue
            if isinstance(old, dict):
                update[name] = {**new, **old}
            elif old == about.get_default(call_default_factory=True):
                update[name] = new
        return there.model_copy(update=update)

    def _linked(self, thing: Thing, names: Iterable[Sequence[str]], told: list[str]) -> Thing:
        """With links to what is there; the others are left out and said."""
        if not isinstance(thing, (System, Lore)):
            return thing
        links = []
        for id in thing.links:
            lead = self._leads.get(id, id)
            to = self._known.get(lead)
            if to and isinstance(thing, System) and not isinstance(to, System):
                told.append(
                    f"it links to {to.name!r}, a {to.kind.value}: a system links to systems, so that is left out"
                )
            elif to:
                links.append(lead)
            else:
                told.append(note_of_link(id).text)
        for ways in names:
            ids = self._named(ways) - {thing.id}
            if len(ids) == 1:
                links += ids
            elif ids:
                told.append(f"{len(ids)} records are called {ways[-1]!r}, so it is linked to none of them")
            elif not self._named(ways):
                told.append(f"it links to {ways[-1]!r}, which nothing is called")
        return thing.model_copy(update={"links": tuple(dict.fromkeys(links))})

    def _named(self, ways: Sequence[str]) -> set[str]:
        """The ids of what the first of these ways finds."""
        for way in ways:
            found = [self._known.get(way)] if OWN_ID.fullmatch(way) else list(self._known.named(way))
            if ids := {one.id for one in found if one is not None}:
                return ids
        return set()


def as_drafts(plan: Plan) -> list[Thing]:
    """The records of a plan as a draft has them: what is new has a temporary id, everywhere."""
    ids = {id: f"new-{number}" for number, id in enumerate(sorted(plan.fresh), 1)}
    made: list[Thing] = []
    for thing in plan.things:
        update: dict[str, object] = {"id": ids.get(thing.id, thing.id)}
        if parent := parent_of(thing):
            update["parent"] = ids.get(parent, parent)
        if isinstance(thing, (System, Lore)):
            update["links"] = tuple(ids.get(link, link) for link in thing.links)
        made.append(thing.model_copy(update=update))
    return made


def _unlike(there: Thing, thing: Thing) -> str:
    """The fields in which the second of two says something else."""
    fields = [name for name in type(thing).model_fields if name not in ("id", "parent", "source", "sources")]
    return ", ".join(name for name in fields if (new := getattr(thing, name)) and new != getattr(there, name, None))


def _other_text(there: Thing, thing: Thing) -> bool:
    """Two entries of one file may have the same title; the same words twice are one."""
    return isinstance(there, Lore) and isinstance(thing, Lore) and there.text != thing.text


def _rank(found: Reading) -> int:
    return RANK[found.thing.kind] if found.thing else 0


def _said(found: Reading) -> Entry:
    if found.refused:
        return Entry(found.source, Outcome.REFUSED, "", found.name, (found.refused,))
    return Entry(found.source, Outcome.REMARK, "", found.name, tuple(map(_told, found.notes)))


def _told(note: Note) -> str:
    return f"{'repaired: ' if note.repaired else LOOK}{note.text}"


def _slip(field: str, word: str, meant: str) -> str:
    return f"{LOOK}{field} {word!r} is kept as written; is {meant!r} meant?"
