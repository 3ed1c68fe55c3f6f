"""The house that the kiosk is pictured with: something in each place, and the same at each look.

The clock of the machine stands still, and what is the machine's own (heat, memory, the log) is handed in.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent

import pytest

import haven.settings
from assistants.round_table import RoundTable
from assistants.sentinel import HAVEN
from assistants.sentry.alerts import Sign
from assistants.table.facts import Facts
from assistants.table.transcript import Transcript
from haven.access import Principal, Role
from haven.ai.engine import Engine
from haven.changes.proposal import Kind, Proposal
from haven.health import snapshot
from haven.settings import Models
from haven.store import changes as table
from haven.store import deployments, events, jobs, transcripts
from haven.store.changes import Change
from haven.store.database import Transaction
from haven.world.fields import edited, made
from haven.world.schema import Kind as WorldKind
from haven.world.schema import System
from tests.kiosk.conftest import House
from tests.kiosk.furniture import AFTER, BEFORE, LOG, STATUS, TALKS, TESTS
from tests.kiosk.test_world import charted  # noqa: F401
from tests.still import AT, Still, standing

ANN = Principal("unix:1000", "Ann", Role.OWNER, "kiosk")
ADA = Principal("discord:7", "Ada", Role.MEMBER, "bot")
TIN = Principal("discord:9", "Tin", Role.MEMBER, "bot")
"""The moment of every picture."""
MEMORY_MB = 4_000
MINUTES = 240


@dataclass(frozen=True)
class Furnished:
    """The house, the change that is looked at, and `known`: ids that chance made, with what stands for each in a
    picture, as long as itself."""

    house: House
    change: str
    known: Mapping[str, str]


@pytest.fixture
def still() -> Iterator[Still]:
    with standing() as clock:
        yield clock


@pytest.fixture
async def furnished(still: Still, charted: House) -> Furnished:  # noqa: F811
    house = charted
    house.facts = list(STATUS)
    await _richer_base(house)
    changes = await _changes(house, still)
    await _world(house, still)
    await _machine(house)
    await house.database.write(lambda tx: _queue(tx, changes))
    _seat(house)
    still.before(0)
    await house.database.write(_talks)
    return Furnished(house, changes["review"].id, await _known(house, changes))


async def _richer_base(house: House) -> None:
    """Something to change."""
    tree = await house.repository.worktree("before", "haven/before", house.base)
    _write(tree, BEFORE)
    house.base = await house.repository.commit(tree, "The map as text")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))


async def _changes(house: House, clock: Still) -> dict[str, Change]:
    """One in review, one whose plan waits, one under way, one that is merged: by their states."""
    found = {}
    for minutes, state, kind, title, by in (
        (1900, "merged", Kind.DOCS, "Say in the README how a glyph is read", ANN),
        (95, "awaiting plan", Kind.REFACTOR, "Split the importer into one file a format", ANN),
        (9, "testing", Kind.FIX, "The clock of the map runs an hour late in winter", TIN),
    ):
        clock.before(minutes)
        change = await house.changes.submit(Proposal(kind, title, title, "scribe", ("rules: it speaks of a file",)), by)
        await house.database.write(lambda tx, id=change.id, state=state: table.update(tx, id, state=state))
        await house.database.write(lambda tx, id=change.id: jobs.drop(tx, "change", id))
        found[state] = change
    clock.before(40)
    shown = await house.in_review("Export the map as a PNG", TESTS, files={k: dedent(v) for k, v in AFTER.items()})
    words = "A button writes the map as a PNG, with the standard library alone; the map is drawn twice as large."

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, shown.id, 1, summary={"text": words, "by": "rules"})
        await jobs.drop(tx, "change", shown.id)

    await house.database.write(work)
    return found | {"review": shown}


async def _world(house: House, clock: Still) -> None:
    """Drafts that wait, a watch that has found something, and a digest."""
    records, drafts = house.records, house.records.drafts
    farlight = {"name": "Farlight", "position": "24, 21, -9", "star": "Yellow", "economy": "Mining"}
    clock.before(31)
    await drafts.propose([made(WorldKind.SYSTEM, farlight)], ADA, "/submit", "seen from Astra, twice")
    clock.before(12)
    oculi = (await records.world.one("Oculi", WorldKind.SYSTEM)).thing
    await drafts.propose([edited(oculi, {"economy": "Tourism"})], TIN, "/submit")
    clock.before(3000)
    await records.watches.add("new systems", ANN, {})
    clock.before(700)
    await records.world.put([System(name="Emberfall")], HAVEN, "an import")
    await records.watches.catch_up()
    clock.before(250)
    lines = ["system Emberfall, by Ada", "lore The Lamp That Stayed Lit, by Tin"]
    told = {"title": "The week in the Reach", "sections": [{"title": "Added", "lines": lines}]}
    await house.database.write(lambda tx: events.record(tx, "digest.told", "world", **told))


async def _machine(house: House) -> None:
    """Four hours of a machine, an alert, the log, and one model that is here."""
    calm = replace(snapshot(Path("/"), root=Path("/nowhere")), memory_total_mb=4000.0, disk_total_mb=32_000.0)
    for minute in range(MINUTES):
        wave = math.sin(minute / 24)
        machine = replace(
            calm,
            cpu_celsius=52 + 9 * wave,
            memory_available_mb=1800 - 300 * wave,
            disk_free_mb=1_000 - minute / 3,
        )
        house.past.add(machine, 4 + 3 * wave, 11.5 + wave if minute % 40 < 25 else None)
    full = Sign("status:disk", "Disk: 0.9 GB free", "urgent", "Free some room: haven backup list")
    await house.alerts.look(["status"], [full], AT - 1_500)
    for seconds, level, name, words in LOG:
        record = logging.LogRecord(name, level, "", 0, words, None, None)
        record.created = AT - seconds
        house.log.emit(record)
    usual = {"models": Models(memory_mb=MEMORY_MB), "kiosk": haven.settings.Kiosk()}
    house.office = replace(house.office, settings=house.settings.model_copy(update=usual))
    first = house.office.registry.list()[0].model
    weights = house.office.registry.path(first.name)
    weights.parent.mkdir(parents=True)
    with weights.open("wb") as hollow:
        hollow.truncate(first.bytes)  # as large as it must be, and nothing on the disk


async def _queue(tx: Transaction, changes: Mapping[str, Change]) -> None:
    """One that runs, one that waits for its time, one that failed."""
    merged, testing = changes["merged"].id, changes["testing"].id
    await jobs.add(tx, deployments.JOB, merged, f"deploy:{merged}")
    failed = await jobs.claim(tx, "a worker", 60, [deployments.JOB])
    assert failed is not None
    await jobs.finish(tx, failed, "a worker", "the command of [deploy] ended with 1")
    await jobs.add(tx, "change", testing, f"change:{testing}")
    await jobs.claim(tx, "a worker", 60, ["change"])
    waits = changes["awaiting plan"].id
    await jobs.add(tx, "change", waits, f"change:{waits}", AT + 1_800)


async def _talks(tx: Transaction) -> None:
    for number, said in enumerate(TALKS):
        await transcripts.add(tx, replace(said, assistant="lorekeeper", at=AT - 600 + 20 * number))


def _seat(house: House) -> None:
    """Somebody who knows the world, so that an answer is computed and names its sources."""
    office, records = house.office, house.records
    engine = Engine(office.roster, office.ledger, house.settings.cloud)
    facts = Facts({"cartographer": records.cartographer}, records.world, records.search.names)
    house.round_table = RoundTable(engine, house.changes, house.waiting, Transcript(house.database, house.bus), facts)


async def _known(house: House, changes: Mapping[str, Change]) -> dict[str, str]:
    """Each of them by itself: a change has six characters, a commit forty, the others what follows the dash."""
    ids = [changes[name].id for name in sorted(changes)]
    ids += [one.id.partition("-")[2] for one in await house.records.drafts.list()]
    ids += [one.id.partition("-")[2] for one in await house.records.watches.list(ANN)]
    ids += [one.id.partition("-")[2] for one in await house.alerts.open()]
    systems = await house.records.world.things(WorldKind.SYSTEM, limit=100)
    ids += [one.id.partition("-")[2] for one in sorted(systems, key=lambda one: one.name)] + [house.base]
    ids += [one.commit_id for one in await table.rounds(house.database, changes["review"].id) if one.commit_id]
    return {id: _stand_in(number, len(id)) for number, id in enumerate(ids)}


def _stand_in(number: int, length: int) -> str:
    """Looks like one, and is always the same."""
    return hashlib.sha256(f"id {number}".encode()).hexdigest()[:length]
