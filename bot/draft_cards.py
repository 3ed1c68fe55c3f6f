"""The message of each draft, kept in line with the queue, on whichever face it is decided."""

from __future__ import annotations

from bot import render_drafts as cards
from bot.channels import Channels
from bot.queue import EventQueue
from bot.views.drafts import draft_panel
from haven.store import notes
from haven.store.database import Database
from haven.store.events import Event
from haven.world.drafts import Drafts

FACE = "discord.draft"
DECIDED = ("draft.approved", "draft.rejected")


class DraftCards(EventQueue):
    """One for a bot. Drawing is idempotent: a decided draft's message has no buttons and says who decided."""

    def __init__(self, channels: Channels, drafts: Drafts, database: Database) -> None:
        super().__init__(channels, database, "draft.", "discord.drafts.seen")
        self._drafts = drafts

    async def keep(self, id: str, channel: int, message: int) -> None:
        """Remember where a draft is shown, and draw it anew where it was decided while its message was on the way."""
        await notes.set_card(self._database, FACE, id, {"channel": channel, "message": message})
        state = (await self._drafts.get(id)).state
        await self.attempt(Event(f"draft.{state}", id, {}))

    async def concerns(self, one: Event) -> bool:
        return one.kind in DECIDED and await notes.card(self._database, FACE, one.subject) is not None

    async def show(self, one: Event) -> None:
        where = await notes.card(self._database, FACE, one.subject) if one.kind in DECIDED else None
        if where is not None:
            draft = await self._drafts.get(one.subject)
            # What differed then is true now: the card tells it from the records as they were proposed.
            view = draft_panel(draft, cards.decided_draft_card(draft))
            await self._channels.edit(int(where["channel"]), int(where["message"]), view=view, attachments=[])
