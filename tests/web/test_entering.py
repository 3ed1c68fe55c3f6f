"""Coming in: the first owner, invitations, passwords, and what keeps everybody else out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from haven.access import Role
from haven.errors import AccessDenied
from tests.web.dashboard import PASSWORD, dashboard
from web.accounts import MOST_TRIED


async def test_the_first_owner_comes_in_by_the_code_once_and_invites_others(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        stranger = here.browser()
        first = await stranger.get("/")
        assert first.path == "/begin" and "no owner" in first.text
        fields = {"name": "Eve", "password": PASSWORD, "again": PASSWORD}
        wrong = await stranger.post("/begin", code="AAAAA-AAAAA", **fields)
        assert wrong.status == 403 and "code is wrong" in wrong.text
        code = here.accounts.first_code
        owner = await here.owner()
        assert "Overview" in (await owner.get("/")).text
        late = await stranger.post("/begin", code=code, **fields)
        assert late.status == 403 and (await stranger.get("/")).path.startswith("/enter")
        member = await here.person("Mika", Role.MEMBER)
        assert "Mika" in (await member.get("/")).text
        assert (await member.get("/log")).status == 403
        assert (await owner.get("/log")).status == 200


async def test_who_logs_out_is_out_and_comes_back_with_the_password(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/")
        out = await owner.post("/leave")
        assert out.path == "/enter" and (await owner.get("/log")).path == "/enter?next=/log"
        wrong = await owner.log_in("Olga", "something else entirely")
        nobody = await owner.log_in("Nobody", "something else entirely")
        assert wrong.status == nobody.status == 403 and "4 more tries" in wrong.text and "4 more tries" in nobody.text
        back = await owner.post("/enter", sealed=False, name="olga", password=PASSWORD, next="/log")
        assert back.path == "/log" and back.status == 200
        again = here.browser()
        away = await again.post("/enter", name="olga", password=PASSWORD, next="//elsewhere.example")
        assert away.path == "/"


async def test_a_form_from_elsewhere_or_without_its_seal_does_nothing(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/")
        assert (await owner.post("/cloud", sealed=False, to="off")).status == 403
        other = {"Origin": "https://elsewhere.example"}
        for headers in (other, {"Sec-Fetch-Site": "cross-site"}):
            answer = await owner._asked("POST", "/cloud", data={"seal": owner.seal, "to": "off"}, headers=headers)
            assert answer.status == 403 and "another site" in answer.text
        assert (await owner.get("/", headers={"Host": "rebound.example"})).status == 403
        assert (await owner.get("/", headers={"Host": "["})).status == 400
        assert (await owner._asked("POST", "/cloud", data={"to": "off"}, headers={"Origin": "http://["})).status == 400
        assert (await here.house.switch.state()).on
        assert (await owner.post("/cloud", to="off")).status == 200
        assert not (await here.house.switch.state()).on
        refused = await owner.post("/cloud", to="on", pin="not the password")
        assert refused.status == 403 and not (await here.house.switch.state()).on
        await owner.post("/cloud", to="on", pin=PASSWORD)
        assert (await here.house.switch.state()).on


async def test_wrong_pins_all_at_once_are_no_more_tries_and_other_names_make_nobody_forget_them(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/")
        many = await asyncio.gather(*(owner.post("/cloud", to="on", pin=f"wrong {number}") for number in range(12)))
        assert sum("password is wrong" in one.text for one in many) == 5
        assert sum("Too many wrong passwords" in one.text for one in many) == 7
        for number in range(MOST_TRIED + 10):
            with suppress(AccessDenied):
                await here.accounts.log_in(f"Nobody {number}", "something else", "192.0.2.1")
        assert "Too many wrong passwords" in (await owner.post("/cloud", to="on", pin=PASSWORD)).text


async def test_a_form_that_its_sender_may_not_send_is_not_even_read(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        await here.owner()
        member = await here.person("Mika", Role.MEMBER)
        head = "POST /world/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n"
        for cookie in ("", *(f"Cookie: {one.key}={one.value}\r\n" for one in member.session.cookie_jar)):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(here.url.rpartition(":")[2]))
            writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n{cookie}\r\n".encode())
            assert b" 403 " in await reader.readline(), "answered, though nothing of its body ever comes"
            writer.close()
