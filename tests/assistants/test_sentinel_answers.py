"""Sentinel answers what the house's figures say, and leaves the world's questions to the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistants.findings import Findings, Nature
from assistants.round_table import Request
from assistants.sentry.subjects import subject_of
from haven.access import Principal, Role
from haven.ai.task import Tier
from haven.app import open_house
from haven.errors import AccessDenied
from tests.e2e.house import MEMBER, settings_in

ROOT = Path(__file__).parents[2]
STRANGER = Principal("discord:1", "Sasha", Role.STRANGER, "bot")


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("How is the Pi?", "health"),
        ("how's the server doing", "health"),
        ("Is there enough disk?", "disk"),
        ("how much disk space is left on the pi?", "disk"),
        ("When was the last backup?", "backup"),
        ("was the backup tested?", "backup"),
        ("is the pi too hot?", "heat"),
        ("What is the temperature of the Raspberry Pi?", "heat"),
        ("Is the Pi throttled?", "power"),
        ("any under-voltage since the start?", "power"),
        ("How much memory does the machine have free?", "memory"),
        ("Are there any alerts?", "alerts"),
        ("Is anything wrong with the Pi?", "alerts"),
        ("how long has the server been running?", "uptime"),
        ("Wie geht es dem Rechner?", "health"),
        ("Any suspicious logins?", "logins"),
        ("Was there a break-in?", "logins"),
        ("Has Haven been hacked?", "logins"),
        ("Is there any spam?", "submissions"),
        ("What do the logs of the server say?", "logs"),
        ("Are there errors in Haven?", "logs"),
        ("What does the captain's log say?", ""),
        ("Which ship crashed on Oculi?", ""),
        ("How do I log in?", ""),
        ("How hot is Kepler-22 b?", ""),
        ("What is the temperature of TRAPPIST-1 e?", ""),
        ("Which planets have memory stones?", ""),
        ("How is Oculi?", ""),
        ("Is anything wrong with the entry of Oculi?", ""),
        ("What happened on the day of the great heat?", ""),
        ("How do I make a backup?", ""),
        ("Write a script that checks the disk", ""),
        ("Add a backup button to the page", ""),
        ("Who discovered the machine city?", ""),
    ],
)
def test_what_a_question_is_about(question: str, subject: str) -> None:
    assert subject_of(question) == subject


def test_no_question_of_the_world_is_taken_for_one_of_the_machine() -> None:
    lines = (ROOT / "benchmarks/data/answers/dev.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    assert [question for question in questions if subject_of(question)] == []


async def test_the_house_says_how_it_is_at_the_round_table(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path)) as house:
        sentinel = house.sentinel

        async def ask(question: str) -> Findings:
            found = await sentinel.answer(question, MEMBER)
            assert found is not None and found.kind is Nature.FACT and found.sources and found.complete
            return found

        assert "no backup yet" in (await ask("When was the last backup?")).text
        await sentinel.backups.daily()
        said = (await ask("When was the last backup?")).text
        assert "0 s ago" in said or " s ago" in said
        assert "was restored to check it" in said and "is whole" in said
        assert "GB free" in (await ask("Is there enough disk?")).text
        health = (await ask("How is the Pi?")).text
        assert "Disk:" in health and "Backup:" in health and health.startswith(("All is well", "Not all is well"))
        await sentinel.look()
        assert "Project" in (await ask("Any alerts?")).text, "its repository is missing"
        logins = await ask("Any suspicious logins?")
        assert "logins" in logins.sources[0].name and "30 days" not in logins.text
        assert "Nothing is suspicious" in (await ask("Is there any spam?")).text
        assert "log" in (await ask("What do the logs of Haven say?")).text
        with pytest.raises(AccessDenied):
            await sentinel.answer("How is the Pi?", STRANGER)
        assert await sentinel.answer("How hot is Oculi II?", STRANGER) is None

        replies = [part async for part in house.round_table.ask(Request("When was the last backup?", MEMBER))]
        reply = replies[-1]
        assert getattr(reply, "tier", None) is Tier.LOCAL and "restored to check it" in getattr(reply, "text", "")
