"""The change journey with the real `haven` command, each step a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from haven.demo.stand_in import StandIn
from haven.settings import cache_dir
from tests.e2e.command import haven
from tests.e2e.copies import sample_project
from tests.e2e.house import DARK, PNG

pytestmark = pytest.mark.sandbox


@dataclass
class Shell:
    """A person at a shell, with a haven.toml of their own."""

    folder: Path
    project: Path

    def configure(self, cloud: str) -> None:
        (self.folder / "haven.toml").write_text(
            f'[paths]\nstate_dir = "{self.folder}/state"\n[project]\nrepository = "{self.project}"\n'
            f"[models]\nlocal = false\n[cloud]\n{cloud}",
            encoding="utf-8",
        )
        environments = self.folder / "state/testenvs"
        environments.parent.mkdir(exist_ok=True)
        if not environments.exists():
            environments.symlink_to(cache_dir() / "testenvs")

    async def haven(self, *words: str, code: int = 0) -> str:
        """Standard output; fails where the exit status is another."""
        ran = await haven(self.folder, *words, COLUMNS="100")
        assert ran.status == code, ran.err
        return ran.out

    async def json(self, *words: str) -> Any:
        return json.loads(await self.haven(*words, "--json"))


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with StandIn() as stand_in:
        shell = Shell(tmp_path, await sample_project(tmp_path / "atlas"))
        shell.configure(f'stand_in = true\nbase_url = "{stand_in.base_url}"\n')
        yield shell


def log(project: Path) -> str:
    return subprocess.check_output(["git", "-C", str(project), "log", "--format=%s", "main"], text=True)


async def test_new_tweak_approve(shell: Shell) -> None:
    text = await shell.haven("change", "new", PNG, "--private", "for Ada's feast")
    assert "stand-in, not Claude" in text and "4 new, 0 regressed" in text and "feast" not in text
    [change] = await shell.json("change", "list")
    shown = await shell.haven("change", "show", change["id"])
    assert "Private notes, which stay in this house:\nfor Ada's feast" in shown
    await shell.haven("change", "tweak", change["id"], "larger", "--at", "atlas/viewer.py:9999", code=1)
    words = ("tweak", change["id"], 'name the button "Save picture"', "--at", "atlas/viewer.py:3")
    tweaked = await shell.json("change", *words)
    assert (tweaked["state"], tweaked["round"]) == ("review", 2)
    assert "Save picture" in (await shell.haven("change", "diff", change["id"]))
    pair = await shell.json("change", "compare", change["id"], "1", "2")
    assert pair["second"]["instruction"].startswith("In atlas/viewer.py, line 3, which reads `from")
    assert "Save picture" in pair["diff"] and pair["files"][0]["hunks"][0]["lines"]
    assert "Round 1 (request)" in await shell.haven("change", "compare", change["id"], "1", "2")
    back = await shell.json("change", "back", change["id"], "1")
    assert (back["round"], back["commit"]) == (1, pair["first"]["commit"]) and "Save picture" not in back["diff"]
    forward = await shell.haven("change", "back", change["id"], "2")
    assert "went back from round 1 to round 2" in forward and "✓ The tests are in order" in forward
    other = await haven(shell.folder, "change", "approve", change["id"], "--commit", "0" * 12)
    assert other.status == 1 and "not at the one that was looked at" in other.err
    seen = (await shell.json("change", "show", change["id"]))["commit"]
    merged = await shell.json("change", "approve", change["id"], "--commit", seen[:12])
    assert merged["state"] == "merged" and "as PNG" in log(shell.project)
    await shell.haven("change", "approve", change["id"], code=1)
    queued = await shell.json("change", "new", "Sort the stars", "--file", "atlas/viewer.py", "--no-wait")
    [there] = await shell.json("change", "list")
    assert (queued["id"], there["request"]) == (there["id"], "Sort the stars\n\nFiles to look at: atlas/viewer.py")


async def test_red_is_repaired_and_rejected(shell: Shell) -> None:
    planned = await shell.json("change", "new", DARK)
    assert planned["state"] == "awaiting plan", "what is complex has a plan that a person sees first"
    assert planned["plan"]["written"]["steps"][0].startswith("[stand-in, not Claude]")
    await shell.haven("change", "approve", planned["id"], "--plan", "0" * 12, code=1)
    plan = (await shell.json("change", "show", planned["id"]))["plan_id"]
    change = await shell.json("change", "approve", planned["id"], "--plan", plan)
    assert (change["state"], change["round"]) == ("review", 2)
    await shell.haven("change", "approve", change["id"], "--plan", plan, code=1)
    rejected = await shell.json("change", "reject", change["id"], "--why", "not now")
    assert rejected["state"] == "rejected" and "dark mode" not in log(shell.project)


async def test_without_a_key_the_prompt_goes_by_hand(shell: Shell) -> None:
    shell.configure('model = "claude-sonnet-5-5"\n')
    change = await shell.json("change", "new", PNG)
    assert change["state"] == "waiting" and "key" in change["reason"], "what is plain is not planned first"
    file = Path((await shell.json("change", "prompt", change["id"]))["file"])
    assert PNG in file.read_text(encoding="utf-8") and file.stat().st_mode & 0o077 == 0
    answer = shell.folder / "answer.txt"
    answer.write_text("I can't do that.", encoding="utf-8")
    await shell.haven("change", "reply", change["id"], str(answer), code=1)
    answer.write_text(
        "It zooms.\n\nnone.py\n```\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n```\n", encoding="utf-8"
    )
    missed = await shell.haven("change", "reply", change["id"], str(answer))
    assert "Round 1: edits did not apply" in missed and "none.py" in missed and "tests fail" not in missed
    answer.write_text(
        "Here it is.\n\nNOTES.md\n```\n<<<<<<< SEARCH\n=======\nMaps can be saved.\n>>>>>>> REPLACE\n```\n",
        encoding="utf-8",
    )
    replied = await shell.json("change", "reply", change["id"], str(answer))
    assert replied["state"] == "review"
    review = await shell.json("change", "show", change["id"])
    assert not review["stand_in"] and review["sent"][0]["to"] == "carried by hand" and review["cost_usd"] == 0
    tweaked = await shell.haven("change", "tweak", change["id"], "Say it shorter")
    assert "is waiting" in tweaked and "Round 2" not in tweaked, "nothing was wrong with the round before a tweak"
    assert (await shell.json("change", "stop", change["id"]))["state"] == "review"
    assert (await shell.json("change", "approve", change["id"]))["state"] == "merged"
