"""The Round Table by touch: live, one request again, what has left, and whose words are shown to whom."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from assistants.round_table import Request
from assistants.table.replaying import Replay
from haven.access import Principal, Role
from haven.ai.task import Reply, Where
from haven.store import transcripts
from haven.store.database import Transaction
from haven.store.transcripts import Said
from kiosk.widgets.talk import Bubble
from tests.kiosk.clock import settled
from tests.kiosk.conftest import OWNER, PANEL, House, Show
from tests.kiosk.terminal import Terminal
from tests.kiosk.test_journeys import PIN, enter

ADA = replace(OWNER, id="discord:7", name="Ada", role=Role.MEMBER, face="bot")


async def said(house: House, text: str, by: Principal = ADA, **more: Any) -> None:
    """Somebody asks Scribe and is answered."""
    pieces = [piece async for piece in house.round_table.ask(Request(text, by, assistant="scribe", **more))]
    assert isinstance(pieces[-1], Reply)


async def open_it(terminal: Terminal) -> None:
    await terminal.tap("More")
    await terminal.tap("F9 Round Table")
    await terminal.until("Live: every request")


async def test_what_is_unfolded_is_read_from_its_beginning_while_more_is_said(house: House, show: Show) -> None:
    house.model.pieces = ["Vega has ", " ".join(f"moon{number}" for number in range(150)), "."]
    await said(house, "Name the moons of Vega", OWNER)
    async with show(OWNER, 96, 26) as terminal:
        await open_it(terminal)
        await terminal.tap("Scribe answers root")
        await terminal.until("Scribe answers root", "Vega has moon0 moon1", "moon40")
        house.model.pieces = ["Vega has ", "three moons."]
        await said(house, "How many moons has Vega?")
        await terminal.until("How many moons has Vega?")
        await terminal.until("Scribe answers root", "Vega has moon0 moon1", "moon40")
        await terminal.tap("Scribe answers root")
        await terminal.until("Scribe answers root", gone="moon40")


async def test_it_is_followed_live_filtered_unfolded_and_replayed(house: House, show: Show) -> None:
    await said(house, "Name the moons of Vega")
    async with show(OWNER, 96, 26) as terminal:
        await open_it(terminal)
        await terminal.until("Ada asks Round Table", "Scribe answers Ada", "in this house: small-model")
        house.claude.pieces = ["Vega has ", "four \x1b[2Jmoons."]
        await said(house, "How many moons has Vega?", OWNER, where=Where.CLOUD)
        await terminal.until("Scribe sends to", "left the house:", "Scribe answers root", "four [2Jmoons.")
        await terminal.tap("Sent out")
        await terminal.until("only that", "left the house:", gone="Scribe answers root")
        await terminal.until("Scribe sends to", gone="Name the moons")
        await terminal.tap("left the house")
        await terminal.until("why:", "request ")
        await terminal.tap("Sent out")
        await terminal.tap("Where")
        await terminal.until(" local ", "Scribe answers Ada", gone="in the cloud")
        await terminal.tap("Where")
        await terminal.tap("Where")
        await terminal.tap("Who")
        await terminal.until("mine", "How many moons", gone="Ada asks")
        await terminal.tap("Scribe · 4 steps")
        await terminal.until("Request ")
        await terminal.tap("Speed")
        await terminal.until("2x")
        await terminal.tap("Replay")
        await terminal.until("the end of the replay", "root asks Round Table")
        await terminal.tap("Live")
        await terminal.until("Live: every request")


async def test_the_panel_shows_words_of_others_with_its_pin_only(house: House, show: Show) -> None:
    house.pin.set(PIN)
    await said(house, "Who stole the lantern?")
    async with show(PANEL) as terminal:
        await open_it(terminal)
        await terminal.until("somebody asks Round Table", "Scribe answers somebody", "Somebody's question")
        assert "lantern" not in terminal.screen and "Ada" not in terminal.screen and "three" not in terminal.screen
        await terminal.tap("Words")
        await enter(terminal, PIN)
        await terminal.until("Ada asks Round Table", "lantern", "three")
        await terminal.tap("F1 Home")
        await terminal.until("Inbox")
        await settled(house.kiosks[-1])
        assert not house.kiosks[-1].floor.query(Bubble), "not even for a moment is it there when the pane comes back"
        await open_it(terminal)
        await terminal.until("somebody asks Round Table", gone="lantern")


async def test_a_private_request_is_seen_by_its_asker_alone(house: House, show: Show) -> None:
    house.pin.set(PIN)
    async with show(PANEL) as terminal:
        await open_it(terminal)
        await said(house, "My secret", OWNER, private=True)
        await said(house, "Something open")
        await terminal.until("Scribe answers somebody")
        assert "root" not in terminal.screen and "secret" not in terminal.screen
        assert terminal.screen.count("asks") == 1


async def test_a_replay_is_paused_sped_up_and_let_go_by_finger(house: House, show: Show) -> None:
    told = [
        ("asks", "Ada", "What is far?"),
        ("seats", "scribe", ""),
        ("tells", "scribe", "Far away"),
        ("answers", "", "Vega"),
    ]

    async def kept(tx: Transaction) -> None:
        for number, (move, who, words) in enumerate(told):  # each an hour after the one before: 3 s of a replay
            who, whom = who or "scribe", "scribe" if number < 3 else "Ada"
            await transcripts.add(
                tx, Said("r1", move, who, whom, ADA.id, "scribe", words=words, at=3600.0 * (number + 1))
            )

    await house.database.write(kept)
    async with show(OWNER) as terminal:
        await open_it(terminal)
        await terminal.tap("Scribe · 4 steps")
        await terminal.until("Request r1", "Far away")
        await terminal.tap("Replay")
        await terminal.until("Replay at 1x · 1 of 4 steps")
        await terminal.tap("Pause")
        await terminal.until("Replay at 1x, resting", "Go on")
        for speed in (2, 4, 8, 16, 1, 2, 4, 8, 16):
            await terminal.tap("Speed")
            await terminal.until(f"Replay at {speed}x, resting")
        assert "Far away" not in terminal.screen, "it rests for as long as one looks elsewhere"
        await terminal.tap("Go on")
        await terminal.until("the end of the replay", "Far away", "Vega")
        await terminal.until("Pause", gone="Go on")
        await terminal.tap("Replay")
        await terminal.until("Replay at 16x · 1 of 4 steps")
        await terminal.tap("Live")
        await terminal.until("Live: every request", gone="Replay at")


async def test_a_replay_rests_goes_on_and_is_as_fast_as_one_likes() -> None:
    steps = [Said("r", "asks", "a", "b", "p", at=at) for at in (0.0, 900.0, 901.0)]
    replay, shown = Replay(steps, 1), list[Said]()

    async def watch() -> None:
        async for one in replay.run():
            shown.append(one)
            came.set()

    came = asyncio.Event()
    replay.rest(True)
    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    assert not shown, "it rests before its first step"
    replay.rest(False)
    await came.wait()
    assert shown == steps[:1]
    replay.go(100_000)  # the silence of 900 s counts as 3, and these are over at once now
    await watching
    assert shown == steps
