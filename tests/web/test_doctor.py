"""`haven doctor` about the dashboard: off, closed, owned, in the way of another program, and its certificate."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.doctor.dashboard import dashboard
from haven.settings import Settings, Web
from tests.e2e.house import settings_in
from tests.ports import unused_port
from tests.web.test_port import running, told
from tests.web.test_secure import certificate
from web.accounts import Accounts


def with_port(settings: Settings, place: Web) -> Settings:
    return settings.model_copy(update={"web": place})


async def said(settings: Settings) -> list[tuple[bool | None, str]]:
    found = await dashboard(settings)
    return [(ok, sentence) for ok, sentence, *_ in (found if isinstance(found, list) else [found])]


async def test_it_is_off_or_has_no_owner_or_another_program_is_there(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert await said(settings) == [(None, "Off: web.port is 0.")]
    place = Web(port=unused_port(), host="0.0.0.0")
    [(plain, over_http), (none, no_owner)] = await said(with_port(settings, place))
    assert (plain, none) == (None, None) and "over http" in over_http and "no owner yet" in no_owner

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n<h1>A printer</h1>")
        writer.close()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        taken = Web(port=server.sockets[0].getsockname()[1])
        [(ok, sentence), _] = await said(with_port(settings, taken))
        assert ok is False and f":{taken.port} does not answer as Haven" in sentence


async def test_a_running_one_answers_and_tells_its_owner(tmp_path: Path) -> None:
    place = Web(port=unused_port())
    async with running(tmp_path, place) as (house, _):
        await told(house, "Web")
        [(ok, sentence)] = await said(house.settings)
        assert ok is None and "no owner yet" in sentence
        accounts = Accounts(house.database)
        await accounts.begin()
        await accounts.become_owner(accounts.first_code, "Olga", "blue moon over Oculi", "here")
        [(ok, sentence)] = await said(house.settings)
        assert ok is True and f"http://127.0.0.1:{place.port}: dashboard and figures." in sentence
        assert "It has an owner" in sentence and "It answers" in sentence
        elsewhere = with_port(house.settings, Web(port=unused_port()))
        [(ok, sentence)] = await said(elsewhere)
        assert ok is False and "nothing answers at" in sentence


async def test_it_is_looked_for_where_it_listens(tmp_path: Path) -> None:
    lan = with_port(settings_in(tmp_path / "lan"), Web(port=unused_port(), host="192.0.2.7"))
    [(plain, over_http), (none, _)] = await said(lan)
    assert (plain, none) == (None, None) and "over http" in over_http
    place = Web(port=unused_port(), host="::")
    async with running(tmp_path, place) as (house, _):
        await told(house, "Web")
        [(_, over_http), (_, no_owner)] = await said(house.settings)
        assert "over http" in over_http and "no owner yet" in no_owner, "this machine reaches it, and nothing is wrong"
        behind = with_port(house.settings, place.model_copy(update={"host": "192.0.2.7"}))
        assert [ok for ok, _ in await said(behind)] == [None, None], "at this machine's own address till it has one"


async def test_the_end_of_its_certificate_is_told_before(tmp_path: Path) -> None:
    made, key = await certificate(tmp_path / "one")
    _, other = await certificate(tmp_path / "other")
    settings = with_port(settings_in(tmp_path), Web(port=unused_port(), certificate=made, key=key))
    [(ok, sentence), _] = await said(settings)
    assert ok is False and sentence == "The certificate ends in 1 day."
    for wrong in (other, tmp_path / "nowhere.pem"):
        place = settings.web.model_copy(update={"key": wrong})
        [(ok, sentence), _] = await said(with_port(settings, place))
        assert ok is False and "can't be used" in sentence
