"""The sandbox's own promises: proof, limits, output, artifacts, and nothing left alive."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haven import settings
from haven.changes.sandbox import EDGE, Finished, Sandbox
from haven.changes.sandbox.testenv import TestEnvironment, TestEnvironments
from haven.errors import SandboxError
from tests.changes.sandboxing import LIMITS, project
from tests.conftest import CACHE

sandbox = pytest.mark.sandbox


@pytest.fixture
async def environment() -> TestEnvironment:
    return await TestEnvironments(CACHE).prepare()


def with_limits(**limits: Any) -> Sandbox:
    return Sandbox(settings.Sandbox(**{**LIMITS, **limits}))


async def run_python(folder: Path, environment: TestEnvironment, code: str, **options: Any) -> Finished:
    """Run `code` in a sandbox with the tests' limits, or those of `limits`."""
    limits = options.pop("limits", {})
    tree = project(folder / "tree", {"run.py": code})
    return await with_limits(**limits).run(tree, ["python", "run.py"], environment, **options)


async def test_without_bubblewrap_nothing_runs_and_the_mend_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    nowhere = TestEnvironment(tmp_path, tmp_path / "bin/python", tmp_path, "key")
    assert "sudo apt install bubblewrap" in with_limits().problem()
    with pytest.raises(SandboxError, match="sudo apt install bubblewrap"):
        await with_limits().run(tmp_path, ["true"], nowhere)


@sandbox
async def test_a_run_gives_code_output_and_files(tmp_path: Path, environment: TestEnvironment) -> None:
    code = "import sys\nprint('out')\nprint('err', file=sys.stderr)\nopen('made', 'wb').write(b'\\0data')\nsys.exit(3)"
    lines: list[str] = []
    done = await run_python(tmp_path, environment, code, artifacts=("made", "missing"), on_output=lines.append)
    assert (done.exit_code, done.stopped, dict(done.files)) == (3, "", {"made": b"\0data"})
    assert sorted(done.output.split()) == ["err", "out"] == sorted("".join(lines).split())
    assert not (tmp_path / "tree" / "made").exists()


@sandbox
async def test_files_that_only_their_owner_may_read_are_there(tmp_path: Path, environment: TestEnvironment) -> None:
    tree = project(tmp_path / "tree", {"deep/secret.txt": "seen", "run.py": "print(open('deep/secret.txt').read())"})
    for path in (tree, tree / "deep"):
        path.chmod(0o700)
    (tree / "deep/secret.txt").chmod(0o600)
    done = await with_limits().run(tree, ["python", "run.py"], environment)
    assert done.output == "seen\n"


@sandbox
@pytest.mark.parametrize("lie", ["base_prefix", "path"])
async def test_the_wrong_interpreter_is_refused(tmp_path: Path, environment: TestEnvironment, lie: str) -> None:
    other = Path(sys.prefix) if lie == "path" else tmp_path
    marker = "print('the project ran')"
    with pytest.raises(SandboxError) as caught:
        await run_python(tmp_path, replace(environment, **{lie: other}), marker)
    assert "nothing was run" in str(caught.value)


@sandbox
async def test_an_environment_that_silently_uses_another_python_is_refused(
    tmp_path: Path, environment: TestEnvironment
) -> None:
    if environment.base_prefix == Path("/usr"):
        pytest.skip("this Python is the system's own")
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/bin/python").symlink_to("/usr/bin/python3")
    other = replace(environment, path=tmp_path / "env", python=tmp_path / "env/bin/python")
    with pytest.raises(SandboxError, match="nothing was run"):
        await run_python(tmp_path, other, "print('the project ran')")


@sandbox
async def test_long_output_keeps_head_and_tail(tmp_path: Path, environment: TestEnvironment) -> None:
    code = "print('first')\nfor n in range(30000): print('middle', n)\nprint('last')"
    done = await run_python(tmp_path, environment, code)
    assert done.stopped == ""
    assert done.output.startswith("first\n") and done.output.endswith("last\n") and "bytes left out" in done.output
    assert len(done.output) < 2 * LIMITS["output_kb"] * 1024


@sandbox
async def test_output_is_safe_to_show(tmp_path: Path, environment: TestEnvironment) -> None:
    token = "sk-ant-" + "a1" * 20
    code = f"print('\\x1b[2J\\x1b]0;title\\x07 token', {token!r}, '\\x00\\x9b')"
    live: list[str] = []
    done = await run_python(tmp_path, environment, code, on_output=live.append)
    for text in (done.output, "".join(live)):
        assert token not in text and "\x1b" not in text and "\x00" not in text and "token" in text


@sandbox
async def test_no_part_of_a_secret_is_left_beside_a_cut(tmp_path: Path, environment: TestEnvironment) -> None:
    line = "MIIEpAIBAAKCAQEA" + "k3Y" * 16
    key = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *[line] * 25, "-----END RSA PRIVATE KEY-----"])
    half = LIMITS["output_kb"] * 1024 // 2
    for edge in (half, half + EDGE):
        code = f"print('.' * {edge - len(key) // 2}, {key!r}, '.' * {4 * half}, {key!r}, '.' * {edge - len(key) // 2})"
        done = await run_python(tmp_path, environment, code)
        assert "bytes left out" in done.output and line not in done.output and line[-20:] not in done.output


@sandbox
async def test_no_variable_of_this_process_is_inherited(
    tmp_path: Path, environment: TestEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "leaked")
    done = await run_python(tmp_path, environment, "import os; print(dict(os.environ))", variables={"GIVEN": "yes"})
    assert "leaked" not in done.output and "'GIVEN': 'yes'" in done.output


@sandbox
@pytest.mark.parametrize(
    ("stopped", "code", "limits"),
    [
        ("output", "while True: print('x' * 1000)", {"output_kb": 16}),
        (
            "memory",
            "import os, time\nos.fork()\nos.fork()\ntaken = b'x' * (200 << 20)\ntime.sleep(99)",
            {"memory_mb": 400},
        ),
        (
            "memory",
            "import itertools\nfor n in itertools.count(): open(f'/tmp/{n}', 'w').close()",
            {"memory_mb": 128},
        ),
        ("killed", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", {}),
    ],
    ids=["flood", "memory of all", "files without end", "kills its parent"],
)
async def test_a_run_that_passes_a_limit_is_stopped(
    tmp_path: Path, environment: TestEnvironment, stopped: str, code: str, limits: dict[str, Any]
) -> None:
    done = await run_python(tmp_path, environment, code, limits=limits)
    assert done.stopped == stopped


@sandbox
async def test_a_run_that_does_not_end_is_stopped(tmp_path: Path, environment: TestEnvironment) -> None:
    """Three at once, since the last two are waited for until nothing but force is left."""
    spins = "while True: pass"
    takes_no_interrupt = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(99)"
    stops_its_parent = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(99)"
    runs = []
    for number, code in enumerate((spins, takes_no_interrupt, stops_its_parent)):
        (tmp_path / str(number)).mkdir()
        runs.append(run_python(tmp_path / str(number), environment, code, limits={"timeout_s": 1}))
    assert [done.stopped for done in await asyncio.gather(*runs)] == ["time"] * 3


@sandbox
async def test_cancelling_kills_everything(tmp_path: Path, environment: TestEnvironment) -> None:
    seconds = f"400.{os.getpid()}"
    # The child says itself that it is up: its parent may know before /proc does.
    code = f"import subprocess, time\nsubprocess.Popen(['sh', '-c', 'echo up; sleep {seconds}'])\ntime.sleep(400)"
    up = asyncio.Event()
    task = asyncio.create_task(run_python(tmp_path, environment, code, on_output=lambda _: up.set()))
    await up.wait()
    assert _running(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _running(seconds)


@sandbox
async def test_artifacts_are_plain_files_of_a_bounded_size(tmp_path: Path, environment: TestEnvironment) -> None:
    code = (
        "import os\nos.symlink('/etc/passwd', 'link')\nos.mkfifo('pipe')\nos.mkdir('folder')\n"
        "open('plain', 'w').write('kept')\nopen('/tmp/outside', 'w').write('x')"
    )
    names = ("link", "pipe", "folder", "plain", "../tmp/nowhere")
    done = await run_python(tmp_path, environment, code, artifacts=names)
    assert dict(done.files) == {"plain": b"kept"}


@sandbox
async def test_a_tree_above_the_limit_is_refused(tmp_path: Path, environment: TestEnvironment) -> None:
    tree = project(tmp_path / "tree", {"a": ""})
    (tree / "big").write_bytes(os.urandom(20 << 20))
    with pytest.raises(SandboxError) as caught:
        await with_limits(tree_mb=16).run(tree, ["true"], environment)
    assert "tree_mb = 16" in caught.value.full


@sandbox
async def test_a_command_that_is_missing(tmp_path: Path, environment: TestEnvironment) -> None:
    tree = project(tmp_path / "tree", {"a": ""})
    done = await with_limits().run(tree, ["no-such-command"], environment)
    assert done.exit_code == 127 and "no-such-command" in done.output


@sandbox
async def test_the_loop_stays_free_while_a_run_floods(tmp_path: Path, environment: TestEnvironment) -> None:
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await run_python(tmp_path, environment, "for n in range(200000): print('x' * 100)", on_output=lambda _: None)
    ticking.cancel()
    assert len(ticks) > 100


def _running(argument: str) -> bool:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if argument in Path("/proc", pid, "cmdline").read_text(errors="replace"):
                return True
        except OSError:
            continue
    return False
