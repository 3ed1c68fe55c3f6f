"""What a request for a change must be before its row is written: not too many of one person's, with a log that fits."""

from __future__ import annotations

import asyncio

from haven.access import Principal
from haven.changes.proposal import Kind, Proposal
from haven.changes.rounds import evidence
from haven.changes.states import STOPPABLE
from haven.errors import BadInput, Conflict
from haven.store import changes as table
from haven.store.database import Transaction, now

MOST_UNDER_WAY = 10
"""Changes of one person that are being worked on or wait for it: one at a time is worked on, for everybody."""
MOST_AN_HOUR, HOUR_S = 20, 3600.0
"""Changes of one person, those that were cancelled as well: each is a thread that everybody sees."""


async def check_count(tx: Transaction, principal: Principal) -> None:
    """Raises Conflict where a person has enough under way, or has asked for enough within the hour."""
    if await table.count_of(tx, principal.id, STOPPABLE) >= MOST_UNDER_WAY:
        mend = "Wait for one of them, or cancel one."
        raise Conflict(f"{principal.name} has {MOST_UNDER_WAY} changes under way already.", mend)
    if await table.count_since(tx, principal.id, now() - HOUR_S) >= MOST_AN_HOUR:
        raise Conflict(f"{principal.name} has asked for {MOST_AN_HOUR} changes within an hour.", "Ask again later.")


async def evidence_of(proposal: Proposal) -> str:
    """What is kept of the log that comes with it; "" for none. Raises BadInput."""
    if proposal.evidence is None:
        return ""
    if proposal.kind is not Kind.FIX:
        raise BadInput(f"A log goes with a fix, and this is a change of the kind {proposal.kind.value!r}.")
    return await asyncio.to_thread(evidence.prepare, proposal.evidence)
