"""Checks of running text: what spoils any reply, and answers, summaries, titles and lore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from haven.ai.checks import words
from haven.ai.checks.base import BAD, FAILS, FATAL, SLIGHT, Draft, Finding, listed, plain

_MARKUP = re.compile(
    r"<\|im_|<\|(?:system|user|assistant|eot_id|endoftext)|</?(?:question|request|instruction|material|draft)>"
    r"|\[/?INST\]|<</?SYS>>|</?think>|<start_of_turn>|^### (?:Instruction|Response):",
    re.M,
)
_REFUSES = re.compile(
    r"\bas an? (?:ai|artificial|large language|language) |\bI(?:['’]m| am) (?:just |only )?an? (?:ai|language model)\b"
    r"|\bI(?:['’]m| am) (?:very |so |really )?(?:sorry|afraid|unable|not able)\b|\bI apologi[sz]e\b"
    r"|\bI (?:can(?:no|['’])t|cannot|can not|won['’]t) (?:help|assist|answer|provide|do|fulfil|comply|access|create)"
    r"|\bals (?:KI|Sprachmodell)\b|\btut mir (?:sehr )?leid\b|\bdésolé|\ben tant qu['’](?:IA|intelligence)",
    re.I,
)
_IGNORANT = re.compile(
    r"\bI (?:do not|don['’]t) (?:know|have (?:any )?(?:information|access|data))\b|\bno idea\b", re.I
)
_CLOSED = re.compile(
    r"^\W*(?:is|are|does|do|did|can|could|was|were|has|have|had|will|would|should|may|who|whose|when|where|which|how "
    r"(?:many|much|far|old|long|big|high)|what (?:colou?r|time|day|year|name|number)|ist|sind|hat|kann|gibt|wer|wann|wo"
    r"|wie viele?|qui|quand|où|combien|est-ce|y a-t-il)\b",
    re.I,
)
_SHORT = re.compile(
    r"\b(?:one word|a word|yes or no|single word|only the (?:name|number)|in \d words?|ja oder nein)", re.I
)
_TRANSLATES = re.compile(
    r"translat|übersetz|tradui|traduc|\b(?:in|into|to|auf|en|al?|ins) (?:english|german|french|spanish|italian|dutch"
    r"|portuguese|russian|chinese|japanese|deutsch|deutsche|englisch|französisch|spanisch|anglais|allemand|français"
    r"|español|inglés|italiano)\b",
    re.I,
)
_COUNTS = re.compile(
    r"\b(?:how (?:many|much|far|long|old)|count|total|sum|average|difference|calculate|percent|combien|wie viele?)\b",
    re.I,
)
_META = re.compile(
    r"^\W*(?:sure|certainly|of course|absolutely|okay|here(?:['’]s| is| are)\b|below is|hier ist|voici)"
    r"|\b(?:let me know|hope (?:this|you)|feel free|word count|would you like me|as requested|this (?:story|text|lore "
    r"(?:entry|text)) (?:is|was|has been) (?:written|about)|in this (?:story|text|tale),? (?:I|we))\b",
    re.I,
)
_GENERIC = frozenset({"title", "untitled", "new title", "my title", "no title", "a title", "heading", "titel", "titre"})
_ONE_LINE = re.compile(r"\b(?:sentence|line|haiku|motto|short|couplet|paragraph|satz|zeile|kurz|phrase)", re.I)
_WORDS_ASKED = re.compile(r"\b(\d{1,4})[ -](?:words?|wörter|worte|mots|palabras)\b", re.I)
_END = re.compile(r"[.!?…:;)\]}\"'”’»*`|>\d]\s*\Z")


def said(draft: Draft) -> Iterator[Finding]:
    """What spoils every reply in words."""
    if _MARKUP.search(draft.text):
        yield Finding(60, "prompt markup in the answer")
    if draft.stop == "length":
        yield Finding(20, "cut off at the length limit")
    if draft.stop == "repeat":
        yield Finding(35, "stopped where it began to repeat itself")


def flows(draft: Draft) -> Iterator[Finding]:
    """Running text says a thing once, and says something."""
    if draft.stop != "repeat" and words.before_repeat(draft.text) is not None:
        yield Finding(60, "repeats itself")
    start = draft.text[:400]
    if _REFUSES.search(start):
        yield Finding(FAILS, "refuses or apologises instead of answering")
    elif _IGNORANT.search(start) and not draft.task.material:
        yield Finding(35, "says that it does not know")
    if draft.stop == "end" and len(draft.text.split()) > 12 and not _END.search(draft.text[-20:]):
        yield Finding(SLIGHT, "ends in the middle of a sentence")
    yield from _in_the_language_asked(draft)


def _in_the_language_asked(draft: Draft) -> Iterator[Finding]:
    asked, got = words.language(draft.question[:600]), words.language(draft.text)
    if asked and got and asked != got and len(draft.text.split()) >= 6 and not draft.asked(_TRANSLATES):
        yield Finding(FAILS, f"written in {got}, and the question is in {asked}")


def answers(draft: Draft) -> Iterator[Finding]:
    """An answer is long enough and is not the question again."""
    brief = draft.asked(_CLOSED) or draft.asked(_SHORT)
    if len(draft.text.split()) < 3 and (draft.stop != "end" or not brief):
        yield Finding(35, "too short to be an answer")
    asked, got = _flat(draft.question), _flat(draft.text)
    whole = len(asked.split()) >= 3 and asked in got and 5 * len(got.replace(asked, "")) <= len(asked)
    if whole or (len(got.split()) >= 5 and got in asked):
        yield Finding(60, "says the question again")
    if len(got.split()) >= 5 and got in _answered_before(draft):
        yield Finding(60, "says an earlier answer again")
    yield from _follows_length(draft)


def _answered_before(draft: Draft) -> set[str]:
    """The answers to other questions of this conversation: a small model that is stuck gives one of them again."""
    earlier = pairwise(draft.task.turns[:-1])
    asked = _flat(draft.question)
    pairs = ((_flat(plain(before.text)), turn) for before, turn in earlier if turn.role == "assistant")
    return {_flat(turn.text) for question, turn in pairs if question != asked}


def grounded(draft: Draft) -> Iterator[Finding]:
    """Where material came along, the reply rests on it and makes up neither numbers nor names."""
    if not draft.task.material:
        return
    told = words.stems(draft.known)
    used = [word for word in words.content(draft.text) if len(word) > 4]
    resting = sum(words.stem(word) in told for word in used)
    same = words.language(draft.text) in ("", words.language(draft.material))
    if same and len(used) >= 5 and resting < 0.3 * len(used):
        yield Finding(FAILS, "little of it stands in the material")
    yield from made_up(draft, draft.text)


def made_up(draft: Draft, text: str) -> Iterator[Finding]:
    """Numbers and names that the model was never told."""
    numbers = words.ungrounded_numbers(text, draft.known)
    if draft.asked(_COUNTS):
        numbers = []
    long = [number for number in numbers if len(number) > 1]
    if long:
        yield Finding(35, f"numbers that stand nowhere in the material: {listed(long)}")
    elif numbers:
        yield Finding(SLIGHT, f"numbers that stand nowhere in the material: {listed(numbers)}")
    names = words.ungrounded_names(text, draft.known)
    if names:
        yield Finding(35 if len(names) > 1 else BAD, f"names that stand nowhere in the material: {listed(names)}")


def summarises(draft: Draft) -> Iterator[Finding]:
    """A summary is shorter than its text, covers it, and adds nothing."""
    source = draft.material or draft.task.turns[-1].text if draft.task.turns else draft.material
    size, whole = len(draft.text.split()), len(source.split())
    if size < 3:
        yield Finding(35, "too short to be a summary")
    if whole >= 20 and size >= 0.9 * whole:
        yield Finding(45, "not shorter than the text")
    elif whole >= 60 and size > 0.6 * whole:
        yield Finding(15, "hardly shorter than the text")
    got, text = _flat(draft.text), _flat(source)
    if size >= 8 and whole >= 1.5 * size and got[: len(got) * 4 // 5] in text[: 2 * len(got) + 200]:
        yield Finding(FAILS, "a copy of the text's beginning")
    terms = words.key_terms(source)
    same = words.language(draft.text) in ("", words.language(source))
    if same and len(terms) >= 3 and whole >= 40:
        covered = sum(term in words.stems(draft.text) for term in terms) / len(terms)
        if covered < 0.25:
            yield Finding(FAILS, f"misses what the text is about: {listed(terms)}")
        elif covered < 0.4 and size >= 12:
            yield Finding(15, "covers little of what the text is about")
    if not draft.task.material:
        yield from made_up(draft, draft.text)


def titles(draft: Draft) -> Iterator[Finding]:
    """One line of a few words that says what the thing is about."""
    title = title_of(draft).strip()
    count = len(title.split())
    if "\n" in title:
        yield Finding(FAILS, "more than one line")
    if count > 14 or len(title) > 100:
        yield Finding(FAILS, f"{count} words are too many for a title")
    if _flat(title) in _GENERIC:
        yield Finding(FATAL, "says nothing about the thing")
    if re.match(r"\W*(?:title|titel|titre)\s*:", title, re.I) or _META.search(title):
        yield Finding(35, "talks about the title instead of being one")
    if title[-1:] in ".;," or title[:1] in "\"'“*#`":
        yield Finding(SLIGHT, "marks around it")
    told = words.stems(draft.known)
    if told and words.stems(title) and not words.stems(title) & told:
        yield Finding(35, "none of its words stand in what was asked")


def title_of(draft: Draft) -> str:
    """The title itself, where the reply is a record that holds it."""
    data = draft.data
    if isinstance(data, dict):
        return next((value for value in data.values() if isinstance(value, str)), "")
    return draft.text


def tells(draft: Draft) -> Iterator[Finding]:
    """Lore is told, long enough, about what was asked, and never about itself."""
    if _META.search(draft.text[:300]) or _META.search(draft.text[-300:]):
        yield Finding(35, "talks about the text instead of telling it")
    count = len(draft.text.split())
    asked = _WORDS_ASKED.search(draft.question)
    least = int(asked[1]) * 6 // 10 if asked else 6 if draft.asked(_ONE_LINE) else 30
    if count < least:
        yield Finding(FAILS, f"{count} words are too few for what was asked")
    elif asked and count > 2 * int(asked[1]):
        yield Finding(BAD, f"{count} words where {asked[1]} were asked for")
    wanted = words.named(draft.question)
    told = draft.text.lower()
    missing = [name for name in wanted if words.stem(name.lower()) not in told]
    if wanted and len(missing) == len(wanted):
        yield Finding(35, f"does not speak of {listed(missing)}")


def _follows_length(draft: Draft) -> Iterator[Finding]:
    asked = _WORDS_ASKED.search(draft.question)
    count = len(draft.text.split())
    if asked and count > 2 * int(asked[1]) + 5:
        yield Finding(BAD, f"{count} words where {asked[1]} were asked for")


def _flat(text: str) -> str:
    """Lower case, words only."""
    return " ".join(re.findall(r"\w+", text.lower()))
