"""Are free texts and pasted reports read as the records that they tell of? One JSON line a way of reading.

Goals: every structure valid (the records, and each reply of the model by its schema), nothing invented. The texts stand
in benchmarks/data/records.jsonl with what each of them says, over the shipped world. A field is right where it holds
what was said; a field of a closed vocabulary is invented where it holds what was not. `--model` asks the model of 135
million parameters as well, `--set FILE.jsonl` takes other texts, `--show` prints what went wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from assistants.scribing.clauses import Own
from assistants.scribing.records import own_words
from benchmarks.answers import MODEL, OWNER, house_with
from haven.app import House
from haven.errors import HavenError
from haven.world import vocabulary
from haven.world.gazetteer import Gazetteer
from haven.world.schema import THING, Thing, parent_of
from haven.world.words import fold

FILE = Path(__file__).parent / "data/records.jsonl"
FIELDS = (
    *("biome", "weather", "sentinels", "flora", "fauna", "size", "star", "economy", "economy_level", "conflict"),
    *("lifeform", "materials", "galaxy", "region", "race", "glyphs", "discovered_by", "found"),
)
"""What a text may fill; of these the closed ones can be invented."""
FREE = ("region", "glyphs", "discovered_by")


def said(thing: Thing, before: Thing | None, names: dict[str, str]) -> dict[str, Any]:
    """The fields that a record holds and that were empty or else before, and the name of what it belongs to."""
    found = {field: value for field in FIELDS if (value := getattr(thing, field, "")) not in ("", (), None)}
    found = {field: value for field, value in found.items() if getattr(before, field, None) != value}
    position = getattr(thing, "position", None)
    if position is not None and position.frame == "map":
        found["x"] = position.x
    if parent := parent_of(thing):
        found["of"] = names.get(parent, parent)
    return found


def same(field: str, wanted: Any, got: Any) -> bool:
    if isinstance(wanted, list):
        return {fold(one) for one in wanted} <= {fold(one) for one in got or ()}
    return fold(str(wanted)) == fold(str(got)) if isinstance(wanted, str) else got == wanted


def is_valid(thing: Thing, before: Thing | None, own: Own) -> bool:
    """Whether it is a record of the schema whose closed fields hold words of the vocabularies or of the world's own."""
    try:
        again = THING.validate_python(thing.model_dump(mode="json"))
    except ValueError:
        return False
    closed = [field for field in vocabulary.fields() if isinstance(getattr(again, field, ""), str)]
    values = [(field, value) for field in closed if (value := getattr(again, field, "")) != getattr(before, field, "")]
    return all(not value or vocabulary.known(field, value) or fold(value) in own[field] for field, value in values)


def judge(row: dict[str, Any], things: list[Thing], there: dict[str, Thing], own: Own, show: bool) -> Counter[str]:
    """What is right, missed and invented in one text."""
    counts: Counter[str] = Counter()
    names = {id: one.name for id, one in there.items()} | {one.id: one.name for one in things}
    told: list[str] = []
    for thing in things:
        valid = is_valid(thing, there.get(thing.id), own)
        counts["valid" if valid else "not valid"] += 1
        told += [] if valid else [f"not valid: {thing!r}"]
    left = list(things)
    for wanted in row["records"]:
        counts["records"] += 1
        fits = [one for one in left if one.kind == wanted["kind"] and fold(one.name) == fold(wanted["name"])]
        got = said(fits[0], there.get(fits[0].id), names) if fits else {}
        counts["records found"] += bool(fits)
        told += [] if fits else [f"no {wanted['kind']} {wanted['name']}"]
        left = [one for one in left if one not in fits[:1]]
        for field in wanted.keys() - {"kind", "name"}:
            right = same(field, wanted[field], got.get(field))
            counts["fields"] += 1
            counts["fields right"] += right
            told += [] if right else [f"{field}: wanted {wanted[field]!r}, got {got.get(field)!r}"]
        extra = [field for field in got if field not in wanted and field not in (*FREE, "of", "x")]
        extra += ["materials"] * (len(got.get("materials", ())) > len(wanted.get("materials", ())) > 0)
        counts["invented"] += len(extra)
        told += [f"invented {field}: {got[field]!r}" for field in extra]
    for one in left:
        if any(getattr(one, field, "") for field in FIELDS) or one.kind != "system":
            counts["invented"] += 1
            told.append(f"invented record {one.kind} {one.name}")
    if show and told:
        print(f"{row['text'][:160]!r}", *(f"    {one}" for one in told), sep="\n", file=sys.stderr)
    return counts


async def measured(file: Path, model: bool, show: bool, most: int) -> dict[str, object]:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()][:most]
    counts, took, failures = Counter[str](), list[float](), Failures()
    with tempfile.TemporaryDirectory() as folder:
        async with house_with("demo", Path(folder), model) as house:
            assert house is not None
            known = {one.id: one for one in await house.world.things()}
            own = own_words(Gazetteer(known.values()), 0)
            for row in rows:
                began = time.perf_counter()
                try:
                    things = list((await house.scribe.read(row["text"], OWNER)).things)
                except HavenError:
                    things = []
                took.append(time.perf_counter() - began)
                counts += judge(row, things, known, own, show)
            asked = await replies(house)
    return {
        "benchmark": "records",
        "model": MODEL if model else "none",
        "texts": len(rows),
        "valid structures": round(counts["valid"] / max(1, counts["valid"] + counts["not valid"]), 3),
        "records found": round(counts["records found"] / counts["records"], 3),
        "fields right": round(counts["fields right"] / counts["fields"], 3),
        "invented": counts["invented"],
        "replies of the model": asked,
        "not valid": failures.count if model else 0,
        "p50 s": round(float(np.percentile(took, 50)), 3),
        "p95 s": round(float(np.percentile(took, 95)), 3),
    }


class Failures(logging.Handler):
    """Counts the replies of the model that were no record by its schema."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0
        log = logging.getLogger("haven.scribe")
        log.setLevel(logging.INFO)
        log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "without a model" in record.getMessage()


async def replies(house: House) -> int:
    """How many records a model was asked for and gave."""
    seen = await house.outcomes.statistics(0.0, time.time() + 1)
    return sum(one.n for one in seen if one.kind == "record" and not one.tier)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", type=Path, default=FILE, help="a file of texts")
    parser.add_argument("--model", action="store_true", help="with the model as well")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    parser.add_argument("--smoke", action="store_true", help="six texts")
    given = parser.parse_args()
    for model in (False, True) if given.model else (False,):
        print(json.dumps(asyncio.run(measured(given.set, model, given.show, 6 if given.smoke else 1_000))), flush=True)


if __name__ == "__main__":
    main()
