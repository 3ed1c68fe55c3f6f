"""Checks of records and tags: they fit their schema, and hold what the text says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from haven.ai.checks import words
from haven.ai.checks.base import FAILS, FATAL, SLIGHT, Draft, Finding, listed, short
from haven.ai.checks.parsed import Unreadable
from haven.ai.judging.patterns import too_slow

MOST_LEAVES = 5_000
_DIGITS = re.compile(r"\d+")
_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+", re.M)


def by_schema(draft: Draft) -> Iterator[Finding]:
    """What was asked for as a structure fits its schema."""
    task = draft.task
    if task.schema is None and task.tool is None:
        return
    data = draft.structure
    if data is None and task.schema is None and draft.stop == "end" and draft.text.strip():
        return  # a model may answer in words where a tool was offered: the caller reads them
    if data is None:
        yield Finding(FATAL, "no structured reply")
        return
    schema = task.schema if task.schema is not None else task.tool.schema if task.tool else {}
    _bounded(schema, data)
    for error in islice(_validator(schema).iter_errors(data), 3):
        where = ".".join(map(str, error.absolute_path))
        yield Finding(FAILS, f"{where}: {_said(error)}" if where else _said(error))


def _bounded(schema: Mapping[str, Any], data: object) -> None:
    """Raises Unreadable where a pattern of the schema could take too long for what it is held against."""
    texts = [value for _, value in _leaves(data) if isinstance(value, str)]
    texts += [str(key) for one in _mappings(data) for key in one]
    longest = max(map(len, texts), default=1)
    try:
        slow = any(too_slow(one, longest) for one in _patterns(schema))
    except (re.error, RecursionError, OverflowError):
        slow = True
    if slow:
        raise Unreadable("a pattern of its schema could not be checked")


def _patterns(schema: object) -> Iterator[str]:
    """Every regular expression of a schema."""
    for one in _mappings(schema):
        if isinstance(pattern := one.get("pattern"), str):
            yield pattern
        if isinstance(named := one.get("patternProperties"), Mapping):
            yield from named


def _validator(schema: Mapping[str, Any]) -> Any:
    """One that never looks a reference up outside, and sees duplicates in linear time."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry

    def unique(_: Any, wanted: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
        if wanted and isinstance(instance, list) and _twice(instance):
            yield ValidationError(f"the same more than once: {listed(_twice(instance))}")

    return extend(Draft202012Validator, {"uniqueItems": unique})(schema, registry=Registry())


def _said(error: Any) -> str:
    match error.validator:
        case "type":
            return f"is not of the type {error.validator_value}"
        case "enum" | "const":
            return f"{short(str(error.instance), 30)} is not one of the allowed values"
        case "maxLength" | "minLength" | "maxItems" | "minItems":
            return f"is too {'long' if error.validator.startswith('max') else 'short'}"
        case "pattern" | "format":
            return f"{short(str(error.instance), 30)} does not have the wanted form"
        case _:
            return short(error.message, 100)


def sentences(draft: Draft) -> str:
    """The running text that a structured reply holds; "" where it holds values only."""
    leaves = (value for _, value in islice(_leaves(draft.structure), MOST_LEAVES))
    return "\n".join(value for value in leaves if isinstance(value, str) and len(value.split()) > 5)


def tags(draft: Draft) -> Iterator[Finding]:
    """Tags come from the closed list, each once, and not too many."""
    given = _tags_of(draft)
    if not given:
        yield Finding(FATAL, "no tags")
        return
    allowed = _enum(draft.task.schema if draft.task.schema is not None else {})
    known = {str(one).lower() for one in allowed}
    strange = [tag for tag in given if known and tag.lower() not in known]
    if strange:
        yield Finding(FAILS, f"not in the list of tags: {listed(strange)}")
    if double := _twice(given):
        yield Finding(35, f"the same tag more than once: {listed(double)}")
    if len(given) > 12 and not known:
        yield Finding(35, f"{len(given)} tags are too many")
    elif known and len(known) > 4 and len(set(given)) >= len(known):
        yield Finding(35, "every tag of the list at once")
    long = [tag for tag in given if len(tag.split()) > 4 or len(tag) > 40]
    if long and not known:
        yield Finding(FAILS, f"too long for a tag: {listed(long)}")


def _tags_of(draft: Draft) -> list[str]:
    data = draft.structure
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), None)
    if isinstance(data, list):
        return [str(one).strip() for one in data[:MOST_LEAVES]]
    if draft.data is not None:
        return []
    parts = re.split(r"[,;\n]|\s(?=#\w)", _BULLET.sub("", draft.text[:20_000]))
    return [part.strip(" \t#`*\"'.") for part in parts if part.strip(" \t#`*\"'.")]


def _enum(schema: object, depth: int = 0) -> list[Any]:
    """The first closed list of a schema."""
    if depth > 12 or not isinstance(schema, Mapping):
        return []
    if isinstance(schema.get("enum"), list | tuple):
        return list(schema["enum"])
    inner = (one for value in schema.values() for one in (value if isinstance(value, list) else [value]))
    return next((found for one in inner if (found := _enum(one, depth + 1))), [])


def record(draft: Draft) -> Iterator[Finding]:
    """A record holds what the text says: nothing made up, nothing twice, and something at all."""
    data = draft.structure
    if not isinstance(data, dict | list):
        yield Finding(FATAL, "no structured reply")
        return
    leaves = list(islice(_leaves(data), MOST_LEAVES))
    filled = [(name, value) for name, value in leaves if value not in (None, "", "null", "N/A", "unknown")]
    told = "\n".join((*draft.task.material, draft.question, *(turn.text for turn in draft.task.turns)))
    source, long = _Source(told), len(told.split())
    if not filled and long > 8:
        yield Finding(FAILS, "nothing was filled in")
    if empty := [name for name, value in leaves if value in ("", "null", "N/A")]:
        yield Finding(SLIGHT, f"empty where it should be null or left out: {listed(empty)}")
    if double := [one for items in _lists(data) for one in _twice(items)]:
        yield Finding(35, f"the same more than once: {listed(double)}")
    allowed = {str(one) for one in _all_enums(draft.task.schema)}
    strange = [name for name, value in filled if str(value) not in allowed and not source.holds(value)]
    if strange and long > 5:
        yield Finding(35 if len(strange) == 1 else FAILS, f"not in the text: {listed(strange)}")


class _Source:
    """What a value can have been taken from, read once."""

    def __init__(self, text: str) -> None:
        self._text = text.lower()
        self._stems = {words.stem(word) for word in words.WORD.findall(self._text)}
        self._digits = {digits.lstrip("0") for digits in _DIGITS.findall(text)}

    def holds(self, value: object) -> bool:
        """A date or a number counts by its digits, words by half of their stems."""
        text = str(value).lower()
        if isinstance(value, bool) or (len(text) < 200 and text in self._text):
            return True
        if isinstance(value, int | float):
            return not words.ungrounded_numbers(text.lstrip("-"), self._text)
        carried = words.WORD.findall(text)
        if carried:
            return 2 * sum(words.stem(word) in self._stems for word in carried) >= len(carried)
        groups = _DIGITS.findall(text)
        return 2 * sum(group.lstrip("0") in self._digits for group in groups) >= len(groups)


def _leaves(data: object) -> Iterator[tuple[str, Any]]:
    """Name and value of everything that is no list or object, without recursion."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        name, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [(str(key), value) for key, value in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [(name, value) for value in reversed(one)]
        else:
            yield name, one


def _lists(data: object) -> Iterator[list[Any]]:
    waiting: list[Any] = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            yield one
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one


def _twice(items: list[Any]) -> list[str]:
    """What a list holds more than once, whatever its case."""
    keys = [one.strip().lower() if isinstance(one, str) else json.dumps(one, sort_keys=True) for one in items]
    return [key for key, times in Counter(keys).items() if times > 1]


def _all_enums(schema: object) -> Iterator[Any]:
    for one in _mappings(schema):
        yield from one.get("enum", ()) if isinstance(one.get("enum", ()), list | tuple) else ()
        if "const" in one:
            yield one["const"]


def _mappings(tree: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a schema or in data, without recursion."""
    waiting: list[Any] = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield one
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
