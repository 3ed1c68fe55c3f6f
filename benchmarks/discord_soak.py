"""Does the bot keep up with a crowd while the local model writes? One JSON line.

500 interactions of 50 people in 60 s, over a real socket: questions that facts answer, questions that the model writes
to, cards, lists and names while one types. Goals: every acknowledgement inside 3 s and 99 of 100 inside 0.5 s, every
question answered, no edit out of order, memory within 5 % of what it was once warm. Discord is a process of its own
(tests/bot/far_discord). `--smoke`: 25 interactions in 3 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from simcord import actors
from simcord.results import InteractionResult

from benchmarks.answers import MODEL, OWNER, ROOT, settings_in
from haven.ai.models.registry import Registry
from haven.app import open_house
from haven.app import run as run_house
from haven.faces import faces_of
from haven.settings import DISCORD_TOKEN, Discord
from haven.world.exchange.loading import Importer
from tests.bot.far_discord import TOKEN, Call, FarDiscord, pointed_at

PEOPLE, STORIES = 50, 30
WARM = 80
"""Interactions before the measurement, half of them stories: the engine keeps up to 128 MB of what it has read."""
ACKNOWLEDGED_S = 3.0
PATIENCE_S = 100.0
"""So long the last answers may take: the model writes for all, one after the other."""
UNFINISHED = ("writing", "draft, below")
"""How the small print of an answer begins that is still being written."""


class Crowd:
    """The people of the server, and what came of each of their interactions."""

    def __init__(self, far: FarDiscord) -> None:
        self.far = far
        guild = far.env.create_guild("Voyagers")
        role = guild.create_role("Members")
        self.channel = guild.create_text_channel("workshop")
        self.ids = {"guild_id": guild.id, "channel_id": self.channel.id, "member_role_ids": [role.id]}
        users = [far.env.create_user(f"person{number}") for number in range(PEOPLE)]
        self.people = [guild.add_member(user, roles=[role]) for user in users]
        self.did: list[tuple[str, float, InteractionResult]] = []

    async def act(self, number: int, stories: int) -> None:
        """Of `stories` interactions one that the model writes to; of the others four in ten ask for facts."""
        person, at, began = self.people[number % PEOPLE], self.channel, time.monotonic()
        match number % 10:
            case _ if number % stories == 0:
                text = f"Tell me in one sentence of traveller number {number} and the old engine."
                kind, result = "story", await person.slash(at, "ask", text=text, where="local")
            case 0 | 1 | 4 | 7:
                kind, result = "fact", await person.slash(at, "ask", text="Which planets does Venture have?")
            case 2:
                kind, result = "status", await person.slash(at, "status")
            case 3:
                kind, result = "changes", await person.slash(at, "changes", show="all")
            case 6:
                kind, result = "system", await person.slash(at, "system", name="Venture")
            case _:
                kind, result = "typing", await actors._autocomplete_result(person, at, "system", "name", "Ven", {})
        self.did.append((kind, began, result))

    async def come(self, count: int, seconds: float, stories: int = STORIES) -> None:
        """That many interactions at an even pace."""
        began = time.monotonic()
        for number in range(count):
            await asyncio.sleep(began + seconds * number / count - time.monotonic())
            await self.act(number, stories)

    def open(self) -> list[str]:
        """What has no answer yet."""
        return [kind for kind, _, result in self.did if not _is_answered(kind, result)]

    def figures(self) -> dict[str, Any]:
        calls = {one.path.split("/")[1]: one for one in reversed(self.far.rest.of("POST", "interactions/*/callback"))}
        acks, late = [], 0
        for _, began, result in self.did:
            call = calls.get(str(result._interaction.id))
            acks.append(call.began - began if call and result.acknowledged else float("inf"))
            late += acks[-1] > ACKNOWLEDGED_S
        heard = [one for one in acks if one < float("inf")]
        edits = defaultdict[str, list[Call]](list)
        for call in self.far.rest.of("PATCH", "webhooks/*/messages/@original"):
            edits[call.path].append(call)
        lost = self.open()
        return {
            "interactions": len(self.did),
            "late or never acknowledged": late,
            "acknowledged p50 ms": round(1000 * float(np.percentile(heard, 50))),
            "p99 ms": round(1000 * float(np.percentile(heard, 99))),
            "max ms": round(1000 * max(heard)),
            "not answered": len(lost),
            "of these": {kind: lost.count(kind) for kind in sorted(set(lost))},
            "edits": sum(map(len, edits.values())),
            "edits out of order": sum(map(_out_of_order, edits.values())),
        }


def _is_answered(kind: str, result: InteractionResult) -> bool:
    if kind == "typing":
        return bool(result.autocomplete_choices)
    if result.response is None or result._interaction.loading:
        return False
    embeds = result._env.backend.get_message(result.response.channel_id, result.response.id).embeds
    return kind not in ("story", "fact") or _is_end(embeds)


def _is_end(embeds: list[dict[str, Any]]) -> bool:
    """Whether an answer stands there, and not a piece of it, nor that there is none."""
    small_print = embeds[0].get("footer", {}).get("text", "") if embeds else ""
    return bool(small_print) and not small_print.startswith(UNFINISHED)


def _out_of_order(edits: list[Call]) -> int:
    """Edits of one message that were under way at once, and pieces that came after the end."""
    is_end = [_is_end(one.body["embeds"]) for one in edits if "embeds" in (one.body or {})]
    together = sum(after.began < before.ended for before, after in pairwise(edits))
    return together + sum(before and not after for before, after in pairwise(is_end))


async def discord_side(count: int, seconds: float) -> None:
    """The other process: a server with its people; says where it is, waits for the bot, and says what came of it."""
    async with FarDiscord() as far:
        crowd = Crowd(far)
        print(json.dumps({"port": far.port, **crowd.ids}), flush=True)
        await far.until(lambda: far.gateway.identified and far.env.backend.find_command("ask", crowd.ids["guild_id"]))
        await asyncio.sleep(3)  # the bot takes in its server
        for many, within, stories in ((min(WARM, count), 10.0, 2), (count, seconds, STORIES)):
            crowd.did.clear()
            far.rest.calls.clear()
            began = time.monotonic()
            await crowd.come(many, within, stories)
            try:
                await far.until(lambda: not crowd.open(), PATIENCE_S)
            except TimeoutError:
                pass
            took = time.monotonic() - began
            print(json.dumps({**crowd.figures(), "answered after s": round(took, 1)}), flush=True)


def memory_mb() -> float:
    """Resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def measured(count: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.discord_soak", "--discord", str(count), str(seconds)]
    other = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert other.stdout is not None
    try:
        there = json.loads(await other.stdout.readline())
        with tempfile.TemporaryDirectory() as folder, pointed_at(there.pop("port")):
            await Registry(Path(folder)).install(MODEL)
            settings = settings_in(Path(folder), True).model_copy(update={"discord": Discord(**there)})
            secret = settings.paths.config_dir / "secrets" / DISCORD_TOKEN
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.touch(0o600)
            secret.write_text(TOKEN)
            async with open_house(settings) as house:
                await Importer(house.world, house.drafts, house.database).bring_in(ROOT / "haven/demo/world", OWNER)
                running = asyncio.create_task(run_house(house, [faces_of(house, asyncio.Event())[1]]))
                try:
                    await other.stdout.readline()
                    before = memory_mb()
                    figures = json.loads(await other.stdout.readline())
                    after = memory_mb()
                finally:
                    running.cancel()
                    await asyncio.wait([running])
    finally:
        if other.returncode is None:
            other.terminate()
        await other.wait()
    grown = round(100 * (after - before) / before, 1)
    memory = {"memory MB": round(before), "grown %": grown}
    return {"benchmark": "discord_soak", "model": MODEL, "people": PEOPLE, "seconds": seconds, **figures, **memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="25 interactions in 3 s")
    parser.add_argument("--discord", nargs=2, metavar=("COUNT", "SECONDS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.discord:
        asyncio.run(discord_side(int(given.discord[0]), float(given.discord[1])))
        return
    print(json.dumps(asyncio.run(measured(25, 3.0) if given.smoke else measured(500, 60.0))))


if __name__ == "__main__":
    main()
