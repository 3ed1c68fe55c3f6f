"""The tests' own environment: what gets in, who allows it, and what is said where it can't be built."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import hashlib
import inspect
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from haven import settings
from haven.changes.checking.testrun import TestRunner
from haven.changes.project_file import ProjectFile
from haven.changes.sandbox import Sandbox
from haven.changes.sandbox.bubblewrap import SANDBOX_UID
from haven.changes.sandbox.requirements import Needs, plain_requirements
from haven.changes.sandbox.testenv import TestEnvironments
from haven.errors import BadInput, Unavailable
from tests.changes.sandboxing import LIMITS, project
from tests.conftest import CACHE


def begun(folder: Path, **options: bool) -> TestEnvironments:
    """Environments below `folder`, where the plain one is there already."""
    environments = TestEnvironments(folder, **options)
    plain = folder / "testenvs" / environments.key()
    plain.parent.mkdir(parents=True, exist_ok=True)
    if not plain.exists():
        plain.symlink_to(CACHE / "testenvs" / plain.name)
    return environments


def built(folder: Path) -> set[str]:
    """The environments below `folder`, the plain one aside; fails where anything else is left."""
    left = {path.name for path in (folder / "testenvs").iterdir() if path.suffix != ".lock"}
    return left - {TestEnvironments(folder).key()}


async def test_requirements_need_the_owners_word_for_this_very_content(tmp_path: Path) -> None:
    environments = TestEnvironments(tmp_path)
    with pytest.raises(Unavailable) as caught:
        await environments.prepare(Needs("numpy==2.1.0"))
    assert "haven project allow" in caught.value.mend and not caught.value.retry
    digest = Needs("numpy==2.1.0").digest
    environments.allow(digest)
    again = TestEnvironments(tmp_path)
    assert again.allowed(digest) and not again.allowed(Needs("numpy==2.1.1").digest)
    assert (tmp_path / "allowed-setups.json").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".allowed-*"))


async def test_a_damaged_list_of_permissions_allows_nothing(tmp_path: Path) -> None:
    (tmp_path / "allowed-setups.json").write_text('{"not": "a list"')
    environments = TestEnvironments(tmp_path)
    assert not environments.allowed(Needs("x==1").digest)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://evil.example/simple",
        "-r ../other.txt",
        "-e .",
        "./local.whl",
        "/etc/passwd",
        "name @ https://evil.example/name.tar.gz",
        "git+https://evil.example/x.git",
        "name==1 --config-settings=x",
        "# a comment is not continued \\\n-r other.txt",
        "folder/with/setup",
        "${HAVEN_SECRET}",
        "name==1 \\\n  --global-option=x",
    ],
)
def test_a_requirement_that_is_more_than_a_name_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match="more than packages by name"):
        plain_requirements(f"good==1.0\n{line}\n")


@pytest.mark.parametrize(
    "text",
    [
        "# -*- coding: utf-7 -*-\npytest==8.4.2+AAoALwB0AG0AcAAvAHg-\n",
        "#\n# vim: set fileencoding=utf-7 :\nx==1\n",
        "\ufeffx==1",
        "x==1\u2028-e .",
        "x==1\x0b-e .",
        "x==1\r-e .",
        "x==1  # f\xfcr Tests",
    ],
)
def test_text_that_pip_could_read_otherwise_than_a_person_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="more than plain text"):
        plain_requirements(text)


@pytest.mark.parametrize("line", ["x==1 -e .", "x>= -e", "x[-e]", "x[a b]", "x==", "x;-e .", "x @ y", "-x", "x==1,,y"])
def test_a_requirement_that_is_not_well_formed_is_refused(line: str) -> None:
    with pytest.raises(BadInput, match="more than packages by name"):
        plain_requirements(line)


def test_what_is_installed_are_the_plain_lines_alone() -> None:
    text = "# tools\r\n\r\nnumpy==2.1.0  # why\r\nzope.x-y\nrich[x,y]>=15, <16 ; python_version > '3.10'\nold (~=1.0)\n"
    assert plain_requirements(text).splitlines() == [
        "numpy==2.1.0",
        "zope.x-y",
        "rich[x,y]>=15, <16 ; python_version > '3.10'",
        "old (~=1.0)",
    ]
    hashed = "--require-hashes\nx==1+cpu \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n"
    assert plain_requirements(hashed) == "--require-hashes\nx==1+cpu --hash=sha256:ab --hash=sha256:cd"
    assert plain_requirements("# nothing but words\n\n") == ""


@pytest.mark.sandbox
async def test_the_projects_packages_are_there_for_its_tests_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(_wheels(tmp_path / "wheels")))
    environments = begun(tmp_path / "state")
    needs = Needs("havenprobe==1.0")
    environments.allow(needs.digest)
    run = TestRunner(Sandbox(settings.Sandbox(**LIMITS)), environments)
    tests = "def test_it():\n    import havenprobe\n    assert havenprobe.WORD == 'here'\n"
    tree = project(tmp_path / "tree", {"test_it.py": tests})

    first, second = await asyncio.gather(*(environments.prepare(needs) for _ in range(2)))
    report = await run.run(tree, ProjectFile(), needs)

    assert first == second and report.passed("test_it.py::test_it")
    assert built(tmp_path / "state") == {first.key}


@pytest.mark.sandbox
async def test_what_cannot_be_fetched_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environments = begun(tmp_path)
    needs = Needs("havenprobe==1.0")
    environments.allow(needs.digest)
    with pytest.raises(Unavailable) as caught:
        await environments.prepare(needs)
    assert "havenprobe==1.0" in str(caught.value) and not caught.value.retry
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(Unavailable, match="out of reach") as caught:
        await environments.prepare(needs)
    assert caught.value.retry
    assert built(tmp_path) == set()


LOOKS = """
import json, os, socket, sys
seen = {
    "variables": sorted(name for name in os.environ if "SECRET" in name or "KEY" in name),
    "home": os.environ["HOME"],
    "host": [path for path in sys.argv[1:] if os.path.exists(path)],
    "shadow": os.access("/etc/shadow", os.R_OK),
    "uid": os.getuid(),
}
with socket.create_connection(("127.0.0.1", int(sys.argv[-1])), 5) as line:
    seen["reached"] = line.recv(9).decode()
import havenprobe
seen["word"] = havenprobe.WORD
open("/env/seen.json", "w").write(json.dumps(seen))
open("made_here", "w").write("x")
"""


@pytest.mark.sandbox
async def test_the_set_up_command_has_the_network_and_nothing_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(_wheels(tmp_path / "wheels")))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-probe")
    monkeypatch.setenv("HAVEN_SECRET", "probe")
    (Path.home() / "secret").write_text("probe")
    tree = project(tmp_path / "tree", {"tools/setup.py": LOOKS})
    environments = begun(tmp_path / "state")

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"from here")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        hidden = [str(Path.home()), str(Path.home() / "secret"), str(tmp_path / "state"), str(tree)]
        port = str(server.sockets[0].getsockname()[1])
        needs = Needs("havenprobe==1.0", ("python", "tools/setup.py", *hidden, port))
        with pytest.raises(Unavailable, match="nobody has allowed it yet"):
            await environments.prepare(needs, tree)
        environments.allow(needs.digest)
        with pytest.raises(Unavailable, match="removed in the meantime"):
            await environments.prepare(needs)
        made = await environments.prepare(needs, tree)

    seen = json.loads((made.path / "seen.json").read_text())
    assert seen == {
        "variables": [],
        "home": "/tmp/home",
        "host": [],
        "shadow": False,
        "uid": SANDBOX_UID,
        "reached": "from here",
        "word": "here",
    }
    assert await environments.prepare(needs) == made, "it is kept: no copy of the base is needed again"


@pytest.mark.sandbox
async def test_a_set_up_command_that_fails_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    environments = begun(tmp_path)
    needs = Needs("", ("sh", "-c", "echo the reason; exit 3"))
    environments.allow(needs.digest)
    with pytest.raises(Unavailable) as caught:
        await environments.prepare(needs, project(tmp_path / "tree", {"a": ""}))
    assert str(caught.value) == "The project's set-up command failed (the reason)." and not caught.value.retry
    assert built(tmp_path) == set()


@pytest.mark.sandbox
async def test_a_set_up_command_that_leaves_links_writes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    environments = begun(tmp_path)
    needs = Needs("", ("sh", "-c", f"ln -sf {tmp_path}/kept /env/haven-key && ln -sf {tmp_path} /env/share"))
    environments.allow(needs.digest)
    made = await environments.prepare(needs, project(tmp_path / "tree", {"a": ""}))
    assert (tmp_path / "kept").read_text() == "kept"
    assert not (made.path / "haven-key").is_symlink() and (made.path / "haven-key").read_text() == made.key
    tree = project(
        tmp_path / "more", {"test_it.py": "import os\ndef test_it(): assert not os.path.exists('/env/share')"}
    )
    report = await TestRunner(Sandbox(settings.Sandbox(**LIMITS)), environments).run(tree, ProjectFile(), needs)
    assert report.passed("test_it.py::test_it"), report.output


@pytest.mark.sandbox
async def test_a_set_up_command_that_prints_codes_and_a_secret(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    environments = begun(tmp_path)
    needs = Needs("", ("sh", "-c", f"printf '\\033[2Jno \\302\\233 {token}'; exit 3"))
    environments.allow(needs.digest)
    with pytest.raises(Unavailable) as caught:
        await environments.prepare(needs, project(tmp_path / "tree", {"a": ""}))
    said = str(caught.value)
    assert "no " in said and token[:12] not in said and said.isprintable()


@pytest.mark.sandbox
async def test_a_source_package_is_built_only_where_the_owner_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(_source_package(tmp_path / "sources")))
    needs = Needs("havensource==1.0")
    careful = begun(tmp_path / "state")
    careful.allow(needs.digest)
    with pytest.raises(Unavailable, match="havensource") as caught:
        await careful.prepare(needs)
    assert "sandbox.source_packages" in caught.value.mend
    trusting = begun(tmp_path / "state", source_packages=True)
    tests = "def test_it():\n    import havensource\n    assert havensource.WORD == 'built'\n"
    tree = project(tmp_path / "tree", {"test_it.py": tests})
    report = await TestRunner(Sandbox(settings.Sandbox(**LIMITS)), trusting).run(tree, ProjectFile(), needs)
    assert report.passed("test_it.py::test_it"), report.output


async def test_environments_that_no_run_has_used_are_dropped(tmp_path: Path) -> None:
    environments = TestEnvironments(tmp_path)
    old, new, busy = (environments.key(Needs(name)) for name in ("old", "new", "busy"))
    folder = tmp_path / "testenvs"
    project(folder, {f"{key}/bin/python": "" for key in (old, new, busy)} | {".building-left/env/x": ""})
    for key, used in ((old, 100.0), (new, 300.0), (busy, 100.0)):
        (folder / f"{key}.lock").touch()
        os.utime(folder / f"{key}.lock", (used, used))
    os.utime(folder / ".building-left", (100.0, 100.0))
    with (folder / f"{busy}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert await environments.drop_unused(200.0) == 1
    assert {path.name for path in folder.iterdir()} == {new, f"{new}.lock", busy, f"{busy}.lock"}
    environments.allow(Needs("busy").digest)
    await environments.prepare(Needs("busy"))
    assert await environments.drop_unused(400.0) == 1, "the one that was used just now stays"


@pytest.mark.sandbox
async def test_cancelling_a_build_leaves_nothing(tmp_path: Path) -> None:
    environments = TestEnvironments(tmp_path)
    task = asyncio.create_task(environments.prepare())
    while not list(tmp_path.glob("testenvs/.building-*/env/bin")):
        await asyncio.sleep(0)
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {path.suffix for path in (tmp_path / "testenvs").iterdir()} == {".lock"}


def _source_package(folder: Path) -> Path:
    """An index of one package without a wheel, whose own backend writes the wheel."""
    backend = "import base64, hashlib, zipfile\n" + inspect.getsource(_write_wheel) + inspect.getsource(_digest)
    backend += "def build_wheel(folder, *_):\n    return _write_wheel(folder, 'havensource', 'built')\n"
    toml = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    about = "Metadata-Version: 2.1\nName: havensource\nVersion: 1.0\n"
    tree = project(folder / "tree", {"backend.py": backend, "pyproject.toml": toml, "PKG-INFO": about})
    with tarfile.open(folder / "havensource-1.0.tar.gz", "w:gz") as archive:
        archive.add(tree, "havensource-1.0")
    return folder


def _wheels(folder: Path) -> Path:
    """An index of one small wheel, written by hand."""
    folder.mkdir()
    _write_wheel(str(folder), "havenprobe", "here")
    return folder


def _write_wheel(folder: str, name: str, word: str) -> str:
    files = {
        f"{name}.py": f"WORD = {word!r}\n",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},sha256={_digest(text)},{len(text)}\n" for file, text in files.items())
    whole = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{whole}", "w") as wheel:
        for file, text in {**files, f"{name}-1.0.dist-info/RECORD": record}.items():
            wheel.writestr(file, text)
    return whole


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
