"""`haven setup` as a machine and as a person use it, against servers on the loopback that speak the real protocols."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord
import pytest
from rich.console import Console

from haven import setup
from haven.errors import BadInput, SettingsError
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, KIOSK_PIN, config_file, load
from haven.setup.discord_app import NEEDED, bot_id_of, invite_link
from kiosk.pin import Pin
from tests.far_end import BOT, KEY, TOKEN, FarEnd, far_end
from tests.ports import unused_port

__all__ = ["far_end"]

GUILD = 1111111111111111111


@pytest.fixture(autouse=True)
def home(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new user's home; a key in the environment is not Haven's to use."""
    monkeypatch.delenv("HAVEN_MODELS", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-from-the-environment")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Not-Mine: 1")
    return own_folders


async def do(answers: dict[str, Any] | None, *only: str) -> tuple[int, str]:
    """Run setup as the command does, blocking, in a thread of its own here; without `only`, the steps with answers.

    Returns exit status and screen.
    """
    only = only or tuple(step.name for step in setup.STEPS if step.name in (answers or {}))
    console = Console(file=io.StringIO(), width=500)
    code = await asyncio.to_thread(setup.run, config_file(), answers, only, console)
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def secret_file(name: str) -> Path:
    return config_file().parent / "secrets" / name


async def test_a_right_key_is_checked_for_free_and_kept_in_a_file_of_its_own(
    far_end: FarEnd, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code, screen = await do({"claude": {"key": KEY, "monthly_usd": 3, "base_url": far_end.url}})
    assert code == 0 and "Claude accepts the key" in screen and "at most 3.00 USD a month" in screen
    assert far_end.asked == [("GET", "/v1/models/claude-sonnet-5-5")]
    assert "X-Not-Mine" not in far_end.headers[0]
    assert secret_file(ANTHROPIC_KEY).read_text().strip() == KEY
    assert mode(secret_file(ANTHROPIC_KEY)) == mode(config_file()) == 0o600
    assert mode(config_file().parent) == mode(secret_file("").parent / "secrets") == 0o700
    assert load().cloud.monthly_usd == 3
    assert KEY not in config_file().read_text() + screen + caplog.text


async def test_a_wrong_key_is_refused_and_nothing_is_kept(far_end: FarEnd) -> None:
    code, screen = await do({"claude": {"key": "sk-ant-mistyped", "monthly_usd": 3, "base_url": far_end.url}})
    assert code == 1 and "does not accept the Claude key" in screen and "Nothing was saved" in screen
    assert not config_file().exists() and not secret_file(ANTHROPIC_KEY).exists()


async def test_a_wrong_key_does_not_push_out_the_right_one(far_end: FarEnd) -> None:
    await do({"claude": {"key": KEY, "base_url": far_end.url}})
    code, _ = await do({"claude": {"key": "sk-ant-mistyped"}})
    assert code == 1 and load().secret(ANTHROPIC_KEY) == KEY


async def test_offline_the_key_is_kept_and_it_says_that_it_was_not_checked() -> None:
    code, screen = await do({"claude": {"key": KEY, "base_url": f"http://127.0.0.1:{unused_port()}"}})
    assert code == 0 and "Not checked, offline" in screen
    assert load().secret(ANTHROPIC_KEY) == KEY


async def test_a_key_in_the_environment_is_not_used(far_end: FarEnd) -> None:
    code, screen = await do({"claude": {"monthly_usd": 3, "base_url": far_end.url}})
    assert code == 1 and "No Claude key was given" in screen
    assert far_end.asked == []


async def test_a_model_that_anthropic_does_not_know_is_said(far_end: FarEnd) -> None:
    code, screen = await do({"claude": {"key": KEY, "model": "claude-opus-5-5", "base_url": far_end.url}})
    assert code == 1 and "does not know the model 'claude-opus-5-5'" in screen


@pytest.mark.parametrize("which", ["model", "small_model"])
async def test_a_model_without_a_price_can_not_be_held_to_a_cap(far_end: FarEnd, which: str) -> None:
    code, screen = await do({"claude": {"key": KEY, which: "claude-9", "base_url": far_end.url}})
    assert code == 1 and f"cloud.{which}:" in screen and far_end.asked == []


async def test_the_cheaper_model_is_told_with_both_prices_and_can_be_left_out(far_end: FarEnd) -> None:
    _, screen = await do({"claude": {"key": KEY, "base_url": far_end.url}})
    assert "claude-haiku-5-5 first (0.10 / 0.50 USD" in screen and "claude-sonnet-5-5 (2.00 / 10.00)" in screen
    _, screen = await do({"claude": {"small_model": ""}})
    assert "haiku" not in screen and load().cloud.small_model == ""


async def test_running_again_keeps_earlier_answers_comments_and_order(far_end: FarEnd) -> None:
    await do({"claude": {"key": KEY, "base_url": far_end.url}})
    config_file().write_text(f'# mine\nlog_level = "DEBUG"  # loud\n\n{config_file().read_text()}')
    code, _ = await do({"claude": {"monthly_usd": 2.5}})
    await do({"discord": {"token": TOKEN, "owner_ids": [BOT], "api": far_end.url}})
    text = config_file().read_text()
    assert code == 0 and text.startswith('# mine\nlog_level = "DEBUG"  # loud\n')
    kept = load()
    assert (kept.cloud.monthly_usd, kept.cloud.base_url, kept.log_level) == (2.5, far_end.url, "DEBUG")
    assert kept.secret(ANTHROPIC_KEY) == KEY and kept.discord.owner_ids == {BOT}
    await do({"discord": {"guild_id": GUILD, "api": far_end.url}})
    assert load().discord.owner_ids == {BOT} and load().discord.guild_id == GUILD


async def test_a_link_to_the_settings_stays_a_link(home: Path) -> None:
    elsewhere = home / "dotfiles.toml"
    elsewhere.write_text("[models]\nthreads = 2\n")
    config_file().parent.mkdir(parents=True)
    config_file().symlink_to(elsewhere)
    await do({"model": {"name": "none"}})
    assert config_file().is_symlink()
    assert tomllib.loads(elsewhere.read_text())["models"] == {"threads": 2, "local": False}


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({"claude": {"monthly_usd": -1}}, "claude.monthly_usd"),
        ({"claude": {"cap": 3}}, "claude.cap"),
        ({"claude": "yes"}, "claude"),
        ({"cluade": {}}, "cluade"),
        ({"discord": {"owner_ids": ["me"]}}, "discord.owner_ids.0"),
        ({"discord": {"guild_id": 7}}, "discord.guild_id"),
        ({"claude": {"key": "tiny-1"}}, "claude.key"),
        ({"lan": {"hosts": [{"url": "http://me:sesame@attic"}]}}, "lan.hosts.0.url"),
    ],
)
async def test_a_wrong_answer_is_one_line_that_names_the_key_and_nothing_is_done(
    answers: dict[str, Any], named: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        await do({"model": {"name": "none"}} | answers)
    assert f"answers: {named}:" in caught.value.full and "\n" not in caught.value.full
    assert "tiny-1" not in caught.value.full and "sesame" not in caught.value.full
    assert not config_file().exists()


async def test_a_wrong_setting_is_one_line_that_names_the_key_and_the_file_stays() -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text("[cloud]\nmonthly_euro = 5\n")
    with pytest.raises(SettingsError, match=r"haven\.toml: cloud\.monthly_euro: there is no such setting") as caught:
        await do({"model": {"name": "none"}})
    assert "\n" not in caught.value.full
    assert config_file().read_text() == "[cloud]\nmonthly_euro = 5\n"


def test_an_answers_file_that_is_no_toml_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "answers.toml"
    wrong.write_text("[claude\nkey=")
    for file in (wrong, tmp_path / "missing.toml"):
        with pytest.raises(SettingsError, match=str(file)):
            setup.read_answers(file)
    assert setup.read_answers(None) is None


async def test_without_a_terminal_it_says_how_to_go_on() -> None:
    code, screen = await do(None)
    assert code == 2 and "--answers" in screen


async def test_a_step_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(BadInput) as caught:
        await do({}, "discrod")
    assert "discrod" in caught.value.full and "repository, model, lan, claude, discord, pin" in caught.value.full


async def test_a_right_token_gives_the_link_with_exactly_the_needed_rights(far_end: FarEnd) -> None:
    answers = {"token": TOKEN, "guild_id": GUILD, "owner_ids": [BOT], "api": far_end.url}
    code, screen = await do({"discord": answers})
    assert code == 0 and "the bot is called haven-test" in screen and invite_link(BOT, GUILD) in screen
    assert "privileged" not in screen.lower()
    rights = discord.Permissions(
        view_channel=True,
        send_messages=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
        create_public_threads=True,
        send_messages_in_threads=True,
    )
    assert rights.value == NEEDED == 309237763072
    assert "scope=bot+applications.commands" in screen and f"permissions={NEEDED}" in screen
    assert load().discord.guild_id == GUILD
    assert mode(secret_file(DISCORD_TOKEN)) == 0o600 and TOKEN not in config_file().read_text() + screen


async def test_a_bot_that_is_in_already_needs_no_link(far_end: FarEnd) -> None:
    far_end.guilds.add(GUILD)
    _, screen = await do({"discord": {"token": TOKEN, "guild_id": GUILD, "owner_ids": [BOT], "api": far_end.url}})
    assert "on your server already" in screen and "oauth2" not in screen


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("guild_id", 7, "discord.guild_id: 7 is not the server's id, which has 16 to 19 digits"),
        ("guild_id", str(GUILD)[:-1] + "l", "that is not the server's id"),
        ("owner_ids", ["mika"], "that is not a person's id"),
        ("owner_ids", [TOKEN], "discord.owner_ids.0: that is not a person's id"),
        ("channel_id", -GUILD, "that is not a channel's id"),
    ],
)
async def test_what_can_be_no_id_is_told_with_the_place_where_the_right_one_is(
    name: str, value: object, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        await do({"discord": {"token": TOKEN, name: value}})
    assert said in caught.value.full and "right-click" in caught.value.full and '"Copy ID".' in caught.value.full
    assert TOKEN not in caught.value.full and "Known:" not in caught.value.full


async def test_an_id_that_belongs_to_something_else_or_to_nothing_is_refused_by_its_name(far_end: FarEnd) -> None:
    far_end.guilds.add(GUILD)
    far_end.nobody |= {GUILD + 1, GUILD + 2}
    good = {"token": TOKEN, "guild_id": GUILD, "owner_ids": [GUILD + 5], "api": far_end.url}
    for wrong, said in (
        ({"guild_id": BOT}, f"discord.guild_id: {BOT} is the bot's id"),
        ({"guild_id": GUILD + 5}, f"discord.guild_id: {GUILD + 5} is a person's id"),
        ({"owner_ids": [GUILD + 5, GUILD + 1]}, f"discord.owner_ids: Discord knows no {GUILD + 1}"),
        ({"reviewer_role_ids": [GUILD + 2]}, f"discord.reviewer_role_ids: Discord knows no {GUILD + 2}"),
    ):
        code, screen = await do({"discord": good | wrong})
        assert code == 1 and said in screen and "right-click" in screen and not config_file().exists()
    code, screen = await do({"discord": good | {"reviewer_role_ids": [GUILD + 3]}})
    assert code == 0 and "on your server already" in screen


async def test_a_server_without_the_bot_is_named_in_case_its_id_is_wrong(far_end: FarEnd) -> None:
    _, screen = await do({"discord": {"token": TOKEN, "guild_id": GUILD, "api": far_end.url}})
    assert f"on no server with the id {GUILD}" in screen and "right-click the server's icon" in screen
    assert invite_link(BOT, GUILD) in screen


async def test_a_wrong_token_is_refused_and_nothing_is_kept(far_end: FarEnd) -> None:
    for token, sentence in ((TOKEN[:-1] + "y", "does not accept this token"), ("client-secret", "not a bot token")):
        code, screen = await do({"discord": {"token": token, "api": far_end.url}})
        assert code == 1 and sentence in screen and token not in screen
    assert not config_file().exists() and not secret_file(DISCORD_TOKEN).exists()


async def test_offline_the_link_is_there_all_the_same() -> None:
    code, screen = await do({"discord": {"token": TOKEN, "api": f"http://127.0.0.1:{unused_port()}"}})
    assert code == 0 and "Not checked, offline" in screen and f"client_id={BOT}" in screen
    assert "No owner id is set" in screen and "No server id is set" in screen
    assert bot_id_of("nonsense") is None


async def test_the_pin_is_stored_as_a_hash_and_opens_the_panel() -> None:
    code, screen = await do({"pin": {"pin": "4711"}})
    assert code == 0 and "4711" not in screen + secret_file(KIOSK_PIN).read_text()
    pin = Pin(load())
    assert await pin.check("4711") and not await pin.check("4712")


async def test_a_pin_that_is_no_pin_and_a_panel_user_that_is_not_there_are_refused() -> None:
    nobody = {"pin": "4711", "panel_user": "nobody-at-all"}
    for answers, sentence in (({"pin": "12"}, "4 to 12 digits"), (nobody, "no system user 'nobody-at-all'")):
        code, screen = await do({"pin": answers})
        assert code == 1 and sentence in screen and not secret_file(KIOSK_PIN).exists()


def git(folder: Path, *words: str) -> None:
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, env=clean, check=True, capture_output=True)


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "starmap"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests/test_map.py").write_text("def test_well():\n    pass\n\ndef test_badly():\n    assert False\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "First light")
    return folder


async def test_the_repository_is_kept_when_git_can_read_its_branch(project: Path) -> None:
    code, screen = await do({"repository": {"path": str(project), "branch": "main", "run_tests": False}})
    assert code == 0, screen
    assert (load().project.repository, load().project.target_branch) == (project, "main")
    assert list(load().paths.state_dir.glob(".setup-*")) == [], "nothing of the trial is left behind"


async def test_a_repository_that_can_not_be_used_is_refused_in_words(project: Path, home: Path) -> None:
    for answers, word in (({"path": str(project), "branch": "trunk"}, "trunk"), ({"path": str(home / "no")}, "no")):
        code, screen = await do({"repository": answers})
        assert code == 1 and word in screen and "Traceback" not in screen and not config_file().exists()


@pytest.mark.sandbox
async def test_the_projects_tests_are_run_once_in_the_sandbox(project: Path) -> None:
    code, screen = await do({"repository": {"path": str(project)}})
    assert code == 0 and "Its 2 tests ran" in screen and "1 of them fail already" in screen


async def typed(conversation: Sequence[tuple[str, str]], *steps: str) -> bytes:
    """What a person sees who runs these steps on a terminal and answers each question so."""
    if shutil.which("script") is None:
        pytest.skip("script(1) is not installed here, so there is no terminal to type on")
    program = (
        "import sys; from rich.console import Console; from haven import setup, settings;"
        f"sys.exit(setup.run(settings.config_file(), None, {list(steps)!r}, Console()))"
    )
    command = ["script", "-qec", shlex.join([sys.executable, "-c", program]), "/dev/null"]
    pipe = asyncio.subprocess.PIPE
    terminal = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parent.parent, stdin=pipe, stdout=pipe)
    assert terminal.stdin and terminal.stdout
    shown = b""
    async with asyncio.timeout(120):
        for question, answer in conversation:
            shown += await terminal.stdout.readuntil(question.encode())
            terminal.stdin.write(f"{answer}\n".encode())
        shown += await terminal.stdout.read()
        assert await terminal.wait() == 0
    return shown


async def test_a_person_at_a_terminal_is_asked_and_what_they_type_in_secret_is_not_shown() -> None:
    shown = await typed(
        (
            ("Do this now?", "y"),
            ("Which one", "none"),
            ("Do this now?", "y"),
            ("while you type: ", "4711"),
            ("Once more: ", "4712"),
            ("Try again?", "y"),
            ("while you type: ", "4711"),
            ("Once more: ", "4711"),
        ),
        "model",
        "pin",
    )
    assert b"The two were not the same" in shown and b"haven doctor" in shown
    assert b"4711" not in shown
    assert load().models.local is False and await Pin(load()).check("4711")
