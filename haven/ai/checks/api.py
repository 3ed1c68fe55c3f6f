"""Checks of interfaces: an OpenAPI description as a structure, or their documentation in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from haven.ai.checks.base import BAD, FAILS, FATAL, SLIGHT, Draft, Finding, listed, short
from haven.ai.checks.parsed import TooLong, Unreadable, bounded, json_of, yaml_of

METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))
PLACES = frozenset(("query", "path", "header", "cookie", "body", "formData"))
_SAMPLES = frozenset(("example", "examples", "default"))
_OPENAPI = re.compile(r"^[ \t{\"']*(?:openapi|swagger)[\"']?\s*:", re.M)
_WANTS_OPENAPI = re.compile(r"open ?api|swagger", re.I)
_ENDPOINT = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE|HEAD)\b[`*\s|]{1,8}(?:https?://[\w.:-]+)?(/[\w/{}:.<>?=&-]*)")
_STATUS = re.compile(r"(?<![\d.])[1-5]\d\d(?![\d.]*\d)\b|\b(?:response|returns|antwort)", re.I)
_EXAMPLE = re.compile(r"\bcurl\b|\bexample|\bbeispiel|\bexemple|HTTP/1", re.I)
_PART = re.compile(r"\{([^{}/]{0,80})\}")


def api(draft: Draft) -> Iterator[Finding]:
    """An OpenAPI description where it is one or was asked for, else documentation."""
    blocks = [one for one in draft.blocks if one.language in ("", "yaml", "yml", "json") and _OPENAPI.search(one.text)]
    if blocks or _OPENAPI.match(draft.text.lstrip("{ \n\t\"'-")):
        yield from openapi(blocks[0].text if blocks else draft.text)
    elif draft.asked(_WANTS_OPENAPI):
        yield Finding(FATAL, "no OpenAPI description in it")
    else:
        yield from documentation(draft.text)


def openapi(text: str) -> Iterator[Finding]:
    """The parts that OpenAPI 3.0 and 3.1 require of a document; what it refers to stands in it."""
    try:
        text = bounded(text, "the description")
        document = json_of(text) if text.lstrip().startswith("{") else yaml_of(text)
    except TooLong:
        raise
    except Unreadable as error:
        yield Finding(60, f"can't be read: {error}")
        return
    if not isinstance(document, dict):
        yield Finding(FATAL, "no OpenAPI description in it")
        return
    version = str(document.get("openapi", document.get("swagger", "")))
    if not re.match(r"3\.[0-2]\.\d|2\.0$", version):
        yield Finding(FAILS, f"openapi: {short(version) or 'nothing'} is no version (such as 3.1.0)")
    info = document.get("info")
    if missing := [name for name in ("title", "version") if not isinstance(info, dict) or not info.get(name)]:
        yield Finding(35, f"info lacks {listed(missing)}")
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        yield Finding(60, "no paths")
        return
    for path, item in paths.items():
        yield from islice(_path(str(path), item), 4)
    yield from islice(_references(document), 3)
    yield from islice(_schemas(document), 3)
    names = [str(one["operationId"]) for one in _operations(paths) if one.get("operationId")]
    if double := [name for name in dict.fromkeys(names) if len(names) < 2_000 and names.count(name) > 1]:
        yield Finding(35, f"operationId used twice: {listed(double)}")


def _path(path: str, item: Any) -> Iterator[Finding]:
    if not path.startswith("/"):
        yield Finding(35, f"the path {short(path)} does not begin with /")
    if not isinstance(item, dict) or not (METHODS & item.keys() or "$ref" in item):
        yield Finding(FAILS, f"{short(path)} has no operation")
        return
    if strange := [one for one in item if one not in METHODS | _PATH_KEYS and not str(one).startswith("x-")]:
        yield Finding(FAILS, f"{short(path)}: {listed(list(map(str, strange)))} is no method")
    for method in METHODS & item.keys():
        yield from _operation(f"{method} {short(path)}", item[method], item)
        declared = {_named(one) for one in (*_list(item, "parameters"), *_list(item[method], "parameters"))}
        wanted = _PART.findall(path)
        if "" not in declared and (missing := [name for name in wanted if name not in declared]):
            yield Finding(35, f"{method} {short(path)} does not describe {listed(missing)}")


_PATH_KEYS = frozenset(("summary", "description", "servers", "parameters", "$ref", "query", "additionalOperations"))


def _operation(where: str, operation: Any, item: dict[str, Any]) -> Iterator[Finding]:
    responses = operation.get("responses") if isinstance(operation, dict) else None
    if not isinstance(responses, dict) or not responses:
        yield Finding(FAILS, f"{where} has no response")
        return
    for status, response in responses.items():
        if not re.fullmatch(r"[1-5](?:\d\d|XX)|default", str(status)) and not str(status).startswith("x-"):
            yield Finding(FAILS, f"{where}: {short(str(status), 20)} is no status")
        elif not isinstance(response, dict) or not (response.get("description") or "$ref" in response):
            yield Finding(BAD + 10, f"{where}: the response {status} has no description")
    for parameter in (*_list(item, "parameters"), *_list(operation, "parameters")):
        if "$ref" in parameter:
            continue
        if not parameter.get("name") or parameter.get("in") not in PLACES:
            yield Finding(35, f"{where}: a parameter without a name or a place")
        elif parameter["in"] == "path" and str(parameter.get("required")).lower() != "true":
            yield Finding(SLIGHT, f"{where}: the path parameter {short(str(parameter['name']))} must be required")


def _list(owner: Any, key: str) -> list[dict[str, Any]]:
    found = owner.get(key) if isinstance(owner, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _named(parameter: dict[str, Any]) -> str:
    """A parameter's name; "" for one that stands elsewhere."""
    return "" if "$ref" in parameter else str(parameter.get("name"))


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in paths.values():
        if isinstance(item, dict):
            yield from (one for method, one in item.items() if method in METHODS and isinstance(one, dict))


def _dicts(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with the key that it stands under, without recursion."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        key, one = waiting.pop()
        if isinstance(one, dict):
            yield key, one
            waiting += [(str(name), value) for name, value in one.items() if name not in _SAMPLES]
        elif isinstance(one, list):
            waiting += [(key, value) for value in one]


def _references(document: dict[str, Any]) -> Iterator[Finding]:
    for _, one in _dicts(document):
        target = one.get("$ref")
        if not isinstance(target, str):
            continue
        if not target.startswith("#/"):
            yield Finding(BAD, f"refers to something outside: {short(target)}")
            continue
        found: Any = document
        for part in target[2:].split("/")[:20]:
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if found is None:
            yield Finding(FAILS, f"refers to what is not there: {short(target)}")


def _schemas(document: dict[str, Any]) -> Iterator[Finding]:
    for key, one in _dicts(document):
        kind = one.get("type")
        if key in ("schema", "items") and isinstance(kind, str) and kind not in TYPES | {"file"}:
            yield Finding(35, f"{short(kind)} is no type of a schema")
        elif key == "schema" and kind == "array" and "items" not in one:
            yield Finding(BAD, "an array without items")


def documentation(text: str) -> Iterator[Finding]:
    """Each endpoint by method and path, an example, and what comes back."""
    if not _ENDPOINT.search(text):
        yield Finding(60, "no endpoint (method and path) in it")
    if "```" not in text and not _EXAMPLE.search(text):
        yield Finding(35, "no example")
    if not _STATUS.search(text):
        yield Finding(35, "says nothing about responses")
    if len(text.split()) < 15:
        yield Finding(BAD, "too short for documentation")
