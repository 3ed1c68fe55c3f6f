"""Cartographer: what it computes, draws and suggests, and what it leaves to others."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from assistants.cartographer import Cartographer
from assistants.findings import Findings, Nature
from haven.access import Principal, Role
from haven.errors import AccessDenied
from haven.store.database import opened
from haven.world.gazetteer import Atlases
from haven.world.schema import System
from haven.world.world import World
from tests.world.star_map import THINGS

MIA = Principal("discord:3", "Mia", Role.MEMBER, "bot")
OLGA = Principal("discord:1", "Olga", Role.REVIEWER, "bot")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path / "haven.db") as database:
        found = World(database)
        await found.put(list(THINGS), OLGA, "test", allow_same_name=True)
        yield found


@pytest.fixture
def cartographer(world: World) -> Cartographer:
    return Cartographer(Atlases(world))


async def told(cartographer: Cartographer, question: str) -> Findings:
    found = await cartographer.answer(question, MIA)
    assert found is not None, question
    return found


async def test_facts_come_with_their_records_and_the_typed_query(cartographer: Cartographer, world: World) -> None:
    fact = await told(cartographer, "ocean planets within 50 of Halden")
    assert fact.kind is Nature.FACT and fact.complete and "Mirror (24 units)" in fact.text
    assert {source.id for source in fact.sources} == {"planet-aqua", "planet-mirror"} and "biome = Ocean" in fact.query
    nothing = await told(cartographer, "what is the economy of Eyre")
    assert nothing.kind is Nature.NOT_RECORDED and nothing.sources[0].id == "system-eyre"
    which = await told(cartographer, "where is Twin")
    assert which.kind is Nature.ASK_BACK and len(which.sources) == 2
    await world.put([System(name="Newfound", economy="Fishing")], OLGA, "test")
    assert "Fishing" in (await told(cartographer, "economy of Newfound")).text
    await world.remove(["system-brook"], OLGA, "test")
    assert (await told(cartographer, "economy of Brook")).kind is Nature.NOT_RECORDED


async def test_maps_are_drawn_for_what_the_words_name(cartographer: Cartographer) -> None:
    for question, title in (
        ("draw a map of Outer Reach", "region Outer Reach"),
        ("show me a map around Brook within 12 units", "around Brook"),
        ("zeig mir eine Karte von Inner Reach", "region Inner Reach"),
        ("light map of Aqua", "around Halden"),
        ("map", "all systems"),
    ):
        found = await told(cartographer, question)
        assert title in found.text and found.picture is not None, question
        assert Image.open(io.BytesIO(found.picture)).size == (1_200, 900)
    route = await told(cartographer, "map of the route from Halden to Dorn with jumps of 25")
    assert "2 jumps" in route.text and "longest jump 20 units" in route.text and route.picture
    assert [source.name for source in route.sources] == ["Halden", "Brook", "Dorn"]
    on_a_map = await told(cartographer, "show the nearest system to Halden on a map")
    assert "Brook" in on_a_map.text and on_a_map.picture
    told_of = await cartographer.answer("The map in the Lantern story was drawn by whom?", MIA)
    assert told_of is None or told_of.picture is None, "a map that is spoken of is not drawn"
    lost = await told(cartographer, "map of Xanadu")
    assert lost.kind is Nature.NOT_RECORDED and lost.picture is None and "Xanadu" in lost.text


async def test_labels_and_names_come_from_the_records(cartographer: Cartographer) -> None:
    labels = await told(cartographer, "suggest labels for the map")
    assert "Lamp pays 92.5 %" in labels.text and "danger" in labels.text and "unexplored" in labels.text
    assert {"system-cairn", "system-brook"} <= {source.id for source in labels.sources}
    names = await told(cartographer, "suggest a name for the region Inner Reach")
    assert names.kind is Nature.FACT and "Halden" in names.text and "- Inner Reach" not in names.text
    listed = await told(cartographer, "find the names of all systems in the region Inner Reach")
    assert "Halden" in listed.text and "could" not in listed.text, "the names that are there, and no new ones"


@pytest.mark.parametrize(
    "question",
    [
        "add a zoom button to the map viewer",
        "how does the map viewer draw the stars?",
        "The map is upside down on my phone",
        "who won the Long War",
        "write me a poem",
        "why is Halden poor",
        "",
        "x" * 5_000,
    ],
    ids=lambda question: question[:20],
)
async def test_what_others_do_is_left_to_them(cartographer: Cartographer, question: str) -> None:
    assert await cartographer.answer(question, MIA) is None


async def test_strangers_are_told_nothing(cartographer: Cartographer) -> None:
    with pytest.raises(AccessDenied):
        await cartographer.answer("where is Aqua", Principal("discord:9", "Zed", Role.STRANGER, "bot"))


async def test_the_world_is_read_before_the_first_question_and_a_failure_ends_nothing(
    cartographer: Cartographer, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await cartographer.prepare()
    assert len(cartographer._atlases._gazetteer.things) == len(THINGS) and not caplog.records
    await world.put([System(name="Newfound", economy="Fishing")], OLGA, "test")
    assert "Fishing" in (await told(cartographer, "economy of Newfound")).text
    async with opened(tmp_path / "closed.db") as database:
        gone = Cartographer(Atlases(World(database)))
    await gone.prepare()
    assert "the first question about it reads it" in caplog.text
