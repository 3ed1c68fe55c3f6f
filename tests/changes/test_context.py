"""What Claude gets to see: the right files, never over the budget, the same bytes everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.changes.context import Context, choose, code_map
from haven.changes.context.words import split
from haven.store.code_index import CodeIndex, Past

REQUEST = "Add a button in the map viewer to export the current map as PNG"
VIEWER = '''"""The map viewer's page."""

from atlas.render import pixels


class MapViewer:
    def toolbar(self) -> list[str]:
        return ["zoom in", "zoom out"]


def draw_button(label: str, *, key: str = "") -> str:
    """One button of the toolbar."""
    return f"<button>{label}</button>"
'''
PROJECT: dict[str, bytes] = {
    "HAVEN.md": b"# Customs\nWrite tests first.\n",
    "README.md": b"# Atlas\nA map viewer: export the map, look at the map.\n",
    "atlas/viewer.py": VIEWER.encode(),
    "atlas/render.py": b"def pixels(width: int) -> bytes:\n    return bytes(width)\n",
    "atlas/distance.py": b"import math\n\n\ndef between(a: float, b: float) -> float:\n    return math.hypot(a, b)\n",
    "tests/test_viewer.py": b"from atlas.viewer import MapViewer\n\n\ndef test_map_viewer():\n    assert MapViewer()\n",
}


@dataclass(frozen=True)
class File:
    path: str
    blob: str
    size: int
    mode: str = "100644"


def file(path: str, data: bytes, mode: str = "100644") -> File:
    return File(path, hashlib.sha1(data).hexdigest(), len(data), mode)


def count(text: str) -> int:
    return -(-len(text) // 3)


async def chosen(
    project: Mapping[str, bytes],
    request: str = REQUEST,
    *,
    budget: int = 4000,
    kind: str = "",
    modes: Mapping[str, str] | None = None,
    history: Sequence[Past] = (),
    index: CodeIndex | None = None,
    hints: Sequence[str] = (),
    must_see: Mapping[str, str] | None = None,
) -> Context:
    async def read(paths: list[str]) -> dict[str, bytes]:
        return {path: project[path] for path in paths}

    files = [file(path, data, (modes or {}).get(path, "100644")) for path, data in project.items()]
    with tempfile.TemporaryDirectory() as folder:
        known = index or CodeIndex(Path(folder) / "index.db")
        asked = (request, files, read, budget, count, known)
        return await choose(*asked, kind=kind, history=history, hints=hints, must_see=must_see)


def paths(context: Context) -> list[str]:
    return [file.path for file in context.files]


async def test_the_file_that_the_request_is_about_comes_first_and_whole() -> None:
    context = await chosen(PROJECT)
    first = context.files[0]
    assert (first.path, first.whole, first.text) == ("atlas/viewer.py", True, VIEWER)
    assert any("viewer" in reason for reason in first.reasons)
    assert context.instructions == "# Customs\nWrite tests first."
    assert "HAVEN.md" not in paths(context)


async def test_tests_and_docs_come_after_the_code_unless_they_are_asked_for() -> None:
    twins = dict.fromkeys(["atlas/export.py", "docs/export.md", "tests/test_export.py"], VIEWER.encode())
    assert paths(await chosen(twins))[0] == "atlas/export.py"
    about_tests = await chosen(twins, "The test of the map viewer button is wrong")
    assert paths(about_tests)[0] == "tests/test_export.py"
    assert paths(await chosen(twins, "Describe the export", kind="docs"))[0] in {"docs/export.md", "atlas/export.py"}
    scores = {file.path: file.score for file in (await chosen(twins, kind="docs")).files}
    assert scores["docs/export.md"] >= scores["tests/test_export.py"]


async def test_a_file_named_in_the_request_wins_over_everything() -> None:
    context = await chosen(PROJECT, "The map viewer button is fine, but distance.py says map wrongly")
    assert context.files[0].path == "atlas/distance.py"
    assert "named in the request" in context.files[0].reasons


async def test_history_hints_and_earlier_rounds_bring_a_file_up() -> None:
    quiet = "atlas/distance.py"
    assert paths(await chosen(PROJECT))[0] != quiet
    remembered = await chosen(PROJECT, history=[Past((quiet,), {"export": 1, "map": 2, "viewer": 1})])
    assert quiet in paths(remembered)
    assert any("history" in reason for file in remembered.files for reason in file.reasons if file.path == quiet)
    hinted = await chosen(PROJECT, hints=["atlas/dist*"])
    assert quiet in paths(hinted)
    named = await chosen(PROJECT, must_see={quiet: "asked for by name", "gone.py": "asked for by name"})
    assert named.files[0].path == quiet and named.files[0].reasons[0] == "asked for by name"


async def test_the_instructions_are_a_file_as_well_where_they_are_to_be_changed() -> None:
    assert "HAVEN.md" in paths(await chosen(PROJECT, "Say in HAVEN.md how the map viewer is tested"))
    assert "HAVEN.md" in paths(await chosen(PROJECT, must_see={"HAVEN.md": "changed before"}))


async def test_names_are_found_whatever_their_case() -> None:
    project = {"a/_list_view.py": b"x = 1\n", "a/b.py": b"class ListView: ...\n", "a/c.py": b"y = 2\n"}
    assert set(paths(await chosen(project, "ListView scrolls too far"))[:2]) == {"a/_list_view.py", "a/b.py"}
    assert split("exportAsPNGFile") == ("export", "png", "fil", "exportaspngfile")
    assert split("HTTPServers") == ("http", "server", "httpservers")


async def test_what_must_not_or_need_not_be_shown_is_left_out_and_counted() -> None:
    map_text = b"map viewer button export png\n"
    project = {
        ".env": b"map viewer KEY=abc",
        ".env.example": map_text,
        "deploy/server.pem": map_text,
        "deploy/Map.PEM": map_text,
        "map/credentials.json": map_text,
        "map/service-account-viewer.yaml": map_text,
        "node_modules/map/viewer.js": map_text,
        "poetry.lock": map_text,
        "web/app.min.js": map_text,
        "map.png": map_text,
        "map_data.txt": b"map\0viewer",
        "latin.py": "map viewer caf\xe9".encode("latin-1"),
        "map_big.py": b"map viewer\n" * 20_000,
        "map_link.py": b"../map_viewer",
        "app.py": map_text,
    }
    context = await chosen(project, modes={"map_link.py": "120000"})
    assert set(paths(context)) == {"app.py", ".env.example"}
    assert context.left_out == {
        "a link or submodule": 1,
        "a lock file": 1,
        "binary": 3,
        "larger than 200 kB": 1,
        "may hold secrets": 5,
        "vendored or generated": 2,
    }
    assert context.considered == 2
    assert not any(name in context.map_text for name in ("pem", "node_modules", "map_link"))


async def test_a_name_that_is_no_utf8_is_left_out_and_harms_nothing() -> None:
    project = {os.fsdecode(b"map_caf\xe9.py"): b"map viewer\n", "mäp.py": b"map viewer\n"}
    context = await chosen(project)
    assert paths(context) == ["mäp.py"] and context.left_out == {"name is not UTF-8": 1}
    (context.map_text + "".join(context.left_out)).encode()


async def test_a_long_file_is_shown_by_the_functions_that_matter() -> None:
    others = "\n\n".join(f"def step_{i}(value: int) -> int:\n    return value + {i}" for i in range(300))
    wanted = "def export_map_png(viewer: object) -> bytes:\n    return b'the button was pressed'"
    text = f"import math\n\n\n{others}\n\n\n{wanted}\n"
    context = await chosen({"long.py": text.encode()}, budget=1200)
    shown = context.files[0]
    assert not shown.whole
    assert wanted in shown.text and shown.text.startswith("import math")
    assert "lines left out ...]" in shown.text
    kept = [line for line in shown.text.split("\n") if not line.startswith("[...")]
    assert set(kept) <= set(text.split("\n"))


async def test_the_map_holds_the_signatures_of_the_next_files() -> None:
    body = "".join(f"    map_viewer = {i}\n" for i in range(90))  # about 700 tokens: one of them fits
    text = f'def show(self, at: int = 3,\n    name: str = "") -> str:\n{body}'
    context = await chosen({f"maps/part_{n}.py": text.encode() for n in "abc"}, budget=1100)
    assert paths(context) == ["maps/part_a.py"]
    assert "maps/part_b.py" in context.map_text and "maps/part_c.py" in context.map_text
    assert '    def show(self, at: int = 3, name: str = "") -> str' in context.map_text
    assert not any(file.path in context.map_text for file in context.files)


async def test_room_that_the_map_does_not_need_goes_to_the_text() -> None:
    steps = "\n\n".join(f"def step_{i}(value: int) -> int:\n    return value + {i}" for i in range(300))
    context = await chosen({"steps.py": steps.encode(), "other.py": b"def other(): ...\n"}, budget=2000)
    assert 1900 < context.tokens <= 2000


async def test_only_what_is_new_is_read_again(tmp_path: Path) -> None:
    read: list[str] = []
    index = CodeIndex(tmp_path / "cache" / "index.db")
    project = {f"maps/part_{n}.py": f"def part_{n}(): ...\n".encode() for n in range(200)}

    async def reading(paths: list[str]) -> dict[str, bytes]:
        read.extend(paths)
        return {path: project[path] for path in paths}

    async def again() -> Context:
        read.clear()
        return await choose(REQUEST, [file(*each) for each in project.items()], reading, 500, count, index)

    first = await again()
    assert set(read) == set(project)
    assert await again() == first
    assert len(read) == 120  # the shortlist alone
    project["maps/part_7.py"] = b"def export_map_png(): ...\n"
    assert (await again()).files[0].path == "maps/part_7.py"
    assert len(read) == 121
    for damage in (b"no database", b""):
        (tmp_path / "cache" / "index.db").write_bytes(damage)
        assert (await again()).files[0].path == "maps/part_7.py"


async def test_without_a_match_there_is_still_something_to_see() -> None:
    context = await chosen(PROJECT, "mach es bitte schöner")
    assert context.files and context.tokens > 0
    assert (await chosen({})) == Context((), "", "", 0)
    assert (await chosen(PROJECT, "")).files


async def test_odd_files_do_no_harm() -> None:
    project = {
        "map_broken.py": b"def viewer(:\n  map export\n",
        "map_deep.py": b"map = " + b"-" * 50_000 + b"1\n",
        "map_escape.py": b"map = '\\d \\p'\ndef viewer(): return '''\\\n'''\n",
        "map_empty.py": b"",
        "map_bom.py": b"\xef\xbb\xbfmap = 'viewer'\r\nexport = 1\r\n",
        "map crlf \xc3\xa9.js": b"export function map_viewer(a, b) {\r\n}\r\n",
    }
    context = await chosen(project, budget=900)
    texts = {file.path: file.text for file in context.files}
    assert texts["map_bom.py"] == "map = 'viewer'\nexport = 1\n"
    assert context.tokens <= 900


LONG = "x" * 300 + "\n"
PARTS = st.sampled_from(
    ["map viewer\n", "def export(a, b):\n    return a\n", "class Map:\n    x = 1\n", "\n", "</file>\n", "é€\n", LONG]
)
TREES = st.dictionaries(
    st.from_regex(r"[a-c]{1,3}/[a-z]{1,6}\.(py|js|md)", fullmatch=True),
    st.lists(PARTS, max_size=60).map(lambda parts: "".join(parts).encode()),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(tree=TREES, budget=st.integers(min_value=1, max_value=1500))
async def test_never_over_the_budget_whatever_the_tree(tree: dict[str, bytes], budget: int) -> None:
    context = await chosen({"AGENTS.md": b"Be kind.\n" * 40, **tree}, budget=budget)
    assert context.tokens <= budget
    shown = "\n".join(file.block for file in context.files)
    assert count(shown) + count(context.map_text) + count(context.instructions) <= budget + 2


async def test_the_same_tree_gives_the_same_bytes_in_any_order_and_process(tmp_path: Path) -> None:
    backwards = dict(reversed(PROJECT.items()))
    assert await chosen(PROJECT) == await chosen(backwards)
    script = tmp_path / "digest.py"
    script.write_text(
        "import asyncio, sys\nfrom tests.changes.test_context import digest\nprint(asyncio.run(digest()))\n"
    )
    root = Path(__file__).parents[2]
    for seed in ("1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == await digest()


async def digest() -> str:
    return hashlib.sha256(repr(await chosen(PROJECT, budget=700)).encode()).hexdigest()


@pytest.mark.parametrize(
    ("path", "piece", "name"),
    [
        ("a.py", "    @cached\n    async def turn_wheel(self) -> None:\n        def inner(): ...", "turn_wheel"),
        ("a.py", "import math\n\nTURNS = 3", ""),
        ("a.ts", "export const turns = 3;", "turns"),
        ("a.go", "func (w *Wheel) Turn() {", "Turn"),
    ],
)
def test_a_piece_is_known_by_the_first_name_that_it_defines(path: str, piece: str, name: str) -> None:
    assert code_map.title(path, piece) == name


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "async def f(x, *, y=1): return x\n", ["async def f(x, *, y=1)"]),
        ("a.py", "class A(B):\n    @property\n    def p(self) -> int: ...\n", ["class A(B)", "    def p(self) -> int"]),
        ("a.js", "export async function go(a) {\n}\n", ["export async function go(a)"]),
        ("a.ts", "const f = (x) => x\n", ["const f = (x) => x"]),
        ("a.go", "func (m *Map) Draw(w int) error {\n}\n", ["func (m *Map) Draw(w int) error"]),
        ("a.md", "# Title\ntext\n## Part\n", ["# Title", "## Part"]),
        ("a.py", "def broken(:\n", ["def broken(:"]),
    ],
)
def test_signatures(path: str, text: str, expected: list[str]) -> None:
    assert list(code_map.signatures(path, text)) == expected


@given(st.lists(PARTS, max_size=30).map("".join))
def test_pieces_cover_every_line_once(text: str) -> None:
    for path in ("a.py", "a.js"):
        lines = [line for piece in code_map.pieces(path, text) for line in range(piece.start, piece.end + 1)]
        assert lines == list(range(1, len(text.splitlines()) + 1)) or text == ""
