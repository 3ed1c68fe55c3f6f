"""/health: the worst first, and the open alerts with who looks after each."""

from __future__ import annotations

from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Sign
from bot.panel import MOST_TEXT
from bot.render_health import SHOWN_ALERTS, alert_line, health_card
from haven.access import Principal, Role
from haven.store.alerts import Alert

from .conftest import World, buttons, text_of

RITA = Principal("discord:9", "Rita", Role.REVIEWER, "bot")


async def test_members_see_what_is_wrong_and_who_looks_after_it(world: World) -> None:
    alerts = world.house.sentinel.alerts
    refused = await world.stranger.slash(world.channel, "health")
    assert refused.ephemeral and "may not" in text_of(refused.response)
    calm = await world.member.slash(world.channel, "health")
    assert calm.ephemeral and "No alert is open" in text_of(calm.response) and not calm.response.embeds
    trouble = Sign("status:disk", "0.1 GB free @everyone [x](http://x.example)", "urgent")
    await alerts.look(["status"], [trouble, Sign("status:heat", "81 degrees")], 0.0)
    disk, heat = await alerts.open()
    await alerts.acknowledge(disk.id, RITA)
    card = (await world.reviewer.slash(world.channel, "health")).response
    told = text_of(card)
    assert "2 alerts open" in told and "🔴 **urgent:** 0.1 GB free" in told and disk.id in told
    assert "Rita looks after it" in told and "@\u200beveryone" in told and r"[x]\(" in told
    signs = [line[0] for line in told.splitlines() if line[0] in "🔴🟡🟢" and "urgent" not in line]
    assert signs == sorted(signs, key="🔴🟡🟢".index)
    assert buttons(card) == {"Looked after": False, "I look after it": True}
    await world.env.restart_bot(world.build())
    await world.reviewer.click(card, label="I look after it")
    assert {one.id: one.acknowledged_by for one in await alerts.open()}[heat.id] == "reviewer"
    again = (await world.member.slash(world.channel, "health")).response
    assert buttons(again) == {"Looked after": False} and "reviewer looks after it" in text_of(again)


def test_however_much_is_wrong_the_card_fits() -> None:
    lines = [StatusLine(f"Line {number}", "x_" * 200, "note") for number in range(40)]
    alerts = [Alert(f"alert-{number}", "a:b", "warning", "*" * 400, "_" * 400, 0.0) for number in range(20)]
    card = health_card([*lines, StatusLine("Disk", "full", "alert")], alerts)
    assert len(card) + sum(len(alert_line(one)) for one in alerts[:SHOWN_ALERTS]) <= MOST_TEXT
    assert str(card.description).startswith("🔴 **Disk** (trouble)") and "15 more" in str(card.footer.text)
