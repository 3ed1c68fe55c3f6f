"""Does a house whose dashboard is used for twelve hours grow? One JSON line; goal: under 5 %.

Five people whose pages ask anew every half a minute, who look at every page now and then, log in and out, follow the
live stream and leave it, send forms, right and wrong, and a program that calls the API: as many requests as that makes
in twelve hours, one after the other. Memory, objects and tasks are compared with those after the first quarter, in
which every page was asked for several times and what is kept on purpose has come to its size; `curve_mb` is the memory
after each twelfth. Pages of the model's file that searches have read are counted apart (held.py). `--requests` takes
another number, `--smoke` is short.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import tempfile
import time
from pathlib import Path

from aiohttp.test_utils import unused_port

from benchmarks.held import grown, held
from haven import heap
from haven.access import Role
from haven.settings import Web
from tests.web.dashboard import Browser, Dashboard
from tests.web.furnished import furnished
from tests.web.programs import Program, program, token_of
from tests.web.ways import address, once, parts_of
from web.api.endpoint import Scope
from web.routes import ROUTES

REQUESTS, SMOKE_REQUESTS = 12_000, 150
"""Five pages that ask every 30 s for 12 hours make 7,200; the rest are what people do themselves."""
PARTS, WARM = 12, 3
"""So many of the parts are not measured."""
PAGE, LIVE, AGAIN, FORM, CALL = 3, 41, 151, 26, 11
"""One request in so many is another page, a live stream, a new log-in, a form, or a program's call."""


class Life:
    """Everybody who uses it, one request after the other."""

    def __init__(self, here: Dashboard, people: dict[str, Browser], pages: list[str], api: Program) -> None:
        self._here, self._people, self._api = here, list(people.items()), api
        self._pages, self._chance = itertools.cycle(pages), random.Random(7)
        self.answers: dict[int, int] = {}

    async def go_on(self, numbers: range) -> None:
        for number in numbers:
            name, person = self._people[number % len(self._people)]
            if number % AGAIN == 0:
                await once(person, "POST", "/leave", data={"seal": person.seal})
                await person.log_in(name)
            elif number % LIVE == 0:
                self._count((await once(person, "GET", "/live")).status)
            elif number % CALL == 0:
                self._count((await self._api.get("/changes" if number % 2 else "/status")).status)
            elif number % FORM == 0:
                fields = {"seal": person.seal, "to": "off", "why": f"for {number} visitors"}
                self._count((await once(person, "POST", "/cloud", data=fields)).status)
            else:
                path = next(self._pages) if number % PAGE == 0 else "/overview/parts"
                self._count((await once(person, "GET", path)).status)

    def _count(self, status: int) -> None:
        self.answers[status] = self.answers.get(status, 0) + 1


async def main(smoke: bool, requests: int) -> None:
    heap.give_back()  # as `haven up` does
    place = Web(port=unused_port(), trusted_proxies=("127.0.0.1/32",))
    with tempfile.TemporaryDirectory() as folder:
        async with furnished(Path(folder), place) as (here, change):
            owner = await here.owner()
            people = {"Olga": owner}  # heavy pages are limited for each person
            people |= {name: await here.person(name, Role.OWNER) for name in ("Ann", "Ben", "Cem", "Dora")}
            parts = await parts_of(here.house, change)
            asked = [one for one in ROUTES if one.method == "GET" and one.act and "live" not in one.path]
            pages = [address(one, parts) for one in asked if "socket" not in one.path]
            token = await token_of(owner, Scope.READ)
            async with program(here, token) as api:
                life = Life(here, people, pages, api)
                began = time.perf_counter()
                curve = []
                for part in range(PARTS):
                    await life.go_on(range(max(1, part * requests // PARTS), (part + 1) * requests // PARTS))
                    curve.append(held())
    warm, end = curve[WARM - 1], curve[-1]
    figures = {"requests": requests, "answers": life.answers, "warm": warm, "end": end}
    figures |= {"grown_percent": grown(warm, end), "curve_mb": [one["mb"] for one in curve]}
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps({"benchmark": "web_day", "smoke": smoke, **figures, "seconds": seconds}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    given = parser.parse_args()
    asyncio.run(main(given.smoke, SMOKE_REQUESTS if given.smoke else given.requests))
