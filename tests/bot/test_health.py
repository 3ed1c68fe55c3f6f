"""/health: the worst first, and the open alerts with who looks after each."""

from __future__ import annotations

from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Sign
from bot.render import MOST
from bot.render_health import SHOWN_ALERTS, health_card
from haven.access import Principal, Role
from haven.store.alerts import Alert

from .conftest import World

RITA = Principal("discord:9", "Rita", Role.REVIEWER, "bot")


async def test_members_see_what_is_wrong_and_who_looks_after_it(world: World) -> None:
    alerts = world.house.sentinel.alerts
    refused = await world.stranger.slash(world.channel, "health")
    assert refused.ephemeral and "may not" in str(refused.response.embeds[0].description)
    calm = await world.member.slash(world.channel, "health")
    assert calm.ephemeral and calm.response.embeds[0].title == "No alert is open"
    await alerts.look(["status"], [Sign("status:disk", "0.1 GB free @everyone [x](http://x.example)", "urgent")], 0.0)
    [alert] = await alerts.open()
    await alerts.acknowledge(alert.id, RITA)
    card = (await world.member.slash(world.channel, "health")).response.embeds[0]
    [field] = card.fields
    assert card.title == "1 alert open" and field.name == f"🔴 urgent, {alert.id}"
    assert "Rita looks after it" in field.value and "@\u200beveryone" in field.value and r"[x]\(" in field.value
    signs = [line[0] for line in str(card.description).splitlines()]
    assert signs == sorted(signs, key="🔴🟡🟢".index)


def test_however_much_is_wrong_the_card_fits() -> None:
    lines = [StatusLine(f"Line {number}", "x_" * 200, "note") for number in range(40)]
    alerts = [Alert(f"alert-{number}", "a:b", "warning", "*" * 400, "_" * 400, 0.0) for number in range(20)]
    card = health_card([*lines, StatusLine("Disk", "full", "alert")], alerts)
    assert len(card) <= MOST and len(card.fields) == SHOWN_ALERTS
    assert str(card.description).startswith("🔴 **Disk**") and "15 more" in str(card.footer.text)
