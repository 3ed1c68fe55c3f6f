"""`haven change undo`, and the review as a file: what comes after a change has been looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.app import House
from haven.changes.review import Review
from haven.changes.review.pr_body import pr_body
from haven.commands.session import owner
from haven.errors import BadInput
from haven.store.changes import Change


async def take_back(house: House, id: str) -> Change:
    """Order the undo of a merged change; its id, typed for the command, is the confirmation."""
    return await house.changes.undo(id, owner(), confirm=id.strip().lower())


async def write_body(review: Review, file: Path) -> None:
    """The body of a pull request; `-` is standard output. Raises BadInput where the file can't be written."""
    body = pr_body(review)
    if str(file) == "-":
        print(body, end="")
        return
    try:
        await asyncio.to_thread(file.write_text, body, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}.") from None
