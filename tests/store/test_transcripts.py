"""The rows of the transcript: a private one has no words whoever writes it, and all of them go in time."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from haven.settings import Keep
from haven.store import retention, transcripts
from haven.store.database import Database, now, opened
from haven.store.transcripts import Said, Wanted

STEP = Said("r1", "asks", "Mika", "round table", "discord:7", "scribe", words="Why?", why="because")


async def add(database: Database, *steps: Said) -> None:
    for step in steps:
        await database.write(lambda tx, step=step: transcripts.add(tx, step))  # type: ignore[misc]


async def test_private_words_are_refused_and_old_rows_go(tmp_path: Path) -> None:
    async with opened(tmp_path / "haven.db") as database:
        old = replace(STEP, request="r0", at=now() - 31 * retention.DAY_S)
        await add(database, old, STEP, replace(STEP, request="r2", private=True))
        assert [one.words for one in await transcripts.steps(database, Wanted(None))] == ["Why?", "Why?", ""]
        assert (await retention.sweep(database, Keep(), now()))["transcript"] == 1
        assert [one.request for one in await transcripts.talks(database, Wanted(None))] == ["r2", "r1"]
        with pytest.raises(sqlite3.IntegrityError), sqlite3.connect(tmp_path / "haven.db") as other:
            other.execute("update transcript set words = 'a secret' where private")
        other.close()


async def test_filters_and_readers_bound_what_is_read(tmp_path: Path) -> None:
    async with opened(tmp_path / "haven.db") as database:
        sent = replace(STEP, move="sends to", tier="cloud", usd=0.25)
        private = replace(STEP, request="p1", private=True, person="discord:8")
        await add(database, STEP, sent, replace(sent, tier="lan", usd=0.5), private)
        steps = await transcripts.steps(database, Wanted("discord:7"))
        assert {one.request for one in steps} == {"r1"}
        assert [one.id for one in await transcripts.steps(database, Wanted(None, after=2), limit=1)] == [3]
        assert [one.id for one in await transcripts.steps(database, Wanted(None), limit=2)] == [3, 4]
        [talk] = await transcripts.talks(database, Wanted(None, tier="cloud"))
        assert (talk.request, talk.steps, talk.usd, set(talk.tiers.split(","))) == ("r1", 3, 0.75, {"cloud", "lan"})
        assert await transcripts.steps(database, Wanted(None, request="_1")) == []
        assert [one.person for one in await transcripts.steps(database, Wanted("discord:8", request="p"))] == [
            "discord:8"
        ]
