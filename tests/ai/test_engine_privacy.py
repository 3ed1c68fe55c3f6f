"""Canaries: what must stay home is driven down every path, and the far end's own record is searched for it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistants.round_table import Request, RoundTable
from assistants.waiting import WaitingRoom
from haven.ai.kinds import KINDS as ALL_KINDS
from haven.ai.memory import Memory
from haven.ai.memory.cache import Cache
from haven.ai.memory.outcomes import Outcomes
from haven.ai.policy import Policy
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Delta, Privacy, Reply, Restart, Task, Tier, Tool, ToolCall, ToolResult, Turn, Where
from haven.changes.proposal import Kind
from haven.errors import AccessDenied, BadInput, CloudAway, HavenError, Unavailable
from haven.settings import Routing, Strategy
from haven.store.database import Database
from haven.store.ledger import sent
from tests.ai.claude_by_hand import claude_by_hand
from tests.ai.desk import (
    MEMBER,
    Desk,
    Talker,
    broken_model,
    claude_said,
    desk_and_stand_in,
    desk_at,
    model_at,
    said,
    task,
)
from tests.ai.servers.loopback import End
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE, LOOK_UP, openai_call, openai_end
from tests.e2e.house import at_home
from tests.e2e.scripted import edit, scripted_home, will_propose

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

CANARY = "canary-7f3a in the coal mine"
MAIL = "olga" + "@example.org"
TOKEN = "ghp_" + "A1b2C3d4E5" * 4


SMALL = sorted(name for name, kind in ALL_KINDS.items() if kind.tiers == {Tier.LOCAL})
KINDS = ("answer", "edits", *SMALL)


def staying() -> list[Task]:
    """Every task that must stay, whatever else is asked for."""
    private = [{"privacy": Privacy.PRIVATE, "where": where, "kind": kind} for where, kind in product(Where, KINDS)]
    small = [{"kind": kind, "where": where} for kind, where in product(SMALL, Where)]
    wishes: list[dict[str, Any]] = [*private, *small, {"where": Where.LOCAL}]
    return [task(CANARY, system=(CANARY,), max_tokens=2, **wish) for wish in wishes]


async def drive(desk: Desk, asked: Task) -> None:
    with suppress(HavenError):
        pieces = await desk.pieces(asked)
        assert all(piece.next.tier is Tier.LOCAL for piece in pieces if isinstance(piece, Restart))


@pytest.mark.model
@pytest.mark.parametrize("state", ["missing", "failing", "scoring low"])
async def test_no_canary_reaches_the_far_end_by_any_path(tmp_path: Path, llama: LlamaProvider, state: str) -> None:
    local = {"missing": None, "failing": broken_model(tmp_path), "scoring low": llama}[state]
    async with desk_and_stand_in(tmp_path, local=local) as (desk, stand_in):
        for asked in staying():
            await drive(desk, asked)
        assert stand_in.requests == [] and desk.rows() == []
        await desk.pieces(task(CANARY, where=Where.CLOUD))  # an open one does arrive: the search can fail
        assert CANARY in json.dumps(stand_in.requests)


async def test_the_door_itself_stops_a_private_task(tmp_path: Path) -> None:
    """The second check: even a route that says cloud does not open it."""
    async with desk_and_stand_in(tmp_path) as (desk, stand_in):
        open_task = task(CANARY)
        route = await desk.engine.route(open_task)
        [step] = route.steps
        for closed in (replace(open_task, privacy=Privacy.PRIVATE), replace(open_task, kind="title")):
            with pytest.raises(AccessDenied, match="leave"):
                async for _ in desk.door.ask(closed, route, step, "a request"):
                    pass
            with pytest.raises(AccessDenied, match="leave"):
                await desk.door.count(closed, step)
        assert stand_in.requests == [] and desk.rows() == []


async def test_counting_by_the_service_is_a_recorded_and_redacted_call_of_its_own(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path) as (desk, stand_in):
        asked = task(f"Who is {MAIL}?")
        [step] = (await desk.engine.route(asked)).steps
        assert (await desk.door.count(asked, step) or 0) > 0
        assert "<EMAIL_1>" in json.dumps(stand_in.requests) and MAIL not in json.dumps(stand_in.requests)
        [(state, usd, purpose)] = desk.rows("state, usd, purpose")
        assert (state, usd) == ("settled", 0.0) and "count" in purpose


async def test_the_round_table_keeps_private_requests_home(tmp_path: Path) -> None:
    async with at_home(tmp_path, working=False) as home:
        table: RoundTable = home.house.round_table
        for text in (f"What is {CANARY}?", f"Add a button that says {CANARY}"):
            answer = await table.request(Request(text, MEMBER, private=True))
            with pytest.raises(HavenError, match="never leaves this house"):
                [piece async for piece in answer]  # type: ignore[union-attr]
        with pytest.raises(BadInput, match="can't stay"):
            await table.request(Request(CANARY, MEMBER, Kind.FEATURE, private=True))
        with pytest.raises(BadInput, match="can't stay"):
            await table.propose(Request(CANARY, MEMBER, where=Where.LOCAL), Kind.FEATURE)
        assert home.stand_in.requests == [] and await home.house.changes.list() == []


async def test_values_come_back_even_where_a_placeholder_is_cut_in_two(tmp_path: Path) -> None:
    async with (
        claude_by_hand("Write to <EMA", "IL_1", "> or <", "b>call</b>, x<", hold=False) as far,
        desk_at(tmp_path, far.url) as desk,
    ):
        pieces = await desk.pieces(task(f"Who is {MAIL}, whose token is {TOKEN}?"))
        reply = pieces[-1]
        assert isinstance(reply, Reply) and reply.text == f"Write to {MAIL} or <b>call</b>, x<"
        assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == reply.text
        assert reply.redacted == {"GITHUB_TOKEN": 1, "EMAIL": 1}
        [asked] = far.bodies
        assert MAIL not in json.dumps(asked) and TOKEN not in json.dumps(asked)
        assert "<EMAIL_1>" in asked["messages"][0]["content"]


def remembering(database: Database) -> Memory:
    return Memory(Outcomes(database), Cache(database))


def disk(desk: Desk) -> bytes:
    """Every byte of the database: what is committed, what is deleted and what waits in the log."""
    return b"".join(file.read_bytes() for file in desk.file.parent.iterdir())


LONG = "\n\n".join(f"Passage {number}: {CANARY}, and coal was dug in the mine for years." for number in range(120))
MARK = CANARY.split(" ")[0]
LOCAL = {
    "answers": said("In the coal mine there is a bird, and it is kept there for the air."),
    "scores low": said("No."),
    "looks it up": HOME_WIRE.answer(openai_call('{"name": "the mine"}'), *openai_end("tool_calls")),
    "fails": HOME_WIRE.turned_away(500),
    "breaks off": HOME_WIRE.answer(*HOME_WIRE.begins, end=End.CUT),
}


@pytest.mark.parametrize("local", LOCAL)
@pytest.mark.parametrize("strategy", Strategy)
async def test_a_private_task_leaves_no_trace_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, strategy: Strategy, local: str
) -> None:
    """Through preparation, mending, failure, tools and memory, while others would be glad to answer."""
    asked = task(
        f"Please explain what happened to {CANARY}.",
        privacy=Privacy.PRIVATE,
        system=(f"You guard {CANARY}.",),
        words=f"What happened to {CANARY}?",
        material=(LONG,),
        purpose="a test",
    )
    policy = Policy(Routing(strategy=strategy), small_model="claude-haiku-5-5")
    async with Talker(lambda _: LOCAL[local]) as home, Talker(lambda _: said("I take all.")) as next_door:
        model, lan = model_at(home.url), [model_at(next_door.url, Tier.LAN, "larger")]
        more: dict[str, Any] = {"lan": lan, "policy": policy, "memory": remembering}
        async with desk_and_stand_in(tmp_path, local=model, **more) as (desk, stand_in):
            with caplog.at_level(logging.DEBUG, "haven"):
                for where in Where:
                    await drive(desk, replace(asked, where=where))
                    with suppress(HavenError):
                        [
                            _
                            async for _ in desk.engine.converse(
                                replace(asked, where=where), {LOOK_UP: tells_the_canary}
                            )
                        ]
            assert MARK in json.dumps([one.body for one in home.asked]), "the local model was really asked"
            assert next_door.asked == [] and stand_in.requests == [] and desk.rows() == []
            assert MARK.encode() not in disk(desk) and MARK not in caplog.text
            await desk.pieces(replace(asked, privacy=Privacy.OPEN, where=Where.CLOUD))
            assert MARK in json.dumps(stand_in.requests) and MARK.encode() in disk(desk), "the search can fail"
        await model.close()


async def tells_the_canary(_: Mapping[str, Any]) -> str:
    return f"The tool says: {CANARY}."


async def test_a_private_answer_is_used_again_for_nobody_else(tmp_path: Path) -> None:
    question = "Please explain where the key of the coal mine lies."
    secret = f"The key of the coal mine lies under {CANARY}, behind the well."
    other = replace(MEMBER, id="discord:8", name="Rena")
    async with Talker(lambda _: said(secret)) as home:
        model = model_at(home.url)
        async with desk_and_stand_in(tmp_path, local=model, memory=remembering) as (desk, _):

            async def answered(**more: Any) -> bool:
                before = len(home.asked)
                reply = await desk.engine.complete(task(question, **more))
                assert bool(reply.cached) == (len(home.asked) == before)
                return bool(reply.cached)

            assert not await answered(privacy=Privacy.PRIVATE)
            assert await answered(privacy=Privacy.PRIVATE), "the same person may hear it again"
            assert not await answered(privacy=Privacy.PRIVATE, principal=other)
            assert MARK.encode() not in disk(desk)
            assert not await answered(principal=other), "nor does an open question get it"
            assert not (await desk.engine.complete(task(question, privacy=Privacy.PRIVATE))).stand_in
        await model.close()


async def test_a_private_request_never_waits_on_the_disk(tmp_path: Path) -> None:
    down = CLAUDE_WIRE.turned_away(503)
    async with Talker(lambda _: said("No.")) as home, Talker(lambda _: down) as far:
        model = model_at(home.url)
        async with desk_at(tmp_path, far.url, model, memory=remembering, attempts=1) as desk:
            reply = await desk.engine.complete(task(f"Please explain {CANARY}.", privacy=Privacy.PRIVATE))
            assert reply.tier is Tier.LOCAL and reply.score < 70, "a low score, and yet nobody is asked to wait"
            room = WaitingRoom(desk.database, desk.engine)
            with pytest.raises(AccessDenied):
                away = CloudAway(Unavailable("The cloud is away."))
                await room.hold(task(CANARY, privacy=Privacy.PRIVATE), away, {})
            assert far.asked == [] and MARK.encode() not in disk(desk)
        await model.close()


async def test_what_a_form_names_leaves_redacted_like_everything_else(tmp_path: Path) -> None:
    """Schema, tools, stop words, what tools were asked and said: each is a way out."""
    schema = {"type": "object", "properties": {"who": {"enum": [MAIL, "nobody"]}}, "required": ["who"]}
    tool = Tool("pick", f"Pick one; ask {MAIL} for help.", schema)
    turns = (
        Turn("user", "Who is it?"),
        Turn("assistant", "", calls=(ToolCall("1", "pick", {"who": MAIL}),)),
        Turn("user", "", results=(ToolResult("1", f"It is {MAIL} with {TOKEN}."),)),
    )
    base = task("Who is it?", where=Where.CLOUD)
    ways = (
        replace(base, schema=schema),
        replace(base, tool=tool),
        replace(base, tools=(tool,), turns=turns),
        replace(base, stop=(MAIL,)),
        replace(base, material=(f"Write to {MAIL}.",), system=(f"You know {TOKEN}.",)),
    )
    for number, asked in enumerate(ways):
        folder = tmp_path / str(number)
        async with Talker(lambda _: claude_said('{"who": "<EMAIL_1>"}')) as far, desk_at(folder, far.url) as desk:
            with suppress(HavenError):
                reply = await desk.engine.complete(asked)
                assert MAIL in reply.text, "and comes back"
            arrived = json.dumps([one.body for one in far.asked])
            assert "<EMAIL_1>" in arrived and MAIL not in arrived and TOKEN not in arrived
            assert desk.rows("sent") and MAIL not in await sent(desk.database, 1)


@pytest.mark.sandbox
async def test_planted_values_stay_home_and_are_back_in_the_applied_edits(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(
        llmock,
        edit("CREDITS.md", "By <EMAIL_1>\n"),
        edit("contact.md", "Ask <EMAIL_1>", old="Push with <GITHUB_TOKEN_1>"),
        summary="Credits for <EMAIL_1>.",
    )
    planted = {"contact.md": f"Mail: {MAIL}\nPush with {TOKEN}\n"}
    async with scripted_home(tmp_path / "state", llmock, planted, sample=True) as home:
        change = await home.ask_for(f"Add a credits page for {MAIL} and take the token out of contact.md")
        change = await home.rest(change)
        review = await home.house.changes.review(change.id)
        assert change.state == "review", change.reason
        assert f"+By {MAIL}" in review.diff and f"-Push with {TOKEN}" in review.diff and "<EMAIL" not in review.diff
        received = json.dumps([record.body for record in llmock.requests])
        assert "propose_edits" in received and "<EMAIL_1>" in received and "<GITHUB_TOKEN_1>" in received
        assert MAIL not in received and TOKEN not in received
        kept = await sent(home.house.database, 1)
        assert "<EMAIL_1>" in kept and MAIL not in kept and TOKEN not in kept, "the ledger holds what left, no more"
        assert review.sent[0].redacted["EMAIL"] >= 1


async def test_a_count_is_a_recorded_call_of_its_own_and_nothing_private_is_counted(tmp_path: Path) -> None:
    async with desk_and_stand_in(tmp_path) as (desk, stand_in):
        assert await desk.engine.count(task(f"{CANARY} of {MAIL}", privacy=Privacy.PRIVATE)) is None
        assert stand_in.requests == [] and desk.rows() == []
        assert (await desk.engine.count(task(f"Who is {MAIL}?", where=Where.CLOUD)) or 0) > 0
        assert MAIL not in json.dumps(stand_in.requests) and "<EMAIL_1>" in json.dumps(stand_in.requests)
        assert desk.rows("state, purpose, usd") == [("settled", "count the tokens of: a test asks", 0.0)]


async def test_keys_and_numbers_of_a_tools_input_are_redacted_too(tmp_path: Path) -> None:
    """A local turn may have called a tool with them before the next turn goes out."""
    snowflake = 123456789012345678
    call = ToolCall("call_1", "look_up", {MAIL: {"who": snowflake, "times": 3}})
    turns = (Turn("user", "Who?"), Turn("assistant", "", calls=(call,)))
    asked = replace(task("And now?"), turns=(*turns, Turn("user", "", results=(ToolResult("call_1", "nobody"),))))
    async with desk_and_stand_in(tmp_path) as (desk, stand_in):
        with suppress(HavenError):
            await desk.engine.complete(replace(asked, words="And now?", where=Where.CLOUD))
    sent_out = json.dumps(stand_in.requests)
    assert "look_up" in sent_out and '"times": 3' in sent_out
    assert MAIL not in sent_out and str(snowflake) not in sent_out
