"""Put a change's rows, its diff and its ledger together into the review that every face draws."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from haven.access import persons
from haven.changes.git.repository import Repository
from haven.changes.review import PastRound, Review, RoundPair, Sent, summary_fallback
from haven.changes.review.diffing import FileDiff, files_of
from haven.changes.review.risk import Risk, risk_of
from haven.changes.rounds import plan
from haven.changes.states import State
from haven.errors import NotFound
from haven.settings import Settings
from haven.store import approvals, ledger
from haven.store import changes as table
from haven.store.approvals import Approval
from haven.store.changes import Change, Round
from haven.store.database import Database

MOST_LISTED = 12
"""Rounds, the newest, whose files are looked up: each takes two calls of git."""


async def assemble(database: Database, repository: Repository, change: Change, settings: Settings) -> Review:
    """The review of the round that the change is at, whatever its state."""
    current = await table.round_of(database, change)
    diff = await repository.diff(change.base, current.commit_id) if current.commit_id else ""
    files, risk = await asyncio.to_thread(_read, diff, current)
    entries = await ledger.of_change(database, change.id)
    approved = await approvals.of(database, change.id, current.commit_id)
    two = settings.changes.two_people_for_risk and bool(risk.marks)
    return Review(
        id=change.id,
        title=change.title,
        kind=change.kind,
        state=change.state,
        round=change.round,
        commit=current.commit_id,
        base=change.base,
        requester=change.requester_name,
        worded_by=current.by_id if current.by_id != change.requester else "",
        assistant=change.assistant,
        reasons=tuple(change.reasons),
        summary=current.summary or {"text": _so_far(change, current, files), "by": "rules"},
        files=files,
        diff=diff,
        tests=current.tests,
        risk_marks=risk.marks,
        risk_notes=risk.notes,
        route=current.route,
        cost_usd=sum(entry.charged for entry in entries),
        worst_usd=float(change.plan.get("worst_usd", 0.0)),
        tokens=_tokens(entries),
        sent=tuple(_sent(entry) for entry in entries),
        rounds=await _past_rounds(database, repository, change, entries),
        stand_in=settings.cloud.stand_in or any(entry.stand_in for entry in entries),
        request=change.request,
        branch=change.branch,
        target=change.target,
        reason=change.reason,
        notes=(*current.notes, *current.tests.get("kind_notes", ())),
        plan=tuple(plan.in_words(change.plan).split("\n")) if change.state == State.AWAITING_PLAN else (),
        plan_id=plan.fingerprint(change.plan) if change.state == State.AWAITING_PLAN else "",
        approved_by=_by_person(approved, settings.discord.owners),
        people=2 if two else 1,
    )


async def compare(database: Database, repository: Repository, change: Change, first: int, second: int) -> RoundPair:
    """Two rounds side by side. Raises NotFound where one is not there or has no commit."""
    pair = await with_edits(database, change, first), await with_edits(database, change, second)
    diff = await repository.diff(pair[0].commit_id, pair[1].commit_id)
    entries = await ledger.of_change(database, change.id)
    left, right = [await _past(repository, change, one, entries) for one in pair]
    files = await asyncio.to_thread(files_of, diff)
    return RoundPair(change.id, left, right, diff, files, _moved(*pair))


async def with_edits(database: Database, change: Change, number: int) -> Round:
    """The round of that number. Raises NotFound where it is not there or has no commit."""
    made = {one.number: one for one in await table.rounds(database, change.id) if one.commit_id}
    if number not in made:
        have = ", ".join(map(str, made)) or "none"
        raise NotFound(f"Change {change.id} has no round {number} with edits.", f"Rounds that have some: {have}.")
    return made[number]


def _read(diff: str, current: Round) -> tuple[tuple[FileDiff, ...], Risk]:
    files = files_of(diff)
    return files, risk_of(files, current.tests)


def _by_person(approved: Sequence[Approval], owners: Collection[str]) -> tuple[str, ...]:
    """One entry a person, with the other hands that they approved by."""
    names = {one.principal: one.name for one in approved}
    found = []
    for ids in persons(names, owners):
        first, *others = [names[id] for id in ids]
        found.append(f"{first} (also as {', '.join(others)}: the owner's hand)" if others else first)
    return tuple(found)


def _so_far(change: Change, current: Round, files: Sequence[FileDiff]) -> str:
    """What can be said where no model wrote a summary."""
    if change.state == State.AWAITING_PLAN:
        return "Nothing is changed yet: a plan waits for a person."
    if current.commit_id and current.tests:
        return summary_fallback(files, str(current.tests.get("one_line", "")))
    return "There is nothing to look at yet." if not current.commit_id else "The tests are still to come."


def _sent(entry: ledger.Entry) -> Sent:
    return Sent(f"{entry.purpose} ({entry.sent_chars:,} characters)", entry.recipient, entry.redacted, entry.charged)


def _tokens(entries: Sequence[ledger.Entry]) -> dict[str, int]:
    """What was read afresh (and put into the cache, where that was asked), read from the cache, and written."""
    return {
        "fresh": sum(entry.input_tokens + entry.cache_write for entry in entries),
        "cached": sum(entry.cache_read for entry in entries),
        "written": sum(entry.output_tokens for entry in entries),
    }


async def _past_rounds(
    database: Database, repository: Repository, change: Change, entries: Sequence[ledger.Entry]
) -> tuple[PastRound, ...]:
    rounds = await table.rounds(database, change.id)
    oldest = rounds[-MOST_LISTED].number if len(rounds) > MOST_LISTED else 0
    return tuple([await _past(repository, change, one, entries, listed=one.number >= oldest) for one in rounds])


async def _past(
    repository: Repository, change: Change, one: Round, entries: Sequence[ledger.Entry], *, listed: bool = True
) -> PastRound:
    stats = await repository.diff_stat(one.base or change.base, one.commit_id) if one.commit_id and listed else []
    return PastRound(
        number=one.number,
        cause=one.cause,
        tests=str(one.tests.get("one_line", "")),
        ended=one.ended,
        commit=one.commit_id,
        files=tuple(file.path for file in stats),
        counts=dict(one.tests.get("counts", {})),
        usd=sum(entry.charged for entry in entries if entry.round == one.number),
        seconds=sum(one.seconds.values()),
        instruction=one.instruction,
    )


def _moved(first: Round, second: Round) -> tuple[tuple[str, str, str], ...]:
    """The tests whose class differs between two rounds."""
    left, right = (dict(one.tests.get("classes") or {}) for one in (first, second))
    names = sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
    return tuple((name, str(left.get(name, "")), str(right.get(name, ""))) for name in names)
