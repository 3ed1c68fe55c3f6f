"""The API's OpenAPI 3.1 description, from the table that serves it and the models that check it.

`python -m web.api.describe > docs/openapi.json` writes the copy that is read without a house.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from web.api.endpoint import BASE, MEANS, Endpoint, Shape
from web.api.table import ENDPOINTS

PLACE = "#/components/schemas/{model}"
ABOUT = (
    "What the dashboard shows and does, for programs. Each call needs a bearer token, made on the dashboard under one's"
    " name; it speaks for that person, with the role of that moment, within its scopes. Moments are seconds since 1970,"
    " prices US dollars."
)
WRONG = {
    "400": "what was sent can't be used",
    "401": "no token that holds came with it",
    "403": "the token, or its person, may not do that",
    "404": "there is no such thing",
    "405": "nothing is done here by that method",
    "409": "somebody or something else was first, or a price must be agreed to",
    "413": "the body is too large",
    "415": "the body is not JSON",
    "429": "too many calls; Retry-After says when to come again",
    "500": "something failed; the log has its id",
    "503": "something needed is out of reach, or a cap is reached",
}


class Sorry(Shape):
    """What went wrong, for people; `error_id` stands in Haven's log, "" where it is not worth a line there."""

    error: str
    error_id: str


def described() -> dict[str, Any]:
    """The whole document."""
    wanted = {one.takes for one in ENDPOINTS if one.method != "GET"}
    made = {one.gives for one in ENDPOINTS} | {Sorry}
    _, found = models_json_schema(
        [(one, "validation") for one in sorted(wanted, key=_name)]
        + [(one, "serialization") for one in sorted(made, key=_name)],
        ref_template=PLACE,
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    scopes = "; ".join(f"{scope}: {words}" for scope, (words, _) in MEANS.items())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Haven", "version": "1", "description": f"{ABOUT} Scopes: {scopes}."},
        "servers": [{"url": BASE}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(found["$defs"].items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {code: _answer(words, "Sorry") for code, words in WRONG.items()},
        },
    }


@cache
def written() -> str:
    """As the file holds it; anybody may ask for it, so it is written once."""
    return json.dumps(described(), indent=1, sort_keys=True) + "\n"


def _operation(one: Endpoint) -> dict[str, Any]:
    parts = [{"name": name, "in": "path", "required": True, "schema": schema} for name, schema in one.parts.items()]
    fields = _fields(one) if one.method == "GET" else []
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Scope: {' or '.join(one.scopes)}. The person must be allowed to {one.act.value}.",
        "responses": {
            str(one.status): _answer("done", one.gives.__name__),
            **{code: {"$ref": f"#/components/responses/{code}"} for code in WRONG},
        },
    }
    if one.method != "GET":
        schema = {"$ref": PLACE.format(model=one.takes.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation | ({"parameters": parts + fields} if parts or fields else {})


def _fields(one: Endpoint) -> list[dict[str, Any]]:
    """Of the address, by the model that checks them."""
    schema = one.takes.model_json_schema(ref_template=PLACE)
    needed, shared = schema.get("required", []), schema.get("$defs", {})
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _plain(field, shared)}
        for name, field in schema.get("properties", {}).items()
    ]


def _plain(field: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """A field of an address: there is no null in one, and its choices stand where they are used."""
    one = next((each for each in field.get("anyOf", ()) if each.get("type") != "null"), field)
    one = shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
    return {name: value for name, value in one.items() if name not in ("title", "description") and value is not None}


def _answer(words: str, model: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": PLACE.format(model=model)}}},
    }


def _name(model: type) -> str:
    return model.__name__


if __name__ == "__main__":
    print(written(), end="")
