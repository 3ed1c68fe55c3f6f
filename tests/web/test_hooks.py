"""Webhooks in: a signed request becomes a change of a member's, and nothing else becomes anything."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from haven.app import House, open_house, run
from haven.faces import faces_of
from haven.settings import Sender, Web, Webhooks
from haven.store.database import now
from haven.webhooks.outbox import send_once
from haven.webhooks.signing import key_of, new_secret, signed
from tests.ai.servers.loopback import Answer, Loopback
from tests.e2e.copies import sample_project
from tests.e2e.house import settings_in
from tests.ports import unused_port
from tests.web.test_port import told
from web.hooks import Hooks
from web.server import serve

SECRETS = {"forge": new_secret(), "other": new_secret()}
KEYS = {name: key_of(name, SECRETS.get) for name in SECRETS}
WISH = {"kind": "feature", "text": "Add a button to export the map as PNG"}


async def test_a_signed_request_is_a_members_change_and_all_else_is_refused(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert settings.project.repository is not None
    await sample_project(settings.project.repository)
    senders = (Sender(name="forge", secret="forge", per_hour=2), Sender(name="other", secret="other", per_hour=50))
    async with open_house(settings) as house, aiohttp.ClientSession() as session:
        hooks = Hooks(Webhooks(senders=senders), SECRETS.get, house.round_table.propose, house.database)
        place, listening = Web(port=unused_port()), asyncio.get_running_loop().create_future()
        never: Any = lambda: asyncio.sleep(0)  # noqa: E731
        port = asyncio.create_task(serve(place, never, never, lambda: "", listening.set_result, hooks))
        await asyncio.wait([port, listening], return_when=asyncio.FIRST_COMPLETED)
        assert not port.done(), port
        url = f"{listening.result()}/hooks/change"

        async def post(
            body: bytes | dict[str, str], id: str, *, by: str = "forge", at: float | None = None, **more: str
        ) -> tuple[int, dict[str, Any]]:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            head = signed(KEYS[by], id, now() if at is None else at, raw) | more
            async with session.post(url, data=raw, headers=head) as answer:
                is_json = answer.content_type == "application/json"
                return answer.status, await answer.json() if is_json else {}

        try:
            await _refuses(post, house)
            await _takes(post, house)
        finally:
            port.cancel()
            await asyncio.wait([port])


async def _refuses(post: Any, house: House) -> None:
    assert (await post(WISH, "old", at=now() - 400))[0] == 401
    assert (await post(WISH, "new", **{"webhook-signature": "v1,AAAA"}))[0] == 401
    assert (await post(WISH, "new", **{"webhook-id": "another"}))[0] == 401
    status, said = await post(WISH, "a.b")
    assert status == 401 and "signature" in said["error"]
    assert (await post(b"{" + b" " * 65_536 + b"}", "large"))[0] == 413
    for wrong in (b"not json", b"[]", b"\xff", {}, {**WISH, "kind": "deploy"}, {**WISH, "text": ""}, {"text": "x"}):
        assert (await post(wrong, "wrong"))[0] == 400
    status, said = await post({**WISH, "role": "owner"}, "wrong")
    assert status == 400 and said["error"].startswith("role: there is no such setting")
    assert (await post({**WISH, "log": "Traceback"}, "wrong"))[0] == 400  # a log goes with a fix
    flood = [await post(WISH, f"n{number}", **{"webhook-signature": "v1,AAAA"}) for number in range(40)]
    assert {status for status, _ in flood} == {401} and "" in {said["error_id"] for _, said in flood}, "nor in the log"
    assert await house.changes.list() == []


async def _takes(post: Any, house: House) -> None:
    status, said = await post(WISH, "one")
    change = await house.changes.get(said["id"])
    assert status == 202 and said["state"] == change.state == "queued"
    assert (change.requester, change.requester_name, change.face) == ("hook:forge", "forge", "web")
    assert await post(WISH, "one") == (202, {"id": change.id, "state": "queued"})  # its answer was lost on the way
    again, told = await post({**WISH, "text": "Something else"}, "one")
    assert again == 409 and change.id in told["error"]
    fix = {**WISH, "kind": "fix", "log": "KeyError: 'x'"}
    twice = await asyncio.gather(post(fix, "two"), post(fix, "two"))
    assert twice[0] == twice[1] and twice[0][0] == 202
    status, said = await post(WISH, "three")
    assert status == 429 and "2 changes within an hour" in said["error"]
    assert (await post(WISH, "one", by="other"))[0] == 202  # another sender's ids and changes are its own
    assert len(await house.changes.list()) == 3
    several = [await post(WISH, f"more-{number}", by="other") for number in range(10)]
    assert [status for status, _ in several] == [202] * 9 + [429], "no 409: the same may be sent again later"
    assert "under way already" in several[-1][1]["error"]


async def test_a_house_tells_and_takes_what_its_settings_name(tmp_path: Path) -> None:
    async with Loopback(Answer(status=202)) as far, aiohttp.ClientSession() as session:
        hooks = Webhooks(url=far.url, at_home=True, senders=(Sender(name="forge", secret="forge"),))
        place = Web(port=unused_port())
        settings = settings_in(tmp_path).model_copy(update={"web": place, "webhooks": hooks})
        assert settings.project.repository is not None
        await sample_project(settings.project.repository)
        settings.write_secret("webhook", SECRETS["other"])
        settings.write_secret("forge", SECRETS["forge"])
        assert (await send_once(settings, "test")).well and far.asked[0].body["data"]["id"] == "test"
        async with open_house(settings) as house:
            work = asyncio.create_task(run(house, faces_of(house, asyncio.Event())))
            try:
                assert "/hooks/change for those who sign" in await told(house, "Web")
                assert await told(house, "Webhooks") == "ok: events are told to 127.0.0.1"
                raw = json.dumps(WISH).encode()
                head = signed(KEYS["forge"], "first", now(), raw)
                async with session.post(
                    f"http://127.0.0.1:{place.port}/hooks/change", data=raw, headers=head
                ) as answer:
                    id = (await answer.json())["id"]
                await far.asked_times(2)  # that it is queued goes out again, signed by the other secret
                assert far.asked[1].body["type"] == "change.state" and far.asked[1].body["data"]["id"] == id
            finally:
                work.cancel()
                await asyncio.wait([work])
