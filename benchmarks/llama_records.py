"""Are 60 records that the small model takes from real texts all valid JSON of their schema, those cut short too?

One JSON line; goal: 60 of 60. The texts are descriptions in the Open Exoplanet Catalogue, `systems.tar.xz` somewhere
below the folder given as argument or in HAVEN_DATA; "not measured" without. Valid says nothing about true. A quarter of
the replies may take only 12 tokens, so that they are cut and have to be closed. `--smoke`: 4 texts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

from benchmarks.llama_model import installed
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Turn
from haven.errors import HavenError

LEAST_LETTERS = 200
"""Shorter descriptions say nothing to extract."""
TOKENS, FEW_TOKENS, SEATS = 160, 12, 4
RULES = "Take the record from the text. Answer as JSON."
METHODS = ["transit", "radial velocity", "microlensing", "imaging", "timing", "unknown"]
RECORD = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 60},
        "summary": {"type": "string", "maxLength": 200},
        "method": {"enum": METHODS},
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 20}, "maxItems": 4},
        "year": {"type": ["integer", "null"]},
    },
    "required": ["name", "summary", "method", "tags", "year"],
    "additionalProperties": False,
}


def descriptions(archive: Path) -> Iterator[str]:
    """The first long description of each system that has one, each text once."""
    seen: set[str] = set()
    with tarfile.open(archive) as files:
        for member in files:
            file = files.extractfile(member) if member.name.endswith(".xml") else None
            texts = () if file is None else ElementTree.parse(file).iter("description")
            text = next((one.text.strip() for one in texts if one.text and len(one.text) > LEAST_LETTERS), "")
            if text and text not in seen:
                seen.add(text)
                yield text


async def extracted(provider: LlamaProvider, number: int, text: str) -> tuple[str, bool]:
    """What is wrong with the record of one text ("" for nothing), and whether it was cut."""
    limit = FEW_TOKENS if number % SEATS == 0 else TOKENS
    call = Call((Turn("user", text),), (RULES,), max_tokens=limit, schema=RECORD)
    try:
        finish = [item async for item in provider.generate(call) if isinstance(item, Finish)][-1]
        jsonschema.validate(json.loads(finish.text), RECORD)
    except (HavenError, ValueError, jsonschema.ValidationError) as error:
        return str(error).splitlines()[0], False
    return "", finish.stop == "length"


async def measured(texts: list[str]) -> dict[str, Any]:
    async with installed() as (_, model):
        provider = LlamaProvider(model, name="records", context_tokens=2048, seats=SEATS)
        found = await asyncio.gather(*[extracted(provider, *numbered) for numbered in enumerate(texts)])
        await provider.close()
    wrong = [reason for reason, _ in found if reason]
    cut = sum(was_cut for _, was_cut in found)
    return {"records": len(found), "valid": len(found) - len(wrong), "of_those_cut": cut, "wrong": wrong[:3]}


async def main(data: Path | None, smoke: bool) -> None:
    archive = next(iter(sorted(data.rglob("systems.tar.xz"))), None) if data is not None else None
    answer: dict[str, Any] = {"benchmark": "llama_records", "smoke": smoke}
    if archive is None:
        print(json.dumps(answer | {"valid": "not measured"}))
        return
    texts = [text for text, _ in zip(descriptions(archive), range(4 if smoke else 60), strict=False)]
    print(json.dumps(answer | await measured(texts)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=os.environ.get("HAVEN_DATA") or None)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    asyncio.run(main(options.data, options.smoke))
