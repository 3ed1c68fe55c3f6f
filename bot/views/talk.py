"""The buttons of a request at the Round Table: its pages, and letting everybody in its thread follow it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import discord
from discord import ui

from assistants.waiting import is_for
from bot import entry
from bot.language import say
from bot.line import FAILURES
from bot.panel import panel
from bot.render import WORKING
from bot.render_talk import SeatOf, pages, talk_card
from haven.access import Act, Principal
from haven.errors import AccessDenied, Conflict, NotFound, Unavailable
from haven.store.transcripts import Said

if TYPE_CHECKING:
    from bot.client import HavenBot

Style = discord.ButtonStyle
What = Literal["page", "read", "follow"]
MOST_PAGES = 100
LAST = MOST_PAGES - 1
"""Stands for the last page there is by then."""


class TalkButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"haven-talk:(?P<what>page|read|follow):(?P<request>[0-9a-f]{1,32}):(?P<page>\d{1,2}):.*",
):
    """`page` turns to it in the message, `read` shows the first one to who pressed, `follow` shows it to everybody."""

    def __init__(
        self, what: What, request: str, page: int = 0, label: str = "", sort: str = "", *, off: bool = False
    ) -> None:
        """`sort` tells buttons apart that lead to the same page."""
        style = Style.primary if what == "follow" else Style.secondary
        custom_id = f"haven-talk:{what}:{request}:{page}:{sort}"
        super().__init__(ui.Button(label=label or "?", style=style, custom_id=custom_id, disabled=off))
        self.what = what
        self.request = request
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        what: Any = match["what"]
        return cls(what, match["request"], int(match["page"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            if self.what == "follow":
                await interaction.response.defer(ephemeral=True, thinking=True)
                await _follow(interaction, person, self.request)
                return
            if self.what == "page":
                await interaction.response.defer()
            else:
                await interaction.response.defer(ephemeral=True, thinking=True)
            view = await talk_panel(interaction, person, self.request, self.page)
            await interaction.edit_original_response(view=view)

        await entry.enter(interaction, Act.READ, work)


async def talk_panel(interaction: discord.Interaction, person: Principal, request: str, page: int) -> ui.LayoutView:
    """One page for this person; the last one where there are fewer. Raises NotFound where nothing is theirs to see."""
    bot = entry.bot_of(interaction)
    steps = shown_in_discord(await bot.round_table.transcript.whole(person, request), person)
    texts = pages(steps, bot.round_table.seat)
    page = min(page, len(texts) - 1)
    over = await bot.talks.is_over(steps)
    where = say("page {number} of {count}", number=page + 1, count=len(texts))
    state = say("it is over") if over else say("it goes on")
    controls = [
        TalkButton("page", request, max(page - 1, 0), "◀", "back", off=page == 0),
        TalkButton("page", request, min(page + 1, LAST), "▶", "on", off=page + 1 >= len(texts)),
    ]
    if not over:
        controls.append(TalkButton("page", request, LAST, say("Look again"), "again"))
        if is_for(steps[0].person, person) and not any(said.private for said in steps):
            controls.append(TalkButton("follow", request, 0, say("Let everybody follow")))
    return panel(talk_card(steps, texts[page], f"{where} · {state}"), controls)


def growing_panel(steps: Sequence[Said], seat: SeatOf, *, over: bool) -> ui.LayoutView:
    """What everybody sees of it: the newest page, and a way to the others."""
    texts, request = pages(steps, seat), steps[0].request
    text = texts[-1]
    if len(texts) > 1:
        text = f"-# {say('What was before is on the pages.')}\n{text}"
    state = say("it is over") if over else say("it goes on; this message grows")
    return panel(talk_card(steps, text, state), [TalkButton("read", request, 0, say("Read from the beginning"))])


def shown_in_discord(steps: Sequence[Said], person: Principal) -> list[Said]:
    """Words of a private request go there to nobody but whoever typed them there, whatever else they may read."""
    return [replace(said, words="", why="") if said.private and said.person != person.id else said for said in steps]


async def _place_of(bot: HavenBot, request: str) -> int | None:
    """The thread of a change; None for anything else."""
    try:
        change = await bot.changes.get(request)
    except NotFound:
        return None
    return (await bot.cards.places([change])).get(request)


async def _follow(interaction: discord.Interaction, person: Principal, request: str) -> None:
    """In the change's thread, else where the button stands. Raises AccessDenied, Conflict, Unavailable."""
    bot = entry.bot_of(interaction)
    steps = await bot.round_table.transcript.whole(person, request)
    if not is_for(steps[0].person, person) or any(said.private for said in steps):
        raise AccessDenied("Only whose request it is can show it to everybody, and nobody a private one.")
    if await bot.talks.is_over(steps):
        raise Conflict("That request is over.", "Turn its pages.")
    place = await _place_of(bot, request) or interaction.channel_id or 0
    try:
        one = await bot.talks.follow(request, place)
    except FAILURES as error:
        raise Unavailable(
            f"It can't be shown there ({error}).", "Let Haven see the channel and send messages there."
        ) from error
    link = f"https://discord.com/channels/{interaction.guild_id}/{one.channel}/{one.message}"
    said = say("It grows in {thread}: {link}", thread=f"<#{one.channel}>", link=link)
    await interaction.edit_original_response(view=panel(discord.Embed(description=said, colour=WORKING)))
