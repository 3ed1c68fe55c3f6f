"""Settings: file and environment, one clear line where they are wrong, and secrets that only the owner can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from haven.errors import SettingsError
from haven.settings import ANTHROPIC_KEY, Settings, config_file, load, parse


def wrong(tree: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(tree)
    assert "\n" not in caught.value.full and caught.value.mend
    return str(caught.value)


def test_no_file_means_the_defaults_and_nothing_open(tmp_path: Path) -> None:
    ready = load(tmp_path / "none.toml")
    assert ready.project.repository is None and ready.secret(ANTHROPIC_KEY) is None
    assert not ready.discord.owner_ids and not ready.discord.everyone_may_ask and not ready.kiosk.panel_users
    assert ready.paths.state_dir.is_relative_to(tmp_path)


def test_the_environment_wins_over_the_file_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "haven.toml"
    file.write_text("[cloud]\ndaily_usd = 1\nmonthly_usd = 9\n[discord]\nowner_ids = [1]\n", encoding="utf-8")
    monkeypatch.setenv("HAVEN_CLOUD__DAILY_USD", "7")
    monkeypatch.setenv("HAVEN_DISCORD__OWNER_IDS", "[2, 3]")
    monkeypatch.setenv("HAVEN_CONFIG", str(file))
    ready = load()
    assert config_file() == file
    assert (ready.cloud.daily_usd, ready.cloud.monthly_usd, ready.discord.owner_ids) == (7.0, 9.0, frozenset({2, 3}))


def test_keys_of_other_programs_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "DISCORD_TOKEN", "anthropic_api_key"):
        monkeypatch.setenv(name, "not-given-to-haven")
    assert Settings().secret(ANTHROPIC_KEY) is None


@pytest.mark.parametrize(
    ("tree", "key"),
    [
        ({"cloud": {"monthly_usd": -1}}, "cloud.monthly_usd"),
        ({"cloud": {"monthly_usd": float("inf")}}, "cloud.monthly_usd"),
        ({"cloud": {"monthly_usd": float("nan")}}, "cloud.monthly_usd"),
        ({"cloud": {"modl": "x"}}, "cloud.modl: there is no such setting"),
        ({"clod": {}}, "clod: there is no such setting"),
        ({"cloud": 3}, "cloud:"),
        ({"discord": {"owner_ids": ["me"]}}, "discord.owner_ids.0"),
        ({"paths": {"state_dir": ""}}, "paths.state_dir"),
        ({"log_level": "LOUD"}, "log_level"),
        ({"lan": {"hosts": [{"url": "http://[::1", "models": ["m"]}]}}, "lan.hosts.0.url: it must be a whole address"),
    ],
)
def test_a_wrong_key_is_named_in_one_line(tree: dict[str, Any], key: str) -> None:
    assert wrong(tree).startswith(f"haven.toml: {key}")


@pytest.mark.parametrize(
    "url",
    [
        *("http://[::1", "http://[zz]:1", "http://h:x", "http://h:99999", "http://h:0", "http://", "http:///x"),
        *("http://a\x01b", "http://h/\x7f", "http://h/\x00", "http://a b", "http://h/\t", "http://h\u2028", "ftp://h"),
    ],
)
def test_an_address_that_no_client_could_ask_is_refused_by_its_setting(url: str) -> None:
    assert wrong({"lan": {"hosts": [{"url": url, "models": ["m"]}]}}).startswith("haven.toml: lan.hosts.0.url: ")
    other = {"name": "o", "base_url": url, "model": "m", "secret": "s", "input_usd": 1, "output_usd": 1}
    assert wrong({"cloud": {"others": [other]}}).startswith("haven.toml: cloud.others.0.base_url: ")


@pytest.mark.parametrize("url", ["http://pi:11434", "https://me:word@[::1]:1/v1", "http://küche.example", "http://h/"])
def test_an_address_at_home_may_have_a_port_a_name_and_a_path(url: str) -> None:
    assert parse({"lan": {"hosts": [{"url": url, "models": ["m"]}]}}).lan.hosts[0].url == url


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HAVEN_CLOUD__MONTHLY_USD", "lots"), ("HAVEN_CLOUD__MODL", "x"), ("HAVEN_DISCORD__OWNER_IDS", "1,2")],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    assert variable in wrong({})


@pytest.mark.parametrize(
    ("tree", "must"),
    [
        ({"cloud": {"monthly_usd": "lots"}}, "cloud.monthly_usd: it must be a number."),
        ({"cloud": {"monthly_usd": float("inf")}}, "cloud.monthly_usd: it must be a finite number."),
        ({"cloud": {"base_url": 3}}, "cloud.base_url: it must be text in quotes."),
        ({"cloud": 3}, "cloud: it must be a section of its own."),
        ({"changes": {"rounds": 2.5}}, "changes.rounds: it must be a whole number."),
        ({"changes": {"rounds": 0}}, "changes.rounds: it must be 1 or more."),
        ({"web": {"port": 70000}}, "web.port: it must be 65535 or less."),
        ({"models": {"local": "maybe"}}, "models.local: it must be true or false."),
        ({"models": {"keep": "a"}}, "models.keep: it must be a list."),
        ({"paths": {"state_dir": 3}}, "paths.state_dir: it must be the path of a folder, in quotes."),
        ({"routing": {"strategy": "mars"}}, "routing.strategy: it must be 'local_first', "),
        ({"lan": {"hosts": [{"url": "http://h", "models": []}]}}, "lan.hosts.0.models: it must not be empty."),
        ({"lan": {"hosts": [{"models": ["m"]}]}}, "lan.hosts.0.url: it is missing."),
        ({"lan": {"hosts": [{"url": "ftp://h", "models": ["m"]}]}}, "lan.hosts.0.url: it must begin with http"),
        (
            {"lan": {"hosts": [{"url": "http://h", "models": ["m"], "secret": "SK-1"}]}},
            "lan.hosts.0.secret: it must be",
        ),
    ],
)
def test_what_a_value_must_be_is_said_without_a_word_of_python(tree: dict[str, Any], must: str) -> None:
    assert wrong(tree).startswith(f"haven.toml: {must}")


@pytest.mark.parametrize("content", [b"[cloud\n", b"\xff\xfe\x00", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_says_where(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "haven.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"haven\.toml") as caught:
        load(file)
    assert "codec" not in caught.value.full


def test_a_file_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAVEN_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml is not there") as caught:
        load()
    assert "HAVEN_CONFIG" in caught.value.mend


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HAVEN_CONFIG", ""):
        (tmp_path / "config/haven.toml").mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(tmp_path / "config"))
        monkeypatch.setenv("HAVEN_CONFIG", str(tmp_path) if variable else "")
        with pytest.raises(SettingsError, match="can't be read: Is a directory"):
            load()


def test_folders_as_people_write_them(own_folders: Path) -> None:
    ready = parse({"project": {"repository": "~/atlas"}, "paths": {"state_dir": "~/haven"}})
    assert (ready.project.repository, ready.paths.state_dir) == (own_folders / "atlas", own_folders / "haven")
    assert parse({"project": {"repository": ""}}).project.repository is None


def test_a_secret_is_written_for_the_owner_alone(tmp_path: Path) -> None:
    ready = Settings()
    file = ready.write_secret(ANTHROPIC_KEY, "  one\n")
    file.chmod(0o644)
    ready.write_secret(ANTHROPIC_KEY, "two")
    assert ready.secret(ANTHROPIC_KEY) == "two"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    ready.write_secret(ANTHROPIC_KEY, " ")
    assert ready.secret(ANTHROPIC_KEY) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_secret_that_others_can_read_is_refused(mode: int) -> None:
    ready = Settings()
    file = ready.write_secret(ANTHROPIC_KEY, "mine")
    file.chmod(mode)
    with pytest.raises(SettingsError, match="can be read by others") as caught:
        ready.secret(ANTHROPIC_KEY)
    assert str(file) in caught.value.mend and "mine" not in caught.value.full


def test_a_secret_that_is_no_text_is_one_line() -> None:
    ready = Settings()
    ready.write_secret(ANTHROPIC_KEY, "x").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(SettingsError, match="can't be read"):
        ready.secret(ANTHROPIC_KEY)


def test_systemd_credentials_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = Settings()
    ready.write_secret(ANTHROPIC_KEY, "from the folder")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert ready.secret(ANTHROPIC_KEY) == "from the folder"
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / ANTHROPIC_KEY).write_text("from systemd\n", encoding="utf-8")
    os.chmod(tmp_path / "credentials" / ANTHROPIC_KEY, 0o440)
    assert ready.secret(ANTHROPIC_KEY) == "from systemd"
