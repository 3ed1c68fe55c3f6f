"""Sentinel's lines on a real house: what is well, what is missing, what needs a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistants.sentinel import Sentinel, StatusLine
from haven.ai.task import Tier, Usage
from haven.app import House, open_house
from haven.settings import ANTHROPIC_KEY, Settings
from tests.ai.desk import task
from tests.e2e.house import PNG, at_home, settings_in


async def lines(house: House) -> dict[str, StatusLine]:
    return {line.label: line for line in await house.sentinel.status()}


def with_key(folder: Path, **cloud: object) -> Settings:
    ready = settings_in(folder, "http://127.0.0.1:9", stand_in=False, **cloud)
    ready.write_secret(ANTHROPIC_KEY, "sk-ant-" + "nobody-has-this-key")
    return ready


async def test_a_house_with_a_stand_in_says_so(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False) as home:
        shown = await lines(home.house)
        assert (shown["Cloud"].text, shown["Cloud"].level) == ("stand-in, not Claude", "note")
        assert "rules answer alone" in shown["Local model"].text
        assert "merged into main" in shown["Project"].text and shown["Project"].level == "ok"
        assert shown["Changes"] == StatusLine("Changes", "0 open, 0 waiting for a decision")
        await home.ask_for(PNG)
        assert (await lines(home.house))["Changes"].text.startswith("1 open")


async def test_a_missing_repository_and_model_are_alerts_with_their_mend(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path, model=True)) as house:
        shown = await lines(house)
        assert shown["Project"].level == shown["Local model"].level == "alert"
        assert str(tmp_path / "atlas") in shown["Project"].text
        assert "haven models install" in shown["Local model"].text


async def test_without_a_key_the_way_to_one_is_named(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path, stand_in=False)) as house:
        assert "haven setup" in (await lines(house))["Cloud"].text


@pytest.mark.parametrize(("spent", "level"), [(3.0, "ok"), (4.5, "note")])
async def test_money_is_shown_against_its_cap(tmp_path: Path, spent: float, level: str) -> None:
    wide = {"monthly_usd": 5.0, "daily_usd": 9.0, "per_person_daily_usd": 9.0, "per_request_usd": 9.0}
    async with open_house(with_key(tmp_path, **wide)) as house:
        told = {"tier": Tier.CLOUD, "model": "m", "recipient": "r", "sent": "", "redacted": {}}
        id = await house.ledger.reserve(task(), worst_usd=4.9, **told)  # type: ignore[arg-type]
        await house.ledger.settle(id, spent, Usage(), 0.1)
        line = (await lines(house))["Cloud"]
        assert f"{spent:.2f} of 5.00 USD" in line.text and line.level == level


async def test_the_newest_word_of_a_face_counts(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path)) as house:
        sentinel: Sentinel = house.sentinel
        sentinel.note("Discord", "connecting", "note")
        sentinel.note("Discord", "ready", "ok")
        assert [line for line in await sentinel.status() if line.label == "Discord"] == [StatusLine("Discord", "ready")]
