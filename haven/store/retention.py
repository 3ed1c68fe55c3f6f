"""What is old goes: kind by kind, in small transactions, so that nobody's write waits for it.

The rows of the ledger stay for ever, because they are the accounts; only the words that left are emptied.
"""

from __future__ import annotations

from dataclasses import dataclass

from haven.settings import Keep
from haven.store.database import Database, Transaction

DAY_S = 86_400
BATCH = 200
"""Rows of one transaction: a few milliseconds on a slow card."""


@dataclass(frozen=True)
class _Rule:
    """`old` finds rowids, at most `:most`, from before the moment `:before`; `forget` is done to them in order."""

    name: str
    days: int
    old: str
    forget: tuple[str, ...]


def _rules(keep: Keep) -> tuple[_Rule, ...]:
    return *_of_work(keep), *_of_words(keep), *_of_cards(keep)


def _of_work(keep: Keep) -> tuple[_Rule, ...]:
    under_way = "select id from change where state not in ('merged', 'rejected', 'cancelled', 'reverted')"
    return (
        _Rule(
            "events",
            keep.events,
            f"select id from event where at < :before and subject not in ({under_way}) order by id limit :most",
            ("delete from event where id in",),
        ),
        _Rule(
            "jobs",
            keep.events,
            "select id from job where state in ('done', 'failed') and run_at < :before limit :most",
            ("delete from job where id in",),
        ),
        _Rule(
            "test reports",
            keep.events,
            "select rowid from baseline where at < :before limit :most",
            ("delete from baseline where rowid in",),
        ),
        _Rule(
            "outcomes",
            keep.outcomes,
            "select id from outcome where at < :before order by at limit :most",
            ("delete from verdict where outcome_id in", "delete from outcome where id in"),
        ),
        _Rule(
            "steps of pass marks",
            keep.outcomes,
            "select id from learned where at < :before and id not in (select max(id) from learned group by kind)"
            " limit :most",
            ("delete from learned where id in",),
        ),
        _Rule(
            "alerts",
            keep.events,
            "select rowid from alert where clear_told_at < :before limit :most",
            ("delete from alert where rowid in",),
        ),
    )


def _of_words(keep: Keep) -> tuple[_Rule, ...]:
    return (
        _Rule(
            "texts",
            keep.texts,
            "select id from reservation where at < :before and sent <> x'789c030000000001' limit :most",
            ("update reservation set sent = x'789c030000000001' where id in",),  # nothing, compressed
        ),
        _Rule(
            "waiting",
            keep.waiting,
            "select rowid from waiting where state in ('answered', 'cancelled', 'failed') and at < :before limit :most",
            ("delete from waiting where rowid in",),
        ),
        _Rule(
            "drafts",
            keep.drafts,
            "select rowid from world_draft where state <> 'open' and decided_at < :before limit :most",
            ("delete from world_draft where rowid in",),
        ),
        _Rule(
            "transcript",
            keep.transcript,
            "select id from transcript where at < :before order by id limit :most",
            ("delete from transcript where id in",),
        ),
    )


def _of_cards(keep: Keep) -> tuple[_Rule, ...]:
    """What the faces keep beside their messages."""
    held = (
        "select cast(json_extract(place, '$.message') as text) from waiting"
        " where state in ('asked', 'waiting') and json_extract(place, '$.message') is not null"
    )
    forget = ("delete from card where rowid in",)
    return (
        _Rule(
            "questions under answers",
            keep.transcript,
            "select rowid from card where face in ('discord.answer', 'discord.talk', 'web.chat') and at < :before"
            f" and subject not in ({held}) limit :most",
            forget,
        ),
        _Rule(
            "cards of alerts",
            keep.transcript,
            "select rowid from card where face = 'discord.alert' and at < :before"
            " and subject not in (select id from alert) limit :most",
            forget,
        ),
        _Rule("prices", 1, "select rowid from card where face = 'discord.price' and at < :before limit :most", forget),
        _Rule(
            "cards of drafts",
            keep.drafts,
            "select rowid from card where face = 'discord.draft' and at < :before"
            " and subject not in (select id from world_draft) limit :most",
            forget,
        ),
    )


async def sweep(database: Database, keep: Keep, at: float) -> dict[str, int]:
    """Forget what is older than `keep` allows at the moment `at`; how many rows of each kind."""
    return {rule.name: await _thin(database, rule, at - rule.days * DAY_S) for rule in _rules(keep) if rule.days}


async def overdue(database: Database, keep: Keep, at: float) -> dict[str, int]:
    """How many rows of each kind the next sweep takes."""
    found = {}
    for rule in _rules(keep):
        values = {"before": at - rule.days * DAY_S, "most": -1}
        row = await database.row(f"select count(*) from ({rule.old})", values) if rule.days else None
        found[rule.name] = int(row[0]) if row else 0
    return found


async def _thin(database: Database, rule: _Rule, before: float) -> int:
    async def work(tx: Transaction) -> int:
        """Finds and forgets in one transaction: a job that is due again in between stays."""
        values = {"before": before, "most": BATCH}
        done = 0
        for statement in rule.forget:
            done = (await tx.execute(f"{statement} ({rule.old})", values)).rowcount
        return done

    gone = 0
    while batch := await database.write(work):
        gone += batch
    return gone
