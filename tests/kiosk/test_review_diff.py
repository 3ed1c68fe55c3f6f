"""The diff of a review: in one column or side by side, stepped through, with the words that differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from haven.changes.proposal import Kind, Proposal
from haven.changes.review.diffing import files_of
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction
from kiosk.screens.reviewing import stages
from kiosk.widgets.diff import DiffView
from kiosk.widgets.diff_rows import laid_out
from kiosk.widgets.tile import Tile
from tests.kiosk.conftest import GREEN, OWNER, House, Show

OLD = "".join(f"row_{number} = {number}\n" for number in range(60))
NEW = OLD.replace("row_5 = 5\n", "row_5 = 55\n").replace("row_40 = 40\n", "row_40 = 'forty'\nmore = 1\n")


async def changed_file(house: House, old: str = OLD, new: str = NEW) -> Change:
    """A change in review that turns one text of sky.py into another."""
    proposal = Proposal(Kind.FEATURE, "Sharper rows", "Sharper rows", "cartographer", ("rules",))
    change = await house.changes.submit(proposal, replace(OWNER, id="discord:7", name="Ada"))
    tree = await house.repository.worktree(change.id, f"haven/change-{change.id}-sky", house.base)
    (tree / "sky.py").write_text(old)
    base = await house.repository.commit(tree, "before")
    (tree / "sky.py").write_text(new)
    commit = await house.repository.commit(tree, "after")

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, change.id, 1, commit_id=commit, tests=GREEN, summary={"text": "Two rows."})
        await table.update(tx, change.id, base=base, state="review")

    await house.database.write(work)
    return await house.changes.get(change.id)


@pytest.mark.parametrize(("columns", "split"), [(100, True), (94, False)])
async def test_the_changes_of_a_diff_are_stepped_through_and_a_line_of_it_is_tweaked(
    house: House, show: Show, columns: int, split: bool
) -> None:
    change = await changed_file(house)
    async with show(OWNER, columns, 26) as terminal:
        await terminal.tap("Sharper rows")
        await terminal.tap("2 changes")
        await terminal.until("row_5 = 55", "One" if split else "Side by")
        beside = any("row_5 = 5 " in row and "row_5 = 55" in row for row in terminal.screen.splitlines())
        assert beside is split
        terminal.type("n")
        await terminal.until("1 of 2")
        await terminal.tap("1 of 2")
        await terminal.until("2 of 2", "+row_40 = 'forty'", "+more = 1", gone="row_5 = 55")
        terminal.type("p")
        await terminal.until("1 of 2", "+row_5 = 55")
        await terminal.tap("column" if split else "Side by")
        await terminal.until("Side by" if split else "column", "+row_5 = 55")
        await terminal.tap("row_5 = 55")
        await terminal.until("line 6")
        terminal.type("t")
        await terminal.until("What should be different in sky.py:6?")
        await terminal.keys("less")
        await terminal.tap("Send")
        await terminal.until(f"{change.id} · editing · round 2", "● model")
    said = (await table.rounds(house.database, change.id))[1].instruction
    assert said == "In sky.py, line 6, which reads `row_5 = 55`:\nless"


async def test_a_file_of_the_tree_is_jumped_to(house: House, show: Show) -> None:
    files = {f"atlas/part_{number:02d}.py": f"NUMBER = {number}\n" for number in range(12)}
    await house.in_review(files=files | {"top.py": "x = 1\n"})
    async with show(OWNER, 100, 28) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.until("13 changes")
        terminal.type("2")
        await terminal.until("top.py new +1 -0", "atlas/ 12 files +12 -0")
        await terminal.tap("part_01.py")
        await terminal.until("▾ atlas/part_01.py", "+NUMBER = 1", gone="NUMBER = 0")
        terminal.type("n")
        await terminal.until("2 of 13")
        terminal.type("n")
        await terminal.until("+NUMBER = 2", "3 of 13")


def test_side_by_side_every_line_is_there_once_and_in_its_place() -> None:
    diff = """diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,5 +1,6 @@
 one
-two
-three
+TWO
+THREE
+more
 four
-five
+FIVE
\\ No newline at end of file
"""
    (file,) = files_of(diff)
    rows = laid_out([file], {0}, 61, split=True).rows[2:]
    sides = [tuple(f"{piece.gutter}{piece.text}".strip() for piece in row.pieces) for row in rows]
    assert sides[:4] == [("1  one", "1  one"), ("2 -two", "2 +TWO"), ("3 -three", "3 +THREE"), ("", "4 +more")]
    assert sides[4:6] == [("4  four", "5  four"), ("5 -five", "6 +FIVE")]
    wide = laid_out(files_of(diff.replace("TWO", "星" * 40)), {0}, 61, split=True).rows
    assert all(len(piece.text) <= 15 for row in wide for piece in row.pieces if "星" in piece.text)


@pytest.mark.parametrize(
    ("state", "doing", "row"),
    [
        ("queued", "", "○ context  ○ plan  ○ model  ○ edits  ○ tests  ○ review"),
        ("editing", "round 1: applying the edits", "✓ context  ✓ plan  ✓ model  ● edits  ○ tests  ○ review"),
        ("merged", "", "✓ context  ✓ plan  ✓ model  ✓ edits  ✓ tests  ✓ review"),
        ("failed", "", ""),
    ],
)
def test_stages(state: str, doing: str, row: str) -> None:
    assert stages.row(state, doing) == row


async def test_a_long_diff_is_coloured_beside_the_screen_and_in_every_look(house: House) -> None:
    old = "".join(f"def star_{number}(): return {number}\n" for number in range(2000))
    change = await changed_file(house, old, old.replace("return", "yield"))
    app = house.kiosk(OWNER)
    async with app.run_test(size=(100, 28)) as pilot:
        app.action_pane("review", change.id)
        await settled(pilot, "#tab-diff", "1 change")
        app.query_one("#tab-diff", Tile).action_press()
        await pilot.pause()
        diff = app.query_one("#review #diff", DiffView)
        assert diff.virtual_size.height > 2000
        for worker in [one for one in app.workers if one.group == "colours"]:
            await worker.wait()
        inks = set()
        for look in ("day", "contrast"):
            app.wish(theme=look)
            await pilot.pause()
            strip = diff.render_line(4)
            inks.add(tuple(one.style.color.name for one in strip if one.style and one.style.color))
        assert len(inks) == 2 and all(len(set(one)) >= 4 for one in inks)


async def settled(pilot: Pilot[None], tile: str, words: str) -> None:
    for _ in range(200):
        if any(words in one.text for one in pilot.app.query(tile).results(Tile)):
            return
        for worker in [one for one in pilot.app.workers if one.group == "review"]:
            await worker.wait()
        await pilot.pause()
    raise AssertionError(f"{tile} never said {words!r}")


async def test_on_end_every_page_has_its_tab(house: House) -> None:
    change = await changed_file(house)
    app = house.kiosk(OWNER)
    async with app.run_test(size=(48, 50)) as pilot:
        app.action_pane("review", change.id)
        await settled(pilot, "#tab-diff", "2 changes")
        app.query_one("#tab-diff", Tile).action_press()
        await pilot.pause()
        await pilot.pause()
        shown = [one for one in app.query("#review > Horizontal > Tile").results(Tile) if one.display]
        assert len(shown) == 5 + 6
        for tile in shown:
            place = app.screen.find_widget(tile)
            assert place.visible_region == place.region and place.region.size >= (8, 3), tile.text


async def test_a_test_unfolds_what_is_known_of_it_and_a_class_folds(house: House, show: Show) -> None:
    weak = {"test_map.py::test_zoom": "passing", "test_map.py::test_export": "weakened"}
    notes = {"test_map.py::test_export": "It no longer checks the scale."}
    await house.in_review(tests=GREEN | {"classes": weak, "notes": notes})
    async with show(OWNER, 100, 28) as terminal:
        await terminal.tap("Add a zoom button")
        await terminal.until("Approve")
        terminal.type("4")
        await terminal.until("▾ 1 weakened (checks less than before)", "▸ 1 passing", gone="no longer checks")
        await terminal.tap("test_export")
        await terminal.until("It no longer checks the scale.")
        await terminal.tap("1 passing")
        await terminal.until("▾ 1 passing test_map.py::test_zoom")
        await terminal.tap("1 weakened")
        await terminal.until("▸ 1 weakened", gone="test_export")
