"""Which tests check less than before, found by reading both versions of the test files; nothing is run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from haven.changes.checking.reaching import Function, live, sure, truth

MOST_BYTES = 2_000_000
"""A longer test file is not read."""
EXPECTS = frozenset({"raises", "warns", "deprecated_call", "assertRaises", "assertRaisesRegex", "assertWarns"})
LETS_OFF = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "importorskip"})
ASKS_LITTLE = frozenset({"isinstance", "hasattr", "callable", "len", "bool"})
WIDE = frozenset({"Exception", "BaseException"})
QUIET = WIDE | {"AssertionError"}
"""Who catches these catches a failing check."""


@dataclass
class Checks:
    """What one test function checks, its own helpers in the same file included."""

    asserts: int = 0
    empty: int = 0
    """Checks that can't fail, such as `assert True` or `assert x or True`."""
    exact: int = 0
    """Checks that something equals a value."""
    vague: int = 0
    """Checks that something is there, of some type or not negative, whatever it is."""
    expects: int = 0
    precise: int = 0
    """How closely the expected errors are named: 2 each with a `match`, 1 without, 0 for Exception itself."""
    let_off: int = 0
    """Marks and calls that skip the test or expect it to fail."""
    tolerance: float = 0.0
    swallowed: int = 0
    """Handlers that let a failing check pass."""
    always: int = 0
    """Checks that stand under no condition."""


def weakened(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, str]:
    """By test function ("tests/test_a.py::TestB::test_c"): in a sentence, what it no longer checks.

    Only functions that are in both versions of a file are looked at; a file that is no Python is left out.
    """
    return _weaker(before, after, of_tests=True)


def weakened_helpers(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, str]:
    """The same for functions that tests may call or be given, helpers and fixtures, wherever they check something."""
    return _weaker(before, after, of_tests=False)


def _weaker(before: Mapping[str, bytes], after: Mapping[str, bytes], *, of_tests: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(before.keys() & after.keys()):
        if before[path] == after[path]:
            continue
        was, now = _functions(before[path], of_tests), _functions(after[path], of_tests)
        for name in was.keys() & now.keys():
            if reasons := _less(was[name], now[name]):
                found[f"{path}::{name}"] = f"It {'; it '.join(reasons)}."
    return found


def _less(was: Checks, now: Checks) -> list[str]:
    real_before, real_now = was.asserts - was.empty, now.asserts - now.empty
    no_more = real_now <= real_before
    reasons = {
        "has a check that can't fail": now.empty > was.empty,
        f"checks {real_now} things where it checked {real_before}": real_now < real_before,
        "compares with a value no more": now.exact < was.exact and now.vague > was.vague,
        "no longer expects an error": now.expects < was.expects and no_more,
        "accepts more errors than before": now.precise < was.precise and now.expects >= was.expects,
        "may be skipped, or expected to fail": now.let_off > was.let_off,
        "allows larger differences": now.tolerance > was.tolerance and no_more,
        "goes on where a check fails": now.swallowed > was.swallowed,
        "checks only under a condition what it always checked": now.always < was.always and real_now >= real_before,
    }
    return [reason for reason, holds in reasons.items() if holds]


def _functions(source: bytes, of_tests: bool) -> dict[str, Checks]:
    """Every test function of a file (or every other one), by "Class::name"; nothing for what can't be read."""
    if len(source) > MOST_BYTES:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the project's code is written like is its own affair
            tree = ast.parse(source)
        desk = _Desk({node.name: node for node in ast.walk(tree) if isinstance(node, Function)})
        marks = sum(_let_off(node.value) for node in tree.body if _is_pytestmark(node))
        return dict(_counted(tree.body, "", desk, marks, of_tests))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _counted(
    body: list[ast.stmt], inside: str, desk: _Desk, marks: int, of_tests: bool
) -> Iterator[tuple[str, Checks]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            own = [mark.value for mark in node.body if _is_pytestmark(mark)]
            more = marks + sum(map(_let_off, [*node.decorator_list, *own]))
            yield from _counted(node.body, f"{inside}{node.name}::", desk, more, of_tests)
        elif isinstance(node, Function) and node.name.startswith("test") is of_tests:
            checks = desk.checks_of(node)
            checks.let_off += marks
            checks.always = checks.always if of_tests else 0
            yield inside + node.name, checks
        elif isinstance(node, ast.Assign) and of_tests:  # a name that stood for a test before
            yield from ((inside + name, Checks()) for name in map(_name, node.targets) if name.startswith("test"))


@dataclass
class _Own:
    """What one function checks by itself, and which functions it names: in any case, or at all."""

    checks: Checks
    calls: tuple[Function, ...]
    sure_calls: tuple[Function, ...]


class _Desk:
    """Counts the functions of one file, each once however many name it."""

    def __init__(self, helpers: Mapping[str, Function]) -> None:
        self._helpers = helpers
        self._own: dict[Function, _Own] = {}

    def checks_of(self, function: Function) -> Checks:
        """Its own checks, and those of the helpers that it names (each helper once)."""
        counts = [self._look(node).checks for node in self._reached(function, sure_only=False)]
        always = sum(self._look(node).checks.always for node in self._reached(function, sure_only=True))
        fields = {name: sum(getattr(one, name) for one in counts) for name in Checks.__dataclass_fields__}
        return Checks(**{**fields, "always": always})

    def _reached(self, function: Function, *, sure_only: bool) -> Iterator[Function]:
        seen, left = {function.name}, [function]
        while left:
            node = left.pop()
            yield node
            own = self._look(node)
            for called in own.sure_calls if sure_only else own.calls:
                if called.name not in seen:
                    seen.add(called.name)
                    left.append(called)

    def _look(self, function: Function) -> _Own:
        if function not in self._own:
            inner = [node for node in ast.walk(function) if isinstance(node, Function) and node is not function]
            known = {**self._helpers, **{node.name: node for node in inner}} if inner else self._helpers
            checks, names = _count(function)
            checks.always, sure_names = _always(function)
            calls = [known[name] for name in names if name in known]
            calls += [node for node in inner if node.decorator_list]  # whoever decorates it may call it
            self._own[function] = _Own(checks, tuple(calls), tuple(known[one] for one in sure_names if one in known))
        return self._own[function]


def _count(function: Function) -> tuple[Checks, dict[str, None]]:
    """One function's own checks, and every name that it uses or calls."""
    checks = Checks(let_off=sum(map(_let_off, function.decorator_list)))
    names: dict[str, None] = {}
    for node in live(function):
        if isinstance(node, ast.Assert):
            checks.asserts += 1
            checks.empty += _cannot_fail(node.test)
            checks.exact += _is_exact(node.test)
            checks.vague += _is_vague(node.test)
        elif isinstance(node, ast.ExceptHandler | ast.With | ast.AsyncWith | ast.Try | ast.TryStar):
            checks.swallowed += _swallows(node)
        elif isinstance(node, ast.Call):
            _count_call(node, checks)
            names[_name(node.func)] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names[node.id] = None
    return checks, names


def _always(function: Function) -> tuple[int, dict[str, None]]:
    """How many checks of its own run each time, and what is called each time."""
    count, called = 0, dict[str, None]()
    for statement in sure(function.body):
        if isinstance(statement, ast.Assert):
            count += 1
        elif isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return):
            names = {_name(node.func): None for node in ast.walk(statement) if isinstance(node, ast.Call)}
            count += any(name.startswith("assert") or name == "fail" for name in names)
            called |= names
    return count, called


def _count_call(node: ast.Call, checks: Checks) -> None:
    name = _name(node.func)
    words = {word.arg: word.value for word in node.keywords}
    if name in EXPECTS:
        named = {_name(each) for each in ast.walk(node.args[0])} if node.args else set(WIDE)
        checks.expects += 1
        checks.precise += 0 if named & WIDE else 2 if "match" in words or name.endswith("Regex") else 1
    elif name == "approx" or name == "assertAlmostEqual":
        checks.asserts += name != "approx"
        checks.tolerance += sum(_number(words.get(word)) for word in ("rel", "abs", "delta"))
    elif name.startswith("assert") and isinstance(node.func, ast.Attribute):
        checks.asserts += 1
        checks.exact += name == "assertEqual"
        checks.vague += name in ("assertIsNotNone", "assertIsInstance", "assertTrue")
        if node.args:
            checks.empty += {"assertTrue": _is_true, "assertFalse": _is_false}.get(name, _never)(node.args[0])
    elif name in ("skip", "xfail", "importorskip", "skipTest"):
        checks.let_off += 1
    elif name == "fail":
        checks.asserts += 1
    elif name == "suppress":
        checks.swallowed += bool({_name(each) for each in node.args} & QUIET)


def _cannot_fail(test: ast.expr) -> bool:
    """`True`, `1`, a string, a tuple with something in it, a lambda, `x or True`, `x == x`."""
    if isinstance(test, ast.BoolOp):
        parts = [_cannot_fail(value) for value in test.values]
        return any(parts) if isinstance(test.op, ast.Or) else all(parts)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
        return ast.dump(test.left) == ast.dump(test.comparators[0])
    return truth(test) is True


def _is_exact(test: ast.expr) -> bool:
    """`x == value`; with True, False or None it says no more than `x` or `x is None`."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = (test.left, test.comparators[0])
    return not any(
        isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, bool)) for side in sides
    )


def _is_vague(test: ast.expr) -> bool:
    """`x`, `x.y`, `x is not None`, `isinstance(x, T)`, `len(x) > 0`, `x >= 0`."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        op, value = test.ops[0], test.comparators[0].value
        return (isinstance(op, ast.IsNot | ast.NotEq) and value is None) or (
            isinstance(op, ast.Gt | ast.GtE) and value == 0
        )
    return isinstance(test, ast.Name | ast.Attribute | ast.Subscript) or (
        isinstance(test, ast.Call) and _name(test.func) in ASKS_LITTLE
    )


def _is_true(node: ast.expr) -> bool:
    return truth(node) is True


def _is_false(node: ast.expr) -> bool:
    return truth(node) is False


def _never(_: ast.expr) -> bool:
    return False


def _swallows(node: ast.AST) -> bool:
    """Whether a failing assert ends here unheard."""
    match node:
        case ast.ExceptHandler():
            caught = {_name(each) for each in ast.walk(node.type)} if node.type else {"BaseException"}
            heard = any(isinstance(each, ast.Raise | ast.Assert) or _name(each) == "fail" for each in ast.walk(node))
            return bool(caught & QUIET) and not heard
        case ast.Try() | ast.TryStar():  # to leave while an error is on its way drops that error
            last = [each for statement in node.finalbody for each in live(statement)]
            return any(isinstance(each, ast.Return | ast.Break | ast.Continue) for each in last)
        case ast.With() | ast.AsyncWith():
            calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
            wanted = {_name(each) for call in calls if _name(call.func) in EXPECTS for each in call.args[:1]}
            checked = any(isinstance(each, ast.Assert) for statement in node.body for each in live(statement))
            return bool(wanted & QUIET) and checked
    return False


def _is_pytestmark(node: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and any(_name(target) == "pytestmark" for target in node.targets)


def _let_off(node: ast.AST) -> int:
    return sum(_name(inner) in LETS_OFF for inner in ast.walk(node) if isinstance(inner, ast.Attribute | ast.Name))


def _name(node: ast.AST) -> str:
    """The last word of `a.b.c`; "" for anything else."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _number(node: ast.expr | None) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    return 0.0
