"""The message of each draft, kept in line with the queue, on whichever face it is decided."""

from __future__ import annotations

import logging

from bot import render_world as cards
from bot.channels import Channels
from bot.views.drafts import draft_view
from haven.store import events, notes
from haven.store.database import Database
from haven.store.events import Event
from haven.world.drafts import Drafts

log = logging.getLogger("haven.bot")

FACE = "discord.draft"
SEEN = "discord.drafts.seen"
DECIDED = ("draft.approved", "draft.rejected")


class DraftCards:
    """One for a bot. Drawing is idempotent: a decided draft's message has no buttons and says who decided."""

    def __init__(self, channels: Channels, drafts: Drafts, database: Database) -> None:
        self._channels = channels
        self._drafts = drafts
        self._database = database

    async def keep(self, id: str, channel: int, message: int) -> None:
        """Remember where a draft is shown."""
        await notes.set_card(self._database, FACE, id, {"channel": channel, "message": message})

    async def tell(self, event: Event) -> None:
        """Draw what an event of the bus says."""
        if event.kind in DECIDED:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Every decision since the last one that was drawn; one that can't be drawn does not hold up the others."""
        seen = int(await notes.get(self._database, SEEN) or 0)
        while found := await events.beginning_with(self._database, "draft.", seen):
            for event in found:
                if event.kind in DECIDED:
                    await self._draw(event.subject)
            seen = found[-1].id
            await notes.put(self._database, SEEN, str(seen))

    async def _draw(self, id: str) -> None:
        where = await notes.card(self._database, FACE, id)
        if where is None:
            return
        try:
            draft = await self._drafts.get(id)
            # What differed then is true now: the card tells it from the records as they were proposed.
            card = cards.decided_draft_card(draft)
            await self._channels.edit(int(where["channel"]), int(where["message"]), embed=card, view=draft_view(draft))
        except Exception:
            log.warning("the draft %s could not be shown in Discord", id, exc_info=True)
