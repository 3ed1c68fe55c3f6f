"""Displays on a real house: real database, changes, repository, Round Table and engine; only the model is a script."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest
from textual.driver import Driver

import haven.settings
from assistants.cartographer import Cartographer
from assistants.heeding import heed
from assistants.office import Office
from assistants.pricing import Pricing
from assistants.records import Records
from assistants.round_table import RoundTable
from assistants.scribe import Scribe
from assistants.scribing.clock import DigestClock
from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Alerts
from assistants.table.transcript import Transcript
from assistants.waiting import WaitingRoom
from haven.access import Principal, Role
from haven.ai.engine import Engine
from haven.ai.memory import Memory
from haven.ai.memory.outcomes import Outcomes
from haven.ai.models.registry import Registry
from haven.ai.money.caps import Caps
from haven.ai.money.ledger import Ledger
from haven.ai.money.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.roster import Roster
from haven.ai.task import Delta, Tier, Usage
from haven.changes.decisions import Changes
from haven.changes.elsewhere import Elsewhere
from haven.changes.git.repository import Repository
from haven.changes.proposal import Kind, Proposal
from haven.events import Bus
from haven.logbook import Recent
from haven.past import Past
from haven.privacy import Privacy
from haven.settings import Cloud, Paths, Project, Settings
from haven.settings.options import Option
from haven.store import backup as backups
from haven.store import changes as table
from haven.store import events, jobs
from haven.store import waiting as waits
from haven.store.backup import Backup
from haven.store.changes import Change
from haven.store.database import Database, Transaction, opened
from haven.store.waiting import Waiting
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.names import Names
from haven.world.search import Search
from haven.world.watches import Watches
from haven.world.world import World
from kiosk.app import Kiosk
from kiosk.displays import STUCK_S, Displays
from kiosk.driver import Display, driver_for
from kiosk.pin import Pin
from kiosk.screens.pane import Handed
from kiosk.server import serve
from tests.e2e.copies import small_project
from tests.kiosk.clock import FakeClock
from tests.kiosk.terminal import Terminal

OWNER = Principal("unix:0", "root", Role.OWNER, "kiosk")
PANEL = Principal("panel", "Wall panel", Role.OWNER, "kiosk", needs_pin=True)
FACTS = (
    StatusLine("Cloud", "stand-in, not Claude", "note"),
    StatusLine("Disk", "12 GB free"),
    StatusLine("Backup", "5 h old, restored to check it"),
)
GREEN = {
    "classes": {"test_map.py::test_zoom": "passing", "test_map.py::test_export": "new"},
    "counts": {"passing": 1, "new": 1},
    "green": True,
    "untested": False,
    "problem": "",
    "one_line": "1 passing, 1 new",
}
RED = GREEN | {
    "classes": {"test_map.py::test_zoom": "regressed"},
    "green": False,
    "one_line": "1 regressed",
}


class ScriptedModel:
    """A model that says what the test wants, piece by piece, when the test wants it."""

    def __init__(self, tier: Tier, model: str) -> None:
        self.tier = tier
        self.model = self.name = model
        self.price: Prices | None = None
        self.recipient, self.stand_in = "a scripted model", True
        self.pieces: list[str] = ["Vega has ", "**three** moons."]
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.ends = asyncio.Event()
        self.ends.set()
        """Cleared, it takes its time to be stopped, as one does that is in the midst of a step."""
        self.failure: Exception | None = None
        self.data: object = None
        self.calls: list[Call] = []

    def missing(self) -> str:
        return ""

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Finish, None]:
        self.calls.append(call)
        try:
            for number, piece in enumerate(self.pieces):
                if number:
                    await self.go_on.wait()
                if self.failure is not None:
                    raise self.failure
                yield Delta(piece)
        finally:
            await self.ends.wait()
        yield Finish("".join(self.pieces), Usage(10, 5), "end", self.data, model=self.model)

    async def close(self) -> None:
        pass


@dataclass
class House:
    """What app.py would hand to the kiosk."""

    database: Database
    bus: Bus
    changes: Changes
    round_table: RoundTable
    waiting: WaitingRoom
    records: Records
    outcomes: Outcomes
    alerts: Alerts
    settings: Settings
    office: Office
    pin: Pin
    model: ScriptedModel
    claude: ScriptedModel
    repository: Repository
    base: str
    kiosks: list[Kiosk] = field(default_factory=list)
    cloud: str = "the stand-in"
    lan: bool = False
    log: Recent = field(default_factory=Recent)
    past: Past = field(default_factory=Past)
    facts: list[StatusLine] = field(default_factory=lambda: list(FACTS))
    first_code: str = ""

    def kiosk(self, principal: Principal, driver: type[Driver] | None = None, clock: FakeClock | None = None) -> Kiosk:
        handed = Handed(
            round_table=self.round_table,
            changes=self.changes,
            waiting=self.waiting,
            records=self.records,
            bus=self.bus,
            database=self.database,
            status=self._status,
            alerts=self.alerts,
            verdict=self.outcomes.verdict,
            cloud=lambda: self.cloud,
            lan=lambda: self.lan,
            office=self.office,
            settings_file=self.settings.paths.config_dir / "haven.toml",
            log=self.log,
            past=self.past,
            principal=principal,
            pin=self.pin,
            first_code=lambda: self.first_code,
        )
        kiosk = Kiosk(handed, driver, clock)
        self.kiosks.append(kiosk)
        return kiosk

    @cached_property
    def displays(self) -> Displays:
        return Displays(self.kiosk)

    async def _status(self) -> list[StatusLine]:
        return self.facts

    async def held(self) -> Waiting:
        """The newest request that waits, or has waited, for the cloud."""
        return (await waits.of(self.database, limit=1))[0]

    async def tried_again(self) -> None:
        """Do what the job queue does when the time has come."""
        one = await self.held()
        await self.waiting.handle(jobs.Job(1, "waiting", one.id, f"waiting:{one.id}", 0.0, 1))

    async def in_review(
        self,
        text: str = "Add a zoom button",
        tests: Mapping[str, object] = GREEN,
        path: str = "zoom.py",
        files: Mapping[str, str] | None = None,
    ) -> Change:
        """A change with one committed round, waiting for a person."""
        proposal = Proposal(Kind.FEATURE, text, text, "cartographer", ("rules: the request speaks of zoom",))
        change = await self.changes.submit(proposal, replace(OWNER, id="discord:7", name="Ada"))
        tree = await self.repository.worktree(change.id, f"haven/change-{change.id}-zoom", self.base)
        for name, content in (files or {path: "def zoom() -> int:\n    return 2\n"}).items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(content)
        commit = await self.repository.commit(tree, text)

        async def work(tx: Transaction) -> None:
            summary = {"text": "Adds a zoom.", "by": "rules"}
            await table.update_round(tx, change.id, 1, commit_id=commit, tests=tests, summary=summary)
            await table.update(tx, change.id, base=self.base, state="review")
            await events.record(tx, "change.state", change.id, state="review", title=text, round=1)

        await self.database.write(work)
        return await self.changes.get(change.id)


def _office(
    settings: Settings,
    database: Database,
    ledger: Ledger,
    engine: Engine,
    table: RoundTable,
    heed: Callable[[Option, Any], None],
) -> Office:
    async def backup() -> Backup:
        return await backups.make(settings.database, settings.paths.state_dir / "backups")

    roster = engine.roster
    return Office(
        settings=settings,
        caps=Caps(database, settings.cloud),
        ledger=ledger,
        registry=Registry(settings.paths.state_dir),
        roster=roster,
        pricing=Pricing(roster, ledger, settings, None, table.seat),
        privacy=Privacy(database),
        heed=heed,
        backup=backup,
        restart=lambda: None,
        is_watched=False,
        began=0,
    )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    source = tmp_path / "project"
    base = small_project(source, {"map.py": "SCALE = 1\n"})
    paths = Paths(state_dir=tmp_path / "state", config_dir=tmp_path / "config", runtime_dir=tmp_path / "run")
    always_day = haven.settings.Kiosk(night_from="00:00", night_until="00:00")
    settings = Settings(paths=paths, project=Project(repository=source), cloud=Cloud(stand_in=True), kiosk=always_day)
    async with opened(settings.database) as database:
        repository = await Repository.create(source, tmp_path / "clone.git", "main")
        bus = Bus(database)
        bus.beside(Elsewhere(database, "the kiosk's process").look)
        await bus.start()
        changes = Changes(database, settings, lambda: repository, lambda id: None)
        model, claude = ScriptedModel(Tier.LOCAL, "small-model"), ScriptedModel(Tier.CLOUD, settings.cloud.model)
        ledger = Ledger(database, settings.cloud, "test")
        outcomes = Outcomes(database)
        memory = Memory(outcomes)
        # Asked again by hand, the cloud fails more often in a second than its breaker allows; nobody waits for a retry.
        cloud = settings.cloud.model_copy(update={"breaker_failures": 100, "attempts": 1})
        engine = Engine(Roster([model, claude], cloud=cloud), ledger, cloud, memory=memory)
        pin = Pin(settings)
        waiting = WaitingRoom(database, engine)
        round_table = RoundTable(engine, changes, waiting, Transcript(database, bus))
        world = World(database)
        search = Search(database, tmp_path / "search.db", Names(database), None)
        drafts, watches = Drafts(database, settings.world), Watches(database)
        atlases = Atlases(world)
        scribe = Scribe(world, drafts, atlases)
        records = Records(world, drafts, watches, search, Cartographer(atlases), scribe)
        alerts = Alerts(database, settings.alerts)
        heeding = partial(heed, bus, alerts, DigestClock(database, scribe, settings.world))
        following = asyncio.create_task(bus.run())
        yield House(
            database,
            bus,
            changes,
            round_table,
            waiting,
            records,
            outcomes,
            alerts,
            settings,
            _office(settings, database, ledger, engine, round_table, heeding),
            pin,
            model,
            claude,
            repository,
            base,
        )
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await search.close()


Show = Callable[..., AbstractAsyncContextManager[Terminal]]


@pytest.fixture
def show(house: House) -> Show:
    """`async with show(PANEL) as terminal`: one display of the house, ended at the end."""

    @asynccontextmanager
    async def display(
        principal: Principal = OWNER, columns: int = 100, rows: int = 28, clock: FakeClock | None = None
    ) -> AsyncIterator[Terminal]:
        terminal = Terminal(columns, rows)
        screen = Display(terminal.feed, columns, rows)
        terminal.send = screen.receive
        kiosk = house.kiosk(principal, driver_for(screen), clock)
        running = asyncio.create_task(kiosk.run_async())
        try:
            await terminal.until("HAVEN")
            yield terminal
        finally:
            screen.hang_up()
            await asyncio.wait_for(running, 20)

    return display


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A short path (a socket's may have 107 bytes) in a folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="haven-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "kiosk.sock"


Serve = Callable[..., AbstractAsyncContextManager[asyncio.Task[None]]]


@pytest.fixture
def serving(house: House, socket_path: Path) -> Serve:
    """`async with serving() as task`: the socket is open."""

    @asynccontextmanager
    async def run(
        owner_uid: int | None = None, stuck_s: float = STUCK_S, **settings: Any
    ) -> AsyncIterator[asyncio.Task[None]]:
        ready = asyncio.Event()
        uid = os.getuid() if owner_uid is None else owner_uid
        wanted = haven.settings.Kiosk(**settings)
        task = asyncio.create_task(serve(socket_path, house.displays, wanted, uid, ready.set, stuck_s))
        await asyncio.wait({task, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run
