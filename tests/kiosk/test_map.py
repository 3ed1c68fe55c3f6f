"""The map of a world: find a system and route to it by touch alone, colour, filter, follow changes, by keys too."""

from __future__ import annotations

import asyncio

import pytest

from assistants.sentinel import HAVEN
from haven.world.fields import made
from haven.world.maps.sky import PORTION
from haven.world.schema import Kind
from kiosk.screens.course import Course
from kiosk.screens.map import MapPane
from kiosk.screens.star_dialogs import FindSystem, Several
from kiosk.widgets.star_card import HEIGHT, StarCard
from kiosk.widgets.star_map import StarMap
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.terminal import PATIENCE_S
from tests.kiosk.test_layout import assert_reachable, targets
from tests.kiosk.test_world import charted  # noqa: F401 - a fixture

FAR = {"name": "Farlight", "position": "400, 20, 30", "region": "Edge"}


async def test_a_system_is_found_and_a_route_to_it_followed_by_touch_alone(charted: House, show: Show) -> None:  # noqa: F811
    async with show(PANEL) as terminal:
        await terminal.tap("F4 Map")
        await terminal.tap("Astra")
        await terminal.until("Star Blue", "Worlds")
        await terminal.tap("Search")
        await terminal.keys("umbr")
        await terminal.tap("Umbral Vey")
        await terminal.until("Star Red", "units from Astra", "┌───")
        await terminal.tap("Route")
        await terminal.tap("From Astra")
        await terminal.until("Stop 1 of 6: Astra", "to go", "Next ▶")
        await terminal.tap("Next ▶")
        await terminal.until("Stop 2 of 6", gone="Stop 1 of 6")
        for stop in range(3, 7):
            await terminal.tap("Next ▶")
            await terminal.until(f"Stop {stop} of 6:")
        await terminal.until("Stop 6 of 6: Umbral Vey", "You are there", "136.6 units in all")
        await terminal.tap("◀ Previous")
        await terminal.until("Stop 5 of 6:")
        await terminal.tap("End route")
        await terminal.until("Filter", gone="Stop")
        await terminal.tap("Close")
        await terminal.until("Search", gone="Worlds")


async def test_colours_and_filters_are_chosen_and_a_changed_world_is_read_anew(charted: House, show: Show) -> None:  # noqa: F811
    async with show(OWNER) as terminal:
        await terminal.tap("F4 Map")
        await terminal.tap("Colour")
        await terminal.tap("Star")
        await terminal.until("39 systems · star: ● ")
        await terminal.tap("Filter")
        await terminal.tap("Grade")
        await terminal.until("Which grade?", "systems")
        await terminal.tap("Any")
        await terminal.until("39 systems", gone="Which")
        await terminal.tap("Filter")
        await terminal.tap("Discovered by")
        await terminal.until("Discovered by whom?", "5 systems")
        await terminal.tap("Any")
        await terminal.until("4 not shown: 2 without a position, 2 on another map", gone="whom")
        await terminal.tap("Filter")
        await terminal.tap("Region")
        await terminal.tap("Sillow Deep")
        await terminal.until("14 of 39 systems")
        await charted.records.world.put([made(Kind.SYSTEM, FAR)], HAVEN, "a test")
        await terminal.until("14 of 40 systems")
        await terminal.tap("Filter")
        await terminal.tap("Show everything")
        await terminal.until("40 systems", "Farlight", gone="14 of 40")


async def test_a_large_world_tells_how_far_its_grading_is_and_then_its_legend_again(house: House, show: Show) -> None:
    count = 2 * PORTION + 1
    stars = [made(Kind.SYSTEM, {"name": f"Far {n}", "position": f"{n % 97}, {n // 97}, 3"}) for n in range(count)]
    await house.records.world.put(stars, HAVEN, "a test")
    async with show(OWNER) as terminal:
        await terminal.tap("F4 Map")
        await terminal.until(f"{count:,} systems ·")
        await terminal.tap("Filter")
        await terminal.tap("Grade")
        await terminal.until(f"Grading {PORTION:,} of {count:,} systems", gone="stand out")
        await terminal.until("Which grade?", f"{count:,} systems")
        await terminal.tap("Back")
        await terminal.until(f"{count:,} systems ·", gone="Grading")


async def test_a_map_that_was_told_to_fly_before_it_was_seen_flies_when_it_is(charted: House, show: Show) -> None:  # noqa: F811
    async with show(OWNER) as terminal:
        await terminal.tap("F4 Map")
        await terminal.until("39 systems", "Astra")
        await terminal.tap("F1 Home")
        await terminal.until("All looked at", gone="39 systems")
        stars = charted.kiosks[-1].query_one(StarMap)
        assert not stars.size and stars.nearest is not None
        stars.fly_to(stars.nearest)
        await terminal.tap("F4 Map")
        await terminal.until("39 systems", "┌───")  # the small map of where one is
        await terminal.tap("Fit")
        await terminal.until("Astra", gone="┌───")


async def test_all_of_the_map_is_seen_beside_the_card_of_a_system(charted: House, show: Show) -> None:  # noqa: F811
    async with show(OWNER) as terminal:
        await terminal.tap("F4 Map")
        await terminal.tap("Ottoline")
        await terminal.until("Worlds", gone="Tollan Far")  # the card lies over it
        await terminal.tap("Fit")
        await terminal.until("Worlds", "Tollan Far", "Ottoline")
        await terminal.tap("Close")
        await terminal.tap("Fit")
        await terminal.until("Tollan Far", "Ottoline", gone="Worlds")


async def test_keys_do_what_tiles_do_and_a_record_is_shown_where_it_lies(charted: House, show: Show) -> None:  # noqa: F811
    async with show(OWNER) as terminal:
        await terminal.until("More")
        charted.kiosks[-1].action_pane("map", (await charted.records.world.one("Meridian", Kind.SYSTEM)).thing.id)
        await terminal.until("Region Marrow Bight", "Star Yellow")
        terminal.type("o")
        await terminal.until("discovered by: Brannoc Eide", "Back to the map")
        terminal.type("o")
        await terminal.until("Search", gone="Brannoc")
        terminal.type("x")
        await terminal.until("Search", gone="Worlds")
        terminal.type("+")
        terminal.type("s")
        await terminal.until("Worlds")
        terminal.type("/")
        await terminal.until("Which system do you look for?")
        terminal.type("nowhere at all\r")
        await terminal.until("No place is called 'nowhere at all'")
        terminal.type("\x1b")
        await terminal.until("Search", gone="Which system")
        terminal.type("n")
        await terminal.until("There is no route to follow")


async def test_a_route_that_no_link_leads_along_is_planned_by_jumps_and_one_without_position_is_said(
    house: House,
    show: Show,
) -> None:
    world = house.records.world
    places = [("Near", "0, 0, 0"), ("Mid", "50, 0, 0"), ("Far", "90, 0, 0"), ("Lost", "")]
    await world.put(
        [made(Kind.SYSTEM, {"name": name} | ({"position": at} if at else {})) for name, at in places], HAVEN, "a test"
    )
    async with show(OWNER) as terminal:
        await terminal.tap("F4 Map")
        await terminal.tap("Far")
        await terminal.until("Economy not recorded")
        await terminal.tap("Route")
        await terminal.keys("near")
        await terminal.tap("Near")
        await terminal.until("Stop 1 of 3: Near", "50 units to Mid", "90 units to go")
        terminal.type("e/")
        await terminal.keys("lost")
        await terminal.until("Back Lost")
        await terminal.tap("Lost")
        await terminal.until("Its position is not recorded.", gone="Center")


@pytest.mark.parametrize("size", [(100, 28), (96, 26), (48, 50)])
async def test_every_target_of_the_map_is_reached_by_a_finger(charted: House, size: tuple[int, int]) -> None:  # noqa: F811
    app = charted.kiosk(OWNER)
    async with app.run_test(size=size) as pilot:

        async def reached(*wanted: str) -> None:
            async with asyncio.timeout(PATIENCE_S):
                while not {*wanted} <= {one.words for one in targets(app.screen)}:
                    await pilot.pause()
            await pilot.pause()
            assert {*wanted} <= {*assert_reachable(app)}

        app.action_pane("map", "Oculi")
        await reached("Search", "Route", "Fit", "Read", "Center", "Close")
        assert app.query_one(StarCard).size.height <= HEIGHT
        app.query_one(MapPane)._follow(Course(("a", "b"), ("A", "B"), (1.0,), "units"))
        await reached("◀ Previous", "Next ▶", "End route", "Fit")
        app.push_screen(FindSystem("Which?", charted.records.search.names))
        await reached("Back")
        await pilot.press("v", "e")
        await reached("Venture")
        app.pop_screen()
        app.push_screen(Several("Which?", {str(number): f"Value {number}" for number in range(60)}, "3"))
        await pilot.pause()
        shown = [tile.region for tile in app.screen.query("Tile") if tile.region]
        assert all(region.height >= 3 and region.width >= 8 for region in shown)
