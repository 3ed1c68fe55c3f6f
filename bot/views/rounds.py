"""The rounds of a change beside each other: compare one with the round shown, go back to one."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Self

import discord

from bot import entry, render
from bot.views.buttons import PRESSED, ChangeButton, Press
from haven.access import Act, Principal
from haven.changes.review import PastRound, Review
from haven.changes.states import State
from haven.errors import Conflict
from haven.store import changes as table
from haven.store.database import Database

MOST_BUTTONS = 5
"""Rounds with buttons of their own: Discord has room for five rows."""
MOST_OPTIONS = 25
"""Discord takes no more in one list."""


class OlderRounds(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"haven-rounds:(?P<id>[0-9a-f]{1,12})"):
    """The rounds that have no buttons: one that is chosen is shown with its own."""

    def __init__(self, id: str, rounds: list[PastRound]) -> None:
        options = [
            discord.SelectOption(
                label=f"Round {one.number}, {one.cause}", value=str(one.number), description=one.tests[:100] or None
            )
            for one in rounds[-MOST_OPTIONS:]
        ]
        select: discord.ui.Select[Any] = discord.ui.Select(
            placeholder="An older round…", options=options, custom_id=f"haven-rounds:{id}", row=4
        )
        super().__init__(select)
        self._change = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["id"], [])

    async def callback(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data

        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            review = await entry.bot_of(interaction).changes.review(self._change)
            chosen = [one for one in others(review) if str(one.number) in data["values"]]
            view = discord.ui.View(timeout=None)
            for one in chosen:
                _add(view, review, one, 0)
            await interaction.followup.send(embed=render.rounds_card(review, chosen), view=view, ephemeral=True)

        await entry.enter(interaction, Act.READ, work)


def others(review: Review) -> list[PastRound]:
    """The rounds with edits, but for the one shown; oldest first."""
    return [one for one in review.rounds if one.commit and one.number != review.round]


def rounds_view(review: Review) -> discord.ui.View:
    """For every other round with edits: compare it with the one shown, and go back to it while that is possible."""
    view = discord.ui.View(timeout=None)
    found = others(review)
    most = MOST_BUTTONS if len(found) <= MOST_BUTTONS else MOST_BUTTONS - 1
    for row, one in enumerate(found[-most:]):
        _add(view, review, one, row)
    if older := found[:-most]:
        view.add_item(OlderRounds(review.id, older))
    return view


def _add(view: discord.ui.View, review: Review, one: PastRound, row: int) -> None:
    compare = Press("diff", review.id, one.number, review.commit)
    view.add_item(ChangeButton(compare, label=f"Compare {one.number} with {review.round}", row=row))
    if review.state == State.REVIEW:
        back = Press("back", review.id, review.round, one.commit)
        view.add_item(ChangeButton(back, label=f"Go back to {one.number}", row=row))


async def _pressed_rounds(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    review = await entry.bot_of(interaction).changes.review(press.id)
    await interaction.followup.send(embed=render.rounds_card(review), view=rounds_view(review), ephemeral=True)


async def _pressed_diff(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    pair = await bot.changes.compare(press.id, press.round, await _round_of(bot.database, press))
    file = await asyncio.to_thread(render.pair_file, pair)
    await interaction.followup.send(embed=render.pair_card(pair), file=file, ephemeral=True)


async def _pressed_back(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    number = await _round_of(bot.database, press)
    await bot.changes.go_back(press.id, person, number, round=press.round)
    await interaction.followup.send(embed=discord.Embed(description=f"Round {number} is shown again."), ephemeral=True)
    await bot.cards.refresh(press.id)


async def _round_of(database: Database, press: Press) -> int:
    """The round whose commit the button names."""
    found = [one.number for one in await table.rounds(database, press.id) if one.commit_id[:12] == press.seen]
    if not found or not press.seen:
        raise Conflict(f"That round of change {press.id} is another by now.", "Look at its newest card.")
    return found[-1]


PRESSED |= {"rounds": _pressed_rounds, "diff": _pressed_diff, "back": _pressed_back}
