"""What Haven works on and what waits for its turn: the jobs, with what they are about and who may end them."""

from __future__ import annotations

from dataclasses import dataclass

from assistants.waiting import JOB as WAITING
from assistants.waiting import Choice, WaitingRoom
from haven.access import Act, Principal, check
from haven.changes import decisions
from haven.changes.decisions import Changes
from haven.changes.states import State, sources
from haven.errors import BadInput, HavenError
from haven.store import deployments, jobs
from haven.store.database import Database

SHOWN = 60
KINDS = {decisions.JOB: "change", WAITING: "question", deployments.JOB: "deployment"}


@dataclass(frozen=True)
class Entry:
    """One job. `state` is running, due or failed; `about` says what it is in the words of whoever asked."""

    kind: str
    subject: str
    about: str
    by: str
    """Who asked for it; "" where this person is not told."""
    state: str
    at: float
    """Due since then or from then on, or failed then (seconds since 1970); 0: at once."""
    attempts: int
    why: str
    """What it waits for, or why it failed."""
    may_end: bool
    """Whether it can be cancelled at all; `cancel` says whether this person may."""


async def look(database: Database, changes: Changes, waiting: WaitingRoom, by: Principal) -> list[Entry]:
    """What runs first, then what waits, then what failed. Other people's questions are named to those who may see."""
    check(by, Act.READ)
    return [await _entry(one, changes, waiting, by) for one in await jobs.standing(database, SHOWN)]


async def cancel(entry: Entry, changes: Changes, waiting: WaitingRoom, by: Principal) -> None:
    """End it for good. Raises AccessDenied, BadInput for what can't be ended, and what the change or request raises."""
    if entry.kind == "change":
        await changes.cancel(entry.subject, by)
    elif entry.kind == "question":
        await waiting.decide(entry.subject, Choice.CANCEL, by)
    else:
        raise BadInput(f"A {entry.kind} is not ended half way.", "It is undone by undoing its change.")


async def _entry(job: jobs.Standing, changes: Changes, waiting: WaitingRoom, by: Principal) -> Entry:
    about, who, why, may_end = job.subject, "", job.error, False
    try:
        if job.kind == WAITING:
            one = await waiting.get(job.subject, by)
            about, may_end = "a question that waits for the cloud", job.state != "failed"
            who, why = ("you" if one.principal == by.id else one.principal), job.error or one.reason
        else:
            change = await changes.get(job.subject)
            about, who, why = change.title, change.requester_name, job.error or change.reason
            may_end = job.kind == decisions.JOB and State(change.state) in sources(State.CANCELLED)
    except HavenError:  # it is somebody else's, or gone meanwhile: its kind and place in the queue are no secret
        about = "somebody's question" if job.kind == WAITING else job.subject
    kind = KINDS.get(job.kind, job.kind)
    return Entry(kind, job.subject, about, who, job.state, job.run_at, job.attempts, why, may_end)
