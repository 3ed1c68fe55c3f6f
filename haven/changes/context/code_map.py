"""The shape of a file: its pieces (functions, heads of classes), the names it defines, its signatures, its imports.

Read by lines and indents, not by a parser: the same on every version of Python, for code that does not compile as
well, and ten times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WIDTH = 160
"""A signature is cut at this many characters."""
_MOST = 60
"""At most this many signatures of one file stand in the map."""
_PARAGRAPH = 40
"""Lines of a piece where a file has no functions that are seen."""

_WORDS = r"(?:(?:export|default|public|private|protected|static|async|pub|abstract|final)[ \t]+)*"
_DEFINES = re.compile(
    rf"^[ \t]*{_WORDS}(?:def|class|function|func|fn|struct|enum|trait|interface|impl|module|namespace)[ \t][^\n]*"
    r"|^(?:export[ \t]+)?(?:const|let|var)[ \t]+\w+[ \t]*=[ \t]*(?:async[ \t]*)?(?:function\b|\()[^\n]*",
    re.MULTILINE,
)
_NAMES = re.compile(
    rf"^[ \t]*{_WORDS}(?:def|class|function|func|fn|struct|enum|trait|interface|type|const|let|var)[ \t]+"
    r"(?:\([^)\n]{0,80}\)[ \t]*)?([^\W\d]\w*)"
    r"|^[ \t]{0,4}([^\W\d]\w*)[ \t]*(?::[^=\n]{1,80})?=(?!=)",
    re.MULTILINE,
)
_HEADING = re.compile(r"^#{1,3}[ \t][^\n]*", re.MULTILINE)
_PYTHON_HEAD = re.compile(r"^([ \t]*)((?:async[ \t]+)?def|class)[ \t]+(\w+)[^\n]*", re.MULTILINE)
_IMPORTS = re.compile(
    r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]{0,4000}\)|[^\n#]+)|^[ \t]*import[ \t]+([\w., \t]+)",
    re.MULTILINE,
)
_IMPORTED = re.compile(r"(\w+)(?:[ \t]+as[ \t]+\w+)?")


@dataclass(frozen=True)
class Piece:
    """A span of lines, from 1, both ends within."""

    start: int
    end: int


def is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def pieces(path: str, text: str) -> tuple[Piece, ...]:
    """The file cut at its functions (Python: methods as well), without a gap and in order."""
    total = max(1, text.count("\n") + (not text.endswith("\n")))
    if is_python(path):
        edges = set(_python_edges(text.split("\n")))
    else:
        edges = {text.count("\n", 0, match.start()) + 1 for match in _marks(path, text)}
        edges = edges or set(range(1, total + 1, _PARAGRAPH))
    starts = sorted({1, *(edge for edge in edges if edge <= total)})
    return tuple(Piece(start, after - 1) for start, after in zip(starts, [*starts[1:], total + 1], strict=True))


def _python_edges(lines: list[str]) -> Iterator[int]:
    """Where functions and classes begin, with their decorators, and where what follows a function begins."""
    inside: int | None = None
    """Indent of the function that the line stands in; functions in functions are part of it."""
    decorated: int | None = None
    for number, line in enumerate(lines, 1):
        bare = line.lstrip()
        if not bare or bare[0] in "#)]}":
            continue
        indent = len(line) - len(bare)
        if inside is not None:
            if indent > inside:
                continue
            inside = None
            yield number
        if bare[0] == "@":
            decorated = decorated or number
            continue
        if bare.startswith(("def ", "async def ")):
            inside = indent
            yield decorated or number
        elif bare.startswith("class "):
            yield decorated or number
        decorated = None


def names(text: str) -> list[str]:
    """What a file defines: functions, classes, types, and the names it assigns to near the left margin."""
    return [first or second for first, second in _NAMES.findall(text)]


def title(path: str, piece: str) -> str:
    """The name that a piece of a file defines first; empty where it defines none."""
    match = (_PYTHON_HEAD if is_python(path) else _NAMES).search(piece)
    return (match[3] if is_python(path) else match[1] or match[2]) if match else ""


def imports(path: str, text: str) -> list[str]:
    """The modules that a Python file names in its imports, as written there; sorted."""
    found: set[str] = set()
    for module, what, modules in _IMPORTS.findall(text) if is_python(path) else ():
        if module:
            found.add(module)
            found |= {f"{module.removesuffix('.')}.{name}" for name in _IMPORTED.findall(what)}
        else:
            found |= {name.split()[0] for name in modules.split(",") if name.strip()}
    return sorted(found)


def signatures(path: str, text: str) -> tuple[str, ...]:
    """The definitions of a file, one line each, indented as they are nested; empty where none are found."""
    if is_python(path):
        found = list(_python_signatures(text))
    else:
        found = [match[0].rstrip(" \t{") for match in _marks(path, text)]
    return tuple(line[:_WIDTH] for line in found[:_MOST])


def _marks(path: str, text: str) -> Iterator[re.Match[str]]:
    return (_HEADING if path.lower().endswith(".md") else _DEFINES).finditer(text)


def _python_signatures(text: str) -> Iterator[str]:
    """Classes and functions up to their colon, in one line; functions in functions are left out."""
    levels: list[tuple[int, bool]] = []
    """Indent of each definition that encloses the next one, and whether it is a function."""
    for match in _PYTHON_HEAD.finditer(text):
        indent = len(match[1].expandtabs(8))
        while levels and levels[-1][0] >= indent:
            levels.pop()
        if not any(function for _, function in levels):
            yield "    " * len(levels) + _head(text[match.start(2) : match.start(2) + 1000])
        levels.append((indent, match[2] != "class"))


def _head(source: str) -> str:
    """A definition's head without its colon, on one line."""
    depth = 0
    for at, letter in enumerate(source):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == ":" and depth == 0:
            source = source[:at]
            break
    else:
        source = source.split("\n", 1)[0]
    line = re.sub(r"\s+", " ", re.sub(r"#[^\n]*\n", "\n", source)).strip()
    return line.replace("( ", "(").replace(", )", ")").replace(" )", ")")
