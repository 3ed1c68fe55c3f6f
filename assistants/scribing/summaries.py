"""A summary at once and with no model: the sentences that carry an entry, word for word and in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set

from haven.world.passages import Sentence, sentences
from haven.world.schema import Thing
from haven.world.words import fold, is_stop, plain

SENTENCES = 3
MOST_CHARS = 600
MOST_READ = 400
"""Sentences of one record that are weighed."""
TOLD = 0.4
"""What a word is still worth that a chosen sentence has said."""
NAMED = 1.2
"""How much more a sentence is worth that names the record itself."""


def summary(thing: Thing, most: int = SENTENCES) -> list[Sentence]:
    """At most so many sentences of a record's own text; all of them where it has no more, none where it has no text."""
    found = sentences(thing)[:MOST_READ]
    if len(found) <= most:
        return found
    carried = [frozenset(plain(word) for word in one.folded if len(word) > 2 and not is_stop(word)) for one in found]
    counts = Counter(word for some in carried for word in some)
    own = frozenset(fold(thing.name).split())
    chosen, told = [0], set(carried[0])  # the first one says what the entry is about
    while len(chosen) < most:
        left = [at for at in range(len(found)) if at not in chosen]
        best = max(left, key=lambda at: (_worth(found[at], carried[at], told, counts, own), -at))
        if sum(len(found[at].text) for at in (*chosen, best)) > MOST_CHARS:
            break
        chosen.append(best)
        told |= carried[best]
    return [found[at] for at in sorted(chosen)]


def _worth(sentence: Sentence, some: Set[str], told: Set[str], counts: Counter[str], own: Set[str]) -> float:
    """What it says that other sentences speak of as well, a word of its length."""
    weight = sum((counts[word] - 1) * (TOLD if word in told else 1.0) for word in some)
    named = NAMED if own & set(sentence.folded) else 1.0
    return float(weight * named / (len(sentence.folded) + 6) ** 0.5)
