"""The decisions about a change on the web: each for what stood on the page, and what an approval takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from haven.access import Role
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction
from tests.web.dashboard import PASSWORD, Dashboard
from tests.web.furnished import ADA, GREEN, furnished, in_review

RED = GREEN | {"classes": {"t.py::test_a": "regressed"}, "green": False, "one_line": "1 regressed"}
RISKY = {"pyproject.toml": "[project]\nname = 'atlas'\ndependencies = ['left-pad']\n"}


async def seen(here: Dashboard, change: Change) -> dict[str, Any]:
    """What the page's form holds of the round that is shown."""
    review = await here.house.changes.review(change.id)
    return {"round": review.round, "commit": review.commit}


async def set_to(here: Dashboard, change: Change, **fields: object) -> None:
    await here.house.database.write(lambda tx: table.update(tx, change.id, **fields))


async def state_of(here: Dashboard, change: Change) -> str:
    return (await here.house.changes.get(change.id)).state


async def another_round(here: Dashboard, change: Change, text: str = "one = 1\n") -> None:
    """A second round of it, as if a tweak had been worked in."""
    repository, house = here.house.repository, here.house
    assert repository is not None
    first = (await table.rounds(house.database, change.id))[0].commit_id
    tree = await repository.worktree(change.id, f"haven/change-{change.id}-shown", first)
    (tree / "atlas" / "extra.py").write_text(text)
    commit = await repository.commit(tree, "again")

    async def work(tx: Transaction) -> None:
        await table.insert_round(tx, change.id, 2, "tweak", "add one", parent=first)
        await table.update_round(tx, change.id, 2, commit_id=commit, tests=GREEN)
        await table.update(tx, change.id, round=2)

    await house.database.write(work)


async def test_an_approval_takes_the_pin_and_what_the_core_says_for_exactly_this_commit(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        owner = await here.owner()
        page = await owner.get(f"/changes/{change.id}")
        fields = await seen(here, change)
        assert f'name="commit" value="{fields["commit"]}"' in page.html and "Approve round 1" in page.text
        wrong = await owner.post(f"/changes/{change.id}/approve", **fields, pin="not it at all")
        assert wrong.status == 403 and await state_of(here, change) == "review"
        stale = await owner.post(f"/changes/{change.id}/approve", round=1, commit="0" * 40, pin=PASSWORD)
        assert stale.status == 409 and "not at the one that was looked at" in stale.text
        other = await owner.post(f"/changes/{change.id}/approve", round=2, commit=fields["commit"], pin=PASSWORD)
        assert other.status == 409 and await state_of(here, change) == "review"
        done = await owner.post(f"/changes/{change.id}/approve", **fields, pin=PASSWORD)
        assert "is approved" in done.text and await state_of(here, change) in {
            "merging",
            "merged",
            "waiting",
            "testing",
        }

        red = await in_review(here.house, "Break it", {"atlas/break.py": "x = 1\n"}, tests=RED)
        fields = await seen(here, red)
        assert f"type its id: {red.id}" in (await owner.get(f"/changes/{red.id}")).text
        refused = await owner.post(f"/changes/{red.id}/approve", **fields, pin=PASSWORD, confirm="two taps")
        assert refused.status == 400 and await state_of(here, red) == "review"

        risky = await in_review(here.house, "Depend on more", RISKY)
        fields = await seen(here, risky)
        assert "Merge it all the same? Look twice" in (await owner.get(f"/changes/{risky.id}")).text
        refused = await owner.post(f"/changes/{risky.id}/approve", **fields, pin=PASSWORD)
        assert refused.status == 400 and "second time" in refused.text
        await owner.post(f"/changes/{risky.id}/approve", **fields, pin=PASSWORD, confirm="two taps")
        assert await state_of(here, risky) != "review"


async def test_where_risk_takes_two_people_the_first_one_is_told_so(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, _):
        object.__setattr__(here.house.settings.changes, "two_people_for_risk", True)
        change = await in_review(here.house, "Depend on more", RISKY)
        owner, rena = await here.owner(), await here.person("Rena", Role.REVIEWER)
        assert "(0 of 2 people)" in (await owner.get(f"/changes/{change.id}")).text
        fields = {**await seen(here, change), "pin": PASSWORD, "confirm": "two taps"}
        first = await owner.post(f"/changes/{change.id}/approve", **fields)
        assert "Olga approved this commit" in first.text and "1 more approval by another person" in first.text
        assert await state_of(here, change) == "review"
        assert "(1 of 2 people)" in (await rena.get(f"/changes/{change.id}")).text
        assert "is approved" in (await rena.post(f"/changes/{change.id}/approve", **fields)).text


async def test_a_remark_on_a_line_becomes_the_tweak_and_a_rejection_closes_it(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        rena = await here.person("Rena", Role.REVIEWER)
        wrong = await rena.post(f"/changes/{change.id}/tweak", round=1, words="less", at="atlas/glyphs.py:99")
        assert wrong.status == 400 and "99 is none of them" in wrong.text
        sent = await rena.post(f"/changes/{change.id}/tweak", round=1, words="thrice", at="atlas/glyphs.py:2")
        assert "goes into another round" in sent.text
        rounds = await table.rounds(here.house.database, change.id)
        assert rounds[1].instruction == "In atlas/glyphs.py, line 2, which reads `return 2 * size`:\nthrice"
        assert (await rena.post(f"/changes/{change.id}/tweak", round=2)).status in {400, 409}
        late = await rena.post(f"/changes/{change.id}/tweak", round=1, words="again")
        assert late.status == 409
        second = await in_review(here.house, "Another", {"atlas/b.py": "b = 1\nc = 2\n"})
        remarks = {"remark-1-at": "atlas/b.py:1", "remark-1-words": "two", "remark-2-at": "atlas/b.py:2"}
        both = await rena.post(
            f"/changes/{second.id}/tweak", round=1, words="", **remarks, **{"remark-2-words": "three"}
        )
        assert "goes into another round" in both.text
        said = (await table.rounds(here.house.database, second.id))[1].instruction
        assert "line 1, which reads `b = 1`:\ntwo" in said and "line 2, which reads `c = 2`:\nthree" in said
        second = await in_review(here.house, "A third", {"atlas/d.py": "d = 1\n"})
        assert (await rena.post(f"/changes/{second.id}/reject", round="one", why="no")).status == 400
        gone = await rena.post(f"/changes/{second.id}/reject", round=1, why="Not <i>now</i>")
        assert "is rejected" in gone.text and "Not <i>now</i>" in gone.text and "<i>now" not in gone.html
        assert await state_of(here, second) == "rejected"


async def test_rounds_are_compared_and_gone_back_to(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        await another_round(here, change)
        rena = await here.person("Rena", Role.REVIEWER)
        page = await rena.get(f"/changes/{change.id}")
        assert f"/changes/{change.id}/rounds/1/2" in page.html and "Go back to 1" in page.text
        pair = await rena.get(f"/changes/{change.id}/rounds/1/2")
        assert "atlas/extra.py" in pair.text and "one = 1" in pair.text and "glyphs.py" not in pair.text
        assert (await rena.get(f"/changes/{change.id}/rounds/1/7")).status == 404
        back = await rena.post(f"/changes/{change.id}/back", round=2, to=1)
        assert "shows round 1 again" in back.text
        assert (await here.house.changes.get(change.id)).round == 1


async def test_what_the_one_who_asked_may_do_and_what_nobody_else_may(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        member = await here.person("Mika", Role.MEMBER)
        page = await member.get(f"/changes/{change.id}")
        assert "nothing here for you to decide" in page.text
        for act, more in (("approve", {"commit": "x"}), ("tweak", {"words": "less"}), ("undo", {}), ("reject", {})):
            assert (await member.post(f"/changes/{change.id}/{act}", round=1, **more)).status == 403
        asked = await member.post("/changes/new", kind="docs", text="Tell more")
        mika = (await here.house.changes.get(asked.path.rpartition("/")[2])).requester
        own = await in_review(here.house, "Mine", {"atlas/m.py": "m = 1\n"}, by=replace(ADA, id=mika, name="Mika"))
        page = await member.get(f"/changes/{own.id}")
        assert "Send the tweak" in page.text and "Approve round" not in page.text
        sent = await member.post(f"/changes/{own.id}/tweak", round=1, words="more")
        assert "goes into another round" in sent.text


async def test_a_plan_is_accepted_changed_or_skipped_as_it_was_read(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, first):
        second = await in_review(here.house, "Another", {"atlas/b.py": "b = 1\n"})
        plan = {"written": {"steps": ["First look, then draw."], "files": [], "risks": []}}
        for one in (first, second):
            await set_to(here, one, state="awaiting plan", plan=plan)
        rena = await here.person("Rena", Role.REVIEWER)
        page = await rena.get(f"/changes/{first.id}")
        assert "First look, then draw." in page.text and "Skip the plan" in page.text
        other = await rena.post(f"/changes/{first.id}/plan", round=1, plan="other")
        assert other.status == 409 and "another one by now" in other.text
        seen_plan = (await here.house.changes.review(first.id)).plan_id
        skipped = await rena.post(f"/changes/{first.id}/skip", round=1, plan=seen_plan)
        assert "without the plan" in skipped.text
        again = await rena.post(f"/changes/{second.id}/tweak", round=1, words="Draw first")
        assert "is planned again" in again.text


async def test_what_rests_is_tried_again_withdrawn_or_undone(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        owner = await here.owner()
        await set_to(here, change, state="failed", reason="It went <u>wrong</u>.")
        page = await owner.get(f"/changes/{change.id}")
        assert "It went <u>wrong</u>." in page.text and "Withdraw it" in page.text and "Stop the work" not in page.text
        assert "is cancelled" in (await owner.post(f"/changes/{change.id}/withdraw", round=1)).text
        merged = await in_review(here.house, "Another", {"atlas/b.py": "b = 1\n"})
        await set_to(here, merged, state="merged")
        assert "Undo change" in (await owner.get(f"/changes/{merged.id}")).text
        once = await owner.post(f"/changes/{merged.id}/undo", round=1, pin=PASSWORD)
        assert once.status == 400 and "second time" in once.text
        undo = await owner.post(f"/changes/{merged.id}/undo", round=1, pin=PASSWORD, confirm="two taps")
        assert undo.path != f"/changes/{merged.id}" and f"takes back {merged.id}" in undo.text
