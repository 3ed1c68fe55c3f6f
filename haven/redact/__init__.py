"""Secrets and personal data out, stable placeholders in; the same values can be put back into a reply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from haven.redact import labels, personal, secrets
from haven.redact.invisible import View, seen
from haven.redact.published import is_published

Find = Callable[[str], Iterator[tuple[str, int, int]]]

KINDS = ("SECRET", "AUTHORIZATION", *secrets.KINDS, *personal.KINDS)
LITERAL = "LITERAL"
"""Kind of what only looked like a placeholder: replaced too, so that it comes back as it was."""
_NAMES = "|".join(kind.replace("_", "[_ ]") for kind in sorted({*KINDS, LITERAL}, key=len, reverse=True))
PLACEHOLDER = re.compile(rf"<\s?(?P<kind>{_NAMES})[_ ](?P<number>[0-9]{{1,7}})\s?>", re.I | re.A)
"""A placeholder, also where a model has changed its case or spacing."""
HALF_PLACEHOLDER = re.compile(r"<\s?(?:[A-Za-z][A-Za-z_ ]{0,20}\d{0,7}\s?)?$")
"""What may be the beginning of one, at the end of a text that is still coming in."""


@dataclass
class Redaction:
    """What was taken out of one exchange: value by placeholder, so that a reply can be made whole again."""

    values: dict[str, str] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _numbers: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many values of each kind were taken out."""
        return {kind: count for kind, count in self._numbers.items() if kind != LITERAL}

    def apply(self, text: str, *, personal: bool = True) -> str:
        """The text with placeholders such as `<EMAIL_1>`; the same value always gets the same one."""
        return _replaced(text, (*_finders(personal), _literals), self._placeholder)

    def restore(self, text: str) -> str:
        """Put the values back, in one pass: what a value itself contains is not looked at again."""
        return PLACEHOLDER.sub(lambda match: self.values.get(_proper(match), match[0]), text)

    def _placeholder(self, kind: str, value: str) -> str:
        if value not in self._known:
            self._numbers[kind] += 1
            self._known[value] = f"<{kind}_{self._numbers[kind]}>"
            self.values[self._known[value]] = value
        return self._known[value]


def redact(text: str, *, personal: bool = False) -> str:
    """One-way redaction, for logs, events and test output; placeholders that are there already stay."""
    return _replaced(text, _finders(personal), Redaction()._placeholder)


def _finders(with_personal: bool) -> tuple[Find, ...]:
    return (secrets.find, labels.find, *((personal.find,) if with_personal else ()))


def _literals(text: str) -> Iterator[tuple[str, int, int]]:
    return ((LITERAL, *match.span()) for match in PLACEHOLDER.finditer(text))


def _proper(match: re.Match[str]) -> str:
    return f"<{match['kind'].upper().replace(' ', '_')}_{match['number']}>"


def _replaced(text: str, finders: tuple[Find, ...], placeholder: Callable[[str, str], str]) -> str:
    """Each stretch of the original text that is found, replaced once; overlapping ones are one stretch."""
    parts, at = [], 0
    for start, end, kind in _stretches(text, finders):
        parts += [text[at:start], placeholder(kind, text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _stretches(text: str, finders: tuple[Find, ...]) -> list[tuple[int, int, str]]:
    """Start, end and kind, in order; where stretches overlap, the kind that was found first."""
    found = [
        (start, end, rank, kind)
        for rank, (kind, start, end) in enumerate(_found(text, finders))
        if not is_published(seen(text[start:end]))
    ]
    joined: list[tuple[int, int, int, str]] = []
    for start, end, rank, kind in sorted(found):
        if joined and start < joined[-1][1]:
            first, last, best, name = joined.pop()
            start, end, (rank, kind) = first, max(last, end), min((rank, kind), (best, name))
        joined.append((start, end, rank, kind))
    return [(start, end, kind) for start, end, _, kind in joined]


def _found(text: str, finders: tuple[Find, ...]) -> Iterator[tuple[str, int, int]]:
    """In what is seen of the text, and in the text as it is: something unseen may also part a secret from a word."""
    if view := View.of(text):
        yield from ((kind, *view.span(start, end)) for find in finders for kind, start, end in find(view.text))
    yield from (one for find in finders for one in find(text))
