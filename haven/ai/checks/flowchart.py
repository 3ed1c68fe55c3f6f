"""The lines of a Mermaid flowchart: nodes in their shapes, and the links between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from haven.ai.checks.base import Finding, short
from haven.ai.checks.mermaid import Line, Lines, Seen, too_few, wrong

_NODE = re.compile(r"[\w.]+(?:-(?![-.>])[\w.]+)*(?=[\s\[({>&:@=<~-]|$)")
_AND = re.compile(r"\s*&\s*")
_QUOTED = r'\s*"[^"]*"\s*'
_PLAIN = r"[^\[\](){}\"|<>]+(?:<br\s*/?>[^\[\](){}\"|<>]*)*"
# Mermaid itself stumbles over brackets and quotation marks in a text that is not quoted.
_SHAPES = [
    re.compile(rf"{opens}(?:{_QUOTED}|{_PLAIN}){closes}")
    for opens, closes in (
        (r"\(\(\(", r"\)\)\)"),
        (r"\(\(", r"\)\)"),
        (r"\(\[", r"\]\)"),
        (r"\[\[", r"\]\]"),
        (r"\[\(", r"\)\]"),
        (r"\{\{", r"\}\}"),
        (r"\[[/\\]", r"[/\\]\]"),
        (r"\[", r"\]"),
        (r"\(", r"\)"),
        (r"\{", r"\}"),
        (r">", r"\]"),
    )
]
_DATA = re.compile(r"@\{[^{}]*\}")
_CLASSED = re.compile(r":::\w+")
_LINK = re.compile(
    r"\s*(?:<|[xo](?=-))?(?:"
    r"(?:-{2,}|={2,})(?:>|[xo](?=\s))|-{3,}|={3,}|-\.{1,4}->?|~{3,}"
    r"|--\s*(?:\"[^\"]*\"|[^-\"|>\s](?:[^-\"|>]|-(?!-))*)\s*-{2,}[>xo]?"
    r"|==\s*(?:\"[^\"]*\"|[^=\"|>\s][^=\"|>]*)\s*={2,}>?"
    r"|-\.\s*(?:\"[^\"]*\"|[^.\"|>\s][^.\"|>]*)\s*\.{1,4}->?"
    r")\s*(?:\|(?:[^|\"]*|\s*\"[^\"]*\"\s*)\|)?\s*"
)
_REST = re.compile(r"(?:classDef|class|style|linkStyle|click) \S|direction\s+(?:TB|TD|BT|RL|LR)$|acc\w+\b")
_GROUP = re.compile(r"subgraph\b\s*(.*)$")
_RESERVED = frozenset({"end", "graph", "subgraph", "flowchart"})


def chart(read: Lines) -> Iterator[Finding]:
    """At least three nodes and two links."""
    seen = Seen()
    for line in read:
        for part in _statements(line.text):
            if part == "end":
                yield from seen.closes(line, "end")
            elif _GROUP.match(part):
                seen.opened.append((line.number, part))
            elif not _REST.match(part):
                yield from _statement(Line(line.number, part), seen)
    yield from seen.left_open()
    yield from too_few(len(seen.names), 3, "nodes")
    yield from too_few(len(seen.links), 2, "links")


def _statements(text: str) -> list[str]:
    """A line cut at its semicolons, where they stand outside quotation marks."""
    parts = re.findall(r'(?:"[^"]*"?|[^";])+', text)
    return [part.strip() for part in parts if part.strip()]


def _statement(line: Line, seen: Seen) -> Iterator[Finding]:
    """node & node, then again and again a link and node & node."""
    place, before = 0, list[str]()
    while True:
        group = list[str]()
        joined: re.Match[str] | None = None
        while not group or joined:
            read = _node(line.text, joined.end() if joined else place)
            if read is None or read[0].lower() in _RESERVED:
                yield wrong(line, f"no node at: {short(line.text[place:], 30) or 'the end'}")
                return
            name, place = read
            group.append(name)
            joined = _AND.match(line.text, place)
        seen.names.update(group)
        seen.links += [(a, "-->", b) for a in before[:20] for b in group[:20]]
        if not line.text[place:].strip():
            return
        link = _LINK.match(line.text, place)
        if link is None:
            yield wrong(line, f"not understood: {short(line.text[place:], 40)}")
            return
        place, before = link.end(), group


def _node(text: str, place: int) -> tuple[str, int] | None:
    """The node that begins there, and where it ends."""
    found = _NODE.match(text, place)
    if found is None:
        return None
    place = found.end()
    if text[place : place + 1] in ("[", "(", "{", ">"):
        shape = next((match for shape in _SHAPES if (match := shape.match(text, place))), None)
        if shape is None:
            return None
        place = shape.end()
    for more in (_DATA, _CLASSED):
        if match := more.match(text, place):
            place = match.end()
    return found[0], place
