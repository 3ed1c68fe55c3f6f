"""A house that has something to show: the demo's project and world, and a change that waits for its review."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from haven.access import Principal, Role
from haven.app import House
from haven.demo import charts
from haven.settings import Web
from haven.store import changes as table
from haven.store import events
from haven.store.changes import Change
from haven.store.database import Transaction
from tests.e2e.copies import sample_project
from tests.e2e.house import settings_in
from tests.web.dashboard import Dashboard, dashboard

ADA = Principal("discord:7", "Ada", Role.MEMBER, "bot")
GREEN = {
    "classes": {"tests/test_render.py::test_scale": "passing", "tests/test_glyphs.py::test_glyph": "new"},
    "counts": {"passing": 1, "new": 1},
    "green": True,
    "untested": False,
    "problem": "",
    "one_line": "1 passing, 1 new",
}
GLYPHS = {"atlas/glyphs.py": "def scale(size: int) -> int:\n    return 2 * size\n"}


async def in_review(
    house: House,
    text: str = "Draw the glyphs of the map twice as large",
    files: Mapping[str, str] = GLYPHS,
    tests: Mapping[str, object] = GREEN,
    by: Principal = ADA,
) -> Change:
    """A change with one committed round, as if the pipeline had made it; the house needs its project."""
    repository = house.repository
    assert repository is not None
    id, base = await house.database.write(table.free_id), await repository.tip()
    tree = await repository.worktree(id, f"haven/change-{id}-shown", base)
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content)
    commit = await repository.commit(tree, text)
    change = Change(
        id=id,
        key=f"change:{id}",
        kind="feature",
        title=text,
        request=text,
        assistant="cartographer",
        reasons=["rules: the request speaks of the map"],
        requester=by.id,
        requester_name=by.name,
        face=by.face,
        state="review",
        target="main",
    )

    async def work(tx: Transaction) -> None:
        await table.insert(tx, change)
        await table.insert_round(tx, id, 1, "request")
        summary = {"text": "Draws them larger.", "by": "rules"}
        await table.update_round(tx, id, 1, commit_id=commit, tests=tests, summary=summary)
        await table.update(tx, id, base=base)
        await events.record(tx, "change.state", id, state="review", title=text, round=1)

    await house.database.write(work)
    return await house.changes.get(id)


@asynccontextmanager
async def furnished(folder: Path, web: Web | None = None) -> AsyncIterator[tuple[Dashboard, Change]]:
    """A running house with all of it, and its dashboard."""
    repository = settings_in(folder).project.repository
    assert repository is not None
    await sample_project(repository)
    async with dashboard(folder, web=web) as here:
        await charts.bring_in(here.house)
        yield here, await in_review(here.house)
