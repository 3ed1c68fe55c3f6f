"""The API as programs use it: what they see and do for their person, and what keeps them to it."""

from __future__ import annotations

from pathlib import Path

from haven.access import Role
from tests.web.dashboard import PASSWORD
from tests.web.furnished import furnished, in_review
from tests.web.programs import SECRET, program, token_of
from web.api.endpoint import Scope


async def test_a_program_reads_asks_and_decides_for_its_person_alone(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        reviewer, member = await here.person("Rena", Role.REVIEWER), await here.person("Mika", Role.MEMBER)
        all_of_them = await token_of(reviewer, *Scope)
        async with program(here, all_of_them) as api:
            status = (await api.get("/status")).data
            assert (status["name"], status["role"]) == ("Rena", "reviewer") and status["lines"]
            assert [one["id"] for one in (await api.get("/changes", state="review")).data["changes"]] == [change.id]
            assert (await api.get("/changes", state="merged")).data == {"changes": []}
            review = (await api.get(f"/changes/{change.id}/review")).data
            assert review["files"][0]["path"] == "atlas/glyphs.py" and review["confirm"] == "tap"
            hits = (await api.get("/world/search", words="Oculi", limit=3)).data["hits"]
            record = (await api.get(f"/world/records/{hits[0]['name']}")).data
            assert record["id"] == hits[0]["thing_id"] and record["record"]["name"] == hits[0]["name"]
            answer = (await api.post("/questions", text=f"What is the star of {hits[0]['name']}?", private=True)).data
            assert answer["reply"]["tier"] and answer["reply"]["text"] and not answer["held"]
            assert (await api.get("/costs", days=7)).data["today_usd"] == 0
            stale = await api.post(f"/changes/{change.id}/approve", round=1, commit="0" * 40)
            assert stale.status == 409 and "Look again" in stale.data["error"] and stale.data["error_id"]
            seen = {"round": review["round"], "commit": review["commit"]}
            approved = await api.post(f"/changes/{change.id}/approve", **seen)
            assert approved.status == 200 and approved.data["state"] == "merging"
        assert (await here.house.changes.get(change.id)).decided_by.startswith("web:")
        other = await in_review(here.house, "Draw a compass", {"atlas/compass.py": "NORTH = 0\n"})
        async with program(here, await token_of(reviewer, Scope.REQUEST)) as api:
            far = [await api.post(f"/changes/{other.id}/cancel")]
            far.append(await api.post(f"/changes/{other.id}/tweak", round=1, words="Draw it larger"))
            assert [one.status for one in far] == [403, 403], "others' changes take the scope to decide"
        async with program(here, await token_of(member, Scope.READ, Scope.REQUEST, Scope.ASK)) as api:
            assert (await api.post(f"/changes/{other.id}/reject", round=1)).status == 403
            wish = {"kind": "docs", "text": "Say in the README how a glyph is read", "key": "one"}
            asked = await api.post("/changes", **wish)
            assert asked.status == 201 and (await api.post("/changes", **wish)).data["id"] == asked.data["id"]
            again = await api.post("/changes", **(wish | {"text": "Something else"}))
            assert again.status == 409
            gone = await api.post(f"/changes/{asked.data['id']}/cancel")
            assert gone.data["state"] == "cancelled"


async def test_a_token_is_shown_once_and_does_what_its_scopes_say_until_it_is_taken_back(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        member = await here.person("Mika", Role.MEMBER)
        await member.get("/me/tokens")
        unsure = await member.post("/me/tokens", name="script", pin="something else", **{"scope-read": "yes"})
        assert unsure.status == 403
        too_far = await member.post("/me/tokens", name="script", pin=PASSWORD, **{"scope-decide": "yes"})
        assert too_far.status == 403
        token = await token_of(member, Scope.READ)
        page = await member.get("/me/tokens")
        assert "never used" in page.text and not SECRET.search(page.html)
        assert token not in str([tuple(row) for row in await here.house.database.rows("select * from api_token", ())])
        async with program(here, token) as api:
            assert (await api.get(f"/changes/{change.id}")).status == 200
            refused = await api.post("/questions", text="Who are you?")
            assert refused.status == 403 and "scope ask" in refused.data["error"]
            await member.post("/me/tokens/1/end")
            ended = await api.get("/status")
            assert ended.status == 401 and ended.headers["WWW-Authenticate"].startswith("Bearer")
        assert await here.house.database.rows("select * from api_token", ()) == []


async def test_what_is_no_call_is_refused_in_words_and_a_browsers_cookie_counts_for_nothing(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        owner = await here.owner()
        assert (await owner.get("/api/v1/status")).status == 401
        token = await token_of(owner, *Scope)
        assert (await owner.get(f"/api/v1/status?access_token={token}")).status == 401
        async with program(here, token) as api:
            odd: list[tuple[int, str, str, dict[str, object]]] = [
                (400, "GET", "/changes?state=purple", {}),
                (400, "GET", "/changes?unknown=1", {}),
                (400, "GET", "/changes?limit=1&limit=2", {}),
                (400, "POST", "/changes", {"json": {"kind": "docs"}}),
                (400, "POST", "/changes", {"data": b"\xff{", "headers": {"Content-Type": "application/json"}}),
                (415, "POST", "/changes", {"data": b"a=b", "headers": {"Content-Type": "text/plain"}}),
                (404, "GET", "/changes/ffffff", {}),
                (404, "GET", "/nowhere", {}),
                (405, "DELETE", f"/changes/{change.id}", {}),
                (413, "POST", "/questions", {"json": {"text": "x" * 300_000}}),
            ]
            for status, method, path, more in odd:
                said = await api.call(method, path, **more)
                assert said.status == status and said.data["error"], (path, said)
                assert {*said.data} == {"error", "error_id"} and said.headers["Cache-Control"] == "no-store"
            while (later := await api.get("/status")).status == 200:
                pass
            assert later.status == 429 and int(later.headers["Retry-After"]) >= 1
