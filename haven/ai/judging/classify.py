"""How hard is a task? Simple, medium or complex, by its words, its material and its kind, in under two milliseconds.

The rules are a sum of weights, as people would argue: what speaks for medium, what speaks for complex, and simple where
nothing does. They stand in signs.toml. Where the question's vector is at hand, labelled requests that mean the like are
heard instead (known.py); and in both cases the owner's own patterns, and what became of similar tasks before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from haven.ai.judging.known import known
from haven.ai.judging.patterns import READ as LOOKED_AT
from haven.ai.judging.patterns import too_slow
from haven.ai.judging.signs import Table, Weight, found, table
from haven.ai.judging.similar import Experience, Guess, Vector, facts, hashed
from haven.ai.kinds import of
from haven.ai.task import Complexity, Judgement, Task, Tier
from haven.errors import SettingsError

SURE = 0.9
"""Below this share for the likeliest level the rules alone can't tell, and the vector is worth its time: more than
half. Of what is above it 97 in 100 were right, when requests were judged by weights that had not seen them."""
SURE_WITH_VECTOR = 0.6
"""The same where the vector was heard, and only the local model could still be asked: 95 in 100."""
SAID: Weight = (1.2, 2.4)
"""What one pattern of the owner's own weighs: about a level."""
LEARNED: Weight = (2.0, 4.0)
"""What experience weighs where it is sure that the local model fails, or passes."""
REASONS = 3

Patterns = tuple[re.Pattern[str], ...]
LEVELS = (Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX)
NEVER_SIMPLE = frozenset({"code", "edits"})
_AS: Mapping[str, str] = {"lore": "story"}
"""Kinds that the examples don't have, and what they are like."""
_PICKED = frozenset({"tags", "title", "record"})
_BEYOND_A_FACT = (
    "a cause has to be found",
    "it has to hold together",
    "a whole system is meant",
    "several things happen at the same time",
    "it reaches everywhere",
    "something misbehaves",
    "consequences have to be thought through",
    "sides are to be weighed",
    "more than a fact is asked for",
    "it asks how something is done",
)


def patterns(words: Iterable[str], setting: str) -> Patterns:
    """The owner's regular expressions. Raises SettingsError: names the setting and the pattern that can't be used."""
    read = []
    for one in words:
        try:
            read.append(re.compile(one, re.IGNORECASE))
            slow = too_slow(one)
        except (re.error, RecursionError, OverflowError) as error:
            sentence = f"{setting}: {one[:80]!r} is not a regular expression: {error}."
            raise SettingsError(sentence, "A plain word is one, too.") from None
        if slow:
            sentence = f"{setting}: {one[:80]!r} could take minutes for one question."
            mend = "Write it without a repeat or a choice inside a repeat, and with two open repeats (.*) at the most."
            raise SettingsError(sentence, mend)
    return tuple(read)


def classify(
    task: Task,
    *,
    simpler: Patterns = (),
    harder: Patterns = (),
    history: Experience | None = None,
    vector: Vector | None = None,
) -> Judgement:
    """The level of a task, its score and the reasons; `sure` is false near the borders.

    `vector` is that of `task.question`; `history` what became of tasks of this kind, by vectors where one is given and
    by words where none is.
    """
    if of(task.kind).tiers == {Tier.LOCAL}:
        return Judgement(Complexity.SIMPLE, 0.0, (f"{task.kind}: small work, whatever it says",))
    kind = _kind(task)
    met = features(task.question, kind, sum(map(len, task.material)), table())
    rules = _rules(met, kind)
    others = _owners(task.question, simpler, harder)
    guess = None if history is None else _guess(task.question, history, vector)
    if guess is not None:
        others |= _learned(guess)
    heard = rules if vector is None else {"labelled requests that mean the like": known().weight(vector, met, kind)}
    shares = _shares((heard | others).values(), kind in NEVER_SIMPLE)
    level = shares.index(max(shares))
    score = 0.5 * shares[1] + shares[2]
    reasons = (*_never(kind), *_reasons(rules | heard | others, level)) or (f"nothing speaks against {LEVELS[level]}",)
    sure = shares[level] >= (SURE if vector is None else SURE_WITH_VECTOR)
    return Judgement(LEVELS[level], round(score, 3), reasons, sure, guess.gain if guess else None)


def features(question: str, kind: str, material: int, table: Table) -> dict[str, float]:
    """The signs and facts of a request, by name; `material` is characters. Each has its weight in the table."""
    signs = found(question, kind, table)
    doublings = min(max(math.log2(max(material, 1) / 1000), 0), 5)
    use = _use(kind, signs)
    more = {
        f"each doubling of the material beyond 1,000 characters: {use}": doublings,
        "the material is long": float(material >= 9_000 and use != "to look something up"),
        "the material is short": float(0 < material <= 1_000),
    }
    return signs | {name: value for name, value in more.items() if value}


def _kind(task: Task) -> str:
    """The kind among those that the weights know: an unknown one is a record if its form is given, else an answer."""
    kind = _AS.get(task.kind, task.kind)
    return kind if kind in table().kinds else "record" if task.schema or task.tool else "answer"


def _use(kind: str, signs: Mapping[str, float]) -> str:
    """What the material is for: searching a long text for one plain thing is not hard."""
    if kind == "answer":
        plain = signs.keys() & {"it asks for one fact", "yes or no is the answer"}
        return "to look something up" if plain and not signs.keys() & set(_BEYOND_A_FACT) else "to answer from it"
    if kind in _PICKED:
        return "to pick something from it"
    return {"summary": "to make it short", "edits": "to change it"}.get(kind, "to make something of it")


def _rules(met: Mapping[str, float], kind: str) -> dict[str, Weight]:
    weights = {**table().signs, **table().facts}
    rules = {name: (weights[name][0] * value, weights[name][1] * value) for name, value in met.items()}
    return rules | {f"its kind: {kind}": table().kinds[kind]}


def _owners(question: str, simpler: Patterns, harder: Patterns) -> dict[str, Weight]:
    text = question[:LOOKED_AT]
    heard = {}
    for sign, side, name in ((-1, simpler, "simpler"), (1, harder, "harder")):
        for pattern in side:
            if pattern.search(text):
                heard[f"the settings call {pattern.pattern!r} {name}"] = (sign * SAID[0], sign * SAID[1])
    return heard


def _guess(question: str, history: Experience, vector: Vector | None) -> Guess:
    return history.guess(hashed(question) if vector is None else vector, facts(question))


def _learned(guess: Guess) -> dict[str, Weight]:
    pull = 1 - 2 * guess.passes
    reason = f"of {guess.of} tasks before, the local answers to those like it passed in {guess.passes:.0%}"
    return {reason: (LEARNED[0] * pull, LEARNED[1] * pull)}


def _shares(heard: Iterable[Weight], never_simple: bool) -> list[float]:
    """The shares of simple, medium and complex, which are 1 together."""
    medium = complex_ = 0.0
    for one, other in heard:
        medium, complex_ = medium + one, complex_ + other
    sums = (0.0, medium, complex_)
    most = max(sums[1:] if never_simple else sums)
    raised = [math.exp(max(one - most, -50.0)) for one in sums]
    raised[0] *= not never_simple
    return [one / sum(raised) for one in raised]


def _never(kind: str) -> tuple[str, ...]:
    return (f"{kind} is never simple",) if kind in NEVER_SIMPLE else ()


def _reasons(heard: Mapping[str, Weight], level: int) -> tuple[str, ...]:
    """What spoke for this level most, against the other two."""

    def push(weight: Weight) -> float:
        sums = (0.0, *weight)
        return sums[level] - (sum(sums) - sums[level]) / 2

    ranked = sorted(((push(weight), name) for name, weight in heard.items()), reverse=True)
    return tuple(name for pushed, name in ranked[:REASONS] if pushed > 0.2)
