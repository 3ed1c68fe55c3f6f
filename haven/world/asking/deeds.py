"""Fields that are named by a deed, as `died` or `born`: they tell when or where it was, and nothing else about it."""

from __future__ import annotations

from haven.world.asking.chunk import Chunk
from haven.world.asking.fields import PROPERTIES, values
from haven.world.asking.phrases import phrases
from haven.world.asking.scene import Scene
from haven.world.asking.stream import Stream
from haven.world.words import fold, word_set

DEEDS = word_set("born built lost sunk made slain begun fallen founded won met sold bought")
"""Deeds whose words don't end with `ed`."""
OF_THE_DEED = frozenset({"and", "when", "skip", "be"})
"""What may stand behind a deed that is asked for."""
INSIDE = word_set("in im")
OTHERWISE = frozenset({"where", "how", "why"})


def asks_otherwise(scene: Scene, chunk: Chunk) -> bool:
    """`X died of`, `X died with whom`, `where did X died`: of the deed something else is asked than its field tells."""
    phrase = tuple(fold(chunk.text).split())
    if len(phrase) != 1 or not _is_deed(phrase[0]) or phrase not in scene.stream.lexicon.fields.own_words:
        return False
    if phrase in phrases().concepts:
        return False
    year = tells_when(scene.stream, phrase[0])
    if year and any(one.one_of(*OTHERWISE) for one in scene.stream.chunks):
        return True
    rest = [one for one in scene.stream.chunks[scene.stream.at + 1 :] if not one.one_of(*OF_THE_DEED)]
    if any(one.ids for one in rest):
        return False  # `died of X` is the field of X
    inside = len(rest) == 1 and rest[0].text.lower() in INSIDE and year
    return not inside and any(one.number is None and not one.concepts for one in rest)


def is_asked(scene: Scene) -> bool:
    """Whether what was asked for last is a deed, so that the year which is asked for is its own."""
    own = scene.stream.lexicon.fields.own_words.values()
    return bool(scene.asked) and _is_deed(scene.asked[-1]) and scene.asked[-1] in own


def _is_deed(word: str) -> bool:
    return word.endswith("ed") or word in DEEDS


def tells_when(stream: Stream, name: str) -> bool:
    """Whether a deed has a number in its field, a year, in the record that is named."""
    things = stream.lexicon.gazetteer.things
    named = [things[id] for chunk in stream.chunks for id in chunk.ids] if _is_deed(name) else []
    return any(isinstance(value, float) for thing in named for value in values(thing, PROPERTIES + name))
