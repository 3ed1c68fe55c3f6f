"""An engine on its own: real ledger, real Claude client against the stand-in, a real or a really broken local model."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haven.access import Principal, Role
from haven.ai import engine as switch
from haven.ai.door import Door
from haven.ai.engine import Engine, Piece
from haven.ai.memory import Memory
from haven.ai.money.ledger import Ledger
from haven.ai.policy import Policy
from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Provider
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.openai_compatible import OpenAICompatible
from haven.ai.roster import Roster
from haven.ai.switch import CloudSwitch
from haven.ai.task import Task, Tier, Turn
from haven.demo.stand_in import Fault, StandIn
from haven.jobs import process_identity
from haven.settings import Cloud, Routing
from haven.store.database import Database, opened
from tests.ai.servers.loopback import Answer, Loopback
from tests.ai.servers.wires import CLAUDE_WIRE, HOME_WIRE, chunk, claude_block, claude_end, openai_end

MEMBER = Principal("discord:7", "Mika", Role.MEMBER, "bot")
PANEL = Principal("panel", "The panel", Role.OWNER, "kiosk", needs_pin=True)
STRANGER = Principal("discord:9", "Sam", Role.STRANGER, "bot")
ALL_IS_SIMPLE = Memory(routing=Routing(simple_words=tuple("." * times for times in range(1, 11))))
"""How hard a question is judged to be is looked at elsewhere."""
QUESTION = "What is the Round Table?"


@dataclass
class Desk:
    """What a test looks at: the engine, the pauses it took, and the ledger as it stands on the disk."""

    engine: Engine
    ledger: Ledger
    file: Path
    door: Door
    database: Database
    switch: CloudSwitch
    pauses: list[float] = field(default_factory=list)

    async def pieces(self, task: Task) -> list[Piece]:
        return [piece async for piece in self.engine.stream(task)]

    def rows(self, columns: str = "state") -> list[Any]:
        """Read past Haven's own connections: what a power cut would leave."""
        with closing(sqlite3.connect(self.file)) as database:
            found = database.execute(f"select {columns} from ledger order by id").fetchall()
        return [row[0] if len(row) == 1 else row for row in found]


def task(text: str = QUESTION, kind: str = "answer", **more: Any) -> Task:
    return Task(kind, (Turn("user", text),), more.pop("principal", MEMBER), more.pop("purpose", "a test asks"), **more)


def broken_model(folder: Path) -> LlamaProvider:
    """A model that is there and fails when it is asked."""
    file = folder / "broken.gguf"
    file.write_bytes(b"GGUF" + bytes(1000))
    return LlamaProvider(file, name="broken", sha256="0" * 64)


def model_at(url: str, tier: Tier = Tier.LOCAL, name: str = "scripted") -> OpenAICompatible:
    """A model whose words a test writes: a server on the loopback that speaks the OpenAI protocol."""
    return OpenAICompatible(url, name, tier=tier)


class Talker(Loopback):
    """A server whose answer depends on what it is asked: `says` gets the body."""

    def __init__(self, says: Callable[[Any], Answer]) -> None:
        super().__init__(Answer())
        self._says = says

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        await super()._read(reader)
        return self._says(self.asked[-1].body)


def said(text: str) -> Answer:
    """A whole reply in that protocol."""
    return HOME_WIRE.answer(chunk({"content": text}), *openai_end("stop"))


def claude_said(text: str) -> Answer:
    """A whole reply of Claude's."""
    pieces = claude_block({"type": "text", "text": ""}, {"type": "text_delta", "text": text})
    return CLAUDE_WIRE.answer(*pieces, *claude_end("end_turn"))


@asynccontextmanager
async def desk_at(
    folder: Path,
    base_url: str,
    local: Provider | None = None,
    *,
    stand_in: bool = True,
    policy: Policy | None = None,
    lan: Sequence[Provider] = (),
    memory: Callable[[Database], Memory] | None = None,
    costs: bool = False,
    **cloud: Any,
) -> AsyncIterator[Desk]:
    """An engine whose cloud is at `base_url`; a local model is the caller's to close.

    Claude's small model is there where the policy names it. With `costs` the server on the loopback counts as a cloud
    that costs money.
    """
    stand_in = stand_in and not costs
    assert not costs or base_url.startswith("http://127.0.0.1:")
    caps = Cloud(stand_in=stand_in, base_url=base_url, **cloud)
    names = [caps.model, *([policy.small_model] if policy and policy.small_model else [])]
    claudes = [AnthropicProvider("a-key-of-nobody", model=one, base_url=base_url, stand_in=stand_in) for one in names]
    providers: list[Provider] = [*([local] if local else []), *lan, *claudes]
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async with opened(folder / "desk" / "haven.db") as database:
        ledger = Ledger(database, caps, process_identity())
        before, switch.ALLOW_CLOUD = switch.ALLOW_CLOUD, costs or switch.ALLOW_CLOUD
        try:
            roster = Roster(providers, cloud=caps)
            kill = CloudSwitch(database)
            engine = Engine(roster, ledger, caps, policy, memory(database) if memory else ALL_IS_SIMPLE, sleep, kill)
            door = Door(roster, ledger, caps.attempts, sleep, kill)
            yield Desk(engine, ledger, folder / "desk" / "haven.db", door, database, kill, pauses)
        finally:
            switch.ALLOW_CLOUD = before
            for provider in (*lan, *claudes):
                await provider.close()


@asynccontextmanager
async def desk_and_stand_in(
    folder: Path,
    faults: Sequence[Fault | None] = (),
    local: Provider | None = None,
    says: Callable[[str], str] | None = None,
    **more: Any,
) -> AsyncIterator[tuple[Desk, StandIn]]:
    """`says`: the words of Claude's answers, instead of the stand-in's own."""
    async with StandIn(faults, says=says) as stand_in, desk_at(folder, stand_in.base_url, local, **more) as desk:
        yield desk, stand_in
