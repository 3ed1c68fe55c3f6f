"""The lines of four Mermaid diagrams (entities, sequence, classes, states), each by a small grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from haven.ai.checks.base import BAD, FAILS, Finding, short


@dataclass(frozen=True)
class Line:
    number: int
    text: str


Lines = list[Line]

_DRESS = re.compile(r"(?:classDef|class|style|linkStyle|click|cssClass|direction|title|acc\w+|links?|callback)\b")


def lines(text: str) -> Lines:
    """What there is to read: without comments, directives, front matter and blank lines."""
    found, front = Lines(), False
    for number, line in enumerate(text.split("\n"), 1):
        line = " ".join(line.split())
        if line == "---" and (not found or front):
            front = not front
        elif line and not front and not line.startswith("%%"):
            found.append(Line(number, line))
    return found


@dataclass
class Seen:
    """What the lines of a diagram have told so far."""

    names: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    opened: list[tuple[int, str]] = field(default_factory=list)

    def closes(self, line: Line, word: str) -> Iterator[Finding]:
        if self.opened:
            self.opened.pop()
        else:
            yield wrong(line, f"{word} closes nothing")

    def left_open(self) -> Iterator[Finding]:
        if self.opened:
            number, what = self.opened[-1]
            yield Finding(FAILS, f"line {number} of the diagram: {short(what, 30)} is never closed")


def wrong(line: Line, why: str = "") -> Finding:
    return Finding(FAILS, f"line {line.number} of the diagram: {why or 'not understood: ' + short(line.text, 50)}")


def too_few(count: int, least: int, what: str) -> Iterator[Finding]:
    if count < least:
        yield Finding(FAILS, f"{count or 'no'} {what} where {least} are the least")


_ENTITY = r'(?:[A-Za-z_][\w-]*|"[^"]+")'
_ER_LINK = re.compile(
    rf"({_ENTITY})\s+(?:\|o|\|\||\}}o|\}}\|)(--|\.\.)(?:o\||\|\||o\{{|\|\{{)\s+({_ENTITY})\s*(:\s*(?:\"[^\"]*\"|\S.*))?$"
)
_ER_OPEN = re.compile(rf"({_ENTITY})(?:\s*\[[^\]]+\])?\s*\{{\s*(\}}?)$")
_ER_ALONE = re.compile(rf"({_ENTITY})(?:\s*\[[^\]]+\])?$")
_ER_FIELD = re.compile(
    r"[A-Za-z_][\w\[\]()-]*\s+\*?[A-Za-z_][\w\[\]()-]*(?:\s+(?:PK|FK|UK)(?:\s*,\s*(?:PK|FK|UK))*)?(?:\s+\"[^\"]*\")?$"
)


def entities(read: Lines) -> Iterator[Finding]:
    """At least two entities with attributes, and a relationship."""
    seen, inside = Seen(), ""
    for line in read:
        text = line.text
        if inside:
            if text == "}":
                inside = ""
                seen.opened.clear()
            elif _ER_FIELD.match(text):
                seen.described.add(inside)
            else:
                yield wrong(line, f"no attribute (type, then name): {short(text)}")
        elif link := _ER_LINK.match(text):
            seen.names |= {link[1], link[3]}
            seen.links.append((link[1], link[2], link[3]))
            if not link[4]:
                yield wrong(line, "the relationship has no label")
        elif opens := _ER_OPEN.match(text):
            seen.names.add(opens[1])
            if not opens[2]:
                inside = opens[1]
                seen.opened.append((line.number, text))
        elif _ER_ALONE.match(text):
            seen.names.add(text)
        elif not _DRESS.match(text):
            yield wrong(line)
    yield from seen.left_open()
    yield from too_few(len(seen.described), 2, "entities with attributes")
    yield from too_few(len(seen.links), 1, "relationships")


_WHO = r"(?:[^\s:,;+>()-]|-(?![->x)])|[ \t](?=[^\s:,;<>()-]))+"
_MESSAGE = re.compile(rf"({_WHO})\s*(<<--?>>|--?>>?|--?[x)])\s*[+-]?\s*({_WHO})\s*(:.*)?$")
_SOMEONE = re.compile(r"(?:create\s+)?(?:participant|actor)\s+(.+?)(?:\s+as\s+(.+))?$")
_NOTE = re.compile(r"note\s+(?:left of|right of|over)\s+[^:]+:\s*\S", re.I)
_SEQUENCE_REST = re.compile(r"(?:activate|deactivate|destroy)\s+\S|autonumber\b|(?:links?|title|acc\w+)\b")
_OPENS = re.compile(r"(?:loop|alt|opt|par|critical|break|rect|box|par_over)\b")
_AMID = re.compile(r"(?:else|and|option)\b")


def sequence(read: Lines) -> Iterator[Finding]:
    """At least two participants, two messages, and a reply among them."""
    seen = Seen()
    for line in read:
        text = line.text.rstrip(";").rstrip()
        if someone := _SOMEONE.match(text):
            seen.names.add(someone[1].strip())
        elif text == "end":
            yield from seen.closes(line, "end")
        elif _OPENS.match(text):
            seen.opened.append((line.number, text))
        elif _AMID.match(text):
            if not seen.opened:
                yield wrong(line, f"{text.split()[0]} stands in no block")
        elif message := _MESSAGE.match(text):
            seen.names |= {message[1].strip(), message[3].strip()}
            seen.links.append((message[1].strip(), message[2], message[3].strip()))
            if not message[4] or not message[4][1:].strip():
                yield wrong(line, "the message says nothing (a colon and a text are missing)")
        elif not _NOTE.match(text) and not _SEQUENCE_REST.match(text):
            yield wrong(line)
    yield from seen.left_open()
    yield from too_few(len(seen.names), 2, "participants")
    yield from too_few(len(seen.links), 2, "messages")
    ways = {(a, b) for a, _, b in seen.links}
    if len(seen.links) >= 2 and not any("--" in arrow or (b, a) in ways for a, arrow, b in seen.links):
        yield Finding(35, "nobody replies")


_CLASS = r"(?:`[^`]+`|[A-Za-z_][\w.]*(?:~[\w, ~]+~)?)"
_CLASS_LINK = re.compile(
    rf'({_CLASS})\s*(?:"[^"]*"\s*)?(?:<\||\*|o|<|\(\))?(--|\.\.)(?:\|>|\*|o|>|\(\))?\s*(?:"[^"]*"\s*)?({_CLASS})\s*(?::.*)?$'
)
_CLASS_OPEN = re.compile(rf'class\s+({_CLASS})(?:\s*\["[^"]*"\])?(?:\s*:::\s*\w+)?\s*(\{{)?\s*(\}})?$')
_CLASS_MEMBER = re.compile(rf"({_CLASS})\s*:\s*\S")
_MEMBER = re.compile(r"<<[\w -]+>>$|[+#~-]?\s*[\w\[][^{}]*$")
_CLASS_REST = re.compile(
    r"<<[\w -]+>>\s+\S+$|(?:note|style|click|cssClass|classDef|direction|title|acc\w+|links?|callback)\b"
)


def classes(read: Lines) -> Iterator[Finding]:
    """At least two classes with members, and a relation."""
    seen, inside = Seen(), ""
    for line in read:
        text = line.text
        if inside and text == "}":
            inside = ""
            seen.opened.pop()
        elif inside:
            if _MEMBER.match(text):
                seen.described |= set() if text.startswith("<<") else {inside}
            else:
                yield wrong(line, f"no member of a class: {short(text)}")
        elif text == "}":
            yield from seen.closes(line, "}")
        elif opens := _CLASS_OPEN.match(text):
            seen.names.add(opens[1])
            if opens[2] and not opens[3]:
                inside = opens[1]
                seen.opened.append((line.number, text))
        elif re.match(r"namespace\s+[\w.]+\s*\{$", text):
            seen.opened.append((line.number, text))
        elif link := _CLASS_LINK.match(text):
            seen.names |= {link[1], link[3]}
            seen.links.append((link[1], link[2], link[3]))
        elif member := _CLASS_MEMBER.match(text):
            seen.names.add(member[1])
            seen.described.add(member[1])
        elif not _CLASS_REST.match(text):
            yield wrong(line)
    yield from seen.left_open()
    yield from too_few(len(seen.described), 2, "classes with members")
    yield from too_few(len(seen.links), 1, "relations")


_STATE = r"(?:\[\*\]|[A-Za-z_][\w-]*)"
_MOVE = re.compile(rf"({_STATE})(?:::+\w+)?\s*-->\s*({_STATE})(?:::+\w+)?\s*(?::.*)?$")
_STATE_OPEN = re.compile(r'state\s+(?:"[^"]*"\s+as\s+)?([A-Za-z_][\w-]*)\s*(\{|<<(?:choice|fork|join)>>)?$')
_STATE_TEXT = re.compile(r"([A-Za-z_][\w-]*)(?:::+\w+)?\s*(?::\s*\S.*)?$")
_STATE_REST = re.compile(r"--$|hide empty description$|direction (?:TB|TD|BT|RL|LR)$|(?:classDef|class|style|acc\w+)\s")


def states(read: Lines) -> Iterator[Finding]:
    """A start, at least three states, and two transitions."""
    seen, note = Seen(), False
    for line in read:
        text = line.text
        if note or re.match(r"note\s+(?:left|right) of\s+\S", text):
            note = text != "end note" if note else ":" not in text
        elif text == "}":
            yield from seen.closes(line, "}")
        elif move := _MOVE.match(text):
            seen.names |= {move[1], move[2]} - {"[*]"}
            seen.links.append((move[1], "-->", move[2]))
        elif _STATE_REST.match(text):
            continue
        elif state := _STATE_OPEN.match(text):
            seen.names.add(state[1])
            if state[2] == "{":
                seen.opened.append((line.number, text))
        elif named := _STATE_TEXT.match(text):
            seen.names.add(named[1])
        else:
            yield wrong(line)
    yield from seen.left_open()
    if not any(a == "[*]" for a, _, _ in seen.links):
        yield Finding(BAD + 10, "no start: [*] --> the first state")
    yield from too_few(len(seen.names), 3, "states")
    yield from too_few(len(seen.links), 2, "transitions")
