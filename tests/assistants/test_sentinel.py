"""Sentinel's lines on a real house: what is well, what is missing, what needs a person."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assistants.sentinel import HAVEN, Sentinel, StatusLine
from assistants.waiting import Choice
from haven.ai.task import Tier, Usage
from haven.app import House, open_house
from haven.errors import CloudAway, Unavailable
from haven.settings import ANTHROPIC_KEY, Lan, LanHost, Settings
from haven.store import outcomes
from haven.store.outcomes import Learned
from tests.ai.desk import task
from tests.ai.servers.loopback import Answer, Loopback
from tests.ai.servers.wires import OLLAMA_WIRE, gather, question
from tests.e2e.house import PNG, at_home, settings_in


async def lines(house: House) -> dict[str, StatusLine]:
    return {line.label: line for line in await house.sentinel.status()}


def with_host(folder: Path, url: str, *, only: bool = False) -> Settings:
    lan = Lan(hosts=(LanHost(url=url, models=("a-model",)),), only=only, health_s=0.01)
    return settings_in(folder, "http://127.0.0.1:9").model_copy(update={"lan": lan})


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
        assert "no folder atlas" in shown["Project"].text and "project.repository" in shown["Project"].text
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


async def test_a_look_from_beside_leaves_the_running_ones_alerts_alone(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path)) as house, open_house(settings_in(tmp_path)) as beside:
        house.sentinel.note("Discord", "the token is wrong", "alert")
        await house.sentinel.look()
        await beside.sentinel.look_beside()
        there = {one.cause: one for one in await house.sentinel.alerts.open()}
        assert there["status:discord"].calm_since is None and there["status:project"].calm_since is None
        beside.sentinel.note("Kiosk", "no display", "alert")
        await beside.sentinel.look_beside()
        assert {one.cause for one in await house.sentinel.alerts.open()} == set(there)


async def test_a_host_at_home_that_does_not_answer_is_told_and_an_alert_only_where_all_depends_on_it(
    tmp_path: Path,
) -> None:
    for only, level in ((False, "note"), (True, "alert")):
        async with (
            Loopback(OLLAMA_WIRE.turned_away(500)) as server,
            open_house(with_host(tmp_path / level, server.url, only=only)) as house,
        ):
            host = server.url.removeprefix("http://")
            assert (await lines(house))["At home"] == StatusLine("At home", f"a-model at {host}")
            with pytest.raises(Unavailable):
                await gather(house.engine.roster.on(Tier.LAN)[0], question())
            assert (await lines(house))["At home"] == StatusLine("At home", f"a-model: no answer from {host}", level)


async def test_a_host_that_lacks_the_model_comes_with_the_command_that_pulls_it(tmp_path: Path) -> None:
    async with (
        Loopback(Answer((b'{"models": []}',))) as server,
        open_house(with_host(tmp_path, server.url)) as house,
        asyncio.TaskGroup() as group,
    ):
        watch = group.create_task(house.minds.watch_lan())
        await server.asked_times(2)  # the first look is over where the second begins
        assert "haven models pull a-model" in (await lines(house))["At home"].text
        watch.cancel()


async def test_a_model_that_failed_too_often_is_told_with_the_time_it_is_left_alone(tmp_path: Path) -> None:
    async with open_house(with_key(tmp_path, breaker_failures=2, breaker_s=40.0)) as house:
        breaker = house.engine.roster.breaker(house.engine.roster.on(Tier.CLOUD)[0])
        assert "Pause" not in await lines(house)
        for _ in range(2):
            breaker.failed(breaker.began())
        shown = await lines(house)
        assert shown["Pause"] == StatusLine("Pause", f"{breaker.name} is left alone for another 40 s", "note")
        assert "USD this month" in shown["Cloud"].text, "money is shown all the same"


async def test_a_model_at_its_limit_is_told_too(tmp_path: Path) -> None:
    async with open_house(with_key(tmp_path, requests_per_minute=1)) as house:
        breaker = house.engine.roster.breaker(house.engine.roster.on(Tier.CLOUD)[0])
        breaker.worked(breaker.began())
        assert "is at its limit for another 60 s" in (await lines(house))["Pause"].text


async def test_requests_that_wait_are_counted_until_they_are_decided(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path)) as house:
        assert "Waiting" not in await lines(house)
        held = [await house.waiting.hold(task(), CloudAway(Unavailable("Claude is away.")), {}) for _ in range(3)]
        await house.waiting.decide(held[0].id, Choice.WAIT, HAVEN)
        assert (await lines(house))["Waiting"].text == "1 for the cloud, 2 for the word of who asked"
        for one in held:
            await house.waiting.decide(one.id, Choice.CANCEL, HAVEN)
        assert "Waiting" not in await lines(house)


async def test_pass_marks_that_experience_has_moved_are_told(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path)) as house:
        assert "Pass marks" not in await lines(house)
        for kind, shift in (("answer", 5), ("code", -10), ("sql", 0)):
            step = Learned(1.0, kind, shift, "a test says so")
            await house.database.write(lambda tx, step=step: outcomes.learn(tx, step))  # type: ignore[misc]
        assert (await lines(house))["Pass marks"] == StatusLine("Pass marks", "learned: answer +5, code -10", "note")


async def test_every_line_fits_the_kiosks_home(tmp_path: Path) -> None:
    ready = with_host(tmp_path, "http://living-room:11434")
    without_key = ready.model_copy(update={"cloud": ready.cloud.model_copy(update={"stand_in": False})})
    async with open_house(without_key) as house:
        long = [line for line in await house.sentinel.status() if len(line.text) > 60 and line.label != "Project"]
        assert long == []


@pytest.mark.model
async def test_a_loaded_model_is_shown_with_its_memory(tmp_path: Path) -> None:
    async with open_house(settings_in(tmp_path, model=True)) as house:
        await house.registry.install("smollm2-135m")
        assert (await lines(house))["Local model"].text == "smollm2-135m, not loaded"
        async with house.engine.roster.using(house.engine.roster.on(Tier.LOCAL)[0]):
            pass
        text = (await lines(house))["Local model"].text
        assert text.startswith("smollm2-135m, loaded, ") and text.endswith(" MB")
