"""Checks of Mermaid diagrams: which one it is, whether every line is right, and whether it holds enough to be one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from haven.ai.checks import flowchart, mermaid
from haven.ai.checks.base import BAD, FAILS, FATAL, SLIGHT, Draft, Finding, short
from haven.ai.checks.parsed import bounded

_HEAD = re.compile(
    r"^\s*(erDiagram|flowchart|graph|sequenceDiagram|classDiagram(?:-v2)?|stateDiagram(?:-v2)?)\b[ \t]*([\w ]*);?\s*$"
)
# Diagrams that Mermaid draws and whose lines are not known here.
_OTHERS = re.compile(
    r"^\s*(?:gantt|pie|journey|mindmap|timeline|gitGraph|quadrantChart|requirementDiagram|sankey(?:-beta)?|kanban|treemap"
    r"|xychart(?:-beta)?|block(?:-beta)?|packet(?:-beta)?|architecture-beta|radar-beta|zenuml|C4\w+)\b"
)
_ASKED = (
    ("erDiagram", "an entity diagram", re.compile(r"\berd?\b|\ber[ -]diagram|\bentit(?:y|ies)\b|erDiagram", re.I)),
    ("sequenceDiagram", "a sequence diagram", re.compile(r"\bsequence|sequenz", re.I)),
    ("classDiagram", "a class diagram", re.compile(r"\bclass(?:es)? diagram|klassendiagramm|classDiagram", re.I)),
    ("stateDiagram", "a state diagram", re.compile(r"\bstate (?:diagram|machine|chart)|zustand|stateDiagram", re.I)),
    ("flowchart", "a flowchart", re.compile(r"\bflow ?chart|flussdiagramm|\barchitecture\b", re.I)),
)
_READ: dict[str, Callable[[mermaid.Lines], Iterator[Finding]]] = {
    "erDiagram": mermaid.entities,
    "sequenceDiagram": mermaid.sequence,
    "classDiagram": mermaid.classes,
    "stateDiagram": mermaid.states,
    "flowchart": flowchart.chart,
}


def diagram(draft: Draft) -> Iterator[Finding]:
    """The diagram in its fence, or the whole reply."""
    blocks = [block for block in draft.blocks if block.language in ("mermaid", "")]
    text = bounded(blocks[0].text if blocks else draft.text, "the diagram")
    if blocks and not blocks[0].closed:
        yield Finding(SLIGHT, "the block of the diagram is not closed")
    lines = mermaid.lines(text)
    if not lines:
        yield Finding(FATAL, "no diagram in it")
        return
    head = _HEAD.match(lines[0].text)
    if head is None:
        if _OTHERS.match(lines[0].text):
            yield from _not_asked(draft, lines[0].text.split()[0])
            yield Finding(SLIGHT, "the lines of this kind of diagram can't be checked")
        else:
            start = short(lines[0].text, 30)
            yield Finding(60, f"line {lines[0].number} of the diagram: no Mermaid diagram begins with {start}")
        return
    kind = "flowchart" if head[1] in ("flowchart", "graph") else head[1].removesuffix("-v2")
    if kind == "flowchart" and head[2].strip() not in ("TB", "TD", "BT", "RL", "LR", ""):
        yield Finding(FAILS, f"line {lines[0].number} of the diagram: {short(head[2])} is no direction")
    yield from _not_asked(draft, kind)
    yield from islice(_READ[kind](lines[1:]), 6)


def _not_asked(draft: Draft, kind: str) -> Iterator[Finding]:
    wanted = [(one, name) for one, name, words in _ASKED if words.search(draft.question)]
    if wanted and kind not in {one for one, _ in wanted} and len(wanted) == 1:
        yield Finding(FAILS if wanted[0][0] != "flowchart" else BAD, f"{wanted[0][1]} was asked for")
