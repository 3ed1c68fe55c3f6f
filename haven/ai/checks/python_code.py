"""Checks of Python that somebody else wrote: read as a syntax tree and compiled, never run, nothing of it imported."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import threading
import warnings
from collections.abc import Iterator

from haven.ai.checks.base import BAD, FAILS, Draft, Finding, listed, short
from haven.ai.checks.parsed import TooLong, bounded

MOST_LOOPS = 50
"""`for` parts of one comprehension: CPython 3.11 to 3.13 crash while compiling 100,000 of them."""

_ONE_AT_A_TIME = threading.Lock()
"""CPython 3.11 may raise SystemError where two threads build syntax trees at once; warning filters are shared too."""
_NAMED = re.compile(
    r"\b(?:function|method|class|generator|coroutine|decorator|constant)\b[^.\n]{0,40}?\b(?:called|named)\s+`?"
    r"([A-Za-z_]\w*)|\b(?:function|method|class|def)\s+(?:`([A-Za-z_]\w*)|([A-Za-z]\w*_\w+|[A-Za-z]\w*(?=\()"
    r"|[A-Za-z]+[a-z][A-Z]\w*))"
)
_LEFT_OUT = re.compile(
    r"#\s*(?:TODO|FIXME|XXX|\.\.\.|…)|#\s*(?:your|add|put|insert|the rest of|rest of|implement|existing)\b"
    r"[^\n]{0,60}\b(?:here|code|logic|goes|unchanged|later|this)\b",
    re.I,
)


def python(draft: Draft, text: str, line: int) -> Iterator[Finding]:
    """`line` is the line of the reply on which this code begins."""
    try:
        tree = _compiled(bounded(text, "the code"))
    except SyntaxError as error:
        where = f"line {(error.lineno or 1) + line - 1}: " if error.lineno else ""
        yield Finding(FAILS + BAD, f"{where}no valid Python ({short(error.msg or 'syntax error', 60)})")
        return
    except (ValueError, RecursionError, MemoryError, OverflowError):
        yield Finding(FAILS + BAD, "no valid Python (it can't be read)")
        return
    if not tree.body:
        yield Finding(FAILS + BAD, "no code in the block")
    yield from _imports(draft, tree)
    yield from _left_out(text, tree)
    yield from _defines(draft, tree)


def _compiled(text: str) -> ast.Module:
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) and (
                len(node.generators) > MOST_LOOPS
            ):
                raise TooLong("a comprehension is too long to be checked")
        try:
            compile(tree, "reply", "exec", dont_inherit=True)
        except SyntaxError as error:
            # A snippet for a notebook or the asyncio prompt may await at the top.
            if "await" not in str(error.msg):
                raise
            compile(tree, "reply", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return tree


def _imports(draft: Draft, tree: ast.Module) -> Iterator[Finding]:
    tried = {id(child) for node in ast.walk(tree) if isinstance(node, ast.Try) for child in node.body}
    tops: dict[str, bool] = {}
    for node in ast.walk(tree):
        if id(node) in tried:
            continue
        if isinstance(node, ast.Import):
            tops |= {name.name.split(".")[0]: True for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            tops[node.module.split(".")[0]] = True
    given = set(re.findall(r"\w+", draft.known))
    if missing := [top for top in tops if top not in given and not _installed(top)]:
        yield Finding(35, f"imports what is not installed: {listed(missing)}")


def _installed(top: str) -> bool:
    """By its top-level name only: looking for a submodule would import its parent."""
    if top in sys.stdlib_module_names or top == "__future__":
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def _left_out(text: str, tree: ast.Module) -> Iterator[Finding]:
    stubs = [node.name for node in _functions(tree) if _is_stub(node)]
    if stubs:
        yield Finding(FAILS, f"nothing in the body of {listed(stubs)}")
    if left := _LEFT_OUT.search(text):
        yield Finding(35, f"something was left out: {short(text[left.start() :].split(chr(10))[0])}")
    elif not stubs and any(isinstance(node, ast.Expr) and _is_dots(node) for node in tree.body):
        yield Finding(35, "something was left out: ...")


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions that have to do something: not those of a protocol, nor abstract or overloaded ones."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.dump(base) for base in node.bases):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
            getattr(mark, "attr", getattr(mark, "id", "")) in ("abstractmethod", "overload")
            for mark in node.decorator_list
        ):
            yield node
        waiting += ast.iter_child_nodes(node)


def _is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    doc = isinstance(node.body[0], ast.Expr) and isinstance(getattr(node.body[0], "value", None), ast.Constant)
    body = node.body[1:] if doc and not _is_dots(node.body[0]) else node.body
    return all(
        isinstance(one, ast.Pass) or _is_dots(one) or (isinstance(one, ast.Raise) and "NotImplemented" in ast.dump(one))
        for one in body
    )


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _defines(draft: Draft, tree: ast.Module) -> Iterator[Finding]:
    """The function or class that the request names is there."""
    wanted = {name for found in _NAMED.findall(draft.question[:4_000]) for name in found if name}
    there = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    there |= {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    if missing := sorted(wanted - there):
        yield Finding(FAILS, f"does not define {listed(missing)}")
