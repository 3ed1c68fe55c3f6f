"""What a model makes of findings: held to them, marked where it is free, and never in their place where it can't."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assistants.findings import Findings, Source
from assistants.round_table import Request, RoundTable
from assistants.table.asking import COMPUTED
from assistants.table.facts import Facts
from assistants.table.transcript import Move, Transcript
from assistants.waiting import WaitingRoom
from assistants.wording import UNRECORDED, way
from haven.access import Principal
from haven.ai.task import Reply, Restart, Tier, Where
from haven.changes.decisions import Changes
from haven.events import Bus
from haven.settings import Paths, Settings
from tests.ai.desk import MEMBER, Desk, Talker, claude_said, desk_at, model_at, said
from tests.assistants.waiting_room import no_repository

FOUND = Findings(
    "Oculi has 3 planets.",
    (Source("system-1", "Oculi", "system"),),
    query="count planets of Oculi",
    complete=False,
    material=("Oculi: planets Brine, Jaw and Hilt.",),
)
TALE = Findings("Oculi was settled in 1.", FOUND.sources, complete=False, free=True, material=("Oculi: settled in 1.",))


class Knows:
    """An assistant that has found something out, or fails over it."""

    def __init__(self, findings: Findings | None) -> None:
        self.findings = findings

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        if self.findings is None:
            raise RuntimeError("its own fault")
        return self.findings


@asynccontextmanager
async def table(
    folder: Path, findings: Findings | None, *, near: str = "", far: str = ""
) -> AsyncIterator[tuple[RoundTable, Desk]]:
    """A Round Table whose Scribe knows that; the models say `near` and `far`."""
    async with Talker(lambda _: claude_said(far)) as cloud, Talker(lambda _: said(near)) as here:
        local = model_at(here.url)
        async with desk_at(folder, cloud.url, local if near else None) as desk:
            settings = Settings(paths=Paths(state_dir=folder, config_dir=folder, runtime_dir=folder))
            changes = Changes(desk.database, settings, no_repository, lambda _: None)
            transcript = Transcript(desk.database, Bus(desk.database))
            facts = Facts({"scribe": Knows(findings)})
            yield RoundTable(desk.engine, changes, WaitingRoom(desk.database, desk.engine), transcript, facts), desk
        await local.close()


async def ask(at: RoundTable, **more: Any) -> list[Any]:
    return [piece async for piece in at.ask(Request("Tell of Oculi", MEMBER, assistant="scribe", **more))]


async def test_words_that_stand_in_the_findings_are_given_with_their_sources(tmp_path: Path) -> None:
    words = "The system Oculi has three planets, which are called Brine, Jaw and Hilt."
    async with table(tmp_path, FOUND, near=words) as (at, _):
        reply = (await ask(at, private=True))[-1]
        assert (reply.text, reply.model) == (words, "a-model") and not reply.unrecorded
        assert reply.sources == ("Oculi (system-1, system)",) and reply.query == FOUND.query
        assert f"asked as: {FOUND.query}" in way(reply, lambda text, most: text[:most])


async def test_words_beyond_the_findings_are_replaced_by_what_was_computed(tmp_path: Path) -> None:
    async with table(tmp_path, FOUND, near="Oculi has 3 planets, and was founded by Ursula Vale in 1742.") as (at, _):
        pieces = await ask(at, private=True)
        restart = next(piece for piece in pieces if isinstance(piece, Restart))
        assert "Ursula Vale" in restart.reason or "1742" in restart.reason
        assert (pieces[-1].text, pieces[-1].model) == (FOUND.text, COMPUTED)
        drafts = [one for one in await at.transcript.steps(MEMBER) if one.move == Move.DRAFTS]
        assert drafts and "Ursula" in drafts[0].words


async def test_with_no_model_the_computed_text_is_the_answer(tmp_path: Path) -> None:
    async with table(tmp_path, FOUND) as (at, desk):
        reply = (await ask(at, where=Where.LOCAL))[-1]
        assert (reply.text, reply.model, reply.sources) == (FOUND.text, COMPUTED, ("Oculi (system-1, system)",))
        assert desk.rows() == []


async def test_a_tale_may_go_beyond_and_is_marked_and_is_no_small_models_work(tmp_path: Path) -> None:
    story = (
        "Long ago Ursula Vale came to Oculi with seventy ships, and she named every moon after a friend she had lost."
    )
    async with table(tmp_path, TALE, near="A tale.", far=story) as (at, desk):
        reply = (await ask(at))[-1]
        assert reply.tier is Tier.CLOUD and reply.text == story and reply.unrecorded and reply.sources
        assert UNRECORDED in way(reply, lambda text, most: text[:most])
        await desk.switch.off(Principal("unix:0", "Olga", MEMBER.role.OWNER, "cli"))
        reply = (await ask(at))[-1]
        assert (reply.text, reply.model) == (TALE.text, COMPUTED) and "Olga switched" in reply.instead


async def test_an_assistant_that_fails_leaves_the_question_to_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with table(tmp_path, None, near="Oculi is a system with a few planets of its own.") as (at, _):
        reply = (await ask(at, private=True))[-1]
        assert isinstance(reply, Reply) and reply.model == "a-model"
        assert "scribe failed over a question" in caplog.text
