"""People are told of what they wished to hear of: once, where they asked, and of nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.access import Principal
from haven.errors import AccessDenied, BadInput, NotFound
from haven.events import Bus
from haven.world.schema import Discovery, Found, Kind, Lore, Planet, Region, System
from haven.world.telling import notice_of
from haven.world.watches import MOST, Watches, outcome, promise
from haven.world.wishes import Wish, in_words, read_wish
from tests.world.a_world import MEMBER, OLGA, PANEL, SAM, STRANGER, at, system, told, venture, world_in

PLACE = {"channel": 7}


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("tell me when a system is added near Oculi", Wish(kind=Kind.SYSTEM, near="Oculi")),
        ("planets with Emeril", Wish(kind=Kind.PLANET, words=("Emeril",))),
        ("anything by Olga", Wish(person="Olga")),
        ("tell me about new planets within 50 of Venture", Wish(kind=Kind.PLANET, near="Venture", distance=50.0)),
        (
            "systems within 2,5 light-years of TRAPPIST-1",
            Wish(kind=Kind.SYSTEM, near="TRAPPIST-1", distance=2.5, unit="ly"),
        ),
        (
            'new ocean planets with Emeril and Gold near "House by the Sea"',
            Wish(kind=Kind.PLANET, words=("ocean", "Emeril", "Gold"), near="House by the Sea"),
        ),
        ("a discovery in the region Oculi", Wish(kind=Kind.DISCOVERY, region="Oculi")),
        ("Anything in the Oculi region!", Wish(region="Oculi")),
        ("let me know if Olga discovers a fossil", Wish(kind=Kind.DISCOVERY, found=Found.FOSSIL, person="Olga")),
        ("crashed ships", Wish(kind=Kind.DISCOVERY, found=Found.CRASHED_SHIP)),
        ("stories about the Atlas", Wish(kind=Kind.LORE, words=("Atlas",))),
        ("please tell me when something is added by Mia", Wish(person="Mia")),
        ("moons of Venture", Wish(kind=Kind.MOON, inside="Venture")),
        ("dragons", Wish(words=("dragons",))),
        ("Hey, can you notify me about moons?", Wish(kind=Kind.MOON)),
        ("any planet that has Gold", Wish(kind=Kind.PLANET, words=("Gold",))),
        ("Whenever Olga adds a moon, tell me.", Wish(kind=Kind.MOON, person="Olga")),
        ("tell us when people add planets in Marrow", Wish(kind=Kind.PLANET, inside="Marrow")),
        ("ping me once a new station has been added to Oculi", Wish(kind=Kind.STATION, inside="Oculi")),
        ("stories about changes", Wish(kind=Kind.LORE, words=("changes",))),
        ("sag mir Bescheid wenn Olga was neues findet", Wish(person="Olga")),
        (
            "sag mir Bescheid, wenn ein neues System in der Nähe von Oculi hinzugefügt wird",
            Wish(kind=Kind.SYSTEM, near="Oculi"),
        ),
        (
            "gib mir Bescheid, falls Olga ein Fossil findet",
            Wish(kind=Kind.DISCOVERY, found=Found.FOSSIL, person="Olga"),
        ),
        ("benachrichtige mich über neue Planeten mit Emeril", Wish(kind=Kind.PLANET, words=("Emeril",))),
        ("melde dich, sobald jemand einen Mond in der Region Oculi entdeckt", Wish(kind=Kind.MOON, region="Oculi")),
        ("Systeme innerhalb von 5 Lichtjahren um Oculi", Wish(kind=Kind.SYSTEM, near="Oculi", distance=5.0, unit="ly")),
        (
            "melde dich, wenn im Umkreis von 20 Lichtjahren um Oculi ein System eingetragen wird",
            Wish(kind=Kind.SYSTEM, near="Oculi", distance=20.0, unit="ly"),
        ),
        ("gib mir Bescheid, sobald es neue Systeme bei Oculi gibt", Wish(kind=Kind.SYSTEM, near="Oculi")),
        ("Ruinen auf Meridian", Wish(kind=Kind.DISCOVERY, found=Found.RUIN, inside="Meridian")),
        ("tell me when a moon is recorded on Meridian", Wish(kind=Kind.MOON, inside="Meridian")),
        ("systems closer than 20 to Venture", Wish(kind=Kind.SYSTEM, near="Venture", distance=20.0)),
        ("keep an eye on the Oculi region", Wish(region="Oculi")),
        ("let me know when people add things to Oculi", Wish(inside="Oculi")),
        ('tell me when someone adds "The Long Night" to the lore', Wish(kind=Kind.LORE, words=("The Long Night",))),
    ],
)
def test_what_people_say_is_understood(text: str, wish: Wish) -> None:
    assert read_wish(text) == wish


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "everything",
        "tell me when something is added",
        "stop telling me of moons",
        "within 5 bananas of X",
        "x" * 301,
    ],
)
def test_a_wish_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_wish(text)


_PIECES = st.sampled_from(
    [
        *(
            "planets",
            "added",
            "tell me",
            "when",
            "near",
            "within",
            "5",
            "ly",
            "of",
            "by",
            "in",
            "region",
            "with",
            "new",
        ),
        *('"', "“", "and", "Oculi", "\ue000", "0", "\ue001", ",", "?", "Ü", "9" * 80, "\x00"),
    ]
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(_PIECES | st.text(max_size=6), max_size=14))
def test_any_words_are_a_wish_or_refused(pieces: list[str]) -> None:
    text = " ".join(pieces)
    notice_of(text)
    with suppress(BadInput):
        assert in_words(read_wish(text), {})


async def test_each_is_told_once_of_what_fits_and_of_nothing_else(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches = Watches(database)
        oculi = (await world.put([system("Oculi", position=at(0), region="Eye")], OLGA, "a test"))[0].thing
        wishes = {
            "tell me when a system is added near Oculi": {"Near"},
            "planets within 30 units of Oculi": {"Meridian"},
            "planets with emeril": {"Meridian"},
            "anything by Sam": {"Far", "Bones"},
            "anything in Eye": {"Near", "Meridian", "Bones"},
            "fossils in the region Eye": {"Bones"},
            "dragons": {"A tale"},
            "moons": set(),
        }
        made = {text: await watches.add(text, MEMBER, PLACE) for text in wishes}
        assert (
            made["tell me when a system is added near Oculi"].understood == "each new system within 10 units of Oculi"
        )
        assert await watches.catch_up() == 0
        [near, _] = await world.put(
            [
                System(id="new-1", name="Near", position=at(3, 4), region="Eye"),
                system("Elsewhere", position=at(1, frame="sun")),
            ],
            OLGA,
            "a test",
        )
        planet = Planet(name="Meridian", parent=near.thing.id, materials=("Emeril",))
        [meridian] = await world.put([planet], OLGA, "a test")
        await world.put([system("Far", position=at(50), discovered_by="Sam")], OLGA, "a test")
        await world.put([Discovery(name="Bones", parent=meridian.thing.id, found=Found.FOSSIL)], SAM, "a test")
        await world.put([Lore(name="A tale", text="Here be Dragons.")], OLGA, "a test")
        gone = Lore(name="Gone", text="A dragon that nobody may hear of.")
        [removed] = await world.put([gone], OLGA, "a test")
        await world.remove([removed.thing.id], OLGA, "a test")
        await watches.catch_up()
        await world.put([meridian.thing.model_copy(update={"notes": "Mind the rain."})], SAM, "a test")
        await world.put([oculi.model_copy(update={"notes": "Quiet."})], SAM, "a test")
        assert await watches.catch_up() == 0, "a change of what fitted before is no news"
        for text, names in wishes.items():
            assert {name for _, name, _ in await watches.told(made[text].id)} == names, text
        events = {event.subject: event for event in await told(database, "watch.told")}
        event = events[made["dragons"].id]
        assert event.data["place"] == PLACE and event.data["principal"] == MEMBER.id and event.data["face"] == "bot"
        assert event.data["text"] == "New for your watch “dragons”: A tale (lore)."
        assert event.data["count"] == 1


async def test_what_fits_from_now_on_is_news_too(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches = Watches(database)
        [oculi, lost] = await world.put([system("Oculi", position=at(0)), system("Lost")], OLGA, "a test")
        watch = await watches.add("systems within 5 of Oculi", MEMBER, PLACE)
        await world.put([lost.thing.model_copy(update={"position": at(1)})], OLGA, "a test")
        assert await watches.catch_up() == 1
        assert [name for _, name, _ in await watches.told(watch.id)] == ["Lost"]
        await world.remove([oculi.thing.id], OLGA, "a test")
        [shown] = await watches.list(MEMBER)
        assert shown.understood == "each new system within 5 units of a place that was removed"
        await world.put([system("Late", position=at(1))], OLGA, "a test")
        assert await watches.catch_up() == 0


async def test_near_a_region_is_in_it(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches = Watches(database)
        await world.put([Region(name="Oculi"), system("Old", region="Wake")], OLGA, "a test")
        made = await watches.add("tell me when a system is added near Oculi", MEMBER, PLACE)
        assert made.understood == "each new system in the region Oculi"
        assert (await watches.add("planets near Wake", MEMBER, PLACE)).wish == Wish(kind=Kind.PLANET, region="Wake")
        with pytest.raises(BadInput, match="how far something is from a region is not recorded"):
            await watches.add("systems within 5 of Oculi", MEMBER, PLACE)
        await world.put([system("In it", region="Oculi"), system("Elsewhere", region="Wake")], OLGA, "a test")
        await watches.catch_up()
        assert [name for _, name, _ in await watches.told(made.id)] == ["In it"]


async def test_an_import_is_one_message_and_two_processes_tell_it_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches = Watches(database)
        watch = await watches.add("systems", MEMBER, PLACE)
        await world.put([system(f"Star {number:04}") for number in range(2_500)], OLGA, "import", imported="a.csv")
        await world.put([system("And one")], OLGA, "import", imported="b.csv")
        assert sum(await asyncio.gather(watches.catch_up(), Watches(database).catch_up())) == 1
        [event] = await told(database, "watch.told")
        assert event.data["count"] == 2_501 and event.data["text"].endswith(" and 2496 more.")
        assert len(event.data["ids"]) == 20 and len(await watches.told(watch.id, 5_000)) == 2_501


async def test_people_are_told_while_haven_runs(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches, bus = Watches(database, quiet_s=0), Bus(database)
        await bus.start()
        await watches.add("planets", MEMBER, PLACE)
        with bus.subscribe() as heard:
            running = [asyncio.create_task(bus.run()), asyncio.create_task(watches.run(bus))]
            await world.put(venture(), OLGA, "a test")
            async with asyncio.timeout(20):
                while (event := await anext(heard)).kind != "watch.told":
                    pass
        assert "Meridian (planet), Little Meridian (moon)" in event.data["text"]
        for task in running:
            task.cancel()
        await asyncio.wait(running)


@pytest.mark.parametrize(
    ("face", "where"), [("bot", "once, here"), ("kiosk", "inbox on Home"), ("cli", "haven world watch --list")]
)
async def test_what_is_promised_fits_the_face(tmp_path: Path, face: str, where: str) -> None:
    async with world_in(tmp_path) as (_, database):
        made = await Watches(database).add("new moons", replace(MEMBER, face=face), PLACE)
        assert where in promise(made) and made.understood in promise(made)


async def test_the_panel_ends_a_watch_with_its_pin_alone(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (_, database):
        watches = Watches(database)
        made = await watches.add("new moons", PANEL, {})
        with pytest.raises(AccessDenied, match="needs its PIN"):
            await watches.remove(made.id, PANEL)
        await watches.remove(made.id, PANEL.with_pin())
        assert await watches.list(PANEL) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("moons of Meridian or Venture", "for one thing"),
        ("tell me when a system or a planet is added near Oculi", "for one thing"),
        ("sag Bescheid, wenn ein Mond oder ein Planet bei Oculi dazukommt", "for one thing"),
        ("tell me when no one has added a planet for a week", "not of what nobody adds"),
    ],
)
def test_what_would_never_come_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_wish(text)
    assert read_wish('planets near "Salt or Iron"').near == "Salt or Iron"


@pytest.mark.parametrize(
    "text",
    ["tell me when Oculi changes", "notify me when Cobble is renamed", "sag mir Bescheid, wenn Oculi geändert wird"],
)
def test_that_no_watch_tells_of_changes_is_said(text: str) -> None:
    with pytest.raises(BadInput, match="not of each change"):
        read_wish(text)


async def test_words_end_the_watch_that_they_name_and_no_other(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches = Watches(database)
        await world.put([system("Oculi", position=at(0))], OLGA, "a test")

        async def said(text: str, by: Principal = MEMBER) -> str:
            notice = notice_of(text)
            assert notice is not None
            return outcome(await watches.heed(notice, by), notice)

        async def left() -> set[str]:
            return {one.said for one in await watches.list(MEMBER)}

        assert "You watch for nothing" in await said("stop telling me about moons")
        texts = ("new moons", "tell me when a system is added near Oculi", "planets with Emeril", "moons by Olga")
        made = {text: await watches.add(text, MEMBER, PLACE) for text in texts}
        kept = await watches.add("new moons", OLGA, PLACE)
        assert "No watch of yours is of “stations”" in await said("stop telling me of stations")
        listed = await said("what am I watching?")
        assert all(one.id in listed for one in made.values())
        for unclear in ("stop telling me", "sag mir nicht mehr Bescheid", "unsubscribe"):
            assert "say which" in await said(unclear)
        assert await left() == set(texts), "nothing ends where it is not clear which"
        assert "Ended" in await said("Don't tell me any more when systems are added near Oculi")
        assert "Ended" in await said(f"cancel my watch {made['moons by Olga'].id}")
        assert "Ended" in await said("benachrichtige mich nicht mehr über Planeten mit Emeril")
        await watches.add("moons by Sam", MEMBER, PLACE)
        assert "Ended" in await said("sag mir nicht mehr Bescheid bei neuen Monden") and await left() == {
            "moons by Sam"
        }
        assert "each new moon by Sam" in await said("unsubscribe") and await left() == set()
        for text in texts:
            await watches.add(text, MEMBER, PLACE)
        assert (await said("cancel all my watches")).startswith("Ended") and await left() == set()
        assert [one.id for one in await watches.list(OLGA)] == [kept.id], "nobody ends another's"


async def test_who_may_watch_and_how_much(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        watches = Watches(database)
        await world.put([system("Nowhere")], OLGA, "a test")
        with pytest.raises(AccessDenied):
            await watches.add("moons", STRANGER, PLACE)
        with pytest.raises(NotFound, match="no record 'Atlantis'"):
            await watches.add("systems near Atlantis", MEMBER, PLACE)
        with pytest.raises(BadInput, match="Where Nowhere is, is not recorded"):
            await watches.add("systems near Nowhere", MEMBER, PLACE)
        mine = [await watches.add(f"word{number}", MEMBER, PLACE) for number in range(MOST)]
        with pytest.raises(BadInput, match=f"You have {MOST} watches"):
            await watches.add("one more", MEMBER, PLACE)
        with pytest.raises(AccessDenied):
            await watches.remove(mine[0].id, SAM)
        await watches.remove(mine[0].id, MEMBER)
        assert mine[0].id not in {one.id for one in await watches.list(MEMBER)}
        with pytest.raises(NotFound):
            await watches.remove(mine[0].id, MEMBER)
        await watches.add("one more", MEMBER, PLACE)
