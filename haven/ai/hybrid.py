"""Before a task leaves: long material is cut down to what the question is about, by rules and by the local model.

What the local model writes is used only where it is much shorter and says nothing that the material doesn't say.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from haven.ai import validate
from haven.ai.checks import words
from haven.ai.money import tokens
from haven.ai.task import Privacy, Task, Turn, Where
from haven.errors import HavenError
from haven.quoting import data_block

PASSAGE_WORDS = 60
"""About a paragraph: small enough to leave out, large enough to be understood alone."""
SHORTER = 0.6
"""Notes are used where they are at most this share of the passages that they stand for."""
NOTE_TOKENS = 300
LONGEST_SENTENCE = 600
"""Characters; what has no sentence ends (a table, a log, minified data) is cut there."""
GAP = "[...]"

Ask = Callable[[Task], Awaitable[str]]
"""Asks the local model; raises HavenError where there is none."""


@dataclass(frozen=True)
class Prepared:
    """The task as it goes on, and in words what was done to it ("" where nothing was)."""

    task: Task
    note: str = ""


async def prepare(task: Task, limit: int, ask: Ask) -> Prepared:
    """Material of more than `limit` tokens, condensed to about that much."""
    before = await asyncio.to_thread(lambda: sum(map(tokens.count, task.material)))
    if before <= limit:
        return Prepared(task)
    kept = await asyncio.to_thread(extract, task.question, task.material, limit)
    notes = await _notes(task, kept, ask)
    material = (notes or kept,)
    after = tokens.count(material[0])
    how = "condensed by the local model" if notes else "cut to the passages that the question is about"
    return Prepared(replace(task, material=material), f"material {how}: {before} to {after} tokens")


def extract(question: str, material: Sequence[str], limit: int) -> str:
    """The passages that share the most and the rarest words with the question, in their order, within `limit` tokens.

    The rank is BM25 (Robertson and Zaragoza 2009, k1 1.2, b 0.75); the first passage says what the text is, so it
    stands before others of the same rank. Gaps are marked. Reads about 1.5 MB a second, so it runs in a thread.
    """
    passages = [passage for text in material for passage in _passages(text)]
    ranks = _bm25(_words(question), [_words(passage) for passage in passages])
    best = sorted(range(len(passages)), key=lambda one: (-ranks[one], one))
    chosen: list[int] = []
    left = limit
    for number in best:
        cost = tokens.count(passages[number]) + 4
        if cost <= left:
            chosen.append(number)
            left -= cost
    if best and not chosen:
        return passages[best[0]][: 2 * limit]  # not even one fits: a token is two characters or more
    parts: list[str] = []
    for place, number in enumerate(sorted(chosen)):
        if number != (sorted(chosen)[place - 1] + 1 if place else 0):
            parts.append(GAP)
        parts.append(passages[number])
    if chosen and max(chosen) < len(passages) - 1:
        parts.append(GAP)
    return "\n".join(parts)


async def _notes(task: Task, kept: str, ask: Ask) -> str:
    """The local model's notes on the passages; "" where they are no gain or say what does not stand there."""
    wanted = Task(
        kind="prepare",
        turns=(Turn("user", f"{data_block('material', kept)}\n\n{data_block('question', task.question[:1000])}"),),
        principal=task.principal,
        purpose="prepare a request for a larger model",
        system=("Copy the facts of the material that the question needs, as short notes. Add nothing.",),
        privacy=Privacy.PRIVATE,
        where=Where.LOCAL,
        max_tokens=NOTE_TOKENS,
    )
    try:
        notes = (await ask(wanted)).strip()
    except HavenError:
        return ""
    if not notes or tokens.count(notes) > SHORTER * tokens.count(kept):
        return ""
    points, _ = validate.score(replace(wanted, material=(kept,)), notes, None, "end")
    made_up = validate.grounded(notes, (kept, task.question))
    return notes if points >= validate.PASS_MARK and not made_up and _to_the_point(notes, task.question, kept) else ""


def _to_the_point(notes: str, question: str, kept: str) -> bool:
    """Whether the notes speak of what the question asks, as far as the passages do."""
    asked = words.stems(question) & words.stems(kept)
    return 2 * len(asked & words.stems(notes)) >= len(asked)


def _passages(text: str) -> list[str]:
    """Paragraphs, long ones cut at their sentences."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        size = 0
        piece: list[str] = []
        for sentence in _sentences(paragraph):
            piece.append(sentence)
            size += sentence.count(" ") + 1
            if size >= PASSAGE_WORDS:
                found.append("".join(piece).strip())
                size, piece = 0, []
        found.append("".join(piece).strip())
    return [passage for passage in found if passage]


def _sentences(paragraph: str) -> Iterator[str]:
    """With the blanks behind them, so that together they are the paragraph again."""
    for sentence in re.split(r"(?<=[.!?])(?=\s)|(?<=\n)", paragraph):
        yield from re.findall(rf"(?s).{{1,{LONGEST_SENTENCE}}}(?:\s|$)|.{{1,{LONGEST_SENTENCE}}}", sentence)


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w{3,}", text.lower()))


def _bm25(query: Counter[str], passages: Sequence[Counter[str]]) -> list[float]:
    mean = sum(map(sum, (passage.values() for passage in passages))) / max(1, len(passages))
    ranks = [0.0] * len(passages)
    for word in query:
        holding = sum(word in passage for passage in passages)
        weight = math.log(1 + (len(passages) - holding + 0.5) / (holding + 0.5))
        for number, passage in enumerate(passages):
            if count := passage[word]:
                length = 1 - 0.75 + 0.75 * sum(passage.values()) / mean
                ranks[number] += weight * count * 2.2 / (count + 1.2 * length)
    return ranks
