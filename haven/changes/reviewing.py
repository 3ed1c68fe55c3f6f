"""Put a change's rows, its diff and its ledger together into the review that every face draws."""

from __future__ import annotations

from haven.changes.project_file import risk_marks
from haven.changes.repository import Repository
from haven.changes.review import PastRound, Review, Sent, Stat
from haven.settings import Settings
from haven.store import changes as table
from haven.store import ledger
from haven.store.changes import Change, Round
from haven.store.database import Database


async def assemble(database: Database, repository: Repository, change: Change, settings: Settings) -> Review:
    """The review of the round that the change is at, whatever its state."""
    current = await table.round_of(database, change)
    rounds = await table.rounds(database, change.id)
    files: tuple[Stat, ...] = ()
    diff = ""
    if current.commit_id:
        files = tuple(await repository.diff_stat(change.base, current.commit_id))
        diff = await repository.diff(change.base, current.commit_id)
    entries = await ledger.of_change(database, change.id)
    return Review(
        id=change.id,
        title=change.title,
        kind=change.kind,
        state=change.state,
        round=change.round,
        commit=current.commit_id,
        base=change.base,
        requester=change.requester_name,
        assistant=change.assistant,
        reasons=tuple(change.reasons),
        summary=current.summary or {"text": _so_far(change, current), "by": "rules"},
        files=files,
        diff=diff,
        tests=current.tests,
        risk_marks=risk_marks(file.path for file in files),
        route=current.route,
        cost_usd=sum(entry.charged for entry in entries),
        worst_usd=float(change.plan.get("worst_usd", 0.0)),
        sent=tuple(_sent(entry) for entry in entries),
        rounds=tuple(_past(one) for one in rounds),
        stand_in=settings.cloud.stand_in or any(entry.stand_in for entry in entries),
        request=change.request,
        branch=change.branch,
        target=change.target,
        reason=change.reason,
        notes=tuple(current.notes),
    )


def _so_far(change: Change, current: Round) -> str:
    """What can be said before there is a summary."""
    if change.state == "awaiting plan":
        files = ", ".join(file["path"] for file in change.plan.get("files", [])[:5])
        return f"The plan: show {change.plan.get('tokens', 0):,} tokens ({files}) and ask for edits."
    return "There is nothing to look at yet." if not current.commit_id else "The tests are still to come."


def _sent(entry: ledger.Entry) -> Sent:
    return Sent(f"{entry.purpose} ({entry.sent_chars:,} characters)", entry.recipient, entry.redacted, entry.charged)


def _past(one: Round) -> PastRound:
    return PastRound(one.number, one.cause, str(one.tests.get("one_line", "")), one.ended)
