"""`haven tasks`, and `haven ask` where the cloud is away, with the real command."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from haven.ai.models.registry import Registry
from haven.ai.task import Privacy, Task, Turn
from haven.app import open_house
from haven.commands.session import Plain, owner
from haven.commands.tasks import _benchmarked
from haven.demo.stand_in import Fault, FaultKind, StandIn
from haven.errors import CloudAway, Unavailable
from haven.performance import Measured
from haven.settings import load
from tests.e2e.command import at_terminal, configured, haven
from tests.e2e.house import MEMBER

QUESTION = "What is the Round Table?"
AWAY = Fault(FaultKind.RATE_LIMIT, retry_after_s=600)
CANARY = "the amulet of Zephyria"


async def held(home: Path, *, privacy: Privacy = Privacy.OPEN, retry: bool = True) -> str:
    """A request that waits for its decision, as a face leaves it."""
    task = Task("answer", (Turn("user", QUESTION),), owner(), "a test asks", words=QUESTION, privacy=privacy)
    async with open_house(load(home / "haven.toml")) as house:
        return (await house.waiting.hold(task, CloudAway(Unavailable("The cloud is away.", retry=retry)), {})).id


async def with_model(folder: Path, cloud: str) -> Path:
    home = await configured(folder, cloud, local=True)
    await Registry(home / "state").install("smollm2-135m")
    return home


async def test_how_hard_and_which_way_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"\nstand_in = true\nsmall_model = ""')
        judged, shown, way, said, private, wrong = await asyncio.gather(
            haven(home, "tasks", "classify", QUESTION, "--json"),
            haven(home, "tasks", "classify", QUESTION),
            haven(home, "tasks", "route", "--prompt", QUESTION, "--person", "discord:7", "--json"),
            haven(home, "tasks", "route", "--prompt", QUESTION, "--where", "cloud"),
            haven(home, "tasks", "route", "--prompt", QUESTION, "--private", "--json"),
            haven(home, "tasks", "route", "--prompt", QUESTION, "--kind", "nope"),
        )
        assert judged.data["complexity"] in ("simple", "medium", "complex") and 0 <= judged.data["score"] <= 1
        assert judged.data["reasons"] and judged.data["seconds"] < 60
        assert judged.data["complexity"] in shown.out and judged.data["reasons"][0] in shown.out
        assert (way.data["tier"], way.data["model"]) == ("cloud", "claude-sonnet-5-5")
        assert 0 < way.data["worst_usd"] < 0.1 and way.data["reasons"] and way.data["fallbacks"] == []
        assert "cloud: claude-sonnet-5-5, at most 0.0" in said.out and "the cloud was asked for" in said.out
        assert private.data["tier"] is None and "never leaves this house" in private.data["refused"]
        assert wrong.status == 1 and "There is no kind 'nope'" in wrong.err and "summary" in wrong.err
        assert stand_in.requests == []


async def test_no_way_is_told_for_what_ask_would_not_take(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    for text, says in (("", "The request is empty."), ("x" * 9_000, "9,000 characters; 8,000 is the most")):
        runs = await asyncio.gather(
            haven(home, "ask", text),
            haven(home, "tasks", "classify", text),
            haven(home, "tasks", "route", "--prompt", text),
        )
        assert [ran.status for ran in runs] == [1, 1, 1] and len({ran.err for ran in runs}) == 1
        assert says in runs[0].err
    nobody = await haven(home, "tasks", "route", "--prompt", QUESTION, "--person", "garbage")
    assert nobody.status == 1 and "no person's id" in nobody.err and "discord:7" in nobody.err


async def test_no_question_costs_more_than_its_way_says(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"\nstand_in = true\nsmall_model = ""')
        way = await haven(home, "tasks", "route", "--prompt", QUESTION, "--json")
        for assistant in ("sentinel", "cartographer", "scribe", "lorekeeper"):
            assert (await haven(home, "ask", QUESTION, "--assistant", assistant, "--json")).data["answered"]
        async with open_house(load(home / "haven.toml")) as house:
            reserved = await house.database.rows("SELECT worst_usd FROM ledger")
        assert reserved and all(0 < row["worst_usd"] <= way.data["worst_usd"] for row in reserved)


@pytest.mark.model
async def test_who_names_the_cloud_is_told_why_it_did_not_answer(tmp_path: Path) -> None:
    home = await with_model(tmp_path, "")
    named = await haven(home, "ask", QUESTION, "--where", "cloud")
    assert "local: smollm2-135m" in named.err and "instead of the cloud: No Claude key is set" in named.err
    assert "instead" not in (await haven(home, "ask", QUESTION)).err


async def test_what_waits_is_listed_shown_and_decided_once(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    assert (await haven(home, "tasks", "waiting")).out == "Nothing waits.\n"
    first, second = await held(home), await held(home)
    listed, table, shown, told = await asyncio.gather(
        haven(home, "tasks", "waiting", "--json"),
        haven(home, "tasks", "waiting"),
        haven(home, "tasks", "show", first),
        haven(home, "tasks", "show", second, "--json"),
    )
    assert {one["id"] for one in listed.data} == {first, second} and listed.data[0]["question"] == QUESTION
    assert first in table.out and QUESTION in table.out
    assert f"haven tasks decide {first} wait|local|cancel" in shown.out and "The cloud is away." in shown.out
    assert (told.data["state"], told.data["text"]) == ("asked", None)
    waits = await haven(home, "tasks", "decide", first, "wait", "--json")
    assert waits.status == 4 and waits.data["held"]["retry_at"] and not waits.data["answered"]
    later = await haven(home, "tasks", "show", first)
    assert "It is tried next at" in later.out and "goes on when it does: haven up" in later.err
    cancelled = await haven(home, "tasks", "decide", second, "cancel")
    assert cancelled.status == 0 and cancelled.out == "Cancelled.\n"
    again, missing = await asyncio.gather(
        haven(home, "tasks", "decide", second, "cancel"), haven(home, "tasks", "show", "nope")
    )
    assert again.status == 1 and "decided already" in again.err
    assert missing.status == 1 and "no waiting request nope" in missing.err


async def test_waiting_is_not_offered_where_it_can_not_help(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    id = await held(home, retry=False)
    shown, told = await asyncio.gather(haven(home, "tasks", "show", id), haven(home, "tasks", "show", id, "--json"))
    assert f"haven tasks decide {id} local|cancel" in shown.out and told.data["choices"] == ["local", "cancel"]


async def test_the_questions_of_others_are_not_on_the_list_of_a_member(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    await held(home)
    async with open_house(load(home / "haven.toml")) as house:
        assert await house.waiting.list(MEMBER) == []


async def test_a_thumb_for_what_is_not_there_is_refused(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    ran, wrong = await asyncio.gather(
        haven(home, "tasks", "thumb", "7", "up"), haven(home, "tasks", "thumb", "7", "sideways")
    )
    assert ran.status == 1 and "no such answer" in ran.err and wrong.status == 2


@pytest.mark.model
async def test_where_the_cloud_is_away_the_person_is_asked_or_has_answered_before(tmp_path: Path) -> None:
    async with StandIn([AWAY] * 10) as stand_in:
        cloud = f'base_url = "{stand_in.base_url}"\nstand_in = true\nsmall_model = ""\nbreaker_failures = 100'
        home = await with_model(tmp_path, cloud)
        words = ("ask", QUESTION, "--where", "cloud", "--assistant", "scribe")
        silent = await haven(home, *words)
        assert silent.status == 4 and "haven tasks decide" in silent.err and "wait|local|cancel" in silent.err
        told = await haven(home, *words, "--json")
        assert told.status == 4 and told.data["held"]["choices"] == ["wait", "local", "cancel"]
        local = await haven(home, *words, "--if-away", "local", "--json")
        assert local.status == 0 and local.data["tier"] == "local" and local.data["text"] and "held" not in local.data
        waits = await haven(home, *words, "--if-away", "wait")
        assert waits.status == 4 and "haven tasks show" in waits.err and "haven up" in waits.err
        cancelled = await haven(home, *words, "--if-away", "cancel")
        assert cancelled.status == 4 and "Cancelled." in cancelled.err
        states = [one["state"] for one in (await haven(home, "tasks", "waiting", "--json")).data]
        assert sorted(states) == ["asked", "asked", "cancelled", "cancelled", "waiting"]


@pytest.mark.model
async def test_at_a_terminal_the_person_is_asked_once(tmp_path: Path) -> None:
    async with StandIn([AWAY]) as stand_in:
        home = await with_model(tmp_path, f'base_url = "{stand_in.base_url}"\nstand_in = true\nsmall_model = ""')
        async with at_terminal(home, "ask", QUESTION, "--where", "cloud", "--assistant", "scribe") as terminal:
            await terminal.until("wait, local or cancel")
            terminal.type("local\r")
            await terminal.until("local: smollm2-135m")
            assert await terminal.ended() == 0


@pytest.mark.model
async def test_the_local_models_are_measured_and_a_private_set_stays_here(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await with_model(tmp_path, f'base_url = "{stand_in.base_url}"\nstand_in = true')
        runs = (await haven(home, "tasks", "benchmark", "--json")).data["smollm2-135m"]
        with (terminal := Plain()).capture() as shown:
            terminal.print(_benchmarked([Measured(**run) for run in runs]))
        assert "first token" in shown.get() and "diagram" in shown.get()
        assert {run["kind"] for run in runs} >= {"answer", "summary", "record", "code", "sql", "diagram", "story"}
        assert all(run["text"] and run["first_token_s"] > 0 and run["error"] == "" for run in runs)
        assert stand_in.requests == []
        metrics = await haven(home, "performance", "metrics", "--json")
        assert metrics.data["figures"] == [], "what is measured teaches nothing"
        unknown = await haven(home, "tasks", "benchmark", "nope")
        assert unknown.status == 1 and "no model called 'nope'" in unknown.err
