"""Changes: the board, a new request with its price first, and one change with all that is known of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from haven.access import Role
from haven.store import changes as table
from haven.store.changes import Change
from tests.web.dashboard import Dashboard
from tests.web.furnished import ADA, furnished, in_review

WORRYING = {
    "classes": {"t.py::test_a": "regressed", "t.py::test_b": "passing", "t.py::test_c": "weakened"},
    "counts": {"regressed": 1, "passing": 1, "weakened": 1},
    "green": False,
    "untested": False,
    "problem": "",
    "one_line": "1 passing, 0 new, 1 regressed, 1 weakened",
    "notes": {"t.py::test_c": "It no longer checks the scale."},
    "said": {"t.py::test_a": "E   assert 1 == 2\nE   <b>bold</b>"},
}


async def set_to(here: Dashboard, change: Change, **fields: object) -> None:
    await here.house.database.write(lambda tx: table.update(tx, change.id, **fields))


async def test_the_board_shows_changes_by_state_and_finds_them(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        merged = await in_review(here.house, "Redraw the legend", by=replace(ADA, id="web:9", name="Ben"))
        await set_to(here, merged, state="merged", kind="docs")
        owner = await here.owner()
        page = await owner.get("/changes")
        assert re.search(r"Waits for a person 1 .*glyphs.* At work 0 None\. Merged 1 .*legend.* Put away 0", page.text)
        docs = (await owner.get("/changes?kind=docs")).text
        assert "legend" in docs and "glyphs" not in docs
        assert "glyphs" in (await owner.get(f"/changes?words={change.id}")).text
        assert "legend" not in (await owner.get(f"/changes?words={change.id}")).text
        assert "glyphs" not in (await owner.get("/changes?show=mine")).text
        member = await here.person("Mika", Role.MEMBER)
        assert "glyphs" not in (await member.get("/changes?show=waits")).text
        assert "glyphs" in (await owner.get("/changes/board?show=waits", headers={"HX-Request": "true"})).text


async def test_a_change_shows_all_that_a_decision_needs(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _):
        change = await in_review(here.house, "Sharpen <b>it</b>", tests=WORRYING)
        owner = await here.owner()
        page = await owner.get(f"/changes/{change.id}")
        assert "<b>it</b>" not in page.html and "Sharpen <b>it</b>" in page.text
        for words in ("regressed (passed before, fails now)", "It no longer checks the scale.", "assert 1 == 2"):
            assert words in page.text
        assert "What it said" in page.text and "<b>bold</b>" not in page.html
        for words in ("Nothing left the house", "Told by rules", f"type its id: {change.id}", "round 1", "Ada"):
            assert words in page.text
        standing = await owner.get(f"/changes/{change.id}/standing?seen=review/1", headers={"HX-Request": "true"})
        assert "moved on" not in standing.text and "<html" not in standing.html
        await set_to(here, change, state="editing", round=2)
        moved = await owner.get(f"/changes/{change.id}/standing?seen=review/1", headers={"HX-Request": "true"})
        assert "at round 2, editing" in moved.text and "HX-Refresh" not in moved.headers
        goes_on = await owner.get(f"/changes/{change.id}/standing?seen=testing/2", headers={"HX-Request": "true"})
        assert goes_on.headers["HX-Refresh"] == "true"
        assert (await owner.get("/changes/ffffff")).status == 404


async def test_a_request_sent_twice_is_one_change_with_its_hints_and_its_log(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _):
        member = await here.person("Mika", Role.MEMBER)
        page = await member.get("/changes/new")
        assert "Repository" in page.text and "Merged into main" in page.text
        key = re.search(r'name="key" value="(\w+)"', page.html)
        assert key
        fields = {"key": key[1], "kind": "fix", "text": "The zoom breaks", "files": "atlas/zoom.py, atlas/render.py"}
        log = ("run.log", b"Traceback (most recent call last):\nValueError: ghp_1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R\n")
        first = await member.post("/changes/new", **fields, file=log)
        again = await member.post("/changes/new", **fields, file=log)
        assert first.path == again.path and first.path.startswith("/changes/") and "is queued" in first.text
        change = await here.house.changes.get(first.path.rpartition("/")[2])
        assert change.request == "The zoom breaks\n\nFiles to look at: atlas/zoom.py, atlas/render.py"
        assert (change.kind, change.requester_name) == ("fix", "Mika")
        assert "ValueError" in change.evidence and "ghp_" not in change.evidence
        assert "ValueError" in first.text and "ghp_" not in first.text
        docs = await member.post("/changes/new", kind="docs", text="Tell it", log="some log")
        assert docs.status == 400 and "log goes with a fix" in docs.text
        assert (await member.post("/changes/new", kind="feature", text="  ")).status == 400
        assert (await member.post("/changes/new", kind="wonder", text="x")).status == 400
