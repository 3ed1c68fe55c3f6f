"""`haven service` and `haven models pull` with the real command, beside a running Haven and without one."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from haven.commands.pulse import ask
from haven.commands.service import _shown
from haven.settings import load
from tests.ai.servers.loopback import Answer, Loopback
from tests.ai.servers.wires import OLLAMA_WIRE
from tests.e2e.command import KEY, configured, environment, give_key, haven

PASSWORD = "pass" + "word-of-nobody"


async def test_every_setting_says_where_it_comes_from_and_no_secret_is_shown(tmp_path: Path) -> None:
    lan = f'[lan]\nhosts = [{{url = "http://me:{PASSWORD}@pi.example:11434", models = ["a"], secret = "pi_key"}}]'
    home = await configured(tmp_path, "daily_usd = 1.5", lan)
    give_key(home)
    told, shown = await asyncio.gather(
        haven(home, "service", "config", "--json", HAVEN_CLOUD__MODEL="claude-opus-5-5"),
        haven(home, "service", "config", HAVEN_CHANGES='{"rounds": 2}'),
    )
    by_key = {one["key"]: (one["value"], one["source"]) for one in told.data["settings"]}
    assert by_key["cloud.model"] == ("claude-opus-5-5", "HAVEN_CLOUD__MODEL")
    assert by_key["cloud.daily_usd"] == (1.5, str(home / "haven.toml"))
    assert by_key["cloud.monthly_usd"] == (5.0, "default")
    assert told.data["secrets"]["anthropic_api_key"] == "set" and told.data["secrets"]["pi_key"] == "not set"
    assert "changes.rounds" in shown.out and "HAVEN_CHANGES" in shown.out
    for text in (told.out, shown.out):
        assert KEY not in text and PASSWORD not in text and "pi.example:11434" in text


def test_no_part_of_an_address_that_may_hold_a_key_is_shown() -> None:
    assert _shown(["https://a.example/v1?api_key=abc&x=y"]) == ["https://a.example/v1?***"]
    assert _shown(f"https://me:p@{PASSWORD}@a.example/v1#abc") == "https://***@a.example/v1#***"
    assert _shown("Is this a setting? Yes: https://a.example/v1") == "Is this a setting? Yes: https://a.example/v1"


async def test_what_does_not_run_is_said_with_its_own_exit_status(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    told, shown, restart = await asyncio.gather(
        haven(home, "service", "status", "--json"),
        haven(home, "service", "status"),
        haven(home, "service", "restart", PATH=str(tmp_path)),
    )
    assert told.status == shown.status == 3 and told.data["up"] is False
    assert [model["tier"] for model in told.data["models"]] == ["cloud", "cloud"]
    assert "Haven does not run. Start it with: haven up" in shown.out and "No Claude key is set" in shown.out
    assert restart.status == 1 and "not installed as a service" in restart.err


async def test_a_running_haven_says_how_it_is_until_it_ends(tmp_path: Path) -> None:
    home = await configured(tmp_path, more='[lan]\nhosts = [{url = "http://127.0.0.1:9", models = ["a-model"]}]')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "haven", "up", "--no-attach"),
        env=environment(home, INVOCATION_ID="as-systemd-sets-it"),
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        while b"says how it is at" not in (line := await process.stderr.readline()):
            assert line, "haven up ended by itself"
        reading = asyncio.create_task(process.stderr.read())
        socket = home / "run/status.sock"
        assert socket.stat().st_mode & 0o777 == 0o600
        told, shown, status = await asyncio.gather(
            haven(home, "service", "status", "--json"),
            haven(home, "service", "status"),
            haven(home, "status", "--json"),
        )
        assert told.status == 0 and told.data["up"] and told.data["pid"] == process.pid and told.data["since"] > 0
        assert {model["tier"] for model in told.data["models"]} == {"lan", "cloud"}
        assert all(model["circuit"] == "closed" for model in told.data["models"])
        assert told.data["hosts"] == [{"host": "127.0.0.1:9", "engine": "ollama", "models": ["a-model"]}]
        assert told.data["waiting"] == {"asked": 0, "waiting": 0} and told.data["queue"] == 0
        assert f"(process {process.pid})" in shown.out and "a-model" in shown.out
        lines = {line["label"]: line["text"] for line in status.data}
        assert f"process {process.pid}" in lines["Haven"] and "lag p99" in lines["Event loop"]  # the process's own word
        with closing(sqlite3.connect(home / "state/haven.db")) as database:
            database.execute("alter table waiting rename to gone")
        failing, restart = await asyncio.gather(haven(home, "status"), haven(home, "service", "restart"))
        assert failing.status == 1 and "database failed" in failing.err
        assert restart.status == 1 and "started by hand" in restart.err and "haven up" in restart.err
        process.terminate()
        assert await process.wait() == 0
        await reading
        assert not socket.exists() and await ask(load(home / "haven.toml")) is None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_an_installed_service_is_restarted_by_systemd_or_its_complaint_is_told(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    systemctl = tmp_path / "bin/systemctl"
    systemctl.parent.mkdir()
    asked = tmp_path / "asked"
    script = f'#!/bin/sh\necho "$*" >> {asked}\n'
    path = f"{systemctl.parent}:{os.environ['PATH']}"
    systemctl.write_text(script, encoding="utf-8")
    systemctl.chmod(0o755)
    told = await haven(home, "service", "restart", "--json", PATH=path)
    assert told.data == {"restarted": True, "by": "systemctl restart haven.service"}
    words = [line.removeprefix("--no-ask-password ") for line in asked.read_text(encoding="utf-8").splitlines()]
    assert words == ["cat haven.service", "restart haven.service"]
    refusing = 'case "$*" in *restart*) echo "Access denied" >&2; exit 4;; esac\n'
    systemctl.write_text(script + refusing, encoding="utf-8")
    refused = await haven(home, "service", "restart", PATH=path)
    assert refused.status == 1 and "Access denied" in refused.err and "sudo systemctl restart" in refused.err


def listed(*models: str) -> Answer:
    return Answer((json.dumps({"models": [{"name": name} for name in models]}).encode(),))


async def test_a_model_that_a_host_lacks_is_pulled_after_asking(tmp_path: Path) -> None:
    steps = (
        b'{"status": "pulling", "digest": "a", "total": 10, "completed": 5}\n',
        b'{"status": "success"}\n',
    )
    asking, pulled = (listed("other"),), (listed("other"), OLLAMA_WIRE.answer(*steps))
    async with Loopback(*asking, *asking, *pulled, listed("a-model")) as lacks, Loopback(listed("a-model")) as has:
        hosts = ", ".join(f'{{url = "{one.url}", models = ["a-model"]}}' for one in (has, lacks))
        home = await configured(tmp_path, more=f"[lan]\nhosts = [{hosts}]")
        name, other = (one.url.removeprefix("http://") for one in (lacks, has))
        unasked = await haven(home, "models", "pull", "a-model")  # nobody there to say yes
        assert unasked.status == 1 and "does not have the model 'a-model'. Pull it?" in unasked.err
        silent = await haven(home, "models", "pull", "a-model", "--json")
        assert silent.status == 1 and "--yes" in silent.err and [one.path for one in lacks.asked] == ["/api/tags"] * 2
        ran = await haven(home, "models", "pull", "a-model", "--yes", "--json")
        assert ran.data == {"name": "a-model", "hosts": {other: "there", name: "pulled"}}
        assert lacks.asked[-1].body["model"] == "a-model" and all(one.path == "/api/tags" for one in has.asked)
        only, unknown = await asyncio.gather(
            haven(home, "models", "pull", "a-model", "--host", lacks.url),
            haven(home, "models", "pull", "a-model", "--host", "http://127.0.0.1:1"),
        )
        assert only.out == f"a-model at {name}: there\n"
        assert unknown.status == 1 and "lan.hosts" in unknown.err
    unreachable = await haven(home, "models", "pull", "a-model")
    assert unreachable.status == 1 and unreachable.err.count("\n") == 1
