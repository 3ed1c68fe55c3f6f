"""What the pages decide, programs decide too: drafts, records, rounds, undo, and an answer that is being written."""

from __future__ import annotations

import asyncio
from pathlib import Path

from haven.access import Role
from haven.demo.stand_in import Fault, FaultKind
from haven.store import changes as table
from haven.world.fields import edited, made
from haven.world.schema import Kind
from tests.e2e.house import MEMBER, OWNER
from tests.web.furnished import furnished
from tests.web.programs import program, token_of
from tests.web.test_chat import chatting
from web.api.endpoint import Scope


async def test_drafts_are_read_and_decided_and_records_taken_back(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _):
        house = here.house
        reviewer, member = await here.person("Rena", Role.REVIEWER), await here.person("Mika", Role.MEMBER)
        [system] = await house.world.things(Kind.SYSTEM, limit=1)
        changed = await house.drafts.propose([edited(system, {"notes": "Seen twice"})], MEMBER, "submit", "I was there")
        new = await house.drafts.propose([made(Kind.SYSTEM, {"name": "Farlight"})], MEMBER, "submit")
        async with program(here, await token_of(member, Scope.READ, Scope.WORLD)) as api:
            drafts = (await api.get("/world/drafts")).data["drafts"]
            assert [one["id"] for one in drafts] == [changed.id, new.id] and drafts[1]["things"][0][
                "name"
            ] == "Farlight"
            assert (await api.post(f"/world/drafts/{new.id}/approve")).status == 403
            assert (await api.post(f"/world/drafts/{new.id}/reject")).status == 403, "it is somebody else's"
        async with program(here, await token_of(reviewer, Scope.READ)) as api:
            whole = (await api.get(f"/world/drafts/{changed.id}")).data
            [difference] = whole["changes"]
            assert (difference["field"], difference["after"], whole["reason"]) == ("notes", "Seen twice", "I was there")
            assert (await api.post(f"/world/drafts/{changed.id}/approve")).status == 403, "that takes its scope"
        async with program(here, await token_of(reviewer, Scope.READ, Scope.WORLD)) as api:
            approved = await api.post(f"/world/drafts/{changed.id}/approve")
            assert approved.data == {"id": changed.id, "state": "approved", "records": [system.id]}
            assert (await api.post(f"/world/drafts/{changed.id}/reject")).status == 409
            assert (await api.post(f"/world/drafts/{new.id}/reject", why="No star there")).data["state"] == "rejected"
            [rejected] = (await api.get("/world/drafts", state="rejected")).data["drafts"]
            assert (rejected["decided_by"], rejected["why"]) == ("Rena", "No star there")
            version = (await api.get(f"/world/records/{system.id}")).data["version"]
            undo = f"/world/records/{system.id}/undo"
            assert (await api.post(undo, seen=version - 1)).status == 409, "not over what came since"
            assert (await api.post(undo, seen=version)).data == {"id": system.id, "version": version + 1}
            assert (await api.get(f"/world/records/{system.id}")).data["record"]["notes"] == system.notes


async def test_a_change_goes_back_stops_and_is_undone(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        reviewer = await here.person("Rena", Role.REVIEWER)
        path = f"/changes/{change.id}"
        async with program(here, await token_of(reviewer, Scope.READ, Scope.REQUEST)) as api:
            assert (await api.post(f"{path}/stop")).status == 403, "others' changes take the scope to decide"
        async with program(here, await token_of(reviewer, Scope.READ, Scope.DECIDE)) as api:
            back = await api.post(f"{path}/back", round=1, to=1)
            assert back.status == 200 and "went back" in back.data["reason"]
            assert (await api.post(f"{path}/back", round=1, to=7)).status == 404
            assert (await api.post(f"{path}/stop")).status == 409, "nothing is under way"
            assert (await api.post(f"{path}/skip", round=1, plan="none")).status == 409
            assert (await api.post(f"{path}/retry", round=1)).status == 409
            assert (await api.post(f"{path}/undo", confirm="two taps")).status == 409, "it is not merged"
            waits = {"state": "waiting", "resume": "editing", "retry_at": 9e9, "reason": "No cloud."}
            await here.house.database.write(lambda tx: table.update(tx, change.id, **waits))
            assert (await api.post(f"{path}/stop")).status == 200
            assert (await here.house.changes.get(change.id)).stop.startswith("web:")
            await here.house.database.write(lambda tx: table.update(tx, change.id, state="merged"))
            assert (await api.post(f"{path}/undo")).status == 400, "it takes the second word"
            undone = await api.post(f"{path}/undo", confirm="two taps")
            assert undone.status == 201 and undone.data["undoes"] == change.id
            again = await api.post(f"{path}/undo", confirm="two taps")
            assert again.data["id"] == undone.data["id"]


async def test_an_answer_is_stopped_by_another_call_of_the_same_person_alone(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with chatting(tmp_path, hanging) as (here, _, owner):
        mika = await here.person("Mika", Role.MEMBER)
        ask = {"text": "Tell me of the night", "where": "cloud", "id": "ab" * 8}
        async with program(here, await token_of(owner, Scope.ASK)) as api:
            asked = asyncio.create_task(api.post("/questions", **ask))
            await hanging.reached.wait()
            async with program(here, await token_of(mika, Scope.ASK)) as other:
                assert (await other.post(f"/questions/{ask['id']}/stop")).status == 404
            assert (await api.post("/questions", **ask)).status == 409
            assert (await api.post(f"/questions/{ask['id']}/stop")).data == {"id": ask["id"]}
            answer = (await asked).data
            assert (answer["id"], answer["stopped"], answer["reply"]) == (ask["id"], True, None)
            assert (await api.post(f"/questions/{'cd' * 8}/stop")).status == 404
        async with program(here, await token_of(mika, Scope.ASK)) as other:
            assert (await other.post("/questions", **ask)).status == 409, "the id is of somebody else's request"
        said = await here.house.round_table.transcript.steps(OWNER, request=ask["id"])
        assert not {"Mika"} & {one.who for one in said}, "nobody speaks into it"
