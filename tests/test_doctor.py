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
from haven.ai.models.registry import Registry
from haven.doctor import Check
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, Settings, config_file, load, toml_file
from haven.store.database import opened
from tests.ai.servers.loopback import Answer, Loopback
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


async def test_a_state_folder_that_can_not_be_made_is_said_at_once(tmp_path: Path) -> None:
    assert "the first start makes it" in (await found("state folder")).sentence
    (tmp_path / "file").write_text("no folder")
    keep(paths={"state_dir": str(tmp_path / "file/state")})
    lost = await found("state folder")
    assert lost.ok is False and "it can't be made: Not a directory." in lost.sentence and lost.mend


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
    check = await found("local models")
    assert check.ok is False and check.mend == "haven models install own"
    (folder / "own.gguf").write_bytes(weights)
    assert (await found("local models")).sentence.startswith("own (verified)")
    (folder / "own.gguf").write_bytes(weights[:-1] + b"x")
    assert "damaged" in (await found("local models")).sentence
    keep(models={"memory_mb": 100})
    check = await found("local models")
    assert check.ok is False and "own needs about" in check.sentence and "models.memory_mb" in check.mend


async def test_a_model_without_a_known_hash_is_held_to_its_pin(home: Path) -> None:
    weights = home / "weights.gguf"
    weights.write_bytes(b"GGUF" + bytes(1000))
    folder = load().paths.state_dir / "models"
    folder.mkdir(parents=True)
    (folder / "catalogue.toml").write_text(
        '[models.own]\ntitle = "Own"\nlicence = "MIT"\ncontext = 512\ntemplate = "chatml"\nuse = "tests"\nram_mb = 1\n'
        f'disk_mb = 1\nsource = {{ kind = "file", path = "{weights}" }}\n'
    )
    keep(models={"default": "own"})
    (folder / "own.gguf").write_bytes(weights.read_bytes())
    check = await found("local models")
    assert check.ok is None and "own (unverified)" in check.sentence
    (folder / "own.gguf").unlink()
    await Registry(load().paths.state_dir).install("own")
    assert (await found("local models")).sentence.startswith("own (pinned)")
    (folder / "own.gguf").write_bytes(b"GGUF" + bytes(999) + b"x")
    check = await found("local models")
    assert check.ok is False and "damaged" in check.sentence and check.mend == "haven models install own"


async def test_every_model_that_the_settings_name_is_looked_at_on_a_line_of_its_own() -> None:
    keep(models={"default": "smollm2-135n", "keep": ["e5-small"]}, kinds={"code": {"local": ["qwen2_5-coder-0_5b"]}})
    checks = [check for check in await doctor.checks(load()) if check.name == "local models"]
    assert [check.ok for check in checks] == [False] * 3
    assert "models.default names 'smollm2-135n'" in checks[0].sentence and "smollm2-135m" in checks[0].mend
    assert "models.keep names e5-small, which makes vectors" in checks[1].sentence
    assert checks[2].mend == "haven models install qwen2_5-coder-0_5b"


async def test_a_model_that_never_fits_beside_those_that_stay_loaded_is_named() -> None:
    keep(models={"keep": ["qwen2_5-0_5b"], "memory_mb": 700})
    check = await found("local models")
    assert check.ok is False and "smollm2-135m needs about" in check.sentence and "that stay loaded" in check.sentence
    keep(models={"memory_mb": 2000})
    assert "not installed" in (await found("local models")).sentence


async def test_a_persistent_model_of_a_kind_counts_among_those_that_stay_loaded() -> None:
    """The catalogue calls smollm2-135m persistent: it is never unloaded, whether `keep` names it or not."""
    keep(models={"default": "qwen2_5-0_5b", "memory_mb": 900}, kinds={"tags": {"local": ["smollm2-135m"]}})
    check = await found("local models")
    assert check.ok is False and "qwen2_5-0_5b needs about" in check.sentence and "that stay loaded" in check.sentence
    keep(models={"memory_mb": 2000})
    assert "not installed" in (await found("local models")).sentence


async def test_names_and_rules_that_mean_nothing_are_named() -> None:
    rule = {"when": 'knd == "code"', "tier": "cloud", "model": "claude-sonet-5-5"}
    keep(
        kinds={"sumary": {}, "code": {"lan": ["qwen3:4b"], "cloud": ["claude-haiku"]}},
        routing={"rules": [rule]},
    )
    shown = [check for check in await doctor.checks(load()) if check.name == "routing"]
    expected = [
        ("perhaps 'kind' is meant", "A rule reads like this"),
        ("Rule 1 of routing.rules names 'claude-sonet-5-5'", "claude-sonnet-5-5"),
        ("kinds.sumary has no effect", "kinds.summary"),
        ("kinds.code.lan names 'qwen3:4b'", "haven setup lan"),
        ("kinds.code.cloud names 'claude-haiku'", "claude-haiku-5-5"),
    ]
    assert len(shown) == len(expected) and not any(check.ok for check in shown)
    for check, (said, mend) in zip(shown, expected, strict=True):
        assert said in check.sentence and mend in check.mend
    keep(kinds={"sumary": None, "code": {"cloud": ["claude-haiku-5-5"]}})
    keep(routing={"rules": [rule | {"when": "private", "model": ""}]})
    check = await found("routing")
    assert check.ok is True and "1 rule of your own" in check.sentence


async def test_hosts_at_home_are_asked_only_when_live() -> None:
    assert (await found("models at home", live=True)).ok is None
    models = Answer((json.dumps({"models": [{"name": "llama3.2:latest"}]}).encode(),))
    async with Loopback(models) as server:
        keep(lan={"hosts": [{"url": server.url, "models": ["llama3.2"]}]})
        assert (await found("models at home")).ok is True and server.asked == []
        assert (await found("models at home", live=True)).ok is True
        keep(lan={"hosts": [{"url": server.url, "models": ["llama3.2", "gemma3:1b"], "secret": "home_key"}]})
        check = await found("models at home")
        assert check.ok is False and "secrets/home_key" in check.mend
        load().write_secret("home_key", "sesame-opens-it")
        check = await found("models at home", live=True)
        assert check.ok is False and check.mend == "haven models pull gemma3:1b"
        assert "authorization: bearer sesame-opens-it" in server.asked[-1].head.lower()
    check = await found("models at home", live=True)
    assert check.ok is False and "can't be reached" in check.sentence and check.mend


async def test_moving_all_inference_to_no_host_is_a_mistake() -> None:
    keep(lan={"only": True})
    check = await found("models at home")
    assert check.ok is False and check.mend == "haven setup lan"


async def test_another_cloud_without_its_key_is_named_with_the_file_for_it() -> None:
    other = {"name": "gemini", "base_url": "https://localhost", "model": "m", "secret": "gemini_key"}
    keep(cloud={"others": [other | {"input_usd": 1, "output_usd": 2}]})
    check = await found("other clouds")
    assert check.ok is False and "gemini" in check.sentence and "secrets/gemini_key" in check.mend
    load().write_secret("gemini_key", "a-key-of-nobody")
    assert (await found("other clouds")).ok is True and "gemini_key" in (await found("secrets")).sentence


async def test_embeddings_are_there_or_turned_off() -> None:
    assert (await found("embeddings")).ok is True
    keep(models={"embeddings": False})
    assert (await found("embeddings")).ok is None


async def test_claude_is_asked_only_when_live(far_end: FarEnd) -> None:
    assert (await found("Claude")).ok is None
    keep(cloud={"base_url": far_end.url, "monthly_usd": 3, "small_model": ""})
    load().write_secret(ANTHROPIC_KEY, KEY)
    check = await found("Claude")
    assert check.ok is True and "3.00 USD" in check.sentence and far_end.asked == []
    assert "accepts the key" in (await found("Claude", live=True)).sentence
    assert far_end.asked == [("GET", "/v1/models/claude-sonnet-5-5")]
    keep(cloud={"small_model": "claude-opus-5-5"})
    assert "does not know the model 'claude-opus-5-5'" in (await found("Claude", live=True)).sentence
    load().write_secret(ANTHROPIC_KEY, "sk-ant-mistyped")
    assert (await found("Claude", live=True)).ok is False


async def test_a_cloud_model_without_a_price_is_named() -> None:
    for key in ("model", "small_model"):
        keep(cloud={"model": "claude-sonnet-5-5", key: "claude-9"})
        check = await found("Claude")
        assert check.ok is False and f"cloud.{key}:" in check.sentence and "claude-haiku-5-5" in check.mend


async def test_a_discord_token_without_ids_can_do_nothing_and_that_is_said() -> None:
    load().write_secret(DISCORD_TOKEN, "the client secret")
    assert "three parts with dots" in (await found("Discord")).sentence
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
