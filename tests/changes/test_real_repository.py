"""The benchmark that makes a change to a real project: it runs, and says so where it could not measure."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


async def lines(*words: str) -> list[dict[str, Any]]:
    command = (sys.executable, "-m", "benchmarks.real_repository", *words)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in out.decode().splitlines()]


async def test_without_clones_it_says_for_each_project_that_nothing_was_measured(tmp_path: Path) -> None:
    said = await lines(str(tmp_path))
    assert len(said) > 1 and not any(line["measured"] for line in said)
    assert {line["reason"] for line in said} == {"no clone of it here"}


@pytest.mark.sandbox
async def test_a_smoke_run_goes_from_the_wish_to_the_merge() -> None:
    [line] = await lines("--smoke")
    assert (line["state"], line["merged_in_the_owners_checkout"], line["rounds"]) == ("merged", True, 1)
    assert line["tests"] == {"passing": 1, "new": 1} and line["confirm"] == "tap"
    assert {"planning", "editing", "testing", "merging"} <= line["seconds"].keys()
    assert "stand-in" in line["answers"] and "fails on the code as it was" in line["notes"][0]
