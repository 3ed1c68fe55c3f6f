"""What another process of the house does is seen as it happens, as if it were done in this one."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from assistants.round_table import Request
from assistants.table.transcript import LIVE, TABLE, Move, Transcript
from haven.changes.decisions import JOB
from haven.changes.proposal import Kind, Proposal
from haven.changes.states import State
from haven.events import Bus
from haven.store import changes as table
from haven.store import jobs
from haven.store.database import Transaction, opened
from haven.store.transcripts import Said
from tests.e2e.command import configured, environment, haven
from tests.kiosk.conftest import OWNER, House, Show
from tests.kiosk.test_attach import ENVIRONMENT, Pty

QUESTION = "How many systems are charted?"


async def test_a_question_asked_in_a_shell_is_seen_on_the_round_table(tmp_path: Path) -> None:
    home = await configured(tmp_path)  # no model: that it has no answer is a step too
    terminal = Pty(home)
    terminal.program, terminal.environment = ("haven", "up"), environment(home) | ENVIRONMENT
    async with terminal:
        await terminal.tap("More")
        await terminal.tap("F9 Round Table")
        await terminal.until("Nothing is said here yet.")
        await haven(home, "ask", QUESTION)
        await terminal.until(QUESTION, "Cartographer consults Sentinel", "has no answer for")


async def test_steps_of_both_processes_are_told_once_each_and_private_ones_without_words(house: House) -> None:
    told: list[Said] = []
    news = asyncio.Event()

    async def listen() -> None:
        with house.bus.subscribe() as heard:
            async for event in heard:
                if event.kind == LIVE:
                    told.append(Said(**event.data))
                    news.set()

    async def until(request: str) -> None:
        async with asyncio.timeout(20):
            while not told or told[-1].request != request:
                news.clear()
                await news.wait()

    listening = asyncio.create_task(listen())
    async with opened(house.settings.database) as database:
        far = Transcript(database, Bus(database))
        for number in range(5):
            async for _ in house.round_table.ask(Request("How many moons?", OWNER, assistant="scribe")):
                pass
            far.say(Said(f"far {number}", Move.ASKS, "Ada", TABLE, "discord:7", words="Where is Oculi?"))
            await until(f"far {number}")
        far.say(Said("their own affair", Move.ASKS, "Ada", TABLE, "discord:7", private=True, words="Psst"))
        await until("their own affair")
    listening.cancel()
    await asyncio.wait([listening])
    kept = await house.round_table.transcript.steps(OWNER.with_pin())
    assert Counter((one.request, one.move) for one in told) == Counter((one.request, one.move) for one in kept)
    assert [one.words for one in told if one.request.startswith("far")] == ["Where is Oculi?"] * 5
    assert told[-1].words == ""


async def test_a_change_that_another_process_works_on_is_followed(house: House, show: Show) -> None:
    proposal = Proposal(Kind.FEATURE, "Add a zoom button", "Add a zoom button", "cartographer", ())
    change = await house.changes.submit(proposal, OWNER)
    async with show() as terminal, opened(house.settings.database) as far:

        async def written(state: State, **of_round: Any) -> None:
            async def work(tx: Transaction) -> None:
                await table.update(tx, change.id, state=state.value)
                if of_round:
                    await table.update_round(tx, change.id, 1, **of_round)

            await far.write(work, quiet=True)

        await terminal.tap("F3 Changes")
        await terminal.until("Add a zoom button", gone="asking for edits")
        await far.write(lambda tx: jobs.claim(tx, "a shell's process", 60.0, [JOB]))
        await written(State.PLANNING)
        await terminal.until("reading the repository")
        await written(State.EDITING)
        await terminal.until("round 1: asking for edits")
        await written(State.EDITING, proposal={"edits": []})
        await terminal.until("round 1: applying the edits")
        await written(State.TESTING)
        await terminal.until("round 1: running the tests")
        await written(State.TESTING, tests={"green": True})
        await terminal.until("writing the summary")
