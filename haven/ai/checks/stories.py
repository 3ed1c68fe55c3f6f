"""Checks of user stories with their acceptance criteria, and of workflows step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from haven.ai.checks import diagram, prose
from haven.ai.checks.base import BAD, FAILS, SLIGHT, Draft, Finding, listed, short
from haven.ai.checks.parsed import TooLong, Unreadable, yaml_of

_TALE = re.compile(
    r"\b(?:tale|legend|myth|fable|saga|fiction|bedtime|novel|narrative|story (?:about|of|that|in which|set|for)"
    r"|short story|geschichte|märchen|sage|conte|histoire|légende|cuento|historia)\b",
    re.I,
)
_USER_STORIES = re.compile(r"\buser stor|acceptance|akzeptanz|backlog|\bgherkin\b|nutzergeschichte|user-stor", re.I)
_AS_A = re.compile(r"\b(?:as an?|als|en tant que|as the)\b[ *_`]+[^\n,.;]{2,80}", re.I)
_WANT = re.compile(r"\bI (?:want|need|would like|can|wish)\b|\bI['’]d like\b|\b(?:möchte|will) ich\b|\bje veux\b", re.I)
_SO_THAT = re.compile(r"\bso (?:that|I|we)\b|\bin order to\b|\bdamit\b|\bafin (?:de|que)\b", re.I)
_GIVEN = re.compile(r"\b(?:given|angenommen|gegeben|étant donné)\b", re.I)
_WHEN = re.compile(r"\b(?:when|wenn|quand|lorsque)\b", re.I)
_THEN = re.compile(r"\b(?:then|dann|alors)\b", re.I)
_ONE = re.compile(r"\b(?:a|one|single|eine) (?:\w+ )?user[ -]stor(?:y)\b", re.I)
_STEP = re.compile(
    r"^[ \t]{0,3}(?:#{1,4}[ \t]*)?(?:\*\*)?(?:step[ \t]+|schritt[ \t]+)?(\d{1,3})[.):][ \t]*(?:\*\*)?[ \t]*(.*)$",
    re.M | re.I,
)
_DECIDES = re.compile(
    r"\b(?:if|when|whether|unless|otherwise|else|decision|decides?|in case|approve|falls|wenn|sonst|si|sinon)\b", re.I
)
_ACTORS = re.compile(
    r"\b(?:actors?|roles?|who|responsible|inputs?|outputs?|owner|member|admin\w*|moderator|reviewer|user|author|bot|team"
    r"|scribe|sentinel|cartographer|lorekeeper|haven|operator|person|editor|maintainer|helper|discoverer|you)\b",
    re.I,
)
_YAML = re.compile(r"^(?:name|on|jobs|steps|stages|workflow|version|actors|trigger)\s*:", re.M)


def story(draft: Draft) -> Iterator[Finding]:
    """User stories; a tale where a tale was asked for."""
    if draft.asked(_TALE) and not draft.asked(_USER_STORIES):
        yield from prose.flows(draft)
        yield from prose.tells(draft)
    else:
        yield from user_stories(draft)


def user_stories(draft: Draft) -> Iterator[Finding]:
    """As a ..., I want ..., so that ...; each with criteria in Given, When, Then."""
    text = draft.text
    told = len(_AS_A.findall(text))
    if told == 0:
        yield Finding(FAILS, "no story says who (As a ...)")
    elif told == 1 and not draft.asked(_ONE):
        yield Finding(35, "one story where several were asked for")
    wants, goals = len(_WANT.findall(text)), len(_SO_THAT.findall(text))
    if wants < max(told, 1):
        yield Finding(FAILS if not wants else BAD, "a story does not say what is wanted (I want ...)")
    if goals < max(told, 1):
        yield Finding(35 if not goals else BAD, "a story does not say what for (so that ...)")
    parts = {"Given": _GIVEN, "When": _WHEN, "Then": _THEN}
    if missing := [name for name, part in parts.items() if not part.search(text)]:
        yield Finding(35 if len(missing) < 3 else FAILS, f"acceptance criteria lack {listed(missing)}")
    elif told and len(_THEN.findall(text)) < told:
        yield Finding(15, "not every story has its criteria")
    if told > 1 and len({" ".join(one.lower().split()) for one in _stories(text)}) < told:
        yield Finding(35, "the same story more than once")


def _stories(text: str) -> list[str]:
    """Each story with its wish, for comparing them."""
    starts = [match.start() for match in _AS_A.finditer(text)]
    return [text[start : start + 200].split("\n\n")[0] for start in starts]


def workflow(draft: Draft) -> Iterator[Finding]:
    """Numbered steps, each something to do, with who does it and where it is decided; or YAML; or a diagram."""
    if any(block.language == "mermaid" for block in draft.blocks):
        yield from diagram.diagram(draft)
        return
    block = next((one for one in draft.blocks if one.language in ("yaml", "yml")), None)
    if block or (not draft.blocks and len(_YAML.findall(draft.text)) >= 2):
        yield from _as_yaml(block.text if block else draft.text)
        return
    steps = [(int(match[1]), match[2].strip(" *_:")) for match in _STEP.finditer(draft.text)]
    if len(steps) < 3:
        yield Finding(FAILS, f"{len(steps) or 'no'} numbered steps where 3 are the least")
    if empty := [number for number, text in steps if len(text.split()) < 2 and not _goes_on(draft.text, number)]:
        yield Finding(35, f"step {empty[0]} says nothing to do")
    texts = [text.lower() for _, text in steps]
    if double := [text for text in dict.fromkeys(texts) if text and len(texts) < 1_000 and texts.count(text) > 1]:
        yield Finding(35, f"the same step more than once: {listed(double)}")
    yield from _in_order([number for number, _ in steps])
    if not _DECIDES.search(draft.text):
        yield Finding(20, "no decision: what happens if something goes another way")
    if not _ACTORS.search(draft.text):
        yield Finding(15, "does not say who does it, or with what")


def _in_order(numbers: list[int]) -> Iterator[Finding]:
    for before, after in pairwise(numbers):
        if after not in (before + 1, 1):
            yield Finding(35, f"after step {before} comes step {after}")
            return


def _goes_on(text: str, number: int) -> bool:
    """Whether a step with a bare heading is told in the lines below it."""
    after = re.search(rf"^[^\n\d]{{0,12}}{number}[.):][^\n]*\n+[ \t]*[^\d\s#]", text, re.M)
    return after is not None


def _as_yaml(text: str) -> Iterator[Finding]:
    try:
        read = yaml_of(text)
    except TooLong:
        raise
    except Unreadable as error:
        yield Finding(60, f"no valid YAML ({short(str(error), 80)})")
        return
    steps = list[object]()
    waiting: list[object] = [read]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for key, value in one.items():
                if str(key) in ("steps", "tasks", "stages", "jobs", "states") and isinstance(value, list | dict):
                    steps += value if isinstance(value, list) else value.values()
                waiting.append(value)
        elif isinstance(one, list):
            waiting += one
    if len(steps) < 2:
        yield Finding(FAILS, f"{len(steps) or 'no'} steps in it")
    if any(not one for one in steps):
        yield Finding(35, "a step without anything to do")
    if not isinstance(read, dict) or "name" not in read:
        yield Finding(SLIGHT, "the workflow has no name")
