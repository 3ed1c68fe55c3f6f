"""`haven doctor` finds what is wrong, names the line that mends it, and changes and sends nothing by itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from haven import doctor
from haven.doctor import Check
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, Settings, config_file, load
from haven.setup import toml_file
from haven.store.database import opened
from tests.far_end import KEY, TOKEN, FarEnd, far_end

__all__ = ["far_end"]


@pytest.fixture(autouse=True)
def home(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HAVEN_MODELS", raising=False)
    return own_folders


async def found(name: str, *, live: bool = False) -> Check:
    checks = await doctor.checks(load(), live=live)
    return next(check for check in checks if check.name == name)


def keep(**sections: dict[str, object]) -> Settings:
    return toml_file.change(config_file(), sections)


def tree(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


async def test_on_a_new_machine_every_check_gives_an_answer_and_nothing_is_written(home: Path) -> None:
    before = tree(home)
    checks = await doctor.checks(load())
    assert len(checks) >= 12
    assert not [check for check in checks if "the check itself failed" in check.sentence]
    assert [
        check.name for check in checks if check.ok is False and not check.mend and "Run:" not in check.sentence
    ] == []
    assert tree(home) == before


async def test_what_it_shows_has_the_mend_below_the_failure_and_counts_failures() -> None:
    checks = [Check("git", True, "Fine."), Check("clock", False, "Wrong.", "set it"), Check("x", None, "Not checked.")]
    shown = doctor.render(checks).splitlines()
    assert shown[1].startswith("BAD clock") and shown[2].strip() == "-> set it"
    assert shown[-1] == "1 of 3 checks failed."
    assert doctor.render(checks[:1]).endswith("All is well.")
    as_json = json.loads(json.dumps(doctor.to_json(checks)))
    assert as_json["ok"] is False and as_json["checks"][1]["mend"] == "set it"


async def test_a_secret_that_others_can_read_is_found_and_the_mend_mends_it() -> None:
    file = load().write_secret(ANTHROPIC_KEY, KEY)
    assert (await found("secrets")).ok is True
    file.chmod(0o644)
    check = await found("secrets")
    assert check.ok is False and str(file) in check.sentence and KEY not in doctor.render([check])
    subprocess.run(check.mend.removeprefix("Run: "), shell=True, check=True)
    assert (await found("secrets")).ok is True


async def test_settings_that_others_can_change_are_found_and_the_mend_mends_it() -> None:
    keep(models={"threads": 1})
    config_file().chmod(0o666)
    check = await found("settings")
    assert check.ok is False
    subprocess.run(check.mend, shell=True, check=True)
    assert (await found("settings")).ok is True


async def test_the_database_whole_damaged_and_from_a_newer_haven() -> None:
    path = load().database
    assert (await found("database")).ok is None
    async with opened(path):
        assert (await found("database")).ok is True, "also while Haven has it open"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version=9999")
    connection.close()
    assert "newer Haven" in (await found("database")).sentence
    path.write_bytes(b"SQLite format 3\0" + os.urandom(8000))
    check = await found("database")
    assert check.ok is False and "damaged" in check.sentence and "backup" in check.mend


async def test_the_repository_and_its_branch(home: Path) -> None:
    folder = home / "starmap"
    assert (await found("repository")).ok is None
    keep(project={"repository": str(folder)})
    assert "not there" in (await found("repository")).sentence
    folder.mkdir()
    assert "not a git repository" in (await found("repository")).sentence
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "trunk"], cwd=folder, env=clean, check=True)
    assert "no commits" in (await found("repository")).sentence
    commit = ["git", *who, "commit", "-q", "--allow-empty", "-m", "First light"]
    subprocess.run(commit, cwd=folder, env=clean, check=True)
    check = await found("repository")
    assert check.ok is False and "no branch main; it has trunk" in check.sentence and check.mend
    keep(project={"target_branch": "trunk"})
    assert (await found("repository")).ok is True


async def test_the_model_missing_right_and_damaged() -> None:
    weights = b"GGUF" + bytes(1000)
    folder = load().paths.state_dir / "models"
    folder.mkdir(parents=True)
    (folder / "catalogue.toml").write_text(
        '[models.own]\ntitle = "Own"\nlicence = "MIT"\ncontext = 512\ntemplate = "chatml"\nuse = "tests"\nram_mb = 1\n'
        f'disk_mb = 1\nsource = {{ kind = "file", path = "/nowhere" }}\nbytes = {len(weights)}\n'
        f'sha256 = "{hashlib.sha256(weights).hexdigest()}"\n'
    )
    keep(models={"default": "own"})
    check = await found("local model")
    assert check.ok is False and check.mend == "haven models install own"
    (folder / "own.gguf").write_bytes(weights)
    assert (await found("local model")).ok is True
    (folder / "own.gguf").write_bytes(weights[:-1] + b"x")
    assert "damaged" in (await found("local model")).sentence


async def test_claude_is_asked_only_when_live(far_end: FarEnd) -> None:
    assert (await found("Claude")).ok is None
    keep(cloud={"base_url": far_end.url, "monthly_usd": 3})
    load().write_secret(ANTHROPIC_KEY, KEY)
    check = await found("Claude")
    assert check.ok is True and "3.00 USD" in check.sentence and far_end.asked == []
    assert "accepts the key" in (await found("Claude", live=True)).sentence
    assert far_end.asked == [("GET", "/v1/models/claude-sonnet-5-5")]
    load().write_secret(ANTHROPIC_KEY, "sk-ant-mistyped")
    assert (await found("Claude", live=True)).ok is False


async def test_a_cloud_model_without_a_price_is_named() -> None:
    keep(cloud={"model": "claude-9"})
    check = await found("Claude")
    assert check.ok is False and "cloud.model" in check.sentence and check.mend


async def test_a_discord_token_without_ids_can_do_nothing_and_that_is_said() -> None:
    load().write_secret(DISCORD_TOKEN, TOKEN)
    check = await found("Discord")
    assert check.ok is False and "discord.guild_id and discord.owner_ids" in check.sentence
    keep(discord={"guild_id": 1111111111111111111, "owner_ids": [1234567890123456789]})
    assert (await found("Discord")).ok is True


async def test_it_tells_whether_haven_is_running() -> None:
    socket = load().socket
    socket.parent.mkdir(parents=True, exist_ok=True)
    assert (await found("running")).ok is None
    server = await asyncio.start_unix_server(lambda reader, writer: writer.close(), socket)
    async with server:
        assert (await found("running")).ok is True
    assert (await found("running")).ok is None
