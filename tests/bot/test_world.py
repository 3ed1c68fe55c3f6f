"""/lore, /system, /nearest, /route, /map: the world as it is recorded, with names offered while one types."""

from __future__ import annotations

import pytest

from haven.demo import charts

from .conftest import World, parts_of, shown_to, text_of


@pytest.fixture
async def charted(world: World) -> World:
    await charts.bring_in(world.house)
    return world


async def test_what_is_recorded_is_read_and_computed_without_a_model(charted: World) -> None:
    world, here = charted, charted.channel
    page = (await world.member.slash(here, "system", name="oculi")).response
    assert "### Oculi" in text_of(page) and "version 1" in text_of(page) and "**Planets (" in text_of(page)

    near = (await world.member.slash(here, "nearest", to="Oculi", count=3)).response
    read = [one for one in parts_of(near) if str(one.get("custom_id")).startswith("world:read:")]
    assert "Nearest to Oculi" in text_of(near) and len(read) == 3
    many = (await world.member.slash(here, "nearest", to="Oculi", count=25)).response
    assert len(parts_of(many)) <= 40 and text_of(many).count(" · ") > 5

    route = (await world.member.slash(here, "route", start="Oculi", end="Venture")).response
    assert "Oculi" in text_of(route) and "Venture" in text_of(route)
    drawn = (await world.member.slash(here, "map", around="Oculi", theme="light")).response
    for shown in (route, drawn):
        assert (await shown.attachments[0].read()).startswith(b"\x89PNG")
        [picture] = next(one for one in parts_of(shown) if one["type"] == 12)["items"]
        assert "map" in picture["description"].lower(), "for those who are read to"

    lore = (await world.member.slash(here, "lore", text="the salt war")).response
    assert text_of(lore).startswith("### The Salt War\n")
    found = (await world.member.slash(here, "lore", text="who lit the lantern")).response
    assert "Lore: who lit" in text_of(found) and "**" in text_of(found)
    await world.env.restart_bot(world.build())
    first = next(one["custom_id"] for one in parts_of(found) if one.get("label") == "Read")
    opened = await world.reviewer.click(found, custom_id=first)
    assert opened.ephemeral and text_of(shown_to(opened)).startswith("### ")
    refused = shown_to(await world.stranger.click(found, custom_id=first))
    assert refused.ephemeral and "may not" in text_of(refused)
    week = (await world.member.slash(here, "digest")).response
    assert "**Added**" in text_of(week) and "system" in text_of(week)
    assert not world.local.asked and not world.cloud.asked


async def test_names_are_offered_to_those_who_may_read_them_and_checked_again(charted: World) -> None:
    world, here = charted, charted.channel
    offered = await world.member.autocomplete(here, "system", "name", "ocu")
    assert "Oculi (system)" in [one["name"] for one in offered]
    for typed in ("", "e", "no such name whatever", "x" * 500):
        assert len(await world.member.autocomplete(here, "nearest", "to", typed)) <= 25
    assert not await world.stranger.autocomplete(here, "system", "name", "ocu")

    refused = await world.stranger.slash(here, "system", name="Oculi")
    assert refused.ephemeral and "That did not work" in text_of(refused.response)
    wrong = await world.member.slash(here, "system", name="Nowhere at all @everyone")
    assert "That did not work" in text_of(shown_to(wrong))
    both = await world.member.slash(here, "map", around="Oculi", region="Sillow Deep")
    assert both.ephemeral and "Name one of them" in text_of(both.response)
