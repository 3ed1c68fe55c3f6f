"""Records that may be one and the same: names a slip apart, the same address, the same place, the same text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import combinations

from rapidfuzz.distance import OSA

from haven.errors import BadInput
from haven.world.gazetteer import Gazetteer
from haven.world.glyphs import Glyphs
from haven.world.quality.finding import Finding, Oddity, called
from haven.world.schema import Discovery, Kind, Lore, System, Thing, parent_of
from haven.world.words import fold

SAME_TEXT = 100
"""Characters from the beginning of a text that make two texts the same."""
LONG_WORD = 5
"""Letters of a word in which one slip is a slip: `Kepler-20 b` and `Kepler-20 c` are two."""
MOST_ALIKE = 12
"""More names than this with a spelling in common are a series, not slips."""


def duplicates(gazetteer: Gazetteer) -> list[Finding]:
    """The surest first: one address, one position, one text, then names."""
    found = [*_addresses(gazetteer), *_positions(gazetteer), *_texts(gazetteer)]
    told = {frozenset(one.ids) for one in found}
    return [*found, *(one for one in _names(gazetteer) if frozenset(one.ids) not in told)]


def _grouped(things: Iterable[tuple[Hashable, Thing]]) -> list[list[Thing]]:
    groups: dict[Hashable, list[Thing]] = defaultdict(list)
    for key, thing in things:
        groups[key].append(thing)
    return [group for group in groups.values() if len(group) > 1]


def _finding(group: list[Thing], text: str, mend: str) -> Finding:
    return Finding(Oddity.DUPLICATE, tuple(one.id for one in group), text, mend)


def _addresses(gazetteer: Gazetteer) -> Iterator[Finding]:
    keyed = ((key, one) for one in gazetteer.systems if (key := _address(one)))
    for group in _grouped(keyed):
        yield _finding(group, f"{called(group)} have the same portal address.", "Merge them, or correct the glyphs.")


def _address(system: System) -> tuple[str, str, str] | None:
    """What all planets of one system share."""
    try:
        glyphs = Glyphs.parse(system.glyphs) if system.glyphs else None
    except BadInput:
        return None
    return (glyphs.system_text, fold(system.galaxy), fold(system.reality)) if glyphs else None


def _positions(gazetteer: Gazetteer) -> Iterator[Finding]:
    """Not of voxels: hundreds of systems share one."""
    placed = ((one.position, one) for one in gazetteer.systems if one.position is not None)
    for group in _grouped(pair for pair in placed if not pair[0].frame.startswith("galaxy:")):
        yield _finding(group, f"{called(group)} have the same position.", "Merge them, or look their places up.")


def _texts(gazetteer: Gazetteer) -> Iterator[Finding]:
    keyed = ((text, one) for one in gazetteer.things.values() if (text := _beginning(one)))
    for group in _grouped(keyed):
        said = f"{called(group)} begin with the same {SAME_TEXT} characters of text."
        yield _finding(group, said, "Keep the text once, or merge the records.")


def _beginning(thing: Thing) -> str:
    text = thing.text if isinstance(thing, (Discovery, Lore)) and thing.text else thing.notes
    return " ".join(text.split()).casefold()[:SAME_TEXT] if len(text) >= SAME_TEXT else ""


def _names(gazetteer: Gazetteer) -> Iterator[Finding]:
    scopes: dict[Hashable, list[Thing]] = defaultdict(list)
    for thing in gazetteer.things.values():
        scopes[thing.kind, parent_of(thing) if thing.kind is not Kind.DISCOVERY else "", _digits(thing.name)].append(
            thing
        )
    for group in scopes.values():
        if len(group) > 1:
            yield from _alike(group)


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _alike(group: list[Thing]) -> Iterator[Finding]:
    told: set[frozenset[str]] = set()
    for some in _by_spelling(group).values():
        if not 1 < len(some) <= MOST_ALIKE:
            continue
        for one, other in combinations(some, 2):
            pair = frozenset({one.id, other.id})
            if pair not in told and _slip(fold(one.name), fold(other.name)) and not _apart(one, other):
                told.add(pair)
                same = "have the same name" if _joined(one) == _joined(other) else "have names a slip apart"
                yield _finding([one, other], f"{called([one, other])} {same}.", "Merge them, or say what differs.")


def _by_spelling(group: list[Thing]) -> Mapping[str, list[Thing]]:
    """By each name without spaces, and with each letter left out: two that are one slip apart share one."""
    spelt: dict[str, list[Thing]] = defaultdict(list)
    for thing in group:
        plain = _joined(thing)
        slips = (plain[:at] + plain[at + 1 :] for at in range(len(plain))) if len(plain) >= LONG_WORD else ()
        for spelling in {plain, *slips}:
            spelt[spelling].append(thing)
    return spelt


def _joined(thing: Thing) -> str:
    return fold(thing.name).replace(" ", "")


def _slip(one: str, other: str) -> bool:
    """Whether they differ in spaces only, or by one slip inside one long word."""
    if one.replace(" ", "") == other.replace(" ", ""):
        return True
    left, right = one.split(), other.split()
    if len(left) != len(right):
        return False
    differ = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    return len(differ) == 1 and min(map(len, differ[0])) >= LONG_WORD and OSA.distance(*differ[0], score_cutoff=1) <= 1


def _apart(one: Thing, other: Thing) -> bool:
    """Whether something recorded tells them apart: what is empty doesn't."""
    if isinstance(one, Discovery) and isinstance(other, Discovery):
        return (one.parent, fold(one.place), one.found) != (other.parent, fold(other.place), other.found)
    if not isinstance(one, System) or not isinstance(other, System):
        return False
    pairs: list[tuple[object, object]] = [(fold(one.galaxy), fold(other.galaxy)), (_address(one), _address(other))]
    pairs += [(fold(one.reality), fold(other.reality)), (one.position, other.position)]
    return any(left and right and left != right for left, right in pairs)
