"""The roof: settings in, one running process out. Only this file builds the objects; the one TaskGroup is here."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from assistants.cartographer import Cartographer
from assistants.own import Problem
from assistants.round_table import RoundTable
from assistants.scribe import Scribe
from assistants.scribing.clock import DigestClock
from assistants.sentinel import Sentinel
from assistants.waiting import JOB as JOB_WAITING
from assistants.waiting import WaitingRoom
from haven import heap
from haven.ai.engine import Engine
from haven.ai.judging.embed import Embedder
from haven.ai.memory import Memory
from haven.ai.memory.cache import Cache
from haven.ai.memory.outcomes import Outcomes
from haven.ai.models.plan import plan, room_mb
from haven.ai.models.registry import Registry
from haven.ai.models.residence import Residence
from haven.ai.money.ledger import Ledger
from haven.ai.policy import Policy, rules
from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Provider
from haven.ai.providers.lan import lan_models
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.openai_compatible import other_clouds
from haven.ai.roster import Roster
from haven.ai.switch import CloudSwitch
from haven.changes.checking import Checker
from haven.changes.checking.testrun import TestRunner
from haven.changes.decisions import JOB, Changes
from haven.changes.elsewhere import Elsewhere
from haven.changes.git.repository import Repository
from haven.changes.landing import Landing
from haven.changes.landing.deploying import Deployments
from haven.changes.landing.pruning import Pruning
from haven.changes.pipeline import Pipeline
from haven.changes.rounds import Rounds
from haven.changes.rounds.by_hand import ByHand
from haven.changes.rounds.planning import Planning
from haven.changes.rounds.prompting import Prompts
from haven.changes.sandbox import Sandbox
from haven.changes.sandbox.testenv import TestEnvironments
from haven.changes.standing import Today
from haven.errors import HavenError, SettingsError, Unavailable
from haven.events import Bus
from haven.health import LoopLag, memory_total_mb
from haven.jobs import Handler, JobQueue, is_alive, process_identity
from haven.privacy import Privacy
from haven.readiness import Readiness
from haven.schedule import Schedule
from haven.seating import seat_all
from haven.settings import ANTHROPIC_KEY, Settings
from haven.store import deployments, ledger, retention
from haven.store.database import Database, now, opened
from haven.webhooks.outbox import Outbox
from haven.world.drafts import Drafts
from haven.world.names import Names
from haven.world.search import Search
from haven.world.watches import Watches
from haven.world.world import World

log = logging.getLogger("haven")

STAND_IN_KEY = "stand-in-needs-no-key"


@dataclass(frozen=True)
class House:
    """Everything that the faces and the command line are handed."""

    settings: Settings
    database: Database
    bus: Bus
    engine: Engine
    ledger: Ledger
    registry: Registry
    minds: Minds
    outcomes: Outcomes
    memory: Memory
    changes: Changes
    by_hand: ByHand | None
    round_table: RoundTable
    broken_assistants: Sequence[Problem]
    switch: CloudSwitch
    waiting: WaitingRoom
    sentinel: Sentinel
    environments: TestEnvironments
    sandbox: Sandbox
    jobs: JobQueue
    repository: Repository | None
    pruning: Pruning | None
    lag: LoopLag
    repository_error: str
    world: World
    drafts: Drafts
    watches: Watches
    search: Search
    cartographer: Cartographer
    scribe: Scribe
    digests: DigestClock
    readiness: Readiness = field(default_factory=Readiness)
    again: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where this process is to end so that whatever looks after it starts it again."""


@asynccontextmanager
async def open_house(settings: Settings, environments: Path | None = None) -> AsyncIterator[House]:
    """Build the house; nothing runs yet. `environments` may share the folder of test environments."""
    async with opened(settings.database) as database:
        registry = Registry(settings.paths.state_dir)
        minds = _minds(settings, registry)
        embedder = Embedder() if settings.models.embeddings else None
        search = Search(database, settings.paths.state_dir / "world-search.db", Names(database), embedder)
        try:
            yield await _build(settings, database, registry, minds, search, environments)
        finally:
            await search.close()
            if embedder is not None:
                embedder.close()
            await minds.close()


async def _build(
    settings: Settings, database: Database, registry: Registry, minds: Minds, search: Search, environments: Path | None
) -> House:
    state, identity = settings.paths.state_dir, process_identity()
    await _orphan_reservations(database, identity)
    bus, book, outcomes = Bus(database), Ledger(database, settings.cloud, identity), Outcomes(database)
    bus.beside(Elsewhere(database, identity).look)
    await bus.start()
    memory = await _memory(settings, database, outcomes, minds, search.embedder)
    switch, world, watches = CloudSwitch(database), World(database), Watches(database)
    drafts = Drafts(database, settings.world, settings.discord.owners)
    engine = _engine(settings, minds, book, memory, switch)
    waiting = WaitingRoom(database, engine)
    sandbox, environments_, lag = Sandbox(settings.sandbox), TestEnvironments(environments or state), LoopLag()
    handlers: dict[str, Handler] = {JOB_WAITING: waiting.handle}
    jobs = JobQueue(database, handlers)
    repository, problem = await _repository(settings)
    changes = Changes(database, settings, lambda: _there(repository, problem), jobs.stop, waiting.today)
    by_hand, pruning = None, None
    if repository is not None:
        checker = Checker(database, repository, TestRunner(sandbox, environments_), await _own_scratch(state, identity))
        pipeline, by_hand = _pipeline(settings, database, bus, engine, book, repository, checker, waiting.today)
        handlers[JOB] = pipeline.handle
        handlers[deployments.JOB] = Deployments(database, changes, settings.deploy, settings.project).handle
        pruning = Pruning(database, repository, state, settings.changes.keep_days, environments_.drop_unused)
    at = (sandbox, lag, waiting, outcomes, problem, repository.notes if repository else (), switch, database)
    sentinel = Sentinel(settings, changes, book, engine.roster, *at)
    seated = await seat_all(settings, database, bus, engine, changes, waiting, world, drafts, search, watches, sentinel)
    return House(
        settings=settings,
        database=database,
        bus=bus,
        engine=engine,
        ledger=book,
        registry=registry,
        minds=minds,
        outcomes=outcomes,
        memory=memory,
        changes=changes,
        by_hand=by_hand,
        round_table=seated.round_table,
        broken_assistants=seated.broken,
        switch=switch,
        waiting=waiting,
        sentinel=sentinel,
        environments=environments_,
        sandbox=sandbox,
        jobs=jobs,
        repository=repository,
        pruning=pruning,
        lag=lag,
        repository_error=problem,
        world=world,
        drafts=drafts,
        watches=watches,
        search=search,
        cartographer=seated.cartographer,
        scribe=seated.scribe,
        digests=DigestClock(database, seated.scribe, settings.world),
    )


def _pipeline(
    settings: Settings,
    database: Database,
    bus: Bus,
    engine: Engine,
    book: Ledger,
    repository: Repository,
    checker: Checker,
    today: Today,
) -> tuple[Pipeline, ByHand]:
    """What carries a change from its request to its merge, and the way around it by hand."""
    prompts = Prompts(repository, settings)
    planning, rounds = Planning(prompts, engine, settings), Rounds(database, prompts, engine, settings)
    landing = Landing(database, repository, checker, settings)
    by_hand = ByHand(database, rounds, book, settings)
    return Pipeline(database, bus, settings, planning, rounds, checker, landing, today), by_hand


async def _memory(
    settings: Settings, database: Database, outcomes: Outcomes, minds: Minds, embedder: Embedder | None
) -> Memory:
    answers = {(one.tier, one.name): one.model for one in minds.providers}  # a local model's hash stands in it
    cache = Cache(database, lambda step: answers.get((step.tier, step.model), step.model))
    memory = Memory(outcomes, cache, embedder, settings.routing)
    await memory.refresh()
    return memory


def _engine(settings: Settings, minds: Minds, book: Ledger, memory: Memory, switch: CloudSwitch) -> Engine:
    routing, cloud = settings.routing, settings.cloud
    roster = Roster(minds.providers, settings.kinds, cloud, minds.residence)
    small = cloud.small_model if cloud.small_model != cloud.model else ""
    policy = Policy(routing, rules(routing), settings.lan.only, small, cloud.per_request_usd)
    return Engine(roster, book, cloud, policy, memory, switch=switch)


@dataclass(frozen=True)
class Minds:
    """Every model that is configured, and what looks after them."""

    providers: tuple[Provider, ...]
    residence: Residence
    watch_lan: Callable[[], Coroutine[None, None, None]]

    async def keep(self, readiness: Readiness) -> None:
        """Load the models that stay, then watch the hosts at home; until cancelled."""
        await self.residence.warm([one for one in self.providers if isinstance(one, LlamaProvider)])
        readiness.stands("models")
        await self.watch_lan()

    async def close(self) -> None:
        for provider in self.providers:
            await provider.close()


def _minds(settings: Settings, registry: Registry) -> Minds:
    """Each tier's models in order of preference; each says itself why it can't be used."""
    lan, watch = lan_models(settings.lan, settings.secret)
    local = _local(settings, registry)
    return Minds((*local, *lan, *_cloud(settings)), _residence(settings, registry, local), watch)


def _local(settings: Settings, registry: Registry) -> list[LlamaProvider]:
    """The default model, those that must stay loaded, and those that a kind of output names.

    Raises SettingsError for one that no catalogue has.
    """
    models = settings.models
    if not models.local:
        return []
    named = settings.local_models
    for name, key in named.items():
        if name not in registry.models:
            there = f"There are: {', '.join(registry.models)}."
            raise SettingsError(f"The setting {key} names {name!r}, and there is no such model.", there)
    return [
        registry.provider(
            name,
            context_tokens=models.context_tokens,
            threads=models.threads,
            batch_threads=models.batch_threads,
            seats=models.seats,
            gpu_layers=models.gpu_layers,
            gpu_memory_mb=models.gpu_memory_mb,
            prefix_folder=settings.paths.state_dir / "prefixes" if models.prefix_mb else None,
            prefix_mb=models.prefix_mb,
        )
        for name in named
    ]


def _residence(settings: Settings, registry: Registry, local: Sequence[LlamaProvider]) -> Residence:
    """Room for the local models, by the plan's estimates; those that the catalogue calls persistent stay as well."""
    models = settings.models
    limit = room_mb(models.memory_mb, memory_total_mb())
    shelves = [registry.shelf(one.name) for one in local]
    places = plan(shelves, limit, models.context_tokens, models.seats, models.keep).places
    keep = (*models.keep, *(shelf.model.name for shelf in shelves if shelf.model.persistent))
    return Residence({one.name: one.needs_mb for one in places}, limit, keep, models.idle_minutes * 60)


def _cloud(settings: Settings) -> list[Provider]:
    """Claude first, then the others in their order."""
    cloud = settings.cloud
    key = STAND_IN_KEY if cloud.stand_in else settings.secret(ANTHROPIC_KEY) or ""
    claudes = [
        AnthropicProvider(key, model=model, base_url=cloud.base_url, timeout_s=cloud.timeout_s, stand_in=cloud.stand_in)
        for model in dict.fromkeys((cloud.model, cloud.small_model))
        if model
    ]
    return [*claudes, *other_clouds(cloud, settings.secret)]


async def _repository(settings: Settings) -> tuple[Repository | None, str]:
    """Haven's own bare clone of the project, or the sentence why there is none."""
    source = settings.project.repository
    if source is None:
        return None, "No repository is configured yet. Run: haven setup repository"
    name = hashlib.sha256(str(source).encode()).hexdigest()[:16]
    clones = settings.paths.state_dir / "clones"
    try:
        return await Repository.create(source, clones / f"{name}.git", settings.project.target_branch), ""
    except HavenError as error:
        log.warning("[%s] the repository can't be used: %s", error.id, error)
        return None, error.full


def _there(repository: Repository | None, problem: str) -> Repository:
    if repository is None:
        raise Unavailable(problem, retry=False)
    return repository


async def _own_scratch(state: Path, identity: str) -> Path:
    """A folder for this process's trees; what dead processes left there is removed."""

    def sweep() -> Path:
        scratch = state / "scratch"
        for left in scratch.glob("*"):
            if not is_alive(left.name):
                shutil.rmtree(left, ignore_errors=True)
        return scratch / identity

    return await asyncio.to_thread(sweep)


async def _orphan_reservations(database: Database, identity: str) -> None:
    """What a dead process had reserved stays charged at its worst case and is shown as unknown."""
    for process in await ledger.open_processes(database):
        if process != identity and not is_alive(process):
            await database.write(lambda tx, process=process: ledger.orphan(tx, process))  # type: ignore[misc]


Face = Callable[[House], Coroutine[None, None, None]]


async def run(house: House, faces: list[Face]) -> None:
    """One TaskGroup: bus, jobs, clock and faces, until cancelled or a face returns for good.

    Closing goes in order: the faces end first (they answer "restarting"), then the work, then the clock and the bus.
    """
    schedule = Schedule()
    _ticks(house, schedule)
    gc.freeze()  # what lives by now lives for ever: to collect it would hold everyone up for a fifth of a second
    async with asyncio.TaskGroup() as group:
        ground = [group.create_task(part) for part in _ground(house, schedule)]
        work = group.create_task(house.jobs.run())
        shown = [group.create_task(face(house)) for face in faces]
        try:
            await asyncio.wait(shown or [work])
        finally:
            house.readiness.end()
            for tasks in (shown, [work], ground):
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks) if tasks else None


def _ground(house: House, schedule: Schedule) -> tuple[Coroutine[None, None, None], ...]:
    """What everything else stands on."""
    clocks = house.bus.run(), schedule.run(partial(house.readiness.stands, "clock")), house.lag.run()
    world = house.search.keep(), house.watches.run(house.bus), house.cartographer.prepare()
    settings, note = house.settings, partial(house.sentinel.note, "Webhooks")
    outbox = Outbox(house.database, house.bus, settings.webhooks, settings.secret, note)
    return *clocks, house.minds.keep(house.readiness), *world, outbox.run()


def _ticks(house: House, schedule: Schedule) -> None:
    schedule.every(24, "backup", house.sentinel.backups.daily)
    schedule.every(1 / 60, "watch", house.sentinel.look)
    schedule.every(1 / 6, "patrol", house.sentinel.walk)
    schedule.every(24, "retention", lambda: retention.sweep(house.database, house.settings.keep, now()))
    schedule.every(1, "people who left", Privacy(house.database).finish)
    schedule.every(1, "learning", house.memory.learn)
    schedule.every(1 / 6, "digest", house.digests.look)
    schedule.every(1, "undecided questions", house.waiting.expire)
    schedule.every(1 / 12, "idle models", house.minds.residence.unload_idle)
    schedule.every(1 / 6, "heap", heap.trim)
    if house.pruning is not None:
        schedule.every(24, "prune", house.pruning.sweep)
