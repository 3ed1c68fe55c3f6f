"""Free words of people without a role: let through where their forms are; nothing of the world shows in the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistants.scribe import Scribe
from haven.errors import AccessDenied
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from tests.world.a_world import OLGA, STRANGER, venture, world_in

RECORDED = "no change of what is recorded"


async def test_a_strangers_words_are_let_through_where_their_forms_are_and_show_nothing(tmp_path: Path) -> None:
    new = "System Farlight at 12, 40, -3: yellow star. Planet Lamp: lush."
    async with world_in(tmp_path) as (world, database):
        await world.put(venture(), OLGA, "test")
        closed, open_ = (
            Scribe(world, Drafts(database, WorldSettings(strangers_may_propose=may)), Atlases(world))
            for may in (False, True)
        )
        with pytest.raises(AccessDenied, match="role member"):
            await closed.record(new, STRANGER)
        told = await open_.record(new, STRANGER)
        assert told.draft and told.draft.stranger and [one.name for one in told.draft.things] == ["Farlight", "Lamp"]
        for recorded in ("planet Meridian: frozen", "planet Meridian: lush"):
            with pytest.raises(AccessDenied, match=RECORDED):
                await open_.record(recorded, STRANGER)
        for act in (open_.read(new, STRANGER), open_.answer(new, STRANGER)):
            with pytest.raises(AccessDenied):
                await act
