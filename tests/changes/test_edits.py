"""Edits are applied exactly as written, or refused with the tree untouched and words that help."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haven.changes.edits import Edit, EditKind, apply
from haven.errors import EditError

SOURCE = "import os\n\n\ndef area(width, height):\n    return width * height\n\n\ndef name():\n    return 'map'\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "src" / "view.py").write_text(SOURCE)
    return root


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    found = {}
    for file in sorted(root.rglob("*")):
        if file.is_symlink() or file.is_file():
            data = os.readlink(file).encode() if file.is_symlink() else file.read_bytes()
            found[str(file.relative_to(root))] = (data, file.lstat().st_mode)
    return found


def refused(tree: Path, *edits: Edit) -> str:
    """The sentence of the refusal; the tree must be as it was."""
    before = contents(tree)
    with pytest.raises(EditError) as error:
        apply(tree, edits)
    assert contents(tree) == before
    return str(error.value)


def create(path: str, new: str | None = "x\n") -> Edit:
    return Edit(path, None, new, EditKind.CREATE)


def test_all_kinds_together(tree: Path) -> None:
    (tree / "old.txt").write_text("old\n")
    (tree / "run.sh").write_text("#!/bin/sh\n")
    (tree / "run.sh").chmod(0o755)
    done = apply(
        tree,
        [
            Edit("src/view.py", "width * height", "abs(width * height)"),
            create("docs/new/page.md", "# Page\n"),
            Edit("old.txt", kind=EditKind.DELETE),
            Edit("run.sh", kind=EditKind.MOVE, to="bin/run.sh"),
            Edit("bin/run.sh", "sh\n", "sh -e\n"),
        ],
    )
    assert done.paths == ("bin/run.sh", "docs/new/page.md", "old.txt", "run.sh", "src/view.py")
    assert done.notes == ()
    assert (tree / "src/view.py").read_text() == SOURCE.replace("width * height", "abs(width * height)")
    assert (tree / "bin/run.sh").read_text() == "#!/bin/sh -e\n"
    assert (tree / "bin/run.sh").stat().st_mode & 0o777 == 0o755
    assert sorted(contents(tree)) == ["bin/run.sh", "docs/new/page.md", "src/view.py"]


def test_one_bad_edit_spoils_all_and_every_failure_is_named(tree: Path) -> None:
    said = refused(
        tree,
        create("new.py"),
        Edit("src/view.py", "no such text at all", "x"),
        Edit("src/veiw.py", "import os", "import sys"),
    )
    assert "Edit 2 (replace src/view.py)" in said and "Edit 3 (replace src/veiw.py)" in said
    assert "Is src/view.py meant?" in said


@pytest.mark.parametrize(
    ("data", "old", "new", "expected"),
    [
        (b"a\r\nb\r\nc\r\n", "b\n", "b\nbb\n", b"a\r\nb\r\nbb\r\nc\r\n"),
        (b"a\r\nb\nc\r\nd\n", "b\nc\n", "b\nx\nc\n", b"a\r\nb\nx\nc\r\nd\n"),
        (b"\xef\xbb\xbfname\nrest", "name\n", "title\n", b"\xef\xbb\xbftitle\nrest"),
        (b"a\nlast", "last\n", "last\nmore\n", b"a\nlast\nmore"),
        (b"a\nlast", "last\n", "", b"a"),
        ("größe = 1\n".encode("latin-1"), "= 1", "= 2 # ß", "größe = 2 # ß\n".encode("latin-1")),
        ("\ufeffhej\r\n".encode("utf-16-le"), "hej\n", "då\n", "\ufeffdå\r\n".encode("utf-16-le")),
        (b"a\tb \n", "a\tb ", "a\tc ", b"a\tc \n"),
    ],
    ids=["crlf", "mixed", "bom", "no-final-newline", "delete-last", "latin-1", "utf-16", "blanks"],
)
def test_the_bytes_around_an_edit_stay(tree: Path, data: bytes, old: str, new: str, expected: bytes) -> None:
    (tree / "file.txt").write_bytes(data)
    apply(tree, [Edit("file.txt", old, new)])
    assert (tree / "file.txt").read_bytes() == expected


@pytest.mark.parametrize(
    ("data", "old", "new", "expected", "note"),
    [
        ("a  \nb\t\nc\n", "a\nb\n", "a\nB\n", "a  \nB\nc\n", "trailing blanks"),
        (
            "class A:\n    def f(self):\n        return 1\n",
            "def f(self):\n    return 1\n",
            "def f(self):\n    x = 1\n\n    return x\n",
            "class A:\n    def f(self):\n        x = 1\n\n        return x\n",
            "indentation",
        ),
        ("if x:\n  go()\n", "    go()\n", "    go(1)\n", "if x:\n  go(1)\n", "indentation"),
        ("say “hi” – now\nend\n", 'say "hi" - now\n', 'say "ho" - now\n', 'say "ho" - now\nend\n', "typographic"),
    ],
)
def test_a_forgiving_match_is_named(tree: Path, data: str, old: str, new: str, expected: str, note: str) -> None:
    (tree / "file.py").write_text(data)
    done = apply(tree, [Edit("file.py", old, new)])
    assert (tree / "file.py").read_text() == expected
    assert len(done.notes) == 1 and done.notes[0].startswith("file.py: ") and note in done.notes[0]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("src/view.py", "return", "yield"), "more than one place (lines 5, 9)"),
        (Edit("src/view.py", "def area(width, heigth):\n", "x"), "    4: def area(width, height):"),
        (Edit("src/view.py", "zzz qqq\n", "x"), "nor anything like it"),
        (Edit("src/view.py", "import os\n", "import os\n"), "changes nothing"),
        (Edit("src/view.py", "return w + h", "return width * height"), "applied already"),
        (Edit("src/view.py", "", "x"), "for a new file use create"),
        (create("src/view.py"), "exists already"),
        (create("src/view.py/more.py"), "can't be used"),
        (create("src"), "is a folder"),
        (create("a.py", None), "whole content"),
        (create("a.py", "a\0b"), "NUL"),
        (create("a.py", "\ud800"), "can't be written"),
        (create("big.txt", "x" * 1_000_001), "at most 1,000,000"),
        (Edit("gone.py", kind=EditKind.DELETE), "no such file"),
        (Edit("src/view.py", kind=EditKind.MOVE, to="src/view.py"), "exists already"),
        (Edit("src/view.py", kind=EditKind.MOVE), "relative to the top"),
        (Edit("src/view.py", "import os\n", "import os\n\n"), "stands there already (line 1)"),
        (Edit("src/view.py", "", ""), "changes nothing"),
        (Edit("src/view.py", "returns", "yields", every=True), "nearest lines"),
        (Edit("src/view.py", None, "x", EditKind.INSERT, line=10), "the file has 9 lines"),
        (Edit("src/view.py", None, "x", EditKind.INSERT, line=-1), "the file has 9 lines"),
        (Edit("src/view.py", None, "x", EditKind.INSERT), "the number of the line"),
        (Edit("src/view.py", None, "x", EditKind.CREATE, every=True), "no `every`"),
        (create("SRC/new.py"), "src is there already; the names differ only in case"),
        (create("src/View.py"), "differ only in case"),
        (Edit("src/view.py", "import os\n", "# ... rest of the imports unchanged\n"), "left out"),
    ],
)
def test_what_is_refused_and_how(tree: Path, edit: Edit, words: str) -> None:
    assert words in refused(tree, edit)


@pytest.mark.parametrize(
    "path",
    [
        "../escape.txt",
        "src/../../escape.txt",
        "/etc/cron.d/x",
        "~/x",
        "C:/x",
        "src\\x.py",
        "src/",
        "",
        ".",
        "a\nb.py",
        "a\x1b[2Jb.py",
        "a\u202eb.py",
        "a\u3164b.py",
        ".git/hooks/post-commit",
        ".GIT/config",
        "src/.git./config",
        ".git /config",
        ".g\u200cit/config",
        "git~1/config",
        ".git::$INDEX_ALLOCATION/config",
        ".ｇit/config",
        ".gitmodules",
        "a" * 300,
        "a/" * 600 + "b",
    ],
)
def test_never_outside_the_tree_nor_into_git(tree: Path, path: str) -> None:
    refused(tree, create(path))
    refused(tree, Edit("src/view.py", kind=EditKind.MOVE, to=path))


@pytest.mark.parametrize(
    ("one", "other"),
    [("new/a.py", "New/b.py"), ("\u00e9.py", "e\u0301.py"), ("a.py", "\uff41.py"), ("\u017f.py", "s.py")],
)
def test_no_two_new_names_that_some_file_system_takes_for_one(tree: Path, one: str, other: str) -> None:
    assert "the names differ only in case" in refused(tree, create(one), create(other))


def test_never_through_a_symbolic_link(tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret\n")
    (tree / "link").symlink_to(outside)
    (tree / "file.txt").symlink_to(outside / "secret.txt")
    (tree / "dangling").symlink_to(outside / "new.txt")
    for edit in (
        create("link/new.txt"),
        Edit("link/secret.txt", "secret", "x"),
        Edit("file.txt", "secret", "x"),
        Edit("file.txt", kind=EditKind.DELETE),
        create("dangling"),
    ):
        assert "symbolic link" in refused(tree, edit)
    assert contents(outside) == {"secret.txt": (b"secret\n", (outside / "secret.txt").stat().st_mode)}


def test_submodules_binary_and_big_files_are_left_alone(tree: Path) -> None:
    (tree / ".gitmodules").write_text('[submodule "lib"]\n\tpath = vendor/lib\n\turl = ext::sh -c x\n')
    (tree / "nested" / ".git").mkdir(parents=True)
    (tree / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tree / "blob.bin").write_bytes(b"\xff\x01\x02")
    (tree / "big.txt").write_bytes(b"x\n" * 500_001)
    assert "submodule" in refused(tree, create("vendor/lib/x.py"))
    assert "submodule" in refused(tree, create("nested/x.py"))
    (tree / "unnamed").mkdir()
    (tree / ".git").write_text("gitdir: elsewhere\n")
    assert "submodule" in refused(tree, create("unnamed/x.py"), create("unnamed/deep/y.py"))
    (tree / ".git").unlink()
    assert "binary" in refused(tree, Edit("logo.png", "PNG", "GIF"))
    assert "binary" in refused(tree, Edit("blob.bin", kind=EditKind.DELETE))
    assert "1,000,002 bytes" in refused(tree, Edit("big.txt", "x\n", "y\n"))


def test_a_strange_list_of_submodules_is_read_or_refused(tree: Path) -> None:
    modules = tree / ".gitmodules"
    modules.write_text("\n" * 90_000 + '[submodule "lib"] Path = "vendor/lib/"' + " " * 5_000 + "\r\n")
    assert "submodule" in refused(tree, create("vendor/lib/x.py"))
    assert "submodule" in refused(tree, create("vendor/lib"))
    apply(tree, [create("vendor/library.py")])
    modules.write_text("\n" * 120_000)
    assert "at most 100,000 are read" in refused(tree, create("x.py"))


def test_only_the_first_failures_come_with_what_may_be_meant(tree: Path) -> None:
    said = refused(tree, *(Edit(f"src/veiw{number}.py", "import os", "import sys") for number in range(200)))
    assert said.count("there is no such file.") == 200 and said.count("Is src/view.py meant?") == 3
    for number in range(5):
        (tree / f"{number}.py").write_text(SOURCE)
    said = refused(tree, *(Edit(f"{number}.py", "def area(width, heigth):", "x") for number in range(5)))
    assert said.count("    4: def area(width, height):") == 3 and said.count("was not found") == 5


def test_a_long_edit_of_lines_that_are_all_alike(tree: Path) -> None:
    """Such lines took minutes to compare; written exactly they need no comparing at all."""
    old, new = "0\n1\n" * 1_000, "0\n" * 1_000 + "1\n" * 1_000
    (tree / "exact.txt").write_text(f"first\n{old}last\n")
    (tree / "blanks.txt").write_text("0 \n1 \n" * 1_000)
    apply(tree, [Edit("exact.txt", old, new)])
    assert (tree / "exact.txt").read_text() == f"first\n{new}last\n"
    assert "make it shorter" in refused(tree, Edit("blanks.txt", old, new))
    apply(tree, [Edit("blanks.txt", old, old[:2_000] + "half\n" + old[2_000:])])
    assert (tree / "blanks.txt").read_text() == "0 \n1 \n" * 500 + "half\n" + "0 \n1 \n" * 500


def test_an_old_text_that_nearly_stands_everywhere_is_not_found(tree: Path) -> None:
    (tree / "alike.txt").write_text(" x\n" * 250_000)
    (tree / "margins.txt").write_text("x\n  x\n" * 100_000)
    assert "not found" in refused(tree, Edit("alike.txt", "x\n" * 100_000 + "y\n", "z\n"))
    assert "not found" in refused(tree, Edit("margins.txt", "x\n" * 50_000, "z\n"))


def test_limits_on_number_and_size(tree: Path) -> None:
    assert "at most 200" in refused(tree, *(create(f"f{number}.py") for number in range(201)))
    assert "at most 4,000,000" in refused(tree, *(create(f"f{number}.py", "x" * 900_000) for number in range(5)))
    refused(tree)


def test_edits_that_undo_each_other_are_no_change(tree: Path) -> None:
    said = refused(tree, Edit("src/view.py", "import os", "import sys"), Edit("src/view.py", "import sys", "import os"))
    assert "change nothing" in said


def test_a_file_can_fill_an_empty_one_but_not_stand_in_a_folders_place(tree: Path) -> None:
    (tree / "src" / "__init__.py").touch()
    apply(tree, [create("src/__init__.py", "VERSION = 1\n")])
    assert (tree / "src/__init__.py").read_text() == "VERSION = 1\n"
    assert "can't stand beside" in refused(tree, create("a/b"), create("a"))
    assert "can't stand beside" in refused(tree, create("a"), create("a/b"))


def test_every_place_is_replaced_when_asked_for(tree: Path) -> None:
    (tree / "file.txt").write_bytes(b"a\r\nb\r\na\nb\r\naab")
    assert apply(tree, [Edit("file.txt", "a", "x\ny", every=True)]).notes == ()
    assert (tree / "file.txt").read_bytes() == b"x\r\ny\r\nb\r\nx\r\ny\nb\r\nx\r\nyx\r\nyb"


def test_an_empty_old_text_fills_a_file_that_is_new_or_empty(tree: Path) -> None:
    (tree / "empty.txt").touch()
    apply(tree, [Edit("empty.txt", "", "one\n"), Edit("new.txt", "", "two\n")])
    assert (tree / "empty.txt").read_text() == "one\n" and (tree / "new.txt").read_text() == "two\n"


def test_a_file_can_be_renamed_to_another_case(tree: Path) -> None:
    apply(tree, [Edit("src/view.py", kind=EditKind.MOVE, to="src/View.py")])
    assert sorted(contents(tree)) == ["src/View.py"]
