"""The shape of a file: its signatures for the map, and its pieces where the whole is too long."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

_WIDTH = 160
"""A signature is cut at this many characters."""
_MOST = 60
"""At most this many signatures of one file stand in the map."""

_DEFINES = re.compile(
    r"^[ \t]*(?:(?:export|default|public|private|protected|static|async|pub|abstract|final)[ \t]+)*"
    r"(?:def|class|function|func|fn|struct|enum|trait|interface|impl|module|namespace)[ \t][^\n]*"
    r"|^(?:export[ \t]+)?(?:const|let|var)[ \t]+\w+[ \t]*=[ \t]*(?:async[ \t]*)?(?:function\b|\()[^\n]*",
    re.MULTILINE,
)
_HEADING = re.compile(r"^#{1,3}[ \t][^\n]*", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:([\n\r'\"\\N])|.)")


@dataclass(frozen=True)
class Piece:
    """A span of lines, from 1, both ends within."""

    start: int
    end: int


def signatures(path: str, text: str) -> tuple[str, ...]:
    """The definitions of a file, one line each, indented as they are nested; empty where none are found."""
    tree = _parse(path, text)
    try:
        found = list(_python_signatures(tree)) if tree else [match[0].rstrip(" \t{") for match in _marks(path, text)]
    except RecursionError:
        found = []
    return tuple(line[:_WIDTH] for line in found[:_MOST])


def pieces(path: str, text: str) -> tuple[Piece, ...]:
    """The file cut at its functions (Python: methods as well), without a gap and in order."""
    total = text.count("\n") + (not text.endswith("\n"))
    tree = _parse(path, text)
    if tree:
        edges = {line for start, end in _functions(tree) for line in (start, end + 1)}
    else:
        edges = {text.count("\n", 0, match.start()) + 1 for match in _marks(path, text)}
    starts = sorted({1, *(edge for edge in edges if edge <= total)})
    return tuple(Piece(start, after - 1) for start, after in zip(starts, [*starts[1:], total + 1], strict=True))


_PARSING = threading.Lock()
"""CPython 3.11 may raise SystemError where two threads build syntax trees at once."""


def _parse(path: str, text: str) -> ast.Module | None:
    if not path.endswith((".py", ".pyi")):
        return None
    # Only the shape is wanted, so odd escapes are replaced first: the parser then has nothing to warn about.
    harmless = _ESCAPE.sub(lambda match: match[0] if match[1] else "xx", text)
    try:
        with _PARSING:
            return ast.parse(harmless)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _marks(path: str, text: str) -> Iterator[re.Match[str]]:
    return (_HEADING if path.lower().endswith(".md") else _DEFINES).finditer(text)


def _functions(node: ast.Module | ast.ClassDef) -> Iterator[tuple[int, int]]:
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield from _functions(child)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            yield first, child.end_lineno or child.lineno


def _python_signatures(node: ast.Module | ast.ClassDef, depth: int = 0) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in child.bases)
            yield "    " * depth + f"class {child.name}" + (f"({bases})" if bases else "")
            yield from _python_signatures(child, depth + 1)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            word = "def" if isinstance(child, ast.FunctionDef) else "async def"
            returns = f" -> {ast.unparse(child.returns)}" if child.returns else ""
            yield "    " * depth + f"{word} {child.name}({ast.unparse(child.args)}){returns}"
