"""Literals of the source that people in Discord come to read: what is said, what is raised, what is shown unsaid."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from haven import errors

ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.HavenError)}
SHOWN = {"title", "label", "description", "placeholder", "text", "name", "value", "content", "alt", "above"}
"""Arguments and attributes whose text Discord shows."""
APART = {"command", "describe", "Group", "Choice", "ContextMenu", "create_task", "parse", "notes"}
"""Calls whose words are no card's: commands have their own test, tasks are for the log."""
_PLACE = re.compile(r"\{\w*\}")


def shape(template: str) -> str:
    """The same for every naming of its places."""
    return _PLACE.sub("{}", template)


def template(node: ast.expr) -> str | None:
    """A literal, an f-string's values as `{}`; None for all else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts)
    return None


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a file with the last word of what is called."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def said(path: Path) -> set[str]:
    """What `say` is given as a literal."""
    found = (one.args[0] for name, one in calls(path) if name == "say" and one.args)
    return {one.value for one in found if isinstance(one, ast.Constant)}


def raised(path: Path) -> set[str]:
    """Sentences and mends of Haven's errors that hold words; a name stands for each literal that it is given."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    found = set()
    for name, one in calls(path):
        for given in one.args[:2] if name in ERRORS else ():
            several = named.get(given.id, []) if isinstance(given, ast.Name) else [given]
            parts = [
                part for one in several for part in ([one.body, one.orelse] if isinstance(one, ast.IfExp) else [one])
            ]
            found |= {shape(text) for part in parts if (text := template(part)) and _has_words(text)}
    return found


def literals(path: Path) -> Iterator[str]:
    """Every literal, f-strings as templates."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.expr) and (text := template(node)):
            yield text


def unsaid(path: Path) -> Iterator[tuple[int, str]]:
    """Words that are shown as they stand: of no call, in an argument or attribute that Discord shows."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        shown: list[ast.expr] = []
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] not in APART:
            shown = [one.value for one in node.keywords if one.arg in SHOWN]
            if ast.unparse(node.func).endswith(
                ("TextDisplay", "Section", "send_message", "set_footer", "words", "plain")
            ):
                shown += node.args[:1]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            shown = [node.value] if node.targets[0].attr in SHOWN else []
        for one in shown:
            for text in _bare(one):
                yield node.lineno, text


def _bare(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call | ast.Compare | ast.Subscript | ast.comprehension):
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and _has_words(node.value):
            yield node.value
        return
    for one in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.IfExp) and one is node.test):
            yield from _bare(one)


def _has_words(text: str) -> bool:
    return re.search(r"[^\W\d_]{2}", _PLACE.sub("", text)) is not None
