"""Buttons and lists under drafts for the world: look, approve, reject. Their state lies in the custom id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot import entry, render
from bot import render_world as cards
from bot.views.words import WordsModal, inputs
from haven.access import Act, Principal
from haven.errors import NotFound
from haven.world.drafts import Draft, seal_of

ID = r"draft-[0-9a-f]{1,16}"
MOST = 25
"""Discord takes no more options in one list."""
TOGETHER = 8
"""Drafts that one button approves: their ids stand in its custom id, which has at most 100 characters."""
Style = discord.ButtonStyle
LOOKS: dict[str, tuple[str, Style]] = {
    "approve": ("Approve", Style.success),
    "reject": ("Reject", Style.danger),
}
LISTS = {"look": "Look at one…", "approve": "Look at several, to approve them together…"}


class DraftButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"draft:(?P<act>approve|reject):(?P<id>{ID})"
):
    """A decision about one draft; a draft never changes, so its id says all that the person has seen."""

    def __init__(self, act: str, id: str) -> None:
        label, style = LOOKS[act]
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"draft:{act}:{id}"))
        self.act = act
        self.draft = id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["act"], match["id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def approve(person: Principal) -> None:
            await decide(interaction, person, [self.draft])

        async def reject(person: Principal) -> None:
            modal = WordsModal(
                f"draft:reject:{self.draft}", "Reject a draft", "Why? (whoever proposed it reads it)", long=True
            )
            await interaction.response.send_modal(modal)

        if self.act == "approve":
            await entry.enter(interaction, Act.APPROVE_WORLD, approve)
        else:  # people may take back their own: the queue itself looks at who it is
            may = entry.bot_of(interaction).records.drafts.strangers_may_propose
            await entry.enter(interaction, Act.PROPOSE, reject, strangers_may=may)


class DraftList(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"drafts:(?P<act>look|approve)"):
    """The queue as a list: one to look at, or several to approve together."""

    def __init__(self, act: str, drafts: Sequence[Draft] = ()) -> None:
        shown = drafts[:MOST]
        options = [
            discord.SelectOption(
                label=render.words(cards.names_of(one), 100),
                value=one.id,
                description=render.words(f"by {one.by}", 100),
            )
            for one in shown
        ]
        most = min(len(options), TOGETHER) if act == "approve" else 1
        select: discord.ui.Select[Any] = discord.ui.Select(
            placeholder=LISTS[act], options=options, max_values=max(most, 1), custom_id=f"drafts:{act}"
        )
        super().__init__(select)
        self.act = act

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["act"])

    async def callback(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        ids = [str(value) for value in data["values"]][:MOST]

        async def look(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await show(interaction, ids[0])

        async def together(person: Principal) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await (show(interaction, ids[0]) if len(ids) == 1 else show_together(interaction, ids))

        if self.act == "look":
            await entry.enter(interaction, Act.READ, look)
        else:
            await entry.enter(interaction, Act.APPROVE_WORLD, together)


class TheseButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"drafts:these:(?P<seal>[0-9a-f]{8}):(?P<ids>[0-9a-f]{1,16}(?:,[0-9a-f]{1,16})*)",
):
    """Approves exactly the drafts that stand above it."""

    def __init__(self, seal: str, ids: Sequence[str]) -> None:
        custom_id = f"drafts:these:{seal}:{','.join(id.removeprefix('draft-') for id in ids)}"
        label = f"Approve these {len(ids)}"
        super().__init__(discord.ui.Button(label=label, style=Style.success, custom_id=custom_id))
        self.seal = seal
        self.drafts = list(ids)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["seal"], [f"draft-{one}" for one in match["ids"].split(",")])

    async def callback(self, interaction: discord.Interaction) -> None:
        async def approve(person: Principal) -> None:
            await decide(interaction, person, self.drafts, self.seal)

        await entry.enter(interaction, Act.APPROVE_WORLD, approve)


def draft_view(draft: Draft) -> discord.ui.View:
    """The decisions that are open."""
    view = discord.ui.View(timeout=None)
    if draft.state == "open":
        for act in LOOKS:
            view.add_item(DraftButton(act, draft.id))
    return view


def queue_view(drafts: Sequence[Draft]) -> discord.ui.View:
    """Lists to choose from; Discord refuses empty ones."""
    view = discord.ui.View(timeout=None)
    for act in LISTS if drafts else ():
        view.add_item(DraftList(act, drafts))
    return view


async def show(interaction: discord.Interaction, id: str) -> None:
    """One draft with its diff as the world is now, for the person alone. The interaction is deferred already."""
    drafts = entry.bot_of(interaction).records.drafts
    draft = await drafts.get(id)
    found = await drafts.diff(draft) if draft.state == "open" else []
    card = cards.draft_card(draft, found) if draft.state == "open" else cards.decided_draft_card(draft)
    await interaction.followup.send(embed=card, view=draft_view(draft), files=cards.draft_files(found), ephemeral=True)


async def show_together(interaction: discord.Interaction, ids: list[str]) -> None:
    """Several drafts, every word of them, with the button for exactly these. The interaction is deferred already."""
    drafts = entry.bot_of(interaction).records.drafts
    found = [(one, await drafts.diff(one)) for one in await drafts.get_many(ids) if one.state == "open"]
    if not found:
        raise NotFound("These drafts are decided already.", "See what waits: /approve")
    chosen = [one for one, _ in found]
    view = discord.ui.View(timeout=None)
    view.add_item(TheseButton(seal_of(chosen), [one.id for one in chosen]))
    files = [cards.drafts_file([difference for _, some in found for difference in some])]
    await interaction.followup.send(embed=cards.drafts_card(found), view=view, files=files, ephemeral=True)


async def decide(interaction: discord.Interaction, person: Principal, ids: list[str], seal: str = "") -> None:
    """Approve each of them by itself; what became of each is told."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    decided = await bot.records.drafts.approve(ids, person, seal=seal)
    await interaction.followup.send(embed=cards.decided_card(decided, "is recorded now"), ephemeral=True)


async def rejected(interaction: discord.Interaction) -> bool:
    """Take in the modal that asks why, also one that was opened before a restart; False: it is another modal."""
    data: Any = interaction.data
    match = re.fullmatch(rf"draft:reject:({ID})", data["custom_id"])
    if match is None:
        return False
    bot = entry.bot_of(interaction)

    async def work(person: Principal) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        why = inputs(data["components"]).get("words", "")
        decided = await bot.records.drafts.reject([match[1]], person, why)
        await interaction.followup.send(embed=cards.decided_card(decided, "is rejected"), ephemeral=True)

    await entry.enter(interaction, Act.PROPOSE, work, strangers_may=bot.records.drafts.strangers_may_propose)
    return True
