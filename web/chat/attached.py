"""A file that comes along with a question: text, bounded, without secrets; material and never the question."""

from __future__ import annotations

import asyncio

from aiohttp import web

from haven.changes.rounds import evidence
from haven.errors import BadInput
from haven.quoting import clean, cut_middle
from haven.redact import redact
from web.chat.sheet import line

FILE_BYTES = evidence.MOST_GIVEN
MOST_CHARS = 20_000
"""Of a file that a question is about; of a longer one the middle is left out."""
NO_TEXT = BadInput("That file is no text.", "Attach a text file or a log, in UTF-8.")


async def attached(given: object, *, for_change: bool) -> tuple[str, str]:
    """Its text and its name; "" for none. A log that comes with a change is kept as the changes keep it.

    Raises BadInput where it can't be read as text, or is too long.
    """
    if not isinstance(given, web.FileField) or not given.filename:
        return "", ""
    data = given.file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise BadInput(f"That file is longer than {FILE_BYTES // 1000:,} KB.", "Attach the part that matters.")
    return await asyncio.to_thread(_text, data, for_change), line(given.filename, 80)


def _text(data: bytes, for_change: bool) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NO_TEXT from None
    if "\0" in text:
        raise NO_TEXT
    if not text.strip():
        raise BadInput("That file is empty.", "Attach another, or none.")
    return evidence.prepare(text) if for_change else cut_middle(redact(clean(text)), MOST_CHARS)
