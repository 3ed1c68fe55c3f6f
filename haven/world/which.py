"""Several records of one name: how they are told apart, the question which is meant, and what its answer picks.

The one place for it: questions about places, lore, pages and the typed names of the faces all ask and choose by this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from haven.world.mentions import KIND_WORDS
from haven.world.schema import Lore, System, Thing, noun
from haven.world.words import fold, is_stop, word_set, words

MOST_NAMED = 8
"""Of a name's records; a further one is only counted."""
LONGEST_CHOICE = 8
"""Words in which somebody says which they meant; a longer text is a question of its own."""
_SAID = word_set(
    "mean means meant one ones please thing i ich meine meinte bitte mein na no yes ja nein and und what about"
    " was ist mit der die das den dem des then dann for fur ok okay that this there called named"
)
"""What stands beside the choice and chooses nothing."""
_ASKS = word_set(
    "which who whose whom where when how why does do did are has have can welche welcher welches wer wo wann wie warum"
    " hat haben sind liegt show list tell give find compare draw zeig zeige nenne liste vergleiche"
)
"""What begins a question or an order of its own."""
_JOINS = word_set("and or und oder")
"""Within a text they put two things side by side, and choose none."""
GERMAN = {"planeten": "planet", "mondes": "mond", "systems": "system", "stern": "star", "stations": "station"}
_PLACES = {
    word: place
    for place, line in enumerate(
        ("first former 1 erste ersten ersteres erster", "second 2 zweite zweiten zweiter", "third 3 dritte dritten")
    )
    for word in word_set(line)
}
_LAST = word_set("last latter letzte letzten letzteres letztere")
Above = Callable[[Thing], str]
"""The name of what a record belongs to; "" where that is not known."""


def in_order(things: Iterable[Thing]) -> list[Thing]:
    """As they are offered: systems first; without lore where it only tells of the others."""
    found = sorted(things, key=lambda one: (not isinstance(one, System), one.id))
    return [one for one in found if not isinstance(one, Lore)] or found


def told_apart(things: Sequence[Thing], above: Above) -> list[str]:
    """Each in words that fit none of the others: `the system in Amber Shoal`, `the planet of Hollin`."""
    found = [_described(one, above) for one in things]
    return [text if found.count(text) == 1 else f"{text} ({one.id})" for text, one in zip(found, things, strict=True)]


def which(name: str, things: Sequence[Thing], above: Above) -> str:
    """The question back."""
    listed = told_apart(things[:MOST_NAMED], above)
    more = [f"one of {len(things) - MOST_NAMED:,} more"] if len(things) > MOST_NAMED else []
    *first, last = [*listed, *more]
    return f"Which {name} do you mean: {', '.join(first)} or {last}?"


def chosen(text: str, things: Sequence[Thing], above: Above) -> Thing | None:
    """The one record that these words pick: its kind, what it belongs to, its id, or its place in the list.

    None where they pick none or several, or say more than that.
    """
    if text.strip() in (ids := {one.id: one for one in things}):
        return ids[text.strip()]
    said = words(text)
    joined = any(one.folded in _JOINS for one in said[1:])
    if not said or len(said) > LONGEST_CHOICE or joined or any(one.folded in _ASKS for one in said):
        return None
    names = {piece for one in things for piece in fold(one.name).split()}
    left = [one.folded for one in said if one.folded not in names]
    left = [GERMAN.get(one, one) for one in left]
    telling = [one for one in left if one in KIND_WORDS or one in _PLACES or not (is_stop(one) or one in _SAID)]
    fitting = [one for place, one in enumerate(things) if telling and _fits(one, place, telling, len(things), above)]
    return fitting[0] if len(fitting) == 1 else None


def qualified(thing: Thing, others: Sequence[Thing], above: Above) -> str:
    """Its name with what tells it from the others, as a question may hold it: `planet Meridian`, `Eden of Hollin`."""
    if sum(one.kind is thing.kind for one in others) == 1 and thing.kind in KIND_WORDS.values():
        return f"{thing.kind.value} {thing.name}"
    return f"{thing.name} of {above(thing)}" if above(thing) else thing.name


def ways(things: Sequence[Thing], above: Above) -> str:
    """How to write the name so that one alone is meant, as a sentence."""
    found = [qualified(one, things, above) for one in things[:MOST_NAMED]]
    if len(set(found)) < len(found):
        return "Name one by its id."
    return f"Write {' or '.join(found)}, or its id."


def _described(one: Thing, above: Above) -> str:
    place = above(one)
    kind = noun(one.kind, 1)
    if isinstance(one, System) or not place:
        inside = (one.region if isinstance(one, System) else "") or place
        return f"the {kind} in {inside}" if inside else f"the {kind}"
    return f"the {kind} of {place}"


def _fits(one: Thing, place: int, telling: Sequence[str], count: int, above: Above) -> bool:
    own = {*fold(above(one)).split(), *fold(getattr(one, "region", "")).split()}
    picks = [
        KIND_WORDS.get(word) is one.kind
        or word in own
        or _PLACES.get(word) == place
        or (word in _LAST and place == count - 1)
        for word in telling
    ]
    return all(picks)
