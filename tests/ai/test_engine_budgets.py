"""No sequence of requests spends more than a cap, and each of them comes to an end: the real engine, priced as real."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from haven.access import Principal, Role
from haven.ai.converse import Limits
from haven.ai.policy import Policy
from haven.ai.task import Privacy, Reply, Task, Tier, Usage, Where
from haven.errors import CloudAway, HavenError, OverBudget
from haven.jobs import process_identity
from haven.settings import Away, Routing, Strategy
from haven.store import ledger as table
from tests.ai.desk import MEMBER, Desk, Talker, claude_said, desk_at, model_at, said, task
from tests.ai.servers.loopback import Answer, End
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE, LOOK_UP, claude_block, claude_end
from tests.ai.test_converse import claude_wants

GOOD = "The coal mine of Ilkesh was opened by Olga Brandt, and it has four shafts today."
QUESTION = "Please explain the history of the coal mine of Ilkesh."
OTHER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")
CAPS = ("monthly_usd", "daily_usd", "per_person_daily_usd", "per_change_usd", "per_request_usd")
NO_CAP = 1000.0
CUT = CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, end=End.CUT)
FAR: Mapping[str, Answer] = {
    "good": claude_said(GOOD),
    "poor": claude_said("No."),
    "wants a tool": claude_wants({"name": "Vega"}),
    "429": CLAUDE_WIRE.turned_away(429, retry_after="0"),
    "429, later": CLAUDE_WIRE.turned_away(429, retry_after="600"),
    "500": CLAUDE_WIRE.turned_away(500),
    "529": CLAUDE_WIRE.turned_away(529),
    "401": CLAUDE_WIRE.turned_away(401),
    "cut": CUT,
    "dropped": CLAUDE_WIRE.answer(end=End.DROPPED),
    "refusal": CLAUDE_WIRE.answer(*claude_block({"type": "text", "text": ""}), *claude_end("refusal")),
    "not json": CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, CLAUDE_WIRE.not_json),
    "at its limit": CLAUDE_WIRE.answer(*CLAUDE_WIRE.begins, *CLAUDE_WIRE.ends_at_limit),
}
NEAR = {"good": said(GOOD), "poor": said("No."), "fails": HOME_WIRE.turned_away(500)}


async def test_fifty_requests_at_once_share_one_remaining_dollar(tmp_path: Path) -> None:
    wide: dict[str, Any] = dict.fromkeys(CAPS, NO_CAP) | {"daily_usd": 3.0}
    limits: dict[str, Any] = {"attempts": 1, "breaker_failures": 99, "requests_per_minute": 999}
    async with Talker(lambda _: CUT) as far, desk_at(tmp_path, far.url, costs=True, **wide, **limits) as desk:
        told: dict[str, Any] = {"tier": Tier.CLOUD, "model": "m", "recipient": "r", "sent": "", "redacted": {}}
        id = await desk.ledger.reserve(task(), worst_usd=2.5, **told)
        await desk.ledger.settle(id, 2.0, Usage(1, 1), 0.1)
        asked = task(QUESTION, max_tokens=9_000)
        asking = [desk.engine.complete(asked) for _ in range(50)]
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(one, HavenError) and sentence(one) for one in ended)
        refused = [one for one in ended if isinstance(one, OverBudget)]
        worst = desk.engine.worst_case(asked)
        assert len(far.asked) == 50 - len(refused) == int(1.0 / worst) > 5
        assert await desk.ledger.spent_today() == pytest.approx(2.0 + len(far.asked) * worst)


def sentence(error: BaseException) -> bool:
    said = str(error)
    begins = said[:1].isupper() or said.startswith("127.0.0.1:")
    return begins and said.endswith((".", "…")) and "\n" not in said and "Traceback" not in said


class AnySequence(RuleBasedStateMachine):
    """Requests of every kind, alone and many at once, while the far end fails and the caps change."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.random = Random(0)
        self.passed: list[str] = []
        self.stack, self.house = AsyncExitStack(), AsyncExitStack()
        self.far = self.run(self.stack.enter_async_context(Talker(self.far_says)))
        self.near = self.run(self.stack.enter_async_context(Talker(lambda _: NEAR[self.random.choice(list(NEAR))])))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize(random=st.randoms(use_true_random=True))
    def the_house_opens(self, random: Random) -> None:
        self.random = random
        self.the_caps_change()

    @rule()
    def the_caps_change(self) -> None:
        """As by a restart: what was spent before is known by the ledger alone."""
        caps = {cap: self.random.choice([0.002, 0.006, 0.02, 0.05, NO_CAP]) for cap in CAPS}
        routing = Routing(
            strategy=self.random.choice(list(Strategy)),
            away=self.random.choice(list(Away)),
            prepare_from_tokens=100,
        )
        policy = Policy(routing, small_model="claude-haiku-5-5", max_usd=caps["per_request_usd"])
        self.caps = caps
        self.run(self.reopen(policy))

    async def reopen(self, policy: Policy) -> None:
        await self.house.aclose()
        limits: dict[str, Any] = {"breaker_failures": 9999, "requests_per_minute": 9999, **self.caps}
        local = model_at(self.near.url) if self.random.random() < 0.8 else None
        if local is not None:
            self.house.push_async_callback(local.close)
        desk = desk_at(Path(self.folder.name), self.far.url, local, policy=policy, costs=True, **limits)
        self.desk: Desk = await self.house.enter_async_context(desk)

    def far_says(self, body: Any) -> Answer:
        """Look at the ledger the moment that a call arrives: it is recorded, and with it no cap is passed."""
        self.look()
        kinds = [kind for kind in FAR if body.get("tools") or kind != "wants a tool"]
        return FAR[self.random.choice([*kinds, "good", "cut", "cut"])]

    def look(self) -> None:
        for (cap, whose), usd in self.sums().items():
            own = whose.partition(" of ")[2]
            limit = float(own) if own else self.caps[cap]
            if round(usd, 6) > max(limit, self.before.get((cap, whose), 0.0)):
                self.passed.append(f"{cap} {whose}: {usd} > {limit}")

    def sums(self) -> dict[tuple[str, str], float]:
        """What is charged now, for each cap and whomever it counts for; read past Haven's own connections."""
        with closing(sqlite3.connect(self.desk.file)) as database:
            rows = database.execute("select principal, change_id, request, charged, purpose from ledger")
            found: dict[tuple[str, str], float] = {}
            for principal, change, request, charged, purpose in rows.fetchall():
                keys = [("monthly_usd", ""), ("daily_usd", ""), ("per_person_daily_usd", principal)]
                keys += [("per_change_usd", change)] if change else []
                keys += [("per_request_usd", f"{request}{purpose}")] if purpose or not change else []
                for key in keys:
                    found[key] = found.get(key, 0.0) + charged
        return found

    def some_task(self) -> Task:
        pick = self.random.choice
        own = pick([None, None, 0.001, 0.01])
        return task(
            pick([QUESTION, "What is it?", f"{QUESTION} " * 40]),
            pick(["answer", "answer", "summary", "code", "edits", "title"]),
            principal=pick([MEMBER, OTHER]),
            privacy=pick([Privacy.OPEN] * 5 + [Privacy.PRIVATE]),
            where=pick(list(Where)),
            material=pick([(), ("The coal mine of Ilkesh. " * 300,)]),
            max_tokens=pick([64, 256, 1024]),
            max_usd=own,
            purpose="" if own is None else f" of {own}",  # for the sum: the limit that this request names itself
            change=pick([None, None, None, "a"]),
            background=pick([True, False, False]),
        )

    @rule()
    def requests_come(self) -> None:
        self.step([self.asked(self.some_task()) for _ in range(self.random.choice([1, 1, 2, 12]))])

    @rule()
    def a_conversation_goes_on(self) -> None:
        self.step([self.talked(self.some_task(), Limits(turns=4))])

    @rule()
    def a_process_dies_between_reserve_and_settle(self) -> None:
        """Its reservation stays as it was, and is later found to be orphaned."""
        told: dict[str, Any] = {"tier": Tier.CLOUD, "model": "m", "recipient": "r", "sent": "", "redacted": {}}
        task = self.some_task()

        async def dies() -> None:
            with suppress(OverBudget):
                await self.desk.ledger.reserve(task, request="died", worst_usd=0.004, **told)
            await self.desk.database.write(lambda tx: table.orphan(tx, process_identity()))

        self.step([dies()])

    def step(self, works: list[Coroutine[Any, Any, None]]) -> None:
        self.before = self.sums()
        self.run(together(works))
        assert self.passed == []
        assert "reserved" not in self.desk.rows(), "every call has an end"

    async def asked(self, one: Task) -> None:
        await self.ended(self.desk.engine.complete(one), one)

    async def talked(self, one: Task, limits: Limits) -> None:
        async def look_up(_: Mapping[str, Any]) -> str:
            return "Vega lies in Lyra."

        async def last() -> Reply:
            pieces = [piece async for piece in self.desk.engine.converse(one, {LOOK_UP: look_up}, limits)]
            assert isinstance(pieces[-1], Reply)
            return pieces[-1]

        await self.ended(last(), one)

    async def ended(self, work: Coroutine[Any, Any, Reply], one: Task) -> None:
        """A reply, or one error with a sentence; a person may wait only for what may leave."""
        try:
            reply = await work
            assert reply.text and (one.privacy is Privacy.OPEN or reply.tier is Tier.LOCAL)
        except CloudAway as away:
            assert one.privacy is Privacy.OPEN and not one.background and sentence(away)
        except HavenError as error:
            assert sentence(error), error

    def teardown(self) -> None:
        self.run(self.house.aclose())
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


async def together(works: list[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)


# Each step is drawn by chance from one seed, so a shorter failing sequence can't be looked for.
AnySequence.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, phases=(Phase.generate,)
)
TestAnySequence = AnySequence.TestCase
