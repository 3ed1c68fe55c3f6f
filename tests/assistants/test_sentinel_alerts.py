"""An alert is one a cause, told once; the night is quiet; what flaps is one alert; what is over is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from assistants.sentry.alerts import Alerts, Sign, is_quiet
from haven.access import Principal, Role
from haven.errors import AccessDenied, Conflict, NotFound
from haven.settings import AlertSettings
from haven.store import events
from haven.store.database import Database, opened
from tests.e2e.house import MEMBER, REVIEWER

NOON = datetime(2026, 11, 21, 12).timestamp()
NIGHT = datetime(2026, 11, 21, 23).timestamp()
MORNING = datetime(2026, 11, 22, 7).timestamp()
MINUTE = 60.0
FULL = Sign("disk", "0.9 GB of disk are free.")
FULLER = Sign("disk", "0.1 GB of disk are free.", "urgent", "Free some room.")
PANEL = Principal("panel", "the panel", Role.OWNER, "kiosk", needs_pin=True)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "haven.db") as ready:
        yield ready


@pytest.fixture
def alerts(database: Database) -> Alerts:
    return Alerts(database, AlertSettings())


async def told(database: Database) -> list[str]:
    return [event.kind for event in await events.since(database, 0)]


async def test_one_cause_is_told_once_and_its_end_once(alerts: Alerts, database: Database) -> None:
    for minute in range(5):
        await alerts.look(["disk"], [FULL, FULL], NOON + minute * MINUTE)
    assert await told(database) == ["alert.raised"]
    [alert] = await alerts.open()
    assert (alert.text, alert.raised_at, alert.level) == (FULL.text, NOON, "warning")
    for minute in (10, 19):  # it comes and goes: that is one alert
        await alerts.look(["disk"], [], NOON + minute * MINUTE)
    await alerts.look(["disk"], [FULL], NOON + 19.5 * MINUTE)
    await alerts.look(["disk"], [], NOON + 20 * MINUTE)
    await alerts.look(["disk"], [], NOON + 29 * MINUTE)
    assert await told(database) == ["alert.raised"]
    await alerts.look(["disk"], [], NOON + 30 * MINUTE)
    await alerts.look(["disk"], [], NOON + 31 * MINUTE)
    assert await told(database) == ["alert.raised", "alert.cleared"] and await alerts.open() == []
    cleared = (await events.since(database, 0))[-1]
    assert cleared.subject == alert.id and cleared.data["lasted_s"] == 30 * MINUTE
    await alerts.look(["disk"], [FULL], NOON + 40 * MINUTE)
    assert [one.id == alert.id for one in await alerts.list()] == [False, True], "a new trouble is a new alert"


async def test_what_was_not_looked_at_is_not_over(alerts: Alerts) -> None:
    await alerts.look(["login"], [Sign("login:failures", "x"), Sign("login:root", "y")], NOON)
    for minute in (1, 100):
        await alerts.look(["disk"], [], NOON + minute * MINUTE)
    assert [one.cause for one in await alerts.open()] == ["login:failures", "login:root"]
    await alerts.look(["login:failures"], [], NOON + 150 * MINUTE)
    assert [one.calm_since is None for one in await alerts.open()] == [False, True], "one cause alone was looked at"
    for minute in (200, 300):
        await alerts.look(["login"], [Sign("login:root", "y")], NOON + minute * MINUTE)
    assert [one.cause for one in await alerts.open()] == ["login:root"]


async def test_worse_is_told_again_also_to_who_took_charge(alerts: Alerts, database: Database) -> None:
    await alerts.look(["disk"], [FULL], NOON)
    [alert] = await alerts.open()
    await alerts.acknowledge(alert.id, REVIEWER)
    await alerts.look(["disk"], [FULLER], NOON + MINUTE)
    await alerts.look(["disk"], [FULL], NOON + 2 * MINUTE)
    [worse] = await alerts.open()
    assert (worse.id, worse.level, worse.acknowledged_by) == (alert.id, "urgent", "")
    assert (worse.text, worse.mend) == (FULL.text, ""), "what holds now"
    assert await told(database) == ["alert.raised", "alert.acknowledged", "alert.raised"]


async def test_an_alert_says_what_holds_now_and_comes_down_when_it_stays_milder(
    alerts: Alerts, database: Database
) -> None:
    await alerts.look(["disk"], [FULLER], NOON)
    for minute, shown in ((1, "urgent"), (5, "urgent"), (11, "warning")):
        await alerts.look(
            ["disk"], [Sign("disk", f"0.{minute} GB of disk are free.", mend="Look.")], NOON + minute * 60
        )
        [alert] = await alerts.open()
        assert (alert.level, alert.text, alert.mend) == (shown, f"0.{minute} GB of disk are free.", "Look.")
    assert await told(database) == ["alert.raised"], "neither the new figures nor that it is milder"
    await alerts.look(["disk"], [FULLER], NOON + 12 * MINUTE)
    assert await told(database) == ["alert.raised"] * 2
    await alerts.look(["disk"], [FULL], NOON + 13 * MINUTE)
    await alerts.look(["disk"], [FULLER], NOON + 14 * MINUTE)
    await alerts.look(["disk"], [FULL], NOON + 15 * MINUTE)
    await alerts.look(["disk"], [FULL], NOON + 24 * MINUTE)
    assert [one.level for one in await alerts.open()] == ["urgent"], "it goes up and down"
    assert await told(database) == ["alert.raised"] * 2


async def test_the_night_holds_back_what_can_wait(alerts: Alerts, database: Database) -> None:
    await alerts.look(["disk", "heat", "card"], [FULL, Sign("heat", "hot"), Sign("card", "worn", "urgent")], NIGHT)
    assert [event.data["cause"] for event in await events.since(database, 0)] == ["card"]
    assert len(await alerts.open()) == 3, "who looks sees all of it"
    for minute in (30, 45):  # the heat is over before anybody was told
        await alerts.look(["disk", "heat", "card"], [FULL, Sign("card", "worn", "urgent")], NIGHT + minute * MINUTE)
    await alerts.look(["disk", "card"], [FULL], MORNING - 11 * MINUTE)
    await alerts.look(["disk", "card"], [FULL], MORNING - MINUTE)
    found = [(event.kind, event.data["cause"]) for event in await events.since(database, 0)]
    assert found == [("alert.raised", "card"), ("alert.cleared", "card")], "who was woken is told that it is over"
    await alerts.look([], [], MORNING)
    await alerts.look([], [], MORNING + MINUTE)
    told_of = [(event.kind, event.data["cause"]) for event in await events.since(database, 0)]
    assert told_of[2:] == [("alert.raised", "disk")]


async def test_a_new_start_repeats_nothing(alerts: Alerts, database: Database) -> None:
    await alerts.look(["disk"], [FULL], NOON)
    await Alerts(database, AlertSettings()).look(["disk"], [FULL], NOON + MINUTE)
    assert await told(database) == ["alert.raised"]


async def test_who_may_take_charge(alerts: Alerts) -> None:
    await alerts.look(["disk"], [FULL], NOON)
    [alert] = await alerts.open()
    for nobody in (MEMBER, PANEL):
        with pytest.raises(AccessDenied):
            await alerts.acknowledge(alert.id, nobody)
    with pytest.raises(NotFound):
        await alerts.acknowledge("ffffff", REVIEWER)
    mine = await alerts.acknowledge(alert.id.removeprefix("alert-"), PANEL.with_pin())
    assert mine.acknowledged_by == "the panel"
    with pytest.raises(Conflict, match="the panel looks after"):
        await alerts.acknowledge(alert.id, REVIEWER)
    for minute in (1, 20):
        await alerts.look(["disk"], [], NOON + minute * MINUTE)
    with pytest.raises(Conflict, match="over already"):
        await alerts.acknowledge(alert.id, REVIEWER)


async def test_no_secret_and_no_steering_gets_into_an_alert(alerts: Alerts) -> None:
    key = "sk-ant-" + "api03-" + "a1B2" * 20
    await alerts.look(["log"], [Sign("log:x", f"a line with {key}\x1b[2J\u202e and {'x' * 5000}")], NOON)
    [alert] = await alerts.open()
    assert key not in alert.text and "\x1b" not in alert.text and "\u202e" not in alert.text and len(alert.text) <= 400


@pytest.mark.parametrize(
    ("hours", "clock", "quiet"),
    [
        (("22:00", "07:00"), (23, 0), True),
        (("22:00", "07:00"), (6, 59), True),
        (("22:00", "07:00"), (7, 0), False),
        (("22:00", "07:00"), (21, 59), False),
        (("13:00", "15:00"), (14, 0), True),
        (("13:00", "15:00"), (15, 0), False),
        (("08:00", "08:00"), (8, 0), False),
    ],
)
def test_quiet_hours(hours: tuple[str, str], clock: tuple[int, int], quiet: bool) -> None:
    settings = AlertSettings(quiet_from=hours[0], quiet_until=hours[1])
    assert is_quiet(settings, datetime(2026, 11, 21, *clock).timestamp()) is quiet
