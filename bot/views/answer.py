"""Buttons under an answer: what to do while the cloud is away, thumbs, and the cloud instead.

Their state lies in the custom id and the store, so any later process can answer a press.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import Any, Self

import discord

from assistants.round_table import Request
from assistants.waiting import Choice
from bot import entry
from bot.answering import Answering
from bot.views import price
from haven.access import Act, Principal
from haven.ai.task import Where

TEMPLATE = r"answer:(?P<act>wait|local|cancel|up|down|cloud):(?P<id>[0-9a-f]{1,20})"
Style = discord.ButtonStyle
LOOKS: dict[str, tuple[str, Style]] = {
    "wait": ("Wait for the cloud", Style.primary),
    "local": ("Local model now", Style.secondary),
    "cancel": ("Cancel", Style.danger),
    "up": ("👍", Style.secondary),
    "down": ("👎", Style.secondary),
    "cloud": ("Ask the cloud instead", Style.secondary),
}
VOTES = {"up": 1, "down": -1}


class AnswerButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """One button under an answer, whichever process drew it."""

    def __init__(self, act: str, id: str, label: str = "") -> None:
        usual, style = LOOKS[act]
        super().__init__(discord.ui.Button(label=label or usual, style=style, custom_id=f"answer:{act}:{id}"))
        self.act = act
        self.subject = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["act"], match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            if self.act in VOTES:
                await _vote(interaction, person, int(self.subject), VOTES[self.act])
            elif self.act == "cloud":
                await _ask_cloud(interaction, person, int(self.subject))
            else:
                await _decide(interaction, person, self.subject, Choice(self.act))

        await entry.enter(interaction, Act.CLOUD if self.act == "cloud" else Act.ASK, work)


def held_view(id: str, state: str, choices: tuple[Choice, ...]) -> discord.ui.View:
    """The choices of a held request; what waits may be cancelled, and after its end there are none."""
    offered = (Choice.CANCEL,) if state == "waiting" else choices
    return _view([AnswerButton(choice.value, id) for choice in offered])


def answer_view(outcome: int, message: int, cloud: str) -> discord.ui.View:
    """Thumbs where the answer is on record; and `cloud`, by its name, where it may be asked instead."""
    thumbs = [AnswerButton(act, str(outcome)) for act in VOTES if outcome]
    return _view([*thumbs, *([AnswerButton("cloud", str(message), f"Ask {cloud} instead")] if cloud else [])])


def _view(buttons: list[AnswerButton]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    return view


async def _vote(interaction: discord.Interaction, person: Principal, outcome: int, value: int) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await entry.bot_of(interaction).verdict(outcome, person, value)
    said = "this answer helped" if value > 0 else "this answer did not help"
    noted = discord.Embed(description=f"Noted: {said}. The other thumb changes it.")
    await interaction.followup.send(embed=noted, ephemeral=True)


async def _ask_cloud(interaction: discord.Interaction, person: Principal, message: int) -> None:
    """A second answer below the first; the same press twice asks once."""
    bot = entry.bot_of(interaction)
    with bot.answers.writing(message):
        sheet = await bot.answers.again(message, person)
        key = f"discord:{interaction.id}"
        seat = sheet.assistant or None
        request = Request(sheet.question, person, assistant=seat, where=Where.CLOUD, key=key, about=sheet.about)
        if await price.shown_first(interaction, request):
            return
        await Answering.begin(interaction, person, request)
        await bot.answers.was_asked_again(sheet)


async def _decide(interaction: discord.Interaction, person: Principal, id: str, choice: Choice) -> None:
    """Through the Round Table, which refuses strangers to this request and second decisions."""
    bot = entry.bot_of(interaction)
    await interaction.response.defer()
    pieces = bot.round_table.decide(id, choice, person)
    spoiled = choice is Choice.LOCAL
    try:
        if choice is Choice.LOCAL:
            await Answering(interaction, await bot.answers.of(interaction, person.id), person).write(pieces)
            spoiled = False
        else:
            async with aclosing(pieces):  # type: ignore[type-var]
                async for _ in pieces:
                    pass  # that it waits, or is cancelled, is drawn from its row
    finally:
        await bot.answers.refresh(id, spoiled=spoiled)
