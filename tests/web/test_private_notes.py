"""Private notes of a change: read by those they are for, in no prompt, commit, card or other row, and in a backup."""

from __future__ import annotations

import json
import logging
import subprocess
from pathlib import Path

import pytest

from haven.access import Role
from haven.changes.review.pr_body import pr_body
from haven.store import backup
from haven.store.database import Database, opened
from tests.e2e.branching import GREEN, WISH, becomes, small_house
from tests.e2e.house import REVIEWER, Home
from tests.web.dashboard import dashboard

OWN = "Ilkesh pays for the lamp, tell nobody"
LATER = "Zorvath pays for it after all"
MARKS = ("Ilkesh", "Zorvath")


async def tables_with(database: Database, text: str) -> set[str]:
    """Every table of which a column holds it."""
    found = set()
    for row in await database.rows("select name from sqlite_master where type = 'table' and sql not like '%virtual%'"):
        for column in await database.rows(f"select name from pragma_table_info('{row[0]}')"):
            if await database.rows(f'select 1 from "{row[0]}" where instr("{column[0]}", ?) limit 1', (text,)):
                found.add(str(row[0]))
    return found


def git_has(project: Path, text: str) -> bool:
    told = subprocess.run(
        ["git", "-C", str(project), "log", "--all", "-p"], capture_output=True, text=True, check=True
    ).stdout
    assert WISH in told, "the change itself is there"
    return text in told


async def leaked(home: Home, id: str) -> list[str]:
    """Where the notes stand and should not: in what any model was given, in commits, in what goes beside them."""
    review = await home.house.changes.review(id)
    spent = await home.house.changes.spent(id)
    said = {
        "prompts": json.dumps(home.stand_in.requests),
        "ledger": str(spent),
        "review": json.dumps(review.to_json()),
        "pull request": pr_body(review),
    }
    assert WISH in said["prompts"] and spent
    return [name for name, text in said.items() for mark in MARKS if mark in text]


@pytest.mark.sandbox
async def test_private_notes_are_for_their_author_and_who_decides_and_go_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    home_of = small_house(tmp_path, becomes(GREEN), becomes(GREEN + "# said\n", GREEN))
    async with home_of as home, dashboard(tmp_path, house=home.house) as here:
        author, other = await here.person("Mika", Role.MEMBER), await here.person("Ben", Role.MEMBER)
        reviewer = await here.person("Rena", Role.REVIEWER)
        form = await author.get("/changes/new")
        assert "no model is given them, neither in the cloud nor in this house" in form.text
        too_long = await author.post("/changes/new", kind="refactor", text=WISH, private="x" * 4_001)
        assert too_long.status == 400 and "private note" in too_long.text
        asked = await author.post("/changes/new", kind="refactor", text=WISH, files="light.py lamp.py", private=OWN)
        assert OWN in asked.text
        (change,) = await home.house.changes.list()
        change = await home.rest(change)
        assert change.state == "review", change.reason
        page = f"/changes/{change.id}"
        assert OWN in (await reviewer.get(page)).text and "Ilkesh" not in (await other.get(page)).html
        assert "not shown to the model: lamp.py." in (await author.get(page)).text
        assert (await other.post(f"{page}/private", private="mine now")).status == 403
        assert (await reviewer.post(f"{page}/private", private="mine now")).status == 403
        assert LATER in (await author.post(f"{page}/private", private=LATER)).text
        assert OWN not in (await reviewer.get(page)).text
        await home.house.changes.tweak(change.id, REVIEWER, "Say what it does", round=1)
        change = await home.rest(change)
        await home.rest(await home.approve(change))
        assert await leaked(home, change.id) == []
        assert not any(git_has(home.project, mark) for mark in MARKS)
        assert await tables_with(home.house.database, LATER) == {"private_note"}
        assert await tables_with(home.house.database, OWN) == set()
        kept = await backup.make(home.house.settings.database, home.house.settings.backups)
        assert (await author.post(f"{page}/private", private="")).status == 200
        assert await tables_with(home.house.database, LATER) == set()
    assert not any(mark in caplog.text for mark in MARKS)
    async with opened(kept.file) as database:
        assert await tables_with(database, LATER) == {"private_note"}
