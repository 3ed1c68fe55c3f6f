"""Two sides that both move: what the owner adds is taken in, what was approved comes back, and nobody loses work."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from haven.errors import Conflict
from tests.changes.sources import commit, landed, make, opened, picture, run, write


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make(tmp_path / "source")


def command_in(told: str, id: str) -> str:
    """What the log tells the owner to run in git, under the id that everybody else is told."""
    return next(line for line in told.splitlines() if f"[{id}]" in line).split("run: git ")[1]


async def test_what_was_approved_is_kept_when_the_source_moves_on(
    source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repository = await opened(source)
    approved = await landed(repository, {"new.txt": "n\n"})
    await repository.fetch("main")
    assert await repository.tip() == approved
    commit(source, {"theirs.txt": "t\n"})
    with pytest.raises(Conflict) as error:
        await repository.fetch("main")
    assert await repository.tip() == approved
    assert "left as it is" in await repository.deliver("main")
    assert str(source) not in error.value.full and error.value.id in error.value.mend
    run(source, *shlex.split(command_in(caplog.text, error.value.id)), "--no-edit")
    await repository.fetch("main")
    assert await repository.tip() == run(source, "rev-parse", "main")
    assert await repository.is_ancestor(approved, await repository.tip())


async def test_another_repository_under_the_same_name_is_refused(source: Path) -> None:
    repository = await opened(source)
    run(source, "checkout", "--quiet", "--orphan", "fresh")
    commit(source, {"README.md": "another\n"})
    run(source, "branch", "--force", "main", "fresh")
    with pytest.raises(Conflict, match="another history"):
        await repository.fetch("main")


async def test_a_clean_checkout_on_the_branch_is_brought_up_to_date(source: Path) -> None:
    write(source, {"notes.txt": "untracked\n"})
    repository = await opened(source)
    new = await landed(repository, {"new.txt": "n\n"})
    said = await repository.deliver("main")
    assert new[:10] in said and run(source, "rev-parse", "HEAD") == new
    assert (source / "new.txt").read_text() == "n\n" and run(source, "status", "--porcelain") == "?? notes.txt"
    assert "up to date" in await repository.deliver("main")


@pytest.mark.parametrize("kind", ["bare", "another branch", "detached"])
async def test_a_branch_that_is_not_checked_out_just_moves(source: Path, kind: str) -> None:
    place = source
    if kind == "bare":
        place = source.parent / "bare"
        run(source, "clone", "--quiet", "--bare", ".", str(place))
    else:
        run(source, "checkout", "--quiet", *(["--detach"] if kind == "detached" else ["-b", "mine"]))
    repository = await opened(place)
    new = await landed(repository, {"new.txt": "n\n"})
    await repository.deliver("main")
    assert run(place, "rev-parse", "main") == new
    assert not (source / "new.txt").exists()


HIDDEN = ["ignored", "ignored folder", "ignored above", "assumed", "skipped"]


@pytest.mark.parametrize("kind", ["dirty", "in the way", *HIDDEN, "elsewhere", "filters"])
async def test_a_checkout_is_left_alone_where_work_could_be_lost(
    source: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    commit(source, {".gitignore": "secret.txt\nprivate\n"})
    repository = await opened(source)
    changed = ("new.txt", "secret.txt", "deep/private/key", "private", "README.md")
    new = await landed(repository, dict.fromkeys(changed, "new\n"))
    if kind == "dirty":
        write(source, {"README.md": "unsaved\n"})
    elif kind == "in the way":
        write(source, {"new.txt": "my own, not yet added\n"})
    elif kind == "ignored":
        write(source, {"secret.txt": "my only copy\n"})
    elif kind == "ignored folder":
        write(source, {"private/key": "my only copy\n"})
    elif kind == "ignored above":
        write(source, {"deep/private": "my only copy\n"})
    elif kind in {"assumed", "skipped"}:
        run(source, "update-index", "--assume-unchanged" if kind == "assumed" else "--skip-worktree", "README.md")
        write(source, {"README.md": "my only copy\n"})
    elif kind == "elsewhere":
        run(source, "config", "core.worktree", str(source.parent))
    else:
        run(source, "config", "filter.big.smudge", "cat")
    before = {path: data for path, data in picture(source).items() if not path.startswith(".git/objects")}
    said = await repository.deliver("main")
    after = {path: data for path, data in picture(source).items() if not path.startswith(".git/objects")}
    after.pop(".git/ORIG_HEAD", None)
    assert after == before
    id = said.rpartition("[")[2].rstrip("].")
    assert "left as it is" in said and f"pull --no-rebase {repository.bare} main" in command_in(caplog.text, id)
    assert str(source.parent) not in said, "everybody reads it"
    if kind == "dirty":
        run(source, "checkout", "--quiet", "--", ".")
        run(source, *shlex.split(command_in(caplog.text, id)))
        assert run(source, "rev-parse", "HEAD") == new


async def test_a_remote_is_pushed_to_and_a_failure_is_said(source: Path) -> None:
    run(source, "clone", "--quiet", "--bare", ".", "../remote.git")
    run(source, "remote", "add", "origin", "../remote.git")
    run(source, "remote", "add", "gone", "https://user:s3cretpassw0rd@127.0.0.1:1/x.git")
    run(source, "remote", "add", "evil", f"ext::touch {source.parent}/canary")
    repository = await opened(source)
    new = await landed(repository, {"new.txt": "n\n"})
    assert "was pushed to origin" in await repository.deliver("main", "origin")
    assert run(source.parent / "remote.git", "rev-parse", "main") == new
    for remote in ("gone", "evil", "missing", "--exec=touch"):
        said = await repository.deliver("main", remote)
        assert "was not pushed" in said and "s3cret" not in said
    assert not (source.parent / "canary").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")
async def test_files_in_another_users_checkout_stay_theirs(source: Path) -> None:
    for file in [source, *source.rglob("*")]:
        os.chown(file, 65534, 65534)
    for folder in [source.parent, *source.parent.parents]:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    repository = await opened(source)
    new = await landed(repository, {"new.txt": "n\n", "deep/er.txt": "n\n"})
    await repository.deliver("main")
    assert run(source, "rev-parse", "HEAD") == new
    assert {file.lstat().st_uid for file in [source, *source.rglob("*")]} == {65534}
