"""An answer in words: quotations with their sources, or that nothing is recorded and what was looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistants.findings import Findings, Nature, Source
from assistants.lore.evidence import Evidence
from assistants.lore.question import Asks, Question
from haven.world.passages import is_draft, is_verbatim
from haven.world.schema import Thing, parent_of
from haven.world.which import which

MOST_QUOTES = 2
MOST_ABOUT = 3
MOST_COMPARED = 50
ALMOST = 0.12
"""A further sentence is quoted where its score is this close to the best."""
LEAST_NEAR = 0.6
"""The share of a question that a sentence must cover to be shown as what comes nearest."""


def told(question: Question, evidence: Sequence[Evidence], most: int = MOST_QUOTES) -> Findings:
    """The quotations that answer: canon first; where drafts alone tell of it, or tell it too, that is said."""
    sure = [one for one in evidence if not is_draft(one.thing)]
    drafts = [one for one in evidence if is_draft(one.thing)]
    lines, sources = [], list[Source]()
    if sure:
        chosen = _chosen(sure, most, MOST_ABOUT if question.asks is Asks.ABOUT else ALMOST)
        lines += [line_of(one) for one in chosen]
        sources += [source_of(one) for one in chosen]
    if drafts:
        chosen = _chosen(drafts, 1, ALMOST)
        lines.append("A draft, which is not canon, says:" if sure else "Only a draft tells of it, which is not canon:")
        lines += [line_of(one) for one in chosen]
        sources += [source_of(one) for one in chosen]
    return Findings("\n".join(lines), tuple(sources), Nature.QUOTATION, complete=True, material=tuple(lines))


def not_recorded(
    searched: Sequence[str], why: str, nearest: Sequence[Evidence] = (), meant: Sequence[str] = ()
) -> Findings:
    """Nothing answers: why, what was looked for, what comes nearest, and which names may have been meant."""
    lines = [f"Not recorded. {why}".strip()]
    if meant:
        lines.append(f"Did you mean {_either(meant)}?")
    if searched:
        lines.append(f"Looked for: {', '.join(searched)}.")
    if nearest:
        lines.append("What comes nearest, and may be something else:")
        lines += [line_of(one) for one in nearest]
    return Findings("\n".join(lines), tuple(source_of(one) for one in nearest), Nature.NOT_RECORDED)


def ask_back(name: str, things: Sequence[Thing], parents: Mapping[str, Thing]) -> Findings:
    """Several records bear the name, and what is recorded of them differs. `parents`: what they belong to, by id."""
    above = {one.id: parents[up].name for one in things if (up := parent_of(one)) in parents}
    text = which(name, things, lambda thing: above.get(thing.id, ""))
    sources = tuple(Source(thing.id, thing.name, thing.kind) for thing in things)
    return Findings(text, sources, Nature.ASK_BACK)


def line_of(one: Evidence) -> str:
    """The sentence word for word, with the one before it where that says who is meant, and where it stands."""
    dated = f"; the entry is dated {one.dated}" if one.dated else ""
    return f"“{quote_of(one)}” ({one.thing.name}, {one.sentence.where}{dated})"


def source_of(one: Evidence) -> Source:
    return Source(one.thing.id, one.thing.name, one.sentence.where, quote_of(one))


def quote_of(one: Evidence) -> str:
    """Never anything but the record's own words."""
    quote = " ".join(other.text for other in (*one.before, one.sentence, *one.after))
    return " ".join((quote if is_verbatim(quote, one.thing) else one.sentence.text).split())


def _chosen(evidence: Sequence[Evidence], most: int, almost: float) -> list[Evidence]:
    """The best, and what is as good but for `almost` and says something else."""
    chosen: list[Evidence] = []
    for one in evidence[:MOST_COMPARED]:
        if len(chosen) == most or one.score < evidence[0].score - almost:
            break
        quote = quote_of(one)
        if not any(one.sentence.text in known or quote == known for known in map(quote_of, chosen)):
            chosen.append(one)
    return chosen


def _either(names: Sequence[str]) -> str:
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
