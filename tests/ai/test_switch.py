"""The kill switch of the cloud: who may turn it, and that nothing leaves while it is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.access import Principal, Role
from haven.ai.switch import CloudSwitch
from haven.ai.task import Reply, Route, Step, Tier, Where
from haven.demo.stand_in import StandIn
from haven.errors import AccessDenied, Unavailable
from haven.store import events
from haven.store.database import opened
from tests.ai.desk import MEMBER, PANEL, Talker, desk_at, model_at, said, task

OWNER = Principal("unix:0", "Olga", Role.OWNER, "cli")
REVIEWER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")
GOOD = "The Round Table takes every request and picks the assistant that answers it."


async def test_while_it_is_off_nothing_leaves_and_the_local_model_says_why(tmp_path: Path) -> None:
    async with StandIn() as stand_in, Talker(lambda _: said(GOOD)) as here:
        local = model_at(here.url)
        async with desk_at(tmp_path, stand_in.base_url, local) as desk:
            await desk.switch.off(REVIEWER, "the bill \x1b[0mlooks odd")
            reply = await desk.engine.complete(task(where=Where.CLOUD))
            assert reply.tier is Tier.LOCAL and "Rena switched the cloud off" in reply.instead
            assert "the bill [0mlooks odd" in reply.instead
            with pytest.raises(Unavailable, match="Rena switched"):
                await desk.engine.complete(task(kind="edits"))
            assert stand_in.requests == [] and desk.rows() == []
            await desk.switch.on(OWNER)
            reply = await desk.engine.complete(task(where=Where.CLOUD))
            assert reply.tier is Tier.CLOUD and desk.rows() == ["settled"]
            told = [(one.kind, one.data["by"]) for one in await events.of(desk.database, "cloud")]
            assert told == [("cloud.off", "Rena"), ("cloud.on", "Olga")]
        await local.close()


async def test_the_door_is_shut_as_well_and_for_every_process(tmp_path: Path) -> None:
    async with StandIn() as stand_in, desk_at(tmp_path, stand_in.base_url) as desk:
        step = (await desk.engine.route(task())).steps[0]
        async with opened(desk.file) as another:
            await CloudSwitch(another).off(OWNER)
        route = Route((step,), ("decided before",))
        with pytest.raises(Unavailable, match="Olga switched") as caught:
            [piece async for piece in desk.door.ask(task(), route, step, "r")]
        assert caught.value.retry and caught.value.after, "what waits for the cloud goes on when it is on again"
        with pytest.raises(Unavailable, match="Olga switched"):
            await desk.door.count(task(), Step(Tier.CLOUD, step.model))
        assert stand_in.requests == [] and desk.rows() == [] and desk.pauses == []


async def test_the_panel_may_switch_it_off_with_no_pin_and_on_only_with_it(tmp_path: Path) -> None:
    async with StandIn() as stand_in, desk_at(tmp_path, stand_in.base_url) as desk:
        assert (await desk.switch.state()).on and await desk.switch.refusal() == ""
        for person in (MEMBER, Principal("discord:9", "Sam", Role.STRANGER, "bot")):
            with pytest.raises(AccessDenied):
                await desk.switch.off(person)
        assert not (await desk.switch.off(PANEL)).on
        for person in (PANEL, REVIEWER):
            with pytest.raises(AccessDenied):
                await desk.switch.on(person)
        assert (await desk.switch.on(PANEL.with_pin())).on
        pieces = await desk.pieces(task())
        assert isinstance(pieces[-1], Reply) and pieces[-1].stand_in
