"""Are questions about the world answered right, and is nothing invented? One JSON line a way of answering.

Goals: of what is recorded at least 85 % right with no model and 90 % with the model of 135 million parameters; of what
is not recorded nothing invented; every answer with a source; p95 under 3 s. The questions stand in
benchmarks/data/answers (its README says how a reply is judged), over the shipped world and the exoplanet catalogue (in
HAVEN_DATA; without it that part is "not measured"). `--set` names one of its files, or a file elsewhere. `--show`
prints what went wrong, `--model` asks the model as well, `--only TEXT` takes the questions that hold it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.ai.models.registry import Registry
from haven.ai.task import Reply
from haven.app import House, open_house
from haven.demo.journey import demo_settings
from haven.errors import HavenError
from haven.settings import Settings
from haven.world.exchange.loading import Importer

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "benchmarks/data/answers"
OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")
ASKER = Principal("discord:7", "Mika", Role.MEMBER, "bot")
MODEL = "smollm2-135m"
NOT_TOLD = ("not recorded", "ask back")
UNRECORDED = "unrecorded"
SIGNIFICANT = 3
"""Digits that two numbers must share to be the same, rounded: 26.796 is 26.8, and 5.3 is not 5."""


@dataclass(frozen=True)
class Judged:
    """One question, what came back, and whether it is right; `invented`: it says something that nobody recorded."""

    asked: dict[str, Any]
    text: str
    right: bool
    invented: bool
    sourced: bool
    seconds: float


def plain(text: str) -> str:
    """Small letters without accents; no separators of thousands."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    bare = bare.casefold().replace("’", "'").replace("‘", "'")
    return " ".join(re.sub(r"(?<=\d)[,\u202f\u00a0](?=\d{3}(?!\d))", "", bare).split())


def found(wanted: str, text: str) -> int:
    """Where `wanted` stands in the text, -1 for nowhere. A number may have more decimals, not more digits."""
    wanted = plain(wanted)
    before = r"(?<![\d.,])(?<!\w)" if wanted[0].isdigit() else r"(?<!\w)"
    after = r"(?!\w)" if wanted[-1].isdigit() else ""
    if re.fullmatch(r"\d+", wanted):
        after = r"(?!\w|[.,]\d)"
    elif re.fullmatch(r"\d+[.,]\d+", wanted):
        after = ""
    match = re.search(before + re.escape(wanted) + after, text)
    if match is None and re.fullmatch(r"\d+(\.\d+)?", wanted):
        match = next((one for one in re.finditer(r"(?<![\w.,])\d+\.\d+", text) if rounded(wanted, one[0])), None)
    return match.start() if match else -1


def rounded(one: str, other: str) -> bool:
    """Whether two numbers are the same, rounded as the coarser is written, where that leaves three digits."""
    decimals = min(len(number.partition(".")[2]) for number in (one, other))
    same = f"{float(one):.{decimals}f}"
    return same == f"{float(other):.{decimals}f}" and len(same.replace(".", "").lstrip("0")) >= SIGNIFICANT


def judge(asked: dict[str, Any], reply: Reply | None, error: str, seconds: float) -> Judged:
    said = plain(reply.text) if reply else ""
    question = plain(asked["question"]).rstrip("?")
    if said.startswith(question):
        said = said[len(question) :]
    told = bool(reply) and not reply.route.reasons[0].startswith(NOT_TOLD) if reply else False
    places = [place for one in asked["answers"] if (place := found(one, said)) >= 0]
    rivals = [place for one in asked.get("rivals", ()) if (place := found(one, said)) >= 0]
    right = bool(places or "all" in asked) and all(found(one, said) >= 0 for one in asked.get("all", ()))
    right = right and not (rivals and places and min(rivals) < min(places))
    forbidden = any(found(one, said) >= 0 for one in asked["must_not"])
    if asked["group"] == UNRECORDED:
        right = (right or not told) and not forbidden
        return Judged(asked, reply.text if reply else error, right, not right, True, seconds)
    sourced = bool(reply and reply.sources)
    return Judged(asked, reply.text if reply else error, right and not forbidden, forbidden, sourced, seconds)


async def ask(house: House, asked: dict[str, Any]) -> Judged:
    began, reply, error = time.perf_counter(), None, ""
    try:
        async for piece in house.round_table.ask(Request(asked["question"], ASKER)):
            reply = piece if isinstance(piece, Reply) else reply
    except HavenError as failed:
        error = f"no answer: {failed}"
    return judge(asked, reply, error, time.perf_counter() - began)


def settings_in(folder: Path, model: bool) -> Settings:
    ready = demo_settings(folder, stand_in=False)
    models = ready.models.model_copy(update={"local": model})
    return ready.model_copy(update={"models": models})


@asynccontextmanager
async def house_with(world: str, folder: Path, model: bool) -> AsyncIterator[House | None]:
    """A house with no cloud and that world in it; None where its data is not here."""
    data = os.environ.get("HAVEN_DATA")
    source = ROOT / "haven/demo/world"
    if world == "catalogue":
        source = Path(data or "/nowhere") / "open_exoplanet_catalogue/systems.tar.xz"
    if not source.exists():
        yield None
        return
    if model:
        await Registry(folder).install(MODEL)
    async with open_house(settings_in(folder, model)) as house:
        await Importer(house.world, house.drafts, house.database).bring_in(source, OWNER)
        await house.search.refresh()
        yield house


def figures(judged: list[Judged]) -> dict[str, object]:
    """Of a group: how many, the share that is right and has a source, and the times in seconds."""
    times = [one.seconds for one in judged]
    return {
        "questions": len(judged),
        "right": round(sum(one.right for one in judged) / len(judged), 3),
        "with a source": round(sum(one.sourced for one in judged) / len(judged), 3),
        "p50 s": round(float(np.percentile(times, 50)), 3),
        "p95 s": round(float(np.percentile(times, 95)), 3),
    }


async def measured(questions: list[dict[str, Any]], folder: Path, model: bool, show: bool) -> dict[str, object]:
    judged: list[Judged] = []
    missing = []
    for world in dict.fromkeys(one["world"] for one in questions):
        async with house_with(world, folder / world, model) as house:
            if house is None:
                missing.append(world)
                continue
            await ask(house, questions[0])  # what is read once is read now
            judged += [await ask(house, one) for one in questions if one["world"] == world]
    for one in judged:
        if show and not one.right:
            print(f"{one.asked['id']}: {one.asked['question']}\n  wanted {one.asked['answers'][:3]}", file=sys.stderr)
            print(f"  got    {one.text[:300]!r}", file=sys.stderr)
    told = [one for one in judged if one.asked["group"] != UNRECORDED]
    open_ = [one for one in judged if one.asked["group"] == UNRECORDED]
    groups = dict.fromkeys(f"{one.asked['world']} {one.asked['group']}" for one in judged)
    return {
        "benchmark": "answers",
        "model": MODEL if model else "none",
        "not measured": missing,
        "recorded": figures(told) if told else None,
        "invented of the unrecorded": sum(one.invented for one in open_),
        "unrecorded": figures(open_) if open_ else None,
        "invented elsewhere": sum(one.invented for one in told),
        "groups": {
            name: figures([one for one in judged if f"{one.asked['world']} {one.asked['group']}" == name])
            for name in groups
        },
    }


def read(name: str, only: str, smoke: bool) -> list[dict[str, Any]]:
    """The questions of a set by its name, or of a file."""
    file = Path(name) if name.endswith(".jsonl") else QUESTIONS / f"{name}.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    if smoke:
        rows = [one for one in rows if one["world"] == "demo"][:12]
    return [one for one in rows if only in one["id"] or only in one["question"] or only in one["world"]]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--set", default="dev", help="a file of benchmarks/data/answers without .jsonl, or any file")
    words.add_argument("--model", action="store_true", help="with the model as well")
    words.add_argument("--show", action="store_true", help="print what went wrong")
    words.add_argument("--only", default="", help="the questions whose id or words hold this")
    words.add_argument("--smoke", action="store_true", help="a dozen questions over the shipped world")
    chosen = words.parse_args()
    questions = read(chosen.set, chosen.only, chosen.smoke)
    with tempfile.TemporaryDirectory() as folder:
        for model in (False, True) if chosen.model else (False,):
            print(json.dumps(asyncio.run(measured(questions, Path(folder), model, chosen.show))), flush=True)


if __name__ == "__main__":
    main()
