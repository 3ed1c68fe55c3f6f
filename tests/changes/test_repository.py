"""Haven's own clone: what it takes from the source, how changes land in it, and how they come back."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from haven.changes.git.clone_folder import alone
from haven.changes.git.command import git
from haven.changes.git.merging import replay
from haven.changes.git.repository import FileStat, slug
from haven.errors import EditError, HavenError, NotFound, RepositoryError, Unavailable
from tests.changes.sources import change, commit, landed, make, opened, picture, run, write


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make(tmp_path / "source")


# --- opening


@pytest.mark.parametrize("kind", ["checkout", "dirty", "detached", "bare", "shallow", "linked", "sha256"])
async def test_every_kind_of_repository_is_taken_and_left_as_it_was(source: Path, kind: str) -> None:
    place, words = source, ""
    if kind == "dirty":
        write(source, {"README.md": "# Unsaved work\n"})
        words = "uncommitted work"
    elif kind == "detached":
        run(source, "checkout", "--quiet", "--detach")
        words = "on no branch"
    elif kind == "sha256":
        place = source.parent / "sha256"
        place.mkdir()
        run(place, "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
        commit(place, {"README.md": "# Map\n", "src/view.py": "x\n"})
    elif kind != "checkout":
        place = source.parent / kind
        commit(source, {"more.txt": "more\n"})
        made: dict[str, tuple[str, ...]] = {
            "bare": ("clone", "--bare", ".", str(place)),
            "shallow": ("clone", "--depth=1", f"file://{source}", str(place)),
            "linked": ("worktree", "add", "--force", str(place), "main"),
        }
        run(source, *made[kind])
    before = picture(place)
    repository = await opened(place)
    assert await repository.tip() == run(place, "rev-parse", "main")
    assert b"# Map" in (await repository.read(await repository.tip(), "README.md") or b"")
    assert picture(place) == before
    assert words in " ".join(repository.notes) and bool(words) == bool(repository.notes)


async def test_what_can_not_be_used_is_said(source: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "empty").mkdir()
    run(tmp_path / "empty", "init", "--quiet")
    run(source, "branch", "develop")
    write(make(tmp_path / "broken"), {".git/config": "[core\n"})
    for place, branch, words in (
        (tmp_path / "nowhere", "main", "There is no folder"),
        (tmp_path / "plain", "main", "not a git repository"),
        (source / "src", "main", "not the top of one"),
        (tmp_path / "broken", "main", "bad config line 1"),
        (tmp_path / "empty", "main", "no commits yet"),
        (source, "release", "no branch release; it has develop, main"),
        (source, "a..b", "no name for a branch"),
        (source, "haven", "can't be named haven"),
    ):
        with pytest.raises(RepositoryError) as error:
            await opened(place, branch)
        assert words in error.value.full
    assert not (tmp_path / "state").exists()


async def test_opening_again_mends_what_a_kill_left(source: Path) -> None:
    state = source.parent / "state"
    half = state / ".clone.git.new-abc"
    half.mkdir(parents=True)
    write(half, {"HEAD": "ref: refs/heads/main\n"})
    await opened(source)
    assert sorted(file.name for file in state.iterdir()) == [".clone.git.lock", "clone.git"]
    for lock in ("refs/heads/main.lock", "refs/haven/source/main.lock", "packed-refs.lock", "HEAD.lock"):
        (state / "clone.git" / lock).touch()
    new = commit(source, {"new.txt": "new\n"})
    repository = await opened(source)
    await repository.fetch()
    assert await repository.tip() == new
    await landed(repository, {"more.txt": "more\n"})
    await repository.prune("abc", "haven/change-abc-test")


async def test_opening_again_only_looks(source: Path) -> None:
    old = await (await opened(source)).tip()
    commit(source, {"new.txt": "new\n"})
    before = picture(source.parent / "state")
    repository = await opened(source)
    assert await repository.tip() == old and picture(source.parent / "state") == before
    run(source, "branch", "develop")
    assert await (await opened(source, "develop")).tip() == run(source, "rev-parse", "develop")


AT_ONCE = """
import asyncio, sys
from pathlib import Path
from haven.changes.git.repository import Repository
async def main():
    repository = await Repository.create(Path(sys.argv[1]), Path(sys.argv[2]), "main")
    for _ in range(4):
        await repository.fetch()
        base = await repository.tip()
        worktree = await repository.worktree(sys.argv[3], f"haven/change-{sys.argv[3]}", base)
        (worktree / "new.txt").write_text(sys.argv[3])
        await repository.commit(worktree, "A change")
        await repository.advance("main", base, base)
        await repository.prune(sys.argv[3], f"haven/change-{sys.argv[3]}")
asyncio.run(main())
"""


async def test_several_processes_share_one_clone_from_its_first_moment(source: Path) -> None:
    clone = source.parent / "state" / "clone.git"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", AT_ONCE, str(source), str(clone), f"c{number}", env=environment, stderr=pipe
        )
        for number in range(5)
    ]
    said = await asyncio.gather(*(process.communicate() for process in started))
    assert [err.decode() for _, err in said] == [""] * 5
    assert sorted(file.name for file in clone.parent.glob("*clone.git*")) == [
        ".clone.git.lock",
        "clone.git",
        "clone.git.worktrees",
    ]


async def test_a_clone_that_stays_busy_is_said_and_waiting_for_it_can_be_cancelled(source: Path) -> None:
    repository = await opened(source)
    async with alone(repository.bare):
        with pytest.raises(Unavailable, match="busy"):
            async with alone(repository.bare, timeout_s=0.01):
                raise AssertionError("two at once")
        waiting = asyncio.create_task(repository.fetch())
        await asyncio.wait([waiting], timeout=0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await repository.fetch()


# --- reading


ODD: dict[str, str | bytes] = {
    "-rf": "dash\n",
    "new\nline": "line\n",
    'quote"d.txt': "q\n",
    "späce ü.txt": "s\n",
    ":(glob)*": "magic\n",
    "empty": "",
    "blob.bin": b"\0\1\n\2",
    os.fsdecode(b"latin-\xe9"): "bytes\n",
}


async def test_files_are_read_whatever_they_are_called(source: Path) -> None:
    (source / "link").symlink_to("README.md")
    (source / "run.sh").touch(0o755)
    new = commit(source, ODD)
    repository = await opened(source)
    files = {file.path: file for file in await repository.list_files(new)}
    assert {*ODD, "link", "run.sh", "README.md", "src/view.py"} == set(files)
    assert (files["link"].mode, files["run.sh"].mode, files["blob.bin"].size) == ("120000", "100755", 4)
    read = await repository.read_many(new, [*ODD, "link", "missing", "../README.md"])
    assert read.pop("link") == b"README.md"
    assert read == {path: text if isinstance(text, bytes) else text.encode() for path, text in ODD.items()}
    assert await repository.read(new, "src") is None


async def test_names_that_are_no_utf8_are_printable_wherever_they_are_shown(source: Path) -> None:
    odd, link = os.fsdecode(b"caf\xe9.py"), os.fsdecode(b"li\xe9n")
    (source / link).symlink_to("/etc/hostname")
    commit(source, {odd: "x = 1\n"})
    run(source, "branch", os.fsdecode(b"br\xe9"))
    repository = await opened(source)
    base = await repository.tip()
    new = await change(repository, {odd: "x = 2\n"})
    clash = await change(repository, {odd: "x = 3\n"}, base)
    clashes = await replay(repository.bare, clash, new, "m")
    with pytest.raises(RepositoryError) as refusal:
        await opened(source, "release")
    [stat] = await repository.diff_stat(base, new)
    notes = await repository.export(new, source.parent / "out")
    said = [await repository.diff(base, new), stat.path, *notes, clashes.files, str(refusal.value)]
    assert all("\N{REPLACEMENT CHARACTER}" in text and text.encode() for text in said)
    assert (stat.added, stat.removed) == (1, 1) and (source.parent / "out" / odd).read_text() == "x = 2\n"


async def test_tips_and_hashes(source: Path) -> None:
    repository = await opened(source)
    tip = await repository.tip("main")
    assert await repository.tip(tip) == tip == await repository.tip(tip[:10])
    assert await repository.tree_hash(tip) == run(source, "rev-parse", "HEAD^{tree}")
    with pytest.raises(NotFound):
        await repository.tip("no/such")
    with pytest.raises(RepositoryError):
        await repository.diff("--output=x", tip)


# --- changing


async def test_a_change_is_committed_whole_and_shown(source: Path) -> None:
    commit(source, {".gitignore": "build/\n", "old.txt": "old\n", "logo.png": b"\x89\0"})
    repository = await opened(source)
    base = await repository.tip()
    worktree = await repository.worktree("abc", "haven/change-abc-test", base)
    write(worktree, {"build/made.py": "made = 1\n", "logo.png": b"\0"})
    write(worktree, {"src/view.py": "WIDTH = 9\nHEIGHT = 2\nDEPTH = 3\n"})
    (worktree / "old.txt").unlink()
    new = await repository.commit(worktree, "Title\n\nBody", author="Grace <grace@example.org>")
    assert await repository.diff_stat(base, new) == [
        FileStat("build/made.py", 1, 0, "A"),
        FileStat("logo.png", None, None, "M"),
        FileStat("old.txt", 0, 1, "D"),
        FileStat("src/view.py", 1, 1, "M"),
    ]
    assert "-WIDTH = 1\n+WIDTH = 9\n" in await repository.diff(base, new)
    assert run(repository.bare, "log", "-1", "--format=%an <%ae>|%B", new) == "Grace <grace@example.org>|Title\n\nBody"
    assert await repository.tip("haven/change-abc-test") == new
    assert await repository.tip() == base


async def test_a_worktree_starts_afresh_each_time(source: Path) -> None:
    repository = await opened(source)
    base = await repository.tip()
    first = await change(repository, {"a.txt": "a\n"})
    worktree = repository.worktrees / "abc"
    write(worktree, {"left-over.txt": "x\n"})
    (worktree / ".git").unlink()
    (repository.bare / "worktrees" / "abc" / "index.lock").touch()
    again = await repository.worktree("abc", "haven/change-abc-test", first)
    assert sorted(file.name for file in again.iterdir()) == [".git", "README.md", "a.txt", "src"]
    with pytest.raises(EditError):
        await repository.commit(again, "Nothing")
    await repository.remove_worktree("abc")
    assert not again.exists() and await repository.tip("haven/change-abc-test") == first
    await repository.prune("abc", "haven/change-abc-test")
    with pytest.raises(NotFound):
        await repository.tip("haven/change-abc-test")
    for call in (
        repository.prune("abc", "main"),
        repository.worktree("../abc", "haven/x", base),
        repository.worktree("abc", "main", base),
    ):
        with pytest.raises(RepositoryError):
            await call
    assert await repository.tip() == base


def test_slugs() -> None:
    assert slug("Export the map — as PNG!") == "export-the-map-as-png"
    assert slug("Größe ändern") == "groe-andern"
    assert slug("../../; rm -rf /") == "rm-rf"
    assert slug("地図") == "change"
    assert len(slug("word " * 50)) <= 40


async def test_the_exported_tree_is_exactly_what_was_committed(source: Path) -> None:
    files = {
        ".gitattributes": "* text eol=crlf ident\nsecret.txt export-ignore\nversion.txt export-subst\n"
        "*.u16 working-tree-encoding=UTF-16\n",
        "secret.txt": "kept\n",
        "version.txt": "$Format:%H$\n",
        "id.txt": "$Id$\n",
    }
    run(source, "config", "core.autocrlf", "false")
    write(source, {".git/info/attributes": "* -text -ident -working-tree-encoding\n"})
    (source / "run.sh").touch(0o755)
    (source / "src" / "near").symlink_to("../README.md")
    (source / "src" / "far").symlink_to("/etc/hostname")
    (source / "up").symlink_to("../outside")
    (source / "chain").symlink_to("up/x")
    new = commit(source, {**files, "a.u16": "plain\n", "crlf.txt": b"a\r\nb\n"})
    repository = await opened(source)
    into = source.parent / "out" / "tree"
    notes = await repository.export(new, into)
    assert {path: (into / path).read_bytes() for path in files} == {path: text.encode() for path, text in files.items()}
    assert (into / "crlf.txt").read_bytes() == b"a\r\nb\n" and (into / "a.u16").read_bytes() == b"plain\n"
    assert (into / "run.sh").stat().st_mode & 0o111 and not (into / ".git").exists()
    assert (into / "src" / "near").is_symlink()
    assert not any((into / name).is_symlink() for name in ("src/far", "up", "chain"))
    assert len(notes) == 3 and any("/etc/hostname" in note for note in notes)


async def test_a_change_beside_odd_line_ends_touches_nothing_else(source: Path) -> None:
    write(source, {".git/info/attributes": "* -text\n"})
    commit(source, {".gitattributes": "* text=auto eol=lf\n", "crlf.txt": b"a\r\nb\r\n"})
    repository = await opened(source)
    new = await change(repository, {"new.txt": "n\n"})
    assert [stat.path for stat in await repository.diff_stat(await repository.tip(), new)] == ["new.txt"]


# --- the command itself


async def test_a_cancelled_call_leaves_no_process(source: Path) -> None:
    fifo = source / "pipe"
    os.mkfifo(fifo)
    call = asyncio.create_task(git("hash-object", "--", "pipe", at=source))
    writer = await asyncio.to_thread(os.open, fifo, os.O_WRONLY)  # returns once git has opened the other end
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)


async def test_gits_own_words_are_passed_on_without_secrets(source: Path) -> None:
    with pytest.raises(HavenError) as error:
        await git("fetch", "--", "nowhere://me:hunter2secret@host/x", at=source)
    assert "git fetch failed" in str(error.value) and "hunter2" not in str(error.value)
    with pytest.raises(RepositoryError, match="can't be run in"):
        await git("status", at=source / "missing")
