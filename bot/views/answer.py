"""Buttons under an answer: its pages, what to do while the cloud is away, thumbs, and the cloud instead.

Their state lies in the custom id and the store, so any later process can answer a press.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Self

import discord

from assistants.round_table import Request
from assistants.waiting import Choice
from bot import entry
from bot import render_answers as cards
from bot.answering import Answering
from bot.language import say
from bot.line import FAILURES
from bot.paging import laid_out
from bot.panel import panel
from bot.render import WORKING
from bot.views import price
from haven.access import Act, Principal
from haven.ai.task import Where
from haven.errors import NotFound, Unavailable

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
MOST_BYTES = 4_000_000
"""Of an answer that is read back."""


class AnswerPage(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"answer-page:(?P<page>\d{1,4}):(?P<way>back|here|on)"
):
    """Leads to another page of an answer, which is made from the file that holds it whole: beside the message, where it
    lives as long as that, and nobody else may read it."""

    def __init__(self, page: int, way: str, label: str = "?", *, off: bool = False) -> None:
        custom_id = f"answer-page:{page}:{way}"
        super().__init__(discord.ui.Button(label=label, style=Style.secondary, custom_id=custom_id, disabled=off))
        self.page = page

    @classmethod
    def named(cls, custom_id: str, label: str | None, off: bool) -> Self | None:
        """The button of this custom id, where it is one of these."""
        match = re.fullmatch(r"answer-page:(\d{1,4}):(back|here|on)", custom_id)
        return cls(int(match[1]), match[2], label or "?", off=off) if match else None

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["page"]), match["way"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            message = interaction.message
            assert message is not None
            pages = laid_out(await _whole(message)).pages
            page = min(self.page, len(pages) - 1)
            view = kept_view(message, page_buttons(page, len(pages)))
            await interaction.edit_original_response(embed=cards.turned(message.embeds[0], pages[page]), view=view)

        await entry.enter(interaction, Act.READ, work)


def page_buttons(page: int, pages: int) -> list[AnswerPage]:
    """Back, where one is, and on; none where there is one page."""
    if pages <= 1:
        return []
    return [
        AnswerPage(max(page - 1, 0), "back", "◀", off=page == 0),
        AnswerPage(page, "here", f"{page + 1}/{pages}", off=True),
        AnswerPage(min(page + 1, pages - 1), "on", "▶", off=page == pages - 1),
    ]


async def _whole(message: discord.Message) -> str:
    """The text of an answer. Raises NotFound where somebody took its file away."""
    file = next((one for one in message.attachments if one.filename == cards.WHOLE), None)
    if file is None or file.size > MOST_BYTES or not message.embeds:
        raise NotFound("The file with the whole answer is not there any more.", "Ask again.")
    try:
        return (await file.read()).decode()
    except discord.NotFound as error:
        raise NotFound("The file with the whole answer is not there any more.", "Ask again.") from error
    except FAILURES as error:
        raise Unavailable("Discord does not hand over the answer's file now.", "Try again in a moment.") from error


class AnswerButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """One button under an answer, whichever process drew it."""

    def __init__(self, act: str, id: str, label: str = "") -> None:
        usual, style = LOOKS[act]
        super().__init__(discord.ui.Button(label=label or say(usual), style=style, custom_id=f"answer:{act}:{id}"))
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
                await _vote(interaction, person, _number(self.subject), VOTES[self.act])
            elif self.act == "cloud":
                await _ask_cloud(interaction, person, _number(self.subject))
            else:
                await _decide(interaction, person, self.subject, Choice(self.act))

        await entry.enter(interaction, Act.CLOUD if self.act == "cloud" else Act.ASK, work)


def _number(id: str) -> int:
    """Of an answer, as a row or a message has it. Raises NotFound."""
    if not id.isdecimal() or int(id) >= 2**63:
        raise NotFound("There is no such answer.")
    return int(id)


def held_view(id: str, state: str, choices: tuple[Choice, ...]) -> discord.ui.View:
    """The choices of a held request; what waits may be cancelled, and after its end there are none."""
    offered = (Choice.CANCEL,) if state == "waiting" else choices
    return _view([AnswerButton(choice.value, id) for choice in offered])


def answer_view(outcome: int, message: int, cloud: str, pages: int = 1) -> discord.ui.View:
    """Its pages, thumbs where the answer is on record, and `cloud`, by its name, where it may be asked instead."""
    thumbs = [AnswerButton(act, str(outcome)) for act in VOTES if outcome]
    instead = [AnswerButton("cloud", str(message), say("Ask {who} instead", who=cloud))] if cloud else []
    return _view([*page_buttons(0, pages), *thumbs, *instead])


def kept_view(message: discord.Message, pages: Sequence[AnswerPage] | None = None, drop: str = "") -> discord.ui.View:
    """The buttons that a message has now, but with other `pages` where these are given, and without the one to drop."""
    kept: list[discord.ui.Item[Any]] = list(pages or ())
    for row in message.components:
        for one in getattr(row, "children", ()):
            id = str(getattr(one, "custom_id", ""))
            if (page := AnswerPage.named(id, one.label, one.disabled)) and pages is None:
                kept.append(page)
            elif (match := re.fullmatch(TEMPLATE, id)) and match["act"] != drop:
                kept.append(AnswerButton(match["act"], match["id"], one.label or ""))
    return _view(kept)


def _view(buttons: Sequence[discord.ui.Item[Any]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()  # as in `panel`
    return view


async def _vote(interaction: discord.Interaction, person: Principal, outcome: int, value: int) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await entry.bot_of(interaction).verdict(outcome, person, value)
    helped = say("Noted: this answer helped. The other thumb changes it.")
    said = helped if value > 0 else say("Noted: this answer did not help. The other thumb changes it.")
    await interaction.followup.send(view=panel(discord.Embed(description=said, colour=WORKING)), ephemeral=True)


async def _ask_cloud(interaction: discord.Interaction, person: Principal, message: int) -> None:
    """A second answer below the first; the same press twice asks once."""
    bot = entry.bot_of(interaction)
    with bot.answers.writing(message):
        sheet = await bot.answers.again(message, person)
        key = f"discord:{interaction.id}"
        seat, place = sheet.assistant or None, {"link": sheet.link, "again": message}
        request = Request(
            sheet.question, person, assistant=seat, where=Where.CLOUD, key=key, about=sheet.about, place=place
        )
        if await price.shown_first(interaction, request, person):
            return
        await Answering.begin(interaction, person, request)
        await bot.answers.was_asked_again(sheet, interaction.message)


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
            async with aclosing(pieces):
                async for _ in pieces:
                    pass  # that it waits, or is cancelled, is drawn from its row
    finally:
        await (bot.answers.spoiled(id) if spoiled else bot.answers.attempt(id))
