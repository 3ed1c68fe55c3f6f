"""Routing rules from the settings, such as `kind == "code" and tokens > 2048`: read once, never executed as code.

Python's parser makes a tree of the text; only the few node types below are taken from it, every name and every type is
checked, and what is left are plain comparisons. Numbers are worked out as floats, where a product without end is
infinite. So a rule that is accepted at the start can't fail later.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from haven.access import Role
from haven.ai.kinds import KINDS
from haven.ai.task import Complexity, Where
from haven.errors import SettingsError

LONGEST = 500
"""Characters of one rule."""
DEEPEST = 20
"""Levels of one rule: far more than a person can read."""
LARGEST = 1e12
"""The largest number that a rule may name."""

Facts = Mapping[str, str | int | float | bool]

TEXT, NUMBER, FLAG, LIST = "a text", "a number", "true or false", "a list"


@dataclass(frozen=True)
class Name:
    """One thing that a rule may ask about; `values` are all that it can be, where they are a closed list."""

    type: str
    about: str
    values: tuple[str, ...] = ()


NAMES: Mapping[str, Name] = {
    "kind": Name(TEXT, "the kind of output", tuple(KINDS)),
    "tokens": Name(NUMBER, "tokens of all that would be sent, estimated"),
    "material_tokens": Name(NUMBER, "tokens of the texts that come along, estimated"),
    "max_tokens": Name(NUMBER, "the longest reply, in tokens"),
    "complexity": Name(TEXT, "how hard it is", tuple(Complexity)),
    "hardness": Name(NUMBER, "how hard it is, from 0 to 1"),
    "private": Name(FLAG, "it must not leave this house"),
    "where": Name(TEXT, "what the person chose", tuple(Where)),
    "has_schema": Name(FLAG, "the reply must be JSON of a given form"),
    "has_tools": Name(FLAG, "the model may call tools"),
    "change": Name(FLAG, "it belongs to a code change"),
    "background": Name(FLAG, "nobody waits for it"),
    "person": Name(TEXT, "who asks, such as discord:1234"),
    "role": Name(TEXT, "the person's role", tuple(role.name.lower() for role in Role)),
    "face": Name(TEXT, "where it is asked", ("bot", "kiosk", "web", "cli")),
    "hour": Name(NUMBER, "the hour of the day here, 0 to 23"),
    "spent_today": Name(NUMBER, "US dollars spent today"),
    "spent_month": Name(NUMBER, "US dollars spent this month"),
    "local_ok": Name(FLAG, "the local model can be used now"),
    "lan_ok": Name(FLAG, "a server at home can be used now"),
    "cloud_ok": Name(FLAG, "the cloud can be used now"),
}
"""All that a rule may ask about: whoever calls `Condition.holds` gives every one of them."""

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_SUMS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


@dataclass(frozen=True)
class Condition:
    """A rule that was read and checked."""

    text: str
    _part: _Part

    def holds(self, facts: Facts) -> bool:
        """Whether the rule is true of these facts: a value for each of NAMES."""
        return bool(self._part.value(facts))


@dataclass(frozen=True)
class _Part:
    """A piece of a rule: its type, how to work it out, and the texts it can be or names, where that is known."""

    type: str
    value: Callable[[Facts], Any]
    name: str = ""
    texts: tuple[str, ...] = ()


class _Wrong(Exception):
    """Why a rule can't be used, as the end of a sentence."""


def compile(text: str) -> Condition:
    """Read one rule. Raises SettingsError: one sentence that quotes the rule and says what is wrong with it."""
    line = " ".join(text.split())
    try:
        part = _read(_parse(line), 0)
        if part.type != FLAG:
            raise _Wrong(f"it is {part.type}, not true or false")
    except _Wrong as wrong:
        shown = line if len(line) <= 80 else f"{line[:80]}..."
        example = 'A rule reads like this: kind == "code" and tokens > 2048.'
        raise SettingsError(f"The routing rule {shown!r} can't be used: {wrong}.", example) from None
    return Condition(line, part)


def _parse(line: str) -> ast.expr:
    if not line:
        raise _Wrong("it is empty")
    if len(line) > LONGEST:
        raise _Wrong(f"it is longer than {LONGEST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a doubtful escape or number is an error here, not a line on the terminal
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        raise _Wrong(f"it can't be read near character {error.offset or 1}") from None
    except (ValueError, RecursionError, MemoryError, Warning):
        raise _Wrong("it can't be read") from None


def _read(node: ast.expr, depth: int) -> _Part:
    if depth > DEEPEST:
        raise _Wrong(f"it is nested more than {DEEPEST} levels deep")
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name(id=name):
            return _name(name)
        case ast.BoolOp(op=op, values=values):
            return _joined(all if isinstance(op, ast.And) else any, [_read(one, depth + 1) for one in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            denied = _expect(FLAG, _read(operand, depth + 1), "not")
            return _Part(FLAG, lambda facts: not denied.value(facts))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _expect(NUMBER, _read(operand, depth + 1), "-")
            return _Part(NUMBER, lambda facts: -number.value(facts))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SUMS:
            return _sum(_SUMS[type(op)], _read(left, depth + 1), _read(right, depth + 1))
        case ast.Compare(left=left, ops=ops, comparators=rest):
            parts = [_read(one, depth + 1) for one in (left, *rest)]
            return _joined(all, [_compared(*one) for one in zip(parts, ops, parts[1:], strict=False)])
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return _list([_read(one, depth + 1) for one in items])
    allowed = "comparisons, and, or, not, in, + - * and brackets"
    raise _Wrong(f"at character {node.col_offset + 1} stands more than {allowed}")


def _constant(value: object) -> _Part:
    match value:
        case bool():
            return _Part(FLAG, lambda _: value)
        case int() | float() if abs(value) <= LARGEST:
            number = float(value)
            return _Part(NUMBER, lambda _: number)
        case int() | float():
            raise _Wrong(f"a number may not be larger than {LARGEST:,.0f}")
        case str():
            return _Part(TEXT, lambda _: value, texts=(value,))
    raise _Wrong("only texts, numbers, true and false can stand in it")


def _name(name: str) -> _Part:
    if name in ("true", "false"):
        return _constant(name == "true")
    if name not in NAMES:
        near = get_close_matches(name[:40], NAMES, 1)
        hint = f"perhaps {near[0]!r} is meant" if near else f"there are {', '.join(NAMES)}"
        raise _Wrong(f"there is no {name[:40]!r}; {hint}")
    if NAMES[name].type == NUMBER:
        return _Part(NUMBER, lambda facts: float(facts[name]), name=name)
    return _Part(NAMES[name].type, lambda facts: facts[name], name=name)


def _list(parts: list[_Part]) -> _Part:
    types = {part.type for part in parts}
    if not types or not types <= {TEXT, NUMBER} or len(types) > 1:
        raise _Wrong("a list holds texts, or numbers")
    texts = tuple(text for part in parts for text in part.texts)
    return _Part(f"{LIST} of {types.pop()}", lambda facts: [part.value(facts) for part in parts], texts=texts)


def _expect(wanted: str, part: _Part, sign: str) -> _Part:
    if part.type != wanted:
        raise _Wrong(f"{sign!r} wants {wanted} and stands beside {part.name or part.type}")
    return part


def _joined(how: Callable[[Any], bool], parts: list[_Part]) -> _Part:
    sign = "and" if how is all else "or"
    for part in parts:
        _expect(FLAG, part, sign)
    return _Part(FLAG, lambda facts: how(part.value(facts) for part in parts))


def _sum(how: Callable[[Any, Any], Any], one: _Part, other: _Part) -> _Part:
    for part in (one, other):
        _expect(NUMBER, part, "+ - *")
    return _Part(NUMBER, lambda facts: how(one.value(facts), other.value(facts)))


def _compared(one: _Part, op: ast.cmpop, other: _Part) -> _Part:
    if type(op) not in _COMPARISONS:
        raise _Wrong("'is' is not used; write ==")
    within = isinstance(op, ast.In | ast.NotIn)
    wanted = f"{LIST} of {one.type}" if within else one.type
    if other.type != wanted:
        raise _Wrong(f"{one.name or one.type} can't be compared with {other.name or other.type}")
    if not within and one.type != NUMBER and not isinstance(op, ast.Eq | ast.NotEq):
        raise _Wrong(f"larger and smaller are for numbers, not for {one.name or one.type}")
    _possible(one, other)
    _possible(other, one)
    how = _COMPARISONS[type(op)]
    return _Part(FLAG, lambda facts: how(one.value(facts), other.value(facts)))


def _possible(named: _Part, said: _Part) -> None:
    """A closed list is only compared with what stands in it: a slip of the pen would never hold, and nobody notice."""
    values = NAMES[named.name].values if named.name else ()
    strange = [text for text in said.texts if values and text not in values]
    if strange:
        raise _Wrong(f"{named.name} is never {strange[0][:40]!r}; it is one of {', '.join(values)}")
