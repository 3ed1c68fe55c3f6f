"""People: invited with a code shown once, their role, cap and Discord link; the last owner stays one."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from haven.access import Role
from haven.store import accounts as table
from haven.store.database import Transaction
from tests.web.dashboard import PASSWORD, dashboard
from tests.web.furnished import furnished

CODE = re.compile(r"[A-Z2-9]{5}-[A-Z2-9]{5}")
NUMBER = "123456789012345678"


async def test_an_owner_invites_somebody_who_then_does_what_their_role_says(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/people")
        wrong = await owner.post("/people", name="Mika", role="member", pin="not the password")
        assert wrong.status == 403 and not await table.named(here.house.database, "Mika")
        shown = await owner.post("/people", name="Mika", role="member", pin=PASSWORD)
        found = CODE.search(shown.text)
        assert found is not None and f"/invited?code={found[0]}" in shown.html
        mika = here.browser()
        there = await mika.get(f"/invited?code={found[0]}")
        assert found[0] in there.html
        await mika.post("/invited", code=found[0], password=PASSWORD, again=PASSWORD)
        assert (await mika.get("/people")).status == 403 and (await mika.get("/settings")).status != 200
        assert found[0] not in (await owner.get("/people")).html, "it is shown once"
        account = await table.named(here.house.database, "Mika")
        assert account is not None
        page = f"/people/{account.id}"
        assert "Mika" in (await owner.get(page)).text
        await owner.post(f"{page}/role", role="reviewer", pin=PASSWORD)
        assert "reviewer" in (await mika.get("/")).text
        assert (await owner.post(f"{page}/role", role="king", pin=PASSWORD)).status == 400

        said = await owner.post(f"{page}/cap", usd="0.25", pin=PASSWORD)
        assert "Mika may cost 0.25 USD a day" in said.text
        caps = await here.house.database.rows("select usd from cap where person = ?", (account.principal_id,))
        assert [row[0] for row in caps] == [0.25]
        assert (await owner.post(f"{page}/cap", usd="a lot", pin=PASSWORD)).status == 400
        assert "everybody has" in (await owner.post(f"{page}/cap", usd="", pin=PASSWORD)).text

        gone = await owner.post(f"{page}/remove", pin=PASSWORD)
        assert "no account" in gone.text and (await mika.get("/")).path.startswith("/enter")
        assert (await owner.get(page)).status == 404


async def test_who_is_linked_is_one_person_with_the_one_on_discord(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await here.person("Rena", Role.REVIEWER)
        database = here.house.database
        account = await table.named(database, "Rena")
        assert account is not None
        page = f"/people/{account.id}"
        await owner.get(page)
        assert (await owner.post(f"{page}/discord", discord="rena#1", pin=PASSWORD)).status == 400
        await owner.post(f"{page}/discord", discord=NUMBER, pin=PASSWORD)
        assert await table.of_principal(database, f"discord:{NUMBER}") is not None
        taken = await owner.post("/people/1/discord", discord=NUMBER, pin=PASSWORD)
        assert taken.status == 409 and "Another account" in taken.text
        draft = "insert into world_draft (id, at, by_id, by_name, stranger, face, tool, things, state)"
        values = f"values ('d1', 1, 'discord:{NUMBER}', 'Rena', 0, 'web', 'x', '[]', 'open')"
        await database.write(lambda tx: tx.execute(f"{draft} {values}"))
        other = await owner.post(f"{page}/discord", discord="", pin=PASSWORD)
        assert other.status == 409 and "d1" in other.text, "nobody approves their own draft under another name"
        await database.write(lambda tx: tx.execute("delete from world_draft"))
        await owner.post(f"{page}/discord", discord="", pin=PASSWORD)
        alone = await table.get(database, account.id)
        assert alone is not None and re.fullmatch(r"web:\d{9}", alone.principal_id)
        assert alone.principal_id != account.principal_id


async def test_who_is_linked_has_one_word_about_a_change_and_keeps_what_they_asked_for(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        owner, rena = await here.owner(), await here.person("Rena", Role.REVIEWER)
        database = here.house.database
        account = await table.named(database, "Rena")
        assert account is not None
        await rena.get("/changes/new")
        asked = await rena.post("/changes/new", kind="docs", text="Describe the glyphs", key="k")
        await rena.post(f"{asked.path}/withdraw")
        approval = (
            "insert into approval (change_id, round, commit_id, principal, name, at) values (?, 1, 'c', ?, 'Rena', 1)"
        )
        for id in (account.principal_id, f"discord:{NUMBER}"):
            await database.write(partial(_execute, sql=approval, values=(change.id, id)))
        await owner.get(page := f"/people/{account.id}")
        linked = await owner.post(f"{page}/discord", discord=NUMBER, pin=PASSWORD)
        assert "is that person of Discord now" in linked.text
        assert [row[0] for row in await database.rows("select principal from approval")] == [f"discord:{NUMBER}"]
        assert "Describe the glyphs" in (await rena.get("/changes?show=mine")).text


async def _execute(tx: Transaction, sql: str, values: tuple[str, ...]) -> None:
    await tx.execute(sql, values)


async def test_the_last_owner_can_be_neither_removed_nor_demoted(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/people/1")
        for act in ("role", "remove"):
            refused = await owner.post(f"/people/1/{act}", pin=PASSWORD, role="member")
            assert refused.status == 409 and "Nobody could log in as an owner" in refused.text
        forgotten = await owner.post("/me/forget", pin=PASSWORD)
        assert forgotten.status == 409 and "only owner" in forgotten.text
        await here.accounts.invite("Otto", Role.OWNER)
        assert (await owner.post("/people/1/remove", pin=PASSWORD)).status == 409, (
            "who has no password owns nothing yet"
        )
        second = await here.person("Oda", Role.OWNER)
        await owner.post("/people/1/role", role="member", pin=PASSWORD)
        assert (await owner.get("/people")).status == 403 and (await second.get("/people")).status == 200
