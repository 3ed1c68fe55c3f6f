"""The queue and the log on the kiosk: what runs, cancelled with the PIN; records by level, words and id."""

from __future__ import annotations

import logging
from dataclasses import replace
from hashlib import sha256

import pytest

from assistants import queue
from haven.access import Role
from haven.changes.decisions import Changes
from haven.errors import AccessDenied, BadInput
from haven.logbook import Recent
from haven.store import deployments, events, jobs
from haven.store.database import Transaction, now, opened
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_journeys import PIN, enter

ADA = replace(OWNER, id="discord:7", name="Ada", role=Role.MEMBER, face="bot")
KEY = sha256(b"a key").hexdigest()
BOB = replace(ADA, id="discord:8", name="Bob")


async def test_what_another_process_works_on_is_seen_as_it_happens(house: House, show: Show) -> None:
    change = await house.in_review("Add a zoom button")
    async with show() as home, show() as terminal, opened(house.settings.database) as elsewhere:
        await home.until("1 for you to look at")
        terminal.type("\x1b[21~")
        await terminal.until(f"… waits · change {change.id}", gone="▶ running")
        beside = Changes(elsewhere, house.settings, lambda: house.repository, lambda id: None)
        review = await beside.review(change.id)
        await beside.approve(change.id, OWNER, round=review.round, commit=review.commit)
        await home.until("All looked at")

        async def leased(tx: Transaction) -> None:
            await jobs.claim(tx, "another process", 60, ["change"])
            await events.record(tx, "change.state", change.id, state="merging", title=change.title, round=1)

        await elsewhere.write(leased)
        await terminal.until(f"▶ running · change {change.id}", "1 ▶ running")


async def test_the_queue_shows_what_runs_and_waits_and_a_change_is_cancelled_with_the_pin(
    house: House, show: Show
) -> None:
    house.pin.set(PIN)
    change = await house.in_review("Add a zoom button")

    async def work(tx: Transaction) -> None:
        await jobs.add(tx, "change", change.id, f"change:{change.id}")
        await jobs.claim(tx, "a worker", 60, ["change"])
        await jobs.add(tx, deployments.JOB, change.id, f"deploy:{change.id}", now() + 3600)

    await house.database.write(work)
    house.log.emit(logging.LogRecord("haven.changes", logging.INFO, "", 0, f"{change.id}: began\x1b[2J", None, None))
    house.log.emit(logging.LogRecord("haven", logging.ERROR, "", 0, "[0a1b2c3d] it broke", None, None))
    async with show(PANEL) as terminal:
        terminal.type("\x1b[21~")
        await terminal.until("1 ▶ running · 1 … waits", f"▶ running · change {change.id}", "by Ada", "tried from")
        house.bus.live("change.progress", change.id, text="running the tests\x1b[2J")
        await terminal.until("running the tests[2J")
        await terminal.tap("Log")
        await terminal.until("The log may name people")
        await terminal.tap("Unlock")
        await terminal.until("Enter the PIN to read the log.")
        await enter(terminal, PIN)
        await terminal.until(f"1 record with '{change.id}'", "began<U+001B>[2J", gone="it broke")
        await terminal.tap("Clear")
        await terminal.until("2 records")
        await terminal.tap("it broke")
        await terminal.tap("Same id")
        await terminal.until("1 record with '0a1b2c3d'", "ERROR")
        terminal.type("\x1b[21~")
        await terminal.tap("Log")
        await terminal.until("The log may name people", gone="ERROR")
        terminal.type("\x1b[21~")
        await terminal.tap("▶ running")
        await terminal.tap("Cancel it")
        await terminal.until("Cancel this change for good?")
        await terminal.tap("Yes, cancel it")
        await enter(terminal, PIN)
        await terminal.until("It is cancelled.")
        assert (await house.changes.get(change.id)).state == "cancelled"
        await terminal.until("… waits · deployment", gone="▶ running")


async def test_only_whoever_may_ends_work_and_a_deployment_is_not_ended_half_way(house: House) -> None:
    change = await house.in_review()
    parts = house.changes, house.waiting

    async def work(tx: Transaction) -> None:
        await jobs.add(tx, "change", change.id, f"change:{change.id}")
        await jobs.add(tx, deployments.JOB, change.id, "deploy", now() + 60)
        await jobs.add(tx, "waiting", "gone", "waiting:gone", now() + 90)

    await house.database.write(work)
    mine, rollout, question = await queue.look(house.database, *parts, BOB)
    assert (mine.about, mine.may_end, rollout.may_end) == ("Add a zoom button", True, False)
    assert (question.about, question.by) == ("somebody's question", "")
    with pytest.raises(AccessDenied):
        await queue.cancel(mine, *parts, BOB)
    with pytest.raises(BadInput, match="half way"):
        await queue.cancel(rollout, *parts, OWNER)
    await queue.cancel(mine, *parts, ADA)
    assert [one.kind for one in await queue.look(house.database, *parts, OWNER)] == ["deployment", "question"]


def test_the_newest_records_are_kept_redacted_and_found_by_level_and_words() -> None:
    recent = Recent(keep=3)
    logger = logging.Logger("haven.kept")
    logger.addHandler(recent)
    logger.info("forgotten by the time")
    logger.info("key sk-ant-api03-%s", KEY)
    logger.warning("the Disk is full")
    logger.error("line one\nline two\x1b[2J")
    secret, disk, last = recent.lines()
    assert KEY not in secret.text and last.text == "line one\nline two<U+001B>[2J" and recent.count == 4
    assert recent.lines(logging.WARNING) == [disk, last] and recent.lines(words="FULL disk") == [disk]
