"""Finds secrets by their own looks: private keys, and the shapes of `haven.redact.shapes`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from haven.redact.guesses import made_up
from haven.redact.shapes import ANCHORED, SCANNED, Shape

KINDS = ("KEY", *dict.fromkeys(shape.kind for shape in (*ANCHORED, *SCANNED)))

_BEGIN = re.compile(r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"(?:-----END[ A-Z0-9_-]{0,100})?KEY(?: BLOCK)?-----")
_BODY = re.compile(r"(?:[\sA-Za-z0-9+/=:,-]|\\[nr]){0,40}?[A-Za-z0-9+/=]{16}")
_REST = re.compile(r"(?:[\sA-Za-z0-9+/=]|\\[nr])*")
_LEAST_KEY, _LONGEST_KEY = 64, 20_000
_BLOCK, _LONGEST = 65_536, 4_096
"""Characters looked at in one go, so that other threads get their turn; and how far a secret may pass its end."""


def find(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of each secret; what is found first names what overlaps."""
    yield from _private_keys(text)
    for shape in ANCHORED:
        if shape.needle in text:
            yield from _anchored(text, shape)
    for shape in SCANNED:
        if shape.needle in text:
            yield from _scanned(text, shape)


def _private_keys(text: str) -> Iterator[tuple[str, int, int]]:
    """To its end, or as far as a cut text still has it."""
    at = text.find("-----BEGIN")
    while at >= 0:
        end = at + 1
        begin = _BEGIN.match(text, at)
        close = begin and _END.search(text, begin.end(), begin.end() + _LONGEST_KEY)
        if begin and (_BODY.match(text, begin.end()) or (close and close.start() - begin.end() >= _LEAST_KEY)):
            end = close.end() if close else _cut(text, begin.end())
            yield "KEY", at, end
        at = text.find("-----BEGIN", end)


def _cut(text: str, start: int) -> int:
    rest = _REST.match(text, start, start + _LONGEST_KEY)
    return rest.end() if rest else start


def _anchored(text: str, shape: Shape) -> Iterator[tuple[str, int, int]]:
    at = text.find(shape.needle)
    while at >= 0:
        match = shape.pattern.match(text, at)
        if match and (span := _taken(shape, match)):
            yield shape.kind, *span
        at = text.find(shape.needle, match.end() if match else at + 1)


def _scanned(text: str, shape: Shape) -> Iterator[tuple[str, int, int]]:
    for start in range(0, len(text), _BLOCK):
        for match in shape.pattern.finditer(text, start, start + _BLOCK + _LONGEST):
            if match.start() >= start + _BLOCK:
                break
            if span := _taken(shape, match):
                yield shape.kind, *span


def _taken(shape: Shape, match: re.Match[str]) -> tuple[int, int] | None:
    group = "value" if "value" in match.re.groupindex else 0
    return None if shape.careful and made_up(match[group]) else match.span(group)
