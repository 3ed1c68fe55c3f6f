"""How many of something there were on two sides that one text counts one after the other: both, and their sum."""

from __future__ import annotations

import re

from assistants.findings import Findings
from assistants.lore.dates import Ask, told
from assistants.lore.evidence import Evidence
from assistants.lore.paraphrase import likeness
from haven.world.numerals import number_of
from haven.world.passages import Sentence, sentences
from haven.world.words import fold, is_stop, words

_COUNTED = re.compile(r"\b(?:how many|wie ?viele)\s+(?:of\s+)?(?:the\s+)?(?P<what>[^\W\d_]+)", re.IGNORECASE)
_TOGETHER = re.compile(
    r"[,;]?\s*\b(?:(?:on |of |for |by |from )?both (?:the )?\w+(?: \w*(?:together|combined|counted|included|up))*"
    r"|(?:all |counted |taken |put |added )?(?:together|combined)|altogether|in total|all told|in all|all in all"
    r"|(?:beide \w+ )?(?:zusammen\w*|insgesamt))\b",
    re.IGNORECASE,
)


async def told_by_sums(question: str, ask: Ask) -> Findings | None:
    """The two numbers and their sum; None for another question, and where the text counts only once."""
    if (match := _COUNTED.search(question)) is None:
        return None
    asked = {one.bare for one in words(question)}
    for one in (await ask(_TOGETHER.sub("", question)))[:1]:
        all_ = sentences(one.thing)
        at = one.sentence.number
        if at + 1 == len(all_) or all_[at + 1].paragraph != one.sentence.paragraph:
            return None
        first, verb = _number_of(one.sentence, fold(match["what"]), "", asked)
        second, _ = _number_of(all_[at + 1], fold(match["what"]), verb, asked)
        if first and second:
            both = [one, Evidence(all_[at + 1], (), (), 1.0, True, 1.0)]
            return told(f"{first + second} together: {first} and {second}.", both)
    return None


def _number_of(sentence: Sentence, what: str, verb: str, asked: set[str]) -> tuple[int | None, str]:
    """How many of it a side has that the question doesn't name, and the verb: `had seven ships`, `had eleven`."""
    for at, word in enumerate(sentence.words):
        number = number_of(sentence.folded[at]) if at else None
        side = [one for one in sentence.words[:at] if one.capital and not is_stop(one.bare)]
        if number is None or not side or any(one.bare in asked for one in side):
            continue
        before = sentence.folded[at - 1]
        after = sentence.words[at + 1] if at + 1 < len(sentence.words) else None
        counts = after is not None and bool(likeness(after, what))
        alone = after is None or bool(sentence.text[word.end : after.start].strip(" -"))
        if (counts and not verb) or (verb == before and (counts or alone)):
            return number, before
    return None, ""
