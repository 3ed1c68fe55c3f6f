"""A page of one's own: the password, the PIN, browsers that are logged out, and what Haven keeps of one."""

from __future__ import annotations

import json
from pathlib import Path

from haven.access import Role
from haven.store import accounts as table
from tests.web.dashboard import PASSWORD, dashboard
from tests.web.test_people import CODE
from web.api import tokens
from web.api.endpoint import Scope

OTHER = "green sun over Meridian"


async def test_a_new_password_logs_out_every_other_browser_and_ends_the_tokens(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        mika = await here.person("Mika", Role.MEMBER)
        account = await table.named(here.house.database, "Mika")
        assert account is not None
        secret = await tokens.make(here.house.database, account, "the lamp", [Scope.READ])
        phone = here.browser()
        await phone.log_in("Mika")
        shown = await mika.get("/me")
        assert shown.text.count("Log it out") == 1 and "this one" in shown.text
        wrong = await mika.post("/me/password", now="something else", password=OTHER, again=OTHER)
        assert wrong.status == 403
        unlike = await mika.post("/me/password", now=PASSWORD, password=OTHER, again=PASSWORD)
        assert unlike.status == 400 and "not the same" in unlike.text
        done = await mika.post("/me/password", now=PASSWORD, password=OTHER, again=OTHER)
        assert done.path == "/me" and done.status == 200 and "ended with the old password: the lamp." in done.text
        assert await here.accounts.program(secret) is None
        assert (await phone.get("/")).path.startswith("/enter")
        assert (await phone.log_in("Mika")).status == 403 and (await phone.log_in("Mika", OTHER)).status == 200
        mark = (await mika.get("/me")).html.split('action="/me/browsers/')[1].split("/")[0]
        await mika.post(f"/me/browsers/{mark}/leave")
        assert (await phone.get("/")).path.startswith("/enter") and (await mika.get("/me")).status == 200

        await tokens.make(here.house.database, account, "the door", [Scope.READ])
        await owner.get(page := f"/people/{account.id}")
        code = CODE.findall((await owner.post(f"{page}/invite", pin=PASSWORD)).text)[0]
        back = await phone.post("/invited", code=code, password=PASSWORD, again=PASSWORD)
        assert "the door" in back.text and (await mika.get("/")).path.startswith("/enter")


async def test_the_pin_takes_the_passwords_place_before_what_can_not_be_undone(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/me")
        assert (await owner.post("/me/pin", now=PASSWORD, password="12ab", again="12ab")).status == 400
        await owner.post("/me/pin", now=PASSWORD, password="2468", again="2468")
        await owner.post("/cloud", to="off")
        assert (await owner.post("/cloud", to="on", pin=PASSWORD)).status == 403
        await owner.post("/cloud", to="on", pin="2468")
        assert (await here.house.switch.state()).on
        assert (await owner.post("/me/pin", now=PASSWORD, password="1357", again="1357")).path == "/me", "forgotten"


async def test_who_deletes_what_is_kept_of_them_loses_the_account_too(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        await here.owner()
        mika = await here.person("Mika", Role.MEMBER)
        kept = json.loads((await mika.get("/me/kept.json")).body)["kept"]
        assert kept["account"][0]["name"] == "Mika" and len(kept["browsers"]) == 1
        assert (await mika.post("/me/forget", pin="not the password")).status == 403
        await mika.get("/me")
        await mika.post("/me/forget", pin=PASSWORD)
        assert (await mika.get("/")).path.startswith("/enter")
        assert await table.named(here.house.database, "Mika") is None
        left = await here.house.database.row("select count(*) from web_session where account <> 1")
        assert left is not None and left[0] == 0
