"""A plan before edits: when there is one, what a person reads, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from haven.ai.judging.classify import classify
from haven.ai.task import Complexity, Task, Turn
from haven.changes.rounds import plan
from haven.changes.states import State
from haven.demo.stand_in import Fault, FaultKind
from tests.changes import sources
from tests.e2e.branching import GREEN, PLAN, WISH, again, asked, becomes, small_house
from tests.e2e.house import MEMBER, Home

HARD = (
    "Refactor the whole viewer into a plugin architecture with a registry, lazy loading, a migration of the settings"
    " that people have now, and tests for each plugin"
)


async def planned(home: Home, text: str = WISH) -> Any:
    """A change for the request, at its plan, or past it: asked for edits."""
    return await home.rest(await home.ask_for(text), State.TESTING)


@pytest.mark.sandbox
async def test_only_what_is_complex_is_planned_first(tmp_path: Path) -> None:
    async with small_house(tmp_path, PLAN, changes={"plan_first": "complex"}) as home:
        hard = await planned(home, HARD)
        assert hard.state == State.AWAITING_PLAN and len(asked(home)) == 1, "one cheap call, for the plan"
    async with small_house(tmp_path / "easy", becomes(GREEN), changes={"plan_first": "complex"}) as home:
        assert (await planned(home, "Fix the typo in light.py")).state == State.TESTING


PLAIN = (
    "Add a button in the map viewer to export the current map as PNG",
    "Sort the systems by name",
    "Add a test for the parser",
    "Document the map viewer",
    "Fix the zoom of the map viewer",
    "Add a --version flag",
    "Add a docstring to brightness",
    "Make the legend's text larger",
)


@pytest.mark.parametrize("text", PLAIN)
def test_without_any_model_what_is_plain_is_not_taken_for_complex(text: str) -> None:
    judged = classify(Task("edits", (Turn("user", text),), MEMBER, "edits"))
    assert not (judged.sure and judged.complexity is Complexity.COMPLEX), judged


@pytest.mark.sandbox
@pytest.mark.parametrize(("owner", "project", "waits"), [("never", "always", True), ("always", "never", False)])
async def test_a_projects_own_wish_comes_before_the_owners(
    tmp_path: Path, owner: str, project: str, waits: bool
) -> None:
    reply = PLAN if waits else becomes(GREEN)
    async with small_house(tmp_path, reply, changes={"plan_first": owner}) as home:
        sources.commit(home.project, {".haven/project.toml": f'plan_first = "{project}"\n'})
        change = await planned(home)
        assert (change.state == State.AWAITING_PLAN) is waits, change.reason


@pytest.mark.sandbox
async def test_the_price_alone_is_said_before_any_model_is_asked(tmp_path: Path) -> None:
    async with small_house(tmp_path, changes={"plan_first": "price"}, per_change_usd=0.75) as home:
        change = await planned(home)
        assert change.state == State.AWAITING_PLAN and home.stand_in.requests == []
        said = plan.in_words(change.plan)
        assert "light.py" in said and "held below 0.75 USD" in said and "up to 3 rounds" in said


@pytest.mark.sandbox
async def test_what_waits_for_its_test_environment_pays_for_no_plan_meanwhile(tmp_path: Path) -> None:
    async with small_house(tmp_path, PLAN, changes={"plan_first": "always"}) as home:
        wishes = {".haven/project.toml": 'requirements = "needs.txt"\n', "needs.txt": "attrs==24.2.0\n"}
        sources.commit(home.project, wishes)
        change = await home.rest(await home.ask_for(WISH), State.WAITING)
        assert "nobody has allowed it yet" in change.reason
        assert (await again(home, change)).state == State.WAITING
        assert home.stand_in.requests == []


@pytest.mark.sandbox
async def test_where_no_plan_can_be_written_a_person_may_go_on_all_the_same(tmp_path: Path) -> None:
    refused = Fault(FaultKind.REFUSAL)
    async with small_house(
        tmp_path, becomes(GREEN), faults=[refused, refused], changes={"plan_first": "always"}
    ) as home:
        change = await planned(home)
        assert change.state == State.AWAITING_PLAN
        assert "No plan could be written: Claude refused" in plan.in_words(change.plan)
        await home.approve(change)
        change = await home.rest(change)
        assert change.state == State.REVIEW, change.reason


def test_a_plan_is_held_to_its_limits_whatever_a_model_wrote() -> None:
    wild = {"steps": ["Do\nthis  " + "x" * 900, "", 7, *["more"] * 20], "files": "all", "risk": None}
    found = plan.written(wild)
    assert len(found["steps"]) <= plan.MAX_STEPS and max(map(len, found["steps"])) <= 240
    assert found["steps"][0].startswith("Do this x") and found["files"] == []
    nothings: list[object] = [None, [], "words", {"steps": None}]
    for nothing in nothings:
        assert plan.written(nothing) == {"steps": [], "files": [], "risk": ""}


def test_the_model_follows_the_plan_and_what_a_person_said_of_it_unless_it_was_skipped() -> None:
    kept = {
        "written": {"steps": ["Add a flag.", "Test it."], "files": ["a.py"], "risk": "None."},
        "wishes": ["no flag"],
    }
    told = plan.for_the_model(kept)
    assert "1. Add a flag." in told and "Files: a.py" in told and "no flag" in told
    assert plan.for_the_model({**kept, "skipped": True}) == "" == plan.for_the_model({"files": [{"path": "a.py"}]})
