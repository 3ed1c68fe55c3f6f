"""What somebody takes back while they type: "how far is Oculi, no, Venture from Aster" asks about Venture."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from haven.world.asking.phrases import phrases
from haven.world.words import fold, word_set


class Name(Protocol):
    """A name of the world as it stands in a text."""

    @property
    def text(self) -> str: ...


MOST_REPAIRS = 3
_SURE = (
    r"scratch that|strike that|correction|(?:actually,? )?make (?:that|it)|or rather|or better|oder vielmehr|vielmehr"
    r"|besser gesagt|oder besser|quatsch|falsch|my mistake|nein|nope|nee|no wait|wait no|oops|ups"
)
_BARE = r"no|sorry|pardon|wait|hang on|hold on|moment|halt|entschuldigung|verzeihung|actually|doch"
"""These take something back only before a comma, a name, or another of them."""
_WEAK = r"i mean|ich meine|i meant|ich meinte|that is|rather"
"""These may explain as well: what they stand before replaces only what is of its own sort."""
_UM = r"(?:(?:oh|er+m?|uh|um+|hm+|ah|äh+m?|ach|eh|well)\b[,.]*\s+)*"
_MARK = re.compile(
    rf"\s*(?:\.\.+|…|[,;:(]|\s[–—-]+)\s*{_UM}"
    rf"(?P<marks>(?:(?:{_SURE}|{_BARE}|{_WEAK})\b(?P<stop>\s*[,;:–—-]+)?\s+)+)(?P<after>\S.*)$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"(?P<before>^.*?)[,;]\s*{_UM}(?P<new>[^,;?]+?),? (?:i mean|i meant|ich meine)(?=\s*[?.!]*$)", re.IGNORECASE
)
"""`..., Venture I mean`."""
_ASKS = re.compile(r"(?:who|whose|what|which|when|where|why|how|wer|was|wann|wo|welche\w*|warum|wie)\b", re.IGNORECASE)
_SMALL = word_set(
    "of from to in on at near between with by for the a an von vom nach zu zum zur der die das dem den des aus bei auf"
    " für im am"
)
_UNKNOWN = re.compile(r"(?<=\w )(?-i:[A-Z][\w'’-]*)(?: (?-i:[A-Z][\w'’-]*))*$")
"""A name that nobody knows, at the end."""
_SENTENCE = re.compile(r"[.?!]\s+(?=\S)")


def mended(text: str, naming: Callable[[str], Sequence[Name]]) -> str:
    """The text with what was said last in the place of what it takes back."""
    if (behind := _BEHIND.match(text)) and naming(behind["new"]) and naming(behind["before"]):
        text = f"{behind['before']}, i mean {behind['new']}{text[behind.end() :]}"
    for _ in range(MOST_REPAIRS):
        if (match := _MARK.search(text)) is None:
            break
        start = max((one.end() for one in _SENTENCE.finditer(text[: match.start()])), default=0)
        new = _replaced(text[start : match.start()], match, naming)
        if new is None:
            break
        text = text[:start] + new
    return text


def _replaced(before: str, match: re.Match[str], naming: Callable[[str], Sequence[Name]]) -> str | None:
    """What comes before with the new in it; None where nothing is taken back."""
    after, marks = match["after"], match["marks"]
    names = naming(after)
    begun = re.sub(r"^(?:the|der|die|das|dem|den) ", "", after, flags=re.IGNORECASE)
    name = names[0].text if names and any(part.startswith(names[0].text) for part in (after, begun)) else ""
    weak = re.fullmatch(rf"(?:(?:{_WEAK}|actually|doch)\b[\s,;:–—-]*)+", marks, re.IGNORECASE) is not None
    bare = re.fullmatch(rf"(?:{_BARE})\s+", marks, re.IGNORECASE) is not None
    if not before.strip() or (bare and not name):
        return None
    if _ASKS.match(after) and not weak:
        return f"{before}. {after}"  # it may point at a name said before
    first = after.split()[0].casefold().strip(",.?!")
    if first in _SMALL and not weak and (places := [*re.finditer(rf"\b{re.escape(first)}\b", before, re.IGNORECASE)]):
        return before[: places[-1].start()] + after
    if first in _SMALL and names and not name:
        small = after.split(maxsplit=1)
        name, after = (
            (names[0].text, small[1]) if len(small) > 1 and small[1].startswith(names[0].text) else ("", after)
        )
    if name:
        return _renamed(before, name, after if after.startswith(name) else begun, naming)
    return _reworded(before, after, weak)


def _renamed(before: str, name: str, after: str, naming: Callable[[str], Sequence[Name]]) -> str | None:
    """The new name in the place of the last one."""
    named = naming(before)
    if not named and "kind" in _sorts(before.split()[-1]):
        return f"{before} {after}"  # `the system, I mean Venture`
    if not named and (unknown := _UNKNOWN.search(before)):
        return f"{before[: unknown.start()]}{after}"
    if not named or named[-1].text == name:
        return None
    at = before.rfind(named[-1].text)
    tail, rest = before[at + len(named[-1].text) :], after[len(name) :]
    own = re.match(r"['’]s\b", rest)
    if own and re.match(r"['’]s\b", tail):
        rest = rest[own.end() :]
    rest = re.sub(r"^\s*[,;–—)-]+\s*", " ", rest)
    return f"{before[:at]}{name}{tail}{rest}"


def _reworded(before: str, after: str, weak: bool) -> str | None:
    """The new word in the place of the last one, or of as many as end with the same."""
    old, new = before.split(), after.split()
    ends = [word.casefold().strip(",.?!–—-") for word in new[:3]]
    last = old[-1].casefold()
    if last in ends and ends.index(last):
        return " ".join([*old[: -ends.index(last) - 1], *new])
    if weak and not _sorts(last) & _sorts(ends[0]):
        return None
    if ends[0] in _SMALL:
        return " ".join([*old, *new])
    return " ".join([*old[:-1], re.sub(r"[,;–—-]+$", "", new[0]), *new[1:]])


def _sorts(word: str) -> set[str]:
    """What a word is in a question: a kind, a superlative, a field."""
    key = (fold(word),)
    sorts = {role.partition(":")[0] for role in phrases().roles.get(key, ()) if ":" in role}
    return sorts | ({"field"} if key in phrases().concepts else set())
