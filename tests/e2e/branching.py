"""A small house for the branches of a change: a project of two files, and a cloud that says what a test writes.

A test names the way that its change goes (`goes`), and checks it against what was recorded (`went`). So the ways of all
tests together can be held against the transition table.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from haven.ai import engine
from haven.app import open_house, run
from haven.changes.states import RESTING, State
from haven.demo.stand_in import Fault, StandIn
from haven.settings import ANTHROPIC_KEY, Settings, cache_dir
from haven.store import events
from haven.store.changes import Change
from haven.store.ledger import Entry
from tests.changes import sources
from tests.e2e.baselines import known_baselines
from tests.e2e.house import MEMBER, Home, settings_in

WISH = "Simplify light.py"
LIGHT = "def brightness(star):\n    return star\n"
TESTS = "from light import brightness\n\n\ndef test_one():\n    assert brightness(1) == 1\n"
TESTS += "\n\ndef test_two():\n    assert brightness(2) == 2\n"
GREEN = "def brightness(star):\n    return star + 0\n"
ONE_RED = "def brightness(star):\n    return 1\n"
TWO_RED = "def brightness(star):\n    return 0 * star\n"
FILES = {"light.py": LIGHT, "test_light.py": TESTS, "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n'}
SHIM = """#!/bin/sh
case " $* " in
  *" $(cat {away}) "*) echo "fatal: unable to read the disk" >&2; exit 128 ;;
esac
exec {git} "$@"
"""


PLAN = json.dumps({"steps": ["Add nothing to the star."], "files": ["light.py"], "risk": "None that I see."})
"""What the cloud says where a written plan is asked for."""


def becomes(new: str, old: str = LIGHT, path: str = "light.py") -> str:
    """A reply that replaces `old` in the file by `new`, in text blocks; without `old` it makes the file."""
    return f"As asked.\n\n{path}\n```\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n```\n"


DOES_NOT_FIT = becomes("neither does this\n", "this stands nowhere\n")


class Script:
    """What the cloud says, one reply a call; the last one stays."""

    def __init__(self, replies: Sequence[str]) -> None:
        self._left = list(replies)

    def __call__(self, turn: str) -> str:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


@asynccontextmanager
async def small_house(
    folder: Path,
    *replies: str,
    faults: Sequence[Fault | None] = (),
    working: bool = True,
    costs: bool = False,
    **more: Any,
) -> AsyncIterator[Home]:
    """The house at work on the small project; the cloud says `replies`, and its nth call has the nth fault.

    `costs`: what it says is charged like Claude's own words.
    """
    async with StandIn(faults, says=Script(replies or [becomes(GREEN)])) as stand_in, charged(costs):
        ready = settings_in(folder / "house", stand_in.base_url, stand_in=not costs, **more)
        if costs:
            give_key(ready)
        project = ready.project.repository
        assert project is not None
        await asyncio.to_thread(sources.make, project, FILES)
        async with open_house(ready, cache_dir()) as house, known_baselines(house.database):
            running = asyncio.create_task(run(house, [])) if working else None
            try:
                yield Home(house, stand_in, project)
            finally:
                if running is not None:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def charged(costs: bool) -> AsyncIterator[None]:
    """Let a cloud that costs be asked: tests forbid it, and this one is the stand-in on the loopback."""
    before, engine.ALLOW_CLOUD = engine.ALLOW_CLOUD, costs or engine.ALLOW_CLOUD
    try:
        yield
    finally:
        engine.ALLOW_CLOUD = before


def give_key(ready: Settings) -> None:
    secret = ready.paths.config_dir / "secrets" / ANTHROPIC_KEY
    secret.parent.mkdir(parents=True, mode=0o700)
    secret.touch(0o600)
    secret.write_text("of no use elsewhere", encoding="utf-8")


def goes(way: str) -> pytest.MarkDecorator:
    """The states of the test's change one after the other, as in "queued > planning"; of several, with | between."""
    return pytest.mark.parametrize("way", [way], ids=["way"])


def ways(test: object) -> list[str]:
    """Every way that the test names."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize" and mark.args[0] == "way"]
    return [way for mark in marks for named in mark.args[1] for way in named.split(" | ")]


async def went(home: Home, *changes: Change) -> str:
    """The way that the changes have gone, by their durable events."""
    return " | ".join([await _went(home, change) for change in changes])


async def _went(home: Home, change: Change) -> str:
    told = await events.of(home.house.database, change.id)
    moves = [event.data for event in told if event.kind == "change.state"]
    return " > ".join(data["state"] for data in moves if "deploy" not in data)  # how it is deployed is no move


async def reasons(home: Home, change: Change, state: State) -> list[str]:
    """Why it came into this state, each time."""
    told = await events.of(home.house.database, change.id)
    return [event.data.get("reason", "") for event in told if event.data.get("state") == state]


async def wished(home: Home, *more: State) -> Change:
    """A change for the wish, at rest (or in one of `more`)."""
    return await home.rest(await home.ask_for(WISH), *more)


async def again(home: Home, change: Change) -> Change:
    """A waiting change, tried at once instead of at its time: at rest, or waiting once more."""
    with home.house.bus.subscribe() as subscription:
        await home.house.changes.resume(change.id, MEMBER)
        async with asyncio.timeout(60):
            async for event in subscription:
                if event.subject == change.id and event.data.get("state") in {*RESTING, State.WAITING}:
                    return await home.house.changes.get(change.id)
    raise AssertionError("the bus has ended")


def asked(home: Home) -> list[str]:
    """The last turn of every prompt that the cloud has answered or refused; prompts that it counted are left out."""
    return [str(body["messages"][-1]) for body in home.stand_in.requests if "max_tokens" in body]


async def calls(home: Home, change: Change) -> list[Entry]:
    """The change's entries in the ledger, without the prompts that were only counted."""
    return [one for one in await home.house.changes.spent(change.id) if not one.purpose.startswith("count ")]


async def seen(home: Home, change: Change, text: str) -> None:
    """Wait until the change's progress says `text`."""
    with home.house.bus.subscribe() as subscription:
        async with asyncio.timeout(60):
            async for event in subscription:
                if event.subject == change.id and text in event.data.get("text", ""):
                    return


class LameGit:
    """A `git` on PATH that fails at one subcommand, for as long as a test wants it to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder.mkdir()
        self._away = folder / "away"
        self.works()
        shim = folder / "git"
        shim.write_text(SHIM.format(away=self._away, git=shutil.which("git")), encoding="utf-8")
        shim.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def fails_at(self, subcommand: str) -> None:
        self._away.write_text(subcommand, encoding="utf-8")

    def works(self) -> None:
        self._away.write_text("nothing", encoding="utf-8")
