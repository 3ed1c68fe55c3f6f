"""Webhooks in: a signed request becomes a change of a member's, and nothing else becomes anything."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import unused_port

from haven.app import House, open_house
from haven.settings import Sender, Web, Webhooks
from haven.store.database import now
from haven.webhooks.signing import key_of, new_secret, signed
from tests.e2e.copies import sample_project
from tests.e2e.house import settings_in
from web.hooks import Hooks
from web.server import serve

SECRETS = {"forge": new_secret(), "other": new_secret()}
KEYS = {name: key_of(name, SECRETS.get) for name in SECRETS}
WISH = {"kind": "feature", "text": "Add a button to export the map as PNG"}


async def test_a_signed_request_is_a_members_change_and_all_else_is_refused(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert settings.project.repository is not None
    await sample_project(settings.project.repository)
    senders = (Sender(name="forge", secret="forge", per_hour=2), Sender(name="other", secret="other"))
    async with open_house(settings) as house, aiohttp.ClientSession() as session:
        hooks = Hooks(Webhooks(senders=senders), SECRETS.get, house.round_table.propose, house.database)
        place, listening = Web(port=unused_port()), asyncio.get_running_loop().create_future()
        never: Any = lambda: asyncio.sleep(0)  # noqa: E731
        port = asyncio.create_task(serve(place, never, never, listening.set_result, hooks))
        url = f"{await listening}/hooks/change"

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
    assert await house.changes.list() == []


async def _takes(post: Any, house: House) -> None:
    status, said = await post(WISH, "one")
    change = await house.changes.get(said["id"])
    assert status == 202 and said["state"] == change.state == "queued"
    assert (change.requester, change.requester_name, change.face) == ("hook:forge", "forge", "web")
    again, told = await post(WISH, "one")
    assert again == 409 and change.id in told["error"]
    assert (await post({**WISH, "kind": "fix", "log": "KeyError: 'x'"}, "two"))[0] == 202
    status, said = await post(WISH, "three")
    assert status == 429 and "2 changes within an hour" in said["error"]
    assert (await post(WISH, "one", by="other"))[0] == 202  # another sender's ids and changes are its own
    assert len(await house.changes.list()) == 3
