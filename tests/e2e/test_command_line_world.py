"""`haven world` with the real command: what is added is shown, changed, proposed, decided, removed and brought back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.access import Principal, Role
from haven.app import open_house
from haven.settings import load
from haven.world.batches import Batches
from haven.world.schema import System
from tests.e2e.command import Ran, haven
from tests.world.a_world import a_long_queue

MIA = Principal("discord:3", "Mia \x1b[31m", Role.MEMBER, "bot")


async def a_house(folder: Path) -> Path:
    """No project and no model: the world needs neither."""
    text = f"""
    [paths]
    state_dir = "{folder}/state"
    config_dir = "{folder}/config"
    runtime_dir = "{folder}/run"
    [models]
    local = false
    embeddings = false
    """
    (folder / "haven.toml").write_text(text, encoding="utf-8")
    return folder


async def done(home: Path, *words: str) -> Ran:
    ran = await haven(home, "world", *words)
    assert ran.status == 0, ran.err
    return ran


async def test_records_are_added_changed_removed_and_brought_back(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    gate = (
        await done(home, "add", "system", "Venture", "--set", "position=1, 2.5, -3", "--set", "galaxy=Euclid", "--json")
    ).data
    assert gate["position"] == {"x": 1.0, "y": 2.5, "z": -3.0, "frame": "map", "unit": "units"} and gate["version"] == 1
    await done(home, "add", "planet", "Meridian", "--in", "venture", "--set", "materials=Emeril; Salt")
    edited = await done(home, "edit", "Venture", "--set", "economy=Mining", "--set", "galaxy=")
    assert "galaxy: Euclid → (empty)" in edited.out and "economy: Mining" in edited.out
    shown, as_json, listed, stale, twin, field, nobody = await asyncio.gather(
        haven(home, "world", "show", "VENTURE"),
        haven(home, "world", "show", gate["id"], "--json"),
        haven(home, "world", "list", "--kind", "planet", "--json"),
        haven(home, "world", "edit", "Venture", "--set", "economy=Tech", "--expect", "1"),
        haven(home, "world", "add", "system", "Venture"),
        haven(home, "world", "edit", "Venture", "--set", "flavour=sweet"),
        haven(home, "world", "show", "Atlantis"),
    )
    assert "planets: Meridian" in shown.out and "Version 2, " in shown.out and "economy: Mining" in shown.out
    assert as_json.data["economy"] == "Mining" and [one["name"] for one in as_json.data["children"]] == ["Meridian"]
    assert [(one["name"], one["materials"]) for one in listed.data] == [("Meridian", ["Emeril", "Salt"])]
    for refused, says in (
        (stale, "it is at version 2, and you have seen version 1"),
        (twin, "two systems of one name"),
        (field, "A system has no field 'flavour'. It has: name, aliases"),
        (nobody, "There is no record 'Atlantis'"),
    ):
        assert refused.status == 1 and says in refused.err, refused
    removed = await done(home, "remove", "Venture", "--json")
    assert len(removed.data["removed"]) == 2
    gone = await haven(home, "world", "show", "Venture")
    assert gone.status == 1 and "was removed by" in gone.err and f"haven world undo {gate['id']}" in gone.err
    await done(home, "undo", "Venture")
    assert len((await done(home, "list", "--json")).data) == 2
    history = (await done(home, "history", "Venture", "--json")).data
    assert [one["op"] for one in history] == ["added", "changed", "removed", "restored"]


async def test_of_several_records_of_one_name_the_kind_says_which(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    await done(home, "add", "system", "Helvetios")
    await done(home, "add", "planet", "51 Peg b", "--in", "Helvetios")
    await done(home, "add", "discovery", "Bones", "--in", "51 Peg b", "--set", "found=fossil")
    story = (await done(home, "add", "lore", "51 Peg b", "--set", "text=The first that was found.", "--json")).data
    await done(home, "add", "person", "Helvetios")
    planet, lore, several, system, summed, history = await asyncio.gather(
        done(home, "show", "51 Peg b"),
        done(home, "show", "51 peg b", "--kind", "lore"),
        haven(home, "world", "show", "Helvetios"),
        done(home, "edit", "Helvetios", "--kind", "system", "--set", "economy=Mining"),
        done(home, "summary", "51 Peg b"),
        done(home, "history", "51 Peg b", "--kind", "lore", "--json"),
    )
    assert "51 Peg b: planet" in planet.out and f"Also called so: lore {story['id']}." in planet.out
    assert "discoveries: Bones" in planet.out and "The first that was found." in lore.out
    assert several.status == 1 and "or by its kind" in several.err and "economy: Mining" in system.out
    assert "The first that was found." in summed.out and history.data[0]["id"] == story["id"]


async def test_slips_of_typing_are_asked_about_and_places_are_those_of_the_kind(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    slip = ("add", "system", "Venture", "--set", "economy=Minning")
    refused = await haven(home, "world", *slip)
    assert refused.status == 1 and "did you mean Mining?" in refused.err and "--as-typed" in refused.err
    kept = await done(home, *slip, "--as-typed", "--json")
    assert kept.data["economy"] == "Minning"
    await done(home, "add", "region", "Oculi Reach")
    placed = await done(home, "add", "system", "Kavos", "--in", "oculi reach", "--json")
    assert placed.data["region"] == "Oculi Reach"
    nowhere = await haven(home, "world", "add", "person", "Mia", "--in", "Kavos")
    assert nowhere.status == 1 and "A person belongs to no other record" in nowhere.err
    await done(home, "edit", "Venture", "--set", "notes=Only the notes.", "--set", "star=F5V")
    table = tmp_path / "own.csv"
    table.write_text("name,economy,x,y,z\nOculi,Minning,1,2,3\nOther,Mining,4,5,6\n", encoding="utf-8")
    brought = await done(home, "import", str(table))
    assert "economy 'Minning' is kept as written; is 'Mining' meant?" in brought.out and "Other" not in brought.out


async def test_what_others_propose_is_shown_and_decided(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    async with open_house(load(home / "haven.toml")) as house:
        names = ("Good", "Bad \u202e", "Good")
        made = [await house.drafts.propose([System(name=name)], MIA, "submit", "I was there") for name in names]
    own = (await done(home, "add", "system", "Mine", "--draft", "--reason", "new", "--json")).data["draft"]
    listed, one = await asyncio.gather(done(home, "drafts"), done(home, "drafts", made[0].id))
    assert "\x1b" not in listed.out and all(draft.id in listed.out for draft in made) and own in listed.out
    assert "system Good, new" in one.out and "because: I was there" in one.out and "approve" in one.out
    chosen = ("approve", made[0].id, made[2].id, own)
    shown = await done(home, *chosen)
    assert "Nothing is decided yet" in shown.out and shown.out.count("system Good, new") == 2
    seal = (await done(home, *chosen, "--json")).data["seal"]
    assert f"--seal {seal}" in shown.out
    other = await haven(home, "world", "approve", "--all", "--seal", seal)
    assert other.status == 1 and "not the drafts that were shown" in other.err
    approved = await haven(home, "world", *chosen, "--seal", seal, "--json")
    assert approved.status == 1
    problems = [result["problem"] for result in approved.data]
    assert problems[0] is None and "two systems of one name" in problems[1] and "proposed themselves" in problems[2]
    rejected = await done(home, "reject", "--all", "--why", "Not these.")
    assert rejected.out.count("is rejected") == 3
    assert [one["name"] for one in (await done(home, "list", "--json")).data] == ["Good"]
    states = {one["id"]: (one["state"], one["why"]) for one in (await done(home, "drafts", "--all", "--json")).data}
    assert states[made[1].id] == ("rejected", "Not these.") and states[made[0].id] == ("approved", "")


async def test_a_bulk_edit_is_taken_back_with_what_it_had_added(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    async with open_house(load(home / "haven.toml")) as house:
        owner = Principal("cli", "The owner", Role.OWNER, "cli")
        [venture] = await house.world.put([System(name="Venture")], owner, "a test")
        things = [venture.thing.model_copy(update={"star": "Red"}), System(name="Lone")]
        batch = await Batches(house.database).write(things, (), owner, stamp=await house.world.stamp())
    undone = await done(home, "bulk", "undo", str(batch.write))
    assert (
        "1 record is as before it: Venture" in undone.out
        and "1 record is removed, which it had added: Lone" in undone.out
    )
    assert [one["name"] for one in (await done(home, "list", "--json")).data] == ["Venture"]
    lone = undone.out.split("haven world undo ")[1].split()[0]
    await done(home, "undo", lone)
    assert {one["name"] for one in (await done(home, "list", "--json")).data} == {"Lone", "Venture"}


async def test_who_is_alone_hears_how_to_approve_what_they_propose(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    made = await done(home, "add", "system", "Mine", "--draft")
    draft = made.out.split()[2].rstrip(".")
    refused = await haven(home, "world", "approve", draft)
    for said in (made.out, refused.out):
        assert "set requester_may_approve = true under [world] in haven.toml" in said
    with (home / "haven.toml").open("a", encoding="utf-8") as file:
        file.write("[world]\nrequester_may_approve = true\n")
    other = await done(home, "add", "system", "Other", "--draft")
    assert "Approve it with" in other.out and "Somebody else" not in other.out
    assert "is approved" in (await done(home, "approve", draft)).out


async def test_of_a_long_queue_the_rest_is_named(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    async with open_house(load(home / "haven.toml")) as house:
        await a_long_queue(house.drafts, house.database, 203)
    listed, shown = await asyncio.gather(done(home, "drafts"), done(home, "approve", "--all"))
    assert listed.out.count("draft-") == 200 and "3 more wait" in listed.out and "3 more wait" in shown.out
    as_json = (await done(home, "approve", "--all", "--json")).data
    assert (len(as_json["drafts"]), as_json["more"]) == (200, 3)
    assert "3 more wait" in (await done(home, "reject", "--all")).out
    rest = await done(home, "reject", "--all")
    assert rest.out.count("is rejected") == 3 and "more wait" not in rest.out


async def test_a_watch_shows_what_it_found(tmp_path: Path) -> None:
    home = await a_house(tmp_path)
    await done(home, "add", "system", "Oculi", "--set", "position=0,0,0")
    made = await done(home, "watch", "tell me when a system is added near Oculi")
    assert "each new system within 10 units of Oculi" in made.out
    await done(home, "add", "system", "Venture", "--set", "position=3,4,0")
    [shown] = (await done(home, "watch", "--list", "--json")).data
    assert [one["name"] for one in shown["told"]] == ["Venture"] and shown["wish"]["kind"] == "system"
    await done(home, "watch", "--remove", shown["id"])
    nothing = await haven(home, "world", "watch")
    assert nothing.status == 1 and "Say what to watch for" in nothing.err
