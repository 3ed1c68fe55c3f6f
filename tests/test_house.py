"""The walls of the house that import-linter does not see."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_LINES, MOST_FUNCTION_LINES = 400, 60


def tracked(*endings: str) -> list[Path]:
    """Files of the repository, without the sample project (it is data)."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [
        ROOT / name
        for name in listed
        if name.endswith(endings) and not name.startswith("haven/demo/project/") and (ROOT / name).is_file()
    ]


PYTHON = tracked(".py")


@functools.cache
def source(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All within, however deep; none stands within an expression."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        if not isinstance(child, ast.expr):
            yield from functions(child)


def test_files_and_functions_stay_short_and_every_module_says_what_it_is_for() -> None:
    wrong = []
    for file in PYTHON:
        name, tree = file.relative_to(ROOT), ast.parse(source(file))
        if (lines := source(file).count("\n")) > MOST_LINES:
            wrong.append(f"{name} has {lines} lines")
        if tree.body and not ast.get_docstring(tree):
            wrong.append(f"{name} has no first sentence")
        for node in functions(tree):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                wrong.append(f"{name}: {node.name} has {length} lines")
    assert wrong == []


def test_there_is_one_task_group() -> None:
    shipped = [
        file for file in PYTHON if file.relative_to(ROOT).parts[0] in {"haven", "assistants", "bot", "kiosk", "web"}
    ]
    owners = [str(file.relative_to(ROOT)) for file in shipped if "TaskGroup(" in source(file)]
    assert owners == ["haven/app.py"]


def test_sql_stands_in_the_store_alone() -> None:
    sql = re.compile(r"\"(select|insert into|update|delete from)\s.+\s(from|values|set|where)\b", re.I)
    for file in PYTHON:
        parts = file.relative_to(ROOT).parts
        if parts[0] in {"haven", "assistants", "bot", "kiosk", "web"} and parts[:2] != ("haven", "store"):
            assert not sql.search(source(file)), file


def test_the_web_server_stands_in_web_alone() -> None:
    for file in PYTHON:
        if file.relative_to(ROOT).parts[0] in {"haven", "assistants", "bot", "kiosk"}:
            assert "aiohttp.web" not in source(file), file


def test_the_repository_names_no_machine() -> None:
    home = re.compile(r"(?<![\w.])/(root|home/(?!owner|user|\w*\{)\w+)/")
    for file in tracked(".py", ".md", ".toml", ".service", ".sh", "Makefile"):
        assert not home.search(source(file)), file


def test_set_up_installs_all_that_the_package_needs() -> None:
    """Set-up installs the lock and then the package without its dependencies."""
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[<>=~!\[ ]", one)[0].lower().translate(str.maketrans("_.", "--")) for one in needed}
    locked = {line.split("==")[0].lower() for line in (ROOT / "requirements.lock").read_text().splitlines()}
    assert names <= locked, "run: make lock"


def test_every_file_that_the_code_reads_is_part_of_the_package() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    for package, patterns in data.items():
        shipped = {file for pattern in patterns for file in (ROOT / package).glob(pattern)}
        others = {file for file in (ROOT / package).rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
        assert {file.name for file in others - shipped} <= {"README.md"}, package
