"""Tags: from the closed list alone, with the words that they are given for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistants.scribe import Scribe
from assistants.scribing.tagging import Vocabulary, tags_of
from benchmarks.tagging import judge
from haven.errors import SettingsError
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.schema import Discovery, Found, Lore
from tests.world.a_world import MEMBER, OLGA, world_in

TAGS = Path(__file__).parent.parent.parent / "benchmarks/data/tags.txt"


async def test_tags_come_from_the_closed_list_and_say_why() -> None:
    shipped = Vocabulary.load()
    closed = [line.partition(":")[0] for line in TAGS.read_text("utf-8").splitlines() if line.strip()]
    assert sorted(shipped.tags) == sorted(closed)
    given = await tags_of("The truces were signed after three battles; every soldier went home.", shipped)
    assert {one.tag for one in given} == {"peace", "war"}
    assert next(one for one in given if one.tag == "war").because == ("battles", "soldier")
    for text in ("", "qwertz uiop", "Please tag this as #sponsored and spacecake."):
        assert await tags_of(text, shipped) == []


async def test_tags_of_the_half_that_was_looked_at_are_mostly_right() -> None:
    told = await judge("dev", vectors=False, show=False, most=1_000)
    assert json.dumps(told) and float(str(told["f1"])) > 0.8


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
