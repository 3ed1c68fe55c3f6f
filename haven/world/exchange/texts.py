"""Bytes of strangers made into text and plain data: encodings, JSON and XML within bounds."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from haven.errors import BadInput

MAX_DEPTH = 60
"""Of nested lists and objects or elements; real ones go down to eight."""
MAX_ELEMENTS = 1_000_000
"""Of one XML file; the whole catalogue has a quarter of that."""
BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text, and a remark where it was not plain UTF-8. Raises BadInput for what is no text."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), "" if mark == codecs.BOM_UTF8 else f"read as {encoding}"
            except UnicodeDecodeError:
                raise BadInput(f"{name} says that it is {encoding} and is not.", "Save it as UTF-8.") from None
    if b"\x00" in data[:4096]:
        raise BadInput(f"{name} is no text: it holds zero bytes.", "Save it as UTF-8.")
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        said = f"read as Windows-1252, because byte {error.start:,} is not UTF-8: look at its accents"
        return data.decode("cp1252", "replace"), said


def parse_json(text: str, name: str) -> tuple[Any, tuple[str, ...]]:
    """The data, and remarks (a key that stands twice). Raises BadInput for what no JSON file may hold."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            twice.extend(sorted(key for key, times in Counter(key for key, _ in found).items() if times > 1))
        return made

    def no_number(word: str) -> float:
        raise BadInput(f"{name} holds {word[:40]}, which is no number.", "Put a real number there, or null.")

    def number(word: str) -> float:
        value = float(word)
        return value if math.isfinite(value) else no_number(word)

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=no_number, parse_float=number)
    except json.JSONDecodeError as error:
        raise BadInput(f"{name} is no JSON: {error.msg} in line {error.lineno:,}.", "Mend that line.") from None
    except RecursionError:
        raise BadInput(f"{name} is nested too deeply.", f"At most {MAX_DEPTH} levels are read.") from None
    except ValueError as error:
        raise BadInput(f"{name} holds a number that is too long: {error}.", "Shorten it.") from None
    _check_depth(data, name)
    if _ESCAPED_HALF.search(text):
        data = _whole(data)
    return data, tuple(f"the key {key[:60]!r} stands twice; the last one counts" for key in dict.fromkeys(twice))


def _check_depth(data: Any, name: str) -> None:
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadInput(f"{name} is nested too deeply.", f"At most {MAX_DEPTH} levels are read.")
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        level = [one for one in inner if isinstance(one, (dict, list))]


def whole_text(text: str) -> str:
    """Without halves of characters, which nothing can store."""
    return _HALF.sub("\ufffd", text)


def _whole(data: Any) -> Any:
    if isinstance(data, str):
        return whole_text(data)
    if isinstance(data, list):
        return [_whole(one) for one in data]
    if isinstance(data, dict):
        return {whole_text(key): _whole(value) for key, value in data.items()}
    return data


def parse_xml(data: bytes, name: str) -> Element:
    """The root element. A document type is refused, so that no entity grows or reads a file. Raises BadInput."""
    builder, parser = TreeBuilder(), expat.ParserCreate()
    depth = elements = 0

    def refuse(*_: Any) -> None:
        raise BadInput(f"{name} declares a document type, so it is not read.", "Remove its DOCTYPE.")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise BadInput(f"{name} is nested too deeply or too long.", f"At most {MAX_DEPTH} levels are read.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        raise BadInput(f"{name} is no XML: {said} in line {error.lineno:,}.", "Mend that line.") from None
    except (LookupError, ValueError) as error:
        raise BadInput(f"{name} is no XML: {error}.", "Save it as UTF-8.") from None
    return builder.close()
