"""Canaries: what must stay home is driven down every path, and the far end's own record is searched for it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistants.round_table import Request, RoundTable
from haven.ai.kinds import KINDS as ALL_KINDS
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Delta, Privacy, Reply, Restart, Task, Tier, Where
from haven.changes.proposal import Kind
from haven.errors import AccessDenied, BadInput, HavenError
from haven.store.ledger import sent
from tests.ai.claude_by_hand import claude_by_hand
from tests.ai.desk import MEMBER, Desk, broken_model, desk_and_stand_in, desk_at, task
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
        assert not any(isinstance(piece, Restart) for piece in await desk.pieces(asked))


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
        assert stand_in.requests == [] and desk.rows() == []


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


@pytest.mark.sandbox
async def test_planted_values_stay_home_and_are_back_in_the_applied_edits(tmp_path: Path, llmock: LLMock) -> None:
    will_propose(
        llmock,
        edit("CREDITS.md", "By <EMAIL_1>\n"),
        edit("contact.md", "Ask <EMAIL_1>", old="Push with <GITHUB_TOKEN_1>"),
        summary="Credits for <EMAIL_1>.",
    )
    planted = {"contact.md": f"Mail: {MAIL}\nPush with {TOKEN}\n"}
    async with scripted_home(tmp_path / "state", llmock, planted) as home:
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
