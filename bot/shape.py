"""A sentence with places for values, as `{name} may not {act}.`, found in a text.

By its fixed parts in their order and not by a regular expression: what others write can hold those parts so often that
one would try for seconds, and everybody waits. Here the time grows with the length of the text, whatever stands in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = re.compile(r"\{(\w+)\}")
_MOST = 60
"""Characters in a place that holds a sort of thing."""
_LENGTH, _NOUN = re.compile(r"\d[\d.,]*(?: [^\s.,;:]{1,20})?"), re.compile(r"[^().,:;]{1,40}")
_HELD = {
    "count": re.compile(r"\d[\d.,]*"),
    **dict.fromkeys(("length", "longest", "away"), _LENGTH),
    **dict.fromkeys(("kind", "found"), _NOUN),
}
"""What these places hold, that no sentence is taken for another."""

Way = tuple[int, int, "Way | None"]
"""Where a value begins and ends, and those before it."""


@dataclass(frozen=True)
class Shape:
    """`fixed` stands before, between and after the places `names`."""

    fixed: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, sentence: str) -> Shape:
        parts = _PLACE.split(sentence)
        return cls(tuple(parts[::2]), tuple(parts[1::2]))

    def match(self, text: str) -> dict[str, str] | None:
        """The value of each place, as short as can be; None where the text is no such sentence.

        A value has a character at least; a place that comes twice must hold the same both times.
        """
        if not text.startswith(self.fixed[0]) or not text.endswith(self.fixed[-1]):
            return None
        reached: dict[int, Way | None] = {len(self.fixed[0]): None}
        for number, (name, then) in enumerate(zip(self.names, self.fixed[1:], strict=True)):
            last = number == len(self.names) - 1
            reached = self._held(name, reached, text, then, last) if name in _HELD else _any(reached, text, then, last)
            if not reached:
                return None
        return self._values(text, next(iter(reached.values())))

    def _held(
        self, name: str, reached: dict[int, Way | None], text: str, then: str, last: bool
    ) -> dict[int, Way | None]:
        """From every place that was reached: the value is of one sort."""
        found: dict[int, Way | None] = {}
        for start, way in reached.items():
            for end in _ends(text, then, start + 1, last, start + _MOST):
                if end + len(then) not in found and _HELD[name].fullmatch(text, start, end):
                    found[end + len(then)] = (start, end, way)
        return found

    def _values(self, text: str, way: Way | None) -> dict[str, str] | None:
        values: dict[str, str] = {}
        for name in reversed(self.names):
            assert way is not None
            start, end, way = way
            if values.setdefault(name, text[start:end]) != text[start:end]:
                return None
        return values


def _any(reached: dict[int, Way | None], text: str, then: str, last: bool) -> dict[int, Way | None]:
    """From the first place that was reached, since any value will do: what a later one leads to, this one does."""
    start = min(reached)
    ends = _ends(text, then, start + 1, last, len(text))
    return {end + len(then): (start, end, reached[start]) for end in ends}


def _ends(text: str, then: str, first: int, last: bool, most: int) -> list[int]:
    """Where a value can end so that `then` follows; the last one ends with the text."""
    if last:
        end = len(text) - len(then)
        return [end] if first <= end <= most else []
    found, end = [], text.find(then, first)
    while 0 <= end <= most:
        found.append(end)
        end = text.find(then, end + 1)
    return found
