"""What takes a second tap, what is only said, and whether somebody asked for tests to go."""

from __future__ import annotations

import secrets

import pytest

from haven.changes.review.diffing import files_of
from haven.changes.review.risk import LARGE, Risk, is_test, removal_asked, risk_of, risky_paths


def diff_of(path: str, *added: str, head: str = "", old: str = "") -> str:
    """A new file, or where `old` is named a changed one."""
    before = f"a/{old}" if old else "/dev/null"
    body = "".join(f"+{line}\n" for line in added)
    names = f"diff --git a/{old or path} b/{path}\n{head}"
    return f"{names}--- {before}\n+++ b/{path}\n@@ -0,0 +1,{len(added)} @@\n{body}" if added else names


def risk(diff: str, **classes: str) -> Risk:
    return risk_of(files_of(diff), {"classes": classes})


@pytest.mark.parametrize(
    "path",
    [
        ".haven/project.toml",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        "bitbucket-pipelines.yml",
        "cloudbuild.yaml",
        ".gitea/workflows/ci.yml",
        "go.work",
        "App.csproj",
        "pylock.toml",
        "db/schema.prisma",
        "conftest.py",
        "tests/conftest.py",
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "Makefile",
        "HAVEN.md",
        "docs/Claude.md",
        "AGENTS.md",
        ".claude/settings.json",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements/base.txt",
        "uv.lock",
        "web/package.json",
        "Gemfile",
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
        "app/migrations/0002_users.py",
        "alembic/versions/abc.py",
        "store/0004_changes.sql",
        ".env",
        ".env.production",
        "deploy/server.key",
        "config/credentials.json",
        "keys/id_ed25519",
        "prod.env",
        "home/.aws/credentials",
        ".git-credentials",
        ".ssh/config",
        "infra/terraform.tfstate",
        "secrets",
        "private_key.txt",
        "Dockerfile",
        "docker/Dockerfile.prod",
        "docker-compose.yml",
        "compose.prod.yaml",
        "systemd/haven.service",
        "Procfile",
        "infra/main.tf",
        "k8s/app.yaml",
        "dev-requirements.txt",
        "pixi.toml",
        ".husky/pre-commit",
        ".vscode/tasks.json",
        ".envrc",
        "hatch_build.py",
        "tools/action.yml",
        "CLAUDE.local.md",
        ".clinerules",
        ".windsurfrules",
        ".gemini/settings.json",
        ".mcp.json",
    ],
)
def test_a_risky_file_is_marked(path: str) -> None:
    (mark,) = risky_paths([path, "src/map.py"])
    assert mark.startswith(f"{path}: ")


def test_ordinary_files_are_not_marked() -> None:
    ordinary = ["src/map.py", "tests/test_map.py", "README.md", "docs/agents.rst", "my_conftest.py", "a/haven.py"]
    ordinary += ["docs/pytest.md", "src/my_pytest.py", "tests/test_packaging.py", ".env.example", "example.env"]
    ordinary += ["src/secrets.py", "src/credentials.py", "docs/ssh/config"]
    ordinary += ["src/deployment.py", "docs/migrations.md", "monkey.py", "src/keyboard.py", "src/composer.py"]
    assert risky_paths(ordinary) == ()


def test_a_moved_file_is_marked_by_both_its_names() -> None:
    moved = "diff --git a/ci.yml b/.github/workflows/ci.yml\nrename from ci.yml\nrename to .github/workflows/ci.yml\n"
    assert "runs on the build server" in risk(moved).marks[0]
    away = "diff --git a/conftest.py b/old.py\nrename from conftest.py\nrename to old.py\n"
    assert risk(away).marks == ("conftest.py: decides how tests run",)


def test_a_secret_on_an_added_line_is_marked_and_not_repeated() -> None:
    token = "ghp_" + "".join(secrets.choice("abcdefghijkLMNOPQRSTUVWXYZ0123456789") for _ in range(36))
    found = risk(diff_of("src/push.py", "import os", f'TOKEN = "{token}"'))
    (mark,) = found.marks
    assert mark.startswith("src/push.py: holds what looks like a secret") and "line 2" in mark and token not in mark
    key = ["-----BEGIN PRIVATE KEY-----", *("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" for _ in range(4))]
    assert "line 3" in risk(diff_of("notes.txt", "a", "b", *key, "-----END PRIVATE KEY-----")).marks[0]


def test_a_secret_that_goes_away_and_ordinary_code_are_not_marked() -> None:
    gone = diff_of("a.py", 'token = os.environ["TOKEN"]', "password = getpass()", 'key = "<SECRET_1>"')
    assert risk(gone).marks == ()
    token = "ghp_" + secrets.token_hex(18)
    removed = f'diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +0,0 @@\n-T = "{token}"\n'
    assert risk(removed).marks == ()


def test_text_that_hides_and_links_that_lead_away_are_marked() -> None:
    (mark,) = risk(diff_of("a.py", "x = 1", "if ok: # \u202e } \u2066")).marks
    assert "line 2 has hidden characters" in mark
    (link,) = risk(diff_of("data", "/etc", head="new file mode 120000\n")).marks
    assert "symbolic link" in link
    assert risk(diff_of("a.c", "int a;\r", "\tint b; // ü → ok")).marks == ()


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        ("a.py", "\u3164 = 1", "hidden characters"),
        ("a.py", "x = 'a\u200bb'", "hidden characters"),
        ("a.js", "ok()\u2028evil()", "hidden characters"),
        ("a.py", "x = '\U000e0100\U000e0171'", "hidden characters"),
        ("a.py", "p\u0430ssword = 1", "letters that look alike"),
        ("a.py", "\uff45val(text)", "letters that look alike"),
        ("a.py", "# -*- coding: utf-7 -*-", "unusual encoding (utf-7)"),
        ("tests/test_a.py", "pytest_plugins = ['helpers']", "how tests run"),
        ("helpers.py", "def pytest_runtest_makereport(item, call):", "how tests run"),
        ("a.py", "import _pytest.reports", "how tests run"),
        ("a.py", "open('.haven-test-results.xml', 'w')", "how tests run"),
    ],
)
def test_what_reads_differently_or_reaches_into_the_tests_is_marked(path: str, line: str, said: str) -> None:
    (mark,) = risk(diff_of(path, line, "y = 1")).marks
    assert mark.startswith(f"{path}: line 1 ") and said in mark


def test_other_languages_and_ordinary_test_code_are_not_marked() -> None:
    lines = [
        "# -*- coding: utf-8 -*-",
        "# цвет: 'красный' 👩\u200d🚀 می\u200cخواهم",
        "Δt = ρ_air * μs",
        "import pytest",
    ]
    lines += ["from _pytest.monkeypatch import MonkeyPatch", "from pytest import fixture"]
    assert risk(diff_of("tests/test_a.py", *lines)).marks == ()
    assert risk(diff_of("docs/a.md", "IТ, and a ＷＩＤＥ word")).marks == ()


def test_weakened_tests_take_a_second_tap() -> None:
    found = risk_of((), {"classes": {"tests/test_a.py::test_zoom": "weakened", "t::ok": "passing"}})
    assert found.marks == ("fewer checks than before in 1 test: tests/test_a.py::test_zoom",)


def test_deletions_changed_tests_binaries_and_size_are_only_said() -> None:
    diff = "diff --git a/old.py b/old.py\ndeleted file mode 100644\n--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    diff += diff_of("tests/test_map.py", "assert 1", old="tests/test_map.py") + diff_of("tests/test_new.py", "assert 1")
    diff += "diff --git a/i.png b/i.png\nnew file mode 100644\nBinary files /dev/null and b/i.png differ\n"
    found = risk(diff + diff_of("big.py", *(f"x{number} = 1" for number in range(LARGE))))
    assert found.marks == ()
    said = " | ".join(found.notes)
    assert "removes 1 file: old.py" in said and "changes tests that were there: tests/test_map.py" in said
    assert "test_new" not in said and "1 binary file" in said and "changes 403 lines" in said
    assert risk(diff_of("big.py", *(f"x{number} = 1" for number in range(LARGE)))).notes == ()


def test_what_is_a_test_file() -> None:
    tests = ["tests/data.json", "test_a.py", "src/a_test.go", "web/a.test.ts", "web/a.spec.js", "test/a.rb"]
    assert all(map(is_test, tests))
    assert not any(map(is_test, ["src/contest.py", "testing.md", "src/latest/a.py", "src/attest.py"]))


@pytest.mark.parametrize(
    "words",
    [
        "Delete the test for the old export",
        "Remove test_zoom, it tests what is gone",
        "please drop all the tests of the legacy viewer",
        "Skip the slow tests on the Pi",
        "Get rid of the flaky test.",
        "remove the export and delete its tests",
        "Disable tests/test_map.py::test_zoom",
    ],
)
def test_a_wish_for_tests_to_go_is_heard(words: str) -> None:
    assert removal_asked([words], ["tests/test_map.py::test_zoom"])


@pytest.mark.parametrize(
    "words",
    [
        "Remove the test button from the menu",
        "Add dark mode",
        "Speed up the export without removing tests",
        "Don't skip any tests",
        "Never delete the tests of the viewer",
        "Remove the old export; the tests must stay green",
        "Delete the contest page",
        "Remove the zoom and update the tests",
        "Delete the export button with tests",
    ],
)
def test_other_wishes_are_not_taken_for_it(words: str) -> None:
    assert not removal_asked([words], ["tests/test_map.py::test_zoom"])


def test_named_tests_are_the_only_ones_that_may_go() -> None:
    words = ["Delete test_zoom and test_pan"]
    assert removal_asked(words, ["tests/test_map.py::test_zoom", "tests/test_map.py::test_pan[1]"])
    assert not removal_asked(words, ["tests/test_map.py::test_zoom", "tests/test_map.py::test_export"])


@pytest.mark.parametrize(
    "lost", ["tests/test_admin.py::test_login", "tests/test_x.py::test_admin", "t.py::TestA::test_a2"]
)
def test_a_wish_for_one_test_is_none_for_those_whose_names_begin_like_it(lost: str) -> None:
    assert not removal_asked(["Remove test_a, please"], [lost])
    assert removal_asked(["Remove test_a, please"], ["tests/test_x.py::test_a[1]", "tests/test_a.py::test_login"])


def test_a_line_without_end_is_read_once() -> None:
    for text in ("a" * 300_000 + "\u0430", "\u0430" * 300_000, "a \u0430 " * 100_000):
        assert bool(risk(diff_of("a.py", text)).marks) is (text[0] == "a" and text[1] == "a")
