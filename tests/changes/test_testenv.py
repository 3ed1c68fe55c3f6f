"""The tests' own environment: what gets in, who allows it, and what is said where it can't be built."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from haven import settings
from haven.changes.project_file import ProjectFile
from haven.changes.requirements import Needs, plain_requirements
from haven.changes.sandbox import Sandbox
from haven.changes.testenv import TestEnvironments
from haven.changes.testrun import TestRunner
from haven.errors import BadInput, Unavailable
from tests.changes.sandboxing import LIMITS, project


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
    environments = TestEnvironments(tmp_path / "state")
    needs = Needs("havenprobe==1.0")
    environments.allow(needs.digest)
    run = TestRunner(Sandbox(settings.Sandbox(**LIMITS)), environments)
    tests = "def test_it():\n    import havenprobe\n    assert havenprobe.WORD == 'here'\n"
    tree = project(tmp_path / "tree", {"test_it.py": tests})

    first, second = await asyncio.gather(*(environments.prepare(needs) for _ in range(2)))
    report = await run.run(tree, ProjectFile(), needs)

    assert first == second and report.passed("test_it.py::test_it")
    left = {path.name for path in (tmp_path / "state/testenvs").iterdir()}
    assert left == {first.key, f"{first.key}.lock"}


@pytest.mark.sandbox
async def test_what_cannot_be_fetched_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environments = TestEnvironments(tmp_path)
    with pytest.raises(Unavailable) as caught:
        await environments.prepare()
    assert "pytest==8.4.2" in str(caught.value) and not caught.value.retry
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(Unavailable, match="out of reach") as caught:
        await environments.prepare()
    assert caught.value.retry
    assert {path.suffix for path in (tmp_path / "testenvs").iterdir()} == {".lock"}


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


def _wheels(folder: Path) -> Path:
    """An index of one small wheel, written by hand."""
    files = {
        "havenprobe.py": "WORD = 'here'\n",
        "havenprobe-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: havenprobe\nVersion: 1.0\n",
        "havenprobe-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in files.items())
    folder.mkdir()
    with zipfile.ZipFile(folder / "havenprobe-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, "havenprobe-1.0.dist-info/RECORD": record}.items():
            wheel.writestr(name, text)
    return folder


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
