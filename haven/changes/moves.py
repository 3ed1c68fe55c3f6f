"""How a change moves from state to state: its row, its round and the event in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from haven.changes.states import RESTING, State, sources
from haven.errors import Conflict
from haven.store import changes as table
from haven.store import events
from haven.store.changes import Change
from haven.store.database import Database, Transaction

log = logging.getLogger("haven.changes")


class Moves:
    """By compare and swap: where somebody was first, nothing is written (Conflict)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def move(
        self,
        change: Change,
        to: State,
        *,
        new_round: int | None = None,
        round_fields: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """The round's columns, the change's state and its event; `new_round` where another one is shown then."""
        number = change.round if new_round is None else new_round
        if change.state != State.WAITING:
            fields.setdefault("attempts", 0)

        async def work(tx: Transaction) -> None:
            if round_fields:
                await table.update_round(tx, change.id, change.round, **round_fields)
            await self.record(tx, change, to, {**fields, "round": number}, number)

        await self._database.write(work)

    async def record(self, tx: Transaction, change: Change, to: State, fields: dict[str, Any], number: int) -> None:
        """The change's state and its event, in a transaction that holds more; `number` is the round it is at then."""
        if change.state not in sources(to):
            raise Conflict(f"A change can't go from {change.state} to {to.value}.")
        if to in RESTING:
            fields = {"stop": "", **fields}
        await table.move(tx, change.id, [change.state], to.value, at_round=change.round, **fields)
        reason = fields.get("reason", "")
        await events.record(
            tx, "change.state", change.id, state=to.value, title=change.title, round=number, reason=reason
        )

    async def if_current(self, change: Change, work: Callable[[Transaction], Awaitable[None]]) -> None:
        """Write, unless the change was decided elsewhere meanwhile."""
        try:
            await self._database.write(work)
        except Conflict:
            log.info("change %s was decided elsewhere meanwhile", change.id)
