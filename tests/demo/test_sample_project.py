"""The sample project is a real repository, and every answer of the stand-in does to it what it says."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from haven.demo import answers, sample
from haven.errors import RepositoryError

PNG = "Add a button in the map viewer to export the current map as PNG"
DARK = "Add dark mode to the map viewer"
FIX = "Fix the distance between systems"
DOCS = "Document the map viewer"
COLOURS = "Refactor the star colours into one table"
KNOWN_BUG = "tests/test_distance.py::test_distance_counts_the_depth"


@pytest.fixture
async def project(tmp_path: Path) -> Path:
    return await sample.create(tmp_path / "place" / "atlas")


def git(tree: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(tree), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


async def failing(tree: Path) -> set[str]:
    """The ids of the tests that fail, by the project's own pytest."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE"),
        cwd=tree,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    output = (await process.communicate())[0].decode()
    assert " passed" in output, output
    return {line.split(" ")[1] for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))}


def shown(tree: Path) -> str:
    """The project's text files, as a prompt shows them."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts)
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def ask(tree: Path, request: str, more: str = "") -> answers.Answer:
    turn = f"<request>\n{request}\n</request>{more}"
    return answers.answer(shown(tree), turn)


def apply(tree: Path, edits: tuple[answers.Edit, ...]) -> None:
    """As strict as can be: `old` must stand in the file exactly once, whole lines only."""
    for edit in edits:
        file = tree / edit.path
        if edit.kind == "create":
            assert not file.exists(), edit.path
            file.parent.mkdir(exist_ok=True)
            file.write_text(edit.new, encoding="utf-8")
            continue
        assert edit.old
        lines, old = "\n" + file.read_text(encoding="utf-8"), "\n" + edit.old.removesuffix("\n") + "\n"
        assert lines.count(old) == 1, edit
        file.write_text(lines.replace(old, "\n" + edit.new.removesuffix("\n") + "\n")[1:], encoding="utf-8")


async def test_the_repository_is_the_same_everywhere(tmp_path: Path, project: Path) -> None:
    again = await sample.create(tmp_path / "elsewhere")
    assert git(project, "rev-parse", "main") == git(again, "rev-parse", "main")
    assert git(project, "status", "--porcelain") == ""
    assert 4 <= int(git(project, "rev-list", "--count", "main")) <= 6


async def test_each_commit_of_the_history_brings_something(project: Path) -> None:
    for commit in git(project, "rev-list", "main").split():
        assert git(project, "show", "--name-only", "--format=", commit)


async def test_making_it_again_leaves_a_persons_work_alone(project: Path) -> None:
    (project / "README.md").write_text("mine", encoding="utf-8")
    await sample.create(project)
    assert (project / "README.md").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in project.parent.iterdir()] == ["atlas"]


async def test_a_folder_with_something_else_is_not_touched(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RepositoryError, match="something else"):
        await sample.create(taken)
    assert [path.name for path in taken.iterdir()] == ["mine.txt"]


async def test_hooks_and_settings_of_the_machine_have_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "post-commit", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    await sample.create(tmp_path / "atlas")
    assert not canary.exists()


async def test_only_the_known_bug_fails(project: Path) -> None:
    assert await failing(project) == {KNOWN_BUG}


async def test_the_fix_leaves_nothing_failing(project: Path) -> None:
    apply(project, ask(project, FIX).edits)
    assert await failing(project) == set()


@pytest.mark.parametrize("request_text", [PNG, DOCS, COLOURS])
async def test_an_answer_is_green_at_the_first_round(project: Path, request_text: str) -> None:
    edits = ask(project, request_text).edits
    apply(project, edits)
    assert await failing(project) == {KNOWN_BUG}
    assert request_text != COLOURS or not any("tests/" in edit.path for edit in edits), "a refactoring touches no test"


async def test_the_exported_page_holds_a_real_picture(project: Path) -> None:
    apply(project, ask(project, PNG).edits)
    page = project / "map.html"
    subprocess.run([sys.executable, "-m", "atlas", "data/systems.json", str(page)], cwd=project, check=True)
    assert 'href="data:image/png;base64,iVBORw0KGgo' in page.read_text(encoding="utf-8")


async def test_the_tweak_renames_the_button_and_can_be_repeated(project: Path) -> None:
    apply(project, ask(project, PNG).edits)
    apply(project, ask(project, PNG, "<instruction>name the button Save picture</instruction>").edits)
    apply(project, ask(project, PNG, '<instruction>call it "Keep this map"</instruction>').edits)
    assert 'EXPORT_LABEL = "Keep this map"' in (project / "atlas/viewer.py").read_text(encoding="utf-8")
    assert await failing(project) == {KNOWN_BUG}


async def test_dark_mode_breaks_a_test_first_and_then_repairs_it(project: Path) -> None:
    apply(project, ask(project, DARK).edits)
    broken = await failing(project) - {KNOWN_BUG}
    assert broken == {"tests/test_viewer.py::test_the_page_is_light_unless_asked_otherwise"}
    apply(project, ask(project, DARK, f"<failures>\n{broken}\n</failures>").edits)
    assert await failing(project) == {KNOWN_BUG}


async def test_what_a_fault_breaks_is_repaired_when_the_failures_are_shown(project: Path) -> None:
    apply(project, (*ask(project, PNG).edits, answers.BREAKING))
    assert await failing(project) > {KNOWN_BUG}
    apply(project, ask(project, PNG, "<failures>many</failures>").edits)
    assert await failing(project) == {KNOWN_BUG}


@pytest.mark.parametrize("order", [*itertools.permutations([PNG, DARK, FIX, DOCS, COLOURS])][::29])
async def test_all_requests_can_be_merged_one_after_another(project: Path, order: tuple[str, ...]) -> None:
    for request_text in order:
        apply(project, ask(project, request_text).edits)
        if request_text == DARK:
            apply(project, ask(project, DARK, "<failures>light</failures>").edits)
        assert not ask(project, request_text).edits  # the same request again: it is there already
    assert await failing(project) == set()


async def test_answers_without_a_tool_are_blocks_of_whole_lines(project: Path) -> None:
    for request_text in (PNG, DARK, FIX, DOCS, COLOURS):
        edits = ask(project, request_text).edits
        text = answers.as_text(edits)
        assert text.count("<<<<<<< SEARCH") == text.count(">>>>>>> REPLACE") == len(edits)
