"""The commits that a branch is to become: on a newer target, joined, or taking something back; and what doesn't fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.git import merging
from haven.changes.git.repository import Repository
from haven.errors import Conflict, RepositoryError
from tests.changes.sources import change, commit, landed, make, opened, run

VIEW = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
async def repository(tmp_path: Path) -> Repository:
    return await opened(make(tmp_path / "source", {"view.py": VIEW, "old.txt": "old\n"}))


async def moved_on(repository: Repository, source: Path, files: dict[str, str]) -> str:
    commit(source, files)
    await repository.fetch("main")
    return await repository.tip()


async def read(repository: Repository, made: str, path: str) -> bytes | None:
    return await repository.read(made, path)


def said(repository: Repository, made: str, form: str) -> str:
    return run(repository.bare, "log", "-1", f"--format={form}", made)


async def test_several_commits_become_one_on_top_of_a_newer_target(repository: Repository, tmp_path: Path) -> None:
    base = await repository.tip()
    first = await change(repository, {"view.py": VIEW.replace("line 3\n", "line three\n")})
    second = await change(repository, {"new.py": "new = 1\n"}, first)
    tip = await moved_on(repository, tmp_path / "source", {"view.py": VIEW.replace("line 30\n", "line thirty\n")})
    made = await merging.replay(repository.bare, second, tip, "Both")
    assert said(repository, made.commit, "%P|%s|%an") == f"{tip}|Both|Haven"
    text = (await read(repository, made.commit, "view.py") or b"").decode()
    assert "line three\n" in text and "line thirty\n" in text
    assert [file.path for file in await repository.diff_stat(tip, made.commit)] == ["new.py", "view.py"]
    assert "A change" not in await merging.messages(repository.bare, base, second), "titles are not repeated"
    joined = await merging.join(repository.bare, made.commit, tip, "Merge change abc")
    assert said(repository, joined, "%P|%s") == f"{tip} {made.commit}|Merge change abc"
    assert await repository.tree_hash(joined) == await repository.tree_hash(made.commit)
    assert await repository.tip() == tip, "no branch was moved"


async def test_no_secret_stands_in_the_words_of_a_commit(repository: Repository) -> None:
    token = "ghp_" + "Q7x9" * 9
    tip = await repository.tip()
    tree = await repository.tree_hash(tip)
    words = f"Use {token} for the map\n\nIt was \x1b]0;x\x07\x1b[2J\u202e{token}."
    made = await merging.write_commit(repository.bare, tree, [tip], words)
    assert not {"\x1b", "\x07", "\u202e"} & set(said(repository, made, "%B")), "git shows it as it is on a terminal"
    assert token not in said(repository, made, "%B") and said(repository, made, "%s").endswith("for the map")


async def test_what_the_target_holds_already_makes_no_commit(repository: Repository, tmp_path: Path) -> None:
    mine = await change(repository, {"new.py": "new = 1\n"})
    tip = await moved_on(repository, tmp_path / "source", {"new.py": "new = 1\n"})
    assert (await merging.replay(repository.bare, mine, tip, "Mine")).commit == tip


async def test_clashes_are_shown_with_both_sides_and_where_they_came_from(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "source/old.txt").unlink()
    base = await repository.tip()
    theirs = {"view.py": VIEW.replace("line 3\n", "theirs 3\n").replace("line 30\n", "theirs 30\n")}
    tip = await moved_on(repository, tmp_path / "source", theirs)
    mine = {"view.py": VIEW.replace("line 3\n", "mine 3\n").replace("line 30\n", "mine 30\n"), "old.txt": "mine\n"}
    made = await merging.replay(repository.bare, await change(repository, mine, base), tip, "Mine")
    assert not made.commit and made.files == "old.txt, view.py"
    removed, clash = made.clashes
    assert "Removed" in removed.text
    marks = "<<<<<<< the target now\ntheirs 3\n||||||| what both started from\nline 3\n=======\nmine 3\n"
    assert f"{marks}>>>>>>> the change" in clash.text and "[...]" in clash.text and "line 20" not in clash.text
    assert await repository.tip() == tip


@pytest.mark.parametrize("how", ["followed", "joined"])
async def test_a_merged_change_is_taken_back_and_what_came_later_stays(
    repository: Repository, tmp_path: Path, how: str
) -> None:
    before = await repository.tip()
    first = await change(repository, {"view.py": VIEW.replace("line 3\n", "line three\n"), "new.py": "new = 1\n"})
    second = await change(repository, {"more.py": "more = 1\n"}, first)
    merged = second if how == "followed" else await merging.join(repository.bare, second, before, "Merge")
    await repository.advance("main", before, merged)
    tip = await landed(repository, {"view.py": VIEW.replace("line 3\n", "line three\n").replace("line 30\n", "x\n")})
    made = await merging.undo(repository.bare, merged, before, tip, "Undo")
    assert said(repository, made.commit, "%P|%s") == f"{tip}|Undo"
    text = (await read(repository, made.commit, "view.py") or b"").decode()
    assert "line 3\n" in text and "line 30\n" not in text
    assert [await read(repository, made.commit, name) for name in ("new.py", "more.py")] == [None, None]
    again = await merging.undo(repository.bare, merged, before, made.commit, "Undo")
    assert again.commit == made.commit, "nothing is left to take back"


async def test_what_was_built_upon_can_not_be_taken_back_and_the_files_are_named(repository: Repository) -> None:
    before = await repository.tip()
    merged = await landed(repository, {"view.py": VIEW.replace("line 3\n", "line three\n")})
    tip = await landed(repository, {"view.py": VIEW.replace("line 3\n", "line three and more\n")})
    made = await merging.undo(repository.bare, merged, before, tip, "Undo")
    assert not made.commit and made.files == "view.py"


async def test_a_branch_moves_only_from_where_it_was_looked_at_and_only_forward(
    repository: Repository, tmp_path: Path
) -> None:
    base = await repository.tip()
    ahead = await change(repository, {"new.py": "new = 1\n"})
    tip = await moved_on(repository, tmp_path / "source", {"other.txt": "o\n"})
    with pytest.raises(Conflict, match="has moved on"):
        await repository.advance("main", base, ahead)
    with pytest.raises(Conflict, match="does not follow"):
        await repository.advance("main", tip, ahead)
    with pytest.raises(RepositoryError):
        await merging.replay(repository.bare, "--output=x", tip, "m")
    assert await repository.tip() == tip


async def test_tidying_drops_nothing_that_can_still_be_looked_at(repository: Repository) -> None:
    base = await repository.tip()
    made = await change(repository, {"new.py": "new = 1\n"})
    assert await repository.worktrees_left() == ("abc",)
    await repository.prune("abc", "haven/change-abc-test")
    assert await repository.worktrees_left() == ()
    for _ in range(2):  # the first one makes the pack that the second puts the rest into
        await repository.tidy()
    assert "new = 1" in await repository.diff(base, made), "a pruned change is still shown"
    assert not list((repository.bare / "objects").glob("??/*")), "single files became one pack"
    assert await repository.tip() == base
