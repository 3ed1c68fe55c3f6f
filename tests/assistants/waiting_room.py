"""A house as far as the waiting room needs it: two models that say what a test tells them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistants.round_table import Request, RoundTable, Seat
from assistants.table.transcript import Transcript
from assistants.waiting import JOB, Choice, Held, WaitingRoom
from haven.access import Principal, Role
from haven.ai.policy import Policy
from haven.ai.task import Reply
from haven.changes.decisions import Changes
from haven.changes.git.repository import Repository
from haven.errors import Unavailable
from haven.events import Bus
from haven.settings import Away, Paths, Routing, Settings
from haven.store.jobs import Job
from haven.store.waiting import Waiting
from tests.ai.desk import MEMBER, Desk, Talker, claude_said, desk_at, model_at, said
from tests.ai.servers.loopback import Answer
from tests.ai.servers.wires import CLAUDE_WIRE

QUESTION = "Please explain the history of the coal mine of Ilkesh."
GOOD = "The coal mine of Ilkesh was opened by Olga Brandt, and it has four shafts today."
DRAFT = "No."
"""Below the mark."""
DOWN = CLAUDE_WIRE.turned_away(503)
OTHER = Principal("discord:8", "Rena", Role.REVIEWER, "bot")
OWNER = Principal("unix:0", "Olga", Role.OWNER, "cli")
PLACE = {"channel": "12", "message": "34"}


@dataclass
class Home:
    """A house as far as waiting needs it. What its two models say may be changed at any time."""

    folder: Path
    desk: Desk
    room: WaitingRoom
    table: RoundTable
    cloud: Talker
    local: Talker
    today: dict[str, Role | None] = field(default_factory=dict)
    """Roles that people of Discord have by now, where they have changed; None where Discord can't be asked."""

    async def who(self, person: Principal) -> Principal:
        role = self.today.get(person.id, person.role)
        if role is None:
            raise Unavailable("Discord can't be asked.")
        return replace(person, role=role)

    async def ask(self, text: str = QUESTION, **more: Any) -> list[Any]:
        return [piece async for piece in self.table.ask(Request(text, MEMBER, place=PLACE, assistant="scribe", **more))]

    async def held(self, **more: Any) -> Held:
        pieces = await self.ask(**more)
        assert isinstance(pieces[0], Seat) and isinstance(pieces[-1], Held), pieces
        assert not any(isinstance(piece, Reply) for piece in pieces)
        return pieces[-1]

    async def waits(self) -> Held:
        """A request whose person chose to wait."""
        held = await self.decide((await self.held()).id, Choice.WAIT)
        assert isinstance(held, Held)
        return held

    async def decide(self, id: str, choice: Choice, principal: Principal = MEMBER) -> Any:
        pieces = [piece async for piece in self.table.decide(id, choice, principal)]
        return pieces[-1] if pieces else None

    async def try_again(self, id: str) -> float | None:
        """What the job queue does when the time has come."""
        return await self.room.handle(Job(1, JOB, id, f"{JOB}:{id}", 0.0, 1))

    async def now(self, id: str) -> Waiting:
        return await self.room.get(id, MEMBER)

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.desk.file)) as database:
            return [row[0] if len(row) == 1 else row for row in database.execute(sql).fetchall()]

    def told(self, id: str) -> list[str]:
        return self.rows(f"select kind from event where subject = '{id}' order by id")


@asynccontextmanager
async def home(
    folder: Path,
    cloud: Callable[[], Answer] = lambda: DOWN,
    away: Away = Away.ASK,
    near: Callable[[], Answer] = lambda: said(DRAFT),
    **more: Any,
) -> AsyncIterator[Home]:
    async with Talker(lambda _: cloud()) as far, Talker(lambda _: near()) as here:
        local = model_at(here.url)
        given: dict[str, Any] = {"attempts": 1, "breaker_failures": 99, "policy": Policy(Routing(away=away))} | more
        async with desk_at(folder, far.url, local, **given) as desk:
            room = WaitingRoom(desk.database, desk.engine)
            settings = Settings(paths=Paths(state_dir=folder, config_dir=folder, runtime_dir=folder))
            changes = Changes(desk.database, settings, no_repository, lambda _: None)
            table = RoundTable(desk.engine, changes, room, Transcript(desk.database, Bus(desk.database)))
            house = Home(folder, desk, room, table, far, here)
            room.ask_about("bot", house.who)
            yield house
        await local.close()


def no_repository() -> Repository:
    raise Unavailable("No repository is here.", retry=False)


class Cloud:
    """Down until it is back."""

    def __init__(self) -> None:
        self.answer = DOWN

    def __call__(self) -> Answer:
        return self.answer

    def is_back(self) -> None:
        self.answer = claude_said(GOOD)
