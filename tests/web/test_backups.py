"""Backups: made and checked while the page waits, taken along by the PIN, put back by the next start."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from haven.access import Role
from haven.errors import AccessDenied
from haven.settings import Settings
from haven.store import accounts as table
from haven.store import backup, notes, restoring
from haven.store.database import opened
from tests.web.dashboard import PASSWORD, Browser, Dashboard, dashboard
from web.accounts import Accounts
from web.api import tokens
from web.api.endpoint import Scope


async def done(here: Dashboard, owner: Browser, path: str) -> str:
    """The page when what that form begins has come to its end, and an open page was told so."""
    with here.house.bus.subscribe() as news:
        await owner.post(path)
        while (await anext(news)).kind != "backup.chore":
            pass
    return (await owner.get("/backups/parts")).text


async def test_a_backup_is_made_checked_and_taken_along_by_the_pin(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        assert "There is no backup yet" in (await owner.get("/backups")).text
        assert "is whole" in await done(here, owner, "/backups")
        [made] = backup.found(here.house.settings.backups)
        assert "was restored to check it" in await done(here, owner, f"/backups/{made.file.name}/check")
        refused = await owner.post(f"/backups/{made.file.name}/download", pin="not the password")
        assert refused.status == 403
        got = await owner.post(f"/backups/{made.file.name}/download", pin=PASSWORD)
        assert got.body == made.file.read_bytes() and made.file.name in got.headers["Content-Disposition"]
        for other in ("haven-20200101.db", "..%2F..%2Fhaven.db", "haven.db"):
            assert (await owner.post(f"/backups/{other}/download", pin=PASSWORD)).status == 404
        reviewer = await here.person("Rena", Role.REVIEWER)
        assert (await reviewer.get("/backups")).status == 403
        assert (await reviewer.post(f"/backups/{made.file.name}/download", pin=PASSWORD)).status == 403

        made.file.write_bytes(made.file.read_bytes()[:-4096])
        assert "does not pass its check" in await done(here, owner, f"/backups/{made.file.name}/check")
        damaged = await owner.post(f"/backups/{made.file.name}/restore", pin=PASSWORD)
        assert damaged.status == 409 and restoring.planned(here.house.settings.backups) == ""


async def test_the_next_start_puts_back_what_an_owner_chose(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        settings, database = here.house.settings, here.house.database
        owner = await here.owner()
        await notes.put(database, "a", "as it was")
        await done(here, owner, "/backups")
        await notes.put(database, "a", "spoilt")
        [made] = backup.found(settings.backups)
        page = await owner.post(f"/backups/{made.file.name}/restore", pin=PASSWORD)
        assert "becomes the database" in page.text and "started by hand" in page.text
        await owner.post("/backups/leave")
        assert restoring.planned(settings.backups) == ""
        await owner.post(f"/backups/{made.file.name}/restore", pin=PASSWORD)
        assert await notes.get(database, "a") == "spoilt", "not while Haven runs"
    await restoring.carry_out(settings.backups, settings.database)
    assert await _note(settings) == "as it was"
    [aside] = restoring.kept(settings.database)
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("select value from note where key = 'a'").fetchone() == ("spoilt",)
    await restoring.carry_out(settings.backups, settings.database)
    assert len(restoring.kept(settings.database)) == 1, "once"

    restoring.plan(settings.backups, made.file.name)
    made.file.write_bytes(b"no database")
    await restoring.carry_out(settings.backups, settings.database)
    assert await _note(settings) == "as it was" and backup.one(settings.backups).problem, "and it is said beside it"


async def test_what_was_ended_since_a_backup_lets_nobody_in_again_after_it_is_put_back(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        settings, accounts, database = here.house.settings, here.accounts, here.house.database
        owner = await here.owner()
        code = await accounts.invite("Mika", Role.MEMBER)
        olga = await table.get(database, 1)
        assert olga is not None
        session = await accounts.enter(olga, "a stolen phone")
        secret = await tokens.make(database, olga, "a lost lamp", [Scope.DECIDE])
        await done(here, owner, "/backups")
        [made] = backup.found(settings.backups)
        await owner.post("/me/browsers/leave")
        await accounts.accept(code, PASSWORD, "192.0.2.1")
        restoring.plan(settings.backups, made.file.name)
    await restoring.carry_out(settings.backups, settings.database)
    async with opened(settings.database) as database:
        accounts = Accounts(database)
        await accounts.begin()
        assert await accounts.visitor(session) is None and await accounts.program(secret) is None
        with pytest.raises(AccessDenied, match="invitation is wrong, used"):
            await accounts.accept(code, PASSWORD, "192.0.2.1")
        assert (await accounts.log_in("Olga", PASSWORD, "192.0.2.1")).role == Role.OWNER
    assert backup.one(settings.backups).is_verified, "the backup itself is as it was"


async def _note(settings: Settings) -> str | None:
    async with opened(settings.database) as database:
        return await notes.get(database, "a")
