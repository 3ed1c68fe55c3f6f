"""Which files come first: each signal alone finds what it is there for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from haven.changes.context.looking import look
from haven.changes.context.ranking import rank
from haven.changes.context.signals import SIGNALS, together
from haven.changes.context.view import View
from haven.changes.context.words import Query, split
from haven.store.code_index import CodeIndex, Past

SAID = {"zoom": 1, "wheel": 1}


def view(tmp_path: Path, request: str, files: Mapping[str, str], history: tuple[Past, ...] = ()) -> View:
    index = CodeIndex(tmp_path / "index.db")
    index.add({path: look(path, text) for path, text in files.items()})
    query = Query(request)
    paths = sorted(files)
    facts, hits = index.look_up(paths, query.all_terms)
    at = {term: {paths.index(path): hit for path, hit in held.items()} for term, held in hits.items()}
    return View(query, paths, [facts[path] for path in paths], at, history)


def best(name: str, of: View) -> str:
    scores = SIGNALS[name](of)
    assert all(0 <= score <= 1 for score in scores)
    assert scores.count(max(scores)) == 1
    return of.paths[scores.index(max(scores))]


OTHER = "def other(value):\n    return value\n"


@pytest.mark.parametrize(
    ("name", "request_", "files"),
    [
        ("words", "Zooming is slow", {"a.py": "# zoomed\n", "b.py": OTHER}),
        ("first line", "Zooming is slow\nother value", {"a.py": "# zoomed\n", "b.py": OTHER}),
        (
            "joined words",
            "The data catalog is empty",
            {"a.py": "class DataCatalog: ...\n", "b.py": "# data, catalog\n"},
        ),
        ("joined words", "The data catalog is empty", {"a.py": "data_catalog = 1\n", "b.py": "# data, catalog\n"}),
        ("path", "The zoom is slow", {"map/zoom.py": OTHER, "b.py": "# zoom\n"}),
        ("scope", "[Maps] zoom", {"maps/a.py": OTHER, "b.py": "# zoom maps\n"}),
        ("scope", "fix(maps): zoom", {"maps/a.py": OTHER, "b.py": "# zoom maps\n"}),
        ("scope", "remove: zoom", {"remove.py": OTHER, "b.py": "# zoom remove\n"}),
        ("file name", "The zoom is slow", {"zoom.py": OTHER, "zoom/wheels.py": OTHER, "zoom_out.py": OTHER}),
        ("code names", "Why does `turn` not zoom?", {"a.py": "turn = 1\n", "b.py": "# zoom, setZoom\n"}),
        ("code names", "Why does setZoom not turn?", {"a.py": "set_zoom = 1\n", "b.py": "# zoom, set, turn\n"}),
        ("names", "The zoom is slow", {"a.py": "def set_zoom(): ...\n", "b.py": "# zoom zoom zoom\n"}),
        ("best function", "zoom wheel", {"a.py": "def f():\n    zoom(wheel)\n", "b.py": "def f():\n    zoom()\n"}),
        ("tested", "zoom wheel", {"a.py": OTHER, "b.py": OTHER * 2, "tests/test_a.py": "def test_zoom_wheel(): ...\n"}),
        ("tested", "zoom", {"a.py": OTHER, "b.py": OTHER, "tests/test_x.py": "from a import other\n# zoom\n"}),
        ("named", "It is in maps/a.py, I think", {"maps/a.py": OTHER, "b.py": OTHER, "banana.py": OTHER}),
        ("size", "zoom", {"a.py": OTHER * 9, "b.py": OTHER}),
    ],
)
def test_a_signal_finds_its_file(tmp_path: Path, name: str, request_: str, files: dict[str, str]) -> None:
    assert best(name, view(tmp_path, request_, files)) == next(iter(files))


def test_the_past_tells(tmp_path: Path) -> None:
    files = {"a.py": OTHER, "b.py": OTHER, "c.py": OTHER, "d.py": "# zoom wheel\n"}
    wide = Past((*(f"gone_{n}.py" for n in range(60)), "c.py"), SAID)
    past = (Past(("b.py",), {"colour": 1}), wide, Past(("a.py",), SAID), Past(("a.py", "d.py"), {"mend": 1}))
    seen = view(tmp_path, "The wheel does not zoom", files, past)
    assert best("history", seen) == "a.py"
    assert best("recent", seen) == best("just now", seen) == "b.py"
    changed_with_d = together(seen, [0.0, 0.0, 0.0, 1.0])
    assert changed_with_d.index(max(changed_with_d)) == 0


def test_a_file_that_moved_keeps_its_past(tmp_path: Path) -> None:
    files = {"new/maps/a.py": OTHER, "new/tools/a.py": OTHER, "new/maps/b.py": OTHER, "c.py": OTHER}
    moved = Past(("old/maps/a.py", "new/maps/a.py", "c.py"), {"move": 1})
    past = (Past(("c.py",), {}), moved, Past(("old/maps/a.py",), SAID), Past(("c.py",), {}))
    seen = view(tmp_path, "The wheel does not zoom", files, past)
    assert best("history", seen) == "new/maps/a.py"
    assert seen.touched[1][1] == [seen.paths.index("new/maps/a.py"), seen.paths.index("c.py")], "counted once"


@pytest.mark.parametrize(
    ("old", "past"),
    [
        ("old/b.py", (Past(("old/b.py",), SAID), Past(("maps/b.py",), {}))),  # it was there beside the old one
        ("old/a.py", (Past(("old/a.py",), SAID),)),  # two may be it
        ("old/__init__.py", (Past(("old/__init__.py",), SAID),)),  # every folder has one
    ],
)
def test_a_namesake_has_a_past_of_its_own(tmp_path: Path, old: str, past: tuple[Past, ...]) -> None:
    files = dict.fromkeys(("maps/a.py", "tools/a.py", "maps/b.py", "maps/__init__.py"), OTHER)
    seen = view(tmp_path, "The wheel does not zoom", files, past)
    assert SIGNALS["history"](seen) == [0.0] * len(files), old


def test_a_signal_can_be_left_out(tmp_path: Path) -> None:
    seen = view(tmp_path, "zoom", {"zoom.py": OTHER, "b.py": "def zoom(): ...\n"})
    assert rank(seen, without={"names", "words", "first line", "best function"})[0].path == "zoom.py"
    assert rank(seen, without={"path", "words", "first line"})[0].path == "b.py"


def test_reasons_name_the_words(tmp_path: Path) -> None:
    first = rank(view(tmp_path, "Zooming is slow", {"a.py": "def set_zoom(): ...\n", "b.py": OTHER}))[0]
    assert "names: zoom" in first.reasons


def test_reasons_say_what_each_name_was_found_by(tmp_path: Path) -> None:
    files = {"zoom.py": "def set_zoom(): ...\n", "b.py": OTHER}
    first = rank(view(tmp_path, "zoom: `set_zoom` is slow", files))[0]
    assert {"the request's scope: zoom", "file name: zoom", "code names: setzoom"} <= set(first.reasons)


def test_words_are_compared_by_their_stems() -> None:
    assert split("caching") == split("caches") == split("cached") == split("cache")
    assert split("stopped") == split("stops") == split("stop")
    assert split("entries") == split("entry")
    assert split("class") == ("class",)
    assert split("bus") == ("bus",)


def test_a_request_without_words_ranks_all_the_same(tmp_path: Path) -> None:
    for request in ("", "\n\n", "!!!", "12 34"):
        assert [one.path for one in rank(view(tmp_path, request, {"b.py": OTHER, "a.py": OTHER}))] == ["a.py", "b.py"]
