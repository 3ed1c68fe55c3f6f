"""`/fix` with a log attached: it is kept with the change, safe to quote, and what can't be read is said."""

from __future__ import annotations

import secrets

import pytest

from bot.commands.changes import MOST_FETCHED

from .conftest import World, text_of

TRACE = 'Traceback (most recent call last):\n  File "viewer.py", line 1, in <module>\nKeyError: "zoom"\n'


async def test_a_log_comes_along_redacted_and_its_end_is_enough(world: World) -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    log = b"noise\n" * 300_000 + f"token={token}\n{TRACE}".encode() + b"\xff\n"
    shown = await world.member.slash(world.channel, "fix", text="Fix the zoom", log=("app.log", log))
    assert shown.ephemeral and "Understood" in text_of(shown.response)
    (change,) = await world.house.changes.list()
    assert change.kind == "fix" and 'KeyError: "zoom"' in change.evidence and token not in change.evidence


@pytest.mark.parametrize(
    ("log", "said"),
    [(b"PK\x03\x04\0\0", "no text"), (b"", "empty"), (b"x" * (MOST_FETCHED + 1), "10 MB")],
    ids=["binary", "empty", "large"],
)
async def test_what_is_no_log_is_said_and_nothing_is_queued(world: World, log: bytes, said: str) -> None:
    shown = await world.member.slash(world.channel, "fix", text="Fix the zoom", log=("app.log", log))
    assert shown.ephemeral and said in text_of(shown.response)
    assert not await world.house.changes.list()
