"""`/changes` as pages: mine, the open ones, or all. What is shown lies in the custom id of each button."""

from __future__ import annotations

import re
from typing import Any, Literal, Self, get_args

import discord
from discord import ui

from bot import entry
from bot.language import say
from bot.panel import panel
from bot.render import WORKING
from bot.render_changes import change_line
from bot.views.buttons import ChangeButton, Press
from haven.access import Act, Principal
from haven.changes.states import OPEN, State
from haven.store.changes import Change

PAGE = 10
"""Changes on one page: each takes three of the 40 parts of a message."""
MOST_PAGES = 100
Style = discord.ButtonStyle
Show = Literal["mine", "open", "all"]
SHOWS: dict[Show, str] = {"mine": "Mine", "open": "Open", "all": "All"}
LIVE = tuple(state.value for state in (*OPEN, State.FAILED))
"""What somebody can still do something about; the order does not matter."""
WAITS = frozenset({State.REVIEW, State.AWAITING_PLAN})
"""For a person's decision."""


class ChangesPage(
    ui.DynamicItem[ui.Button[Any]], template=r"haven-changes:(?P<show>mine|open|all):(?P<page>\d{1,2}):.*"
):
    """Shows the list of one sort, at one page."""

    def __init__(self, show: Show, page: int, label: str = "", sort: str = "", *, off: bool = False) -> None:
        """`sort` tells buttons apart that lead to the same page."""
        style = Style.primary if sort == "here" else Style.secondary
        custom_id = f"haven-changes:{show}:{page}:{sort}"
        super().__init__(ui.Button(label=label or "?", style=style, custom_id=custom_id, disabled=off))
        self.show = show
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        show: Any = match["show"]
        return cls(show, int(match["page"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        async def work(person: Principal) -> None:
            await interaction.response.defer()
            view = await list_panel(interaction, person, self.show, self.page)
            await interaction.edit_original_response(view=view)

        await entry.enter(interaction, Act.READ, work)


async def list_panel(interaction: discord.Interaction, person: Principal, show: Show, page: int) -> ui.LayoutView:
    """One page, newest first; the last one there is, where fewer are left by now."""
    bot = entry.bot_of(interaction)
    states, requester = LIVE if show == "open" else (), person.id if show == "mine" else None
    page = min(page, MOST_PAGES - 1)
    found = await bot.changes.list(states, requester, limit=(page + 1) * PAGE + 1)
    page = min(page, max(0, (len(found) - 1) // PAGE))
    here = found[page * PAGE : (page + 1) * PAGE]
    places = await bot.cards.places(here)
    lines: list[ui.Section[Any]] = [
        ui.Section(change_line(one, _link(interaction, places.get(one.id))), accessory=_look(one)) for one in here
    ]
    more = len(found) > (page + 1) * PAGE and page + 1 < MOST_PAGES
    return panel(_head(show, page, empty=not here), _controls(show, page, more), entries=lines)


def _link(interaction: discord.Interaction, place: int | None) -> str:
    return f"https://discord.com/channels/{interaction.guild_id}/{place}" if place else ""


def _head(show: Show, page: int, *, empty: bool) -> discord.Embed:
    said = f"{say(SHOWS[show])} · {say('page {number}', number=page + 1)}"
    if empty:
        said = f"{say(SHOWS[show])}\n{say('None yet.')}"
    return discord.Embed(title=say("Changes"), description=said, colour=WORKING)


def _look(change: Change) -> ChangeButton:
    """What waits for a person stands out."""
    style = Style.primary if change.state in WAITS else None
    return ChangeButton(Press("look", change.id, change.round), style=style)


def _controls(show: Show, page: int, more: bool) -> list[ChangesPage]:
    shows = get_args(Show)
    sorts = [ChangesPage(one, 0, say(SHOWS[one]), "here" if one == show else "of") for one in shows]
    back = ChangesPage(show, max(page - 1, 0), "◀", "back", off=page == 0)
    on = ChangesPage(show, min(page + 1, MOST_PAGES - 1), "▶", "on", off=not more)
    return [*sorts, back, on]
