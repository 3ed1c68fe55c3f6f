"""Who may still do what for a change: people lose roles, and whose words made a round don't approve it alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied, Unavailable
from haven.settings import Settings
from haven.store import approvals
from haven.store import changes as table
from haven.store.approvals import Approval
from haven.store.changes import Change, Round
from haven.store.database import Database

Today = Callable[[Principal], Awaitable[Principal]]
"""Somebody with the role that they have by now. Raises Unavailable while nobody can tell."""
AGAIN_S = 3600.0
DISCORD, DASHBOARD = "discord:", "web:"
ASKED = {
    DISCORD: (("web", Role.STRANGER), ("bot", Role.REVIEWER)),
    DASHBOARD: (("web", Role.REVIEWER),),
}
"""Where it is asked what an approver may do today, and what they are taken for where that face is not there: somebody
of Discord may have an account of the dashboard as well, and one of the two is enough."""


async def as_they_were(person: Principal) -> Principal:
    """Where no face can be asked."""
    return person


async def check_goes_on(today: Today, change: Change, current: Round, person: Principal) -> None:
    """Before a round is paid for: whoever asked for it may still ask. `person` asked for the change.

    Raises Unavailable, also where they may not: roles come back, and a reviewer may go on with words of their own.
    """
    if current.by_id and current.by_id != change.requester:
        face = {DISCORD: "bot", DASHBOARD: "web"}.get(_kind(current.by_id), "cli")
        person = Principal(current.by_id, "a reviewer", Role.REVIEWER, face)
    try:
        check(await today(person), Act.REQUEST)
    except AccessDenied as error:
        mend = "It goes on by itself when they may again; a reviewer may withdraw it."
        raise Unavailable(
            "Whoever asked for this may not ask for changes here any more.", mend, after=AGAIN_S
        ) from error


async def check_wrote(
    database: Database, principal: Principal, change: Change, commit: str, settings: Settings
) -> None:
    """Whose words went into a commit may not approve it where its requester may not. Raises AccessDenied."""
    may, owners = settings.changes.requester_may_approve, settings.discord.owners
    for author in _authors(await table.rounds(database, change.id), commit):
        check(principal, Act.DECIDE, requester=author, requester_may_approve=may, owners=owners)


async def lapsed(database: Database, today: Today, change: Change, commit: str) -> list[str]:
    """Who approved this commit, by Discord or the dashboard, and may not decide any more.

    Raises Unavailable while nobody can tell.
    """
    words = await approvals.of(database, change.id, commit)
    return [one.principal for one in words if not await _may_decide(today, one)]


async def _may_decide(today: Today, word: Approval) -> bool:
    asked = ASKED.get(_kind(word.principal))
    for face, role in asked or ():
        try:
            check(await today(Principal(word.principal, word.name, role, face)), Act.DECIDE)
        except AccessDenied:
            continue
        return True
    return asked is None


def _kind(id: str) -> str:
    """What an id begins with: where that person comes from."""
    return id[: id.find(":") + 1]


def _authors(rounds: list[Round], commit: str) -> set[str]:
    """Of the round with this commit and of those that it was made on; of all before one that began on a newer base."""
    made, found = {one.commit_id: one for one in rounds if one.commit_id}, set[str]()
    while (one := made.pop(commit, None)) is not None:
        found |= {one.by_id}
        if one.cause == "conflict":
            found |= {other.by_id for other in rounds if other.number < one.number}
        commit = one.parent
    return found - {""}
