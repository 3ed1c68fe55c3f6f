"""A long answer as pages, and its long code as files. The same text always gives the same pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.attached import Attached
from bot.render import prose

PAGE, ONE_PAGE = 2_400, 3_000
"""Characters of a page, of which there are several, and of a text that is shown on one: an embed holds 4,096."""
CODE_LINES = 15
"""Code that is longer goes to a file: on a phone it can't be read in a message."""
MOST_FILES = 8
"""Of code; a message takes ten files, and two may be the picture and the whole text."""
LONGEST = 1_000_000
SHORT = 40
"""Of a line that begins code; a longer one says more than the file's name keeps."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]{0,20})[^`]*$")
SUFFIXES = {
    "python": "py",
    "py": "py",
    "javascript": "js",
    "js": "js",
    "typescript": "ts",
    "ts": "ts",
    "jsx": "jsx",
    "bash": "sh",
    "sh": "sh",
    "shell": "sh",
    "zsh": "sh",
    "powershell": "ps1",
    "bat": "bat",
    "sql": "sql",
    "json": "json",
    "jsonl": "jsonl",
    "toml": "toml",
    "yaml": "yaml",
    "yml": "yaml",
    "ini": "ini",
    "xml": "xml",
    "html": "html",
    "css": "css",
    "markdown": "md",
    "md": "md",
    "csv": "csv",
    "diff": "diff",
    "patch": "diff",
    "c": "c",
    "cpp": "cpp",
    "c++": "cpp",
    "csharp": "cs",
    "c#": "cs",
    "cs": "cs",
    "java": "java",
    "kotlin": "kt",
    "go": "go",
    "rust": "rs",
    "rs": "rs",
    "ruby": "rb",
    "php": "php",
    "lua": "lua",
    "swift": "swift",
    "r": "r",
    "mermaid": "mmd",
    "dot": "dot",
    "svg": "svg",
    "dockerfile": "dockerfile",
    "makefile": "mk",
    "nix": "nix",
}
"""Of files, by the language that stands at the beginning of a block."""


@dataclass(frozen=True)
class Laid:
    """What a message shows of a text: its pages, fit for an embed, and its long code."""

    pages: tuple[str, ...]
    files: tuple[Attached, ...]


def laid_out(text: str) -> Laid:
    """A model's answer. Together, pages and files hold all of it."""
    rest, files = _without_code(text)
    return Laid(pages_of(rest), files)


def pages_of(text: str) -> tuple[str, ...]:
    """At least one. Broken between paragraphs, lines or words; code that a break goes through is code on both sides."""
    left = prose(text, LONGEST)
    if len(left) <= ONE_PAGE:
        return (left,)
    pages, opened = [], ""
    while left:
        room = PAGE - len(opened)
        piece = left if len(left) <= room else left[: _break(left, room)]
        left = left[len(piece) :].lstrip("\n" if opened else None)
        page = opened + piece.rstrip()
        opened = _left_open(page)
        pages.append(f"{page}\n```" if opened else page)
    return tuple(pages)


def _break(text: str, room: int) -> int:
    """Where to part it: as late as possible, and no word in two where that can be helped."""
    for mark in ("\n\n", "\n", " "):
        found = text.rfind(mark, room // 2, room)
        if found > 0:
            return found + len(mark)
    return room


def _left_open(page: str) -> str:
    """The line that goes on with the code which ends at the page's end; "" where none does."""
    opened = ""
    for line in page.split("\n"):
        if match := _FENCE.match(line):
            opened = "" if opened else f"```{match[2]}\n"
    return opened


def _without_code(text: str) -> tuple[str, tuple[Attached, ...]]:
    """Long blocks of code as files, and the text with their names in place of them."""
    kept: list[str] = []
    files: list[Attached] = []
    block: list[str] = []
    for line in text.split("\n"):
        if not block and _FENCE.match(line):
            block = [line]
        elif not block:
            kept.append(line)
        else:
            block.append(line)
            if _ends(block):
                kept += _put_away(block, files)
                block = []
    return "\n".join(kept + _put_away([*block, ""], files) if block else kept), tuple(files)


def _ends(block: list[str]) -> bool:
    first, last = _FENCE.match(block[0]), _FENCE.match(block[-1])
    return bool(first and last and last[1].startswith(first[1]) and not last[2])


def _put_away(block: list[str], files: list[Attached]) -> list[str]:
    """A block as it is, or the name of the file that holds it."""
    first = _FENCE.match(block[0])
    code = block[1:-1]
    if first is None or len(block[0]) > SHORT or len(code) <= CODE_LINES or len(files) == MOST_FILES:
        return block
    suffix = SUFFIXES.get(first[2].lower(), "txt")
    files.append(Attached(f"answer-{len(files) + 1}.{suffix}", "\n".join([*code, ""]).encode()))
    return [f"📎 `{files[-1].name}`"]
