"""Coming in: the first owner, invitations, passwords, and what keeps everybody else out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.access import Role
from tests.web.dashboard import PASSWORD, dashboard
from web.accounts import BROWSERS, CODES


async def test_the_first_owner_comes_in_by_the_code_once_and_invites_others(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        stranger = here.browser()
        first = await stranger.get("/")
        assert first.path == "/begin" and "no owner" in first.text
        fields = {"name": "Eve", "password": PASSWORD, "again": PASSWORD}
        wrong = await stranger.post("/begin", code="AAAAA-AAAAA", **fields)
        assert wrong.status == 403 and "code is wrong" in wrong.text and "letters and digits" in wrong.text
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
        await again.log_in("Olga")
        assert (await again.get("/me")).text.count("Log it out") == 1, "one session a browser"


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


async def test_wrong_pins_all_at_once_are_no_more_tries_than_one_by_one(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        await owner.get("/")
        many = await asyncio.gather(*(owner.post("/cloud", to="on", pin=f"wrong {number}") for number in range(12)))
        assert sum("password is wrong" in one.text for one in many) == 5
        assert sum("Too many wrong passwords" in one.text for one in many) == 7
        other = here.browser()
        await other.log_in("Olga")
        await other.get("/")
        assert "Too many wrong passwords" in (await other.post("/cloud", to="on", pin=PASSWORD)).text


async def test_a_stranger_who_guesses_locks_out_neither_who_was_here_nor_who_is_invited(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, stranger = await here.owner(), here.browser()
        await owner.get("/")
        await owner.post("/leave")
        for _ in range(5):
            await stranger.log_in("Olga", "something else entirely")
        for name in ("Olga", "olga "):
            assert "Too many wrong passwords" in (await stranger.log_in(name)).text
        for _ in range(CODES[0] - 1):
            assert (
                await stranger.post("/invited", code="AAAAA-AAAAA", password=PASSWORD, again=PASSWORD)
            ).status == 403
        assert (await owner.log_in("Olga")).path == "/", "also from the same address"
        assert await here.person("Mika", Role.MEMBER)


async def test_who_was_logged_out_reads_why_that_may_be(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, browsers = await here.owner(), [here.browser() for _ in range(BROWSERS)]
        for one in browsers:
            await one.log_in("Olga")
        out = await owner.get("/log")
        assert out.path == "/enter?next=/log" and "eleventh browser" in out.text
        assert "eleventh" not in (await here.browser().get("/enter")).text
        assert (await owner.log_in("Olga")).path == "/" and "eleventh" not in (await owner.get("/")).text


async def test_a_form_that_is_not_written_in_utf8_is_answered_in_words(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        await here.owner()
        plain, several = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
        part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n%s\r\n\r\n%s\r\n--x--\r\n'
        first = b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\npunycode\r\n'
        slow = b"a" * 60_000 + b"-" + b"b9" * 30_000  # minutes of work for that codec
        tries: dict[tuple[str, bytes], int] = {
            (f"{plain}; charset=punycode", slow): 415,
            (f"{plain}; charset=utf-16", b"name=x"): 415,
            (f"{plain}; charset=\xff", b"name=x"): 415,
            (several, part % (b"Content-Type: text/plain; charset=punycode", slow)): 415,
            (several, first + part % (b"X: y", slow)): 400,
            (several, part % (b"no header", b"x")): 400,
            (several, part % (b"Content-Transfer-Encoding: x-uuencode", b"x")): 400,
            (several, part % (b"X: y", b"\xff")): 400,
            (plain, b"name=\xff"): 400,
            (plain, b"name=x&password=%ff%ed%a0%80"): 403,
            (f"{plain}; charset=UTF-8", b"name=x"): 403,
        }
        for (kind, body), status in tries.items():
            answer = await here.browser()._asked("POST", "/enter", data=body, headers={"Content-Type": kind})
            assert answer.status == status, (kind, body[:200], answer.text)
            assert status != 415 or "Send it in UTF-8" in answer.text
        for name in ("haven-session", "haven-known"):
            odd = await here.browser()._asked("POST", "/enter", data={"name": "x"}, headers={"Cookie": f"{name}=\xff"})
            assert odd.status == 403


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
