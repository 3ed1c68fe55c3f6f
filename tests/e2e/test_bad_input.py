"""Bad input: one clear sentence for the person, a line in the log, and nothing of theirs lost or touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from haven.ai.models.registry import Registry
from haven.errors import BadInput, StoreError, Unavailable
from haven.store import events
from haven.store.database import Database, opened
from tests.e2e import warm
from tests.e2e.command import Ran
from tests.e2e.copies import sample_project
from tests.e2e.house import MEMBER, OWNER, PNG, at_home


def haven(config: Path, *words: str) -> Ran:
    """The real command with this haven.toml."""
    command = warm.start(words, os.environ | {"HAVEN_CONFIG": str(config)})
    return Ran(command.join() or 0, *command.said())


def config(folder: Path, repository: Path | None = None, more: str = "") -> Path:
    file = folder / "haven.toml"
    project = f'[project]\nrepository = "{repository}"\n' if repository else ""
    file.write_text(
        f'[paths]\nstate_dir = "{folder}/state"\n[models]\nlocal = false\n{project}{more}', encoding="utf-8"
    )
    return file


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=o", "-c", "user.email=o@example.invalid")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is empty"), (" \n\t ", "is empty"), ("\x00\x1b\x07", "is empty"), ("x" * 100_000, "100,000 characters")],
)
def test_a_request_that_is_no_request(tmp_path: Path, text: str, says: str) -> None:
    argument = text.replace("\0", "") if text != "\x00\x1b\x07" else "\x1b\x07"
    ran = haven(config(tmp_path), "change", "new", argument)
    assert ran.status == 1 and says in ran.err
    assert "Traceback" not in ran.err and ran.err.count("\n") == 1
    assert says in (tmp_path / "state/haven.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("models", "key"),
    [('default = "nosuch"', "models.default"), ('keep = ["nosuch"]', "models.keep"), ("", "kinds.answer.local")],
)
def test_a_local_model_that_no_catalogue_has_is_named_with_its_key(tmp_path: Path, models: str, key: str) -> None:
    more = "" if models else '[kinds.answer]\nlocal = ["nosuch"]\n'
    (tmp_path / "haven.toml").write_text(f'[paths]\nstate_dir = "{tmp_path}/state"\n[models]\n{models}\n{more}')
    ran = haven(tmp_path / "haven.toml", "ask", "Who?")
    assert ran.status == 1 and ran.err.startswith(f"The setting {key} names 'nosuch'")
    assert "smollm2-135m" in ran.err and ran.err.count("\n") == 1


def test_no_full_stop_goes_along_with_a_command_that_is_copied(tmp_path: Path) -> None:
    (tmp_path / "haven.toml").write_text(f'[paths]\nstate_dir = "{tmp_path}/state"\n')
    ran = haven(tmp_path / "haven.toml", "ask", "Who?", "--assistant", "scribe")
    assert "Run `haven models install smollm2-135m`. Cloud: " in ran.err


async def test_control_characters_are_taken_out_and_the_words_kept(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False) as home:
        change = await home.ask_for(f"\x1b[31m{PNG}\x00\u0085")
        assert change.request == PNG
        with pytest.raises(BadInput):
            [piece async for piece in home.house.round_table.ask(_question("\x00"))]


def _question(text: str):  # type: ignore[no-untyped-def]
    from assistants.round_table import Request

    return Request(text, MEMBER)


@pytest.mark.parametrize("what", ["missing", "a file", "empty", "no such branch"])
async def test_a_repository_that_can_not_be_used(tmp_path: Path, what: str) -> None:
    place = tmp_path / "project"
    if what == "a file":
        place.write_text("not a repository", encoding="utf-8")
    elif what == "empty":
        place.mkdir()
        git(place, "init", "-q", "-b", "main")
    elif what == "no such branch":
        await sample_project(place)
    more = 'target_branch = "elsewhere"\n' if what == "no such branch" else ""
    ran = haven(config(tmp_path, place, more), "change", "new", PNG)
    assert ran.status == 1 and "Traceback" not in ran.err
    assert f"folder {place.name} " in ran.err or "elsewhere" in ran.err or "commit" in ran.err
    assert haven(config(tmp_path, place, more), "change", "list", "--all").out.startswith("No changes")


@pytest.mark.sandbox
@pytest.mark.parametrize("what", ["bare", "detached", "no tests"])
async def test_a_repository_that_is_unusual_but_fine(tmp_path: Path, what: str) -> None:
    async with at_home(tmp_path) as first:
        pass
    project = first.project
    if what == "detached":
        git(project, "checkout", "-q", "--detach")
    elif what == "bare":
        git(project, "config", "core.bare", "true")
    else:
        git(project, "rm", "-qr", "tests")
        git(project, "commit", "-qm", "No tests")
    shutil.rmtree(tmp_path / "clones")
    async with at_home(tmp_path) as home:
        change = await home.rest(await home.ask_for("Document the map viewer"))
        review = await home.house.changes.review(change.id)
        assert change.state == "review", change.reason
        if what == "no tests":
            assert review.tests["untested"] and "No tests" in review.tests["one_line"]
            assert review.confirm == "type the id"
            return
        change = await home.rest(await home.approve(change))
        assert change.state == "merged"
        merged = subprocess.check_output(["git", "-C", str(project), "rev-parse", "main"], text=True)
        assert merged.strip() == change.merged


def test_a_wrong_setting_is_one_line_that_names_the_key(tmp_path: Path) -> None:
    for more, key in (("[cloud]\nmonthly_usd = 'much'\n", "cloud.monthly_usd"), ("[clowd]\n", "clowd"), ("[x", "TOML")):
        ran = haven(config(tmp_path, more=more), "status")
        assert ran.status == 1 and key in ran.err and ran.err.count("\n") == 1


def test_a_wrong_environment_variable_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAVEN_CLOUD", "much")
    ran = haven(config(tmp_path), "status")
    assert ran.status == 1 and "HAVEN_CLOUD" in ran.err and ran.err.count("\n") == 1


async def test_a_locked_database_says_so_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "haven.db"
    database = await Database.open(path, busy_s=0.05)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            with pytest.raises(StoreError, match="locked"):
                await database.write(lambda tx: events.record(tx, "test", "one"))
            other.execute("rollback")
        await database.write(lambda tx: events.record(tx, "test", "two"))
        assert [event.subject for event in await events.since(database, 0)] == ["two"]
    finally:
        await database.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk that is small enough to fill")
async def test_a_full_disk_says_so_and_the_rest_stays(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        async with opened(disk / "haven.db") as database:
            await database.write(lambda tx: events.record(tx, "test", "kept"))
            with pytest.raises(StoreError, match="disk is full"):
                await database.write(lambda tx: events.record(tx, "test", "big", text="x" * 2_000_000))
            assert [event.subject for event in await events.since(database, 0)] == ["kept"]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_a_damaged_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = config(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state/haven.db").write_bytes(b"no database at all" * 100)
    ran = haven(file, "change", "list")
    assert ran.status == 1 and "damaged" in ran.err and "Traceback" not in ran.err
    assert (tmp_path / "state/haven.db").read_bytes() == b"no database at all" * 100


async def test_a_missing_model_leaves_rules_and_says_what_to_do(tmp_path: Path) -> None:
    async with at_home(tmp_path, model=True, working=False) as home:
        change = await home.ask_for(PNG)
        assert change.title == PNG
        with pytest.raises(Unavailable, match="haven models install"):
            request = _question("What is a star?")
            [piece async for piece in home.house.round_table.ask(_private(request))]


def _private(request):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(request, private=True)


async def test_a_corrupt_model_says_so(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    path = registry.path("smollm2-135m")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF" + bytes(1000))
    async with at_home(tmp_path, model=True, working=False) as home:
        with pytest.raises(Unavailable, match="haven models install"):
            [piece async for piece in home.house.round_table.ask(_private(_question("What is a star?")))]
        assert (await home.ask_for(PNG, OWNER)).title == PNG


async def test_a_wrong_project_file_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    async with at_home(tmp_path) as home:
        (home.project / ".haven").mkdir()
        (home.project / ".haven/project.toml").write_text("mounts = ['/']\n", encoding="utf-8")
        git(home.project, "add", ".")
        git(home.project, "commit", "-qm", "Wishes")
        change = await home.rest(await home.ask_for(PNG))
        assert change.state == "failed" and "project.toml: mounts" in change.reason
        assert home.stand_in.requests == []
