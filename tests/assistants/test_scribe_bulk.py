"""Bulk edits: looked at first, then all or nothing, and taken back as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistants.scribe import Scribe
from assistants.scribing.bulk import is_ordered, merge, ordered, rename_person, set_all
from haven.errors import AccessDenied, BadInput, Conflict, NotFound
from haven.settings import WorldSettings
from haven.world.batches import Batches
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases, Gazetteer
from haven.world.schema import Discovery, Found, Kind, Lore, Person, Planet, System, Thing
from haven.world.world import World
from tests.world.a_world import MEMBER, OLGA, SAM, world_in

THINGS: tuple[Thing, ...] = (
    System(id="system-a", name="Venture", region="Oculi", economy="Mining", discovered_by="Vard"),
    System(id="system-b", name="Vetnure", region="Oculi", glyphs="10020193DFA9", discovered_by="Ismene Vard"),
    System(id="system-c", name="Far", region="Marrow", economy="Mining", links=("system-b",)),
    Planet(id="planet-b", name="Meridian", parent="system-b", biome="Lush"),
    Discovery(id="discovery-b", name="Bone", parent="system-b", found=Found.FOSSIL),
    Lore(id="lore-b", name="The Lamp", links=("system-b", "system-a")),
    Person(id="person-v", name="Vard", aliases=("Ismene Vard",)),
    Person(id="person-q", name="Quist"),
)
House = tuple[World, Batches, Scribe, Drafts]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with world_in(tmp_path) as (world, database):
        await world.put(THINGS, OLGA, "test")
        drafts = Drafts(database, WorldSettings())
        yield world, Batches(database), Scribe(world, drafts, Atlases(world)), drafts


async def everything(world: World) -> dict[str, Thing]:
    return {one.id: one for one in await world.things()}


async def test_a_field_is_set_everywhere_and_taken_back_as_a_whole(house: House) -> None:
    world, batches, scribe, _ = house
    before = await everything(world)
    preview = await scribe.preview(lambda g: set_all(g, Kind.SYSTEM, "oculi", {"economy": "Trading"}))
    assert "2 of 2 system records" in preview.bulk.said
    assert [(one.before, one.after) for one in preview.diff] == [("Mining", "Trading"), ("", "Trading")]
    assert await everything(world) == before
    with pytest.raises(AccessDenied):
        await batches.write(preview.bulk.things, (), MEMBER, stamp=preview.stamp)
    done = await batches.write(preview.bulk.things, (), SAM, stamp=preview.stamp)
    assert len(done.changed) == 2 and (await everything(world))["system-a"].model_dump()["economy"] == "Trading"
    again = await batches.write([THINGS[2].model_copy(update={"star": "Red"})], (), OLGA, stamp=await world.stamp())
    undone = await batches.undo(done.write, SAM)
    assert (undone.by, undone.names) == ("Sam", ("Venture", "Vetnure")), "and nothing of the next one"
    assert (await world.get("system-c")).by == "Olga"
    await batches.undo(again.write, SAM)
    assert await everything(world) == before
    for wrong, said in ((0, "no batch 0"), (-1, "no batch"), (9999, "no batch"), (1 << 70, "no"), (1, "with test")):
        with pytest.raises(BadInput, match=said):
            await batches.undo(wrong, SAM)
    with pytest.raises(BadInput, match="changes nothing"):
        await batches.write([THINGS[2]], (), SAM, stamp=await world.stamp())
    with pytest.raises(BadInput, match="same for many"):
        await scribe.preview(lambda g: set_all(g, Kind.SYSTEM, "", {"name": "One"}))
    with pytest.raises(NotFound):
        await scribe.preview(lambda g: set_all(g, Kind.SYSTEM, "Xanadu", {"economy": "Trading"}))


async def test_what_a_batch_has_added_is_removed_again_with_it(house: House) -> None:
    world, batches, _, _ = house
    before = await everything(world)
    new = [System(name="Lone"), Planet(name="Lonely", parent="system-c")]
    done = await batches.write([*new, THINGS[2].model_copy(update={"star": "Red"})], (), SAM, stamp=await world.stamp())
    ids = {one.name: one.id for one in (await everything(world)).values()}
    [below] = await world.put([Planet(name="Late", parent=ids["Lone"])], OLGA, "test")
    with pytest.raises(Conflict, match="Late still belongs"):
        await batches.undo(done.write, SAM)
    await world.remove([below.thing.id], OLGA, "test")
    undone = await batches.undo(done.write, SAM)
    assert undone.names == ("Far",) and set(undone.removed.values()) == {"Lone", "Lonely"}
    assert await everything(world) == before
    assert [one.op for one in await world.history(ids["Lone"])] == ["added", "removed"]
    await world.undo(ids["Lone"], SAM)
    assert "Lone" in {one.name for one in (await everything(world)).values()}


async def test_duplicates_become_one_with_all_that_belongs_to_them(house: House) -> None:
    world, batches, scribe, _ = house
    before = await everything(world)
    preview = await scribe.preview(lambda g: merge(g, "Venture", ["system-b"]))
    done = await batches.write(preview.bulk.things, preview.bulk.gone, SAM, stamp=preview.stamp)
    now = await everything(world)
    kept = now["system-a"].model_dump()
    assert "system-b" not in now and kept["aliases"] == ("Vetnure",) and kept["glyphs"] == "10020193DFA9"
    assert (kept["economy"], kept["discovered_by"]) == ("Mining", "Vard")
    assert now["planet-b"].model_dump()["parent"] == now["discovery-b"].model_dump()["parent"] == "system-a"
    assert now["system-c"].model_dump()["links"] == now["lore-b"].model_dump()["links"] == ("system-a",)
    await batches.undo(done.write, SAM)
    assert await everything(world) == before
    with pytest.raises(BadInput, match="one kind"):
        await scribe.preview(lambda g: merge(g, "Venture", ["Meridian"]))


async def test_what_was_changed_meanwhile_stops_the_whole_batch(house: House) -> None:
    world, batches, scribe, _ = house
    preview = await scribe.preview(lambda g: merge(g, "Venture", ["Vetnure"]))
    await world.put([THINGS[3].model_copy(update={"biome": "Frozen"})], OLGA, "test")
    before = await everything(world)
    with pytest.raises(Conflict, match="Meridian was changed"):
        await batches.write(preview.bulk.things, preview.bulk.gone, SAM, stamp=preview.stamp)
    preview = await scribe.preview(lambda g: merge(g, "Venture", ["Vetnure"]))
    await world.put([Planet(name="New", parent="system-b")], OLGA, "test")
    with pytest.raises(Conflict, match="belong"):
        await batches.write(preview.bulk.things, preview.bulk.gone, SAM, stamp=preview.stamp)
    preview = await scribe.preview(lambda g: set_all(g, Kind.SYSTEM, "", {"economy": "Trading"}))
    await world.put([THINGS[2].model_copy(update={"star": "Green"})], OLGA, "test")
    with pytest.raises(Conflict, match="since the preview"):
        await scribe.propose_bulk(preview, MEMBER)
    assert (await everything(world)).keys() - before.keys() and (await world.get("system-b")).version == 1
    done = await batches.write([THINGS[2].model_copy(update={"star": "Red"})], (), SAM, stamp=await world.stamp())
    await world.put([THINGS[2].model_copy(update={"star": "Blue"})], OLGA, "test")
    with pytest.raises(Conflict, match="Far was changed"):
        await batches.undo(done.write, SAM)


async def test_a_person_is_renamed_everywhere_by_word_of_a_member_as_a_draft(house: House) -> None:
    world, _, scribe, drafts = house
    told = await scribe.act("Rename the person Ismene Vard to Captain Vard everywhere", MEMBER)
    assert told and "3 records" in told.text and "Proposed as draft-" in told.text
    [draft] = await drafts.list()
    await drafts.approve([draft.id], SAM)
    now = await everything(world)
    assert {now[id].discovered_by for id in ("system-a", "system-b")} == {"Captain Vard"}
    assert now["person-v"].name == "Captain Vard" and now["person-v"].aliases == ("Ismene Vard", "Vard")
    with pytest.raises(BadInput, match="somebody else"):
        await scribe.preview(lambda g: rename_person(g, "Captain Vard", "quist"))
    ordered = await scribe.act("set economy to Trading for all systems in region Oculi", MEMBER)
    assert ordered and "Set economy to Trading for 2 of 2" in ordered.text and len(await drafts.list()) == 1
    nobody = await scribe.act("rename person Xaver to Y", MEMBER)
    assert nobody and "Nobody is called" in nobody.text


@pytest.mark.parametrize(
    "words",
    [
        "set economy to Trading for all systems other than mining ones in Oculi",
        "set economy to Trading for all systems in Oculi other than the mining ones",
        "set economy to Trading for all systems in Oculi except Venture",
        "set economy to Trading for all systems in Oculi but Venture",
        "set economy to Trading for all systems in Oculi unless they are mining",
        "set economy to Trading for all systems without water in Oculi",
        "set economy to Trading for all systems not in Oculi",
        "set the star to Red or Blue for all systems in Oculi",
        "change the economy of every system in Oculi that has none to Trading",
        "Setze die Wirtschaft auf Handel für alle Systeme in Oculi außer Venture",
        "rename the person Vard to nobody",
        "set economy to mining, no, I mean trading, for all systems in Oculi",
        "don't set economy to Trading for all systems in Oculi",
        "Please do not set economy to Trading for all systems in Oculi!",
        "never rename the person Vard to Bard",
    ],
)
async def test_an_order_that_is_not_understood_whole_or_is_denied_changes_nothing(house: House, words: str) -> None:
    _, _, scribe, drafts = house
    told = await scribe.act(words, MEMBER)
    assert told is not None and ("not understood" in told.text or "not to be done" in told.text)
    assert await drafts.list() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("set economy to Mining, no, I mean Trading, for all systems in Oculi", "Set economy to Trading for 2 of 2"),
        ("set economy to trading for all systems in Marrow - sorry, I mean Oculi", "Set economy to Trading for 2 of 2"),
        ("could you set the star to red for each system in Marrow?", "Set star to Red for 1 of 1"),
        ("set economy to nothing for all systems in the region Oculi", "Set economy to nothing for 1 of 2"),
        ("rename person Quist, no, I mean Ismene Vard, to Captain Bard", "Call Ismene Vard Captain Bard in 3"),
        ("rename the person Vard to Bard, no wait, Captain Bard", "Call Vard Captain Bard in 3"),
    ],
)
def test_what_was_said_later_counts(words: str, said: str) -> None:
    bulk = ordered(Gazetteer(THINGS), words)
    assert bulk is not None and bulk.said.startswith(said)


@pytest.mark.parametrize(
    "words",
    [
        "set economy to Trading for all systems in Oculi?",
        "should I rename the person Vard?",
        "who set all systems",
        "make all planets in the viewer bigger",
        "set the colour to red for all systems in the viewer",
    ],
)
def test_a_question_is_no_order(words: str) -> None:
    assert not is_ordered(words) and ordered(Gazetteer(THINGS), words) is None


@pytest.mark.parametrize("filler", ["a ", "to ", "for all ", "set all systems "])
def test_a_long_text_is_no_order_and_known_at_once(filler: str) -> None:
    assert ordered(Gazetteer(THINGS), "set economy to " + filler * 5_000 + "for all systems") is None
