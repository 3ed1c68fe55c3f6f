"""The kill switch of the cloud: off, and nothing more leaves for it, in any process of this house."""

from __future__ import annotations

from datetime import datetime

from haven.access import Act, Principal, check
from haven.errors import Unavailable
from haven.quoting import clean
from haven.store import switches
from haven.store.database import Database
from haven.store.switches import Switched

NAME = "cloud"
AGAIN_S = 60.0
"""Whoever waits for the cloud looks again no sooner than this."""
MOST_WHY = 200
"""Characters of the reason that a person gives."""


class CloudSwitch:
    """One for the house. It is read from the database each time, so another process's word counts at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self) -> Switched:
        return await switches.state(self._database, NAME)

    async def off(self, by: Principal, why: str = "") -> Switched:
        """From now on no call leaves for the cloud; one that is under way ends by itself. Raises AccessDenied."""
        check(by, Act.CLOUD_OFF)
        return await self._turn(Switched(False, by_id=by.id, by_name=by.name, why=clean(why)[:MOST_WHY]))

    async def on(self, by: Principal) -> Switched:
        """The cloud may be used again. Raises AccessDenied: that is a setting, so the wall panel needs its PIN."""
        check(by, Act.SETTINGS)
        return await self._turn(Switched(True, by_id=by.id, by_name=by.name))

    async def refusal(self) -> str:
        """Why nothing may leave for the cloud, as a sentence; "" while it is on."""
        state = await self.state()
        if state.on:
            return ""
        why = f" ({state.why.rstrip('.')})" if state.why else ""
        return f"{state.by_name} switched the cloud off {datetime.fromtimestamp(state.at):on %d %B at %H:%M}{why}"

    async def demand(self) -> None:
        """Raises Unavailable while it is off; asked at the one door, right before a call is recorded."""
        if refusal := await self.refusal():
            raise Unavailable(f"{refusal}.", "The owner switches it on again: haven cloud on", after=AGAIN_S)

    async def _turn(self, switched: Switched) -> Switched:
        await self._database.write(lambda tx: switches.turn(tx, NAME, switched))
        return await self.state()
