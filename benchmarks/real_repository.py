"""One change to a real project, from the wish to the merge: how long does each stage take? One JSON line a project.

    python -m benchmarks.real_repository [CLONES] [--only NAME]

Each project is taken at a commit of its history, its tests run in the sandbox as its owner's file says, and the wish is
a fault that its maintainers mended in the commit after. A stand-in answers in the cloud's place with their own diff: so
this shows the way around the model, not what a model can do. CLONES holds the clones, as `encode/httpx`,
`encode+httpx/repo` or `httpx`; what is not there is not measured, and the line says so. `--smoke` makes a tiny project.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.app import House, open_house, run
from haven.changes.project_file import PROJECT_FILE, read_project_file
from haven.changes.proposal import Kind
from haven.changes.review import Review
from haven.changes.sandbox.bubblewrap import problem
from haven.changes.sandbox.requirements import read_needs
from haven.changes.states import RESTING
from haven.demo.journey import demo_settings
from haven.demo.stand_in import StandIn
from haven.settings import cache_dir
from haven.store import events
from haven.store.changes import Change

OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")
WHO = ("-c", "user.name=b", "-c", "user.email=b@example.invalid", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True)
class Case:
    """One commit of a project that mends a fault. The change begins at the commit before it."""

    repo: str
    commit: str
    wish: str
    code: str
    """The file that holds the fault."""
    test: str
    owner: Mapping[str, str] = field(default_factory=dict)
    """Files that the project's owner adds for Haven, where its own do not say how its tests run."""


CASES = (
    Case(
        "encode/httpx",
        "47f4a96ffaaaa07dca1614409549b5d7a6e7af49",
        "A response with Content-Encoding: zstd and an empty body raises DecodingError; its content should be empty",
        "httpx/_decoders.py",
        "tests/test_decoders.py",
        {
            PROJECT_FILE: 'requirements = ".haven/tests.txt"\n',
            # From its requirements.txt, which also asks for things that Haven doesn't install (`-e .`).
            ".haven/tests.txt": "brotli\nclick==8.1.*\npygments==2.*\nrich>=10,<14\nh2>=3,<5\nsocksio==1.*\n"
            "zstandard>=0.18.0\nchardet==5.2.0\ncryptography==43.0.1\ntrio==0.26.2\ntrustme==1.1.0\nuvicorn==0.31.0\n",
        },
    ),
    Case(
        "simonw/llm",
        "8af0b9319b0a71b72d32a9d56a6c2cd275573850",
        "`llm logs` with expanded tools fails with a KeyError for a tool whose input schema has no properties",
        "llm/cli.py",
        "tests/test_tools.py",
        {
            # Of its tests those of tools alone: all of them take a quarter of an hour.
            PROJECT_FILE: 'requirements = ".haven/tests.txt"\n'
            'test_command = ["python", "-m", "pytest", "tests/test_tools.py"]\n',
            # As its own groups for tests, with the openai that was the newest then: its 3rd version speaks through
            # another library than the one that the tests stand in for.
            ".haven/tests.txt": "openai>=2.32.0,<3\nclick>=8.2.0\npytest-httpx>=0.33.0\npytest-asyncio\n"
            "pytest-recording\nsyrupy\nnumpy\nbuild\ncogapp\nllm-echo==0.3a3\n",
        },
    ),
    Case(
        "tconbeer/harlequin",
        "88daee8ff0cb78732f6d66984a1ff3dc305d2f7a",
        "In the markdown layout a null string with a pipe or a newline in it breaks the table: escape it",
        "src/harlequin/layout.py",
        "tests/unit_tests/test_layout.py",
        {
            # The tests of its screens need a plugin that is on no package index; all need the locale en_US.UTF-8.
            PROJECT_FILE: 'requirements = ".haven/tests.txt"\n'
            'test_command = ["python", "-m", "pytest", "tests/unit_tests", "tests/adapter_tests"]\n',
            ".haven/tests.txt": "pytest-asyncio==1.4.0\npytest-xdist>=3.6\nsyrupy\nboto3==1.43.72\n"
            "duckdb==1.5.5\nflaky>=3.8.1\n",
        },
    ),
)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip("\n")


def found(clones: Path | None, case: Case) -> Path | None:
    """The clone, where it is there and has the commit."""
    flat = case.repo.replace("/", "+")
    places = (case.repo, f"{flat}/repo", flat, case.repo.rpartition("/")[2])
    for place in (clones / name for name in places) if clones else ():
        known = ["git", "-C", str(place), "cat-file", "-e", f"{case.commit}^{{commit}}"]
        if place.is_dir() and subprocess.run(known, capture_output=True, check=False).returncode == 0:
            return place
    return None


def is_whole(clone: Path, commit: str) -> bool:
    """Whether no object of its history is missing, as some are in a partial clone."""
    return "\n?" not in git(clone, "rev-list", "--objects", "--missing=print", commit)


def check_out(clone: Path, into: Path, case: Case) -> str:
    """A checkout as the project's owner would have it, at the commit before; the diff of the code and its test."""
    git(into.parent, "init", "--quiet", "-b", "main", str(into))
    depth = () if is_whole(clone, case.commit) else ("--depth", "2")
    git(into, "fetch", "--quiet", *depth, clone.absolute().as_uri(), case.commit)
    git(into, "reset", "--quiet", "--hard", f"{case.commit}^")
    for path, text in case.owner.items():
        (into / path).parent.mkdir(exist_ok=True)
        (into / path).write_text(text, encoding="utf-8")
        git(into, "add", path)
    if case.owner:
        git(into, *WHO, "commit", "--quiet", "-m", "What Haven needs to run the tests")
    return git(into, "diff", f"{case.commit}^", case.commit, "--", case.code, case.test) + "\n"


def small_project(folder: Path) -> Case:
    """A project of two files with a fault and its mending, for a smoke run."""
    git(folder.parent, "init", "--quiet", "-b", "main", str(folder))
    tests = "from light import brightness\n\n\ndef test_one():\n    assert brightness(1) == 1\n"
    for returned, test in (("star", ""), ("abs(star)", "\n\ndef test_below():\n    assert brightness(-1) == 1\n")):
        (folder / "light.py").write_text(f"def brightness(star):\n    return {returned}\n", encoding="utf-8")
        (folder / "test_light.py").write_text(tests + test, encoding="utf-8")
        git(folder, "add", ".")
        git(folder, *WHO, "commit", "--quiet", "-m", "A star")
    return Case("made/here", git(folder, "rev-parse", "HEAD"), "Mend the star", "light.py", "test_light.py")


async def environment(house: House) -> float:
    """Seconds to make the tests' environment; none where an earlier run has left it."""
    assert house.repository is not None
    started = time.monotonic()
    tip = await house.repository.tip()
    project = read_project_file(await house.repository.read(tip, PROJECT_FILE))
    needs = await read_needs(house.repository, tip, project)
    house.environments.allow(needs.digest)
    await house.environments.prepare(needs)
    return time.monotonic() - started


async def rest(house: House, change: Change) -> Change:
    with house.bus.subscribe() as subscription:
        arriving = subscription.__aiter__()
        while (now := await house.changes.get(change.id)).state not in RESTING:
            await anext(arriving)
    return now


@dataclass(frozen=True)
class Journey:
    change: Change
    review: Review
    """As it was approved."""
    seconds: dict[str, float]


async def journey(house: House, case: Case) -> Journey:
    """From the wish to the merge, approved with whatever the review asks for."""
    change = await house.round_table.request(Request(case.wish, OWNER, kind=Kind.FIX))
    assert isinstance(change, Change)
    change = await rest(house, change)
    review = await house.changes.review(change.id)
    if review.commit:
        confirm = {"tap": "", "type the id": change.id}.get(review.confirm, "two taps")
        await house.changes.approve(change.id, OWNER, round=review.round, commit=review.commit, confirm=confirm)
        change = await rest(house, change)
    return Journey(change, review, stages(await events.of(house.database, change.id)))


def stages(told: Sequence[events.Event]) -> dict[str, float]:
    """Seconds in each state that a change does not rest in."""
    moves = [event for event in told if event.kind == "change.state"]
    spent: dict[str, float] = {}
    for event, after in itertools.pairwise(moves):
        if (state := event.data["state"]) not in RESTING:
            spent[state] = spent.get(state, 0.0) + after.at - event.at
    return spent


def described(done: Journey, case: Case) -> dict[str, Any]:
    shown = [file["path"] for file in done.change.plan.get("files", ())]
    return {
        "place_of_the_code_in_the_context": shown.index(case.code) + 1 if case.code in shown else None,
        "tests": done.review.tests.get("counts", {}),
        "one_line": done.review.tests.get("one_line", ""),
        "confirm": done.review.confirm,
        "rounds": len(done.review.rounds),
        "notes": list(done.review.notes),
        "state": done.change.state,
        "reason": done.change.reason,
    }


async def measured(clone: Path, case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        project = Path(name) / "project"
        answer = await asyncio.to_thread(check_out, clone, project, case)
        async with StandIn(says=lambda _: f"The fault is mended.\n\n```diff\n{answer}```\n") as stand_in:
            ready = demo_settings(Path(name) / "state", stand_in.base_url)
            update = {
                "project": ready.project.model_copy(update={"repository": project, "name": case.repo}),
                "models": ready.models.model_copy(update={"local": False}),
            }
            started = time.monotonic()
            async with open_house(ready.model_copy(update=update), cache_dir()) as house:
                seconds = {"first clone": time.monotonic() - started, "test environment": await environment(house)}
                working = asyncio.create_task(run(house, []))
                try:
                    done = await journey(house, case)
                finally:
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)
        landed = bool(done.change.merged) and git(project, "rev-parse", "main") == done.change.merged
        files = len(git(project, "ls-files").splitlines())
    rounded = {stage: round(value, 2) for stage, value in (seconds | done.seconds).items()}
    about = {"merged_in_the_owners_checkout": landed, "files": files, **described(done, case)}
    return {**about, "seconds": rounded}


async def line_of(case: Case, clone: Path | None, smoke: bool) -> dict[str, Any]:
    line = {"benchmark": "real_repository", "smoke": smoke, "project": case.repo, "commit": case.commit[:12]}
    line |= {"answers": "a stand-in, not Claude"}
    why = "no clone of it here" if clone is None else problem()
    if clone is None or why:
        return {**line, "measured": False, "reason": why}
    return {**line, "measured": True, **await measured(clone, case)}


async def main(clones: Path | None, only: str, smoke: bool) -> None:
    if smoke:
        with tempfile.TemporaryDirectory() as name:
            case = await asyncio.to_thread(small_project, Path(name) / "light")
            print(json.dumps(await line_of(case, Path(name) / "light", smoke)))
        return
    for case in CASES:
        if only in case.repo:
            print(json.dumps(await line_of(case, await asyncio.to_thread(found, clones, case), smoke)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="?", type=Path, help="the folder with the clones")
    parser.add_argument("--only", default="", help="only projects with this in their name")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    asyncio.run(main(given.clones, given.only, given.smoke))
