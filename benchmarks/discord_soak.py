"""Does the bot keep up with a crowd while the local model writes? One JSON line.

500 interactions of 50 people in 60 s, three times over, over a real socket: questions that facts answer, one in five
that the model writes to, cards, lists and names while one types. Goals: every acknowledgement inside 3 s and 99 of 100
inside 0.5 s, every question answered or refused with a sentence, no edit out of order, memory within 5 % of what it was
once warm; and closing while the model writes takes less than 5 s and leaves nobody waiting. Discord is a process of its
own (tests/bot/far_discord): the memory is Haven's alone. `--smoke`: one round of 25 in 3 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from simcord import actors
from simcord.results import InteractionResult

from benchmarks.answers import MODEL, OWNER, ROOT, settings_in
from haven.ai.models.registry import Registry
from haven.ai.providers.llama import LlamaProvider
from haven.app import House, open_house
from haven.app import run as run_house
from haven.faces import faces_of
from haven.settings import DISCORD_TOKEN, Discord
from haven.world.exchange.loading import Importer
from tests.bot.far_discord import TOKEN, Call, FarDiscord, pointed_at

PEOPLE, STORIES, ROUNDS = 50, 5, 3
"""One interaction in so many `STORIES` is one that the model writes to."""
WARM, WARM_S, WARM_STORIES = 160, 60.0, 2
"""Interactions before the measurement: the engine keeps up to 128 MB of what it has read, about 75 stories."""
ACKNOWLEDGED_S = 3.0
PATIENCE_S, PER_STORY_S = 20.0, 3.0
"""So long the last answers may take after the last question, and so much more for each story of the round."""
LAST = 12
"""Stories that are being written when Haven closes."""
UNFINISHED = ("writing", "waiting", "draft, below")
"""How the small print of an answer begins that is still being written."""
RESTARTING = "Haven is restarting"


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
        self.came = 0

    async def act(self, number: int, stories: int) -> None:
        """Of `stories` interactions one that the model writes to; of the others four in ten ask for facts."""
        person = self.people[(number + number // PEOPLE) % PEOPLE]  # stories are everybody's, not every fifth one's
        at, began = self.channel, time.monotonic()
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
        """That many interactions at an even pace; no story is asked for twice."""
        self.did.clear()
        self.far.rest.calls.clear()
        began, first = time.monotonic(), self.came
        for number in range(count):
            await asyncio.sleep(began + seconds * number / count - time.monotonic())
            await self.act(first + number, stories)
        self.came += count

    async def served(self) -> dict[str, Any]:
        """What came of all, once everybody has an answer, or nobody can be expected to wait on."""
        stories = sum(kind == "story" for kind, *_ in self.did)
        with suppress(TimeoutError):
            await self.far.until(lambda: not self.open(), PATIENCE_S + PER_STORY_S * stories)
        return {"stories": stories, **self.figures()}

    def open(self) -> list[str]:
        """What has no answer yet, and no sentence why there is none."""
        return [kind for kind, _, result in self.did if not _is_answered(kind, result) and not result.followups]

    def said(self, sentence: str) -> int:
        """Answers below which that stands."""
        return sum(_small_print(result).startswith(sentence) for kind, _, result in self.did if kind == "story")

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
        asked = [(kind, result) for kind, _, result in self.did if kind in ("story", "fact")]
        return {
            "interactions": len(self.did),
            "late or never acknowledged": late,
            "acknowledged p50 ms": round(1000 * float(np.percentile(heard, 50))),
            "p99 ms": round(1000 * float(np.percentile(heard, 99))),
            "max ms": round(1000 * max(heard)),
            "refused with a sentence": sum(bool(one.followups) and not _is_answered(kind, one) for kind, one in asked),
            "still told their place": self.said("waiting"),
            "not answered": len(lost),
            "of these": {kind: lost.count(kind) for kind in sorted(set(lost))},
            "edits": sum(map(len, edits.values())),
            "edits out of order": sum(map(_out_of_order, edits.values())),
        }


def _is_answered(kind: str, result: InteractionResult) -> bool:
    if kind == "typing":
        return bool(result.autocomplete_choices)
    if kind in ("story", "fact"):
        return _is_over(_small_print(result))
    # a private card follows the "thinking" as a message of its own
    return result.response is not None and not result._interaction.loading


def _small_print(result: InteractionResult) -> str:
    if result.response is None:
        return ""
    return _note(result._env.backend.get_message(result.response.channel_id, result.response.id).embeds)


def _note(embeds: list[dict[str, Any]]) -> str:
    return str(embeds[0].get("footer", {}).get("text", "")) if embeds else ""


def _is_over(small_print: str) -> bool:
    """Whether an answer stands there, and not a piece of it, nor that there is none."""
    return bool(small_print) and not small_print.startswith(UNFINISHED)


def _out_of_order(edits: list[Call]) -> int:
    """Edits of one message that were under way at once, pieces after the end, and a piece after one that goes on."""
    drawn = [one.body["embeds"] for one in edits if "embeds" in (one.body or {})]
    is_end = [_is_over(_note(embeds)) for embeds in drawn]
    words = [str(embeds[0].get("description", "")) if embeds else "" for embeds in drawn]
    together = sum(after.began < before.ended for before, after in pairwise(edits))
    back = sum(after != before and before.startswith(after) for before, after in pairwise(words) if after)
    return together + back + sum(before and not after for before, after in pairwise(is_end))


async def discord_side(count: int, seconds: float, rounds: int) -> None:
    """The other process: a server with its people; says where it is, waits for the bot, and says what came of it."""
    async with FarDiscord() as far:
        crowd = Crowd(far)
        print(json.dumps({"port": far.port, **crowd.ids}), flush=True)
        await far.until(lambda: far.gateway.identified and far.env.backend.find_command("ask", crowd.ids["guild_id"]))
        await asyncio.sleep(3)  # the bot takes in its server
        await crowd.come(min(WARM, count), min(WARM_S, seconds), WARM_STORIES)
        await _say(await crowd.served())
        for _ in range(rounds):
            began = time.monotonic()
            await crowd.come(count, seconds)
            served = await crowd.served()
            await _say({**served, "answered after s": round(time.monotonic() - began, 1)})
        await crowd.come(LAST, 0, 1)
        await far.until(lambda: crowd.said("writing") + crowd.said("waiting"))
        await _say({})
        with suppress(TimeoutError):
            await far.until(lambda: not crowd.open())
        figures = {"stories when it closed": LAST, "told that it restarts": crowd.said(RESTARTING)}
        await _say({**figures, "left waiting": len(crowd.open())})


async def _say(figures: dict[str, Any]) -> None:
    """One line to the other process, which looks at itself while nobody does anything."""
    print(json.dumps(figures), flush=True)
    await asyncio.sleep(1)


def memory_mb() -> float:
    """Resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def measured(count: int, seconds: float, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.discord_soak", "--discord", str(count), str(seconds), str(rounds)]
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
                figures = await _lived(house, other.stdout, rounds)
    finally:
        if other.returncode is None:
            other.terminate()
        await other.wait()
    return {"benchmark": "discord_soak", "model": MODEL, "people": PEOPLE, "seconds": seconds, **figures}


async def _lived(house: House, told: asyncio.StreamReader, rounds: int) -> dict[str, Any]:
    """The house from its first interaction to its end, and what the other process tells of each round."""
    running = asyncio.create_task(run_house(house, [faces_of(house, asyncio.Event())[1]]))
    try:
        await told.readline()
        memory, every = [memory_mb()], []
        for _ in range(rounds):
            every.append(json.loads(await told.readline()))
            memory.append(memory_mb())
            every[-1]["grown %"] = round(100 * (memory[-1] / memory[-2] - 1), 1)
        model = sum(one.memory_mb for one in house.minds.providers if isinstance(one, LlamaProvider))
        await told.readline()
        began = time.monotonic()
    finally:
        running.cancel()
        await asyncio.wait([running])
    closing = {"closed after s": round(time.monotonic() - began, 2), **json.loads(await told.readline())}
    sizes = {"memory MB": round(memory[0]), "of that the model": model}
    return {**sizes, "grown %": round(100 * (memory[-1] / memory[0] - 1), 1), "rounds": every, **closing}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one round of 25 interactions in 3 s")
    parser.add_argument("--discord", nargs=3, metavar=("COUNT", "SECONDS", "ROUNDS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.discord:
        count, seconds, rounds = given.discord
        asyncio.run(discord_side(int(count), float(seconds), int(rounds)))
        return
    print(json.dumps(asyncio.run(measured(25, 3.0, 1) if given.smoke else measured(500, 60.0, ROUNDS))))


if __name__ == "__main__":
    main()
