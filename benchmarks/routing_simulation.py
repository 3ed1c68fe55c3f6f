"""A SIMULATION of routing: 200 tasks with checks fixed before tuning, the cloud played by a stand-in. One JSON line.

What does routing answer locally, what does the rest cost at table prices, and how many replies pass their checks?
`routed` as the settings have it (local first, the large model first for what is complex), `routed_by_cost` with
routing.strategy = "cost"; beside them everything local, everything to the cloud's main model, and a coin. Rules, local
model and validators are the real ones; the stand-in returns the reply that was written with the task whatever model is
asked, so this says nothing about any cloud model's quality. Goal: 60 % lower cost than `all_cloud`. Private tasks never
leave, in every strategy. What a strategy did is printed to standard error as soon as it is known.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.routing.checks import failures
from haven.access import Principal, Role
from haven.ai.engine import Engine
from haven.ai.task import Privacy, Reply, Task, Tier, Turn, Where
from haven.app import open_house
from haven.demo.journey import demo_settings
from haven.demo.stand_in import StandIn
from haven.errors import HavenError
from haven.settings import Strategy, cache_dir

OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")
TASKS = Path(__file__).parent / "routing" / "tasks.jsonl"
WIDE = dict.fromkeys(("monthly_usd", "daily_usd", "per_person_daily_usd", "per_request_usd"), 1000.0)
TOKENS = {"title": 24, "tags": 96, "record": 200, "summary": 120, "answer": 160}
ORDERS = {
    "answer": "Answer the question from the material, in one or two sentences.",
    "summary": "Summarise the material as the request asks. Add nothing.",
    "tags": "Choose the tags that fit the material. Answer as JSON.",
    "record": "Take the record from the material. Answer as JSON.",
    "title": "Write the title alone.",
}
OTHERS = "Do what the request asks. Give the result alone."
STRATEGIES = ("all_cloud", "routed", "routed_by_cost", "all_local", "random")
WAYS = {"routed": Where.AUTO, "routed_by_cost": Where.AUTO, "all_local": Where.LOCAL, "all_cloud": Where.CLOUD}


@dataclass
class Tally:
    """What one strategy did."""

    asked: int = 0
    local: int = 0
    passed: int = 0
    usd: float = 0.0
    refused: int = 0
    kinds: dict[str, list[int]] = field(default_factory=dict)

    def add(self, task: dict[str, Any], reply: Reply | None) -> None:
        self.asked += 1
        good = reply is not None and not failures(task["checks"], reply.text, task["context"])
        self.passed += good
        self.refused += reply is None
        self.local += reply is not None and reply.tier is Tier.LOCAL
        self.usd += reply.usd if reply else 0.0
        asked, passed = self.kinds.setdefault(task["label"], [0, 0])
        self.kinds[task["label"]] = [asked + 1, passed + good]

    def told(self, all_cloud_usd: float) -> dict[str, Any]:
        saved = 1 - self.usd / all_cloud_usd if all_cloud_usd else 0.0
        return {
            "answered_locally": round(self.local / self.asked, 3),
            "checks_passed": round(self.passed / self.asked, 3),
            "passed_by_label": {label: round(good / n, 3) for label, (n, good) in sorted(self.kinds.items())},
            "usd": round(self.usd, 4),
            "saved_against_all_cloud": round(saved, 3),
            "no_reply": self.refused,
        }


def asked_for(task: dict[str, Any], where: Where) -> Task:
    return Task(
        kind=task["kind"],
        turns=(Turn("user", task["text"]),),
        principal=OWNER,
        purpose="a simulation of routing",
        system=(ORDERS.get(task["kind"], OTHERS),),
        material=(task["context"],) if task["context"] else (),
        privacy=Privacy.PRIVATE if task["private"] else Privacy.OPEN,
        where=Where.LOCAL if task["private"] else where,
        schema=task["schema"],
        max_tokens=TOKENS.get(task["kind"], 400),
    )


async def ask(engine: Engine, task: Task) -> Reply | None:
    try:
        return await engine.complete(task)
    except HavenError:
        return None


async def simulate(tasks: Sequence[dict[str, Any]]) -> dict[str, Tally]:
    """Every task in every strategy, each strategy in a house of its own; the coin is the same in every run."""
    by_text = {task["text"]: task["cloud_reply"] for task in tasks}

    def says(turn: str) -> str:
        return next((reply for text, reply in by_text.items() if turn.rstrip().endswith(text.rstrip())), "")

    tallies = {name: Tally() for name in STRATEGIES}
    for name, tally in tallies.items():
        coin = random.Random(7)
        with tempfile.TemporaryDirectory() as folder:
            async with StandIn(says=says) as stand_in:
                settings = demo_settings(Path(folder), stand_in.base_url, **WIDE, requests_per_minute=100_000)
                if name == "routed_by_cost":
                    by_cost = settings.routing.model_copy(update={"strategy": Strategy.COST})
                    settings = settings.model_copy(update={"routing": by_cost})
                async with open_house(settings, cache_dir()) as house:
                    await house.registry.install(settings.models.default)
                    for task in tasks:
                        tossed = coin.choice((Where.LOCAL, Where.CLOUD))
                        where = WAYS.get(name, tossed)
                        tally.add(task, await ask(house.engine, asked_for(task, where)))
        print(name, tally.told(tallies["all_cloud"].usd), file=sys.stderr, flush=True)
    return tallies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--split", choices=("dev", "heldout"), default="dev")
    words = parser.parse_args()
    tasks = [json.loads(line) for line in TASKS.read_text(encoding="utf-8").splitlines()]
    chosen = [task for task in tasks if task["split"] == words.split]
    if words.smoke:
        chosen = [task for task in chosen if task["kind"] in ("title", "tags")][:2]
    tallies = asyncio.run(simulate(chosen))
    dearest = tallies["all_cloud"].usd
    told = {name: tally.told(dearest) for name, tally in tallies.items()}
    head = {"benchmark": "routing_simulation", "simulation": True, "cloud": "stand-in, not Claude"}
    print(json.dumps({**head, "split": words.split, "tasks": len(chosen), **told}))


if __name__ == "__main__":
    main()
