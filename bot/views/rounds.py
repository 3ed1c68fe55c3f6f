"""The rounds of a change beside each other: compare one with the round shown, go back to one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot import entry, render
from bot import render_rounds as rounds
from bot.language import say, told
from bot.panel import panel
from bot.render_changes import done_card
from bot.views.buttons import PRESSED, ChangeButton, Press
from haven.access import Act, Principal
from haven.changes.review import PastRound, Review
from haven.changes.states import State
from haven.errors import Conflict
from haven.store import changes as table
from haven.store.database import Database

MOST_BUTTONS = 5
"""Rounds with buttons of their own: the others stand in a list, so that a card stays short."""
MOST_OPTIONS = 25
"""Discord takes no more in one list."""


class OlderRounds(ui.DynamicItem[ui.Select[Any]], template=r"haven-rounds:(?P<id>[0-9a-f]{1,12})"):
    """The rounds that have no buttons: one that is chosen is shown with its own."""

    def __init__(self, id: str, older: Sequence[PastRound] = ()) -> None:
        options = [
            discord.SelectOption(
                label=render.words(rounds.round_label(one), 100),
                value=str(one.number),
                description=render.words(told(one.tests), 100) or None,
            )
            for one in older[-MOST_OPTIONS:]
        ]
        select: ui.Select[Any] = ui.Select(
            placeholder=say("An older round…"), options=options, custom_id=f"haven-rounds:{id}"
        )
        super().__init__(select)
        self._change = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data

        async def work(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            review = await entry.bot_of(interaction).changes.review(self._change)
            chosen = [one for one in others(review) if str(one.number) in data["values"]]
            view = panel(rounds.rounds_card(review, chosen), [_row(review, one) for one in chosen])
            await interaction.followup.send(view=view, ephemeral=True)

        await entry.enter(interaction, Act.READ, work)


def others(review: Review) -> list[PastRound]:
    """The rounds with edits, but for the one shown; oldest first."""
    return [one for one in review.rounds if one.commit and one.number != review.round]


def rounds_panel(review: Review) -> ui.LayoutView:
    """For every other round with edits: compare it with the one shown, and go back to it while that is possible."""
    found = others(review)
    most = MOST_BUTTONS if len(found) <= MOST_BUTTONS else MOST_BUTTONS - 1
    controls: list[ui.Item[Any]] = [_row(review, one) for one in found[-most:]]
    if older := found[:-most]:
        controls.append(OlderRounds(review.id, older))
    return panel(rounds.rounds_card(review), controls)


def _row(review: Review, one: PastRound) -> ui.ActionRow[Any]:
    """The buttons of one round."""
    compare = Press("diff", review.id, one.number, review.commit)
    label = say("Compare {number} with {shown}", number=one.number, shown=review.round)
    row: ui.ActionRow[Any] = ui.ActionRow(ChangeButton(compare, label=label))
    if review.state == State.REVIEW:
        back = Press("back", review.id, review.round, one.commit)
        row.add_item(ChangeButton(back, label=say("Go back to {number}", number=one.number)))
    return row


async def _pressed_rounds(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    review = await entry.bot_of(interaction).changes.review(press.id)
    await interaction.followup.send(view=rounds_panel(review), ephemeral=True)


async def _pressed_diff(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    pair = await bot.changes.compare(press.id, press.round, await _round_of(bot.database, press))
    diff = await asyncio.to_thread(rounds.pair_diff, pair)
    view = panel(rounds.pair_card(pair), files=[diff.name])
    await interaction.followup.send(view=view, file=diff.file(), ephemeral=True)


async def _pressed_back(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    number = await _round_of(bot.database, press)
    await bot.changes.go_back(press.id, person, number, round=press.round)
    said = say("Round {number} is shown again.", number=number)
    await interaction.followup.send(view=panel(done_card(said)), ephemeral=True)
    await bot.cards.attempt(press.id)


async def _round_of(database: Database, press: Press) -> int:
    """The round whose commit the button names."""
    found = [one.number for one in await table.rounds(database, press.id) if one.commit_id[:12] == press.seen]
    if not found or not press.seen:
        raise Conflict(f"That round of change {press.id} is another by now.", "Look at its newest card.")
    return found[-1]


PRESSED |= {"rounds": _pressed_rounds, "diff": _pressed_diff, "back": _pressed_back}
