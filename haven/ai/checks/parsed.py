"""JSON and YAML from strangers: read without recursion limits, aliases or types that a text could choose."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 60
"""Levels of YAML: libyaml takes quadratic time on deep brackets, and its loader recurses in C."""
LONGEST = 200_000
"""Characters of code, YAML and queries that are looked at: about 50,000 tokens, a second of work."""


class Unreadable(Exception):
    """The text is not what it should be; `str()` says where, in a phrase."""


class TooLong(Unreadable):
    """Longer than can be checked in reasonable time."""


def bounded(text: str, what: str) -> str:
    """The text itself; raises TooLong beyond LONGEST characters."""
    if len(text) > LONGEST:
        raise TooLong(f"{what} is too long to be checked")
    return text


def json_of(text: str) -> Any:
    """The value of a JSON text; raises Unreadable."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise Unreadable("brackets too deep to be checked") from None
    except ValueError:
        raise Unreadable("a number that is too long") from None


def yaml_shape(text: str) -> bool:
    """Whether a YAML text has aliases; raises Unreadable where it is not YAML or too deep."""
    import yaml

    depth, aliases = 0, False
    try:
        for event in yaml.parse(bounded(text, "the YAML"), Loader=_loader()):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEEPEST:
                    raise Unreadable("nested too deep to be checked")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            aliases = aliases or isinstance(event, yaml.AliasEvent)
    except yaml.YAMLError as error:
        raise Unreadable(_said(error)) from None
    except UnicodeEncodeError:
        raise Unreadable("characters that can't be stored") from None
    return aliases


def yaml_of(text: str) -> Any:
    """The value of one YAML document, every scalar a str; raises Unreadable, also for aliases (they can explode)."""
    import yaml

    if yaml_shape(text):
        raise Unreadable("its aliases can't be followed")
    try:
        return yaml.load(text, Loader=_loader())  # the base loader makes str, list and dict, and nothing else
    except (yaml.YAMLError, TypeError) as error:
        raise Unreadable(_said(error)) from None


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _said(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not YAML"
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)
