"""What code under review is made of, by the language of its file, and the words by which two lines differ. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import PurePosixPath

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

Span = tuple[int, int, str]
"""From and to which character, and what stands there, by one of the names in KINDS."""
KINDS = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (String, "string"),
    (Number, "number"),
    (Name.Function, "name"),
    (Name.Class, "name"),
    (Name.Tag, "name"),
    (Name.Decorator, "builtin"),
    (Name.Builtin, "builtin"),
)
PIECE = 8_000
"""Characters that are read at once: what a hostile text can make a lexer do grows with the square of it."""
LONG = 600
"""Characters of a line; one that is longer is not compared word by word, nor coloured."""
ALIKE = 0.5
"""Lines that share less than this are not the same line changed."""
WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def coloured(path: str, lines: Sequence[str]) -> list[list[Span]]:
    """The spans of each line; empty ones where the language is not known."""
    lexer = _lexer(PurePosixPath(path).name)
    found: list[list[Span]] = []
    while len(found) < len(lines):
        piece = _piece(lines[len(found) :])
        found += _spans(lexer, piece) if lexer else [[] for _ in piece]
    return found


@lru_cache(maxsize=4096)
def words_changed(old: str, new: str) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The stretches of each line that the other has not; none where they have little in common."""
    if max(len(old), len(new)) > LONG:
        return (), ()
    sides = WORDS.findall(old), WORDS.findall(new)
    matcher = difflib.SequenceMatcher(None, *sides, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
        return (), ()
    changed = [one for one in matcher.get_opcodes() if one[0] != "equal"]
    left = [_stretch(sides[0], begin, end) for _, begin, end, _, _ in changed if end > begin]
    right = [_stretch(sides[1], begin, end) for _, _, _, begin, end in changed if end > begin]
    return tuple(left), tuple(right)


@lru_cache(maxsize=64)
def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _piece(lines: Sequence[str]) -> list[str]:
    """As many lines as are read at once, at least one; long ones are left empty."""
    taken: list[str] = []
    room = PIECE
    for text in lines:
        shown = text if len(text) <= LONG else ""
        room -= len(shown) + 1
        if taken and room < 0:
            break
        taken.append(shown)
    return taken


def _spans(lexer: Lexer, lines: Sequence[str]) -> list[list[Span]]:
    found: list[list[Span]] = [[]]
    at = 0
    for kind, value in lexer.get_tokens("\n".join(lines)):
        name = _name(kind)
        for number, part in enumerate(value.split("\n")):
            if number:
                found.append([])
                at = 0
            if name and part:
                found[-1].append((at, at + len(part), name))
            at += len(part)
    return [*found, *([] for _ in lines)][: len(lines)]


@cache
def _name(kind: _TokenType) -> str:
    return next((name for one, name in KINDS if kind in one), "")


def _stretch(words: Sequence[str], begin: int, end: int) -> tuple[int, int]:
    start = sum(map(len, words[:begin]))
    return start, start + sum(map(len, words[begin:end]))
