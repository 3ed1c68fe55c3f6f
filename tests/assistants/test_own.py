"""One's own assistants: a file makes a seat, a bad one is said and leaves the others; none reads beyond its kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assistants import own
from assistants.findings import Findings, Nature
from assistants.round_table import FOUR, Request, Seat
from haven.ai.task import Reply, Tier, Where
from haven.app import House, open_house
from haven.errors import BadInput, HavenError, SettingsError
from haven.world.schema import Kind, Lore, Planet, System
from tests.ai.desk import STRANGER
from tests.e2e.house import MEMBER, OWNER, at_home, settings_in

MINER = """
name = "quartermaster"
title = "Quartermaster"
job = "what can be mined where"
colour = "#c0a060"
words = ["ore(", "mining"]
facts = ["planet"]
tools = ["search"]
privacy = "private"
prompt = "Be brief. {Nothing} in braces matters."
"""
BARD = """
from assistants.findings import Findings

class Bard:
    name, title, job, words, facts = "bard", "Bard", "songs of the moons", ("serenade",), ("lore",)

    def __init__(self, reading):
        self.reading = reading

    async def answer(self, question, principal):
        if "break" in question:
            return 1 / 0
        if "planets" in question:
            return Findings(str(await self.reading.things("planet")))
        if "silence" in question:
            return None
        return Findings(f"La la, {len(await self.reading.things())} tale.")
"""


def write(folder: Path, **files: str) -> Path:
    """Files of one's own assistants as an owner would keep them; two underscores stand for the dot."""
    place = folder / "config" / own.FOLDER
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    for name, text in files.items():
        file = place / name.replace("__", ".")
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    return place


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    async with open_house(settings_in(folder)) as house:
        await house.world.put(
            [
                System(id="new-1", name="Oculi"),
                Planet(id="new-2", name="Brine", parent="new-1", notes="Ore in every valley."),
                Lore(id="new-3", name="The Ore Song", text="The ore was sung out of the ground."),
            ],
            OWNER,
            "test",
        )
        yield house


async def ask(house: House, text: str, **more: Any) -> tuple[Seat, Reply]:
    pieces = [piece async for piece in house.round_table.ask(Request(text, MEMBER, **more))]
    assert isinstance(pieces[0], Seat) and isinstance(pieces[-1], Reply)
    return pieces[0], pieces[-1]


async def test_files_make_seats_and_broken_ones_leave_the_others(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        miner__toml=MINER,
        bard__py=BARD,
        again__toml=MINER.replace("ore(", "gold"),
        scribe__toml=MINER.replace("quartermaster", "scribe"),
        junk__toml="name = ",
        typo__toml=MINER.replace("privacy", "secrecy"),
        named__toml=MINER.replace("quartermaster", "Quarter Master"),
        crash__py="raise RuntimeError('at once')",
        exit__py="raise SystemExit('gone')",
        none__py="class Quiet:\n    pass\n",
        notes__txt="no assistant",
    )
    (place / "link.toml").symlink_to(tmp_path / "elsewhere.toml")
    (place / "folder.toml").mkdir()
    (place / "open.toml").write_text(MINER)
    (place / "open.toml").chmod(0o666)
    async with opened(tmp_path) as house:
        table = house.round_table
        assert [one.name for one in table.assistants] == [*(one.name for one in FOUR), "quartermaster", "bard"]
        whys = {one.file.name: one.why for one in house.broken_assistants}
        assert set(whys) == {
            *("miner.toml", "scribe.toml", "junk.toml", "typo.toml", "crash.py", "none.py", "link.toml", "open.toml"),
            *("exit.py", "folder.toml", "named.toml"),
        }
        for name, why in (
            ("crash.py", "at once"),
            ("exit.py", "gone"),
            ("open.toml", "chmod go-w"),
            ("typo.toml", "secrecy"),
            ("named.toml", "name: it must be 2 to 31 small letters, digits, - or _, a letter first."),
        ):
            assert why in whys[name]
        shown = " ".join(line.text for line in await house.sentinel.status() if line.label == "Assistants")
        assert "is not used" in shown

        seat, reply = await ask(house, "Sing a serenade to Oculi")
        assert seat.assistant.name == "bard" and reply.text == "La la, 1 tale." and reply.tier is Tier.LOCAL
        for text in ("a serenade that makes you break", "a serenade of all planets"):
            with pytest.raises(HavenError, match=r"Bard could not answer|may not read"):
                await ask(house, text)


async def test_what_it_may_not_read_it_does_not_say(tmp_path: Path) -> None:
    write(tmp_path, miner__toml=MINER)
    async with opened(tmp_path) as house:
        seat, reply = await ask(house, "Where is ore( to be found by mining?")
        assert seat.assistant.name == "quartermaster" and seat.assistant.prompt.count("{Nothing}") == 1
        assert "Brine" in reply.text and "Song" not in reply.text
        assert all(source.startswith("Brine") for source in reply.sources)
        reading = own.Reading(house.world, house.search, (Kind.PLANET,))
        assert [thing.name for thing in await reading.things()] == ["Brine"]
        with pytest.raises(BadInput, match="lore"):
            await reading.find("song", Kind.LORE)
        assert await own.Reading(house.world, house.search, ()).things() == []
        declared = own.read(write(tmp_path) / "miner.toml", house.world, house.search, {}).answerer
        assert declared is not None
        with pytest.raises(HavenError):
            await declared.answer("mining", STRANGER)


@pytest.mark.parametrize(
    ("tiers", "wanted", "where"),
    [
        ('["local"]', Where.CLOUD, Where.LOCAL),
        ('["lan", "local"]', Where.AUTO, Where.LAN),
        ('["lan", "local"]', Where.LOCAL, Where.LOCAL),
        ('["local", "lan", "cloud"]', Where.CLOUD, Where.CLOUD),
    ],
)
async def test_its_tiers_bound_what_a_person_may_choose(
    tmp_path: Path, tiers: str, wanted: Where, where: Where
) -> None:
    text = MINER.replace('privacy = "private"', f"tiers = {tiers}")
    place = write(tmp_path, miner__toml=text)
    sheet = own.read(place / "miner.toml", None, None, {}).assistant  # type: ignore[arg-type]
    assert sheet.where(wanted) is where and not sheet.private


async def test_what_a_private_one_is_asked_never_leaves(tmp_path: Path) -> None:
    write(tmp_path, miner__toml=MINER.replace('tools = ["search"]', ""))
    async with at_home(tmp_path, working=False) as home:
        with pytest.raises(HavenError, match="private"):
            pieces = home.house.round_table.ask(Request("Canary 7391, mining", MEMBER, where=Where.CLOUD))
            [piece async for piece in pieces]
        assert home.stand_in.requests == []
        steps = await home.house.round_table.transcript.steps(OWNER)
        assert steps and all(said.private for said in steps)


async def test_only_the_owners_folder_is_trusted(tmp_path: Path) -> None:
    place = write(tmp_path, miner__toml=MINER)
    own.demand_trust(place / "miner.toml")
    with pytest.raises(SettingsError, match="repository"):
        own.demand_trust(place / "miner.toml", tmp_path)
    await asyncio.to_thread((place / "long.toml").write_text, "#" * (own.MAX_BYTES + 1))
    (place / "long.toml").chmod(0o600)
    with pytest.raises(SettingsError, match="longer"):
        own.demand_trust(place / "long.toml")
    place.chmod(0o770)
    with pytest.raises(SettingsError, match="can write"):
        own.demand_trust(place / "miner.toml")


async def test_a_tools_word_may_be_worded_by_a_model(tmp_path: Path) -> None:
    class Says:
        async def answer(self, question: str, principal: object) -> Findings | None:
            return Findings("Four.", kind=Nature.FACT) if "how many" in question else None

    place = write(tmp_path, miner__toml=MINER.replace('["search"]', '["places"]\nworded = true'))
    one = own.read(place / "miner.toml", None, None, {"places": Says()}).answerer  # type: ignore[arg-type]
    assert one is not None and await one.answer("where", MEMBER) is None
    found = await one.answer("how many", MEMBER)
    assert found is not None and not found.complete and found.material == ("Four.",)
