"""Two or more records field by field: what `compare A and B` asks for that names no field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from haven.world.asking.about import NOT_SHOWN, label
from haven.world.asking.answer import Answer, row
from haven.world.asking.chunks import chunks
from haven.world.asking.fields import MEASURES, PROPERTIES, SCHEMA, of_key, values
from haven.world.asking.lexicon import Lexicon
from haven.world.asking.measuring import shown
from haven.world.gazetteer import Gazetteer
from haven.world.schema import Kind, Thing, noun
from haven.world.which import in_order, which

MOST = 4
"""Records that stand side by side."""
MOST_FIELDS = 20
SKIPPED = NOT_SHOWN | {"notes", "source", "links", "parent"}
_COMPARE = re.compile(
    r"^\W*(?:please |bitte )?(?:compare|contrast|vergleiche?)\b|\bcompared? (?:with|to)\b", re.IGNORECASE
)
_ASKED = ("superlative", "comparative", "adjective")


def side_by_side(question: str, lexicon: Lexicon) -> Answer | None:
    """What is recorded of each that is to be compared; None where a field is named, or fewer than two records are."""
    if not _COMPARE.search(question):
        return None
    found = chunks(question, lexicon)
    if any(one.concepts or any(one.part(part) for part in _ASKED) for one in found if not one.ids):
        return None
    things = lexicon.gazetteer.things
    named = [_places([things[id] for id in one.ids]) for one in found if one.ids]
    if len(named) > 1 and (several := next((one for one in named if len(one) > 1), None)):
        above = lexicon.gazetteer.name_above
        return Answer(which(several[0].name, several, above), choices=tuple(map(row, several)))
    some = list({one.id: one for each in named for one in each}.values())[:MOST]
    if len(some) < 2:
        return None
    lines = [f"{', '.join(one.name for one in some[:-1])} and {some[-1].name}, field by field:"]
    lines += _fields(some)
    lines += _below(some, lexicon.gazetteer)
    asked = f"compare all fields of {' and '.join(one.name for one in some)}"
    return Answer("\n".join(lines), tuple(map(row, some)), asked)


def _places(things: list[Thing]) -> list[Thing]:
    """Places before a text of their name."""
    places = in_order(things)
    return places if places[0].kind is not Kind.LORE else places[:1]


def _fields(some: list[Thing]) -> Iterable[str]:
    keys = dict.fromkeys(SCHEMA)
    for one in some:
        keys |= dict.fromkeys(
            [*(MEASURES + key for key in one.measures), *(PROPERTIES + key for key in one.properties)]
        )
    told = [(key, [values(one, key) for one in some]) for key in keys if key not in SKIPPED]
    for key, each in [(key, each) for key, each in told if any(each)][:MOST_FIELDS]:
        said = [shown(of_key(key), found) if found else "not recorded" for found in each]
        yield f"- {label(key)}: {' / '.join(said)}"


def _below(some: list[Thing], gazetteer: Gazetteer) -> Iterable[str]:
    counts = [Counter(below.kind for below in gazetteer.below(one)) for one in some]
    for kind in Kind:
        if any(count[kind] for count in counts):
            yield f"- {noun(kind)}: {' / '.join(f'{count[kind]:,}' for count in counts)}"
