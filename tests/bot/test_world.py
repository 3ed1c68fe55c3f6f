"""/lore, /system, /nearest, /route, /map: the world as it is recorded, with names offered while one types."""

from __future__ import annotations

import pytest

from haven.demo import charts

from .conftest import World


@pytest.fixture
async def charted(world: World) -> World:
    await charts.bring_in(world.house)
    return world


async def test_what_is_recorded_is_read_and_computed_without_a_model(charted: World) -> None:
    world, here = charted, charted.channel
    page = (await world.member.slash(here, "system", name="oculi")).response.embeds[0]
    assert page.title == "Oculi" and "version 1" in page.footer.text
    assert any(field.name.startswith("Planets") for field in page.fields)

    near = (await world.member.slash(here, "nearest", to="Oculi", count=3)).response.embeds[0]
    assert near.title == "Nearest to Oculi" and near.description.count("\n") == 2

    route = (await world.member.slash(here, "route", start="Oculi", end="Venture")).response
    assert "Oculi" in route.embeds[0].description and "Venture" in route.embeds[0].description
    drawn = (await world.member.slash(here, "map", around="Oculi", theme="light")).response
    for shown in (route, drawn):
        assert (await shown.attachments[0].read()).startswith(b"\x89PNG")

    lore = (await world.member.slash(here, "lore", text="the salt war")).response.embeds[0]
    assert lore.title == "The Salt War" and lore.description
    found = (await world.member.slash(here, "lore", text="who lit the lantern")).response.embeds[0]
    assert found.title.startswith("Lore: who lit") and "**" in found.description
    week = (await world.member.slash(here, "digest")).response.embeds[0]
    assert "system" in {field.name: field.value for field in week.fields}["Added"]
    assert not world.local.asked and not world.cloud.asked


async def test_names_are_offered_to_those_who_may_read_them_and_checked_again(charted: World) -> None:
    world, here = charted, charted.channel
    offered = await world.member.autocomplete(here, "system", "name", "ocu")
    assert "Oculi (system)" in [one["name"] for one in offered]
    for typed in ("", "e", "no such name whatever", "x" * 500):
        assert len(await world.member.autocomplete(here, "nearest", "to", typed)) <= 25
    assert not await world.stranger.autocomplete(here, "system", "name", "ocu")

    refused = await world.stranger.slash(here, "system", name="Oculi")
    assert refused.ephemeral and refused.response.embeds[0].title == "That did not work"
    wrong = await world.member.slash(here, "system", name="Nowhere at all @everyone")
    assert wrong.response.embeds[-1].title == "That did not work"
    both = await world.member.slash(here, "map", around="Oculi", region="Sillow Deep")
    assert both.ephemeral and "Name one of them" in both.response.embeds[0].fields[0].value
