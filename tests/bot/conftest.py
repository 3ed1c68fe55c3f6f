"""A server with four people in it, in front of a real store, repository, Round Table and engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
import simcord.interactions
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.components import walk_components

from assistants.base import Assistant
from assistants.office import Office
from assistants.pricing import Pricing
from assistants.round_table import RoundTable
from assistants.waiting import WaitingRoom
from bot.client import HavenBot
from haven.ai.engine import Engine
from haven.ai.memory import Memory
from haven.ai.money.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.roster import Roster
from haven.ai.task import Delta, Tier, Usage
from haven.app import House, open_house
from haven.changes.rounds.prompting import Prompts
from haven.changes.states import State
from haven.errors import ModelError
from haven.events import Subscription
from haven.faces import office_of, records_of
from haven.settings import Discord, Settings, parse
from haven.store import changes as table
from haven.store import events, jobs
from haven.store import waiting as waits
from haven.store.changes import Change
from haven.store.database import Transaction
from haven.store.waiting import Waiting
from tests.e2e.copies import small_project

from .watcher import watcher as watcher

GREEN = {
    "classes": {"tests/test_map.py::test_export": "new"},
    "counts": {"passing": 4, "new": 1},
    "green": True,
    "untested": False,
    "problem": "",
    "one_line": "5 passed, 1 of them new",
}
RED = GREEN | {
    "classes": {"tests/test_map.py::test_zoom": "regressed"},
    "counts": {"passing": 3, "regressed": 1},
    "green": False,
    "one_line": "3 passed, 1 regressed",
}


@dataclass
class Scripted:
    """A model at the edge: says what the test wants, and can be held back."""

    tier: Tier = Tier.LOCAL
    model: str = "scripted"
    name: str = "scripted"
    price: Prices | None = None
    recipient: str = "a scripted model"
    stand_in: bool = True
    pieces: list[str] = field(default_factory=lambda: ["The map shows ", "all systems of the region."])
    absent: str = ""
    failure: Exception | None = None
    before_piece: Callable[[int], Any] | None = None
    asked: list[Call] = field(default_factory=list)

    def missing(self) -> str:
        return self.absent

    async def generate(self, call: Call) -> AsyncIterator[Delta | Finish]:
        self.asked.append(call)
        if call.schema is not None:
            raise ModelError("This model writes no JSON.")
        if self.failure is not None:
            raise self.failure
        for number, piece in enumerate(self.pieces):
            if self.before_piece is not None:
                await self.before_piece(number)
            yield Delta(piece)
        yield Finish("".join(self.pieces), Usage(10, 20), "end")

    async def close(self) -> None:
        pass


@dataclass
class World:
    env: simcord.Env
    house: House
    subscription: Subscription
    discord: Discord
    local: Scripted
    cloud: Scripted
    guild: GuildHandle
    channel: ChannelHandle
    owner: MemberActor
    reviewer: MemberActor
    member: MemberActor
    stranger: MemberActor
    waiting: WaitingRoom = field(init=False)
    own: tuple[Assistant, ...] = field(init=False, default=())
    """Assistants that the owner has added, known to the next bot that is built."""

    def build(self, **settings: Any) -> HavenBot:
        """A new bot before the same house, as after a restart."""
        # Asked again by hand, the cloud fails more often in a second than its breaker allows; nobody waits for a retry.
        cloud = self.house.settings.cloud.model_copy(update={"breaker_failures": 100, "attempts": 1})
        database = self.house.database
        memory = Memory(self.house.outcomes)
        engine = Engine(Roster([self.local, self.cloud], cloud=cloud), self.house.ledger, cloud, memory=memory)
        self.waiting = WaitingRoom(database, engine)
        return HavenBot(
            round_table=RoundTable(
                engine, self.house.changes, self.waiting, self.house.round_table.transcript, own=self.own
            ),
            changes=self.house.changes,
            waiting=self.waiting,
            records=records_of(self.house),
            bus=self.house.bus,
            database=self.house.database,
            settings=self.discord.model_copy(update=settings),
            status=self.house.sentinel.status,
            verdict=self.house.outcomes.verdict,
            cloud=lambda: "" if self.cloud.absent else "the stand-in",
            alerts=self.house.sentinel.alerts,
            office=self.office(engine),
        )

    def office(self, engine: Engine) -> Office:
        """The house's own, but for the scripted models, and where a restart leads."""
        house, prompts = self.house, Prompts(self.house.changes._repository(), self.house.settings)
        pricing = Pricing(engine.roster, house.ledger, house.settings, prompts, house.round_table.seat)
        return replace(office_of(house), roster=engine.roster, pricing=pricing)

    @property
    def bot(self) -> HavenBot:
        assert isinstance(self.env.bot, HavenBot)
        return self.env.bot

    async def requested(self, text: str = "Add a button to export the map as PNG", **by: Any) -> Change:
        """A change asked for with /feature by the member."""
        result = await by.get("who", self.member).slash(self.channel, "feature", text=text)
        assert result.ephemeral, result
        return (await self.house.changes.list(limit=1))[0]

    async def advance(self, change: Change, to: State, **fields: Any) -> Change:
        """Do what the pipeline does: the row and its event in one transaction, then the bus."""
        now = (await self.house.changes.get(change.id)).state

        async def work(tx: Transaction) -> None:
            await table.move(tx, change.id, [now], to.value, **fields)
            await events.record(tx, "change.state", change.id, state=to.value, title=change.title, round=change.round)

        await self.house.database.write(work)
        await self.deliver()
        return await self.house.changes.get(change.id)

    async def deliver(self) -> None:
        """Let the bot draw what the bus has to say."""
        await self.house.bus.pump()
        for event in self.subscription.drain():
            await self.bot.tell(event)
        await self.env.settle()

    async def reviewed(
        self, change: Change, tests: dict[str, Any] = GREEN, path: str = "viewer.py", summary: str = "Adds an export."
    ) -> Change:
        """A round with a real commit on its branch, tested, and in review."""
        repository = self.house.changes._repository()
        base = await repository.tip("main")
        branch = f"haven/change-{change.id}-r{change.round}"
        worktree = await repository.worktree(change.id, branch, base)
        file = worktree / path
        await asyncio.to_thread(lambda: (file.parent.mkdir(exist_ok=True), file.write_text(f"# {change.round}\n" * 3)))
        commit = await repository.commit(worktree, change.title)
        await repository.remove_worktree(change.id)
        told = {"text": summary, "by": "rules"}
        route = {"tier": "cloud", "model": "claude", "reasons": [], "usage": {}}
        await self.house.database.write(
            lambda tx: table.update_round(
                tx, change.id, change.round, commit_id=commit, tests=tests, summary=told, route=route
            )
        )
        return await self.advance(change, State.REVIEW, base=base, branch=branch)

    async def held(self) -> Waiting:
        """The newest request that waits, or has waited, for the cloud."""
        return (await waits.of(self.house.database, limit=1))[0]

    async def tried_again(self) -> None:
        """Do what the job queue does when the time has come: ask again, tell the bus."""
        one = await self.held()
        await self.waiting.handle(jobs.Job(1, "waiting", one.id, f"waiting:{one.id}", 0.0, 1))
        await self.deliver()

    def thread(self, change: Change) -> ChannelHandle:
        return next(one for one in self.channel.threads if change.id in one.name.split())

    def progress(self, change: Change) -> discord.Message:
        """The one message in the channel that shows where the change stands."""
        return next(m for m in self.channel.history() if f"Change {change.id}" in text_of(m))

    def card(self, change: Change) -> discord.Message:
        """The newest review card."""
        return [m for m in self.thread(change).history() if buttons(m)][-1]


async def until(env: simcord.Env, true: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for work outside of simcord's sight: look again whenever Discord has something new."""
    news = asyncio.Event()
    env.backend.subscribers.append(notice := lambda event, payload: news.set())
    try:
        async with asyncio.timeout(seconds):
            while not (found := true()):
                await news.wait()
                news.clear()
        return found
    finally:
        env.backend.subscribers.remove(notice)


def parts_of(message: Any) -> list[dict[str, Any]]:
    """Every component of a message or response, as it goes over the wire, with all that lies in it."""
    roots = [one if isinstance(one, dict) else one.to_dict() for one in message.components]
    return list(walk_components(roots))


def text_of(message: Any) -> str:
    """All words of a message or response, whatever it is drawn of; the labels of its buttons are not among them."""
    said = [message.content]
    for one in message.embeds:
        fields = (f"{field.name}\n{field.value}" for field in one.fields)
        said += [one.title or "", one.description or "", *fields, one.footer.text or ""]
    said += [one["content"] for one in parts_of(message) if "content" in one]
    return "\n".join(filter(None, said))


def buttons(message: Any) -> dict[str, bool]:
    """Labels and whether they can be pressed."""
    return {one["label"]: not one.get("disabled") for one in parts_of(message) if one.get("type") == 2}


def shown_to(result: Any) -> Any:
    """What only the one who pressed or asked can see: the last thing that came."""
    return (result.followups or [result.response])[-1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    source = tmp_path / "project"
    small_project(source, {"viewer.py": "MAP = 1\n"})
    return parse(
        {
            "paths": {name: str(tmp_path / name) for name in ("state_dir", "config_dir", "runtime_dir")},
            "project": {"repository": str(source)},
            "models": {"local": False},
            "cloud": {"stand_in": True, "base_url": "http://127.0.0.1:9"},
        }
    )


@pytest.fixture
def locales(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The language of people's Discord, by their ids: the simulated one sends American English for everybody."""
    spoken: dict[int, str] = {}
    made = simcord.interactions.base_payload

    def payload(backend: Any, *, user_id: int, **rest: Any) -> Any:
        record, told = made(backend, user_id=user_id, **rest)
        return record, told | {"locale": spoken.get(user_id, "en-US")}

    monkeypatch.setattr(simcord.interactions, "base_payload", payload)
    return spoken


@pytest.fixture(autouse=True)
def menus_of_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord says of which server a message's menu is; the simulated one leaves that out."""
    sent = MemberActor._dispatch_interaction

    async def told(self: MemberActor, type: int, channel: ChannelHandle, data: dict[str, Any], **rest: Any) -> Any:
        where = {"guild_id": str(self.guild.id)} if data.get("type") == discord.AppCommandType.message.value else {}
        return await sent(self, type, channel, data | where, **rest)

    monkeypatch.setattr(MemberActor, "_dispatch_interaction", told)


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """simcord looks every 50 ms, after each command, whether a bot has settled: looked at more often, it has."""
    monkeypatch.setitem(simcord.Env._settle_internal.__kwdefaults__, "idle", 0.002)


@pytest.fixture
def simcord_bot() -> discord.Client:
    """Only there to make the server: the real bot is built when the ids of its roles are known."""
    return discord.Client(intents=discord.Intents(guilds=True))


@pytest.fixture
async def world(settings: Settings, simcord_env: simcord.Env) -> AsyncIterator[World]:
    guild = simcord_env.create_guild("Voyagers")
    reviewers, members = guild.create_role("Reviewers"), guild.create_role("Members")
    people = {
        name: guild.add_member(simcord_env.create_user(name), roles=roles)
        for name, roles in {"owner": [], "reviewer": [reviewers], "member": [members], "stranger": []}.items()
    }
    ids = Discord(
        guild_id=guild.id,
        owner_ids=frozenset({people["owner"].id}),
        reviewer_role_ids=frozenset({reviewers.id}),
        member_role_ids=frozenset({members.id}),
    )
    async with open_house(settings) as house:
        with house.bus.subscribe() as subscription:
            local, cloud = Scripted(), Scripted(Tier.CLOUD, absent="no key")
            channel = guild.create_text_channel("workshop")
            world = World(simcord_env, house, subscription, ids, local, cloud, guild, channel, **people)
            await simcord_env.restart_bot(world.build())
            yield world
        await simcord_env.restart_bot(discord.Client(intents=discord.Intents(guilds=True)))
