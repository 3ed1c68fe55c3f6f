"""Conversations as a file to take along: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from web.chat.sheet import Sheet, State, day, line


def as_markdown(sheets: Sequence[Sheet], titles: Mapping[str, str]) -> str:
    """`titles`: those of the assistants, by name."""
    parts = []
    for _, talk in groupby(sheets, key=lambda sheet: sheet.talk):
        several = [*talk]
        parts.append(f"# {line(several[0].question, 80) or 'A private question'} ({day(several[0].at)})")
        parts += [_turn(sheet, titles) for sheet in several]
    return "\n\n".join(parts) + "\n"


def as_json(sheets: Sequence[Sheet], titles: Mapping[str, str]) -> str:
    return json.dumps([_fields(sheet, titles) for sheet in sheets], indent=1, ensure_ascii=False) + "\n"


FORMS: Mapping[str, tuple[str, Callable[[Sequence[Sheet], Mapping[str, str]], str]]] = {
    "md": ("text/markdown", as_markdown),
    "json": ("application/json", as_json),
}
"""By the ending of the file: its type, and who writes it."""


def _turn(sheet: Sheet, titles: Mapping[str, str]) -> str:
    at = f"{datetime.fromtimestamp(sheet.at):%H:%M}"
    quoted = "\n".join(f"> {one}" for one in sheet.question.splitlines())
    about = [*([f"With the file {sheet.file}."] if sheet.file else []), sheet.text or f"*{sheet.said}*"]
    if sheet.state == State.CHANGE:
        about = [f"It became change {sheet.change}: {sheet.text}".rstrip(": ")]
    below = [f"*{sheet.way}*" if sheet.way else "", *(f"- {source}" for source in sheet.sources)]
    who = titles.get(sheet.seat, "Haven")
    return "\n\n".join(filter(None, [f"## {at}, you", quoted, f"## {who}", *about, "\n".join(filter(None, below))]))


def _fields(sheet: Sheet, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": sheet.id,
        "conversation": sheet.talk,
        "at": sheet.at,
        "question": sheet.question,
        "file": sheet.file,
        "where": sheet.where.value,
        "private": sheet.private,
        "state": sheet.state.value,
        "assistant": titles.get(sheet.seat, ""),
        "answer": sheet.text,
        "way": sheet.way,
        "sources": [*sheet.sources],
        "said": sheet.said,
        "change": sheet.change,
    }
