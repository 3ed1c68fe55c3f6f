"""Which test files come first: those that a change can reach by imports, the nearest before the others."""

from __future__ import annotations

import os
from pathlib import Path

from haven.changes.checking.affecting import affected, read_python
from tests.changes.sandboxing import project

FILES = {
    "src/pkg/__init__.py": "",
    "src/pkg/core.py": "VALUE = 1",
    "src/pkg/view.py": "from . import (\n    core,  # why\n    other as o,\n)",
    "src/pkg/other.py": "import os, pkg.core as c",
    "src/pkg/alone.py": "",
    "tests/test_core.py": "",
    "tests/test_direct.py": "from pkg.core import VALUE",
    "tests/test_view.py": "def test():\n    from pkg import view",
    "tests/test_alone.py": "import pkg.alone",
    **{f"tests/unit/test_{number}.py": "import json" for number in range(8)},
}


def test_the_nearest_come_first_and_what_cannot_be_reached_stays_out() -> None:
    assert affected(FILES, ["src/pkg/core.py"]) == ("tests/test_core.py", "tests/test_direct.py", "tests/test_view.py")
    assert affected(FILES, ["src/pkg/view.py", "README.md"]) == ("tests/test_view.py",)
    assert affected(FILES, ["tests/unit/test_3.py", "src/pkg/gone.py"]) == ("tests/unit/test_3.py",)
    assert affected(FILES, ["data.json"]) == affected({}, ["x.py"]) == ()


def test_it_is_the_same_in_any_order_and_never_most_of_the_tests() -> None:
    backwards = dict(reversed(FILES.items()))
    assert affected(backwards, ["src/pkg/core.py"]) == affected(FILES, ["src/pkg/core.py"])
    everything = {f"test_{number}.py": "import core" for number in range(9)} | {"core.py": ""}
    assert affected(everything, ["core.py"]) == ("test_0.py", "test_1.py", "test_2.py")[:3]
    circle = {"a.py": "import b", "b.py": "import a", **{f"test_{name}.py": "import b" for name in "abcd"}}
    assert affected(circle, ["a.py"]) == ("test_a.py",)


def test_only_plain_files_of_the_tree_are_read(tmp_path: Path) -> None:
    tree = project(tmp_path / "tree", {"a.py": "import b", ".git/c.py": "", "node_modules/d.py": "", "e.txt": ""})
    (tree / "link.py").symlink_to("/etc/passwd")
    (tree / "loop").symlink_to(tree)
    (tree / "big.py").write_text("#" * 600_000)
    (tree / "odd.py").write_bytes(b"\xff")
    os.mkfifo(tree / "pipe.py")
    assert read_python(tree) == {"a.py": "import b", "odd.py": "\ufffd"}
