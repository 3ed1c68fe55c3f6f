"""/cloud: the kill switch in Discord."""

from __future__ import annotations

from .conftest import World


async def test_a_reviewer_switches_the_cloud_off_and_the_owner_on(world: World) -> None:
    async def said(who: str, **given: str) -> str:
        result = await getattr(world, who).slash(world.channel, "cloud", **given)
        assert result.ephemeral
        return str(result.response.embeds[0].description)

    assert await said("member") == "The cloud may be used."
    assert "may not" in await said("member", turn="off") and "may not" in await said("stranger")
    assert "switched the cloud off" in await said("reviewer", turn="off")
    assert not (await world.house.switch.state()).on
    assert "may not" in await said("reviewer", turn="on") and "switched the cloud off" in await said("member")
    assert await said("owner", turn="on") == "The cloud may be used."
