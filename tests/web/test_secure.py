"""https by a certificate of one's own, and behind a reverse proxy, which alone is believed who asks and how."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from multidict import CIMultiDict

from haven.app import open_house
from haven.errors import SettingsError
from haven.faces import dashboard_of, port
from haven.settings import Web
from tests.e2e.house import settings_in
from tests.ports import unused_port
from tests.web.dashboard import PASSWORD, Dashboard, dashboard

SAFE, SECURE = "haven-session", "__Host-haven-session"
NAME = "haven.example.org"
PROXIED = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


async def certificate(folder: Path, *words: str) -> tuple[Path, Path]:
    """For localhost, signed by itself; and its key, made with such words ("-passout"...), else without a password."""
    if (program := shutil.which("openssl")) is None:
        pytest.skip("no openssl is here to make a certificate with: apt-get install openssl")
    folder.mkdir()
    made, key = folder / "cert.pem", folder / "key.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *(words or ("-nodes",)), "-days", "2")
    about = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    files = ("-out", str(made), "-keyout", str(key))
    process = await asyncio.create_subprocess_exec(
        program, "req", "-x509", *kind, *about, *files, stderr=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    return made, key


def owner_of(here: Dashboard) -> dict[str, str]:
    """What the first owner's form sends."""
    return {"code": here.accounts.first_code, "name": "Olga", "password": PASSWORD, "again": PASSWORD}


async def test_with_a_certificate_it_speaks_https_alone_and_the_cookie_is_this_hosts(tmp_path: Path) -> None:
    made, key = await certificate(tmp_path / "tls")
    place = Web(port=unused_port(), certificate=made, key=key)
    trusted = ssl.create_default_context(cafile=str(made))
    url = f"https://localhost:{place.port}"
    async with dashboard(tmp_path, web=place) as here, aiohttp.ClientSession() as session:
        async with session.post(f"{url}/begin", data=owner_of(here), ssl=trusted, allow_redirects=False) as answer:
            cookie = answer.cookies[SECURE]
            assert answer.status == 303 and SAFE not in answer.cookies
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (
                True,
                True,
                "Strict",
                "/",
            )
            assert (
                "domain" not in answer.headers["Set-Cookie"].lower()
                and "max-age" in answer.headers["Strict-Transport-Security"]
            )
        async with session.get(f"{url}/people", ssl=trusted) as answer:
            page = await answer.text()
            assert "Olga" in page and answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://localhost:{place.port}/")


async def test_a_certificate_that_does_not_fit_its_key_is_said(tmp_path: Path) -> None:
    made, _ = await certificate(tmp_path / "one")
    _, key = await certificate(tmp_path / "other")
    locked = await certificate(tmp_path / "locked", "-passout", "pass:a word that nobody is asked for")
    async with open_house(settings_in(tmp_path)) as house:
        shown = await dashboard_of(house)
        for cert, wrong in ((made, key), (made, tmp_path / "nowhere.pem"), locked):
            with pytest.raises(SettingsError, match="certificate of the dashboard can't be used"):
                await port(house, shown, Web(port=unused_port(), certificate=cert, key=wrong))
    with pytest.raises(ValueError, match="go together"):
        Web(port=8080, certificate=made)


async def test_a_trusted_proxy_is_believed_that_the_browser_came_by_https(tmp_path: Path) -> None:
    place = Web(port=unused_port(), names=(NAME,), trusted_proxies=("127.0.0.1",))
    async with dashboard(tmp_path, web=place) as here, aiohttp.ClientSession() as session:
        sent = {**PROXIED, "Origin": f"https://{NAME}"}
        form = owner_of(here)
        async with session.post(f"{here.url}/begin", data=form, headers=sent, allow_redirects=False) as answer:
            assert answer.status == 303 and answer.cookies[SECURE]["secure"]
            token = answer.cookies[SECURE].value
        for name, headers, status in ((SECURE, PROXIED, 200), (SAFE, PROXIED, 303), (SECURE, {"Host": NAME}, 303)):
            given = {**headers, "Cookie": f"{name}={token}"}
            async with session.get(f"{here.url}/people", headers=given, allow_redirects=False) as answer:
                assert answer.status == status, (name, headers)
        async with session.get(here.url, headers={**PROXIED, "Host": "elsewhere.example"}) as answer:
            assert answer.status == 403


async def test_nobody_else_is_believed_so_that_no_made_up_address_helps_to_guess(tmp_path: Path) -> None:
    place = Web(port=unused_port(), names=(NAME,))
    async with dashboard(tmp_path, web=place) as here, aiohttp.ClientSession() as session:
        async with session.post(
            f"{here.url}/begin", data=owner_of(here), headers=PROXIED, allow_redirects=False
        ) as got:
            assert SAFE in got.cookies and not got.cookies[SAFE]["secure"]
        assert await tried(here, session, range(1, 7)) == "Too many wrong passwords."


async def test_behind_a_trusted_proxy_one_address_that_guesses_locks_out_no_other(tmp_path: Path) -> None:
    place = Web(port=unused_port(), trusted_proxies=("127.0.0.0/8",))
    async with dashboard(tmp_path, web=place) as here, aiohttp.ClientSession() as session:
        await here.owner()
        assert "do not go together" in await tried(here, session, range(1, 7))
        assert await tried(here, session, [9] * 6) == "Too many wrong passwords."
        spoofed = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        assert await one_try(here, session, spoofed) == "Too many wrong passwords.", "the proxy's own word counts"
        lines = CIMultiDict(("X-Forwarded-For", one) for one in ("198.51.100.7", "203.0.113.9"))
        assert await one_try(here, session, lines) == "Too many wrong passwords.", "also in a line of its own"


async def tried(here: Dashboard, session: aiohttp.ClientSession, ends: range | list[int]) -> str:
    """What the last of these tries is told, each said to come from 203.0.113.END."""
    said = ""
    for end in ends:
        said = await one_try(here, session, {"X-Forwarded-For": f"203.0.113.{end}"})
    return said


async def one_try(here: Dashboard, session: aiohttp.ClientSession, headers: Mapping[str, str]) -> str:
    form = {"name": "Nobody", "password": "something else"}
    async with session.post(f"{here.url}/enter", data=form, headers=headers) as answer:
        assert answer.status == 403
        return (await answer.text()).partition("<h1>")[2].partition("</h1>")[0]
