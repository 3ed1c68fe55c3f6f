"""One change to a real project, from the wish to the merge: how long does each stage take? One JSON line.

    python -m benchmarks.real_repository [CLONES]

The project is httpx at a fixed commit of its history, its 1,400 tests run in the sandbox, and the wish is a fault that
its maintainers mended in the commit after. A stand-in answers in the cloud's place, with their change and their two
tests written down beforehand: so this shows the way around the model, not what a model can do. CLONES holds the clone,
as `httpx` or `encode+httpx/repo`; without one the line says that nothing was measured. `--smoke` measures nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistants.round_table import Request
from haven.access import Principal, Role
from haven.app import House, open_house, run
from haven.changes.bubblewrap import problem
from haven.changes.project_file import PROJECT_FILE, read_project_file
from haven.changes.proposal import Kind
from haven.changes.requirements import read_needs
from haven.changes.review import Review
from haven.changes.states import RESTING
from haven.demo.journey import demo_settings
from haven.demo.stand_in import StandIn
from haven.settings import cache_dir
from haven.store import events
from haven.store.changes import Change

COMMIT = "189fc4bcbe5f314128775dec66a616ac9a31ad48"
PLACES = ("httpx", "encode+httpx/repo", "encode+httpx")
WISH = "A response with Content-Encoding: zstd and an empty body raises DecodingError; its content should be empty"
CODE, TEST = "httpx/_decoders.py", "tests/test_decoders.py"
NEEDS = """\
brotli
click==8.1.*
pygments==2.*
rich>=10,<14
h2>=3,<5
socksio==1.*
zstandard>=0.18.0
chardet==5.2.0
cryptography==43.0.1
trio==0.26.2
trustme==1.1.0
uvicorn==0.31.0
"""
"""From the project's own requirements.txt, which also asks for things that Haven doesn't install (`-e .`)."""
OWNERS_FILES = {PROJECT_FILE: 'requirements = ".haven/tests.txt"\n', ".haven/tests.txt": NEEDS}
ANSWER = f"""The decoder remembers whether it has seen any data; without any, an empty body is complete.

{CODE}
```
<<<<<<< SEARCH
        self.decompressor = zstandard.ZstdDecompressor().decompressobj()

    def decode(self, data: bytes) -> bytes:
        assert zstandard is not None
        output = io.BytesIO()
=======
        self.decompressor = zstandard.ZstdDecompressor().decompressobj()
        self.seen_data = False

    def decode(self, data: bytes) -> bytes:
        assert zstandard is not None
        self.seen_data = True
        output = io.BytesIO()
>>>>>>> REPLACE
<<<<<<< SEARCH
    def flush(self) -> bytes:
        ret = self.decompressor.flush()  # note: this is a no-op
        if not self.decompressor.eof:
            raise DecodingError("Zstandard data is incomplete")  # pragma: no cover
=======
    def flush(self) -> bytes:
        if not self.seen_data:
            return b""
        ret = self.decompressor.flush()  # note: this is a no-op
        if not self.decompressor.eof:
            raise DecodingError("Zstandard data is incomplete")  # pragma: no cover
>>>>>>> REPLACE
```

{TEST}
```
<<<<<<< SEARCH
def test_zstd_multiframe():
=======
def test_zstd_empty():
    headers = [(b"Content-Encoding", b"zstd")]
    response = httpx.Response(200, headers=headers, content=b"")
    assert response.content == b""


def test_zstd_truncated():
    body = b"test 123"
    compressed_body = zstd.compress(body)

    headers = [(b"Content-Encoding", b"zstd")]
    with pytest.raises(httpx.DecodingError):
        httpx.Response(
            200,
            headers=headers,
            content=compressed_body[1:3],
        )


def test_zstd_multiframe():
>>>>>>> REPLACE
```
"""
OWNER = Principal("unix:0", "owner", Role.OWNER, "cli")
WHO = ("-c", "user.name=b", "-c", "user.email=b@example.invalid", "-c", "core.hooksPath=/dev/null")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout.strip()


def found(clones: Path | None) -> Path | None:
    """The clone, where it is there and has the commit."""
    for place in (clones / name for name in PLACES) if clones else ():
        known = ["git", "-C", str(place), "cat-file", "-e", f"{COMMIT}^{{commit}}"]
        if place.is_dir() and subprocess.run(known, capture_output=True, check=False).returncode == 0:
            return place
    return None


def check_out(clone: Path, into: Path) -> Path:
    """A checkout of the project as its owner would have it: at the commit, with the wishes for Haven."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", "--", str(clone), str(into)], check=True)
    git(into, "checkout", "--quiet", "-B", "main", COMMIT)
    for path, text in OWNERS_FILES.items():
        (into / path).parent.mkdir(exist_ok=True)
        (into / path).write_text(text, encoding="utf-8")
    git(into, "add", ".haven")
    git(into, *WHO, "commit", "--quiet", "-m", "What Haven needs to run the tests")
    return into


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


async def journey(house: House) -> Journey:
    """From the wish to the merge, approved with whatever the review asks for."""
    change = await house.round_table.request(Request(WISH, OWNER, kind=Kind.FIX))
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


def described(done: Journey, files: int) -> dict[str, Any]:
    shown = [file["path"] for file in done.change.plan.get("files", ())]
    return {
        "files": files,
        "place_of_the_code_in_the_context": shown.index(CODE) + 1 if CODE in shown else None,
        "tests": done.review.tests.get("counts", {}),
        "one_line": done.review.tests.get("one_line", ""),
        "confirm": done.review.confirm,
        "rounds": len(done.review.rounds),
        "notes": list(done.review.notes),
        "state": done.change.state,
        "reason": done.change.reason,
    }


async def measured(clone: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        project = await asyncio.to_thread(check_out, clone, Path(name) / "project")
        async with StandIn(says=lambda _: ANSWER) as stand_in:
            ready = demo_settings(Path(name) / "state", stand_in.base_url)
            ready = ready.model_copy(
                update={
                    "project": ready.project.model_copy(update={"repository": project, "name": "httpx"}),
                    "models": ready.models.model_copy(update={"local": False}),
                }
            )
            started = time.monotonic()
            async with open_house(ready, cache_dir()) as house:
                seconds = {"first clone": time.monotonic() - started, "test environment": await environment(house)}
                working = asyncio.create_task(run(house, []))
                try:
                    done = await journey(house)
                finally:
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)
        landed = bool(done.change.merged) and git(project, "rev-parse", "main") == done.change.merged
        files = len(git(project, "ls-files").splitlines())
    seconds |= done.seconds
    rounded = {stage: round(value, 2) for stage, value in seconds.items()}
    return {"merged_in_the_owners_checkout": landed, **described(done, files), "seconds": rounded}


async def main(clones: Path | None, smoke: bool) -> None:
    line = {"benchmark": "real_repository", "smoke": smoke, "project": "encode/httpx", "commit": COMMIT[:12]}
    line |= {"answers": "a stand-in, not Claude"}
    clone = await asyncio.to_thread(found, clones)
    if smoke or clone is None or (missing := problem()):
        why = "a smoke run" if smoke else "no clone of it here" if clone is None else missing
        print(json.dumps({**line, "measured": False, "reason": why}))
        return
    print(json.dumps({**line, "measured": True, **await measured(clone)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", nargs="?", type=Path, help="the folder with the clone")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    asyncio.run(main(given.clones, given.smoke))
