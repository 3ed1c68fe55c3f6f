"""Does a display that hangs on the wall for a day grow? One JSON line; goal: under 5 %.

50,000 events of the house in 24 hours of a clock that goes as told: steps of the Round Table, a touch now and then,
another place, a question, and the last third of each hour in which nobody is there, so that it dims, shows the clock
and ends the session. Memory, objects and tasks are looked at when each hour ends and it rests: the highest of the first
quarter, in which what Textual keeps for all displays (up to 4,096 places, colours or styles of a kind) comes to its
size, and the highest of the others. Up and down they go with what the Round Table lists, each step with a task, so it
lists as much as it ever does at first. `curve_mb` is the memory at each hour's end, `asked` how many questions came to
the Round Table. Pages of the model's file that searches have read are counted apart (held.py). `--hours` takes fewer of
them, `--smoke` is short.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path

from benchmarks.held import grown, held, highest
from benchmarks.kiosk_touch import Finger, pressed
from benchmarks.service import furnished
from haven import heap
from haven.access import Principal, Role
from haven.app import House, open_house
from haven.demo import charts
from haven.faces import kiosk_of
from haven.settings import cache_dir
from haven.store.transcripts import Said
from kiosk.app import Kiosk
from kiosk.driver import driver_for
from kiosk.pin import Pin
from kiosk.places import PLACES
from kiosk.widgets.talk import MOST
from tests.kiosk.clock import FakeClock

HOUR_S = 3600
HOURS, EVENTS = 24, 2_084
"""Hours, and events in each."""
SMOKE_HOURS, SMOKE_EVENTS = 2, 125
WARM = 4
"""The first of so many parts is not measured: what is kept on purpose has its size then."""
TOUCH, PLACE, ASKED, BREATH = 10, 97, 151, 25
"""One event in so many is a touch, another place, a question, or a moment in which all that came is worked off."""
QUESTIONS = (
    "How many systems are there?",
    "Which worlds have a moon?",
    "Who is Ada?",
    "hello",
    "Tell me of the first one",
)
THERE = 2 / 3
"""The part of each hour in which it is touched."""
ASK = next(place.key for place in PLACES if place.id == "ask")
MOVES = ("asks", "seats", "answers")


async def live(house: House, finger: Finger, clock: FakeClock, events: range, each_s: float) -> None:
    """So many events, one after the other, with so many seconds going by between them."""
    table, chance = house.round_table.transcript, random.Random(events.start)
    keys = [place.key for place in PLACES if place.key]
    for number in events:
        clock.pass_by(each_s)
        somebody = number * each_s % HOUR_S < THERE * HOUR_S
        who = house.round_table.assistants[number % len(house.round_table.assistants)].name
        table.say(
            Said(f"r{number // 4}", MOVES[number % 3], who, "Ada", "discord:7", words=f"Step {number} of a talk.")
        )
        if somebody and number % TOUCH == 0:
            x, y = chance.randrange(1, 100), chance.randrange(1, 26)
            finger.display.receive(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m".encode())
        if somebody and number % PLACE == 0:
            finger.display.receive(pressed(chance.choice(keys)))
        if somebody and number % ASKED == 0:
            await finger.display.worked_off()
            finger.display.receive(pressed(ASK))
            await finger.display.worked_off()
            finger.display.receive(f"{chance.choice(QUESTIONS)}\r".encode())
        if number % BREATH == 0:
            await finger.display.worked_off()
            await asyncio.sleep(0.02)  # a frame is drawn, and what was said is written
    await finger.display.worked_off()
    await finger.quiet()


async def fill(house: House, kiosk: Kiosk, finger: Finger) -> None:
    """Each place, which is made when it is first shown; and as many steps of the Round Table as it ever lists."""
    for place in [*PLACES, next(one for one in PLACES if one.id == "roundtable")]:
        kiosk.call_later(kiosk.action_pane, place.id)
        await finger.quiet()
    for number in range(MOST):
        house.round_table.transcript.say(Said("r", MOVES[0], "Ada", "sentinel", "discord:7", words=f"Step {number}."))
    await finger.display.worked_off()
    await finger.quiet()


async def day(house: House, hours: int, events: int) -> dict[str, object]:
    clock, finger = FakeClock(), Finger()
    panel = Principal("panel", "Wall panel", Role.OWNER, "kiosk", needs_pin=True)
    kiosk = kiosk_of(house, panel, Pin(house.settings), driver_for(finger.display), clock)
    ground = [asyncio.create_task(part) for part in (house.bus.run(), house.search.keep())]
    running = asyncio.create_task(kiosk.run_async())
    await finger.quiet()
    await fill(house, kiosk, finger)
    curve = []
    for hour in range(hours):
        await live(house, finger, clock, range(hour * events, (hour + 1) * events), HOUR_S / events)
        await heap.trim()  # as Haven's clock does
        curve.append(held())
    failed = kiosk.failure
    asked = await house.database.rows("select 1 from transcript where move = 'asks' and person = ?", [panel.id])
    finger.display.hang_up()
    await running
    for task in ground:
        task.cancel()
    await asyncio.gather(*ground, return_exceptions=True)
    first = max(hours // WARM, 1)
    warm, then = highest(curve[:first]), highest(curve[first:])
    answer = {"events": hours * events, "asked": len(asked), "warm": warm, "then": then}
    grew = {"grown_percent": grown(warm, then), "curve_mb": [one["mb"] for one in curve]}
    return answer | grew | {"failed": failed}


async def main(smoke: bool, hours: int) -> None:
    heap.give_back()  # as `haven up` does
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        ready = await furnished(Path(folder))
        async with open_house(ready, cache_dir()) as house:
            await charts.bring_in(house)
            answer = await (day(house, SMOKE_HOURS, SMOKE_EVENTS) if smoke else day(house, hours, EVENTS))
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"benchmark": "kiosk_day", "smoke": smoke, **answer, "seconds": seconds}))
    if answer["failed"]:
        raise SystemExit(f"The display failed [{answer['failed']}]: what it held says nothing.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--hours", type=int, default=HOURS)
    given = parser.parse_args()
    asyncio.run(main(given.smoke, given.hours))
