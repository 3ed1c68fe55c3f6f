"""Ask by touch: stop, the price first, the records behind an answer, what was asked today, what one might ask."""

from __future__ import annotations

from assistants.base import Answerer
from assistants.findings import ids_of
from assistants.round_table import RoundTable
from assistants.table.facts import Facts
from haven.ai.money.prices import Prices
from haven.world.fields import made
from haven.world.names import Names
from haven.world.schema import Kind
from kiosk.idle import DEAF_S
from tests.kiosk.clock import FakeClock
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.test_answers import AWAY
from tests.kiosk.test_idle import left_alone
from tests.kiosk.test_journeys import PIN, ask, enter
from tests.kiosk.test_roundtable import said
from tests.kiosk.test_world import charted  # noqa: F401 - a fixture


async def test_an_answer_is_stopped_and_asked_again(house: House, show: Show) -> None:
    house.model.go_on.clear()
    async with show() as terminal:
        await ask(terminal, "Lorekeeper")
        terminal.type("Who named Vega?\r")
        await terminal.until("Vega has", "writing", "Stop")
        await terminal.tap("Stop")
        await terminal.until("stopped", "Ask again", gone=" Stop ")
        house.model.go_on.set()
        terminal.type("And who saw it first?")
        await terminal.until("And who saw it first?")
        await terminal.tap("Ask again")
        await terminal.until("Vega has three moons.", "local · small-model", "Good", gone="stopped")
        await terminal.until("? Who named Vega?", "And who saw it first?")
    steps = await house.round_table.transcript.steps(OWNER)
    assert [one.why for one in steps if one.why.startswith("stopped")] == ["stopped before its end"]


async def test_a_question_in_the_midst_of_an_answer_has_the_sheet_for_itself(house: House, show: Show) -> None:
    house.model.go_on.clear()
    house.model.ends.clear()
    async with show() as terminal:
        await ask(terminal, "Lorekeeper")
        terminal.type("Who named Vega?\r")
        await terminal.until("Vega has", "Stop")
        terminal.type("Who saw Vega first?\r")
        await terminal.until("? Who saw Vega first?", "thinking", gone="Vega has")
        house.model.ends.set()
        await terminal.until("? Who saw Vega first?", "Vega has", "Stop", gone="stopped")
        house.model.go_on.set()
        await terminal.until("Vega has three moons.", "local · small-model", "Good", gone="stopped")


async def test_the_price_is_shown_before_the_cloud_is_asked(house: House, show: Show) -> None:
    house.claude.stand_in, house.claude.price = False, Prices(input=10, output=400, cache_read=1, cache_write=12)
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type("How many moons has Vega?\r")
        await terminal.until("local · small-model", "instead")
        await terminal.tap("Ask the stand-in")
        await terminal.until("costs", "USD", "Nothing has left yet.", "Yes, send it")
        await terminal.tap("Back")
        await terminal.until("Nothing was sent", "local · small-model")
        assert not house.claude.calls
        await terminal.tap("Ask the stand-in")
        await terminal.tap("Yes, send it")
        await terminal.until("the cloud is switched off here")  # which the Round Table says, after the yes


async def test_an_answer_leads_by_its_source_to_a_route_on_the_map_by_touch_alone(
    charted: House,  # noqa: F811
    show: Show,
) -> None:
    knowing(charted)
    async with show(PANEL) as terminal:
        await terminal.tap("F2 Ask")
        await terminal.tap("Ask, or say")
        await terminal.keys("which star has umbral vey")
        await terminal.tap("⏎")
        await terminal.until("by computation", "Sources")
        await terminal.tap("Sources")
        await terminal.until("Umbral Vey", "Star Red", "Worlds")
        await terminal.tap("Route")
        await terminal.until("Where does the route begin?")
        await terminal.keys("astr")
        await terminal.tap("Astra")
        await terminal.until("Stop 1 of 6: Astra", "to go", "Next ▶")
        await terminal.tap("Next ▶")
        await terminal.until("Stop 2 of 6", gone="Stop 1 of 6")


def knowing(house: House) -> None:
    """Its Round Table answers from the records."""
    records = house.records
    answerers: dict[str, Answerer] = {"cartographer": records.cartographer, "scribe": records.scribe}
    facts = Facts(answerers, records.world, Names(house.database), records.watches)
    house.round_table = RoundTable(
        house.round_table._engine, house.changes, house.waiting, house.round_table.transcript, facts
    )


async def test_a_source_leads_to_its_record_on_the_map(house: House, show: Show) -> None:
    system = made(Kind.SYSTEM, {"name": "Farlight", "position": "10, 20, 30", "economy": "Mining"})
    await house.records.world.put([system], OWNER, "test")
    knowing(house)
    async with show() as terminal:
        await terminal.tap("F2 Ask")
        await terminal.until("Which systems lie within 20 units of Farlight?")
        await ask(terminal, "Scribe")
        terminal.type("What is the economy of Farlight?\r")
        await terminal.until("Mining", "by computation", "Sources")
        await terminal.tap("Sources")
        await terminal.until("Route", "Farlight")


async def test_what_was_asked_today_is_seen_again_and_ends_with_the_session(house: House, show: Show) -> None:
    house.pin.set(PIN)
    await said(house, "An older question", PANEL)
    clock = FakeClock()
    async with show(PANEL, clock=clock) as terminal:
        await ask(terminal, "Scribe")
        await terminal.until("How many records", gone="Asked today")
        terminal.type("Name the moons of Vega\r")
        await terminal.until("Vega has three moons.", "Asked today")
        await terminal.tap("Asked today")
        await terminal.until("What you asked today")
        await terminal.tap("Name the moons of Vega")
        await terminal.until("answered at", "Ask again", "three moons")
        await left_alone(house, clock, house.settings.kiosk.clock_after_s + 1)
        await terminal.until("Touch to wake")
        terminal.press(50, 20)
        terminal.lift(50, 20)
        await terminal.until("F2 Ask")
        await left_alone(house, clock, DEAF_S + 0.1)
        await left_alone(house, clock, 1)
        await terminal.tap("F2 Ask")
        await terminal.until("How many systems", gone="Asked today")
        assert "Vega" not in terminal.screen


async def test_later_answers_of_the_panel_are_gone_with_its_session(house: House, show: Show) -> None:
    house.pin.set(PIN)
    clock = FakeClock()
    async with show(PANEL, clock=clock) as terminal:
        house.claude.failure = AWAY
        await ask(terminal, "Scribe")
        await terminal.tap("Model")
        await terminal.until(" local ")
        await terminal.tap("Scribe")
        await terminal.tap("Model")
        await terminal.until(" cloud ")
        terminal.type("Name the moons of Vega\r")
        await enter(terminal, PIN)
        await terminal.tap("Wait for")
        await terminal.until("It waits for the cloud")
        await left_alone(house, clock, house.settings.kiosk.clock_after_s + 1)
        await terminal.until("Touch to wake")
        terminal.press(50, 20)
        terminal.lift(50, 20)
        await terminal.until("F2 Ask")
        house.claude.failure = None
        await house.tried_again()
        await left_alone(house, clock, DEAF_S + 0.1)
        await terminal.tap("F2 Ask")
        await terminal.until("How many systems", gone="Later answers")
        assert "Your question" not in terminal.screen and "came back" not in terminal.screen
    assert (await house.held()).state == "answered"


def test_the_ids_of_sources_are_found() -> None:
    sources = ("Vega (sys-1, economy)", "A (b) c (lore-2)", "written by a model for Ada", "Vega (sys-1)")
    assert ids_of(sources) == ("sys-1", "lore-2")
