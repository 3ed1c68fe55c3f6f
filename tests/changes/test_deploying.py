"""The owner's deploy command: run once a merge, healthy or undone and deployed again, and everybody can read it."""

from __future__ import annotations

import asyncio
import os
import select
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from haven.changes.landing.deploying import Deployments, run
from haven.changes.states import State
from haven.settings import Deploy
from haven.store import changes as table
from haven.store import deployments, events
from haven.store.changes import Change
from haven.store.database import Transaction
from haven.store.jobs import Job
from tests.changes.test_decisions import put
from tests.changes.test_pipeline import FILES, GREEN, LIGHT, becomes, read, wished
from tests.e2e.house import OWNER, Home, at_home
from tests.e2e.scripted import scripted_home, will_propose

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock


def script(folder: Path, name: str, text: str) -> tuple[str, ...]:
    file = folder / name
    file.write_text(f"#!/bin/sh\nset -e\n{text}", encoding="utf-8")
    file.chmod(0o755)
    return (str(file),)


def settings(tmp_path: Path, health: str, command: str = "") -> dict[str, Any]:
    """`live` holds the file as it was brought to its users, `runs` a line a deployment."""
    live, runs = shlex.quote(str(tmp_path / "live.py")), shlex.quote(str(tmp_path / "runs"))
    deploy = command or f'git show "$HAVEN_COMMIT:light.py" > {live}\necho "$HAVEN_CHANGE" >> {runs}\n'
    return {
        "command": script(tmp_path, "deploy.sh", deploy),
        "health": script(tmp_path, "health.sh", health.format(live=live)),
        "health_s": 1.0,
    }


async def live(home: Home, change: Change, state: str = "live") -> Change:
    """Wait for the deployment of a merged change."""
    with home.house.bus.subscribe() as subscription:
        told = subscription.__aiter__()
        async with asyncio.timeout(90):
            while (found := await deployments.of(home.house.database, change.id)) is None or found.state != state:
                await anext(told)
    return await home.house.changes.get(change.id)


@pytest.mark.sandbox
async def test_a_merge_is_deployed_and_what_is_not_healthy_is_undone_and_deployed_again(
    tmp_path: Path, llmock: LLMock
) -> None:
    will_propose(llmock, becomes(GREEN))
    ill = GREEN.replace("+ 0", "- 0")
    will_propose(llmock, becomes(ill, GREEN))
    wanted = settings(tmp_path, 'echo "light is ill"\n! grep -q -- "- 0" {live}\n')
    async with scripted_home(tmp_path / "home", llmock, FILES, deploy=wanted) as home:
        good = await live(home, await home.rest(await home.approve(await wished(home))))
        assert good.state == "merged" and good.reason.endswith("Deployed and healthy.")
        assert (tmp_path / "live.py").read_text() == GREEN

        bad = await home.rest(await home.approve(await wished(home)))
        bad = await live(home, bad, "failed")
        undos = [one for one in await home.house.changes.list() if one.undoes == bad.id]
        while not undos:
            undos = [one for one in await home.house.changes.list() if one.undoes == bad.id]
        undo = await live(home, await home.rest(undos[0]))
        bad = await home.house.changes.get(bad.id)
        assert (undo.state, bad.state, undo.decided_by) == ("merged", "reverted", "haven")
        assert (tmp_path / "live.py").read_text() == GREEN == read(home, "show", "main:light.py") + "\n"
        assert (tmp_path / "runs").read_text().split() == [good.id, bad.id, undo.id]
        told = [
            event.data["reason"] for event in await events.of(home.house.database, bad.id) if "reason" in event.data
        ]
        assert any("not healthy" in reason and "light is ill. It is being undone" in reason for reason in told), (
            "every face is told why"
        )


@pytest.mark.sandbox
async def test_without_a_command_nothing_is_run(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(llmock, becomes(GREEN))
    async with scripted_home(tmp_path, llmock, FILES) as home:
        change = await home.rest(await home.approve(await wished(home)))
        assert await deployments.of(home.house.database, change.id) is None and LIGHT != GREEN


async def test_what_came_later_is_never_replaced_by_what_came_before(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False) as home:
        house, runs = home.house, tmp_path / "runs"
        wanted = Deploy(command=("sh", "-c", f"echo $HAVEN_CHANGE >> {runs}"))
        deploying = Deployments(house.database, house.changes, wanted, house.settings.project)
        ill, waits, last, undo = [await put(home, state) for state in (*[State.MERGED] * 3, State.REVIEW)]

        async def work(tx: Transaction) -> None:
            for one in (ill, waits, last):
                await deployments.queue(tx, one.id)
            await deployments.put(tx, ill.id, "failed", "ill")
            await table.update(tx, undo.id, undoes=ill.id)

        await house.database.write(work)
        for _ in range(2):
            assert await deploying.handle(Job(1, "deploy", waits.id, "", 0, 1)), "tried again later"
        told = [one.data["reason"] for one in await events.of(house.database, waits.id) if "deploy" in one.data]
        assert len(told) == 1 and f"waits for change {undo.id}" in told[0] and not runs.exists()

        await house.changes.reject(undo.id, OWNER, round=undo.round)
        for one in (last, waits):
            assert await deploying.handle(Job(1, "deploy", one.id, "", 0, 1)) is None
        assert runs.read_text().split() == [last.id]
        found = await deployments.of(house.database, waits.id)
        assert found and found.state == "live" and last.id in found.said


async def test_a_command_sees_only_what_it_is_given_and_its_words_are_redacted(tmp_path: Path) -> None:
    secret = "ghp_" + os.urandom(18).hex()
    said = await run(("sh", "-c", f"env; echo {secret}; exit 3"), tmp_path, {"PATH": os.environ["PATH"]}, 20)
    assert "status 3" in said and "PATH=" in said and "HOME=" not in said and secret not in said
    assert "can't be started" in await run((str(tmp_path / "nowhere"),), tmp_path, {}, 20)


async def test_a_command_that_hangs_or_floods_is_ended_with_all_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    hang = f"sleep 600 & echo $! > {shlex.quote(str(pid))}; wait"
    running = asyncio.create_task(run(("sh", "-c", hang), tmp_path, {"PATH": os.environ["PATH"]}, 600))
    child = os.pidfd_open(int(await asyncio.to_thread(pid.read_text)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await asyncio.to_thread(select.select, [child], [], [], 20) == ([child], [], []), "it has ended"
    os.close(child)
    flood = await run((sys.executable, "-c", "print('x ' * 9_000_000); exit(1)"), tmp_path, {}, 60)
    assert "status 1" in flood and len(flood) < 1_000
    assert "took longer" in await run(("sleep", "600"), tmp_path, {"PATH": os.environ["PATH"]}, 0.2)


async def test_a_service_that_a_command_leaves_running_is_not_waited_for_and_not_ended(tmp_path: Path) -> None:
    leaves = "sleep 600 & echo $! > service; echo deployed; exit $1"
    for status, said in (("0", ""), ("4", "ended with status 4: deployed")):
        assert await run(("sh", "-c", leaves, "sh", status), tmp_path, {"PATH": os.environ["PATH"]}, 60) == said
        service = int((tmp_path / "service").read_text())
        os.kill(service, signal.SIGTERM)


async def test_what_it_says_last_is_kept_without_the_terminals_orders(tmp_path: Path) -> None:
    said = await run(("printf", r"\033[2J\033]0;owned\007 it is \0 full\n"), tmp_path, {"PATH": os.environ["PATH"]}, 20)
    assert said == ""
    said = await run(
        ("sh", "-c", r"printf '\033[2J it is \001 full\n'; exit 1"), tmp_path, {"PATH": os.environ["PATH"]}, 20
    )
    assert said == "ended with status 1: it is <U+0001> full"
