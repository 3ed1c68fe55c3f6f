"""Every change's thread, progress message and review card, kept in line with its row, whatever happened meanwhile."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal
from weakref import WeakValueDictionary

import discord

from bot.channels import Channels, is_gone, is_shut, only
from bot.language import say, speaking
from bot.line import FAILURES
from bot.panel import panel
from bot.queue import Queue
from bot.render import words
from bot.render_changes import STEPS, closed_card
from bot.views.review import progress_panel, review_panel, reviewed
from haven.changes.decisions import Changes
from haven.changes.states import OPEN, State
from haven.settings import Discord
from haven.store import changes as table
from haven.store import notes
from haven.store.changes import Change
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")

FACE = "discord"
RECENT = 100
"""Closed changes that are looked at when catching up."""
DECIDE = frozenset({State.REVIEW, State.AWAITING_PLAN, State.FAILED})
"""States in which a person can decide something."""
ENDS: dict[str, str] = {
    State.MERGED: "merged",
    State.REJECTED: "rejected",
    State.CANCELLED: "cancelled",
    State.FAILED: "failed",
    State.REVERTED: "undone",
}
"""The word that stands in front of a thread's name at the end."""
HAS_THREAD = 160004
"""Discord's code for a message that has its thread already."""
WEEK_MINUTES: Literal[10080] = 10080


@dataclass(frozen=True)
class Card:
    """Where a change is shown: ids of Discord; 0 where there is none."""

    channel: int
    progress: int
    thread: int = 0
    review: int = 0
    round: int = 0
    commit: str = ""
    """The round and commit that the review card is about."""
    shown: str = ""
    """State, round and time of the row that was drawn last."""
    told: str = ""
    """The end that the requester was told of."""
    closed: bool = False
    """Its thread has the name of the end and is archived."""
    alone: bool = False
    """Somebody took its thread away, or shut it: all stands in the channel from then on."""

    @property
    def place(self) -> int:
        """Where the review card stands."""
        return self.thread or self.channel


class Cards(Queue[str]):
    """One for a bot. Drawing is idempotent: a message that is there is edited, never sent twice."""

    in_order = False

    def __init__(self, channels: Channels, changes: Changes, database: Database, settings: Discord) -> None:
        super().__init__(channels)
        self._changes = changes
        self._database = database
        self._settings = settings
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._said: dict[str, str] = {}

    async def open(self, change: Change, channel: int) -> Card:
        """Show a new change in the configured channel, else in `channel`; the card that is there where it was shown."""
        async with self._locks.setdefault(change.id, asyncio.Lock()):
            card = await self._load(change.id)
            if card is None:
                now = await self._changes.get(change.id)
                card = await self._open(now, self._settings.channel_id or channel)
        await self.refresh(change.id)
        return card

    async def beside(self, change: Change, other: str) -> None:
        """Show a new change in the channel where the other one is shown, as far as Discord takes that."""
        card = await self._load(other)
        if card is None:
            return
        try:
            await self.open(change, card.channel)
        except FAILURES as error:
            log.warning("change %s can't be shown in Discord: %s", change.id, error)

    async def refresh(self, id: str) -> None:
        """Bring the messages of one change up to date; nothing is sent where they are."""
        async with self._locks.setdefault(id, asyncio.Lock()):
            change = await self._changes.get(id)
            card = await self._load(id)
            if card is None and change.state in OPEN and self._settings.channel_id:
                card = await self._open(change, self._settings.channel_id)
            if card is not None and card.shown != _mark(change):
                with speaking(self._channels.language):
                    card = await self._drawn(change, card)
                await self._save(id, replace(card, shown=_mark(change)))
        if change.state not in OPEN:
            self._said.pop(id, None)

    async def pending(self) -> AsyncGenerator[str, None]:
        """Every open change and the newest closed ones."""
        still_open = await self._changes.list([state.value for state in OPEN], limit=500)
        for id in dict.fromkeys(one.id for one in [*still_open, *await self._changes.list(limit=RECENT)]):
            yield id

    async def show(self, one: str) -> None:
        await self.refresh(one)

    async def tell(self, event: Event) -> None:
        """Draw what an event of the bus says."""
        if event.kind == "change.state":
            await self.attempt(event.subject)
        elif event.kind == "change.progress":
            try:
                await self._progress(event)
            except Exception as error:  # the next figure comes soon
                log.info("the progress of change %s could not be shown in Discord: %s", event.subject, error)

    async def places(self, changes: Sequence[Change]) -> dict[str, int]:
        """The thread of each change that is shown, by its id; the channel where it has none."""
        cards = [(one.id, await self._load(one.id)) for one in changes]
        return {id: card.place for id, card in cards if card is not None}

    async def subject(self, thread: int) -> str:
        """The change that a thread is about; "" for any other channel."""
        return await notes.subject(self._database, FACE, "thread", thread) or ""

    async def _progress(self, event: Event) -> None:
        id, text = event.subject, str(event.data.get("text", ""))
        without_numbers = re.sub(r"[\d,.]+", "#", text)
        if self._said.get(id) == without_numbers:
            return  # a counter that moved on is not worth one of the few edits Discord allows
        async with self._locks.setdefault(id, asyncio.Lock()):
            change, card = await self._changes.get(id), await self._load(id)
            if card is None or change.state != event.data.get("stage"):
                return
            self._said[id] = without_numbers
            with speaking(self._channels.language):
                view = progress_panel(change, text)
            await self._channels.edit(card.channel, card.progress, view=view)

    async def _open(self, change: Change, channel: int) -> Card:
        with speaking(self._channels.language):
            return await self._begin(change, channel)

    async def _begin(self, change: Change, channel: int) -> Card:
        message = await self._channels.at(channel).send(view=progress_panel(change), nonce=f"{change.id}:open")
        # One that is further already (the bot came later) has a review still to be drawn.
        card = Card(channel, message.id, shown=_mark(change) if change.state == State.QUEUED else "")
        await self._save(change.id, card)
        return await self._with_thread(change, card)

    async def _with_thread(self, change: Change, card: Card) -> Card:
        """A thread at the progress message: there is one from now on, unless Discord refuses it or is away."""
        message = self._channels.at(card.channel).get_partial_message(card.progress)
        try:
            thread = (await message.create_thread(name=_name(change), auto_archive_duration=WEEK_MINUTES)).id
        except (*FAILURES, ValueError) as error:
            if not isinstance(error, discord.HTTPException) or error.code != HAS_THREAD:
                log.warning("change %s has no thread of its own: %s", change.id, error)
                return card
            thread = card.progress  # it was made, only Discord's answer was lost: it bears its message's number
        card = replace(card, thread=thread)
        await self._save(change.id, card)
        return card

    async def _drawn(self, change: Change, card: Card) -> Card:
        """Where its channel was deleted there is nothing to draw, now or later."""
        try:
            return await self._draw(change, card)
        except discord.NotFound as error:
            if not is_gone(error):
                raise
            log.warning("change %s is shown nowhere: its channel was deleted", change.id)
            return card

    async def _draw(self, change: Change, card: Card) -> Card:
        """In the channel, in its thread, and at last the thread's name: Discord takes that amiss the soonest."""
        card = await self._draw_progress(change, card)
        try:
            card = await self._draw_rest(change, card)
        except discord.HTTPException as error:
            if not card.thread or not is_shut(error):
                raise
            log.warning("change %s has lost its thread, and is shown in the channel: %s", change.id, error)
            alone = replace(card, thread=0, review=0, alone=True)
            card = await self._draw_rest(change, alone, anew=bool(card.review))
        return await self._close(change, card)

    async def _draw_progress(self, change: Change, card: Card) -> Card:
        """Sent anew where somebody deleted it; in the channel that is configured where its own is no more."""
        if not (card.thread or card.review or card.alone) and change.state in OPEN:
            card = await self._with_thread(change, card)
        view = progress_panel(change)
        try:
            there = await self._channels.edit(card.channel, card.progress, view=view)
        except discord.NotFound as error:
            other = self._settings.channel_id
            if not is_gone(error) or not other or other == card.channel:
                raise
            card, there = replace(card, channel=other, thread=0, review=0, alone=True), False
        if there or change.state not in OPEN:
            return card
        nonce = f"{change.id}:{int(change.updated_at)}"
        message = await self._channels.send(card.channel, lambda where: where.send(view=view, nonce=nonce))
        card = replace(card, progress=message.id)
        await self._save(change.id, card)
        return card

    async def _draw_rest(self, change: Change, card: Card, *, anew: bool = False) -> Card:
        """Whoever asked is told first: the card may be more than Discord takes. `anew`: it went with its thread."""
        card = await self._tell_requester(change, card)
        commit = (await table.round_of(self._database, change)).commit_id
        same = bool(card.review) and (card.round, card.commit) == (change.round, commit)
        if card.review and not same:
            closed = panel(closed_card(change, card.round))
            await self._channels.edit(card.place, card.review, view=closed, attachments=[])
            card = replace(card, review=0)
            await self._save(change.id, card)
        if change.state in DECIDE or same or anew:
            card = await self._draw_review(change, replace(card, round=change.round, commit=commit))
        return card

    async def _draw_review(self, change: Change, card: Card) -> Card:
        view, diffs = await review_panel(change, await reviewed(self._changes, change))

        async def draw(where: discord.PartialMessageable) -> discord.Message:
            return await where.get_partial_message(card.review).edit(
                view=view, attachments=[one.file() for one in diffs], allowed_mentions=discord.AllowedMentions.none()
            )

        async def send(where: discord.PartialMessageable) -> discord.Message:
            return await where.send(view=view, files=[one.file() for one in diffs], nonce=nonce)

        if card.review and await self._channels.there(card.place, draw):
            return card
        # The same row gives the same nonce: sent again after a crash, Discord answers with the message it has.
        nonce = f"{change.id}r{change.round}:{int(change.updated_at)}"
        message = await self._channels.send(card.place, send)
        card = replace(card, review=message.id)
        await self._save(change.id, card)
        return card

    async def _tell_requester(self, change: Change, card: Card) -> Card:
        """One message at the end that pings the one who asked, and nobody else."""
        face, _, id = change.requester.partition(":")
        end = f"{change.state} {change.round}"
        if change.state not in ENDS or card.told == end or face != FACE or not id.isdigit():
            return card
        text = f"<@{id}> {say('Change {id}: {state}.', id=f'`{change.id}`', state=say(STEPS[change.state]).lower())}"
        nonce = f"{change.id}:{change.round}:end"
        await self._channels.send(
            card.place, lambda channel: channel.send(text, allowed_mentions=only(int(id)), nonce=nonce)
        )
        card = replace(card, told=end)
        await self._save(change.id, card)
        return card

    async def _close(self, change: Change, card: Card) -> Card:
        """At the end the thread is named after it and put away; where the change goes on, it is taken out again."""
        ended = change.state in ENDS
        if card.thread and (ended or card.closed):
            await self._channels.put_away(card.thread, _name(change), ended)
        return replace(card, closed=ended)

    async def _load(self, id: str) -> Card | None:
        data = await notes.card(self._database, FACE, id)
        return Card(**data) if data else None

    async def _save(self, id: str, card: Card) -> None:
        await notes.set_card(self._database, FACE, id, asdict(card))


def _name(change: Change) -> str:
    """Of its thread: the end, the id, the title; Discord takes 100 characters."""
    end = [say(ENDS[change.state])] if change.state in ENDS else []
    return words(" ".join([*end, change.id, *change.title.split()]), 100)


def _mark(change: Change) -> str:
    return f"{change.state} {change.round} {change.updated_at}"
