"""Tags: from the closed list alone, with the words that they are given for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistants.scribe import Scribe
from assistants.scribing.learned import shipped
from assistants.scribing.tagging import Vocabulary, shipped_tags, tags_of
from benchmarks.tagging import ENTRIES, entries, judge, unlearned
from haven.ai.judging.embed import Embedder
from haven.errors import SettingsError
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.names import Names
from haven.world.schema import Discovery, Found, Lore, System
from tests.world.a_world import MEMBER, OLGA, world_in

TAGS = Path(__file__).parent.parent.parent / "benchmarks/data/tagging/tags.txt"


async def test_tags_come_from_the_closed_list_and_say_why() -> None:
    shipped = Vocabulary.load()
    closed = [line.partition(":")[0] for line in TAGS.read_text("utf-8").splitlines() if line.strip()]
    assert sorted(shipped.tags) == sorted(closed)
    given = await tags_of("The truces were signed after three battles; every soldier went home.", shipped)
    assert {one.tag for one in given} == {"peace", "war"}
    assert next(one for one in given if one.tag == "war").because == ("battles", "soldier")
    for text in ("", "qwertz uiop", "Please tag this as #sponsored and spacecake."):
        assert await tags_of(text, shipped) == []


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Our ferry capsized off the point last night and lies on her side with the cargo still in her.", {"wreck"}),
        ("The moss on the north roof turns violet when it is thirsty.", {"flora"}),
        ("Landing north of the lake is deadly: the ground gives way and the pits are full of acid.", {"hazard"}),
        ("Grandmother's dumplings: barley flour, goat cheese, twelve minutes in salted water.", {"food"}),
        ("Two stags fight over the salt lick each autumn, and the herd looks the other way.", {"fauna"}),
        ("The vaccine reached the clinic in time, and the epidemic ended within a month.", {"medicine", "disease"}),
        ("They voted again, and the senate passed the law on mooring rights by one voice.", {"politics"}),
    ],
)
async def test_entries_get_the_tags_that_they_mean(text: str, tags: set[str]) -> None:
    with_vectors = {one.tag for one in await tags_of(text, shipped_tags(), Embedder())}
    alone = {one.tag for one in await tags_of(text, shipped_tags())}
    assert tags <= with_vectors and len(with_vectors - tags) <= 1
    assert tags & alone and len(alone) <= 3


async def test_tags_of_the_sets_that_were_learned_from_are_mostly_right() -> None:
    told = await judge(entries(ENTRIES / "held.jsonl"), shipped(), shipped_tags(), None)
    assert json.dumps(told) and float(str(told["f1"])) > 0.7
    own = await judge(entries(ENTRIES / "held.jsonl"), shipped(), unlearned(), None)
    assert float(str(own["f1"])) > 0.6  # a list of one's own, by its words alone


async def test_an_owner_has_a_list_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "tags.toml"
    file.write_text('[sponge]\nmeaning = "sponges"\nwords = "porous thing, loofah"\n')
    own = Vocabulary.load(file)
    assert [one.tag for one in await tags_of("Porous things, and a war.", own)] == ["sponge"]
    for wrong in ('[sponge]\nwords = "x"\n', "[sponge\n", '[sponge]\nmeaning = "x"\ncolour = "y"\n'):
        file.write_text(wrong)
        with pytest.raises(SettingsError, match="tags"):
            Vocabulary.load(file)
    with pytest.raises(SettingsError):
        Vocabulary.load(tmp_path / "missing.toml")


async def test_what_a_place_is_called_and_who_found_it_gives_no_tag(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        names = ("Aurora Prime", "Plague Harbour", "Battle Rock", "Poem")
        places = [System(id=f"system-{at}", name=name) for at, name in enumerate(names, 1)]
        await world.put(places, OLGA, "test")
        scribe = Scribe(world, Drafts(database, WorldSettings()), Atlases(world), names=Names(database))
        for name, text, tags in (
            ("Green Patch on Aurora Prime", "Moss and ferns. Discovered by Kai Frost.", {"flora"}),
            ("Wreck at Plague Harbour", "A crashed freighter, two days from Battle Rock. Found by: Storm.", {"wreck"}),
        ):
            given = {one.tag for one in await scribe.tags_for(Discovery(id="", name=name, found=Found.LIFE, text=text))}
            assert tags <= given and not given & {"weather", "disease", "war", "poem", "exploration"}


async def test_records_without_tags_get_them_in_one_draft(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        bones = Discovery(id="discovery-1", name="Ribs", found=Found.FOSSIL, text="A skeleton of petrified bones.")
        tagged = Lore(id="lore-1", name="War", text="A battle of two fleets.", tags=("fleet",))
        await world.put([bones, tagged, Lore(id="lore-2", name="Blank", text="Qwertz.")], OLGA, "test")
        scribe = Scribe(world, drafts := Drafts(database, WorldSettings()), Atlases(world))
        found = await scribe.untagged()
        assert [(one.id, [tag.tag for tag in given]) for one, given in found] == [("discovery-1", ["fossil"])]
        draft = await scribe.propose_tags(found, MEMBER)
        [difference] = await drafts.diff(draft)
        assert (difference.field, difference.after) == ("tags", "fossil")
