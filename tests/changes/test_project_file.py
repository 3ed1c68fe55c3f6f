"""A project's own wishes, and the files that need a second look."""

from __future__ import annotations

import pytest

from haven.changes.project_file import ProjectFile, read_project_file
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
