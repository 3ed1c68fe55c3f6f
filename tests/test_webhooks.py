"""Webhooks out: signed as the standard says, in order, at least once, over restarts, with nothing private in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

from haven import doctor
from haven.errors import AccessDenied, SettingsError
from haven.events import Bus
from haven.settings import Settings, Told, Webhooks, parse
from haven.store import events, notes
from haven.store.database import Database, now, opened
from haven.webhooks.outbox import Outbox
from haven.webhooks.signing import ID, SIGNATURE, TIMESTAMP, key_of, new_secret, sender_of, signed
from haven.webhooks.telling import FIELDS
from tests.ai.servers.loopback import Answer, Asked, End, Loopback

SECRET = new_secret()
KEY = key_of("webhook", lambda name: SECRET)
OK, DOWN, BROKEN = Answer(status=202), Answer(status=503), Answer(end=End.DROPPED)
AT_ONCE = (0.0, 0.0)
Note = Callable[[str, str], None]


@asynccontextmanager
async def telling(
    folder: Path, url: str, note: Callable[[str, str], None] | None = None, **more: Any
) -> AsyncIterator[Database]:
    """A bus and an outbox that run, as in a house that was just started."""
    async with opened(folder / "haven.db") as database:
        bus = Bus(database)
        await bus.start()
        wanted = Webhooks(url=url, at_home=True, **more)
        begun = asyncio.Event()
        database.on_commit(begun.set)
        box = Outbox(database, bus, wanted, lambda name: SECRET, note or (lambda text, level: None), AT_ONCE)
        running = [asyncio.create_task(bus.run()), asyncio.create_task(box.run())]
        if await notes.get(database, box._told) is None:
            await begun.wait()  # it stands at the newest event before anything is told
        try:
            yield database
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)


async def tell(database: Database, subject: str, kind: str = "change.state", /, **data: Any) -> None:
    await database.write(lambda tx: events.record(tx, kind, subject, "discord:174800000000000001", **data))


def headers(asked: Asked) -> dict[str, str]:
    lines = (line.partition(": ") for line in asked.head.split("\r\n") if line)
    return {name.lower(): value for name, _, value in lines}


def told(server: Loopback) -> list[str]:
    return [one.body["data"]["id"] for one in server.asked]


async def until(server: Loopback, subject: str) -> list[str]:
    """Wait for that one; what came, each once: the last one before a restart may come again after it."""
    while subject not in told(server):
        await server.asked_times(len(server.asked) + 1)
    return list(dict.fromkeys(told(server)))


def test_a_signature_is_that_of_the_standard_and_of_nothing_else() -> None:
    key = key_of("x", lambda name: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    id, at, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.0, b'{"test": 2432232314}'
    good = signed(key, id, at, body)
    assert good[SIGNATURE] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # the standard's own example
    assert sender_of({"a": KEY, "b": key}, good, body, at + 299) == "b"
    two = good | {SIGNATURE: f"v1a,xyz v1,AAAA {good[SIGNATURE]}"}  # while secrets are changed
    assert sender_of({"b": key}, two, body, at) == "b"
    for wrong, text, when in [
        (good, body, at + 301),
        (good, body, at - 301),
        (good, body + b" ", at),
        (good | {ID: "msg_other"}, body, at),
        (good | {TIMESTAMP: "1614265331"}, body, at),
        (good | {TIMESTAMP: "soon"}, body, at),
        (good | {SIGNATURE: good[SIGNATURE].removeprefix("v1,")}, body, at),
        (good | {SIGNATURE: "v1,\udce4\u00e4"}, body, at),
        ({}, body, at),
        (signed(key, "a.b", at, body), body, at),
    ]:
        with pytest.raises(AccessDenied):
            sender_of({"b": key}, wrong, text, when)
    for bad in (None, "whsec_", "whsec_short", "whsec_" + "A" * 100, "whsec_ä"):
        with pytest.raises(SettingsError, match="secret 'x'"):
            key_of("x", lambda name, bad=bad: bad)  # type: ignore[misc]


async def test_events_are_told_in_order_until_they_are_taken_and_over_restarts(tmp_path: Path) -> None:
    moved = Answer(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    async with Loopback(BROKEN, moved, DOWN, OK) as server:
        url = f"{server.url}/in"
        async with telling(tmp_path, url) as database:
            await tell(database, "first", state="queued")
            await tell(database, "no", "watch.found")
            await tell(database, "second", state="review")
            await server.asked_times(5)
            # dropped, sent elsewhere, out of order: the first one comes again, with the same id, before the second
            assert told(server) == ["first", "first", "first", "first", "second"]
            assert {one.path for one in server.asked} == {"/in"}
            assert len({headers(one)[ID] for one in server.asked}) == 2
            for one in server.asked:
                text = json.dumps(one.body, separators=(",", ":")).encode()
                assert sender_of({"haven": KEY}, headers(one), text, now()) == "haven"
        async with opened(tmp_path / "haven.db") as database:
            await tell(database, "while it was down")
        async with telling(tmp_path, url) as database:
            await tell(database, "third")
            assert await until(server, "third") == ["first", "second", "while it was down", "third"]
        async with telling(tmp_path, f"{server.url}/another") as database:
            await tell(database, "fourth")
            await until(server, "fourth")
            assert [one.body["data"]["id"] for one in server.asked if one.path == "/another"] == ["fourth"]


async def test_what_is_refused_is_passed_over_and_who_wants_no_more_is_left_alone(tmp_path: Path) -> None:
    refused, over = Answer(status=422), asyncio.Event()

    def note(text: str, level: str) -> None:
        if "no more" in text:
            over.set()

    async with Loopback(refused, refused, refused, OK, Answer(status=410), OK) as server:
        async with telling(tmp_path, server.url, note) as database:
            for subject in ("odd", "good", "last", "never"):
                await tell(database, subject)
            await server.asked_times(5)
            await over.wait()
            assert told(server) == ["odd", "odd", "odd", "good", "last"]
        async with telling(tmp_path, server.url):
            assert await until(server, "never") == ["odd", "good", "last", "never"]
            assert told(server)[5:] == ["last", "never"]


async def test_only_what_is_named_leaves_without_people_and_secrets(tmp_path: Path) -> None:
    assert {*get_args(Told)} == {*FIELDS}
    token = "ghp_" + "a1B2" * 9
    async with Loopback(OK) as server:
        every: dict[str, Any] = {"kinds": get_args(Told)}
        async with telling(tmp_path, server.url, **every) as database:
            await tell(database, "a1b2c3", state="failed", reason="Mika stopped it.", title="private words", by="Mika")
            sections = [{"title": "Added", "lines": ["l"] * 900}, {"title": "By whom", "lines": ["Mika: 3 added"]}]
            await tell(database, "x" * 9_000, "digest.told", title="t" * 9_000, sections=sections)
            text = f"the key {token} of mika@example.org, asked by 174800000000000001"
            await tell(database, "disk", "alert.raised", text=text, level="note")
            await tell(database, "held", "answer.waiting", reason="private words")
            await tell(database, "draft1", "draft.approved", names=["Oculi"], by="Rena", proposer="discord:7")
            await server.asked_times(4)
        first, digest, alert, draft = (one.body for one in server.asked)
        assert first["type"] == "change.state" and first["data"]["id"] == "a1b2c3"
        assert (
            set(first["data"]) == {"id", "state"}
            and "the key" in alert["data"]["text"]
            and first["timestamp"].endswith("Z")
        )
        assert draft["data"] == {"id": "draft1", "names": ["Oculi"]}
        said = json.dumps([one.body for one in server.asked])
        assert not any(word in said for word in (token, "example.org", "174800", "Mika", "Rena", "private words"))
        assert len(json.dumps(digest)) < 20_000


@pytest.mark.parametrize(
    ("hooks", "wrong"),
    [
        ({"url": "http://example.org/in"}, "https"),
        ({"url": "http://example.org/in", "at_home": True}, "your own house"),
        ({"url": "http://192.168.0.7/in"}, "at_home"),
        ({"url": "https://me:pass@example.org"}, "no password"),
        ({"url": "ftp://example.org"}, "http"),
        ({"url": "https://example.org", "kinds": ["answer.answered"]}, "kinds"),
        ({"senders": [{"name": "Forge!", "secret": "a"}]}, "name"),
        ({"senders": [{"name": "a", "secret": "s"}, {"name": "b", "secret": "s"}]}, "of its own"),
        ({"url": "https://example.org", "senders": [{"name": "a", "secret": "webhook"}]}, "of its own"),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(hooks: dict[str, Any], wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong):
        parse({"webhooks": hooks})


async def test_doctor_names_the_missing_secret_and_the_port(own_folders: Path) -> None:
    async def found(settings: Settings) -> list[tuple[bool | None, str, str]]:
        return [(one.ok, one.sentence, one.mend) for one in await doctor.checks(settings) if one.name == "webhooks"]

    assert [ok for ok, *_ in await found(parse({}))] == [None]
    near = {"url": "http://127.0.0.1:9/in", "at_home": True, "senders": [{"name": "forge", "secret": "webhook_forge"}]}
    settings = parse({"webhooks": near})
    mends = [mend for _, _, mend in await found(settings)]
    assert mends == ["Make one: haven webhooks secret webhook", *mends[1:2], "Set web.port."]
    for name in ("webhook", "webhook_forge"):
        settings.write_secret(name, new_secret())
    ready = await found(parse({"webhooks": near, "web": {"port": 9310}}))
    assert ready == [(True, "3 kinds of events are told to 127.0.0.1:9; 1 sender may ask for changes.", "")]
