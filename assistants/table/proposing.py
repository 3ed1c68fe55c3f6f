"""Which words ask for a change of code, and its short title."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from haven.access import Principal
from haven.ai.engine import Engine
from haven.ai.task import Privacy, Task, Turn, Where
from haven.changes.proposal import Kind, plain_title
from haven.errors import HavenError
from haven.quoting import data_block

log = logging.getLogger("haven.round_table")

KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.FIX, re.compile(r"^\s*(please\s+)?(fix|repair|mend|debug)\b", re.I)),
    (Kind.REFACTOR, re.compile(r"^\s*(please\s+)?(refactor|rename|restructure|simplify|clean up)\b", re.I)),
    (Kind.DOCS, re.compile(r"^\s*(please\s+)?(document\b|(write|add)\s+(docs|documentation|docstrings?)\b)", re.I)),
    (
        Kind.FEATURE,
        re.compile(
            r"^\s*(please\s+)?(add|implement|build|make|create|let)\b.*\b(button|mode|option|page|command"
            r"|feature|support|view|viewer|export|import|filter|screen|setting|menu|function|test)s?\b",
            re.I,
        ),
    ),
)

_CODE = re.compile(
    r"\b(code|bug|viewer|button|page|command|tests?|function|module|class|script|menu|screen|import(er)?s?|export(er)?s?"
    r"|api|app|ui|routes?|login|crash\w*|zoom|render\w*|layout|css|html|error|exception|repo(sitory)?|branch|docs?|docstrings?|readme)\b"
    r"|\w\.(py|js|ts|html|css|md|rst|toml|ini|sh|c|cpp|h|rs|go)\b|\w\(\)|[a-z]_[a-z]",
    re.I,
)
_RECORDS = re.compile(
    r"\b(records?|entr(y|ies)|fields?|systems?|planets?|moons?|stations?|discover(y|ies)|finds?|tags?|biomes?|economy"
    r"|person|people|galaxy|sentinels?|spelling|typos?)\b",
    re.I,
)
DATA_AS_WELL = (Kind.FIX, Kind.REFACTOR)
"""What one also does to records: to fix a field, to rename a planet."""


def is_data_work(text: str, kind: Kind, names: Sequence[str]) -> bool:
    """Whether the records are meant and no code; `names` are those of the world in the text."""
    return kind in DATA_AS_WELL and not _CODE.search(text) and bool(names or _RECORDS.search(text))


def change_kind(text: str) -> Kind | None:
    """Which kind of code change the words ask for; None where they ask a question."""
    if text.rstrip().endswith("?"):
        return None
    return next((kind for kind, pattern in KINDS if pattern.search(text)), None)


async def title_of(text: str, principal: Principal, engine: Engine) -> str:
    """A short title in the local model's words where they are the request's own, else its first line."""
    plain = plain_title(text)
    task = Task(
        kind="title",
        turns=(Turn("user", data_block("request", text[:1_500])),),
        principal=principal,
        purpose="a title for the change",
        system=("Shorten the request to a title of three to eight words, starting with its verb. Answer as JSON.",),
        privacy=Privacy.PRIVATE,
        where=Where.LOCAL,
        schema={
            "type": "object",
            "properties": {"title": {"type": "string", "minLength": 8, "maxLength": 72}},
            "required": ["title"],
        },
        max_tokens=32,
    )
    try:
        reply = await engine.complete(task)
    except HavenError as error:
        log.info("title without a model: %s", error)
        return plain
    title = " ".join(str(reply.data["title"]).split()).strip(" .\"'")
    return title if faithful(title, text) else plain


def faithful(title: str, text: str) -> bool:
    """Whether a title says what the request says: its words come from there, and its first word is the request's."""
    words, said = re.findall(r"\w+", title.lower()), re.findall(r"\w+", text.lower())
    own = sum(word in said for word in words)
    return 3 <= len(words) <= 10 and len(set(words)) == len(words) and own >= 0.8 * len(words) and words[0] == said[0]
