"""kill -9 of the real process in every state of the transition table, and resume: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from haven.app import open_house
from haven.changes.states import State
from haven.demo.stand_in import Fault, FaultKind, StandIn
from haven.settings import Settings, cache_dir
from haven.store import changes as table
from haven.store import deployments, jobs
from tests.changes.test_deploying import live
from tests.changes.test_reviewing import in_review
from tests.e2e import warm
from tests.e2e.baselines import known_baselines
from tests.e2e.copies import sample_project
from tests.e2e.house import MEMBER, OWNER, PNG, REVIEWER, Home, settings_in

pytestmark = pytest.mark.sandbox

SHIM = """#!/bin/sh
case " $* " in
  *" $(cat {held}) "*) echo reached > {reached}; exec tail --pid=$PPID -f /dev/null ;;
esac
exec {git} "$@"
"""


class HeldGit:
    """A `git` on PATH that stops for ever at one subcommand, and says when it got there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.held, self._reached = folder, folder / "held", folder / "reached"
        os.mkfifo(self._reached)
        self.held.write_text("nothing", encoding="utf-8")
        shim = folder / "git"
        shim.write_text(SHIM.format(held=self.held, reached=self._reached, git=shutil.which("git")), encoding="utf-8")
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.read_text)


class Service:
    """`haven up` as a process of its own."""

    def __init__(self, folder: Path, ready: Settings, git: HeldGit) -> None:
        self._config = folder / "haven.toml"
        tree = ready.model_dump(mode="json", exclude_defaults=True)
        lines = [f"[{name}]\n" + "\n".join(f"{k} = {_toml(v)}" for k, v in part.items()) for name, part in tree.items()]
        self._config.write_text("\n".join(lines), encoding="utf-8")
        self.env = os.environ | {"HAVEN_CONFIG": str(self._config), "PATH": f"{git.folder}:{os.environ['PATH']}"}
        self._process: warm.Command | None = None

    def start(self) -> None:
        self._process = warm.start(["up", "--no-attach"], self.env)

    def kill(self) -> None:
        assert self._process is not None and self._process.join(0) is None, "haven up ended by itself"
        self._process.kill()

    def end(self) -> None:
        if self._process is not None and self._process.join(0) is None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.join(20) == 0


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value) if isinstance(value, (int, float)) else f'"{value}"'


@asynccontextmanager
async def far_away(
    tmp_path: Path, *faults: Fault | None, **more: object
) -> AsyncIterator[tuple[Home, Service, HeldGit]]:
    """A house that only looks (its bus runs, its worker does not) beside a service that works."""
    async with StandIn(faults) as stand_in:
        ready = settings_in(tmp_path / "state", stand_in.base_url, **more)
        assert ready.project.repository is not None
        await sample_project(ready.project.repository)
        git = HeldGit(tmp_path / "bin")
        shared = ready.paths.state_dir / "testenvs"
        shared.symlink_to(cache_dir() / "testenvs")
        service = Service(tmp_path, ready, git)
        async with open_house(ready, cache_dir()) as house, known_baselines(house.database):
            watching = asyncio.create_task(house.bus.run())
            try:
                yield Home(house, stand_in, ready.project.repository), service, git
            finally:
                service.end()
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)


def ledger(home: Home) -> list[str]:
    """How each call ended; prompts that were only counted are left out."""
    calls = "select state from ledger where purpose not like 'count %' order by id"
    with closing(sqlite3.connect(home.house.settings.database)) as database:
        return [row[0] for row in database.execute(calls)]


async def test_queued(tmp_path: Path) -> None:
    async with far_away(tmp_path) as (home, service, git):
        git.held.write_text("cat-file", encoding="utf-8")
        service.start()
        first = await home.ask_for(PNG)
        await git.reached()
        second = await home.ask_for("Document the map viewer")
        service.kill()
        assert (await home.house.changes.get(second.id)).state == State.QUEUED
        git.held.write_text("nothing", encoding="utf-8")
        service.start()
        assert [(await home.rest(change)).state for change in (first, second)] == ["review", "review"]


@pytest.mark.parametrize(
    ("state", "subcommand"),
    [(State.PLANNING, "cat-file"), (State.EDITING, "commit-tree"), (State.TESTING, "checkout-index")],
)
async def test_planning_editing_testing(tmp_path: Path, state: State, subcommand: str) -> None:
    async with far_away(tmp_path) as (home, service, git):
        git.held.write_text(subcommand, encoding="utf-8")
        service.start()
        change = await home.ask_for(PNG)
        await git.reached()
        service.kill()
        assert (await home.house.changes.get(change.id)).state == state
        calls = len(home.asked)
        git.held.write_text("nothing", encoding="utf-8")
        service.start()
        assert (await home.rest(change)).state == State.REVIEW
        assert calls == (0 if state is State.PLANNING else 1)
        assert len(home.asked) == 1, "a reply that was kept is not asked for again"


async def test_editing_while_the_cloud_answers(tmp_path: Path) -> None:
    hang = Fault(FaultKind.HANG)
    async with far_away(tmp_path, hang) as (home, service, _):
        service.start()
        change = await home.ask_for(PNG)
        await hang.reached.wait()
        service.kill()
        assert (await home.house.changes.get(change.id)).state == State.EDITING
        service.start()
        assert (await home.rest(change)).state == State.REVIEW
        assert ledger(home) == ["unknown", "settled"], "the lost call stays charged, the new one has its own row"


async def test_waiting(tmp_path: Path) -> None:
    async with far_away(tmp_path, Fault(FaultKind.OVERLOADED), attempts=1) as (home, service, _):
        service.start()
        change = await home.rest(await home.ask_for(PNG), State.WAITING)
        service.kill()
        assert (await home.house.changes.get(change.id)).state == State.WAITING
        service.start()
        await home.house.changes.resume(change.id, MEMBER)
        assert (await home.rest(change)).state == State.REVIEW


async def test_awaiting_plan(tmp_path: Path) -> None:
    async with far_away(tmp_path, changes={"plan_first": "always"}) as (home, service, _):
        service.start()
        change = await home.rest(await home.ask_for(PNG))
        service.kill()
        assert (await home.house.changes.get(change.id)).state == State.AWAITING_PLAN
        service.start()
        await home.approve(change)
        assert (await home.rest(change)).state == State.REVIEW


async def test_review_and_what_follows(tmp_path: Path) -> None:
    async with far_away(tmp_path) as (home, service, git):
        service.start()
        change = await home.rest(await home.ask_for(PNG))
        service.kill()
        assert (await home.house.changes.get(change.id)).state == State.REVIEW
        git.held.write_text("update-ref", encoding="utf-8")
        service.start()
        await home.approve(change)
        await git.reached()
        service.kill()
        assert (await home.house.changes.get(change.id)).state == State.MERGING
        git.held.write_text("nothing", encoding="utf-8")
        service.start()
        merged = await home.rest(change)
        assert merged.state == State.MERGED
        service.kill()
        service.start()
        await home.rest(await home.ask_for("Document the map viewer"))
        assert await home.house.changes.get(change.id) == merged


async def test_going_back(tmp_path: Path) -> None:
    async with far_away(tmp_path) as (home, service, git):
        house, repository = home.house, home.house.repository
        assert repository is not None
        change = await in_review(home)
        await idle(home)
        git.held.write_text("update-ref", encoding="utf-8")
        back = warm.start(["change", "back", change.id, "1"], service.env)
        await git.reached()
        back.kill()
        first, second = await table.rounds(house.database, change.id)
        assert (await house.changes.get(change.id)).round == 1, "the row is the truth"
        assert await repository.tip(change.branch) == second.commit_id
        await idle(home)
        assert await repository.tip(change.branch) == first.commit_id


async def idle(home: Home) -> None:
    """Work in this process until nothing is left to do."""
    written = asyncio.Event()
    home.house.database.on_commit(written.set)
    working = asyncio.create_task(home.house.jobs.run())
    try:
        async with asyncio.timeout(60):
            while await jobs.waiting(home.house.database):
                written.clear()
                await written.wait()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_rejected_cancelled_failed_stay(tmp_path: Path) -> None:
    async with far_away(tmp_path) as (home, service, _):
        service.start()
        rejected = await home.rest(await home.ask_for(PNG))
        await home.house.changes.reject(rejected.id, REVIEWER, round=1)
        cancelled = await home.rest(await home.ask_for("Document the map viewer"))
        await home.house.changes.cancel(cancelled.id, OWNER)
        failed = await home.rest(await home.ask_for("Add a teleporter page to the viewer"))
        service.kill()
        service.start()
        await home.rest(await home.ask_for("Refactor the star colours into one table"))
        states = [(await home.house.changes.get(change.id)).state for change in (rejected, cancelled, failed)]
        assert states == ["rejected", "cancelled", "failed"]


async def test_a_deployment_begins_again_and_what_was_left_running_is_ended(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    script = f"cd {tmp_path}; echo run >> runs; test -e go && exit; echo $$ > begun; exec sleep 600"
    async with far_away(tmp_path, deploy={"command": ["sh", "-c", script]}) as (home, service, _):
        service.start()
        change = await home.rest(await home.approve(await home.rest(await home.ask_for(PNG))))
        left = os.pidfd_open(int(await asyncio.to_thread((tmp_path / "begun").read_text)))
        service.kill()
        found = await deployments.of(home.house.database, change.id)
        assert (change.state, found and found.state) == ("merged", "running")
        (tmp_path / "go").touch()
        service.start()
        change = await live(home, change)
        assert (change.state, change.reason.endswith("Deployed.")) == ("merged", True)
        assert (tmp_path / "runs").read_text() == "run\n" * 2
        assert select.select([left], [], [], 0)[0], "two of them at once could spoil each other's work"
        os.close(left)
