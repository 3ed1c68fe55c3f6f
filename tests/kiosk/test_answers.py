"""By touch: an answer that waits for the cloud, thumbs, the cloud instead, the model at home."""

from __future__ import annotations

from haven.ai.task import Reply, Route, Tier
from haven.errors import ModelError, OverBudget, Unavailable
from haven.store import waiting as waits
from kiosk.screens.answering import Answering
from kiosk.widgets.answer import way
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.terminal import Terminal
from tests.kiosk.test_journeys import PIN, ask, enter

AWAY = Unavailable("Claude is out of reach.", "Haven tries again later.")
QUESTION = "Name the moons of Vega"


async def hold(house: House, terminal: Terminal, question: str = QUESTION) -> None:
    """Ask while the local answer is below the bar and the cloud is away."""
    house.model.pieces, house.claude.failure = ["Perhaps."], AWAY
    await ask(terminal, "Scribe")
    terminal.type(f"{question}\r")
    await terminal.until("Only the cloud would do", "Claude is out of reach.", "Wait for", "Asked today")


async def answered_meanwhile(house: House, show: Show) -> None:
    """A question was held for the cloud, and its answer came when nobody looked."""
    async with show() as terminal:
        await hold(house, terminal)
        await terminal.tap("Wait for")
        await terminal.until("It waits for the cloud")
    house.claude.failure = None
    await house.tried_again()


async def test_it_waits_and_the_answer_comes_by_itself(house: House, show: Show) -> None:
    async with show(OWNER, 96, 26) as terminal:
        await hold(house, terminal)
        await terminal.until("Perhaps.", "draft, below the bar (65 of 100): local · small-model")
        await terminal.tap("Wait for")
        await terminal.until("It waits for the cloud", "Tried next at", "Cancel", gone="Wait for")
        assert "Perhaps." in terminal.screen and "draft, below the bar" in terminal.screen
        house.claude.failure = None
        await house.tried_again()
        await terminal.until("Your question is answered: " + QUESTION)
        await terminal.until("Vega has three moons.", "it waited for the cloud · stand-in, not Claude · cloud")
        await terminal.until("Good", "Poor", gone="Perhaps")
    assert (await house.held()).told


async def test_the_local_model_answers_now_instead(house: House, show: Show) -> None:
    async with show() as terminal:
        await hold(house, terminal)
        house.model.pieces = ["Vega has ", "two moons."]
        await terminal.tap("Local model")
        await terminal.until("Vega has two moons.", "local · small-model", "Ask the stand-in", gone="Wait for")
    assert (await house.held()).state == "cancelled"


async def test_where_the_local_model_fails_the_person_may_choose_again(house: House, show: Show) -> None:
    async with show() as terminal:
        await hold(house, terminal)
        house.model.failure = ModelError("The local model crashed.")
        await terminal.tap("Local model")
        await terminal.until("The local model crashed.", "Only the cloud would do", "Wait for")
        assert (await house.held()).state == "asked"
        house.model.failure, house.model.pieces = None, ["Vega has ", "two moons."]
        await terminal.tap("Scribe")  # at once on the same place, a second tap is one that was meant for what was there
        await terminal.tap("Local model")
        await terminal.until("Vega has two moons.", "local · small-model", gone="Wait for")
    assert (await house.held()).state == "cancelled"


async def test_waiting_is_offered_only_where_it_may_help(house: House, show: Show) -> None:
    house.model.pieces = ["Perhaps."]
    house.claude.failure = OverBudget("The cap for one request is reached.", retry=False)
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type(f"{QUESTION}\r")
        await terminal.until("The cap for one request is reached.", "Local model", "the question", gone="Wait for")


async def test_an_awaited_answer_that_can_not_come_says_so(house: House, show: Show) -> None:
    async with show() as terminal:
        await hold(house, terminal)
        await terminal.tap("Wait for")
        await terminal.until("It waits for the cloud")
        house.claude.failure = Unavailable("The key was refused.", retry=False)
        await house.tried_again()
        await terminal.until("no answer came: The key was refused.", "Perhaps.", gone="the question")


async def test_a_cancelled_question_is_asked_no_more(house: House, show: Show) -> None:
    async with show() as terminal:
        await hold(house, terminal)
        await terminal.tap("Wait for")
        await terminal.until("It waits for the cloud", gone="Local model")
        await terminal.tap("the question")
        await terminal.until("Cancelled: nobody waits", gone="the question")
    asked = len(house.claude.calls)
    await house.tried_again()
    assert len(house.claude.calls) == asked


async def test_what_was_decided_elsewhere_is_told_and_shown(house: House, show: Show) -> None:
    async with show() as terminal, show() as other:
        await hold(house, terminal)
        await other.tap("F2 Ask")
        await other.tap("Later answers")
        await other.until(QUESTION, "Only the cloud would do", "Wait for")
        await other.tap("the question")
        await other.until("Cancelled: nobody waits")
        await terminal.until("Cancelled: nobody waits", gone="Wait for")


async def test_an_answer_that_came_while_nobody_looked_is_behind_a_tile(house: House, show: Show) -> None:
    await answered_meanwhile(house, show)
    async with show(PANEL) as panel:
        await panel.tap("F2 Ask")
        await panel.until("Make this")
        assert "Later" not in panel.screen, "what another person asked is not shown"
    async with show() as terminal:
        await terminal.until("1 of your questions has come back")
        await ask(terminal, "Scribe")
        await terminal.tap("1 new, 0 waiting")
        await terminal.until("Vega has three moons.", "it waited for the cloud", gone="Later answers")


async def test_a_tile_that_stays_is_pressed_though_those_beside_it_came_anew_under_the_finger(
    house: House, show: Show
) -> None:
    await answered_meanwhile(house, show)
    async with show() as terminal:
        await terminal.tap("F2 Ask")
        await terminal.until("How many systems", "1 new, 0 waiting")
        x, y = terminal.where("1 new, 0 waiting")
        terminal.press(x, y)
        kiosk = house.kiosks[-1]
        kiosk.call_later(kiosk.query_one(Answering).suggest, "scribe")
        await terminal.until("1 new, 0 waiting", gone="How many systems")
        terminal.lift(x, y)
        await terminal.until("Vega has three moons.", gone="1 new")


async def test_a_new_question_leaves_the_one_that_waits_in_its_place(house: House, show: Show) -> None:
    async with show() as terminal:
        await hold(house, terminal)
        await terminal.tap("Wait for")
        await terminal.until("It waits for the cloud")
        house.model.pieces = ["It lies in the ", "north of the map."]
        terminal.type("Where is it on the map?\r")
        await terminal.until("It lies in the north of the map.", "0 new, 1 waiting")
        house.claude.failure = None
        await house.tried_again()
        await terminal.until("Your question is answered", "1 new, 0 waiting", "It lies in the north of the map.")
        await terminal.tap("1 new")
        await terminal.until("Vega has three moons.", gone="It lies in the north")


async def test_a_private_question_is_never_held(house: House, show: Show) -> None:
    house.model.pieces, house.claude.failure = ["Perhaps."], AWAY
    async with show() as terminal:
        await ask(terminal, "Scribe")
        await terminal.tap("Private")
        await terminal.until("stays home")
        terminal.type("My secret\r")
        await terminal.until("Perhaps.", "below the bar (65 of 100): take it with care", "Good")
        assert "stand-in" not in terminal.screen.replace("stand-in, not Claude", ""), "the cloud is not offered"
    assert not await waits.of(house.database) and not house.claude.calls


async def test_a_thumb_is_marked_kept_and_changed(house: House, show: Show) -> None:
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type(f"{QUESTION}\r")
        await terminal.until("Vega has three moons.", "Good", "Poor")
        for words, noted in (("Good", "this answer helped"), ("Poor", "this answer did not help")):
            await terminal.tap(words)
            await terminal.until(noted)
    rows = await house.database.rows("select principal, value from verdict order by id")
    assert [tuple(row) for row in rows] == [(OWNER.id, 1), (OWNER.id, -1)]


async def test_the_panel_asks_the_cloud_instead_with_its_pin(house: House, show: Show) -> None:
    house.pin.set(PIN)
    async with show(PANEL) as terminal:
        await ask(terminal, "Scribe")
        terminal.type(f"{QUESTION}\r")
        await terminal.until("Vega has three moons.", "local · small-model")
        house.claude.pieces = ["Vega has ", "four moons."]
        await terminal.tap("Ask the stand-in")
        await enter(terminal, PIN)
        await terminal.until("Vega has four moons.", "stand-in, not Claude · cloud", gone="instead")
    assert len(house.claude.calls) == 1


async def test_where_there_is_no_cloud_it_is_not_offered(house: House, show: Show) -> None:
    house.cloud = ""
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type(f"{QUESTION}\r")
        await terminal.until("Vega has three moons.", "Good", gone="instead")


async def test_while_nothing_may_leave_the_cloud_is_not_offered(house: House, show: Show) -> None:
    async with show() as terminal:
        await ask(terminal, "Scribe")
        terminal.type(f"{QUESTION}\r")
        await terminal.until("Vega has three moons.", "Ask the stand-in")
        await terminal.tap("Cloud on")
        await terminal.until("Local only", "Good", gone="instead")
        await terminal.tap("Local only")
        await terminal.until("Cloud on", "Ask the stand-in")


async def test_models_at_home_can_be_chosen_where_there_are_any(house: House, show: Show) -> None:
    async with show() as terminal:
        await ask(terminal, "Scribe")
        for words in (" local ", " cloud ", " auto "):
            await terminal.tap("Model")
            await terminal.until(words)
        house.lan = True
        for words in (" local ", " lan ", " cloud "):
            await terminal.tap("Model")
            await terminal.until(words)


def test_the_line_under_an_answer_says_all_and_never_calls_a_stand_in_claude() -> None:
    reply = Reply(
        *("Two systems.", Tier.CLOUD, "claude-x", "0", Route((), ())),
        usd=0.01,
        stand_in=True,
        score=60,
        cached="answered before at 2031-02-03 04:05 to: What is there?",
        prepared="material condensed by the local model: 900 to 200 tokens",
    )
    assert way(reply) == (
        "stand-in, not Claude · cloud · claude-x · 0.0100 USD (not real) · 0.0 s"
        " · answered before at 2031-02-03 04:05 to: What is there?"
        " · prepared here: material condensed by the local model: 900 to 200 tokens"
        " · below the bar (60 of 100): take it with care"
    )
