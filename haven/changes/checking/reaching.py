"""What of a function's body can run, and what runs in any case: read from its text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
EMPTY_CALLS = frozenset({"list", "tuple", "set", "dict", "frozenset"})
ENDS = ast.Return | ast.Raise


def truth(test: ast.expr | None) -> bool | None:
    """What a condition always is; None where that depends."""
    match test:
        case ast.Constant():
            return bool(test.value)
        case ast.UnaryOp(op=ast.Not()):
            inner = truth(test.operand)
            return None if inner is None else not inner
        case ast.List() | ast.Tuple() | ast.Set():
            return bool(test.elts)
        case ast.Dict():
            return bool(test.keys)
        case ast.Lambda() | ast.GeneratorExp():
            return True
        case ast.JoinedStr():
            return any(isinstance(part, ast.FormattedValue) or truth(part) for part in test.values)
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.Name(id="__debug__"):
            return True
        case ast.Call(func=ast.Name(id=name), args=[]) if name in EMPTY_CALLS and not test.keywords:
            return False
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0)]):
            return False
        case ast.Call(func=ast.Name(id="all"), args=[ast.GeneratorExp() | ast.ListComp() as over]):
            return True if truth(over.generators[0].iter) is False else None
    return None


def live(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, but for functions inside it and for what can't be reached: what stands after a return,
    under a condition that never holds, in a loop over nothing."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in _dead_fields(node):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, Function):
                continue
            yield from live(child)
            if isinstance(child, ENDS):
                break


def sure(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run each time, unless an error comes before; those in loops only where these run at all."""
    for statement in body:
        yield statement
        match statement:
            case ast.With() | ast.AsyncWith():
                yield from sure(statement.body)
            case ast.Try() | ast.TryStar():
                yield from sure([*statement.body, *statement.orelse, *statement.finalbody])
            case ast.For() if truth(statement.iter):
                yield from sure(statement.body)
            case ast.If() if (holds := truth(statement.test)) is not None:
                yield from sure(statement.body if holds else statement.orelse)
        leaves = isinstance(statement, ast.If | ast.Match) and any(
            isinstance(one, ast.Return) for one in live(statement)
        )
        if isinstance(statement, ENDS) or leaves:
            return


def _dead_fields(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.If | ast.While):
        holds = truth(node.test)
    elif isinstance(node, ast.For):
        holds = False if truth(node.iter) is False else None
    else:
        return ()
    return () if holds is None else ("orelse",) if holds else ("body",)
