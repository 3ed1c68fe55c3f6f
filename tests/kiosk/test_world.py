"""The world on the kiosk: the map, the lore, and drafts that take the PIN."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from textual.widgets import Static

from assistants.sentinel import HAVEN
from haven.access import Role
from haven.ai.judging.embed import Embedder
from haven.errors import NotFound
from haven.world.exchange.loading import Importer
from haven.world.fields import made
from haven.world.schema import Kind
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_journeys import PIN, enter
from tests.kiosk.test_layout import SIZES, assert_reachable
from tests.world.a_world import a_long_queue

ADA = replace(OWNER, id="discord:7", name="Ada", role=Role.MEMBER, face="bot")


@pytest.fixture
async def charted(house: House) -> House:
    importer = Importer(house.records.world, house.records.drafts, house.database)
    with resources.as_file(resources.files("haven.demo").joinpath("world")) as folder:
        await importer.bring_in(Path(folder), HAVEN)
    return house


async def test_a_draft_is_read_and_approved_with_the_pin(charted: House, show: Show) -> None:
    house = charted
    house.pin.set(PIN)
    async with show(PANEL) as terminal:
        await terminal.until("More")
        thing = made(Kind.SYSTEM, {"name": "Farlight", "position": "10, 20, 30", "economy": "Mining"})
        await house.records.drafts.propose([thing], ADA, "/submit", "seen\x1b[2J twice")
        second = await house.records.drafts.propose([made(Kind.LORE, {"name": "Odd", "text": "x"})], ADA, "/submit")
        await terminal.tap("More (2)")
        await terminal.tap("F6 Drafts (2)")
        await terminal.until("system Farlight, new", "economy: Mining", "seen[2J twice", "lore · by Ada")
        await terminal.tap("Approve")
        await enter(terminal, "1357")
        await terminal.until("That PIN is wrong")
        with pytest.raises(NotFound):
            await house.records.world.one("Farlight")
        await enter(terminal, PIN)
        await terminal.until("More (1)", "draft-")  # a notice covers the upper lines for some seconds
        assert (await house.records.world.one("Farlight")).by == "Ada"
        await terminal.tap("Reject")
        await enter(terminal, PIN)
        await terminal.until("Why is it rejected?")
        await terminal.keys("odd")
        await terminal.tap("Reject")
        await terminal.until("More", gone="More (1)")
        decided = await house.records.drafts.get(second.id)
        assert (decided.state, decided.why, decided.decided_by) == ("rejected", "odd", "Wall panel")
        await terminal.tap("F4 Map")
        await terminal.until("40 systems")


async def test_several_drafts_are_read_whole_and_approved_together(charted: House, show: Show) -> None:
    house, drafts = charted, charted.records.drafts
    house.pin.set(PIN)
    names = ("Farlight", "Nearlight", "Oculi", "Dimlight")  # there is an Oculi already
    made_ = [await drafts.propose([made(Kind.SYSTEM, {"name": name})], ADA, "/submit") for name in names]
    own = await drafts.propose([made(Kind.SYSTEM, {"name": "Panelight"})], PANEL, "the Scribe")
    async with show(PANEL, rows=50) as terminal:
        await terminal.tap("More (5)")
        await terminal.tap("F6 Drafts (5)")
        await terminal.until("system Farlight, new")
        await terminal.tap("Several")
        await terminal.until("Tap rows to add them")
        for name in names[1:]:
            await terminal.tap(f"█ {name}")
            await terminal.until(f"system {name}, new")
        await terminal.tap("█ Dimlight")
        await terminal.until("Approve these 3", gone="system Dimlight, new")
        await terminal.tap("Approve these 3")
        await enter(terminal, PIN)
        await terminal.until("More (3)", "two systems of one name")
        assert [(await drafts.get(one.id)).state for one in made_] == ["approved", "approved", "open", "open"]
    async with show(PANEL) as terminal:
        await terminal.tap("More (3)")
        await terminal.tap("F6 Drafts (3)")
        await terminal.tap("█ Panelight")
        await terminal.until("Proposed on this panel")
        await terminal.tap("Approve")
        await enter(terminal, PIN)
        await terminal.until("More (2)")
        assert (await drafts.get(own.id)).decided_by == "Wall panel"


async def test_of_long_lists_the_rest_is_named(house: House) -> None:
    lore = [made(Kind.LORE, {"name": f"Tale {number:03}", "text": "Once."}) for number in range(203)]
    await house.records.world.put(lore, HAVEN, "a test")
    await a_long_queue(house.records.drafts, house.database, 105)
    app = house.kiosk(OWNER)
    async with app.run_test() as pilot:
        app.action_pane("lore")
        for worker in [one for one in app.workers if one.group in ("lore list", "reload")]:
            await worker.wait()
        await pilot.pause()
        for pane, rows, more in (
            ("lore", 200, "3 more are recorded. Search finds them."),
            ("draft", 100, "5 more wait behind these."),
        ):
            shown = list(app.query_one(f"#{pane}-list").query(Static))
            assert len(shown) == rows + 1 and str(shown[-1].render()) == more


async def test_what_a_search_means_is_listed_once_it_is_known(house: House, show: Show) -> None:
    lore = [
        made(Kind.LORE, {"name": "The Grey Sleep", "text": "Whole crews lay down one evening and were never roused."}),
        made(Kind.LORE, {"name": "Salt Bread", "text": "A flat loaf."}),
    ]
    await house.records.world.put(lore, HAVEN, "a test")
    search = house.records.search
    search.embedder = Embedder()
    await search.refresh()
    assert await search.embed(2) == 2
    async with show(OWNER) as terminal:
        await terminal.tap("F5 Lore")
        await terminal.tap("Search")
        await terminal.keys("sickness nobody wakes up from")
        await terminal.tap("hide")
        await terminal.until("Whole crews lay down")
    search.embedder.close()


async def test_lore_is_searched_and_read_and_the_map_answers_a_tap(charted: House, show: Show) -> None:
    async with show(OWNER) as terminal:
        await terminal.tap("F5 Lore")
        await terminal.until("Bluewort")
        await terminal.tap("Search")
        await terminal.keys("salt war")
        await terminal.tap("Done")
        await terminal.until("The Salt War", "lore, canon", "saltglass")
        await terminal.tap("F4 Map")
        await terminal.until("39 systems", "Astra")
        await terminal.tap("Astra")
        await terminal.tap("Read")
        await terminal.until("star: Blue", "region: Sillow Deep")
        await terminal.tap("Back to the map")
        await terminal.until("39 systems", gone="star: Blue")


async def test_an_empty_world_says_so(show: Show) -> None:
    async with show(OWNER) as terminal:
        for pane, said in (
            ("F4 Map", "No system"),
            ("F5 Lore", "No lore is recorded yet."),
            ("More", "F6 Drafts"),
            ("F6 Drafts", "Nothing waits"),
        ):
            await terminal.tap(pane)
            await terminal.until(said)


@pytest.mark.parametrize("size", SIZES)
async def test_targets_of_the_world_are_reached_by_a_finger(charted: House, size: tuple[int, int]) -> None:
    await charted.records.drafts.propose([made(Kind.SYSTEM, {"name": "Farlight"})], ADA, "/submit")
    app = charted.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:
        for pane, button in (("map", "+"), ("drafts", "Approve"), ("lore", "Search")):
            app.action_pane(pane)
            await pilot.pause()
            for worker in list(app.workers):
                if worker.group in ("map", "reload", "draft"):
                    await worker.wait()
            await pilot.pause()
            assert button in (assert_reachable(app) if pane != "lore" else [one.text for one in app.query("Tile")])  # type: ignore[attr-defined]


async def test_names_are_offered_above_the_keys_and_go_with_what_was_typed(charted: House, show: Show) -> None:
    await charted.in_review()
    async with show(OWNER) as terminal:
        await terminal.tap("F2 Ask")
        await terminal.tap("Ask, or say")
        await terminal.keys("far is ven")
        await terminal.tap("Venture")
        await terminal.until("far is Venture Make", gone="ven ")
        await terminal.keys("to oc")
        await terminal.until("Oculi")
        await terminal.tap("hide")
        await terminal.until("far is Venture to oc", gone="⇧ shift")
        await terminal.tap("far is Venture")
        await terminal.until("⇧ shift", gone="Oculi")
        await terminal.tap("F1 Home")
        await terminal.tap("Add a zoom button")
        await terminal.tap("Tweak")
        await terminal.keys("as at as")
        await terminal.tap("Astra")
        await terminal.until("as at Astra")
