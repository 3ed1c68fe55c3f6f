"""What a task may cost in the cloud before anything is sent: counted here, at the table's prices."""

from __future__ import annotations

from dataclasses import dataclass

from haven.ai.outgoing import call_of, count
from haven.ai.roster import Roster
from haven.ai.task import Task, Tier, Usage

SHORT_REPLY = 200
"""Tokens of a reply that is as short as they come."""
OVER = 4 / 3
"""Haven's own count of tokens is meant never to be under: the true one may be so many times smaller."""
STALE = 0.2
"""A price that has changed by more than this share is another price."""


@dataclass(frozen=True)
class Estimate:
    """US dollars from a single short reply (`low`) to the dearest way that the caps let it go (`high`)."""

    task: Task
    low: float
    high: float
    call: float
    """What the next call alone may cost at the most."""
    model: str
    tokens: int
    """Of the prompt, as Haven counts them."""

    def differs(self, high: float) -> bool:
        """Whether somebody who agreed to `high` agreed to another price."""
        return abs(self.high - high) > STALE * max(high, 1e-6)


def estimate(roster: Roster, task: Task, calls: int, most: float) -> Estimate | None:
    """Of up to so many calls that are held below `most` together; None where nothing real would be charged.

    Counts about 20 MB a second, so it runs in a thread for a long prompt.
    """
    paid = [one for one in roster.preferred(task.kind) if one.tier is Tier.CLOUD and one.price and not one.stand_in]
    there = [(one.name, one.price) for one in paid if not one.missing() and one.price]
    if not there:
        return None
    counted = count(call_of(task))
    worst = {name: price.worst_case(counted, task.max_tokens) for name, price in there}
    model = max(worst, key=lambda name: worst[name])
    short = Usage(round(counted / OVER), min(SHORT_REPLY, task.max_tokens))
    low = min(price.cost(short) for _, price in there)
    return Estimate(task, min(low, most), min(calls * worst[model], most), worst[model], model, counted)
