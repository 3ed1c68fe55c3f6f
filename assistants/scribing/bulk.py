"""Bulk edits: what one order would change in many records, to be looked at before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistants.scribing.corrections import corrected, is_corrected
from assistants.scribing.records import merged
from haven.errors import BadInput, NotFound
from haven.world import vocabulary
from haven.world.differences import Difference
from haven.world.fields import edited, fields_of
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Discovery, Kind, Lore, Person, System, Thing, parent_of
from haven.world.words import fold

UNIQUE = frozenset({"name", "aliases", "glyphs", "position", "parent", "links"})
"""Fields that say which record it is: no two have the same."""
MOST_CHARS = 400
"""Of an order in words; nothing that is longer is one."""
_PLEASE = r"^\W*(?:(?:please|pls|bitte|hey|hi|scribe|now|and|(?:can|could|would|will) you)\b[\s,:]*)*"
_KINDS = r"(?:system|planet|moon|station|discover(?:y|ies))s?"
_ORDER = re.compile(
    rf"{_PLEASE}set\s+(?:the\s+)?(?P<field>[a-z ]{{2,30}}?)\s+(?:to|=)\s+(?P<value>.{{1,100}}?)\s+(?:for|of|in)\s+"
    rf"(?:all|every|each)\s+(?:of\s+)?(?:the\s+)?(?P<kind>{_KINDS})\s+(?:in|of)\s+"
    r"(?:the\s+)?(?:region\s+)?(?P<where>.{1,120}?)(?:\s+region)?[.!]?\s*$",
    re.IGNORECASE,
)
_RENAME = re.compile(
    rf"{_PLEASE}rename\s+(?:the\s+)?person\s+(?P<old>.{{1,120}}?)\s+(?:to|into|as)\s+(?P<new>.{{1,120}}?)"
    r"(?:\s+everywhere)?[.!]?\s*$",
    re.IGNORECASE,
)
_FIELD = (
    r"(?:economy|wealth|star|biome|weather|conflict|sentinels|flora|fauna|lifeform|race|region|galaxy"
    r"|wirtschaft|wetter)"
)
_OF_MANY = re.compile(
    rf"{_PLEASE}(?P<not>(?:don'?t|don’t|do not|never)\s+)?(?:(?:ever|just)\s+)?(?:rename\s+(?:the\s+)?person\b"
    rf"|(?:set|change|make|mark)\b(?=.{{0,300}}\b{_FIELD}\b).{{0,200}}?\b(?:all|every|each)\b.{{0,40}}?\b{_KINDS}\b"
    rf"|(?:setze?|ändere?|mache?)\b(?=.{{0,300}}\b{_FIELD}\b).{{0,200}}?\b(?:alle[nr]?|jede[ns]?)\s+"
    r"(?:systeme?|planeten|monde?|stationen|entdeckungen)\b)",
    re.IGNORECASE,
)
"""What has the form of an order for many records, whether all of it is understood or not."""
_BUT = re.compile(
    r"\b(?:not|except(?:ing)?|but|other than|besides|apart from|save(?: for)?|unless|if|when|without|with"
    r"|that (?:are|is|have|has)|which|who|whose|where|excluding|only|or|außer|ohne|nicht)\b",
    re.IGNORECASE,
)
"""What narrows an order down; only a kind and a place do so here."""
_NOBODY = frozenset(("nobody", "no one", "noone", "none", "nothing", "unknown", "niemand"))
_EMPTY = frozenset(("nothing", "empty", "blank", "unknown", "nichts", "leer"))


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
    return Bulk(f"Call {old} {new} in {len(changed)} record{'s' * (len(changed) != 1)}.", tuple(changed))


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
    """Whether plain words have the form of an order for many records, whatever the world holds."""
    words = " ".join(words.split())
    asked = words.endswith("?") and not re.match(r"\W*(?:please )?(?:can|could|would|will) you\b", words, re.IGNORECASE)
    if len(words) > MOST_CHARS or asked:
        return False
    order = _ORDER.match(words)
    return _OF_MANY.match(words) is not None or (order is not None and _field(order) in fields_of(_kind(order)))


def ordered(gazetteer: Gazetteer, words: str) -> Bulk | None:
    """The bulk edit that plain words order; None where they order none.

    Raises BadInput where they order what is not understood in all its parts, and what the three above raise.
    """
    if not is_ordered(words):
        return None
    words = corrected(" ".join(words.split())).rstrip(" ?")
    many = _OF_MANY.match(words)
    if many is not None and many["not"]:
        raise BadInput(
            "That says what is not to be done, so nothing was changed or proposed.", "Say what is to be done."
        )
    if match := _RENAME.match(words):
        old, new = (match[name].strip("\"' ,") for name in ("old", "new"))
        if fold(new) in _NOBODY or is_corrected(words):
            raise _not_understood(new)
        return rename_person(gazetteer, old, new)
    match = _ORDER.match(words)
    if match is None or is_corrected(words):
        raise _not_understood(words)
    kind, field, value = _kind(match), _field(match), match["value"].strip("\"' ,")
    if field not in fields_of(kind):
        raise _not_understood(match["field"])
    where = match["where"].strip(" ,")
    for part, known in ((value, vocabulary.known(field, value)), (where, _is_called(gazetteer, where))):
        if not known and (but := _BUT.search(part)):
            raise _not_understood(part[but.start() :])
    meant = "" if fold(value) in _EMPTY else vocabulary.known(field, value) or value
    return set_all(gazetteer, kind, where, {field: meant})


def _kind(order: re.Match[str]) -> Kind:
    noun = order["kind"].casefold()
    return Kind.DISCOVERY if noun.startswith("discover") else Kind(noun.removesuffix("s"))


def _field(order: re.Match[str]) -> str:
    return order["field"].strip().casefold().replace(" ", "_")


def _is_called(gazetteer: Gazetteer, name: str) -> bool:
    """Whether a record or region bears the name, which may hold any word."""
    return bool(gazetteer.names.exact(fold(name))) or any(fold(one.region) == fold(name) for one in gazetteer.systems)


def _not_understood(piece: str) -> BadInput:
    return BadInput(
        f"That orders an edit of many records, and this part of it is not understood: “{piece[:200]}”."
        " Nothing was proposed.",
        "Write it so, and all of them change: set economy to Trading for all systems in Oculi",
    )
