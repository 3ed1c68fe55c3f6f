"""A repository full of traps: nothing of it runs, whatever Haven does with it, and nothing of it is altered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haven.changes.git.merging import replay
from haven.changes.git.repository import Repository
from haven.errors import HavenError, RepositoryError
from tests.changes.sources import commit, make, picture, run, write

HOOKS = """
    applypatch-msg commit-msg fsmonitor-watchman post-applypatch post-checkout post-commit post-index-change
    post-merge post-receive post-rewrite post-update pre-applypatch pre-auto-gc pre-commit pre-merge-commit
    prepare-commit-msg pre-push pre-rebase pre-receive proc-receive push-to-checkout reference-transaction
    sendemail-validate update
""".split()  # noqa: SIM905
DASHED = "--upload-pack=touch canary"


class Trap:
    """A program that leaves a mark when it runs."""

    def __init__(self, folder: Path) -> None:
        self.marks = folder / "marks"
        self.marks.mkdir(parents=True)
        self.marks.chmod(0o777)
        self.program = folder / "trap"
        self.program.write_text(f'#!/bin/sh\ntouch "{self.marks}/${{1:-hook}}"\ncat\n')
        self.program.chmod(0o755)

    @property
    def sprung(self) -> list[str]:
        return sorted(file.name for file in self.marks.iterdir())

    def named(self, name: str) -> str:
        return f"{self.program} {name}"

    def hooks_in(self, git_dir: Path) -> None:
        folder = git_dir / "hooks"
        folder.mkdir(exist_ok=True)
        for hook in HOOKS:
            (folder / hook).write_text(f'#!/bin/sh\ntouch "{self.marks}/{hook}"\n')
            (folder / hook).chmod(0o755)

    def settings(self) -> dict[str, str]:
        return {
            "core.fsmonitor": self.named("fsmonitor"),
            "core.sshCommand": self.named("ssh"),
            "core.gitProxy": self.named("proxy"),
            "core.pager": self.named("pager"),
            "core.editor": self.named("editor"),
            "core.askPass": self.named("askpass"),
            "core.alternateRefsCommand": self.named("alternates"),
            "credential.helper": f"!{self.named('credential')}",
            "diff.external": self.named("diff"),
            "diff.evil.textconv": self.named("textconv"),
            "diff.evil.command": self.named("diff-driver"),
            "merge.evil.driver": self.named("merge-driver"),
            "merge.verifySignatures": "true",
            "commit.gpgSign": "true",
            "gpg.program": self.named("gpg"),
            "uploadpack.packObjectsHook": self.named("pack-objects"),
            "protocol.ext.allow": "always",
            "protocol.allow": "always",
            "submodule.recurse": "true",
            "fetch.recurseSubmodules": "true",
            "gc.auto": "1",
            "merge.autoStash": "true",
            "url.ext::sh -c touch% canary .insteadOf": "/",
        } | {f"alias.{name}": f"!{self.named('alias')}" for name in ("fetch", "status", "merge", "update-ref")}


def lay(source: Path, trap: Trap, *, filters: bool) -> None:
    """Files that ask for the traps first, then settings and hooks, as an attacker with the folder could write them."""
    (source / "link-out").symlink_to("/etc/hostname")
    commit(
        source,
        {
            ".gitattributes": "* filter=evil diff=evil merge=evil\n-rf filter=long\nstamp.txt export-subst\n",
            ".gitmodules": f'[submodule "sub"]\n\tpath = sub\n\turl = ext::{trap.named("submodule")}\n',
            "-rf": "dash\n",
            "stamp.txt": "$Format:%H$\n",
        },
    )
    run(source, "update-index", "--add", "--cacheinfo", f"160000,{run(source, 'rev-parse', 'HEAD')},sub")
    run(source, "commit", "--quiet", "--message", "A submodule")
    (source / "sub").mkdir(exist_ok=True)
    run(source, "update-ref", f"refs/heads/{DASHED}".replace(" ", "-"), "HEAD")
    for key, value in trap.settings().items():
        run(source, "config", key, value)
    included = source.parent / "included"
    included.write_text(f"[core]\n\thooksPath = {source / '.git' / 'hooks'}\n")
    run(source, "config", "include.path", str(included))
    if filters:
        for part in ("evil.clean", "evil.smudge", "long.process"):
            run(source, "config", f"filter.{part}", trap.named(part))
    trap.hooks_in(source / ".git")
    # An index older than its files makes git compare contents, which is when clean filters run.
    os.utime(source / "README.md")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make(tmp_path / "source")


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "outside")


def untouched(source: Path) -> dict[str, tuple[int, bytes]]:
    """The whole source apart from what a delivery is for: new objects, the branch, and git's notes on it."""
    mine = ("objects/", "logs/", "refs/heads/main", "ORIG_HEAD", "index")
    landed = ("new.txt", "other.txt", "README.md", *(f".git/{name}" for name in mine))
    return {path: data for path, data in picture(source).items() if not path.startswith(landed)}


async def whole_journey(source: Path, target: str = "main") -> tuple[Repository, str, str]:
    """Everything that Haven ever does with a repository; the clone, the commit that landed, and what was said."""
    repository = await Repository.create(source, source.parent / "state" / "clone.git", target)
    await repository.fetch(target)
    base = await repository.tip(target)
    worktree = await repository.worktree("abc", "haven/change-abc-test", base)
    write(worktree, {"new.txt": "new\n", "README.md": "# Changed\n"})
    new = await repository.commit(worktree, "A change")
    await repository.diff(base, new)
    await repository.diff_stat(base, new)
    await repository.read_many(new, [file.path for file in await repository.list_files(new)])
    out = source.parent / "out"
    await repository.export(new, out)
    assert (out / "stamp.txt").read_text() == "$Format:%H$\n" and (out / "-rf").read_text() == "dash\n"
    assert not (out / "link-out").is_symlink()
    other = await repository.worktree("def", "haven/change-def-test", base)
    write(other, {"other.txt": "other\n"})
    second = await repository.commit(other, "Another")
    merged = (await replay(repository.bare, second, new, "Merge")).commit
    await repository.advance(target, base, merged)
    said = await repository.deliver(target)
    await repository.prune("abc", "haven/change-abc-test")
    return repository, merged, said


def test_the_traps_are_real(source: Path, trap: Trap) -> None:
    """Plain git runs into them; else the other tests would show nothing."""
    lay(source, trap, filters=True)
    write(source, {"README.md": "# Changed\n"})
    run(source, "status")
    run(source, "add", "README.md")
    run(source, "-c", "commit.gpgSign=false", "commit", "--quiet", "--message", "x")
    run(source, "-c", "core.pager=cat", "diff", "HEAD~1")
    sprung = {"fsmonitor", "evil.clean", "pre-commit", "post-commit", "reference-transaction", "diff-driver"}
    assert sprung <= set(trap.sprung)


@pytest.mark.parametrize("filters", [True, False])
async def test_nothing_of_it_runs_on_the_whole_journey(source: Path, trap: Trap, filters: bool) -> None:
    lay(source, trap, filters=filters)
    before, everything = untouched(source), picture(source)
    _, merged, said = await whole_journey(source)
    assert trap.sprung == []
    assert not list(source.parent.rglob("canary"))
    if filters:
        assert "filters or hooks" in said and picture(source) == everything
    else:
        assert run(source, "-c", "core.hooksPath=/dev/null", "rev-parse", "main") == merged
        assert (source / "README.md").read_text() == "# Changed\n"
        assert untouched(source) == before


async def test_nothing_runs_in_a_bare_source_or_in_a_remote_on_this_machine(source: Path, trap: Trap) -> None:
    write(source, {"stamp.txt": "$Format:%H$\n", "-rf": "dash\n", ".gitattributes": "* filter=evil\n"})
    (source / "link-out").symlink_to("/etc/hostname")
    commit(source, {"x.txt": "x\n"})
    bare, remote = source.parent / "bare.git", source.parent / "remote.git"
    for place in (bare, remote):
        run(source, "clone", "--quiet", "--bare", ".", str(place))
        for key, value in trap.settings().items():
            run(place, "config", key, value)
        trap.hooks_in(place)
    run(bare, "remote", "remove", "origin")
    run(bare, "config", "--unset-all", "url.ext::sh -c touch% canary .insteadOf")
    run(bare, "remote", "add", "origin", str(remote))
    run(bare, "config", "remote.origin.receivepack", trap.named("receive-pack"))
    repository, merged, _ = await whole_journey(bare)
    assert "was pushed to origin" in await repository.deliver("main", "origin")
    for place in (bare, remote):
        assert run(place, "-c", "core.hooksPath=/dev/null", "rev-parse", "main") == merged
    assert trap.sprung == []


async def test_a_branch_named_like_an_option_is_only_a_name(source: Path, trap: Trap) -> None:
    lay(source, trap, filters=False)
    name = DASHED.replace(" ", "-")
    _, merged, said = await whole_journey(source, name)
    assert run(source, "-c", "core.hooksPath=/dev/null", "rev-parse", f"refs/heads/{name}") == merged, said
    assert trap.sprung == []
    with pytest.raises(RepositoryError, match="has no branch --exec=x"):
        await Repository.create(source, source.parent / "state" / "other.git", "--exec=x")


async def test_a_tree_that_holds_a_git_folder_is_never_written_out(source: Path, trap: Trap) -> None:
    """Such a tree can't be made with `git add`, but it can be made by hand."""
    blob = run(source, "hash-object", "-w", "--stdin", stdin=b"[core]\n\tfsmonitor = x\n")
    inner = run(source, "mktree", stdin=f"100644 blob {blob}\tconfig\n".encode())
    tree = run(source, "mktree", stdin=f"040000 tree {inner}\t.git\n".encode())
    bad = run(source, "commit-tree", tree, "-p", "HEAD", "-m", "bad")
    run(source, "update-ref", "refs/heads/main", bad)
    repository = await Repository.create(source, source.parent / "state" / "clone.git", "main")
    out = source.parent / "out"
    with pytest.raises(HavenError):
        await repository.export(bad, out)
    assert list(out.iterdir()) == []
    with pytest.raises(HavenError):
        await repository.worktree("abc", "haven/change-abc-test", bad)
