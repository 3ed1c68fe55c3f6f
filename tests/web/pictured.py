"""The house that the dashboard is pictured with: something on every page, and the same at each look.

The clock stands still, what is the machine's own (heat, memory, the log) is handed in, and ids that chance made are
shown as others of their length.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Sign
from haven.access import Principal, Role
from haven.app import House, open_house
from haven.demo import charts
from haven.faces import at_hand, dashboard_of, port
from haven.logbook import Recent
from haven.settings import Web
from haven.store import accounts, backup, jobs, ledger, transcripts
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Transaction
from haven.store.ledger import DAY_S, Entry
from haven.world.exchange.loading import Importer
from haven.world.fields import edited, made
from haven.world.schema import Kind
from tests.e2e.copies import sample_project
from tests.e2e.house import settings_in
from tests.kiosk.furniture import LOG, STATUS, TALKS
from tests.ports import unused_port
from tests.still import AT, Still, standing
from tests.web.dashboard import Dashboard
from tests.web.furnished import ADA, in_review
from tests.web.furniture import ADDED, CHANGED, FARLIGHT, SPENT, TESTS, TITLE, TOLD
from web.dashboard import Dashboard as Faced
from web.handed import Handed

"""The moment of every picture."""
MEMORY_MB = 4_000
TIN = Principal("discord:9", "Tin", Role.MEMBER, "bot")
QUESTION = "Which systems lie within 20 units of Aster?"


@dataclass(frozen=True)
class Pictured:
    """`places`: where each page with an id of its own is; `known`: ids of chance, with what is shown for each."""

    here: Dashboard
    places: Mapping[str, str]
    known: Mapping[str, str]


@asynccontextmanager
async def pictured(folder: Path) -> AsyncIterator[Pictured]:
    """Nothing in it works but its port: what is seen stays as it is."""
    place = Web(port=unused_port())
    ready = settings_in(folder).model_copy(update={"web": place})
    ready = ready.model_copy(update={"models": ready.models.model_copy(update={"memory_mb": MEMORY_MB})})
    assert ready.project.repository is not None
    await sample_project(ready.project.repository)
    with standing() as clock:
        async with open_house(ready) as house:
            shown = await _dashboard(house)
            listening = asyncio.Event()
            work = asyncio.create_task(port(house, shown, place, listening.set))
            await listening.wait()
            here = Dashboard(house, shown.accounts, f"http://127.0.0.1:{place.port}", [])
            try:
                yield await _furnish(here, clock)
            finally:
                for browser in here.browsers:
                    await browser.close()
                work.cancel()
                await asyncio.wait([work])


async def _dashboard(house: House) -> Faced:
    """With a log of its own, and what is said of the machine."""
    accounts = (await dashboard_of(house)).accounts
    log = Recent()
    for seconds, level, name, words in LOG:
        record = logging.LogRecord(name, level, "", 0, words, None, None)
        record.created = AT - seconds
        log.emit(record)

    async def status() -> list[StatusLine]:
        return [*STATUS]

    @asynccontextmanager
    async def no_kiosk(principal: Principal, columns: int, rows: int) -> AsyncIterator[None]:
        raise AssertionError("nobody opens it")
        yield

    common = {**vars(at_hand(house)), "status": status, "log": log}
    handed = Handed(**common, importer=Importer(house.world, house.drafts, house.database), kiosk=no_kiosk)
    return Faced(house.settings.web, handed, accounts)


async def _furnish(here: Dashboard, clock: Still) -> Pictured:
    house = here.house
    clock.before(3000)
    await charts.bring_in(house)
    owner = await here.owner()
    for name, role in (("Mika", Role.MEMBER), ("Rena", Role.REVIEWER)):
        clock.before(400 if role is Role.MEMBER else 26)
        await here.person(name, role)
    changes = await _changes(house, clock)
    await _world(house, clock)
    for days, name, kind, usd, model in SPENT:
        known = await accounts.named(house.database, name)
        who = known.principal_id if known else name
        await house.database.write(partial(_spend, days=days, who=who, kind=kind, usd=usd, model=model))
    await house.sentinel.alerts.look(
        ["status"], [Sign("status:disk", "Disk: 0.9 GB free", "urgent", "Free some room.")], AT
    )
    clock.before(300)
    await backup.make(house.settings.database, house.settings.backups)
    clock.before(4)
    answer = await owner.post("/chat", text=QUESTION)
    assert "by computation" in answer.text, answer.text
    clock.before(0)
    await house.database.write(_talks)
    lore = (await house.world.one("The Lamplighter", Kind.LORE)).thing.id
    shown = changes["review"].id
    places = {
        "change": f"/changes/{shown}",
        "diff": f"/changes/{shown}/diff",
        "chat": answer.path.partition("#")[0],
        "lore": f"/world/records/{lore}",
    }
    return Pictured(here, places, await _known(house, changes, lore))


async def _changes(house: House, clock: Still) -> dict[str, Change]:
    """One in review, one whose plan waits, one under way, one that is merged: by their states."""
    found = {}
    for minutes, state, kind, title, by in (
        (1900, "merged", "docs", "Say in the README how a glyph is read", TIN),
        (95, "awaiting plan", "refactor", "Split the importer into one file a format", ADA),
        (9, "testing", "fix", "The clock of the map runs an hour late in winter", TIN),
    ):
        clock.before(minutes)
        id = await house.database.write(table.free_id)
        known = ("scribe", ["rules: it speaks of a file"], by.id, by.name, by.face)
        change = Change(id, f"change:{id}", kind, title, title, *known, state, "main")
        await house.database.write(partial(_change, change=change))
        found[state] = change
    clock.before(40)
    repository = house.repository
    assert repository is not None
    before = await repository.read_many(await repository.tip(), [*CHANGED])
    files = dict.fromkeys(ADDED, "") | {name: text.decode() for name, text in before.items()}
    for name, parts in CHANGED.items():
        for old, new in parts:
            assert old in files[name], old
            files[name] = files[name].replace(old, new)
    shown = await in_review(house, TITLE, {name: text + ADDED.get(name, "") for name, text in files.items()}, TESTS)

    async def work(tx: Transaction) -> None:
        await table.update_round(tx, shown.id, 1, summary={"text": TOLD, "by": "rules"})

    await house.database.write(work)
    return found | {"review": shown}


async def _change(tx: Transaction, change: Change) -> None:
    await table.insert(tx, change)
    await table.insert_round(tx, change.id, 1, "request")
    if change.state == "testing":
        await jobs.add(tx, "change", change.id, f"change:{change.id}")
        await jobs.claim(tx, "a worker", 60, ["change"])


async def _world(house: House, clock: Still) -> None:
    """Drafts that wait."""
    clock.before(31)
    await house.drafts.propose([made(Kind.SYSTEM, FARLIGHT)], ADA, "/submit", "seen from Aster, twice")
    clock.before(12)
    aster = (await house.world.one("Aster", Kind.SYSTEM)).thing
    await house.drafts.propose([edited(aster, {"economy": "Tourism"})], TIN, "/submit")


async def _spend(tx: Transaction, days: int, who: str, kind: str, usd: float, model: str) -> None:
    """One call that has ended."""
    at = AT - days * DAY_S - 3_000
    id = await ledger.insert(tx, Entry("p", who, "asked", "cloud", model, "anthropic", "", 3, usd, kind=kind), "", at)
    await ledger.settle(tx, id, at, state="settled", usd=usd, input_tokens=1_000, output_tokens=50)


async def _talks(tx: Transaction) -> None:
    for number, said in enumerate(TALKS):
        await transcripts.add(tx, replace(said, assistant="lorekeeper", at=AT - 600 + 20 * number))


async def _known(house: House, changes: Mapping[str, Change], lore: str) -> dict[str, str]:
    """Each of them by itself: a change has six characters, a commit forty, the others what follows the dash."""
    ids = [changes[name].id for name in sorted(changes)]
    ids += [id.partition("-")[2] for id in (lore, *(one.id for one in await house.drafts.list()))]
    for round in await table.rounds(house.database, changes["review"].id):
        ids += [round.commit_id[:12]]
    ids += [changes["review"].base[:12]]
    return {id: hashlib.sha256(f"id {number}".encode()).hexdigest()[: len(id)] for number, id in enumerate(ids)}
