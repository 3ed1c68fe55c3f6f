"""After the approval, with the real `haven` command: pushed, put into words, deployed, undone, deployed again."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.house import PNG
from tests.e2e.test_command_line import Shell, log, shell

__all__ = ["shell"]
pytestmark = pytest.mark.sandbox


async def test_a_change_is_pushed_put_into_words_deployed_and_undone(shell: Shell) -> None:
    remote, live = shell.folder / "remote.git", shell.folder / "live"
    subprocess.run(["git", "clone", "-q", "--bare", shell.project, remote], check=True)
    subprocess.run(["git", "-C", shell.project, "remote", "add", "origin", remote], check=True)
    text = (shell.folder / "haven.toml").read_text(encoding="utf-8")
    text = text.replace("[models]", 'remote = "origin"\n[models]')
    deploy = f'command = ["sh", "-c", "echo $HAVEN_COMMIT >> {live}"]\nhealth = ["test", "-s", "{live}"]\n'
    (shell.folder / "haven.toml").write_text(f"{text}\n[deploy]\n{deploy}", encoding="utf-8")

    change = await shell.json("change", "new", PNG)
    merged = await shell.json("change", "approve", change["id"])
    assert merged["state"] == "merged" and "pushed to origin" in merged["reason"]
    assert merged["reason"].endswith("Deployed and healthy."), "the command came back when it was live"
    assert log(remote) == log(shell.project) and live.read_text().split() == [merged["merged"]]
    words = (shell.folder / f"state/pull-requests/{change['id']}.md").read_text(encoding="utf-8")
    assert words == await shell.haven("change", "show", change["id"], "--pr", "-")
    assert words.startswith("# ") and "4 new" in words and "stand\\-in" not in words
    assert (await shell.json("change", "show", change["id"], "--pr", "-"))["body"] == words
    body = shell.folder / "body.md"
    assert str(body) in await shell.haven("change", "show", change["id"], "--pr", str(body))
    assert body.read_text(encoding="utf-8") == words
    await shell.haven("change", "show", change["id"], "--pr", str(shell.folder / "no/where"), code=1)

    undo = await shell.json("change", "undo", change["id"].upper())
    assert (undo["state"], undo["undoes"]) == ("merged", change["id"]), undo["reason"]
    assert log(remote) == log(shell.project) and log(remote).startswith("Undo: ")
    assert live.read_text().split() == [merged["merged"], undo["merged"]]
    assert (await shell.json("change", "list", "--all"))[1]["state"] == "reverted"
    await shell.haven("change", "undo", change["id"], code=1)

    by_hand = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "revert", "--no-edit", "HEAD")
    subprocess.run(["git", "-C", shell.project, *by_hand], check=True, stdout=subprocess.DEVNULL)
    said = await shell.haven("change", "undo", undo["id"], code=1)
    assert "is failed" in said and "there is nothing to undo" in said
