"""What does the pipeline itself cost on a repository of 2,000 files, without model and tests? One JSON line.

Goal: under 2 s from request to merge, waiting for the model and the test runs not counted. The edits come by hand; the
times are those of the durable events. The first change finds no index of the code; the `warm` one comes after it, with
another request. `raw_git_s` is a bare `git worktree add`, commit and merge by the git command.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.app import House, open_house, run
from haven.changes.states import RESTING
from haven.demo.journey import demo_settings
from haven.settings import cache_dir
from haven.store import events
from haven.store.changes import Change

OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")
ANSWER = "One note.\n\n{0}\n```\n<<<<<<< SEARCH\n=======\nMaps can be saved.\n>>>>>>> REPLACE\n```\n"
WORDS = [
    "map",
    "star",
    "route",
    "planet",
    "moon",
    "lore",
    "label",
    "zoom",
    "export",
    "region",
    "viewer",
    "button",
    "index",
    "search",
    "tag",
    "record",
]
WHO = ("-c", "user.name=b", "-c", "user.email=b@example.invalid")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def make(folder: Path, files: int) -> Path:
    """A repository of so many Python files of some 4 kB, with no tests, from a fixed seed."""
    chance = random.Random(7)
    for number in range(files):
        file = folder / f"part{number // 50:02}" / f"{chance.choice(WORDS)}_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        parts = [
            f"def {a}_{b}(value):\n    return {c!r}, value" for a, b, c in (chance.sample(WORDS, 3) for _ in range(80))
        ]
        file.write_text("\n\n\n".join(parts) + "\n", encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, *WHO, "commit", "-qm", "All")
    return folder


def raw_git(folder: Path) -> float:
    """Seconds of the same work by the git command alone."""
    started = time.perf_counter()
    beside = folder.parent / "beside"
    git(folder, "worktree", "add", "-q", "-b", "side", str(beside))
    (beside / "NOTES.md").write_text("Maps can be saved.\n", encoding="utf-8")
    git(beside, "add", ".")
    git(beside, *WHO, "commit", "-qm", "Note")
    git(folder, "merge", "-q", "--ff-only", "side")
    return time.perf_counter() - started


async def rest(house: House, change: Change) -> Change:
    with house.bus.subscribe() as subscription:
        arriving = subscription.__aiter__()
        while (now := await house.changes.get(change.id)).state not in RESTING:
            await anext(arriving)
    return now


async def journey(house: House, wish: str, file: str) -> dict[str, float]:
    """One change from request to merge, which adds `file`; seconds by stage, from the events."""
    assert house.by_hand is not None
    asked = time.time()
    change = await house.round_table.request(Request(wish, OWNER))
    assert isinstance(change, Change)
    await rest(house, change)
    answered = time.time()
    await house.by_hand.reply(change.id, ANSWER.format(file), OWNER)
    change = await rest(house, change)
    review = await house.changes.review(change.id)
    approved = time.time()
    await house.changes.approve(change.id, OWNER, round=1, commit=review.commit, confirm=change.id)
    assert (await rest(house, change)).state == "merged"
    at = {
        event.data["state"]: event.at for event in await events.of(house.database, change.id) if "state" in event.data
    }
    plan, edit, merge = at["awaiting plan"] - asked, at["testing"] - answered, at["merged"] - approved
    return {"plan_s": plan, "edit_s": edit, "merge_s": merge, "total_s": plan + edit + merge}


async def main(smoke: bool) -> None:
    files = 200 if smoke else 2000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ready = demo_settings(folder / "state", changes={"plan_first": "price"})
        project = await asyncio.to_thread(make, folder / "project", files)
        ready = ready.model_copy(
            update={
                "project": ready.project.model_copy(update={"repository": project}),
                "models": ready.models.model_copy(update={"local": False}),
            }
        )
        started = time.perf_counter()
        async with open_house(ready, cache_dir()) as house:
            clone = time.perf_counter() - started
            working = asyncio.create_task(run(house, []))
            seconds = await journey(house, "Add a button that exports the map of a region", "NOTES.md")
            second = await journey(house, "Add a page that shows the lore of a planet", "LORE.md")
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        await asyncio.to_thread(git, project, "reset", "-q", "--hard", "HEAD~2")
        seconds |= {f"warm_{name}": value for name, value in second.items()}
        seconds |= {"first_clone_s": clone, "raw_git_s": await asyncio.to_thread(raw_git, project)}
    rounded = {key: round(value, 3) for key, value in seconds.items()}
    print(json.dumps({"benchmark": "pipeline_overhead", "smoke": smoke, "files": files, **rounded}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
