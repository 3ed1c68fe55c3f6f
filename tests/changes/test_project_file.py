"""A project's own wishes, and the files that need a second look."""

from __future__ import annotations

import pytest

from haven.changes.project_file import ProjectFile, read_project_file, risk_marks
from haven.errors import BadInput


def test_nothing_means_the_defaults() -> None:
    assert read_project_file(None) == read_project_file(b"") == ProjectFile()
    assert ProjectFile().test_command == ("python", "-m", "pytest")


def test_every_wish_is_read() -> None:
    text = b'test_command = ["make", "test"]\nrequirements = "dev/tests.txt"\ntimeout_s = 90\ncontext_hints = ["src"]\n'
    found = read_project_file(text)
    assert found == ProjectFile(
        test_command=("make", "test"), requirements="dev/tests.txt", timeout_s=90, context_hints=("src",)
    )
    assert found.key != ProjectFile().key


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('mounts = ["/etc"]', "mounts: there is no such key"),
        ("test_command = []", "test_command"),
        ('test_command = "pytest; rm -rf /"', "test_command"),
        ('test_command = ["py\\u0000test"]', "test_command"),
        ('requirements = "../../etc/shadow"', "inside the repository"),
        ('requirements = "/etc/shadow"', "inside the repository"),
        ("timeout_s = 0", "timeout_s"),
        ("timeout_s = nan", "timeout_s"),
        ("test_command = [", "not valid TOML"),
        ("\udcff", "not valid TOML"),
        ("# " + "x" * 100_000, "longer than"),
    ],
)
def test_a_wrong_wish_gives_one_line_that_names_it(text: str, named: str) -> None:
    with pytest.raises(BadInput, match=named) as caught:
        read_project_file(text.encode("utf-8", "surrogateescape"))
    assert "\n" not in str(caught.value) or "TOML" in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        ".haven/project.toml",
        ".github/workflows/test.yml",
        ".gitlab-ci.yml",
        ".ci/run",
        "conftest.py",
        "tests/deep/conftest.py",
        "pytest.ini",
        "tox.ini",
        "setup.cfg",
        "pyproject.toml",
        "HAVEN.md",
        "docs/Claude.md",
        "AGENTS.md",
        ".claude/settings.json",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements/base.txt",
        "uv.lock",
        "web/package.json",
        ".gitattributes",
        "sitecustomize.py",
        "usercustomize/__init__.py",
        "pytest.py",
        "_pytest/junitxml.py",
        "src/Pluggy/__init__.py",
        "iniconfig.py",
        "packaging/version.py",
        "pygments.py",
        ".haven-test-results.xml",
        "lib/evil.pth",
        "evil-1.0.dist-info/entry_points.txt",
    ],
)
def test_a_risky_file_is_marked(path: str) -> None:
    (mark,) = risk_marks([path, "src/map.py"])
    assert mark.startswith(f"{path}: ")


def test_ordinary_files_are_not_marked() -> None:
    ordinary = ["src/map.py", "tests/test_map.py", "README.md", "docs/agents.rst", "my_conftest.py", "a/haven.py"]
    ordinary += ["docs/pytest.md", "src/my_pytest.py", "tests/test_packaging.py"]
    assert risk_marks(ordinary) == ()
