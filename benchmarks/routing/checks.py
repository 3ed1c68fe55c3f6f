"""Whether a reply does what a simulation task asks: a closed language of pure checks, listed in README.md."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any, TypeVar

from haven.errors import BadInput

Check = Mapping[str, Any]
Rule = TypeVar("Rule")

FENCE = re.compile(r"```[ \t]*[\w+-]*[ \t]*\n(.*?)```", re.DOTALL)
QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')
SQL_NAME = re.compile(r"\b(?:from|join|into|update|table(?:\s+if\s+not\s+exists)?)\s+[\"`\[]?(\w+)", re.IGNORECASE)
SQL_ALIAS = re.compile(r"(?:\bwith(?:\s+recursive)?|,)\s*(\w+)\s*(?:\([^)]*\)\s*)?as\s*\(", re.IGNORECASE)
SQL_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
VOID = {"img", "br", "hr", "input", "meta", "link"}
MAY_STAY_OPEN = {"p", "li", "tr", "td", "th", "dt", "dd", "option"}
"""HTML lets these end by themselves."""


def failures(checks: Sequence[Check], reply: str, context: str = "") -> list[str]:
    """What the reply misses, one line a check, or [] if it passes; raises BadInput on a check outside the language."""
    missed = []
    for check in checks:
        if len(check) != 1:
            raise BadInput(f"A check has one name, not {len(check)}: {dict(check)}.", "Write them one by one.")
        for name, wanted in check.items():
            if not _rule(LANGUAGE, name)(wanted, reply, context):
                missed.append(f"{name}: {wanted}")
    return missed


def _rule(rules: Mapping[str, Rule], name: str) -> Rule:
    if name not in rules:
        raise BadInput(f"There is no check called {name!r}.", f"There are: {', '.join(rules)}.")
    return rules[name]


def payload(reply: str) -> str:
    """The first fenced block if there is one, else the whole reply."""
    block = FENCE.search(reply)
    return (block.group(1) if block else reply).strip()


def _has(pattern: str, reply: str, _: str) -> bool:
    return re.search(pattern, reply, re.IGNORECASE | re.MULTILINE) is not None


def _not(pattern: str, reply: str, _: str) -> bool:
    return not _has(pattern, reply, "")


def _equals(wanted: str, reply: str, _: str) -> bool:
    def bare(text: str) -> str:
        return " ".join(text.split()).strip("\"'*`.!? ").casefold()

    return bare(reply) == bare(wanted)


def _words(bounds: Sequence[int], reply: str, _: str) -> bool:
    return bounds[0] <= len(reply.split()) <= bounds[1]


def _lines(bounds: Sequence[int], reply: str, _: str) -> bool:
    return bounds[0] <= sum(1 for line in reply.splitlines() if line.strip()) <= bounds[1]


def _json(wanted: Mapping[str, Any], reply: str, _: str) -> bool:
    try:
        value = json.loads(payload(reply))
        for step in filter(None, str(wanted["path"]).split(".")):
            value = value[int(step)] if isinstance(value, list) else value[step]
    except (ValueError, KeyError, IndexError, TypeError):
        return False
    return all(_rule(JSON_RULES, rule)(value, given) for rule, given in wanted.items() if rule != "path")


def _same(value: Any, given: Any) -> bool:
    """Equal, letter case and outer blanks aside; true is not 1."""
    if isinstance(value, str) and isinstance(given, str):
        return value.strip().casefold() == given.strip().casefold()
    return bool(value == given) and isinstance(value, bool) == isinstance(given, bool)


def _among(value: Any, given: Sequence[Any]) -> bool:
    return any(_same(value, one) for one in given)


def _all_among(value: Any, given: Sequence[Any]) -> bool:
    return isinstance(value, list) and bool(value) and all(_among(item, given) for item in value)


def _holds(value: Any, given: Sequence[Any]) -> bool:
    return isinstance(value, list) and all(_among(one, value) for one in given)


def _size(value: Any, given: Sequence[int]) -> bool:
    return isinstance(value, list | dict | str) and given[0] <= len(value) <= given[1]


JSON_RULES: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _same,
    "in": _among,
    "all_in": _all_among,
    "holds": _holds,
    "size": _size,
    "matches": lambda value, given: isinstance(value, str) and re.search(given, value, re.IGNORECASE) is not None,
}


def _python(wanted: Mapping[str, Any], reply: str, _: str) -> bool:
    """The code is parsed and looked at; it never runs."""
    try:
        nodes = list(ast.walk(ast.parse(payload(reply))))
    except (SyntaxError, ValueError):
        return False
    defined = {node.name: node for node in nodes if isinstance(node, DEFINITIONS)}
    return all(_rule(PYTHON_RULES, rule)(nodes, defined, given) for rule, given in wanted.items())


DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _defines(_: list[ast.AST], defined: Mapping[str, ast.AST], given: Sequence[str]) -> bool:
    return set(given) <= set(defined)


def _args(_: list[ast.AST], defined: Mapping[str, ast.AST], given: Mapping[str, int]) -> bool:
    """`given` names functions and how many positional parameters each has."""

    def count(node: ast.AST | None) -> int:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return -1
        return len(node.args.posonlyargs) + len(node.args.args)

    return all(count(defined.get(name)) == number for name, number in given.items())


def _calls(nodes: list[ast.AST], _: Mapping[str, ast.AST], given: Sequence[str]) -> bool:
    """`given` names what is called, the last word of it: `sqrt` for math.sqrt(...)."""
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    names = {item.attr if isinstance(item, ast.Attribute) else getattr(item, "id", "") for item in called}
    return set(given) <= names


def _imports(nodes: list[ast.AST], _: Mapping[str, ast.AST], given: Sequence[str]) -> bool:
    """Nothing outside `given` is imported."""
    roots = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    roots |= {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    return roots <= set(given)


def _uses(nodes: list[ast.AST], _: Mapping[str, ast.AST], given: Sequence[str]) -> bool:
    """Every word of `given` names a kind of node that stands in the tree."""
    kinds = {type(node).__name__ for node in nodes}
    return set(given) <= kinds


PYTHON_RULES: Mapping[str, Callable[[list[ast.AST], Mapping[str, ast.AST], Any], bool]] = {
    "defines": _defines,
    "args": _args,
    "calls": _calls,
    "imports_only": _imports,
    "uses": _uses,
}


def _sql_tables(wanted: Sequence[str], reply: str, _: str) -> bool:
    query = SQL_NOISE.sub(" ", payload(reply))
    aliases = {name.casefold() for name in SQL_ALIAS.findall(query)}
    return {name.casefold() for name in SQL_NAME.findall(query)} - aliases == {name.casefold() for name in wanted}


def _mermaid(wanted: str, reply: str, _: str) -> bool:
    return payload(reply).split("\n", 1)[0].casefold().startswith(wanted.casefold())


class _Page(HTMLParser):
    """Which elements hold text, and whether what is opened is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.filled: set[str] = set()
        self.crossed = False

    def whole(self) -> bool:
        return not self.crossed and set(self.open) <= MAY_STAY_OPEN

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            self.filled.add(tag)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in MAY_STAY_OPEN:
            self.open.pop()
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.crossed = True

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.filled.update(self.open)


def _html(wanted: Sequence[str], reply: str, _: str) -> bool:
    page = _Page()
    page.feed(payload(reply))
    page.close()
    return set(wanted) <= page.filled and page.whole()


def _quotes_context(wanted: bool, reply: str, context: str) -> bool:
    """At least one quotation of three words or more, and every such quotation stands in the context word for word."""
    source = " ".join(context.split()).casefold()
    spans = [" ".join("".join(groups).split()).strip(" .,;:!?").casefold() for groups in QUOTED.findall(reply)]
    long = [span for span in spans if len(span.split()) >= 3]
    return (bool(long) and all(span in source for span in long)) is wanted


LANGUAGE: Mapping[str, Callable[[Any, str, str], bool]] = {
    "has": _has,
    "not": _not,
    "equals": _equals,
    "words": _words,
    "lines": _lines,
    "json": _json,
    "python": _python,
    "sql_tables": _sql_tables,
    "mermaid": _mermaid,
    "html": _html,
    "quotes_context": _quotes_context,
}
