"""Bulk edits: what one order would change in many records, to be looked at before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistants.scribing.records import merged
from haven.errors import BadInput, NotFound
from haven.world.differences import Difference
from haven.world.fields import edited, fields_of
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Discovery, Kind, Lore, Person, System, Thing, parent_of
from haven.world.words import fold

UNIQUE = frozenset({"name", "aliases", "glyphs", "position", "parent", "links"})
"""Fields that say which record it is: no two have the same."""
MOST_CHARS = 400
"""Of an order in words; nothing that is longer is one."""
_ORDER = re.compile(
    r"^\W*(?:please\s+)?set\s+(?:the\s+)?(?P<field>[a-z ]{2,30}?)\s+(?:to|=)\s+(?P<value>.{1,100}?)\s+(?:for|of|in)\s+"
    r"(?:all|every|each)\s+(?P<kind>system|planet|moon|station|discover(?:y|ies))s?\s+(?:in|of)\s+"
    r"(?:the\s+)?(?:region\s+)?(?P<where>.{1,120}?)(?:\s+region)?[.!]?\s*$",
    re.IGNORECASE,
)
_RENAME = re.compile(
    r"^\W*(?:please\s+)?rename\s+(?:the\s+)?person\s+(?P<old>.{1,120}?)\s+(?:to|into|as)\s+(?P<new>.{1,120}?)"
    r"(?:\s+everywhere)?[.!]?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Bulk:
    """What would be changed and removed. `said` tells it in one line."""

    said: str
    things: tuple[Thing, ...]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """A bulk edit beside the world as it was at `stamp`."""

    bulk: Bulk
    diff: tuple[Difference, ...]
    stamp: int


def set_all(gazetteer: Gazetteer, kind: Kind, where: str, values: Mapping[str, str]) -> Bulk:
    """Set fields of all records of a kind in a region, or below one place; "" for everywhere.

    Raises BadInput for a field that can't be the same for many, and NotFound for a place that nothing is called.
    """
    if alone := UNIQUE & {name.partition(".")[0] for name in values}:
        raise BadInput(f"{', '.join(sorted(alone))} can't be the same for many records.", "Change them one by one.")
    inside = [one for one in _inside(gazetteer, where) if one.kind is kind]
    changed = [new for one in inside if (new := edited(one, values)) != one]
    what = ", ".join(f"{name} to {value or 'nothing'}" for name, value in values.items())
    said = f"Set {what} for {len(changed)} of {len(inside)} {kind.value} records in {where or 'the whole world'}."
    return Bulk(said, tuple(changed))


def _inside(gazetteer: Gazetteer, where: str) -> list[Thing]:
    if not where:
        return gazetteer.of_kind()
    systems = [one for one in gazetteer.systems if fold(one.region) == fold(where)]
    if systems:
        return [thing for one in systems for thing in (one, *gazetteer.below(one))]
    place = _one(gazetteer, where, Kind.SYSTEM, Kind.PLANET, Kind.MOON, Kind.REGION)
    return [place, *gazetteer.below(place)]


def rename_person(gazetteer: Gazetteer, old: str, new: str) -> Bulk:
    """Call a person otherwise wherever they are named as a discoverer; their own record keeps the old name as an alias.

    Raises NotFound where nobody is called so, and BadInput where the new name is somebody else's.
    """
    people = [one for one in gazetteer.of_kind(Kind.PERSON) if fold(old) in map(fold, (one.name, *one.aliases))]
    spellings = {fold(old), *(fold(name) for one in people for name in (one.name, *one.aliases))}
    taken = [one for one in gazetteer.of_kind(Kind.PERSON) if fold(one.name) == fold(new) and one not in people]
    if taken:
        raise BadInput(f"{taken[0].name} ({taken[0].id}) is somebody else.", "Merge the two: haven world bulk merge")
    changed: list[Thing] = []
    for one in people[:1]:
        aliases = dict.fromkeys(name for name in (*one.aliases, one.name) if name != new)
        changed.append(one.model_copy(update={"name": new, "aliases": tuple(aliases)}))
    found = [one for one in gazetteer.things.values() if fold(one.discovered_by) in spellings and one.discovered_by]
    changed += [
        one.model_copy(update={"discovered_by": new})
        for one in found
        if one.discovered_by != new and not isinstance(one, Person)
    ]
    if not changed:
        raise NotFound(f"Nobody is called {old!r}.", "Look for them: haven world list --kind person")
    return Bulk(f"Call {old} {new} in {len(changed)} records.", tuple(changed))


def merge(gazetteer: Gazetteer, keep: str, others: Sequence[str]) -> Bulk:
    """Make several records one: `keep` has what it lacks from the others, whose names become its aliases.

    What belonged to them belongs to it, links lead to it, and they go. Raises NotFound, and BadInput for different
    kinds.
    """
    target = _one(gazetteer, keep)
    twins = [_one(gazetteer, other) for other in others]
    if any(one.kind is not target.kind or one.id == target.id for one in twins) or not twins:
        raise BadInput("Only records of one kind can be merged, and two of them at least.", "Name them by their ids.")
    ids = {one.id for one in twins}
    result: Thing = target
    for one in twins:
        result = merged(one, result).model_copy(update={"id": target.id, "name": target.name, "source": target.source})
        result = result.model_copy(update=_place(target))
        result = result.model_copy(update={"aliases": _aliases(result, one)})
    changed = {target.id: result} if result != target else {}
    for thing in gazetteer.things.values():
        update: dict[str, object] = {}
        if parent_of(thing) in ids and thing.id not in ids and thing.id != target.id:
            update["parent"] = target.id
        if isinstance(thing, (System, Lore)) and ids & set(thing.links) and thing.id not in ids:
            links = (target.id if link in ids else link for link in changed.get(thing.id, thing).model_dump()["links"])
            update["links"] = tuple(link for link in dict.fromkeys(links) if link != thing.id)
        if update:
            changed[thing.id] = changed.get(thing.id, thing).model_copy(update=update)
    names = ", ".join(f"{one.name} ({one.id})" for one in twins)
    what = f"{_many(len(changed), 'change')}, {_many(len(ids), 'go', 'goes')}"
    said = f"Merge {names} into {target.name} ({target.id}): {what}."
    return Bulk(said, tuple(changed.values()), tuple(one.id for one in twins))


def _many(count: int, many: str, one: str = "") -> str:
    return f"1 record {one or f'{many}s'}" if count == 1 else f"{count:,} records {many}"


def _place(target: Thing) -> dict[str, object]:
    return {"parent": parent_of(target)} if parent_of(target) or isinstance(target, Discovery) else {}


def _aliases(result: Thing, other: Thing) -> tuple[str, ...]:
    own = fold(result.name)
    return tuple(name for name in dict.fromkeys((*result.aliases, other.name)) if fold(name) != own)


def _one(gazetteer: Gazetteer, text: str, *kinds: Kind) -> Thing:
    """The record of that id or name. Raises NotFound, and BadInput where several bear the name."""
    if text in gazetteer.things:
        return gazetteer.things[text]
    found = [gazetteer.things[one.id] for one in gazetteer.names.exact(fold(text))]
    found = [one for one in found if not kinds or one.kind in kinds]
    if len(found) > 1:
        several = ", ".join(f"{one.name} ({one.id})" for one in found[:6])
        raise BadInput(f"Several records are called {text!r}: {several}.", "Name one by its id.")
    if not found:
        raise NotFound(f"There is no record {text!r}.", "Look for it: haven world search")
    return found[0]


def is_ordered(words: str) -> bool:
    """Whether plain words have the form of such an order, whatever the world holds."""
    words = " ".join(words.split())
    return len(words) <= MOST_CHARS and bool(_RENAME.match(words) or _ORDER.match(words))


def ordered(gazetteer: Gazetteer, words: str) -> Bulk | None:
    """The bulk edit that plain words order; None where they order none. Raises what the three above raise."""
    words = " ".join(words.split())
    if len(words) > MOST_CHARS:
        return None
    if match := _RENAME.match(words):
        return rename_person(gazetteer, match["old"].strip("\"' "), match["new"].strip("\"' "))
    if match := _ORDER.match(words):
        noun = match["kind"].casefold()
        kind = Kind.DISCOVERY if noun.startswith("discover") else Kind(noun)
        field = match["field"].strip().casefold().replace(" ", "_")
        if field not in fields_of(kind):
            return None
        return set_all(gazetteer, kind, match["where"], {field: match["value"].strip("\"' ")})
    return None
