"""Checks of code: which language it is in, and what can be told about it without running it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from haven.ai.checks import page, python_code, sql
from haven.ai.checks.base import BAD, FAILS, FATAL, Block, Draft, Finding
from haven.ai.checks.parsed import TooLong, Unreadable, bounded, json_of, yaml_shape

MOST_PYTHON = 20_000
"""Characters of Python that are compiled: time grows with the square of the fields in an f-string, and nothing else
runs in this process meanwhile."""
_ALIASES = {
    **dict.fromkeys(("py", "python3", "pycon", "py3"), "python"),
    **dict.fromkeys(("js", "javascript", "jsx", "mjs", "node"), "JavaScript"),
    **dict.fromkeys(("ts", "typescript", "tsx"), "TypeScript"),
    **dict.fromkeys(("yml",), "yaml"),
    **dict.fromkeys(("sqlite", "sqlite3"), "sql"),
    **dict.fromkeys(("htm", "xhtml"), "html"),
    **{name: name for name in ("json", "toml", "css", "java", "c", "go", "rust", "sql", "yaml", "html", "python")},
    **dict.fromkeys(("cpp", "c++"), "C++"),
    **dict.fromkeys(("bash", "sh", "shell", "console", "zsh"), "shell"),
}
_LOOKS = (
    ("html", re.compile(r"\A(?:<!doctype html|<html\b)", re.I)),
    ("python", re.compile(r"^(?:async def|def|class|with|for|if)\b[^\n;{]*:[ \t]*$|^(?:from [\w.]+ )?import \w", re.M)),
    ("JavaScript", re.compile(r"^[ \t]*(?:(?:export )?(?:async )?function\b|(?:const|let|var)[ \t]+[\w{\[])", re.M)),
    ("sql", re.compile(r"\A(?:select|insert|update|delete|create|with|pragma|alter|drop)\b", re.I)),
    ("json", re.compile(r"\A[\[{]\s*[\"\[{\]}]")),
    ("toml", re.compile(r"^\[[\w.-]+\]\s*$|^\w+ = ", re.M)),
)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
# Strings, comments and regular expressions after an operator: what stands in them is no bracket. Ends are optional and
# lengths bounded, so that no text makes it look twice at the same place.
_OUTSIDE = re.compile(
    r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|`(?:[^`\\]|\\.)*+`?"
    r"|(?<=[=(,:!&|?;\[{])\s{0,9}/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,99}+\]){1,999}+/|[()\[\]{}]",
    re.S,
)
_PROSE_LINE = re.compile(r"^(?:Here|This|The|Sure|Below|You|I|It|To|In|Note)\b[^=(){};\n]* [^=(){};\n]*[.:!]$", re.M)


def code(draft: Draft) -> Iterator[Finding]:
    """Every block of the reply, each by its own language; a reply without a fence is one block."""
    blocks = draft.blocks or (Block("", draft.text, 1, closed=True),)
    if any(not block.closed for block in blocks):
        yield Finding(FAILS if draft.stop == "length" else BAD, "the last block of code is not closed")
    known = [(language, block) for block in blocks if (language := _language(block))]
    if not known and (not draft.blocks or not any(block.text.strip() for block in blocks)):
        yield Finding(FATAL, "no code in it")
        return
    if not draft.blocks and _PROSE_LINE.search(draft.text):
        yield Finding(BAD, "words between the code without a fence")
    wanted = _wanted(draft)
    if wanted and known and wanted not in {language for language, _ in known}:
        yield Finding(FAILS, f"{wanted} was asked for, and this is {known[0][0]}")
    if sum(len(block.text) for language, block in known if language == "python") > MOST_PYTHON:
        raise TooLong("the Python is too long to be checked")
    for language, block in known:
        yield from _one(draft, language, block)


def _language(block: Block) -> str:
    if block.language:
        return _ALIASES.get(block.language, block.language)
    start = block.text[:20_000].lstrip()
    return next((name for name, look in _LOOKS if look.search(start)), "")


def _wanted(draft: Draft) -> str:
    """The language that the request names, if only one."""
    named = re.findall(r"\b(python|javascript|typescript|rust|java|sql|bash|toml|yaml|json)\b", draft.question.lower())
    found = {_ALIASES.get(name, name) for name in named}
    return next(iter(found)) if len(found) == 1 and found <= {"python", "JavaScript", "TypeScript", "rust"} else ""


def _one(draft: Draft, language: str, block: Block) -> Iterator[Finding]:
    if not block.text.strip():
        yield Finding(FAILS, "an empty block of code")
    elif language == "python":
        yield from python_code.python(draft, block.text, block.line)
    elif language in ("json", "toml", "yaml"):
        yield from _data(language, block.text)
    elif language == "sql":
        yield from sql.statements(draft, block.text)
    elif language == "html":
        yield from page.markup(bounded(block.text, "the page"), whole="<html" in block.text.lower())
    elif language not in ("shell", "text", "txt", "diff", "mermaid", "markdown", "md"):
        yield from _brackets(language, block)


def _data(language: str, text: str) -> Iterator[Finding]:
    try:
        if language == "json":
            json_of(bounded(text, "the JSON"))
        elif language == "yaml":
            yaml_shape(text)
        else:
            tomllib.loads(bounded(text, "the TOML"))
    except TooLong:
        raise
    except (Unreadable, tomllib.TOMLDecodeError, RecursionError) as error:
        yield Finding(FAILS + BAD, f"no valid {language.upper()} ({error or 'nested too deep'})")


def _brackets(language: str, block: Block) -> Iterator[Finding]:
    """Where there is no parser here, balanced brackets are all that can be told; that is said."""
    opened: list[tuple[str, int]] = []
    for match in _OUTSIDE.finditer(bounded(block.text, "the code")):
        mark = match[0]
        if mark in "([{":
            opened.append((mark, match.start()))
        elif mark in _BRACKETS and (not opened or opened.pop()[0] != _BRACKETS[mark]):
            yield Finding(FAILS, f"line {_line(block, match.start())}: {mark} without its {_BRACKETS[mark]}")
            return
    if opened:
        yield Finding(FAILS, f"line {_line(block, opened[-1][1])}: {opened[-1][0]} is never closed")
    yield Finding(5, f"of the {language} only the brackets could be checked")


def _line(block: Block, place: int) -> int:
    return block.text.count("\n", 0, place) + block.line
